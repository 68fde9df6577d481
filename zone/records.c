/* records.c -- what a builder gathered: records in the order they were read, then by owner */
#include "zone/records.h"

#include <assert.h>
#include <errno.h>
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
    if (err != 0)
        records_fini(records);
    return err;
}

void records_fini(struct records *records)
{
    arena_fini(&records->scratch);
    arena_fini(&records->room);
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

static int open_run(struct records *records, const struct name *owner)
{
    if (records->runs == records->capacity && grow(records) != 0)
        return -ENOMEM;
    assert(owner->octets >= records->apex.octets);
    const uint8_t octets = (uint8_t)(owner->octets - records->apex.octets);
    const uint32_t at = arena_append(&records->scratch, 1u + octets);
    if (at == 0)
        return -ENOMEM;
    uint8_t *copy = arena_edit(&records->scratch, at);
    copy[0] = octets;
    memcpy(copy + 1, owner->wire, octets);
    name_lower(copy + 1, octets);

    const uint32_t first = (uint32_t)(records->scratch.used / ARENA_UNIT);
    records->run[records->runs++] = (struct run){
        .prefix = run_prefix(copy + 1, octets),
        .owner = at,
        .first = first,
        .end = first,
    };
    count_stretches(records);
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

size_t records_group_end(const struct records *records, size_t first)
{
    size_t end = first + 1;
    while (end < records->runs
           && run_compare(records, &records->run[first], &records->run[end]) == 0)
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
    if (low == records->runs)
        return low;
    uint8_t found_octets;
    const uint8_t *found = run_owner(records, &records->run[low], &found_octets);
    return found_octets == octets && memcmp(found, owner, octets) == 0 ? low : records->runs;
}
