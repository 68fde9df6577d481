#include "server/answer/request.h"

#include "zone/rrtype.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A query of "Www.example. A" with `additional` after it. */
struct built {
    uint8_t octets[600];
    size_t len;
};

static struct built query(void)
{
    static const uint8_t octets[] = "\x12\x34\x01\x10\0\1\0\0\0\0\0\0\3Www\7example\0\0\1\0\1";
    struct built b = {.len = sizeof octets - 1};
    memcpy(b.octets, octets, b.len);
    return b;
}

static void add(struct built *b, const char *octets, size_t len)
{
    memcpy(b->octets + b->len, octets, len);
    b->len += len;
    b->octets[11]++;
}

#define OPT(rdata)   "\0\0\x29\x10\0\0\0\x80\0" rdata
#define ADD(b, text) add(b, text, sizeof text - 1)

static struct request request;

static enum request_fate read_built(const struct built *b)
{
    uint8_t key[NAME_KEY_MAX];
    memset(&request, 0xaa, sizeof request); /* nothing may be left over */
    return request_read(&request, key, b->octets, b->len);
}

static void a_query_is_read_with_its_name_in_lower_case(void **state)
{
    (void)state;
    const struct built b = query();
    assert_int_equal(read_built(&b), REQUEST_ASKED);
    assert_int_equal(request.rcode, RCODE_NOERROR);
    assert_int_equal(request.qtype, RRTYPE_A);
    assert_int_equal(request.qclass, CLASS_IN);
    assert_int_equal(request.qname.octets, 13);
    assert_memory_equal(request.qname.wire, "\3www\7example", 13);
    assert_false(request.edns.present);
}

static void every_cut_of_a_query_is_silence_or_formerr(void **state)
{
    (void)state;
    struct built b = query();
    ADD(&b, OPT("\0\4\0\3\0\0"));
    const size_t len = b.len;
    for (b.len = 0; b.len < len; b.len++) {
        const enum request_fate fate = read_built(&b);
        assert_int_equal(fate, b.len < 12   ? REQUEST_SILENT
                               : b.len < 29 ? REQUEST_HEADER
                                            : REQUEST_ASKED);
        if (fate != REQUEST_SILENT)
            assert_int_equal(request.rcode, RCODE_FORMERR);
        assert_false(fate == REQUEST_ASKED && request.edns.present);
    }
    assert_int_equal(read_built(&b), REQUEST_ASKED);
    assert_int_equal(request.rcode, RCODE_NOERROR);
}

static void a_response_is_ignored(void **state)
{
    (void)state;
    struct built b = query();
    b.octets[2] |= 0x80;
    assert_int_equal(read_built(&b), REQUEST_SILENT);
}

static void another_opcode_is_not_implemented(void **state)
{
    (void)state;
    for (unsigned opcode = 1; opcode < 16; opcode++) {
        if (opcode == OPCODE_NOTIFY)
            continue;
        struct built b = query();
        b.octets[2] = (uint8_t)(opcode << 3);
        assert_int_equal(read_built(&b), REQUEST_HEADER);
        assert_int_equal(request.rcode, RCODE_NOTIMP);
    }
}

/* An update with a zone, an update record and a TSIG, as RFC 2136 has it; and what is no message of sections */
static void another_opcode_s_opt_and_tsig_are_found(void **state)
{
    (void)state;
    struct built b = query();
    b.octets[2] = 5 << 3;
    ADD(&b, "\xc0\x0c\0\1\0\1\0\0\0\0\0\4abcd");
    b.octets[9] = 1;
    b.octets[11] = 0;
    ADD(&b, OPT("\0\4\0\3\0\0"));
    const size_t at = b.len;
    ADD(&b, "\3key\0\0\xfa\0\xff\0\0\0\0\0\2ab");
    assert_int_equal(read_built(&b), REQUEST_HEADER);
    assert_int_equal(request.rcode, RCODE_NOTIMP);
    assert_true(request.edns.present);
    assert_int_equal(request.edns.asked, 0);
    assert_int_equal(request.tsig_at, at);

    for (const size_t len = b.len; b.len > 12; b.len--) {
        assert_int_equal(read_built(&b), REQUEST_HEADER);
        assert_int_equal(request.tsig_at, b.len == len ? at : 0);
    }
}

static void a_compressed_qname_is_refused(void **state)
{
    (void)state;
    struct built b = query();
    b.octets[16] = 0xc0; /* where "example" begins */
    b.octets[17] = 12;
    assert_int_equal(read_built(&b), REQUEST_HEADER);
    assert_int_equal(request.rcode, RCODE_FORMERR);
}

static void a_label_type_of_01_is_refused(void **state)
{
    (void)state;
    struct built b = query();
    b.octets[12] = 0x41;
    assert_int_equal(read_built(&b), REQUEST_HEADER);
}

static void a_qname_has_at_most_255_octets(void **state)
{
    (void)state;
    struct built b = query();
    memset(b.octets + 12, 1, 256);
    b.octets[12 + 254] = 0; /* 127 labels of one octet, and the root: 255 */
    wire_put16(b.octets + 12 + 255, 1);
    wire_put16(b.octets + 12 + 257, 1);
    b.len = 12 + 259;
    assert_int_equal(read_built(&b), REQUEST_ASKED);
    assert_int_equal(request.qname.octets, 255);

    memset(b.octets + 12, 1, 256);
    b.octets[12 + 256] = 0;
    b.len = 12 + 261;
    assert_int_equal(read_built(&b), REQUEST_HEADER);
}

