/* store.c -- the published zones */
#include "server/base/store.h"

#include "server/base/epoch.h"
#include "server/base/keyring.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct store {
    struct epoch *epoch;
    _Atomic(struct snapshot *) current;
};

/* The view of no zones that a store begins with: an arena with its sentinel alone. */
static const uint8_t sentinel[ARENA_UNIT * 4];
static const struct arena no_arena = {
    .base = (uint8_t *)sentinel, .used = sizeof sentinel, .committed = sizeof sentinel};

struct store *store_new(unsigned readers)
{
    struct store *store = calloc(1, sizeof *store);
    struct snapshot *first = calloc(1, sizeof *first);
    struct epoch *epoch = epoch_new(readers);
    if (store == NULL || first == NULL || epoch == NULL) {
        epoch_free(epoch);
        free(first);
        free(store);
        return NULL;
    }
    first->view.arena = &no_arena;
    store->epoch = epoch;
    atomic_init(&store->current, first);
    return store;
}

static void free_snapshot(void *what)
{
    struct snapshot *snapshot = what;
    keyring_drop(snapshot->answer.keys);
    explicit_bzero(&snapshot->answer, sizeof snapshot->answer); /* secrets */
    free(snapshot);
}

void store_free(struct store *store)
{
    if (store == NULL)
        return;
    epoch_free(store->epoch);
    free_snapshot(atomic_load(&store->current));
    free(store);
}

const struct snapshot *store_enter(struct store *store, unsigned reader)
{
    epoch_enter(store->epoch, reader);
    return atomic_load(&store->current);
}

void store_leave(struct store *store, unsigned reader)
{
    epoch_leave(store->epoch, reader);
}

int store_publish(struct store *store, const struct snapshot *snapshot)
{
    struct snapshot *copy = malloc(sizeof *copy);
    if (copy == NULL)
        return -ENOMEM;
    *copy = *snapshot;
    keyring_hold(copy->answer.keys);
    struct snapshot *old = atomic_exchange(&store->current, copy);
    epoch_retire(store->epoch, free_snapshot, old);
    epoch_reclaim(store->epoch);
    return 0;
}

void store_retire(struct store *store, void (*free_it)(void *what), void *what)
{
    epoch_retire(store->epoch, free_it, what);
}

size_t store_reclaim(struct store *store)
{
    return epoch_reclaim(store->epoch);
}
