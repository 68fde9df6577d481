/* records.h -- what a builder gathered: records in the order they were read, then by owner
 * Records lie one after the other in scratch memory; successive ones of one owner make a run.
 * Sorting moves runs only, and since zone files come nearly sorted, it merges the ascending
 * stretches that are there. One thread at a time. */
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
    uint64_t
        prefix; /* the first ten symbols of the owner's key, six bits each: most comparisons */
    uint32_t owner; /* in `scratch`: an octet that counts, then the labels before the apex */
    uint32_t first; /* in `scratch`: the first record */
    uint32_t end;   /* in `scratch`: after the last one */
};

struct records {
    struct arena scratch;
    struct run *run;
    size_t runs, capacity;
    uint64_t count;
    struct name apex; /* lower case */
    struct name last; /* the last owner, as it came */
};

int records_init(struct records *records, const struct name *apex);
void records_fini(struct records *records);

/* The owner is at or below the apex (asserted). Returns 0 or -ENOMEM. */
int records_add(struct records *records, const struct name *owner, const struct record *header,
                const uint8_t *rdata);

/* Sorts the runs by owner, keeping the order of those that have the same. Returns 0 or -ENOMEM.
 */
int records_sort(struct records *records);

/* The labels before the apex, and their octets. */
static inline const uint8_t *run_owner(const struct records *records, const struct run *run,
                                       uint8_t *octets)
{
    const uint8_t *owner = arena_at(&records->scratch, run->owner);
    *octets = owner[0];
    return owner + 1;
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
