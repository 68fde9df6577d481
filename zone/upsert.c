/* upsert.c -- a new version of a zone in the arena of the one before */
#include "zone/upsert.h"

#include "zone/assembly.h"
#include "zone/closure.h"
#include "zone/rrtype.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAMES_SHARE = 20, /* at most one in so many, */
    NAMES_FREE = 64,  /* beyond these */
    WASTE_SHARE = 4,  /* of the arena as it was made, */
    WASTE_FREE = 64 * 1024,
};

bool upsert_possible(const struct zone *zone)
{
    const size_t original = arena_original(&zone->arena);
    return zone_loaded(zone) && original > 0
           && zone->arena.used - original < original / WASTE_SHARE + WASTE_FREE;
}

size_t upsert_names_max(const struct zone *zone)
{
    return (size_t)(zone->names / NAMES_SHARE) + NAMES_FREE;
}

struct work {
    const struct zone *before;
    struct zone *zone;
    struct closure *closure;
    struct trie names, hashed;
    bool
        expiry_lost; /* the signature that would have expired first, or began last, may have gone */
};

/* Takes what a node of the version before stands for out of the sums. */
static int uncount_rr(void *context, const struct stored *rr)
{
    struct work *work = context;
    struct zone *zone = work->zone;
    zone->rrs--;
    if (rr->type != RRTYPE_RRSIG
        || (rr->node->flags & (NODE_BELOW_CUT | NODE_BELOW_DNAME)) != 0)
        return 0;
    const struct rrsig_times times = rrsig_times(rr->rdata);
    zone->signatures.count--;
    if (times.expiry == work->before->signatures.expiry
        || times.inception == work->before->signatures.inception)
        work->expiry_lost = true;
    return 0;
}

static void uncount(struct work *work, uint32_t reference)
{
    if (reference == 0)
        return;
    const struct node *node = zone_node(work->before, reference);
    stored_each(node, uncount_rr, work);
    const struct block *block = node_first(node);
    for (unsigned i = 0; i < node->blocks; i++, block = block_next(block))
        if (block->type != BLOCK_GLUE)
            work->zone->rrsets -= (block->count > 0) + (uint64_t)(block->sig_count > 0);
}

static void uncount_all(struct work *work)
{
    const struct touched *touched = &work->closure->touched;
    for (size_t i = 0; i < touched->count; i++) {
        const struct touched_name *name = touched_at(touched, i);
        uncount(work, name->node);
        uncount(work, name->hashed);
        if (name->node != 0 && (zone_node(work->before, name->node)->flags & NODE_EMPTY) == 0)
            work->zone->names--;
    }
    if (work->zone->signatures.count == 0)
        work->zone->signatures = (struct signatures){0};
}

static bool same_node(const struct zone *zone, uint32_t a, uint32_t b)
{
    const size_t octets = stored_node_octets(zone_node(zone, a));
    return octets == stored_node_octets(zone_node(zone, b))
           && memcmp(zone_node(zone, a), zone_node(zone, b), octets) == 0;
}

/* Puts the nodes that were made into a trie. Where one is what it was the old one stays, whose mark is the
 * same: that follows from the node, and from parameters that didn't change. */
static int put_nodes(struct work *work, const struct leaves *leaves, bool hashed)
{
    struct trie *trie = hashed ? &work->hashed : &work->names;
    for (struct leaf leaf = leaves_first(leaves); leaf.node != 0;
         leaf = leaves_next(leaves, &leaf)) {
        const uint32_t at = leaf.node;
        const struct node *node = zone_node(work->zone, at);
        struct touched_name *name =
            touched_find(&work->closure->touched, node_owner(node), node->owner_octets);
        const uint32_t was = hashed ? name->hashed : name->node;
        name->flags |= hashed ? TOUCHED_HASHED : TOUCHED_NAME;
        if (was != 0 && same_node(work->zone, was, at))
            continue;
        name->flags |= TOUCHED_DIFFERS;
        uint8_t key[NAME_KEY_MAX];
        const size_t len = name_key(key, node_owner(node), node->owner_octets);
        const int err = trie_put(trie, key, len, at, leaf.mark);
        if (err != 0)
            return err;
    }
    return 0;
}

static int remove_nodes(struct work *work, bool hashed)
{
    struct trie *trie = hashed ? &work->hashed : &work->names;
    const uint8_t there = hashed ? TOUCHED_HASHED : TOUCHED_NAME;
    const struct touched *touched = &work->closure->touched;
    for (size_t i = 0; i < touched->count; i++) {
        struct touched_name *name = touched_at(touched, i);
        if ((hashed ? name->hashed : name->node) == 0 || (name->flags & there) != 0)
            continue;
        name->flags |= TOUCHED_DIFFERS;
        uint8_t key[NAME_KEY_MAX];
        const size_t len = name_key(key, touched_owner(name), name->octets);
        const int err = trie_remove(trie, key, len);
        if (err != 0)
            return err;
    }
    return 0;
}

static int count_rrsigs(void *context, uint32_t value)
{
    struct zone *zone = context;
    const struct node *node = zone_node(zone, value);
    if ((node->flags & (NODE_BELOW_CUT | NODE_BELOW_DNAME)) != 0)
        return 0;
    const struct block *block = node_first(node);
    for (unsigned i = 0; i < node->blocks; i++, block = block_next(block)) {
        if (block->sig_count == 0)
            continue;
        const uint8_t *rdata[UINT8_MAX];
        size_t count = 0;
        for (struct stored rr = stored_first(node, block); rr.at != NULL; rr = stored_next(&rr))
            if (rr.at >= block_wire(block) + block->wire_octets)
                rdata[count++] = rr.rdata;
        signatures_add(&zone->signatures, value, block->type, rdata, count);
    }
    return 0;
}

