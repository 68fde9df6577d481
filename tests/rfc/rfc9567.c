/* rfc9567.c -- Where errors are reported to */
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
    server_config(*state)->report_channel = (struct name){16, "\2er\5agent\5world"};
    server_add(*state, "agent.world",
               "@ 60 SOA a b 1 2 3 4 5\n@ 60 NS a\na 60 A 192.0.2.3\n"
               "*.er 60 TXT \"thanks\"\n");
    return 0;
}

#define CHANNEL "18:026572056167656e7405776f726c6400"

/* Section 6.2 */
static void every_answer_with_opt_names_the_agent(void **state)
{
    assert_string_equal(ask(*state, "ns.example A +edns")->options, CHANNEL);
    assert_string_equal(ask(*state, "nothing.example A +edns")->options, CHANNEL);
    assert_string_equal(ask(*state, "elsewhere A +edns")->options, "15:0014 " CHANNEL);
    assert_string_equal(ask(*state, "a.agent.world A +edns")->options, CHANNEL);
}

static void without_opt_there_is_no_agent(void **state)
{
    assert_false(ask(*state, "ns.example A")->opt);
}

static void where_none_is_configured_there_is_none(void **state)
{
    server_config(*state)->report_channel.octets = 0;
    assert_string_equal(ask(*state, "ns.example A +edns")->options, "");
}

/* Reports about reports would never end */
static void about_the_agent_itself_nothing_is_to_be_reported(void **state)
{
    const struct reply *r = ask(*state, "_er.1.ns.example.7._er.ER.Agent.World TXT +edns");
    assert_section(r, "answer", "_er.1.ns.example.7._er.ER.Agent.World. 60 TXT \"thanks\"");
    assert_string_equal(r->options, "");
}

static void what_must_be_said_goes_first(void **state)
{
    server_add(*state, "many",
               "@ 60 SOA a b 1 2 3 4 5\n@ 60 NS a\na 60 A 192.0.2.3\n"
               "$GENERATE 1-29 t 60 A 192.0.2.$\n");
    /* 12 + 12 + 29 * 16 + 11 = 499 octets; the option takes 20 */
    const struct reply *r = ask(*state, "t.many A +bufsize=512");
    assert_flags(r, "qr aa");
    assert_int_equal(r->octets, 499);
    assert_string_equal(r->options, "");
    assert_string_equal(ask(*state, "t.many A +bufsize=518")->options, "");
    assert_string_equal(ask(*state, "t.many A +bufsize=519")->options, CHANNEL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_answer_with_opt_names_the_agent, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(without_opt_there_is_no_agent, setup, teardown_server),
        cmocka_unit_test_setup_teardown(where_none_is_configured_there_is_none, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(about_the_agent_itself_nothing_is_to_be_reported, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(what_must_be_said_goes_first, setup, teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
