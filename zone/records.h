/* records.h -- what a builder gathered: records in the order they were read, then by owner
 * Records lie one after the other in scratch memory; successive ones of one owner make a run.
 * Sorting moves runs only, and since zone files come nearly sorted, the ascending stretches that are
 * there are counted along, to be merged. Only records that come in no order at all are moved as well,
 * so that those which are built first lie together: memory of what has been built goes back to the
 * system window by window, while the zone grows. One thread at a time. */
#ifndef PHAROS_ZONE_RECORDS_H
#define PHAROS_ZONE_RECORDS_H

#include "zone/record.h"
#include "zone/zone.h"

/* Successive records of one owner. */
struct run {
    uint64_t prefix; /* of the owner, by which most comparisons are settled: run_prefix() */
    uint32_t
        at; /* in `scratch`: an octet that counts, then the labels before the apex, then records */
    uint32_t octets; /* of all that */
};

_Static_assert(sizeof(struct run) == 16, "runs are many");

enum { RECORDS_WINDOW = ARENA_PART }; /* octets of scratch memory that are given back at once */

enum { RECORDS_STRETCHES_MAX = 8 }; /* with more of them than that, merging isn't the way */

struct records {
    struct arena scratch; /* no run crosses the border of two windows */
    size_t filled;        /* octets of it */
    struct arena room;    /* of `run` */
    struct run *run;      /* borrowed from `room`, and moves as that grows */
    size_t runs, capacity;
    size_t stretch[RECORDS_STRETCHES_MAX]; /* where ascending stretches begin */
    unsigned stretches;                    /* above the maximum: not counted any more */
    uint64_t count;
    uint32_t ttl;              /* of the first record, and so of most */
    struct name apex;          /* lower case */
    struct name last;          /* the last owner, as it came */
    struct record last_record; /* without RDATA */

    uint32_t *awaited;  /* by window: runs there that aren't built yet; NULL: too few to care */
    size_t released;    /* octets of `scratch` and `room` that went back */
    struct arena *heir; /* gets memory that is done with, borrowed; NULL: the system does */
};

/* Room for runs, apart: where they are many it's huge pages. Both for the module's own parts. */
int records_room_init(struct arena *room);
/* Makes room for so many more, and returns where all begin; or NULL. */
struct run *records_room_take(struct arena *room, size_t runs);

int records_init(struct records *records, const struct name *apex);
void records_fini(struct records *records);

/* The owner is at or below the apex (asserted). Returns 0 or -ENOMEM. */
int records_add(struct records *records, const struct name *owner, const struct record *record);

/* Sorts the runs by owner, keeping the order of those that have the same. Returns 0 or -ENOMEM.
 */
int records_sort(struct records *records);

enum { RECORDS_PARTS_MAX = 8 };

/* Of records that come in no order: puts runs into parts, all of a part before all of the next, without changing the
 * order within one, and moves the records so that those of a part lie together (its own part, before the runs
 * are sorted). `first` tells where parts begin, and where the last one ends. Returns how many there are, or
 * -ENOMEM. */
int records_divide(struct records *records, size_t first[RECORDS_PARTS_MAX + 1]);

/* Of sorted records: runs `first` to `end` - 1 are done with, in this order, and so are all before. Their memory goes
 * to `heir`, or else to the system. */
void records_release(struct records *records, size_t first, size_t end);

/* All are done with, and can't be read any more. */
void records_release_all(struct records *records);

/* Octets of memory that they take now. */
static inline size_t records_octets(const struct records *records)
{
    return records->scratch.used + records->room.used - records->released;
}

/* Ten octets of a relative owner (lower case), in canonical order, squeezed into six bits each: where two
 * prefixes differ, the owners have the same order. */
enum { RUN_PREFIX_BITS = 60 };

uint64_t run_prefix(const uint8_t *owner, uint8_t octets);

/* Canonical order (RFC 4034 section 6.1) of relative owners in lower case. */
int run_compare_owners(const uint8_t *a, uint8_t a_octets, const uint8_t *b, uint8_t b_octets);

/* The labels before the apex, and their octets. */
static inline const uint8_t *run_owner(const struct records *records, const struct run *run,
                                       uint8_t *octets)
{
    const uint8_t *owner = arena_at(&records->scratch, run->at);
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
    const uint8_t *at = arena_at(&records->scratch, run->at);
    __builtin_prefetch(at);
    __builtin_prefetch(at + 64);
}

/* The records of a run, one after the other. */
struct run_reader {
    const uint8_t *at, *end;
    struct record record; /* the one read last */
};

static inline void run_read(struct run_reader *reader, const struct records *records,
                            const struct run *run)
{
    const uint8_t *at = arena_at(&records->scratch, run->at);
    reader->at = at + 1 + at[0];
    reader->end = at + run->octets;
    reader->record = (struct record){.ttl = records->ttl, .column = 1};
}

/* False at the end. */
static inline bool run_next(struct run_reader *reader)
{
    if (reader->at == reader->end)
        return false;
    reader->at = record_unpack(reader->at, &reader->record);
    return true;
}

/* Of sorted records: the end of the group of runs, from `first` on, that have the same owner.
 */
size_t records_group_end(const struct records *records, size_t first);

/* Of sorted records: the first run of exactly this relative owner (lower case), or `runs`.
 * `near` is where to begin, at that run or before: names close to it are found soonest. */
size_t records_find(const struct records *records, const uint8_t *owner, uint8_t octets,
                    size_t near);

#endif