/* Whether NSEC3s that stay belong to the chain that is used if and only if they did before. */
static bool same_chain(const struct zone *before, const struct zone *zone)
{
    if (before->version.nsec3_root == 0)
        return true;
    if (before->nsec3_params == 0 || zone->nsec3_params == 0)
        return before->nsec3_params == zone->nsec3_params;
    const uint8_t *a = arena_at(&before->arena, before->nsec3_params);
    const uint8_t *b = arena_at(&zone->arena, zone->nsec3_params);
    return a[4] == b[4] && memcmp(a, b, 5u + a[4]) == 0;
}

/* Assembles the nodes of all touched names. */
static int assemble(struct assembly *assembly)
{
    const struct records *records = assembly->records;
    if (records->runs == 0
        || *(const uint8_t *)arena_at(&records->scratch, records->run[0].at) != 0)
        return -E2BIG; /* nothing at the apex */
    int err = 0;
    for (size_t first = 0; err == 0 && first < records->runs;) {
        const size_t end = records_group_end(records, first);
        err = assembly_add(assembly, first, end);
        first = end;
    }
    return err;
}

static int count_changed(struct work *work)
{
    const struct touched *touched = &work->closure->touched;
    bool differs = false;
    work->zone->changed = 0;
    for (size_t i = 0; i < touched->count; i++) {
        const uint8_t flags = touched_at(touched, i)->flags;
        differs = differs || (flags & TOUCHED_DIFFERS) != 0;
        work->zone->changed += (flags & TOUCHED_DIFFERS) != 0 && (flags & TOUCHED_CHANGED) != 0;
    }
    return differs ? 0 : -EALREADY;
}

static int change_tries(struct work *work, const struct assembly *assembly)
{
    int err = put_nodes(work, &assembly->leaves, false);
    if (err == 0)
        err = put_nodes(work, &assembly->nsec3_leaves, true);
    if (err == 0)
        err = remove_nodes(work, false);
    if (err == 0)
        err = remove_nodes(work, true);
    return err != 0 ? err : count_changed(work);
}

static int finish(struct work *work, const struct assembly *assembly)
{
    struct zone *zone = work->zone;
    int err = change_tries(work, assembly);
    if (err != 0)
        return err;
    zone->version.root = work->names.root;
    zone->version.nsec3_root = work->hashed.root;
    zone->apex_node = trie_get(&work->names, NULL, 0);
    if (work->expiry_lost) {
        zone->signatures = (struct signatures){0};
        trie_walk(&work->names, count_rrsigs, zone);
        trie_walk(&work->hashed, count_rrsigs, zone);
    }
    err = targets_check(&assembly->targets, &assembly->reporter, zone);
    return err != 0 ? err : zone_conclude(zone, work->before->version_at);
}

static struct trie trie_of(struct zone *zone, uint32_t root)
{
    return (struct trie){
        .arena = &zone->arena,
        .key_of = zone_key_of,
        .context = zone,
        .root = root,
        .shared = (uint32_t)(zone->arena.used / ARENA_UNIT),
    };
}

/* The version before, but in an arena that goes on. */
static struct zone *begin(const struct zone *before)
{
    struct zone *zone = zone_new_empty(&before->apex);
    if (zone == NULL)
        return NULL;
    *zone = *before;
    zone->holds = 0;
    zone->arena = (struct arena){0};
    zone->nsec3_params = zone->nsec3_apex = 0;
    zone->apex_wildcard = zone->apex_wildcard_block = 0;
    if (arena_extend(&zone->arena, &before->arena) == 0)
        return zone;
    zone_free(zone);
    return NULL;
}

static int make(struct work *work, const struct reporter *reporter)
{
    struct zone *zone = work->zone;
    const size_t errors = reporter->notes->errors;
    work->names = trie_of(zone, zone->version.root);
    work->hashed = trie_of(zone, zone->version.nsec3_root);
    uncount_all(work);
    struct assembly assembly;
    int err = assembly_init(&assembly, &work->closure->records, zone, *reporter);
    if (err == 0)
        err = assemble(&assembly);
    if (err == 0 && (reporter->notes->errors != errors || !same_chain(work->before, zone)))
        err = -E2BIG;
    if (err == 0)
        err = finish(work, &assembly);
    assembly_fini(&assembly);
    return err;
}

int upsert(struct zone **out, const struct difference *difference, const struct records *added,
           const struct reporter *reporter)
{
    const struct zone *before = difference->zone;
    struct closure *closure = malloc(sizeof *closure);
    if (closure == NULL)
        return -E2BIG;
    int err = closure_init(closure, difference, added, upsert_names_max(before));
    struct work work = {.before = before, .closure = closure};
    if (err == 0)
        work.zone = begin(before);
    if (work.zone != NULL) {
        err = make(&work, reporter);
        arena_settle(&work.zone->arena);
        if (err != 0)
            zone_free(work.zone);
    }
    closure_fini(closure);
    free(closure);
    if (err == 0 && work.zone != NULL) {
        *out = work.zone;
        return 0;
    }
    /* Where there's no memory, or no room in the arena, a whole new one is the other way to try. */
    return err == -EALREADY ? err : -E2BIG;
}
