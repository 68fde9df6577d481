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
    const struct record header = {.ttl = index, .type = RRTYPE_A, .rdata_octets = 4};
    assert_int_equal(records_add(records, owner, &header, rdata), 0);
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
        for (const struct record *record = run_next(records, &records->run[i], NULL);
             record != NULL; record = run_next(records, &records->run[i], record)) {
            if (order == 0)
                assert_true(record->ttl > last);
            last = record->ttl;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_compare_as_their_owners_do),
        cmocka_unit_test(a_prefix_holds_ten_octets_of_a_host_name),
        cmocka_unit_test(shuffled_records_are_sorted_and_keep_the_order_of_equals),
        cmocka_unit_test(ascending_stretches_are_merged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
