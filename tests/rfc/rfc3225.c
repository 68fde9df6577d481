/* rfc3225.c -- DNSSEC OK */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char zone_text[] =
    "@ 3600 SOA ns hostmaster 1 7200 900 1209600 300\n"
    "@ 3600 RRSIG SOA 8 1 3600 20300101000000 20200101000000 1 example. c2lnbmF0dXJl\n"
    "@ 3600 NS ns\n"
    "@ 3600 RRSIG NS 8 1 3600 20300101000000 20200101000000 1 example. c2lnbmF0dXJl\n"
    "@ 3600 DNSKEY 257 3 8 AwEAAag=\n"
    "@ 3600 RRSIG DNSKEY 8 1 3600 20300101000000 20200101000000 1 example. c2lnbmF0dXJl\n"
    "ns 3600 A 192.0.2.1\n"
    "ns 3600 RRSIG A 8 2 3600 20300101000000 20200101000000 1 example. c2lnbmF0dXJl\n"
    "www 3600 A 192.0.2.10\n"
    "www 3600 AAAA 2001:db8::1\n"
    "www 3600 RRSIG A 8 2 3600 20300101000000 20200101000000 1 example. c2lnbmF0dXJl\n"
    "www 3600 RRSIG AAAA 8 2 3600 20300101000000 20200101000000 1 example. c2lnbmF0dXJl\n"
    "alias 3600 CNAME www\n"
    "alias 3600 RRSIG CNAME 8 2 3600 20300101000000 20200101000000 1 example. c2lnbmF0dXJl\n"
    "*.wild 3600 MX 1 www\n"
    "*.wild 3600 RRSIG MX 8 2 3600 20300101000000 20200101000000 1 example. c2lnbmF0dXJl\n"
    "child 3600 NS ns.child\n"
    "child 3600 DS 1 8 2 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
    "child 3600 RRSIG DS 8 2 3600 20300101000000 20200101000000 1 example. c2lnbmF0dXJl\n"
    "ns.child 3600 A 192.0.2.2\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    return 0;
}

/* Section 3 */
static void do_is_copied(void **state)
{
    assert_true(ask(*state, "www.example A +do")->dnssec_ok);
    assert_false(ask(*state, "www.example A +edns")->dnssec_ok);
}

static void without_do_there_are_no_signatures(void **state)
{
    assert_section(ask(*state, "www.example A"), "answer", "www.example. 3600 A 192.0.2.10");
    assert_section(ask(*state, "www.example A +edns"), "answer",
                   "www.example. 3600 A 192.0.2.10");
    assert_section(ask(*state, "nothing.example A +edns"), "authority",
                   "example. 300 SOA ns.example. hostmaster.example. 1 7200 900 1209600 300");
    assert_section(ask(*state, "child.example A +edns"), "authority",
                   "child.example. 3600 NS ns.child.example.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(do_is_copied, setup, teardown_server),
        cmocka_unit_test_setup_teardown(without_do_there_are_no_signatures, setup,
                                        teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
