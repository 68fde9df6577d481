/* test_xdp_frame.c -- frames that hold a query, and those that answer them */
#include "server/io/xdp_frame.h"
#include "tests/io/frames.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char query[] = "twelve octets and more";
enum { QUERY = sizeof(query) - 1, FORMS = 4 };

/* Each of the four forms: IPv4 and IPv6, without and with a tag. */
static void make(struct test_frame *frame, int form)
{
    test_frame_make(frame, (form & 1) != 0, (form & 2) != 0, query, QUERY);
}

/* From a buffer of its exact size, so that a sanitizer sees a read past the end. */
static bool reads(struct xdp_frame *found, const uint8_t *octets, size_t count)
{
    uint8_t *copy = malloc(count + 1);
    assert_non_null(copy);
    memcpy(copy + 1, octets, count);
    const bool sound = xdp_frame_read(found, copy + 1, count);
    free(copy);
    return sound;
}

static bool taken(const struct test_frame *frame)
{
    struct xdp_frame found;
    return reads(&found, frame->octets, frame->count);
}

static void a_query_is_found_where_it_stands(void **state)
{
    (void)state;
    for (int form = 0; form < FORMS; form++) {
        struct test_frame frame;
        struct xdp_frame found;
        make(&frame, form);
        assert_true(reads(&found, frame.octets, frame.count));
        assert_int_equal(found.ip_at, frame.ip_at);
        assert_int_equal(found.payload_at, frame.udp_at + 8);
        assert_int_equal(found.payload_octets, QUERY);
        assert_int_equal(found.ipv6, frame.ipv6);
        assert_ptr_equal(xdp_frame_client(&found, frame.octets),
                         frame.octets + frame.ip_at + (frame.ipv6 ? 8 : 12));
    }
}

/* A short frame is filled up to 60 octets (IEEE 802.3). */
static void padding_is_no_part_of_the_query(void **state)
{
    (void)state;
    struct test_frame frame;
    struct xdp_frame found;
    test_frame_make(&frame, false, false, query, 12);
    memset(frame.octets + frame.count, 'x', 60);
    assert_true(reads(&found, frame.octets, 60));
    assert_int_equal(found.payload_octets, 12);
}

static void a_datagram_may_be_empty_and_of_odd_length(void **state)
{
    (void)state;
    for (size_t octets = 0; octets <= QUERY; octets++) {
        struct test_frame frame;
        struct xdp_frame found;
        test_frame_make(&frame, octets % 2 != 0, false, query, octets);
        assert_true(reads(&found, frame.octets, frame.count));
        assert_int_equal(found.payload_octets, octets);
    }
}

/* RFC 791, RFC 768 and RFC 8200 section 8.1: the checksums cover all from the addresses on. */
static void one_wrong_bit_is_noticed(void **state)
{
    (void)state;
    for (int form = 0; form < FORMS; form++) {
        struct test_frame frame;
        make(&frame, form);
        const size_t from = frame.ip_at + (frame.ipv6 ? 8 : 0);
        for (size_t bit = from * 8; bit < frame.count * 8; bit++) {
            frame.octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_false(taken(&frame));
            frame.octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        assert_true(taken(&frame));
    }
}

/* RFC 768; RFC 8200 section 8.1 */
static void no_checksum_is_taken_over_ipv4_alone(void **state)
{
    (void)state;
    for (int form = 0; form < FORMS; form++) {
        struct test_frame frame;
        make(&frame, form);
        memset(frame.octets + frame.udp_at + 6, 0, 2);
        assert_int_equal(taken(&frame), !frame.ipv6);
    }
}

static void a_frame_that_is_cut_off_is_refused(void **state)
{
    (void)state;
    for (int form = 0; form < FORMS; form++) {
        struct test_frame frame;
        make(&frame, form);
        while (frame.count-- > 0)
            assert_false(taken(&frame));
    }
}

/* Sets an octet, counted from the IP header, seals again and tells whether it's still taken. */
static bool taken_with(bool ipv6, size_t at, uint8_t value)
{
    struct test_frame frame;
    test_frame_make(&frame, ipv6, false, query, QUERY);
    frame.octets[frame.ip_at + at] = value;
    test_frame_seal(&frame);
    return taken(&frame);
}

/* RFC 791 section 3.1 */
static void fragments_and_options_are_refused(void **state)
{
    (void)state;
    assert_true(taken_with(false, 6, 0));     /* DF or not */
    assert_false(taken_with(false, 6, 0x20)); /* more fragments */
    assert_false(taken_with(false, 7, 1));    /* a later one */
    assert_false(taken_with(false, 6, 0x1f));
    assert_false(taken_with(false, 0, 0x46)); /* six words of header */
    assert_false(taken_with(false, 0, 0x44));
    assert_false(taken_with(true, 6, 44)); /* an IPv6 fragment header */
    assert_false(taken_with(true, 6, 0));  /* hop-by-hop options */
}

static void other_protocols_are_refused(void **state)
{
    (void)state;
    assert_false(taken_with(false, 9, 6)); /* TCP */
    assert_false(taken_with(true, 6, 6));
    assert_false(taken_with(false, 0, 0x65)); /* versions that the type doesn't tell */
    assert_false(taken_with(true, 0, 0x40));

    static const uint16_t types[] = {0x0806, 0x88a8, 0x8100, 46, 0x8864};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        for (int form = 0; form < FORMS; form++) {
            struct test_frame frame;
            make(&frame, form);
            frame.octets[frame.ip_at - 2] = (uint8_t)(types[i] >> 8);
            frame.octets[frame.ip_at - 1] = (uint8_t)types[i];
            assert_false(taken(&frame));
        }
    }
}

