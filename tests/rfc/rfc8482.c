/* rfc8482.c -- ANY */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char zone_text[] = "@          3600 SOA   ns hostmaster 1 7200 900 1209600 300\n"
                                "@          3600 NS    ns\n"
                                "ns         3600 A     192.0.2.1\n"
                                "www 3600 A 192.0.2.10\n"
                                "www 3600 A 192.0.2.11\n"
                                "www 3600 TXT \"text\"\n"
                                "www 3600 MX 1 www\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    return 0;
}

/* Section 4.1 */
static void any_gets_one_rrset(void **state)
{
    const struct reply *r = ask(*state, "www.example ANY");
    assert_rcode(r, "NOERROR");
    assert_flags(r, "qr aa");
    assert_section(r, "answer",
                   "www.example. 3600 A 192.0.2.10\n"
                   "www.example. 3600 A 192.0.2.11");
}

static void any_may_be_configured_to_get_all(void **state)
{
    server_config(*state)->any_full = true;
    assert_section(ask(*state, "www.example ANY"), "answer",
                   "www.example. 3600 A 192.0.2.10\n"
                   "www.example. 3600 A 192.0.2.11\n"
                   "www.example. 3600 MX 1 www.example.\n"
                   "www.example. 3600 TXT \"text\"");
    assert_section(ask(*state, "example ANY"), "answer",
                   "example. 3600 NS ns.example.\n"
                   "example. 3600 SOA ns.example. hostmaster.example. 1 7200 900 1209600 300");
}

static void any_of_nothing_is_nxdomain(void **state)
{
    assert_rcode(ask(*state, "nothing.example ANY"), "NXDOMAIN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(any_gets_one_rrset, setup, teardown_server),
        cmocka_unit_test_setup_teardown(any_may_be_configured_to_get_all, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(any_of_nothing_is_nxdomain, setup, teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
