/* rfc7873.c -- DNS cookies; rfc9018.c has what is in them */
#include "tests/answer/ask.h"
#include "zone/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char zone_text[] = "@          3600 SOA   ns hostmaster 1 7200 900 1209600 300\n"
                                "@          3600 NS    ns\n"
                                "ns         3600 A     192.0.2.1\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    server_config(*state)->cookies = COOKIE_POLICY_ON;
    server_config(*state)->cookie_secrets = 1;
    return 0;
}

#define CLIENT "2464c4abcf10c957"
#define BAD    CLIENT "010000005cf79f110000000000000000"

static bool cookie_given(const struct reply *r)
{
    return strncmp(r->options, "10:" CLIENT, 3 + 16) == 0 && strlen(r->options) == 3 + 48;
}

/* Section 5.2.1 */
static void without_a_cookie_nothing_changes(void **state)
{
    server_config(*state)->cookies = COOKIE_POLICY_REQUIRE;
    assert_rcode(ask(*state, "ns.example A"), "NOERROR");
    const struct reply *r = ask(*state, "ns.example A +edns");
    assert_rcode(r, "NOERROR");
    assert_string_equal(r->options, "");
}

/* Section 5.2.2 */
static void a_cookie_of_another_length_is_formerr(void **state)
{
    static const char digits[] =
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
        "00112233445566778899aabbccddeeff";
    for (unsigned octets = 0; octets <= 48; octets++) {
        char question[200];
        snprintf(question, sizeof question, "ns.example A +opt=10:%.*s", (int)octets * 2,
                 digits);
        const bool sound = octets == 8 || (octets >= 16 && octets <= 40);
        const struct reply *r = ask(*state, question);
        assert_rcode(r, sound ? "NOERROR" : "FORMERR");
        assert_true(r->opt); /* RFC 6891 section 6.1.1 */
    }
}

/* Sections 5.2.3 and 5.2.4, the third choice */
static void a_client_s_cookie_is_answered_with_ours(void **state)
{
    static const char *const questions[] = {
        "ns.example A +opt=10:" CLIENT,      "ns.example A +opt=10:" BAD,
        "nothing.example A +opt=10:" CLIENT, "elsewhere. A +tcp +opt=10:" CLIENT,
        "ns.example TYPE0 +opt=10:" CLIENT,  "id.server TXT +ch +opt=10:" CLIENT};
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++)
        assert_true(strstr(ask(*state, questions[i])->options, "10:" CLIENT "01") != NULL);
    assert_section(ask(*state, questions[0]), "answer", "ns.example. 3600 A 192.0.2.1");
}

/* Sections 5.2.3 and 5.2.4, the second choice */
static void where_cookies_are_required_badcookie_brings_one(void **state)
{
    static const char *const questions[] = {"ns.example A +opt=10:" CLIENT,
                                            "ns.example A +opt=10:" BAD};
    server_config(*state)->cookies = COOKIE_POLICY_REQUIRE;
    for (size_t i = 0; i < 2; i++) {
        const struct reply *r = ask(*state, questions[i]);
        assert_rcode(r, "BADCOOKIE");
        assert_flags(r, "qr");
        assert_string_equal(r->question, "ns.example. A");
        assert_section(r, "answer", "");
        assert_true(cookie_given(r));

        char again[200] = "ns.example A +opt=";
        strcat(again, r->options);
        assert_rcode(ask(*state, again), "NOERROR");
    }
}

/* A connection shows that the address isn't forged */
static void over_tcp_no_cookie_is_required(void **state)
{
    server_config(*state)->cookies = COOKIE_POLICY_REQUIRE;
    const struct reply *r = ask(*state, "ns.example A +tcp +opt=10:" BAD);
    assert_rcode(r, "NOERROR");
    assert_true(cookie_given(r));
}

/* Section 5.2 */
static void the_first_of_several_cookies_counts(void **state)
{
    const struct reply *r =
        ask(*state, "ns.example A +opt=10:" CLIENT " +opt=10:0000000000000000 +opt=10:00");
    assert_rcode(r, "NOERROR");
    assert_true(cookie_given(r));
}

static void where_they_are_off_cookies_are_ignored(void **state)
{
    server_config(*state)->cookies = COOKIE_POLICY_OFF;
    const struct reply *r = ask(*state, "ns.example A +opt=10:" CLIENT);
    assert_rcode(r, "NOERROR");
    assert_string_equal(r->options, "");
}

static const struct reply *ask_nothing(void *server, const char *options)
{
    static uint8_t query[MESSAGE_MAX];
    bool tcp = false;
    char question[200] = "ns.example A ";
    strcat(question, options);
    const size_t len = ask_query(question, query, &tcp);
    enum { QUESTION_OCTETS = 16 };
    memmove(query + 12, query + 12 + QUESTION_OCTETS, len - 12 - QUESTION_OCTETS);
    wire_put16(query + 4, 0);
    return ask_octets(server, query, len - QUESTION_OCTETS, tcp);
}

/* Section 5.4 */
static void a_query_without_a_question_fetches_a_cookie(void **state)
{
    const struct reply *r = ask_nothing(*state, "+opt=10:" CLIENT);
    assert_rcode(r, "NOERROR");
    assert_string_equal(r->question, "");
    assert_true(cookie_given(r));
    char again[200] = "+opt=";
    strcat(again, r->options);
    assert_rcode(ask_nothing(*state, again), "NOERROR");

    r = ask_nothing(*state, "+opt=10:" BAD);
    assert_rcode(r, "BADCOOKIE");
    assert_true(cookie_given(r));
}

static void a_query_without_question_and_cookie_is_formerr(void **state)
{
    assert_rcode(ask_nothing(*state, "+edns"), "FORMERR");
    server_config(*state)->cookies = COOKIE_POLICY_OFF;
    const struct reply *r = ask_nothing(*state, "+opt=10:" CLIENT);
    assert_rcode(r, "FORMERR");
    assert_true(r->opt);
    assert_string_equal(r->options, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown_server)
    const struct CMUnitTest tests[] = {
        TEST(without_a_cookie_nothing_changes),
        TEST(a_cookie_of_another_length_is_formerr),
        TEST(a_client_s_cookie_is_answered_with_ours),
        TEST(where_cookies_are_required_badcookie_brings_one),
        TEST(over_tcp_no_cookie_is_required),
        TEST(the_first_of_several_cookies_counts),
        TEST(where_they_are_off_cookies_are_ignored),
        TEST(a_query_without_a_question_fetches_a_cookie),
        TEST(a_query_without_question_and_cookie_is_formerr),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