static void records_in_answer_or_authority_are_refused(void **state)
{
    (void)state;
    for (size_t at = 7; at <= 9; at += 2) {
        struct built b = query();
        ADD(&b, "\0\0\1\0\1\0\0\0\0\0\0");
        b.octets[11] = 0;
        b.octets[at] = 1;
        assert_int_equal(read_built(&b), REQUEST_ASKED);
        assert_int_equal(request.rcode, RCODE_FORMERR);
    }
}

static void ixfr_may_have_authority(void **state)
{
    (void)state;
    struct built b = query();
    b.octets[26] = RRTYPE_IXFR;
    ADD(&b, "\xc0\x0c\0\6\0\1\0\0\0\0\0\2\0\0");
    b.octets[9] = 1;
    b.octets[11] = 0;
    assert_int_equal(read_built(&b), REQUEST_ASKED);
    assert_int_equal(request.rcode, RCODE_NOERROR);
}

static void opt_is_found_anywhere_in_additional(void **state)
{
    (void)state;
    struct built b = query();
    ADD(&b, "\1x\xc0\x0c\0\1\0\1\0\0\0\0\0\4abcd");
    ADD(&b, OPT("\0\0"));
    ADD(&b, "\0\0\1\0\1\0\0\0\0\0\0");
    assert_int_equal(read_built(&b), REQUEST_ASKED);
    assert_int_equal(request.rcode, RCODE_NOERROR);
    assert_true(request.edns.present);
    assert_true(request.edns.dnssec_ok);
    assert_int_equal(request.edns.payload, 4096);
}

static void octets_after_the_message_are_ignored(void **state)
{
    (void)state;
    struct built b = query();
    ADD(&b, "garbage");
    b.octets[11] = 0;
    assert_int_equal(read_built(&b), REQUEST_ASKED);
    assert_int_equal(request.rcode, RCODE_NOERROR);
}

/* RFC 8945 section 5.1 */
static void a_tsig_is_the_last_record(void **state)
{
    (void)state;
    struct built b = query();
    const size_t at = b.len;
    ADD(&b, "\3key\0\0\xfa\0\xff\0\0\0\0\0\2ab");
    assert_int_equal(read_built(&b), REQUEST_ASKED);
    assert_int_equal(request.rcode, RCODE_NOERROR);
    assert_int_equal(request.tsig_at, at);
    ADD(&b, OPT("\0\0"));
    assert_int_equal(read_built(&b), REQUEST_ASKED);
    assert_int_equal(request.rcode, RCODE_FORMERR);
    assert_int_equal(request.tsig_at, 0);
}

/* RFC 7873 section 5.4 */
static void without_a_question_a_cookie_is_needed(void **state)
{
    (void)state;
    struct built b = query();
    b.octets[5] = 0;
    b.len = 12;
    assert_int_equal(read_built(&b), REQUEST_HEADER);
    assert_int_equal(request.rcode, RCODE_FORMERR);
    ADD(&b, OPT("\0\0"));
    assert_int_equal(read_built(&b), REQUEST_HEADER);
    assert_int_equal(request.rcode, RCODE_FORMERR);
    assert_true(request.edns.present);

    b.len = 12;
    b.octets[11] = 0;
    ADD(&b, OPT("\0\x0c\0\x0a\0\x08"
                "12345678"));
    assert_int_equal(read_built(&b), REQUEST_BARE);
    assert_int_equal(request.rcode, RCODE_NOERROR);
    b.octets[7] = 1;
    assert_int_equal(read_built(&b), REQUEST_HEADER);
    assert_false(request.edns.present);
}

/* RFC 1996 section 3.7: the answer section may have the new SOA */
static void a_notify_may_bring_records(void **state)
{
    (void)state;
    struct built b = query();
    b.octets[2] = 0x24;
    ADD(&b, "\xc0\x0c\0\6\0\1\0\0\0\0\0\2\0\0");
    b.octets[7] = 1;
    b.octets[11] = 0;
    assert_int_equal(read_built(&b), REQUEST_ASKED);
    assert_int_equal(request.rcode, RCODE_NOERROR);
    assert_true(request.notify);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_is_read_with_its_name_in_lower_case),
        cmocka_unit_test(every_cut_of_a_query_is_silence_or_formerr),
        cmocka_unit_test(a_response_is_ignored),
        cmocka_unit_test(another_opcode_is_not_implemented),
        cmocka_unit_test(another_opcode_s_opt_and_tsig_are_found),
        cmocka_unit_test(a_compressed_qname_is_refused),
        cmocka_unit_test(a_label_type_of_01_is_refused),
        cmocka_unit_test(a_qname_has_at_most_255_octets),
        cmocka_unit_test(records_in_answer_or_authority_are_refused),
        cmocka_unit_test(ixfr_may_have_authority),
        cmocka_unit_test(opt_is_found_anywhere_in_additional),
        cmocka_unit_test(octets_after_the_message_are_ignored),
        cmocka_unit_test(a_tsig_is_the_last_record),
        cmocka_unit_test(without_a_question_a_cookie_is_needed),
        cmocka_unit_test(a_notify_may_bring_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
