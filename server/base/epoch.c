/* epoch.c -- when nobody reads it any more */
#include "server/base/epoch.h"

#include <assert.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

/* A cache line a reader, so that entering costs its core nothing but the store. */
struct reader_slot {
    _Alignas(64) _Atomic uint64_t entered; /* the epoch at which it entered; 0: it's outside */
};

struct retired {
    void (*free_it)(void *what);
    void *what;
    uint64_t epoch; /* readers that entered at this one or before may still see it */
};

struct epoch {
    _Alignas(64) _Atomic uint64_t now; /* from 1 */
    struct retired *retired;           /* a queue in ascending order of epochs */
    size_t first, end, capacity;
    unsigned readers;
    struct reader_slot *slot; /* `readers` of them */
};

struct epoch *epoch_new(unsigned readers)
{
    struct epoch *epoch = aligned_alloc(64, sizeof *epoch);
    struct reader_slot *slot = aligned_alloc(64, (readers + 1) * sizeof *slot);
    if (epoch == NULL || slot == NULL) {
        free(epoch);
        free(slot);
        return NULL;
    }
    *epoch = (struct epoch){.readers = readers, .slot = slot};
    atomic_init(&epoch->now, 1);
    for (unsigned i = 0; i < readers; i++)
        atomic_init(&slot[i].entered, 0);
    return epoch;
}

void epoch_free(struct epoch *epoch)
{
    if (epoch == NULL)
        return;
    const size_t left = epoch_reclaim(epoch);
    assert(left == 0);
    (void)left;
    free(epoch->retired);
    free(epoch->slot);
    free(epoch);
}

/* Sequential consistency carries the argument: either the writer, who unlinks first and looks
 * at the slots after, sees this store, or the reader, who stores first and looks at what is
 * linked after, sees the unlinking. An epoch that is out of date by the time it's stored only
 * makes the writer wait longer. */
void epoch_enter(struct epoch *epoch, unsigned reader)
{
    assert(reader < epoch->readers);
    const uint64_t now = atomic_load(&epoch->now);
    atomic_store(&epoch->slot[reader].entered, now);
}

void epoch_leave(struct epoch *epoch, unsigned reader)
{
    atomic_store_explicit(&epoch->slot[reader].entered, 0, memory_order_release);
}

/* The oldest epoch at which a reader that is still inside entered. */
static uint64_t oldest(struct epoch *epoch)
{
    uint64_t oldest = UINT64_MAX;
    for (unsigned i = 0; i < epoch->readers; i++) {
        const uint64_t entered = atomic_load(&epoch->slot[i].entered);
        if (entered != 0 && entered < oldest)
            oldest = entered;
    }
    return oldest;
}

static bool make_room(struct epoch *epoch)
{
    if (epoch->end < epoch->capacity)
        return true;
    const size_t capacity = epoch->capacity == 0 ? 64 : epoch->capacity * 2;
    struct retired *grown = realloc(epoch->retired, capacity * sizeof *grown);
    if (grown == NULL)
        return false;
    epoch->retired = grown;
    epoch->capacity = capacity;
    return true;
}

void epoch_retire(struct epoch *epoch, void (*free_it)(void *what), void *what)
{
    const uint64_t now = atomic_fetch_add(&epoch->now, 1);
    if (make_room(epoch)) {
        epoch->retired[epoch->end++] =
            (struct retired){.free_it = free_it, .what = what, .epoch = now};
        return;
    }
    while (oldest(epoch) <= now)
        sched_yield();
    free_it(what);
}

size_t epoch_reclaim(struct epoch *epoch)
{
    const uint64_t limit = oldest(epoch);
    while (epoch->first < epoch->end && epoch->retired[epoch->first].epoch < limit) {
        const struct retired *retired = &epoch->retired[epoch->first++];
        retired->free_it(retired->what);
    }
    if (epoch->first == epoch->end) {
        free(epoch->retired);
        epoch->retired = NULL;
        epoch->first = epoch->end = epoch->capacity = 0;
    }
    return epoch->end - epoch->first;
}
