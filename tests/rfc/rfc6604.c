/* rfc6604.c -- RCODEs along chains */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char zone_text[] = "@          3600 SOA   ns hostmaster 1 7200 900 1209600 300\n"
                                "@          3600 NS    ns\n"
                                "ns         3600 A     192.0.2.1\n"
                                "a 3600 CNAME b\n"
                                "b 3600 CNAME c.other.\n"
                                "good 3600 CNAME www.other.\n"
                                "cut 3600 CNAME x.child\n"
                                "child 3600 NS ns\n";

static const char other_text[] = "@ 60 SOA ns.example. h.example. 2 7200 900 1209600 60\n"
                                 "@ 60 NS ns.example.\n"
                                 "www 60 A 192.0.2.1\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    server_add(*state, "other", other_text);
    return 0;
}

/* Section 3 */
static void the_rcode_is_that_of_the_last_name(void **state)
{
    const struct reply *r = ask(*state, "a.example A");
    assert_rcode(r, "NXDOMAIN");
    assert_section(r, "answer",
                   "a.example. 3600 CNAME b.example.\nb.example. 3600 CNAME c.other.");
    assert_section(r, "authority",
                   "other. 60 SOA ns.example. h.example. 2 7200 900 1209600 60");
    assert_rcode(ask(*state, "good.example A"), "NOERROR");
    assert_rcode(ask(*state, "cut.example A"), "NOERROR");
}

/* Section 2.1: AA is about the first name */
static void aa_is_that_of_the_first_name(void **state)
{
    assert_flags(ask(*state, "a.example A"), "qr aa");
    assert_flags(ask(*state, "cut.example A"), "qr aa");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_rcode_is_that_of_the_last_name, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(aa_is_that_of_the_first_name, setup, teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
