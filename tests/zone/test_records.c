#include "zone/records.h"
#include "zone/rrtype.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The same numbers in every run. */
static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Few octets, from all parts of the order, so that names often share what they begin with. */
static void random_name(struct name *name, uint32_t *state, const struct name *apex)
{
    static const uint8_t octets[] = {0,   1,   '*', ',',  '-',  '.',  '/', '0',
                                     '9', ':', 'A', 'Z',  '[',  '_',  '`', 'a',
                                     'b', 'z', '{', 0x7f, 0x80, 0xfe, 0xff};
    uint8_t at = 0;
    for (uint32_t labels = next_random(state) % 4; labels > 0; labels--) {
        const uint8_t count = (uint8_t)(1 + next_random(state) % (labels == 1 ? 12 : 3));
        name->wire[at++] = count;
        for (uint8_t i = 0; i < count; i++) {
            const bool plain = next_random(state) % 8 != 0;
            name->wire[at++] =
                plain ? (uint8_t)('a' + next_random(state) % 2)
                      : octets[next_random(state) % (sizeof octets / sizeof *octets)];
        }
    }
    memcpy(name->wire + at, apex->wire, apex->octets);
    name->octets = (uint8_t)(at + apex->octets);
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

/* RFC 4034 section 6.1; name_compare() is the second opinion. */
static void runs_compare_as_their_owners_do(void **unused)
{
    (void)unused;
    struct name apex;
    assert_int_equal(name_from_string(&apex, "example"), NAME_OK);
    uint32_t state = 1;
    unsigned equal = 0;
    for (unsigned i = 0; i < 200000; i++) {
        struct name a, b;
        random_name(&a, &state, &apex);
        random_name(&b, &state, &apex);
        name_lower(a.wire, a.octets);
        name_lower(b.wire, b.octets);
        const uint8_t x = (uint8_t)(a.octets - apex.octets),
                      y = (uint8_t)(b.octets - apex.octets);
        const int order = sign(name_compare(a.wire, b.wire));
        assert_int_equal(sign(run_compare_owners(a.wire, x, b.wire, y)), order);
        const uint64_t p = run_prefix(a.wire, x), q = run_prefix(b.wire, y);
        if (p != q)
            assert_int_equal(p < q ? -1 : 1, order);
        equal += p == q && order != 0;
    }
    assert_in_range(equal, 1, 50000); /* prefixes tell most apart, and the rest was met */
}

/* Ten octets of a name under a popular TLD differ nearly always. */
static void a_prefix_holds_ten_octets_of_a_host_name(void **unused)
{
    (void)unused;
    const uint8_t a[] = "\x0b"
                        "abcdefghi-x",
                  b[] = "\x0b"
                        "abcdefghi_x";
    const uint8_t c[] = "\x0b"
                        "abcdefghi_y";
    assert_true(run_prefix(a, 12) < run_prefix(b, 12));
    assert_true(run_prefix(b, 12) == run_prefix(c, 12));
}

static void add(struct records *records, const struct name *owner, uint32_t index)
{
    const uint8_t rdata[4] = {0};
    const struct record record = {
        .ttl = index, .type = RRTYPE_A, .rdata_octets = 4, .rdata = rdata};
    assert_int_equal(records_add(records, owner, &record), 0);
}

/* Sorted, and of one owner in the order in which they came. */
static void assert_sorted(struct records *records, size_t count)
{
    size_t met = 0;
    uint32_t last = 0;
    assert_int_equal(records_sort(records), 0);
    for (size_t i = 0; i < records->runs; i++) {
        const int order =
            i == 0 ? -1 : run_compare(records, &records->run[i - 1], &records->run[i]);
        assert_true(order <= 0);
        struct run_reader reader;
        run_read(&reader, records, &records->run[i]);
        while (run_next(&reader)) {
            if (order == 0)
                assert_true(reader.record.ttl > last);
            last = reader.record.ttl;
            met++;
        }
        uint8_t octets;
        const uint8_t *owner = run_owner(records, &records->run[i], &octets);
        const size_t found = records_find(records, owner, octets, i % 7 == 0 ? i / 2 : 0);
        assert_true(found <= i && records_group_end(records, found) > i);
    }
    assert_int_equal(met, count);
}

static void shuffled_records_are_sorted_and_keep_the_order_of_equals(void **unused)
{
    (void)unused;
    struct name apex;
    assert_int_equal(name_from_string(&apex, "example"), NAME_OK);
    uint32_t state = 7;
    for (unsigned count = 0; count < 60000; count = count * 3 + 1) {
        struct records records;
        assert_int_equal(records_init(&records, &apex), 0);
        for (uint32_t i = 0; i < count; i++) {
            struct name owner;
            random_name(&owner, &state, &apex);
            add(&records, &owner, i);
        }
        assert_sorted(&records, count);
        records_fini(&records);
    }
}

/* Names 0, `step`, 2 * `step` ... below `limit`, ascending. */
static void add_stretch(struct records *records, const struct name *apex, unsigned first,
                        unsigned step, unsigned limit, uint32_t *index)
{
    for (unsigned n = first; n < limit; n += step) {
        char text[32];
        struct name owner;
        snprintf(text, sizeof text, "a-long-name-%06u", n);
        assert_int_equal(name_from_text(&owner, text, strlen(text), apex, NULL), NAME_OK);
        add(records, &owner, (*index)++);
    }
}

/* A few large stretches, as signers write them, are merged; small ones too, at either end. */
static void ascending_stretches_are_merged(void **unused)
{
    (void)unused;
    struct name apex;
    assert_int_equal(name_from_string(&apex, "example"), NAME_OK);
    for (unsigned stretches = 1; stretches <= RECORDS_STRETCHES_MAX + 1; stretches++) {
        struct records records;
        uint32_t index = 1;
        assert_int_equal(records_init(&records, &apex), 0);
        for (unsigned i = 0; i < stretches; i++) {
            const bool small = i % 3 == 1, late = i > 3;
            add_stretch(&records, &apex, small && late ? 980 : i % 3, 1 + i,
                        small && !late ? 12 : 1000, &index);
        }
        assert_int_equal(records.stretches, stretches);
        assert_sorted(&records, index - 1);
        records_fini(&records);
    }
}

static void a_record_is_read_as_it_was_packed(void **unused)
{
    (void)unused;
    static const uint8_t rdata[65535] = {1, 2, 3};
    uint32_t state = 3;
    static uint8_t packed[RECORD_PACKED_MAX + sizeof rdata];
    struct record last = {.column = 1}, read = last;
    for (unsigned i = 0; i < 20000; i++) {
        struct record record = last;
        record.line =
            i % 5 == 0 ? next_random(&state) << 8 : last.line + next_random(&state) % 3;
        record.ttl = i % 3 == 0 ? next_random(&state) << 8 : last.ttl;
        record.type = i % 2 == 0 ? (uint16_t)next_random(&state) : last.type;
        record.column = i % 7 == 0 ? (uint16_t)next_random(&state) : last.column;
        record.file = i % 11 == 0 ? (uint16_t)next_random(&state) : last.file;
        record.rdata_octets = i % 100 == 0 ? UINT16_MAX : (uint16_t)(next_random(&state) % 200);
        uint8_t *end = record_pack(packed, &record, &last);
        assert_true(end - packed <= RECORD_PACKED_MAX);
        assert_ptr_equal(record_unpack(packed, &read), end + record.rdata_octets);
        assert_ptr_equal(read.rdata, end);
        read.rdata = record.rdata = NULL;
        assert_memory_equal(&read, &record, sizeof read);
        last = record;
    }
}

/* Records of `octets` of RDATA that begins with their index, at owners in no order, three in a row each. */
static void add_many(struct records *records, const struct name *apex, unsigned count,
                     uint16_t octets)
{
    uint8_t *rdata = calloc(1, octets);
    assert_non_null(rdata);
    for (unsigned i = 0; i < count; i++) {
        char text[32];
        struct name owner;
        snprintf(text, sizeof text, "name-%06u", (unsigned)((uint64_t)(i / 3) * 7919 % count));
        assert_int_equal(name_from_text(&owner, text, strlen(text), apex, NULL), NAME_OK);
        memcpy(rdata, &i, sizeof i);
        rdata[octets - 1] = (uint8_t)i;
        const struct record record = {
            .ttl = i, .type = 65280, .rdata_octets = octets, .line = i, .rdata = rdata};
        assert_int_equal(records_add(records, &owner, &record), 0);
    }
    free(rdata);
}

/* Many windows of records, and such that hardly fit into one. */
static void memory_of_what_is_built_goes_back(void **unused)
{
    (void)unused;
    struct name apex;
    assert_int_equal(name_from_string(&apex, "example"), NAME_OK);
    static const struct {
        unsigned count;
        uint16_t octets;
    } cases[] = {{30000, 1000}, {600, 65535}, {3, 65535}, {100, 65535}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct records records;
        assert_int_equal(records_init(&records, &apex), 0);
        add_many(&records, &apex, cases[c].count, cases[c].octets);
        assert_int_equal(records_sort(&records), 0);
        const size_t all = records_octets(&records);
        size_t met = 0;
        for (size_t first = 0; first < records.runs;) {
            const size_t end = records_group_end(&records, first);
            for (size_t i = first; i < end; i++) {
                struct run_reader reader;
                run_read(&reader, &records, &records.run[i]);
                for (; run_next(&reader); met++) {
                    unsigned index;
                    memcpy(&index, reader.record.rdata, sizeof index);
                    assert_int_equal(index, reader.record.line);
                    assert_int_equal(index, reader.record.ttl);
                    assert_int_equal(reader.record.rdata[cases[c].octets - 1], (uint8_t)index);
                }
            }
            records_release(&records, first, end);
            first = end;
            if (first >= records.runs / 2 && c < 2)
                assert_true(records_octets(&records) < all / 4 * 3);
        }
        assert_int_equal(met, cases[c].count);
        if (records.awaited != NULL)
            assert_true(records_octets(&records) < 2 * RECORDS_WINDOW);
        assert_int_equal(records.awaited != NULL, c < 2 || c == 3);
        records_fini(&records);
    }
}

/* An owner may have more than a window holds. */
static void the_records_of_one_owner_may_take_many_windows(void **unused)
{
    (void)unused;
    struct name apex;
    struct records records;
    static uint8_t rdata[50000];
    assert_int_equal(name_from_string(&apex, "example"), NAME_OK);
    assert_int_equal(records_init(&records, &apex), 0);
    for (uint32_t i = 0; i < 200; i++) {
        memcpy(rdata, &i, sizeof i);
        const struct record record = {
            .ttl = 60, .type = 65280, .rdata_octets = sizeof rdata, .line = i, .rdata = rdata};
        assert_int_equal(records_add(&records, &apex, &record), 0);
    }
    assert_int_equal(records_sort(&records), 0);
    assert_in_range(records.runs, 5, 6);
    assert_int_equal(records_group_end(&records, 0), records.runs);
    uint32_t met = 0;
    for (size_t i = 0; i < records.runs; i++) {
        struct run_reader reader;
        run_read(&reader, &records, &records.run[i]);
        for (; run_next(&reader); met++)
            assert_memory_equal(reader.record.rdata, &met, sizeof met);
    }
    assert_int_equal(met, 200);
    records_fini(&records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_compare_as_their_owners_do),
        cmocka_unit_test(a_prefix_holds_ten_octets_of_a_host_name),
        cmocka_unit_test(shuffled_records_are_sorted_and_keep_the_order_of_equals),
        cmocka_unit_test(ascending_stretches_are_merged),
        cmocka_unit_test(a_record_is_read_as_it_was_packed),
        cmocka_unit_test(memory_of_what_is_built_goes_back),
        cmocka_unit_test(the_records_of_one_owner_may_take_many_windows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
