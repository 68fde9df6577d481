/* records.c -- what a builder gathered: records in the order they were read, then by owner */
#include "zone/records.h"

#include "zone/trie.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PREFIX_SYMBOLS = 10, SYMBOL_BITS = 6 };

int records_init(struct records *records, const struct name *apex)
{
    *records = (struct records){.apex = *apex};
    name_lower(records->apex.wire, records->apex.octets);
    return arena_init_small(&records->scratch);
}

void records_fini(struct records *records)
{
    arena_fini(&records->scratch);
    free(records->run);
    *records = (struct records){0};
}

static uint64_t prefix_of(const uint8_t *key, size_t len)
{
    uint64_t prefix = 0;
    for (size_t i = 0; i < PREFIX_SYMBOLS; i++)
        prefix = prefix << SYMBOL_BITS | trie_symbol(key, len, i);
    return prefix;
}

static int open_run(struct records *records, const struct name *owner)
{
    if (records->runs == records->capacity) {
        const size_t capacity = records->capacity == 0 ? 64 : records->capacity * 2;
        struct run *run = realloc(records->run, capacity * sizeof *run);
        if (run == NULL)
            return -ENOMEM;
        records->run = run;
        records->capacity = capacity;
    }
    assert(owner->octets >= records->apex.octets);
    const uint8_t octets = (uint8_t)(owner->octets - records->apex.octets);
    const uint32_t at = arena_append(&records->scratch, 1u + octets);
    if (at == 0)
        return -ENOMEM;
    uint8_t *copy = arena_edit(&records->scratch, at);
    copy[0] = octets;
    memcpy(copy + 1, owner->wire, octets);
    name_lower(copy + 1, octets);

    uint8_t key[NAME_KEY_MAX];
    const uint32_t first = (uint32_t)(records->scratch.used / ARENA_UNIT);
    records->run[records->runs++] = (struct run){
        .prefix = prefix_of(key, name_key(key, copy + 1, octets)),
        .owner = at,
        .first = first,
        .end = first,
    };
    records->last.octets = owner->octets;
    memcpy(records->last.wire, owner->wire, owner->octets);
    return 0;
}

int records_add(struct records *records, const struct name *owner, const struct record *header,
                const uint8_t *rdata)
{
    if (owner->octets != records->last.octets
        || memcmp(owner->wire, records->last.wire, owner->octets) != 0) {
        const int err = open_run(records, owner);
        if (err != 0)
            return err;
    }
    const uint32_t at = arena_append(&records->scratch, sizeof *header + header->rdata_octets);
    if (at == 0)
        return -ENOMEM;
    uint8_t *to = arena_edit(&records->scratch, at);
    memcpy(to, header, sizeof *header);
    memcpy(to + sizeof *header, rdata, header->rdata_octets);
    records->run[records->runs - 1].end = (uint32_t)(records->scratch.used / ARENA_UNIT);
    records->count++;
    return 0;
}

static int compare_owners(const uint8_t *a, uint8_t a_octets, const uint8_t *b,
                          uint8_t b_octets)
{
    uint8_t key_a[NAME_KEY_MAX], key_b[NAME_KEY_MAX];
    const size_t len_a = name_key(key_a, a, a_octets), len_b = name_key(key_b, b, b_octets);
    const int order = memcmp(key_a, key_b, len_a < len_b ? len_a : len_b);
    return order != 0 ? order : (len_a > len_b) - (len_a < len_b);
}

static int compare_runs(const struct records *records, const struct run *a, const struct run *b)
{
    if (a->prefix != b->prefix)
        return a->prefix < b->prefix ? -1 : 1;
    uint8_t a_octets, b_octets;
    const uint8_t *a_owner = run_owner(records, a, &a_octets);
    const uint8_t *b_owner = run_owner(records, b, &b_octets);
    if (a_octets == b_octets && memcmp(a_owner, b_owner, a_octets) == 0)
        return 0;
    return compare_owners(a_owner, a_octets, b_owner, b_octets);
}

/* The end of the ascending stretch that begins at `from`. */
static size_t stretch_end(const struct records *records, const struct run *run, size_t from,
                          size_t count)
{
    size_t end = from + 1;
    while (end < count && compare_runs(records, &run[end - 1], &run[end]) <= 0)
        end++;
    return end;
}

static void merge(const struct records *records, const struct run *a, size_t a_count,
                  const struct run *b, size_t b_count, struct run *to)
{
    while (a_count > 0 && b_count > 0) {
        if (compare_runs(records, a, b) <= 0) {
            *to++ = *a++;
            a_count--;
        } else {
            *to++ = *b++;
            b_count--;
        }
    }
    memcpy(to, a, a_count * sizeof *to);
    memcpy(to + a_count, b, b_count * sizeof *to);
}

/* Merges neighbouring stretches of `from` into `to`. Returns how many stretches there were. */
static size_t merge_pass(const struct records *records, const struct run *from, struct run *to,
                         size_t count)
{
    size_t stretches = 0;
    for (size_t at = 0; at < count;) {
        const size_t middle = stretch_end(records, from, at, count);
        const size_t end = middle < count ? stretch_end(records, from, middle, count) : middle;
        merge(records, from + at, middle - at, from + middle, end - middle, to + at);
        stretches += middle < end ? 2 : 1;
        at = end;
    }
    return stretches;
}

