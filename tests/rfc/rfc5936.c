/* rfc5936.c -- zone transfers: not offered, and that is said */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char zone_text[] = "@  3600 SOA ns hostmaster 7 7200 900 1209600 300\n"
                                "@  3600 NS  ns\n"
                                "ns 3600 A   192.0.2.1\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    server_add_empty(*state, "broken");
    return 0;
}

/* Section 2.2.1 */
static void assert_refusal(const struct reply *r)
{
    assert_rcode(r, "REFUSED");
    assert_flags(r, "qr");
    assert_section(r, "answer", "");
    assert_section(r, "authority", "");
    assert_section(r, "additional", "");
}

static void a_transfer_is_refused(void **state)
{
    assert_refusal(ask(*state, "example AXFR +tcp"));
    assert_refusal(ask(*state, "example AXFR +tcp +do"));
}

/* Section 4.2: AXFR isn't for UDP, which gets no part of a zone whatever is configured */
static void by_udp_it_is_refused(void **state)
{
    assert_refusal(ask(*state, "example AXFR"));
    assert_refusal(ask(*state, "example AXFR +bufsize=4096"));
}

static void what_is_no_zone_of_ours_is_refused_as_well(void **state)
{
    assert_refusal(ask(*state, "elsewhere AXFR +tcp"));
    assert_refusal(ask(*state, "ns.example AXFR +tcp"));
    assert_refusal(ask(*state, "broken AXFR +tcp"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_transfer_is_refused),
        cmocka_unit_test(by_udp_it_is_refused),
        cmocka_unit_test(what_is_no_zone_of_ours_is_refused_as_well),
    };
    return cmocka_run_group_tests(tests, setup, teardown_server);
}
