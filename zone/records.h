/* records.h -- what a builder gathered: records in the order they were read, then by owner
 * Records lie one after the other in scratch memory; successive ones of one owner make a run.
 * Sorting moves runs only, and since zone files come nearly sorted, the ascending stretches that are
 * there are counted along, to be merged. One thread at a time. */
#ifndef PHAROS_ZONE_RECORDS_H
#define PHAROS_ZONE_RECORDS_H

#include "zone/zone.h"

struct record {
    uint32_t ttl;
    uint16_t type;
    uint16_t rdata_octets;
    uint32_t line;
    uint16_t column; /* 65535: there or beyond */
    uint16_t file;
    /* uint8_t rdata[rdata_octets] */
};

_Static_assert(sizeof(struct record) == 16, "a record's header is four units");

static inline const uint8_t *record_rdata(const struct record *record)
{
    return (const uint8_t *)(record + 1);
}

/* Successive records of one owner. */
struct run {
    uint64_t prefix; /* of the owner, by which most comparisons are settled: run_prefix() */
    uint32_t owner; /* in `scratch`: an octet that counts, then the labels before the apex */
    uint32_t first; /* in `scratch`: the first record */
    uint32_t end;   /* in `scratch`: after the last one */
};

enum { RECORDS_STRETCHES_MAX = 8 }; /* with more of them than that, merging isn't the way */

struct records {
    struct arena scratch;
    struct arena room; /* of `run` */
    struct run *run;   /* borrowed from `room`, and moves as that grows */
    size_t runs, capacity;
    size_t stretch[RECORDS_STRETCHES_MAX]; /* where ascending stretches begin */
    unsigned stretches;                    /* above the maximum: not counted any more */
    uint64_t count;
    struct name apex; /* lower case */
    struct name last; /* the last owner, as it came */
};

/* Room for runs, apart: where they are many it's huge pages. Both for the module's own parts. */
int records_room_init(struct arena *room);
/* Makes room for so many more, and returns where all begin; or NULL. */
struct run *records_room_take(struct arena *room, size_t runs);

int records_init(struct records *records, const struct name *apex);
void records_fini(struct records *records);

/* The owner is at or below the apex (asserted). Returns 0 or -ENOMEM. */
int records_add(struct records *records, const struct name *owner, const struct record *header,
                const uint8_t *rdata);

/* Sorts the runs by owner, keeping the order of those that have the same. Returns 0 or -ENOMEM.
 */
int records_sort(struct records *records);

/* Ten octets of a relative owner (lower case), in canonical order, squeezed into six bits each: where two
 * prefixes differ, the owners have the same order. */
uint64_t run_prefix(const uint8_t *owner, uint8_t octets);

/* Canonical order (RFC 4034 section 6.1) of relative owners in lower case. */
int run_compare_owners(const uint8_t *a, uint8_t a_octets, const uint8_t *b, uint8_t b_octets);

/* The labels before the apex, and their octets. */
static inline const uint8_t *run_owner(const struct records *records, const struct run *run,
                                       uint8_t *octets)
{
    const uint8_t *owner = arena_at(&records->scratch, run->owner);
    *octets = owner[0];
    return owner + 1;
}

static inline int run_compare(const struct records *records, const struct run *a,
                              const struct run *b)
{
    if (a->prefix != b->prefix)
        return a->prefix < b->prefix ? -1 : 1;
    uint8_t a_octets, b_octets;
    const uint8_t *a_owner = run_owner(records, a, &a_octets);
    const uint8_t *b_owner = run_owner(records, b, &b_octets);
    return run_compare_owners(a_owner, a_octets, b_owner, b_octets);
}

/* Has memory fetched that will be read for a run: its owner and the records behind that. */
static inline void run_prefetch(const struct records *records, const struct run *run)
{
    const uint8_t *at = arena_at(&records->scratch, run->owner);
    __builtin_prefetch(at);
    __builtin_prefetch(at + 64);
}

static inline const struct record *run_next(const struct records *records,
                                            const struct run *run, const struct record *after)
{
    if (after == NULL)
        return arena_at(&records->scratch, run->first);
    const struct record *next =
        (const void *)((const uint8_t *)after
                       + arena_round(sizeof *after + after->rdata_octets));
    return next < (const struct record *)arena_at(&records->scratch, run->end) ? next : NULL;
}

/* Of sorted records: the end of the group of runs, from `first` on, that have the same owner.
 */
size_t records_group_end(const struct records *records, size_t first);

/* Of sorted records: the first run of exactly this relative owner (lower case), or `runs`.
 * `near` is where to begin: names close to it are found soonest. */
size_t records_find(const struct records *records, const uint8_t *owner, uint8_t octets,
                    size_t near);

#endif