/* Merges all stretches of `run`, with as much room in `other`. Returns which of both holds the result. */
static struct run *merge_all(const struct records *records, struct run *run, struct run *other,
                             size_t count)
{
    /* Two stretches or fewer leave one behind. */
    size_t stretches;
    do {
        stretches = merge_pass(records, run, other, count);
        struct run *merged = other;
        other = run;
        run = merged;
    } while (stretches > 2);
    return run;
}

/* Sorts by prefix alone, least significant digit first, which keeps the order of equals. An even number of
 * passes ends where it began. */
static void sort_by_prefix(struct run *run, struct run *other, size_t count)
{
    enum { DIGIT_BITS = 10, DIGITS = PREFIX_SYMBOLS * SYMBOL_BITS / DIGIT_BITS };
    _Static_assert(DIGITS % 2 == 0, "the result must end in `run`");
    for (unsigned digit = 0; digit < DIGITS; digit++) {
        const unsigned shift = digit * DIGIT_BITS;
        size_t at[1 << DIGIT_BITS] = {0};
        for (size_t i = 0; i < count; i++)
            at[run[i].prefix >> shift & ((1 << DIGIT_BITS) - 1)]++;
        size_t sum = 0;
        for (size_t i = 0; i < 1 << DIGIT_BITS; i++) {
            const size_t here = at[i];
            at[i] = sum;
            sum += here;
        }
        for (size_t i = 0; i < count; i++)
            other[at[run[i].prefix >> shift & ((1 << DIGIT_BITS) - 1)]++] = run[i];
        struct run *sorted = other;
        other = run;
        run = sorted;
    }
}

/* Puts those in order whose prefixes are the same. */
static void sort_equals(const struct records *records, struct run *run, struct run *other,
                        size_t count)
{
    for (size_t first = 0; first < count;) {
        size_t end = first + 1;
        while (end < count && run[end].prefix == run[first].prefix)
            end++;
        if (stretch_end(records, run, first, end) < end) {
            const struct run *sorted =
                merge_all(records, run + first, other + first, end - first);
            if (sorted != run + first)
                memcpy(run + first, sorted, (end - first) * sizeof *run);
        }
        first = end;
    }
}

static bool has_few_stretches(const struct records *records)
{
    enum { FEW = 8 }; /* merged in three passes; the digits of a prefix take six cheap ones */
    unsigned stretches = 0;
    for (size_t at = 0; at < records->runs && stretches <= FEW; stretches++)
        at = stretch_end(records, records->run, at, records->runs);
    return stretches <= FEW;
}

int records_sort(struct records *records)
{
    if (records->runs == 0
        || stretch_end(records, records->run, 0, records->runs) == records->runs)
        return 0;
    struct run *other = malloc(records->runs * sizeof *other);
    if (other == NULL)
        return -ENOMEM;
    if (has_few_stretches(records)) {
        struct run *sorted = merge_all(records, records->run, other, records->runs);
        other = sorted == records->run ? other : records->run;
        records->run = sorted;
        records->capacity = records->runs;
    } else {
        sort_by_prefix(records->run, other, records->runs);
        sort_equals(records, records->run, other, records->runs);
    }
    free(other);
    return 0;
}

size_t records_group_end(const struct records *records, size_t first)
{
    size_t end = first + 1;
    while (end < records->runs
           && compare_runs(records, &records->run[first], &records->run[end]) == 0)
        end++;
    return end;
}

/* A relative owner that is looked for. */
struct wanted {
    const uint8_t *owner;
    uint8_t octets;
    uint64_t prefix;
};

static bool is_before(const struct records *records, const struct run *run,
                      const struct wanted *wanted)
{
    if (run->prefix != wanted->prefix)
        return run->prefix < wanted->prefix;
    uint8_t octets;
    const uint8_t *owner = run_owner(records, run, &octets);
    return compare_owners(owner, octets, wanted->owner, wanted->octets) < 0;
}

size_t records_find(const struct records *records, const uint8_t *owner, uint8_t octets,
                    size_t near)
{
    uint8_t key[NAME_KEY_MAX];
    const struct wanted wanted = {
        .owner = owner,
        .octets = octets,
        .prefix = prefix_of(key, name_key(key, owner, octets)),
    };
    /* What is wanted lies in [low, high]: forward from `near` in growing steps, then by halves.
     */
    size_t low = 0, high = records->runs;
    for (size_t step = 1, at = near; at < records->runs; at += step, step *= 2) {
        if (!is_before(records, &records->run[at], &wanted)) {
            high = at;
            break;
        }
        low = at + 1;
    }
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (is_before(records, &records->run[middle], &wanted))
            low = middle + 1;
        else
            high = middle;
    }
    if (low == records->runs)
        return low;
    uint8_t found_octets;
    const uint8_t *found = run_owner(records, &records->run[low], &found_octets);
    return found_octets == octets && memcmp(found, owner, octets) == 0 ? low : records->runs;
}
