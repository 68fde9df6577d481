/* rfc3597.c -- Unknown types */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char zone_text[] = "@          3600 SOA   ns hostmaster 1 7200 900 1209600 300\n"
                                "@          3600 NS    ns\n"
                                "ns         3600 A     192.0.2.1\n"
                                "odd 3600 TYPE65280 \\# 4 c0000201\n"
                                "odd 3600 TYPE300 \\# 6 c00cc00c0000\n"
                                "empty 3600 TYPE65281 \\# 0\n"
                                "known 3600 A \\# 4 c0000205\n"
                                "srv 3600 SRV 1 2 3 www\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    return 0;
}

/* Section 3 */
static void unknown_types_are_answered_as_they_came(void **state)
{
    assert_section(ask(*state, "odd.example TYPE65280"), "answer",
                   "odd.example. 3600 TYPE65280 \\# 4 c0000201");
    assert_section(ask(*state, "empty.example TYPE65281"), "answer",
                   "empty.example. 3600 TYPE65281 \\# 0");
}

/* Octets that look like pointers are data */
static void nothing_in_unknown_rdata_is_a_pointer(void **state)
{
    assert_section(ask(*state, "odd.example TYPE300"), "answer",
                   "odd.example. 3600 TYPE300 \\# 6 c00cc00c0000");
}

static void a_known_type_may_be_written_as_unknown(void **state)
{
    assert_section(ask(*state, "known.example A"), "answer", "known.example. 3600 A 192.0.2.5");
}

static void an_unknown_type_that_is_not_there_is_no_data(void **state)
{
    const struct reply *r = ask(*state, "odd.example TYPE65282");
    assert_rcode(r, "NOERROR");
    assert_section(r, "authority",
                   "example. 300 SOA ns.example. hostmaster.example. 1 7200 900 1209600 300");
}

/* Section 4: check_message() sees to it that SRV targets are not compressed */
static void names_in_newer_types_are_not_compressed(void **state)
{
    assert_section(ask(*state, "srv.example SRV"), "answer",
                   "srv.example. 3600 SRV 1 2 3 www.example.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(unknown_types_are_answered_as_they_came, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(nothing_in_unknown_rdata_is_a_pointer, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_known_type_may_be_written_as_unknown, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(an_unknown_type_that_is_not_there_is_no_data, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(names_in_newer_types_are_not_compressed, setup,
                                        teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