static void lengths_must_agree(void **state)
{
    (void)state;
    assert_false(taken_with(false, 3, QUERY + 28 + 1)); /* longer than the frame */
    assert_false(taken_with(false, 3, QUERY + 28 - 1)); /* shorter than UDP has it */
    assert_false(taken_with(false, 3, 27));
    assert_false(taken_with(false, 3, 0));
    assert_false(taken_with(true, 5, QUERY + 8 + 1));
    assert_false(taken_with(true, 5, QUERY + 8 - 1));
    assert_false(taken_with(true, 5, 7));
    assert_false(taken_with(true, 5, 0)); /* a jumbogram, RFC 2675 */
}

/* RFC 1122 section 3.2.1.3; RFC 4291 section 2.5 */
static void a_source_that_cannot_be_answered_is_refused(void **state)
{
    (void)state;
    assert_false(taken_with(false, 12, 0));
    assert_false(taken_with(false, 12, 127));
    assert_false(taken_with(false, 12, 224));
    assert_false(taken_with(false, 12, 255));
    assert_false(taken_with(false, 15, 1)); /* our own */
    assert_false(taken_with(true, 8, 0xff));
    assert_false(taken_with(true, 8 + 15, 1)); /* our own */

    struct test_frame frame;
    test_frame_make(&frame, true, false, query, QUERY);
    memset(frame.octets + frame.ip_at + 8, 0, 15); /* ::7 */
    test_frame_seal(&frame);
    assert_false(taken(&frame));
    memset(frame.octets + frame.ip_at + 8 + 10, 0xff, 2); /* ::ffff:0.0.0.7 */
    test_frame_seal(&frame);
    assert_false(taken(&frame));

    test_frame_make(&frame, false, false, query, QUERY);
    memset(frame.octets + frame.udp_at, 0, 2); /* port 0 */
    test_frame_seal(&frame);
    assert_false(taken(&frame));
    for (size_t mac = 0; mac <= 6; mac += 6) {
        test_frame_make(&frame, false, false, query, QUERY);
        frame.octets[mac] |= 1; /* a group */
        assert_false(taken(&frame));
    }
}

/* Answers a frame with `octets` octets of `payload`, into `answer`. */
static void answer_to(struct test_frame *answer, const struct test_frame *frame,
                      const uint8_t *payload, size_t octets)
{
    struct xdp_frame found;
    assert_true(xdp_frame_read(&found, frame->octets, frame->count));
    *answer = *frame;
    memset(answer->octets, 0xee, sizeof(answer->octets));
    memcpy(answer->octets + found.payload_at, payload, octets);
    answer->count = xdp_frame_answer(answer->octets, frame->octets, &found, octets, 0x1234);
    assert_int_equal(answer->count, frame->udp_at + 8 + octets);
}

