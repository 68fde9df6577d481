/* fleet_view.h -- what the store says about a fleet, and what follows from it
 * `member/NAME` keys name the fleet and stay; `health/NAME` and `up/NAME` are leased: who lives, and who
 * announces, each with a badness. Pure: no I/O, no clock.
 *
 * A fleet of more than FLEET_SHARD_NODES is split by a stable hash of the names, since one of etcd's
 * transactions takes 128 comparisons at most; each shard keeps its share of K. Claims compare the
 * registrations of their own shard, and count on others as far as claims there leave them. What else may
 * take these away writes `generation`, and so does a member that joins, since K grows with it. */
#ifndef PHAROS_SERVER_SIDECAR_FLEET_VIEW_H
#define PHAROS_SERVER_SIDECAR_FLEET_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FLEET_NAME_MAX = 63,
    FLEET_NODES_MAX = 4096,
    FLEET_SHARD_NODES = 100,
    FLEET_PEERS_MAX = 120, /* in a claim, which has two comparisons more */
    FLEET_LEVEL = 100,     /* badness is told and compared in steps of this, rounded down, so that noise
                            * isn't written: nodes of one step are equally sick */
};

enum fleet_key {
    FLEET_KEY_OTHER, /* not ours */
    FLEET_KEY_GENERATION,
    FLEET_KEY_MEMBER,
    FLEET_KEY_HEALTH,
    FLEET_KEY_UP,
};

/* A key as it is in the store. */
struct fleet_entry {
    enum fleet_key key;
    char name[FLEET_NAME_MAX + 1]; /* of MEMBER, HEALTH and UP */
    unsigned badness;              /* of HEALTH and UP: 0 to GUARD_BADNESS_MAX */
    int64_t revision;              /* of its last change */
};

/* What a reading brought: all keys, or those that changed after some revision. */
struct fleet_reading {
    bool whole;
    int64_t revision; /* the store's, as of which this is true */
    uint64_t count;   /* keys there are in all, also those that this doesn't list */
    struct fleet_entry *entry;
    size_t entries;
};

struct fleet_node {
    char name[FLEET_NAME_MAX + 1];
    uint32_t hash;
    int64_t member, health, up; /* revisions; 0: there's no such key */
    unsigned badness;           /* of health */
    unsigned up_badness;
};

/* A zeroed one knows nothing. */
struct fleet_view {
    struct fleet_node *node; /* by name */
    size_t nodes, room;
    int64_t generation; /* its revision; 0: there's none */
    int64_t revision;   /* of the last reading; 0: none yet */
    uint64_t others;    /* keys that aren't ours */
};

/* Takes a reading in. Returns 0, -EAGAIN where changes alone don't tell all (some key has gone): read
 * the whole, or -ENOMEM, -E2BIG. After an error the view is empty. */
int fleet_view_take(struct fleet_view *view, const struct fleet_reading *reading);
void fleet_view_fini(struct fleet_view *view);

/* NULL: not known. Borrowed until the next reading. */
struct fleet_node *fleet_view_find(const struct fleet_view *view, const char *name);

/* The same, and made where it's missing; NULL: out of memory or room. */
struct fleet_node *fleet_view_need(struct fleet_view *view, const char *name);

/* What counts for one node: its shard, which is the whole of a small fleet. */
struct fleet_shard {
    uint32_t shards, number;
    uint32_t members, announcers;
    uint32_t keep;
    uint32_t
        lack; /* what the other shards' announcers, counted up to their shares, are short of the
                    * rest of K: this one keeps that many more */
};

/* `keep` is the fleet's K as configured; 0: half of the members. */
struct fleet_shard fleet_view_shard(const struct fleet_view *view, const char *name,
                                    unsigned keep);

/* The shard.keep + shard.lack best announcers of the shard besides `name`, none of them worse than `level`:
 * those that stay when it goes. Returns how many, or 0 where there aren't as many. Borrowed names. */
size_t fleet_view_choose(const struct fleet_view *view, const struct fleet_shard *shard,
                         const char *name, unsigned level, const char *peer[FLEET_PEERS_MAX]);

/* How many of the shard's living members that don't announce are less sick than `name` would be with
 * `level`. */
uint32_t fleet_view_rank(const struct fleet_view *view, const struct fleet_shard *shard,
                         const char *name, unsigned level);

/* Over the whole fleet. `bad`: others that call themselves bad. */
struct fleet_counts {
    uint32_t members, announcers, bad, keep, shards;
};
struct fleet_counts fleet_view_count(const struct fleet_view *view, const char *name,
                                     unsigned keep);

#endif
