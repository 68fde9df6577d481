/* rfc8914.c -- Extended errors */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char zone_text[] = "@          3600 SOA   ns hostmaster 1 7200 900 1209600 300\n"
                                "@          3600 NS    ns\n"
                                "ns         3600 A     192.0.2.1\n"
                                "to 60 CNAME www.broken.\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    return 0;
}

/* Section 4.21 */
static void a_name_of_no_zone_is_not_authoritative(void **state)
{
    assert_string_equal(ask(*state, "elsewhere A +edns")->options, "15:0014");
    assert_string_equal(ask(*state, "ns.example A +edns +class=4")->options, "15:0014");
    assert_string_equal(ask(*state, "elsewhere A")->options, "");
}

/* Section 4.15 */
static void a_zone_that_is_not_loaded_is_not_ready(void **state)
{
    server_add_empty(*state, "broken");
    const struct reply *r = ask(*state, "www.broken A +edns");
    assert_rcode(r, "SERVFAIL");
    assert_flags(r, "qr");
    assert_string_equal(r->options, "15:000e");
    assert_rcode(ask(*state, "broken SOA"), "SERVFAIL");
}

/* Section 4.22 */
static void what_nobody_implements_is_not_supported(void **state)
{
    assert_string_equal(ask(*state, "ns.example MAILB +edns")->options, "15:0015");
    assert_string_equal(ask(*state, "example AXFR +edns")->options, "15:0015");
    assert_string_equal(ask(*state, "ns.example TYPE0 +edns")->options, "");
}

/* A chain ends where we have nothing to say: its resolver asks again and learns the truth */
static void a_chain_into_a_zone_that_is_not_loaded_ends_there(void **state)
{
    server_add_empty(*state, "broken");
    const struct reply *r = ask(*state, "to.example A +edns");
    assert_rcode(r, "NOERROR");
    assert_section(r, "answer", "to.example. 60 CNAME www.broken.");
    assert_string_equal(r->options, "");
}

static void good_answers_have_no_error(void **state)
{
    assert_string_equal(ask(*state, "ns.example A +edns")->options, "");
    assert_string_equal(ask(*state, "nothing.example A +edns")->options, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_name_of_no_zone_is_not_authoritative, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_zone_that_is_not_loaded_is_not_ready, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(what_nobody_implements_is_not_supported, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_chain_into_a_zone_that_is_not_loaded_ends_there,
                                        setup, teardown_server),
        cmocka_unit_test_setup_teardown(good_answers_have_no_error, setup, teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