static void an_answer_goes_back_the_same_way(void **state)
{
    (void)state;
    uint8_t payload[1232];
    for (size_t i = 0; i < sizeof(payload); i++)
        payload[i] = (uint8_t)(i * 7 + i / 256);
    for (int form = 0; form < FORMS; form++) {
        for (size_t octets = 12; octets <= sizeof(payload); octets += 61) {
            struct test_frame frame, answer;
            make(&frame, form);
            answer_to(&answer, &frame, payload, octets);
            const uint8_t *to = answer.octets, *from = frame.octets;
            assert_memory_equal(to, from + 6, 6);
            assert_memory_equal(to + 6, from, 6);
            assert_memory_equal(to + 12, from + 12, frame.ip_at - 12); /* the tag, the type */
            const size_t address = frame.ipv6 ? 16 : 4;
            const size_t source = frame.ip_at + (frame.ipv6 ? 8 : 12);
            assert_memory_equal(to + source, from + source + address, address);
            assert_memory_equal(to + source + address, from + source, address);
            assert_memory_equal(to + frame.udp_at, from + frame.udp_at + 2, 2);
            assert_memory_equal(to + frame.udp_at + 2, from + frame.udp_at, 2);
            assert_memory_equal(to + frame.udp_at + 8, payload, octets);
            assert_true(test_frame_sealed(&answer));
            assert_true(taken(&answer));
        }
    }
}

static void an_answer_has_a_header_of_its_own(void **state)
{
    (void)state;
    static const uint8_t ipv4[12] = {0x45, 0, 0, 28 + 12, 0x12, 0x34, 0, 0, 64, 17};
    static const uint8_t ipv6[8] = {0x60, 0, 0, 0, 0, 8 + 12, 17, 64};
    struct test_frame frame, answer;
    make(&frame, 0);
    answer_to(&answer, &frame, (const uint8_t *)query, 12);
    assert_memory_equal(answer.octets + 14, ipv4, 10);
    make(&frame, 1);
    answer_to(&answer, &frame, (const uint8_t *)query, 12);
    assert_memory_equal(answer.octets + 14, ipv6, sizeof(ipv6));
}

/* RFC 768: "If the computed checksum is zero, it is transmitted as all ones." */
static void a_checksum_of_zero_is_sent_as_all_ones(void **state)
{
    (void)state;
    for (int form = 0; form < FORMS; form++) {
        struct test_frame frame, answer;
        uint8_t payload[14] = {0};
        make(&frame, form);
        answer_to(&answer, &frame, payload, sizeof(payload));
        memcpy(payload, answer.octets + frame.udp_at + 6, 2); /* brings the sum to all ones */
        answer_to(&answer, &frame, payload, sizeof(payload));
        assert_int_equal(answer.octets[frame.udp_at + 6], 0xff);
        assert_int_equal(answer.octets[frame.udp_at + 7], 0xff);
        assert_true(taken(&answer));
    }
}

static void an_answer_fits_the_mtu(void **state)
{
    (void)state;
    const struct xdp_frame ipv4 = {.ipv6 = false};
    const struct xdp_frame ipv6 = {.ipv6 = true};
    assert_int_equal(xdp_frame_room(&ipv4, 1500), 1472);
    assert_int_equal(xdp_frame_room(&ipv4, 9000), 1472);
    assert_int_equal(xdp_frame_room(&ipv4, 576), 548);
    assert_int_equal(xdp_frame_room(&ipv6, 1500), 1232); /* RFC 8200 section 5 */
    assert_int_equal(xdp_frame_room(&ipv6, 576), 528);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_is_found_where_it_stands),
        cmocka_unit_test(padding_is_no_part_of_the_query),
        cmocka_unit_test(a_datagram_may_be_empty_and_of_odd_length),
        cmocka_unit_test(one_wrong_bit_is_noticed),
        cmocka_unit_test(no_checksum_is_taken_over_ipv4_alone),
        cmocka_unit_test(a_frame_that_is_cut_off_is_refused),
        cmocka_unit_test(fragments_and_options_are_refused),
        cmocka_unit_test(other_protocols_are_refused),
        cmocka_unit_test(lengths_must_agree),
        cmocka_unit_test(a_source_that_cannot_be_answered_is_refused),
        cmocka_unit_test(an_answer_goes_back_the_same_way),
        cmocka_unit_test(an_answer_has_a_header_of_its_own),
        cmocka_unit_test(a_checksum_of_zero_is_sent_as_all_ones),
        cmocka_unit_test(an_answer_fits_the_mtu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
