/* rfc7871.c -- Client subnet, at a server whose answers are the same for all */
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
    return 0;
}

/* Section 7.2.1: family, source prefix length and address come back, the scope is 0 */
static void the_option_comes_back_with_scope_0(void **state)
{
    static const char *const options[] = {"8:00011800c00002",
                                          "8:00011700c00002",
                                          "8:00010000",
                                          "8:00000000",
                                          "8:00012000c0000201",
                                          "8:0002380020010db8000000",
                                          "8:0002800020010db8000000000000000000000001"};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        char question[200] = "ns.example A +opt=";
        strcat(question, options[i]);
        const struct reply *r = ask(*state, question);
        assert_section(r, "answer", "ns.example. 3600 A 192.0.2.1");
        assert_string_equal(r->options, options[i]);
    }
}

static void without_the_option_there_is_none(void **state)
{
    assert_string_equal(ask(*state, "ns.example A +edns")->options, "");
}

/* Section 6 and 7.1.2 */
static void a_broken_option_is_formerr(void **state)
{
    static const char *const options[] = {"8",                    /* empty */
                                          "8:000118",             /* cut off */
                                          "8:00011801c00002",     /* a scope */
                                          "8:00012100c000020100", /* more than 32 bits */
                                          "8:0002810020010db800000000000000000000000100",
                                          "8:00011800c0000200", /* octets beyond the prefix */
                                          "8:00011800c000",     /* less than the prefix */
                                          "8:00011700c00003",   /* a bit beyond the prefix */
                                          "8:00031800c00002"};  /* a family that nobody knows */
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        char question[200] = "ns.example A +opt=";
        strcat(question, options[i]);
        const struct reply *r = ask(*state, question);
        assert_rcode(r, "FORMERR");
        assert_section(r, "answer", "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_option_comes_back_with_scope_0, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(without_the_option_there_is_none, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_broken_option_is_formerr, setup, teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
