/* rfc1996.c -- NOTIFY, to a server that has no primaries */
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

static const struct reply *notify(void *server, const char *question)
{
    static uint8_t query[MESSAGE_MAX];
    bool tcp = false;
    const size_t len = ask_query(question, query, &tcp);
    query[2] |= 0x24; /* opcode 4, AA */
    return ask_octets(server, query, len, tcp);
}

static void of_a_zone_of_ours_it_is_refused(void **state)
{
    const struct reply *r = notify(*state, "example SOA");
    assert_rcode(r, "REFUSED");
    assert_flags(r, "qr");
    assert_int_equal(r->wire[2] & 0x78, 0x20);
    assert_string_equal(r->question, "example. SOA");
    assert_section(r, "answer", "");
    assert_rcode(notify(*state, "Example AXFR +tcp +edns"), "REFUSED");
}

static void of_another_zone_it_is_notauth(void **state)
{
    assert_rcode(notify(*state, "elsewhere SOA"), "NOTAUTH");
    assert_rcode(notify(*state, "ns.example SOA"), "NOTAUTH");
    assert_rcode(notify(*state, "sub.example DS"), "NOTAUTH");
    assert_rcode(notify(*state, "example SOA +class=3"), "NOTAUTH");
}

static void without_a_question_it_is_formerr(void **state)
{
    static const uint8_t empty[12] = {0, 1, 0x24};
    const struct reply *r = ask_octets(*state, empty, sizeof empty, false);
    assert_rcode(r, "FORMERR");
    assert_int_equal(r->octets, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(of_a_zone_of_ours_it_is_refused, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(of_another_zone_it_is_notauth, setup, teardown_server),
        cmocka_unit_test_setup_teardown(without_a_question_it_is_formerr, setup,
                                        teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
