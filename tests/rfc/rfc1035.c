/* rfc1035.c -- Domain names: messages */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

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

/* Section 4.1.4: pointers aim backwards, and before QNAME there's nothing to aim at */
static void a_compressed_or_looping_qname_is_formerr(void **state)
{
    static const struct {
        const char *name;
        size_t octets;
    } names[] = {
#define NAME(text) {text, sizeof(text) - 1}
        NAME("\xc0\x0c"),        /* itself */
        NAME("\xc0\x0e"),        /* forwards */
        NAME("\xc0\x00"),        /* into the header */
        NAME("\3www\xc0\x0c"),   /* round and round */
        NAME("\3www\xc0\x10\0"), /* the pointer itself */
        NAME("\3www\7example\xc0\x0c"),
        NAME("\3www\xff\xff"),
        NAME("\x40www"), /* labels of unknown kinds */
        NAME("\x80www"),
#undef NAME
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        uint8_t query[64] = "\x12\x34\0\0\0\1";
        memcpy(query + 12, names[i].name, names[i].octets);
        memcpy(query + 12 + names[i].octets, "\0\1\0\1", 4);
        const struct reply *r = ask_octets(*state, query, 16 + names[i].octets, false);
        assert_rcode(r, "FORMERR");
        assert_int_equal(r->octets, 12);
    }
}

#define APEX "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns.\n"

/* Section 5.2, RFC 1034 section 3.6.2 */
static void what_is_no_zone_is_refused(void **state)
{
    (void)state;
    static const char *const zones[][2] = {
        {APEX "a 60 CNAME b\na 60 A 192.0.2.1\n",
         "error: a.example. has a CNAME, so it can't have A as well\n"},
        {APEX "a 60 CNAME b\na 60 CNAME c\n", "error: a.example. has more than one CNAME\n"},
        {APEX "a.other. 60 A 192.0.2.1\n", "error: a.other. is outside the zone example.\n"},
        {APEX "@ 60 SOA ns h 2 2 3 4 5\n", "error: a second SOA at the apex, example.\n"},
        {"@ 60 NS ns.\n", "error: no SOA at the apex, example.\n"},
        {"@ 60 SOA ns h 1 2 3 4 5\n", "error: no NS at the apex, example.\n"},
    };
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++)
        assert_string_equal(zone_notes("example", zones[i][0]), zones[i][1]);
}

/* Section 5.1: signers write them so */
static void odd_characters_need_no_backslash_in_a_zone_file(void **state)
{
    server_add(*state, "odd",
               APEX "a[b 60 A 192.0.2.1\nc^d 60 A 192.0.2.2\ne~f 60 A 192.0.2.3\n"
                    "g@h 60 A 192.0.2.4\nto 60 CNAME g@h.odd.\n");
    assert_section(ask(*state, "a[b.odd A"), "answer", "a[b.odd. 60 A 192.0.2.1");
    assert_section(ask(*state, "c^d.odd A"), "answer", "c^d.odd. 60 A 192.0.2.2");
    assert_section(ask(*state, "e~f.odd A"), "answer", "e~f.odd. 60 A 192.0.2.3");
    assert_memory_equal(ask(*state, "g\\064h.odd A")->wire + 12 + 9 + 4 + 12, "\xc0\0\2\4", 4);
    assert_memory_equal(ask(*state, "to.odd A")->wire + 12 + 8 + 4 + 12, "\3g@h", 4);
}

static void after_an_escaped_backslash_the_dot_separates(void **state)
{
    server_add(*state, "odd", APEX "a\\\\.b 60 A 192.0.2.1\nd\\.b 60 A 192.0.2.2\n");
    static const uint8_t query[] = "\0\7\0\0\0\1\0\0\0\0\0\0\2a\\\1b\3odd\0\0\1\0\1";
    const struct reply *r = ask_octets(*state, query, sizeof query - 1, false);
    assert_rcode(r, "NOERROR");
    assert_memory_equal(r->wire + r->octets - 4, "\xc0\0\2\1", 4);
    r = ask(*state, "b.odd A"); /* an empty non-terminal */
    assert_rcode(r, "NOERROR");
    assert_section(ask(*state, "d\\.b.odd A"), "answer", "d\\.b.odd. 60 A 192.0.2.2");
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
        cmocka_unit_test_setup_teardown(a_compressed_or_looping_qname_is_formerr, setup,
                                        teardown_server),
        cmocka_unit_test(what_is_no_zone_is_refused),
        cmocka_unit_test_setup_teardown(odd_characters_need_no_backslash_in_a_zone_file, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(after_an_escaped_backslash_the_dot_separates, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(other_classes_are_refused, setup, teardown_server),
        cmocka_unit_test_setup_teardown(transfers_are_refused, setup, teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
