/* store.h -- a store with etcd's semantics, in memory, for what fleets ask of it
 * Names are "n" and a number below `slots`. Time passes by store_pass() alone. */
#ifndef PHAROS_TESTS_SIDECAR_STORE_H
#define PHAROS_TESTS_SIDECAR_STORE_H

#include "server/sidecar/fleet.h"

struct store_key {
    int64_t revision; /* 0: there's no such key */
    int64_t lease;
    unsigned badness;
};

struct store_slot {
    char name[FLEET_NAME_MAX + 1];
    struct store_key member, health, up;
};

struct store_lease {
    int64_t id;
    uint64_t ends_ms;
};

struct store {
    struct store_slot *slot;
    size_t slots;
    struct store_lease *lease;
    size_t leases, room;
    int64_t revision, last_lease;
    int64_t generation;
    bool full; /* takes no puts: only deletions, leases' renewals and ends */
    bool hurt; /* memory ran out */
};

struct store *store_new(size_t slots);
void store_free(struct store *store);

/* Leases that have run out take their keys along. */
void store_pass(struct store *store, uint64_t now_ms);

/* Carries a request out; end with store_reply_fini(). */
struct fleet_reply store_answer(struct store *store, const struct fleet_request *request,
                                uint64_t now_ms);
void store_reply_fini(struct fleet_reply *reply);

struct store_slot *store_find(const struct store *store, const char *name);
unsigned store_announcers(const struct store *store);

#endif
