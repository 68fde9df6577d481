/* records_divide.c -- puts records that come in no order where those are that are built about the same time
 * Memory of the records of an owner goes back when it has been built, by whole windows. Of a shuffled file
 * each window would wait for the last owner: so first all are moved, by where their owners fall among a few
 * that divide the zone in equal parts, each part into windows of its own. */
#include "zone/records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    WINDOWS_MIN = 4,
    SAMPLES = 1024,
};

/* The least owner of a part. */
struct border {
    uint64_t prefix;
    uint8_t owner[NAME_OCTETS_MAX];
    uint8_t octets;
};

struct division {
    struct records *records;
    unsigned parts;
    struct border border[RECORDS_PARTS_MAX]; /* ascending; that of the first part isn't used */
    size_t at[RECORDS_PARTS_MAX];            /* where the next run of a part goes */
    size_t end[RECORDS_PARTS_MAX];           /* of its window; 0: it has none */
    uint32_t *free;                          /* windows whose runs have all moved away */
    size_t frees;
};

static int compare_samples(const void *a, const void *b, void *records)
{
    return run_compare(records, a, b);
}

/* Of evenly spaced runs, since the order they're in says nothing. */
static void find_borders(struct division *division)
{
    struct records *records = division->records;
    struct run sample[SAMPLES];
    for (size_t i = 0; i < SAMPLES; i++)
        sample[i] = records->run[i * records->runs / SAMPLES];
    qsort_r(sample, SAMPLES, sizeof *sample, compare_samples, records);
    for (unsigned part = 1; part < division->parts; part++) {
        const struct run *run = &sample[(size_t)part * SAMPLES / division->parts];
        struct border *border = &division->border[part];
        border->prefix = run->prefix;
        const uint8_t *owner = run_owner(records, run, &border->octets);
        memcpy(border->owner, owner, border->octets);
    }
}

static bool is_below(const struct records *records, const struct run *run,
                     const struct border *border)
{
    if (run->prefix != border->prefix)
        return run->prefix < border->prefix;
    uint8_t octets;
    const uint8_t *owner = run_owner(records, run, &octets);
    return run_compare_owners(owner, octets, border->owner, border->octets) < 0;
}

static unsigned part_of(const struct division *division, const struct run *run)
{
    unsigned low = 0;
    for (unsigned count = division->parts; count > 1;) {
        const unsigned half = count / 2;
        if (!is_below(division->records, run, &division->border[low + half]))
            low += half;
        count -= half;
    }
    return low;
}

/* A window for a part that has none, or whose own is full. */
static int open_window(struct division *division, unsigned part)
{
    struct arena *scratch = &division->records->scratch;
    size_t window;
    if (division->frees > 0) {
        window = division->free[--division->frees];
    } else {
        window = scratch->used / RECORDS_WINDOW;
        if (arena_append(scratch, RECORDS_WINDOW) == 0)
            return -ENOMEM;
    }
    division->at[part] = window * RECORDS_WINDOW;
    division->end[part] = division->at[part] + RECORDS_WINDOW;
    return 0;
}

/* Moves the records of a run. */
static int move(struct division *division, struct run *run, unsigned part)
{
    struct records *records = division->records;
    if (run->octets > division->end[part] - division->at[part]) {
        const int err = open_window(division, part);
        if (err != 0)
            return err;
    }
    const size_t to = division->at[part];
    memcpy(records->scratch.base + to, arena_at(&records->scratch, run->at), run->octets);
    run->at = (uint32_t)(to / ARENA_UNIT);
    division->at[part] = to + arena_round(run->octets);
    return 0;
}

/* Moves all, and their runs to `to`, where `next` tells the place of each part's next one. Runs are still in the
 * order in which they were read, so windows of both empty one after the other. */
static int move_all(struct division *division, struct run *to, size_t *next)
{
    struct records *records = division->records;
    uint32_t window = 0;
    size_t passed = 0;
    for (size_t i = 0; i < records->runs; i++) {
        struct run *run = &records->run[i];
        for (; window < (size_t)run->at * ARENA_UNIT / RECORDS_WINDOW; window++)
            division->free[division->frees++] = window;
        const size_t behind = (size_t)((const uint8_t *)run - records->room.base);
        if (behind - passed >= RECORDS_WINDOW) {
            arena_discard(&records->room, passed, passed + RECORDS_WINDOW);
            passed += RECORDS_WINDOW;
        }
        const unsigned part = (unsigned)(run->prefix >> RUN_PREFIX_BITS);
        run->prefix &= ((uint64_t)1 << RUN_PREFIX_BITS) - 1;
        const int err = move(division, run, part);
        if (err != 0)
            return err;
        to[next[part]++] = *run;
    }
    return 0;
}

/* What is left goes back. The first window has the arena's sentinel, which is zeros all the same. */
static void give_back(struct division *division)
{
    struct records *records = division->records;
    for (size_t i = 0; i < division->frees; i++) {
        const size_t from = (size_t)division->free[i] * RECORDS_WINDOW;
        arena_discard(&records->scratch, from, from + RECORDS_WINDOW);
        records->released += RECORDS_WINDOW;
    }
}

/* Finds the part of each run, which for the time being stands above its prefix, and where each part begins among
 * all. */
static void find_parts(struct division *division, size_t *first)
{
    struct records *records = division->records;
    size_t count[RECORDS_PARTS_MAX] = {0};
    for (size_t i = 0; i < records->runs; i++) {
        const unsigned part = part_of(division, &records->run[i]);
        records->run[i].prefix |= (uint64_t)part << RUN_PREFIX_BITS;
        count[part]++;
    }
    first[0] = 0;
    for (unsigned part = 0; part < division->parts; part++)
        first[part + 1] = first[part] + count[part];
}

static int divide(struct division *division, size_t *first)
{
    struct records *records = division->records;
    find_borders(division);
    find_parts(division, first);
    struct arena room;
    if (records_room_init(&room) != 0)
        return -ENOMEM;
    struct run *to = records_room_take(&room, records->runs);
    size_t next[RECORDS_PARTS_MAX];
    memcpy(next, first, sizeof next);
    const int err = to == NULL ? -ENOMEM : move_all(division, to, next);
    if (err != 0) {
        arena_fini(&room);
        return err;
    }
    arena_fini(&records->room);
    records->room = room;
    records->run = to;
    records->capacity = records->runs;
    return 0;
}

int records_divide(struct records *records, size_t first[RECORDS_PARTS_MAX + 1])
{
    struct arena *scratch = &records->scratch;
    const size_t windows = scratch->used / RECORDS_WINDOW + 1;
    struct division division = {.records = records};
    /* Each part leaves its last window half empty, which is no matter: records take half of what the zone will. */
    division.parts = windows < RECORDS_PARTS_MAX ? (unsigned)windows : RECORDS_PARTS_MAX;
    if (windows < WINDOWS_MIN) {
        first[0] = 0;
        first[1] = records->runs;
        return 1;
    }
    /* From here on windows are whole. The one that was filled last becomes free at the end. */
    const size_t rest = windows * RECORDS_WINDOW - scratch->used;
    if (arena_append(scratch, rest) == 0)
        return -ENOMEM;
    division.free = calloc(windows, sizeof *division.free);
    int err = division.free == NULL ? -ENOMEM : divide(&division, first);
    if (err == 0) {
        division.free[division.frees++] = (uint32_t)windows - 1;
        give_back(&division);
    }
    free(division.free);
    return err != 0 ? err : (int)division.parts;
}
