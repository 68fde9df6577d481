/* rfc4343.c -- Case of names */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char zone_text[] = "@          3600 SOA   ns hostmaster 1 7200 900 1209600 300\n"
                                "@          3600 NS    ns\n"
                                "ns         3600 A     192.0.2.1\n"
                                "WwW 3600 A 192.0.2.10\n"
                                "alias 3600 CNAME WwW.ExAmPlE.\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    return 0;
}

/* Section 3 */
static void names_match_without_regard_to_case(void **state)
{
    assert_section(ask(*state, "www.example A"), "answer", "www.example. 3600 A 192.0.2.10");
    assert_rcode(ask(*state, "WWW.EXAMPLE A"), "NOERROR");
}

/* Section 4.1 */
static void the_question_comes_back_in_its_case(void **state)
{
    const struct reply *r = ask(*state, "wWw.eXAMPLe A");
    assert_string_equal(r->question, "wWw.eXAMPLe. A");
    assert_section(r, "answer", "wWw.eXAMPLe. 3600 A 192.0.2.10");
    assert_string_equal(ask(*state, "nOThing.Example A")->question, "nOThing.Example. A");
}

static void an_alias_in_upper_case_is_followed(void **state)
{
    const struct reply *r = ask(*state, "ALIAS.example A");
    assert_rcode(r, "NOERROR");
    assert_true(strstr(r->section[0], "192.0.2.10") != NULL);
}

/* Only the 26 letters of ASCII have two cases */
static void other_octets_differ_from_each_other(void **state)
{
    server_add(*state, "z",
               "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.1\n"
               "\\192 60 A 192.0.2.2\n\\[ 60 A 192.0.2.3\n");
    assert_rcode(ask(*state, "\\192.z A"), "NOERROR");
    assert_rcode(ask(*state, "\\224.z A"), "NXDOMAIN");
    assert_rcode(ask(*state, "\\[.z A"), "NOERROR");
    assert_rcode(ask(*state, "\\{.z A"), "NXDOMAIN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_match_without_regard_to_case, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(the_question_comes_back_in_its_case, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(an_alias_in_upper_case_is_followed, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(other_octets_differ_from_each_other, setup,
                                        teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
