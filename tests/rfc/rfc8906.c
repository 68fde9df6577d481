/* rfc8906.c -- Always answer */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>

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

enum { NOTIFY = 4 };

static const struct reply *ask_opcode(void *server, const char *question, unsigned opcode)
{
    static uint8_t query[MESSAGE_MAX];
    bool tcp = false;
    const size_t len = ask_query(question, query, &tcp);
    query[2] = (uint8_t)(query[2] | opcode << 3);
    return ask_octets(server, query, len, false);
}

/* Section 3.1.4 */
static void unknown_opcodes_get_notimp(void **state)
{
    for (unsigned opcode = 1; opcode < 16; opcode++) {
        if (opcode == NOTIFY)
            continue;
        const struct reply *r = ask_opcode(*state, "ns.example A +rd", opcode);
        assert_rcode(r, "NOTIMPL");
        assert_flags(r, "qr rd");
        assert_int_equal(r->octets, 12);
    }
}

/* RFC 6891 section 6.1.1: an OPT is answered with one */
static void unknown_opcodes_with_edns_get_notimp_with_edns(void **state)
{
    for (unsigned opcode = 1; opcode < 16; opcode++) {
        const struct reply *r = ask_opcode(*state, "ns.example A +rd +do +nsid", opcode);
        if (opcode == NOTIFY)
            continue;
        assert_rcode(r, "NOTIMPL");
        assert_flags(r, "qr rd");
        assert_true(r->opt && r->dnssec_ok);
        assert_string_equal(r->options, "");
        assert_int_equal(r->octets, 12 + 11);
    }
}

/* RFC 6891 section 6.1.3 */
static void unknown_opcodes_with_a_higher_edns_version_get_badvers(void **state)
{
    assert_rcode(ask_opcode(*state, "ns.example A +version=1", 2), "BADVERS");
}

/* Section 3.1.2 */
static void unknown_types_get_no_data(void **state)
{
    const struct reply *r = ask(*state, "ns.example TYPE1000");
    assert_rcode(r, "NOERROR");
    assert_flags(r, "qr aa");
}

/* Section 3.1.3 has NOTIMP for queries of meta types that a server doesn't do */
static void meta_types_get_notimp(void **state)
{
    assert_rcode(ask(*state, "ns.example MAILA"), "NOTIMPL");
    assert_rcode(ask(*state, "ns.example MAILB"), "NOTIMPL");
    assert_rcode(ask(*state, "ns.example TYPE200"), "NOTIMPL");
}

static void types_that_make_no_question_get_formerr(void **state)
{
    assert_rcode(ask(*state, "ns.example TYPE0"), "FORMERR");
    assert_rcode(ask(*state, "ns.example OPT"), "FORMERR");
    assert_rcode(ask(*state, "ns.example TSIG"), "FORMERR");
}

/* Section 8.1.1 asks with all header bits */
static void unknown_header_bits_are_ignored_and_clear(void **state)
{
    static uint8_t query[MESSAGE_MAX];
    bool tcp = false;
    const size_t len = ask_query("ns.example A", query, &tcp);
    query[2] |= 0x07;
    query[3] = 0xff;
    const struct reply *r = ask_octets(*state, query, len, false);
    assert_rcode(r, "NOERROR");
    assert_flags(r, "qr aa rd cd");
    assert_int_equal(r->wire[3] & 0x40, 0);
}

static void a_broken_packet_gets_a_header(void **state)
{
    static const uint8_t octets[] = "\0\7\1\0\0\1\0\0\0\0\0\0\77cut";
    const struct reply *r = ask_octets(*state, octets, sizeof octets - 1, false);
    assert_rcode(r, "FORMERR");
    assert_int_equal(r->octets, 12);
    assert_flags(r, "qr rd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(unknown_opcodes_get_notimp, setup, teardown_server),
        cmocka_unit_test_setup_teardown(unknown_opcodes_with_edns_get_notimp_with_edns, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(unknown_opcodes_with_a_higher_edns_version_get_badvers,
                                        setup, teardown_server),
        cmocka_unit_test_setup_teardown(unknown_types_get_no_data, setup, teardown_server),
        cmocka_unit_test_setup_teardown(meta_types_get_notimp, setup, teardown_server),
        cmocka_unit_test_setup_teardown(types_that_make_no_question_get_formerr, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(unknown_header_bits_are_ignored_and_clear, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_broken_packet_gets_a_header, setup, teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
