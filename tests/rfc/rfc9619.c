/* rfc9619.c -- QDCOUNT is one */
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

static const struct reply *ask_count(void *server, unsigned count)
{
    static uint8_t query[MESSAGE_MAX];
    bool tcp = false;
    const size_t len = ask_query("ns.example A", query, &tcp);
    memcpy(query + len, query + 12, len - 12);
    query[5] = (uint8_t)count;
    return ask_octets(server, query, count == 0 ? 12 : len + (len - 12), false);
}

/* Section 4 */
static void more_than_one_question_is_formerr(void **state)
{
    const struct reply *r = ask_count(*state, 2);
    assert_rcode(r, "FORMERR");
    assert_int_equal(r->octets, 12);
    assert_rcode(ask_count(*state, 255), "FORMERR");
}

/* RFC 6891 section 6.1.1: the OPT is found behind them */
static void so_it_is_with_edns(void **state)
{
    static uint8_t query[MESSAGE_MAX];
    bool tcp = false;
    const size_t len = ask_query("ns.example A", query, &tcp);
    memcpy(query + len, query + 12, len - 12);
    memcpy(query + len + (len - 12), "\0\0\x29\x10\0\0\0\0\0\0\0", 11);
    query[5] = 2;
    query[11] = 1;
    const struct reply *r = ask_octets(*state, query, len + (len - 12) + 11, false);
    assert_rcode(r, "FORMERR");
    assert_true(r->opt);
    assert_string_equal(r->question, "");
}

static void no_question_is_formerr(void **state)
{
    assert_rcode(ask_count(*state, 0), "FORMERR");
}

static void one_question_is_answered(void **state)
{
    assert_rcode(ask_count(*state, 1), "NOERROR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(more_than_one_question_is_formerr, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(so_it_is_with_edns, setup, teardown_server),
        cmocka_unit_test_setup_teardown(no_question_is_formerr, setup, teardown_server),
        cmocka_unit_test_setup_teardown(one_question_is_answered, setup, teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
