/* rfc7828.c -- TCP keepalive */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char zone_text[] = "@          3600 SOA   ns hostmaster 1 7200 900 1209600 300\n"
                                "@          3600 NS    ns\n"
                                "ns         3600 A     192.0.2.1\n"
                                "out        3600 CNAME www.other.\n"
                                "sub        3600 NS    ns.sub\n"
                                "ns.sub     3600 A     192.0.2.2\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    server_config(*state)->tcp_idle_ds = 100;
    return 0;
}

/* Section 3.3.2: in units of 100 ms */
static void over_tcp_the_idle_timeout_is_told(void **state)
{
    assert_string_equal(ask(*state, "ns.example A +tcp +opt=11")->options, "11:0064");
    server_config(*state)->tcp_idle_ds = 1;
    assert_string_equal(ask(*state, "nothing.example A +tcp +opt=11")->options, "11:0001");
}

static void it_is_told_to_those_who_ask(void **state)
{
    assert_string_equal(ask(*state, "ns.example A +tcp +edns")->options, "");
}

/* Section 3.2.1 */
static void over_udp_the_option_is_ignored(void **state)
{
    const struct reply *r = ask(*state, "ns.example A +opt=11");
    assert_rcode(r, "NOERROR");
    assert_string_equal(r->options, "");
}

static void a_timeout_from_a_client_is_ignored(void **state)
{
    assert_string_equal(ask(*state, "ns.example A +tcp +opt=11:ffff")->options, "11:0064");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(over_tcp_the_idle_timeout_is_told, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(it_is_told_to_those_who_ask, setup, teardown_server),
        cmocka_unit_test_setup_teardown(over_udp_the_option_is_ignored, setup, teardown_server),
        cmocka_unit_test_setup_teardown(a_timeout_from_a_client_is_ignored, setup,
                                        teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
