/* fleet_view.c -- see fleet_view.h */
#include "server/sidecar/fleet_view.h"

#include "server/sidecar/guard.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SHARDS_MAX = (FLEET_NODES_MAX + FLEET_SHARD_NODES - 1) / FLEET_SHARD_NODES };

/* FNV-1a, and a last stir so that names that differ in their last digit part. All versions must agree. */
static uint32_t hash_of(const char *name)
{
    uint32_t hash = UINT32_C(2166136261);
    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * UINT32_C(16777619);
    hash ^= hash >> 16;
    hash *= UINT32_C(0x7feb352d);
    hash ^= hash >> 15;
    hash *= UINT32_C(0x846ca68b);
    return hash ^ hash >> 16;
}

/* Where the name stands, or would. */
static size_t place_of(const struct fleet_view *view, const char *name)
{
    size_t low = 0, high = view->nodes;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (strcmp(view->node[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct fleet_node *fleet_view_find(const struct fleet_view *view, const char *name)
{
    const size_t at = place_of(view, name);
    return at < view->nodes && strcmp(view->node[at].name, name) == 0 ? &view->node[at] : NULL;
}

static bool grow(struct fleet_view *view)
{
    const size_t room = view->room == 0 ? 16 : view->room * 2;
    struct fleet_node *more = realloc(view->node, room * sizeof(*more));
    if (more == NULL)
        return false;
    view->node = more;
    view->room = room;
    return true;
}

struct fleet_node *fleet_view_need(struct fleet_view *view, const char *name)
{
    assert(strlen(name) <= FLEET_NAME_MAX);
    struct fleet_node *found = fleet_view_find(view, name);
    if (found != NULL)
        return found;
    if (view->nodes == FLEET_NODES_MAX || (view->nodes == view->room && !grow(view)))
        return NULL;
    const size_t at = place_of(view, name);
    struct fleet_node *node = &view->node[at];
    memmove(node + 1, node, (view->nodes - at) * sizeof(*node));
    *node = (struct fleet_node){.hash = hash_of(name)};
    memcpy(node->name, name, strlen(name) + 1);
    view->nodes++;
    return node;
}

static void set_node(struct fleet_node *node, const struct fleet_entry *entry)
{
    if (entry->key == FLEET_KEY_MEMBER) {
        node->member = entry->revision;
    } else if (entry->key == FLEET_KEY_HEALTH) {
        node->health = entry->revision;
        node->badness = entry->badness;
    } else {
        node->up = entry->revision;
        node->up_badness = entry->badness;
    }
}

static int take_entry(struct fleet_view *view, const struct fleet_entry *entry)
{
    if (entry->key == FLEET_KEY_OTHER) {
        view->others++;
    } else if (entry->key == FLEET_KEY_GENERATION) {
        view->generation = entry->revision;
    } else {
        struct fleet_node *node = fleet_view_need(view, entry->name);
        if (node == NULL)
            return view->nodes == FLEET_NODES_MAX ? -E2BIG : -ENOMEM;
        set_node(node, entry);
    }
    return 0;
}

static uint64_t count_keys(const struct fleet_view *view)
{
    uint64_t count = view->others + (view->generation != 0);
    for (size_t i = 0; i < view->nodes; i++) {
        const struct fleet_node *n = &view->node[i];
        count += (unsigned)(n->member != 0) + (n->health != 0) + (n->up != 0);
    }
    return count;
}

static void forget(struct fleet_view *view)
{
    view->nodes = 0;
    view->generation = view->revision = 0;
    view->others = 0;
}

/* Changes list every key that is new, so ours are all that there are or more: equal in number, they're
 * the same. */
int fleet_view_take(struct fleet_view *view, const struct fleet_reading *reading)
{
    int err = 0;
    if (reading->whole)
        forget(view);
    else if (view->revision == 0 || reading->revision < view->revision)
        err = -EAGAIN;
    for (size_t i = 0; err == 0 && i < reading->entries; i++)
        err = take_entry(view, &reading->entry[i]);
    if (err == 0 && count_keys(view) != reading->count)
        err = -EAGAIN;
    if (err != 0)
        forget(view);
    else
        view->revision = reading->revision;
    return err;
}

void fleet_view_fini(struct fleet_view *view)
{
    free(view->node);
    *view = (struct fleet_view){0};
}

static uint32_t count_members(const struct fleet_view *view)
{
    uint32_t members = 0;
    for (size_t i = 0; i < view->nodes; i++)
        members += view->node[i].member != 0;
    return members;
}

static uint32_t shards_of(uint32_t members)
{
    return members <= FLEET_SHARD_NODES ? 1
                                        : (members + FLEET_SHARD_NODES - 1) / FLEET_SHARD_NODES;
}

/* A shard's share is rounded up, so that the shards together never keep fewer. */
static uint32_t keep_of(uint32_t shards, uint32_t members, unsigned keep)
{
    const uint32_t share =
        keep != 0 ? keep / shards + (keep % shards != 0) : members / 2 + members % 2;
    return share == 0 ? 1 : share;
}

static bool is_in(const struct fleet_node *node, const struct fleet_shard *shard)
{
    return node->member != 0 && node->hash % shard->shards == shard->number;
}

/* What is left of K for the shard, where each of the others has its share, or less. */
static uint32_t lack_of(const struct fleet_shard *own, const uint32_t members[SHARDS_MAX],
                        const uint32_t announcers[SHARDS_MAX], unsigned keep)
{
    uint32_t all = 0, kept = own->keep;
    for (uint32_t i = 0; i < own->shards; i++) {
        const uint32_t share = keep_of(own->shards, members[i], keep);
        all += members[i];
        if (i != own->number)
            kept += announcers[i] < share ? announcers[i] : share;
    }
    const uint32_t whole = keep_of(1, all, keep);
    return kept < whole ? whole - kept : 0;
}

struct fleet_shard fleet_view_shard(const struct fleet_view *view, const char *name,
                                    unsigned keep)
{
    uint32_t members[SHARDS_MAX] = {0}, announcers[SHARDS_MAX] = {0};
    struct fleet_shard shard = {.shards = shards_of(count_members(view))};
    shard.number = hash_of(name) % shard.shards;
    for (size_t i = 0; i < view->nodes; i++) {
        const struct fleet_node *node = &view->node[i];
        members[node->hash % shard.shards] += node->member != 0;
        announcers[node->hash % shard.shards] += node->member != 0 && node->up != 0;
    }
    shard.members = members[shard.number];
    shard.announcers = announcers[shard.number];
    shard.keep = keep_of(shard.shards, shard.members, keep);
    shard.lack = lack_of(&shard, members, announcers, keep);
    return shard;
}

/* Names in the order of their hashes, which is as good as any and the same for all. */
static bool is_better(unsigned badness, const struct fleet_node *node, unsigned than_badness,
                      const struct fleet_node *than)
{
    if (badness != than_badness)
        return badness < than_badness;
    return node->hash != than->hash ? node->hash < than->hash
                                    : strcmp(node->name, than->name) < 0;
}

/* The best `keep` of those met so far are kept in order, worst last. */
static size_t insert(const struct fleet_node **best, size_t count, size_t keep,
                     const struct fleet_node *node)
{
    size_t at = count;
    while (at > 0 && is_better(node->up_badness, node, best[at - 1]->up_badness, best[at - 1]))
        at--;
    if (at == keep)
        return count;
    const size_t moved = (count < keep ? count : keep - 1) - at;
    memmove(best + at + 1, best + at, moved * sizeof(*best));
    best[at] = node;
    return count < keep ? count + 1 : count;
}

size_t fleet_view_choose(const struct fleet_view *view, const struct fleet_shard *shard,
                         const char *name, unsigned level, const char *peer[FLEET_PEERS_MAX])
{
    const struct fleet_node *best[FLEET_PEERS_MAX];
    const size_t keep = shard->keep + (size_t)shard->lack;
    size_t count = 0;
    if (keep == 0 || keep > FLEET_PEERS_MAX)
        return 0;
    for (size_t i = 0; i < view->nodes; i++) {
        const struct fleet_node *node = &view->node[i];
        if (is_in(node, shard) && node->up != 0 && node->up_badness <= level
            && strcmp(node->name, name) != 0)
            count = insert(best, count, keep, node);
    }
    if (count < keep)
        return 0;
    for (size_t i = 0; i < count; i++)
        peer[i] = best[i]->name;
    return count;
}

uint32_t fleet_view_rank(const struct fleet_view *view, const struct fleet_shard *shard,
                         const char *name, unsigned level)
{
    struct fleet_node self = {.hash = hash_of(name)};
    uint32_t rank = 0;
    memcpy(self.name, name, strlen(name) + 1);
    for (size_t i = 0; i < view->nodes; i++) {
        const struct fleet_node *node = &view->node[i];
        rank += is_in(node, shard) && node->health != 0 && node->up == 0
                && strcmp(node->name, name) != 0
                && is_better(node->badness, node, level, &self);
    }
    return rank;
}

struct fleet_counts fleet_view_count(const struct fleet_view *view, const char *name,
                                     unsigned keep)
{
    struct fleet_counts c = {0};
    for (size_t i = 0; i < view->nodes; i++) {
        const struct fleet_node *node = &view->node[i];
        c.members += node->member != 0;
        c.announcers += node->member != 0 && node->up != 0;
        c.bad += node->member != 0 && node->health != 0 && node->badness >= GUARD_BADNESS_BAD
                 && strcmp(node->name, name) != 0;
    }
    c.keep = keep_of(1, c.members, keep);
    c.shards = shards_of(c.members);
    return c;
}
