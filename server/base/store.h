/* store.h -- the published zones
 * One pointer to an immutable snapshot; a publication swaps it. */
#ifndef PHAROS_SERVER_BASE_STORE_H
#define PHAROS_SERVER_BASE_STORE_H

#include "server/base/answer_config.h"
#include "zone/directory.h"

/* All that a batch of queries needs to know, immutable. */
struct snapshot {
    struct view view;
    struct answer_config answer;
};

struct store;

/* For `readers` workers; it begins with no zones and a zeroed configuration. NULL: out of memory. */
struct store *store_new(unsigned readers);
void store_free(struct store *store);

/* A worker's, once a batch: the snapshot stays valid until store_leave(). Wait-free. */
const struct snapshot *store_enter(struct store *store, unsigned reader);
void store_leave(struct store *store, unsigned reader);

/* The main loop's: copies, holding the keyring, and publishes. Returns 0 or -ENOMEM (the old snapshot stays). */
int store_publish(struct store *store, const struct snapshot *snapshot);

/* Frees `what` after the last reader of any snapshot published before now has left. */
void store_retire(struct store *store, void (*free_it)(void *what), void *what);

/* Frees what can be; returns how many wait still. To be called now and then by the main loop. */
size_t store_reclaim(struct store *store);

#endif
