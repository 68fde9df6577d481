/* rfc1035.c -- Domain names: messages */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char zone_text[] = "@          3600 SOA   ns hostmaster 1 7200 900 1209600 300\n"
                                "@          3600 NS    ns\n"
                                "ns         3600 A     192.0.2.1\n"
                                "\n"
                                "www        3600 A     192.0.2.10\n"
                                "nul\\000dot 3600 A    192.0.2.11\n"
                                "a\\.b       3600 A     192.0.2.12\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    return 0;
}

/* Section 4.1.1 */
static void id_opcode_rd_and_question_come_back(void **state)
{
    const struct reply *r = ask(*state, "www.example A +rd");

    assert_flags(r, "qr aa rd");
    assert_memory_equal(r->wire, "\x12\x34", 2);
    assert_string_equal(r->question, "www.example. A");
}

static void recursion_is_not_available(void **state)
{
    assert_flags(ask(*state, "www.example A +rd +cd +ad"), "qr aa rd cd");
    assert_flags(ask(*state, "www.elsewhere A +rd +cd +ad"), "qr rd cd");
}

static void a_response_gets_no_answer(void **state)
{
    static const uint8_t octets[] = "\0\1\x80\0\0\1\0\0\0\0\0\0\3www\7example\0\0\1\0\1";
    assert_silence(ask_octets(*state, octets, sizeof octets - 1, false));
}

static void less_than_a_header_gets_no_answer(void **state)
{
    static const uint8_t octets[12] = {0};
    for (size_t len = 0; len < 12; len++)
        assert_silence(ask_octets(*state, octets, len, false));
}

static void an_octet_of_zero_in_a_label_separates_nothing(void **state)
{
    const struct reply *r = ask(*state, "nul\\000dot.example A");
    assert_section(r, "answer", "nul\\000dot.example. 3600 A 192.0.2.11");
    assert_rcode(ask(*state, "dot.example A"), "NXDOMAIN");
    assert_rcode(ask(*state, "nul.dot.example A"), "NXDOMAIN");
}

static void a_dot_in_a_label_separates_nothing(void **state)
{
    const struct reply *r = ask(*state, "a\\.b.example A");
    assert_section(r, "answer", "a\\.b.example. 3600 A 192.0.2.12");
    assert_rcode(ask(*state, "a.b.example A"), "NXDOMAIN");
}

/* Section 3.2.3: QTYPEs and classes that we don't serve */
static void other_classes_are_refused(void **state)
{
    assert_rcode(ask(*state, "www.example A +class=4"), "REFUSED");
    assert_rcode(ask(*state, "www.example A +class=254"), "REFUSED");
    assert_rcode(ask(*state, "www.example A +class=255"), "REFUSED");
}

static void transfers_are_refused(void **state)
{
    assert_rcode(ask(*state, "example AXFR +tcp"), "REFUSED");
    assert_rcode(ask(*state, "example AXFR"), "REFUSED");
    assert_rcode(ask(*state, "example IXFR +tcp"), "REFUSED");
    assert_flags(ask(*state, "example AXFR"), "qr");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(id_opcode_rd_and_question_come_back, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(recursion_is_not_available, setup, teardown_server),
        cmocka_unit_test_setup_teardown(a_response_gets_no_answer, setup, teardown_server),
        cmocka_unit_test_setup_teardown(less_than_a_header_gets_no_answer, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(an_octet_of_zero_in_a_label_separates_nothing, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_dot_in_a_label_separates_nothing, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(other_classes_are_refused, setup, teardown_server),
        cmocka_unit_test_setup_teardown(transfers_are_refused, setup, teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
