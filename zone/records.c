/* records.c -- what a builder gathered: records in the order they were read, then by owner */
#include "zone/records.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int records_room_init(struct arena *room)
{
    const int err = arena_init_small(room);
    /* The sentinel takes four octets: with four more a run lies on a multiple of eight. */
    return err != 0 ? err : arena_append(room, ARENA_UNIT) == 0 ? -ENOMEM : 0;
}

struct run *records_room_take(struct arena *room, size_t runs)
{
    if (arena_append(room, runs * sizeof(struct run)) == 0)
        return NULL;
    return (struct run *)(void *)(room->base + 2 * ARENA_UNIT);
}

int records_init(struct records *records, const struct name *apex)
{
    *records = (struct records){.apex = *apex};
    name_lower(records->apex.wire, records->apex.octets);
    int err = arena_init_small(&records->scratch);
    if (err == 0)
        err = records_room_init(&records->room);
    records->filled = records->scratch.used;
    if (err != 0)
        records_fini(records);
    return err;
}

void records_fini(struct records *records)
{
    arena_fini(&records->scratch);
    arena_fini(&records->room);
    free(records->awaited);
    *records = (struct records){0};
}

static int grow(struct records *records)
{
    const size_t more = records->runs == 0 ? 32 : records->runs < 4096 ? records->runs : 4096;
    struct run *run = records_room_take(&records->room, more);
    if (run == NULL)
        return -ENOMEM;
    records->run = run;
    records->capacity += more;
    return 0;
}

/* Whether the run that was opened last goes on with the stretch before it. */
static void count_stretches(struct records *records)
{
    const size_t last = records->runs - 1;
    if (records->stretches > RECORDS_STRETCHES_MAX)
        return;
    if (last > 0 && run_compare(records, &records->run[last - 1], &records->run[last]) <= 0)
        return;
    if (records->stretches < RECORDS_STRETCHES_MAX)
        records->stretch[records->stretches] = last;
    records->stretches++;
}

/* Where the last octets of scratch memory that are filled end, with room for so many more. Returns NULL out of
 * memory. */
static uint8_t *room_for(struct records *records, size_t octets)
{
    enum { AHEAD = 512 }; /* so that few records have to ask for more */
    const size_t end = records->filled + octets;
    if (end > records->scratch.used
        && arena_append(&records->scratch, end - records->scratch.used + AHEAD) == 0)
        return NULL;
    return records->scratch.base + records->filled;
}

static bool in_one_window(size_t from, size_t octets)
{
    return from / RECORDS_WINDOW == (from + octets - 1) / RECORDS_WINDOW;
}

/* Begins a run whose first record takes so many octets. */
static int open_run(struct records *records, const struct name *owner, size_t first)
{
    if (records->runs == records->capacity && grow(records) != 0)
        return -ENOMEM;
    assert(owner->octets >= records->apex.octets);
    const uint8_t octets = (uint8_t)(owner->octets - records->apex.octets);
    size_t from = arena_round(records->filled);
    if (!in_one_window(from, 1u + octets + first))
        from = (from / RECORDS_WINDOW + 1) * RECORDS_WINDOW;
    if (room_for(records, from - records->filled + 1u + octets) == NULL)
        return -ENOMEM;
    uint8_t *copy = records->scratch.base + from;
    records->filled = from + 1u + octets;
    copy[0] = octets;
    memcpy(copy + 1, owner->wire, octets);
    name_lower(copy + 1, octets);

    records->run[records->runs++] = (struct run){
        .prefix = run_prefix(copy + 1, octets),
        .at = (uint32_t)(from / ARENA_UNIT),
        .octets = 1u + octets,
    };
    count_stretches(records);
    records->last.octets = owner->octets;
    memcpy(records->last.wire, owner->wire, owner->octets);
    records->last_record = (struct record){.ttl = records->ttl, .column = 1};
    return 0;
}

static bool same_owner(const struct records *records, const struct name *owner)
{
    return owner->octets == records->last.octets
           && memcmp(owner->wire, records->last.wire, owner->octets) == 0;
}

int records_add(struct records *records, const struct name *owner, const struct record *record)
{
    if (records->count == 0)
        records->ttl = record->ttl;
    const size_t most = (size_t)RECORD_PACKED_MAX + record->rdata_octets;
    if (!same_owner(records, owner) || !in_one_window(records->filled, most)) {
        const int err = open_run(records, owner, most);
        if (err != 0)
            return err;
    }
    uint8_t *from = room_for(records, most);
    if (from == NULL)
        return -ENOMEM;
    uint8_t *to = record_pack(from, record, &records->last_record);
    if (record->rdata_octets > 0)
        memcpy(to, record->rdata, record->rdata_octets);
    const size_t octets = (size_t)(to - from) + record->rdata_octets;
    records->filled += octets;
    records->run[records->runs - 1].octets += (uint32_t)octets;
    records->last_record = *record;
    records->count++;
    return 0;
}

/* Parts with what lies between two places of an arena. */
static void give_back(struct records *records, struct arena *arena, size_t from, size_t to)
{
    if (records->heir != NULL)
        arena_hand_over(arena, from, to, records->heir);
    else
        arena_discard(arena, from, to);
    records->released += to - from;
}

/* Of a run, in `room`. */
static size_t offset_of(const struct records *records, size_t run)
{
    return (size_t)((const uint8_t *)&records->run[run] - records->room.base);
}

void records_release(struct records *records, size_t first, size_t end)
{
    if (records->awaited == NULL)
        return;
    for (size_t i = first; i < end; i++) {
        const size_t window = (size_t)records->run[i].at * ARENA_UNIT / RECORDS_WINDOW;
        const size_t to = (window + 1) * RECORDS_WINDOW;
        if (--records->awaited[window] == 0)
            give_back(records, &records->scratch, window * RECORDS_WINDOW,
                      to < records->scratch.used ? to : records->scratch.used);
    }
    const size_t behind = offset_of(records, first);
    const size_t now = offset_of(records, end);
    if (behind / RECORDS_WINDOW != now / RECORDS_WINDOW)
        give_back(records, &records->room, behind / RECORDS_WINDOW * RECORDS_WINDOW,
                  now / RECORDS_WINDOW * RECORDS_WINDOW);
}

void records_release_all(struct records *records)
{
    const struct name apex = records->apex;
    records_fini(records);
    records->apex = apex;
}

static bool owned_by(const struct records *records, const struct run *run, const uint8_t *owner,
                     uint8_t octets)
{
    uint8_t run_octets;
    const uint8_t *at = run_owner(records, run, &run_octets);
    return run_octets == octets && memcmp(at, owner, octets) == 0;
}

size_t records_group_end(const struct records *records, size_t first)
{
    const struct run *run = &records->run[first];
    uint8_t octets;
    const uint8_t *owner = run_owner(records, run, &octets);
    size_t end = first + 1;
    while (end < records->runs && records->run[end].prefix == run->prefix
           && owned_by(records, &records->run[end], owner, octets))
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
    return run_compare_owners(owner, octets, wanted->owner, wanted->octets) < 0;
}

size_t records_find(const struct records *records, const uint8_t *owner, uint8_t octets,
                    size_t near)
{
    enum { NEXT = 4 }; /* where the glue of most delegations is */
    for (size_t i = near; i < records->runs && i < near + NEXT; i++)
        if (owned_by(records, &records->run[i], owner, octets))
            return i;
    const struct wanted wanted = {
        .owner = owner,
        .octets = octets,
        .prefix = run_prefix(owner, octets),
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
    return low < records->runs && owned_by(records, &records->run[low], owner, octets)
               ? low
               : records->runs;
}
