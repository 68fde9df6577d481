/* records_sort.c -- puts runs in the order of their owners */
#include "zone/records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Runs of `run`, of `count`, that are below `limit`, or with `equal` not above it. They ascend. The search
 * begins at the front, in growing steps: the answer is mostly near. */
static size_t count_below(const struct records *records, const struct run *run, size_t count,
                          const struct run *limit, bool equal)
{
    const int least = equal ? 1 : 0; /* what is at least this far above isn't counted */
    size_t low = 0, high = count;
    for (size_t at = 0, step = 1; at < count; at += step, step *= 2) {
        if (run_compare(records, &run[at], limit) >= least) {
            high = at;
            break;
        }
        low = at + 1;
    }
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (run_compare(records, &run[middle], limit) >= least)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Merges the ascending stretches [0, middle) and [middle, count) of `run`. What stays where it is isn't
 * touched, and of the rest the first is copied out: the second moves towards the front, so it is never
 * overtaken. Returns 0 or -ENOMEM. */
static int merge(const struct records *records, struct run *run, size_t middle, size_t count)
{
    const size_t kept = count_below(records, run, middle, &run[middle], true);
    size_t left = middle - kept;
    if (left == 0)
        return 0;
    struct arena room; /* apart: what malloc() took for so many, it might keep */
    struct run *copy = NULL;
    if (records_room_init(&room) == 0)
        copy = records_room_take(&room, left);
    if (copy == NULL) {
        arena_fini(&room);
        return -ENOMEM;
    }
    memcpy(copy, run + kept, left * sizeof *copy);
    const struct run *a = copy, *b = run + middle, *end = run + count;
    struct run *to = run + kept;
    while (left > 0 && b < end) {
        const size_t below = count_below(records, b, (size_t)(end - b), a, false);
        memmove(to, b, below * sizeof *to);
        to += below;
        b += below;
        if (b == end)
            break;
        const size_t before = count_below(records, a, left, b, true);
        memcpy(to, a, before * sizeof *to);
        to += before;
        a += before;
        left -= before;
    }
    memcpy(to, a, left * sizeof *to);
    arena_fini(&room);
    return 0;
}

/* Merges neighbouring stretches until one is left. */
static int merge_all(struct records *records)
{
    size_t *start = records->stretch;
    unsigned stretches = records->stretches;
    while (stretches > 1) {
        unsigned merged = 0;
        for (unsigned i = 0; i < stretches; i += 2) {
            const size_t first = start[i];
            const size_t end = i + 2 < stretches ? start[i + 2] : records->runs;
            if (i + 1 < stretches) {
                const int err =
                    merge(records, records->run + first, start[i + 1] - first, end - first);
                if (err != 0)
                    return err;
            }
            start[merged++] = first;
        }
        stretches = merged;
    }
    records->stretches = stretches;
    return 0;
}

enum { FEW_WINDOWS = 2 };

enum { DIGIT_BITS = 10, DIGITS = 6, DIGIT_VALUES = 1 << DIGIT_BITS };

/* Where runs with each value of a digit go: first counts, then places. */
struct digits {
    uint32_t at[DIGITS][DIGIT_VALUES];
};

static unsigned digit_of(const struct run *run, unsigned digit)
{
    return run->prefix >> (digit * DIGIT_BITS) & (DIGIT_VALUES - 1);
}

/* True where the runs differ in the digit at all. */
static bool count_to_places(uint32_t at[DIGIT_VALUES], size_t count)
{
    uint32_t sum = 0;
    bool differ = true;
    for (size_t i = 0; i < DIGIT_VALUES; i++) {
        const uint32_t here = at[i];
        differ = differ && here != count;
        at[i] = sum;
        sum += here;
    }
    return differ;
}

/* Sorts by prefix alone, least significant digit first, which keeps the order of equals. Returns which of
 * `run` and `other` has the result. */
static struct run *sort_by_prefix(struct digits *digits, struct run *run, struct run *other,
                                  size_t count)
{
    memset(digits, 0, sizeof *digits);
    for (size_t i = 0; i < count; i++)
        for (unsigned digit = 0; digit < DIGITS; digit++)
            digits->at[digit][digit_of(&run[i], digit)]++;
    for (unsigned digit = 0; digit < DIGITS; digit++) {
        uint32_t *at = digits->at[digit];
        if (!count_to_places(at, count))
            continue;
        for (size_t i = 0; i < count; i++)
            other[at[digit_of(&run[i], digit)]++] = run[i];
        struct run *sorted = other;
        other = run;
        run = sorted;
    }
    return run;
}

/* Merges halves of runs with the same prefix, of which there seldom are many. */
static void sort_equals(const struct records *records, struct run *run, struct run *other,
                        size_t count)
{
    enum { FEW = 12 };
    if (count <= FEW) {
        for (size_t i = 1; i < count; i++) {
            const struct run moving = run[i];
            size_t at = i;
            for (; at > 0 && run_compare(records, &run[at - 1], &moving) > 0; at--)
                run[at] = run[at - 1];
            run[at] = moving;
        }
        return;
    }
    const size_t half = count / 2;
    sort_equals(records, run, other, half);
    sort_equals(records, run + half, other, count - half);
    memcpy(other, run, half * sizeof *run);
    size_t a = 0, b = half;
    for (struct run *to = run; a < half; to++) {
        const bool first = b == count || run_compare(records, &other[a], &run[b]) <= 0;
        *to = first ? other[a++] : run[b++];
    }
}

/* Puts those in order whose prefixes are the same. */
static void sort_groups(const struct records *records, struct run *run, struct run *other,
                        size_t count)
{
    enum { AHEAD = 24 };
    for (size_t first = 0, fetched = 0; first < count;) {
        for (; fetched < count && fetched < first + AHEAD; fetched++)
            run_prefetch(records, &run[fetched]);
        size_t end = first + 1;
        while (end < count && run[end].prefix == run[first].prefix)
            end++;
        if (end - first > 1)
            sort_equals(records, run + first, other, end - first);
        first = end;
    }
}

/* Sorts the runs of a part; `other` has room for as many. */
static void sort_part(const struct records *records, struct digits *digits, struct run *run,
                      struct run *other, size_t count)
{
    const struct run *sorted = sort_by_prefix(digits, run, other, count);
    if (sorted != run)
        memcpy(run, sorted, count * sizeof *run);
    sort_groups(records, run, other, count);
}

static int sort_parts(const struct records *records, const size_t *first, unsigned parts)
{
    size_t largest = 0;
    for (unsigned i = 0; i < parts; i++)
        if (first[i + 1] - first[i] > largest)
            largest = first[i + 1] - first[i];
    struct arena room;
    struct digits *digits = malloc(sizeof *digits);
    int err = digits == NULL ? -ENOMEM : records_room_init(&room);
    if (err == 0) {
        struct run *other = records_room_take(&room, largest);
        for (unsigned i = 0; other != NULL && i < parts; i++)
            sort_part(records, digits, records->run + first[i], other, first[i + 1] - first[i]);
        err = other == NULL ? -ENOMEM : 0;
        arena_fini(&room);
    }
    free(digits);
    return err;
}

static int sort_many(struct records *records)
{
    size_t first[RECORDS_PARTS_MAX + 1];
    const int parts = records_divide(records, first);
    return parts < 0 ? parts : sort_parts(records, first, (unsigned)parts);
}

/* Counts what each window waits for, where there are enough of them that it matters. */
static int count_awaited(struct records *records)
{
    const size_t windows = records->scratch.used / RECORDS_WINDOW + 1;
    if (windows <= FEW_WINDOWS)
        return 0;
    records->awaited = calloc(windows, sizeof *records->awaited);
    if (records->awaited == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < records->runs; i++)
        records->awaited[(size_t)records->run[i].at * ARENA_UNIT / RECORDS_WINDOW]++;
    return 0;
}

int records_sort(struct records *records)
{
    const int err =
        records->stretches <= RECORDS_STRETCHES_MAX ? merge_all(records) : sort_many(records);
    return err != 0 ? err : count_awaited(records);
}
