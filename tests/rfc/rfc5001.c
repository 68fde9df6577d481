/* rfc5001.c -- NSID */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char zone_text[] = "@          3600 SOA   ns hostmaster 1 7200 900 1209600 300\n"
                                "@          3600 NS    ns\n"
                                "ns         3600 A     192.0.2.1\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    return 0;
}

/* Section 2.1 */
static void nsid_comes_when_asked(void **state)
{
    assert_string_equal(ask(*state, "ns.example A +nsid")->options, "3:66726131");
    assert_string_equal(ask(*state, "ns.example A +edns")->options, "");
}

static void nsid_comes_with_refusals_too(void **state)
{
    assert_string_equal(ask(*state, "elsewhere A +nsid")->options, "3:66726131 15:0014");
}

static void an_identity_that_is_not_configured_is_left_out(void **state)
{
    server_config(*state)->identity_octets = 0;
    const struct reply *r = ask(*state, "ns.example A +nsid");
    assert_rcode(r, "NOERROR");
    assert_string_equal(r->options, "");
}

static void a_probe_learns_which_instance_answers(void **state)
{
    assert_string_equal(ask(*state, "ns.example A +instance")->options,
                        "65073:30313233343536373839616263646566");
    assert_true(strstr(ask(*state, "elsewhere A +instance")->options, "65073:3031") != NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nsid_comes_when_asked, setup, teardown_server),
        cmocka_unit_test_setup_teardown(nsid_comes_with_refusals_too, setup, teardown_server),
        cmocka_unit_test_setup_teardown(an_identity_that_is_not_configured_is_left_out, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_probe_learns_which_instance_answers, setup,
                                        teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
