/* difference.c -- what a zone file says that the served version doesn't, and the other way round */
#include "zone/difference.h"

#include "zone/rrset.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

static struct trie trie_of(const struct zone *zone, uint32_t root)
{
    return (struct trie){
        .arena = (struct arena *)(uintptr_t)&zone->arena,
        .key_of = zone_key_of,
        .context = zone,
        .root = root,
    };
}

int difference_init(struct difference *difference, const struct zone *zone)
{
    const size_t octets = zone->arena.used / ARENA_UNIT / 8 + 1;
    /* A mapping, since much of it may never be touched. */
    void *kept = mmap(NULL, octets, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (kept == MAP_FAILED)
        return -ENOMEM;
    *difference = (struct difference){
        .zone = zone,
        .names = trie_of(zone, zone->version.root),
        .hashed = trie_of(zone, zone->version.nsec3_root),
        .kept = kept,
        .kept_octets = octets,
    };
    return 0;
}

void difference_fini(struct difference *difference)
{
    if (difference->kept != NULL)
        munmap(difference->kept, difference->kept_octets);
    *difference = (struct difference){0};
}

uint32_t difference_find(const struct difference *difference, bool hashed, const uint8_t *owner,
                         uint8_t octets)
{
    uint8_t key[NAME_KEY_MAX];
    const size_t len = name_key(key, owner, octets);
    return trie_get(hashed ? &difference->hashed : &difference->names, key, len);
}

static void set_owner(struct difference *difference, const struct name *owner)
{
    if (owner->octets == difference->owner.octets
        && memcmp(owner->wire, difference->owner.wire, owner->octets) == 0)
        return;
    difference->owner.octets = owner->octets;
    memcpy(difference->owner.wire, owner->wire, owner->octets);
    difference->sought = difference->hashed_sought = false;
}

/* The node that would hold RRs of a type of the owner set last. */
static const struct node *seek(struct difference *difference, uint16_t set_type)
{
    const bool hashed = set_type == RRTYPE_NSEC3;
    bool *sought = hashed ? &difference->hashed_sought : &difference->sought;
    const struct node **node = hashed ? &difference->hashed_node : &difference->node;
    if (!*sought) {
        const struct name *owner = &difference->owner;
        uint8_t lower[NAME_OCTETS_MAX];
        const uint8_t octets = (uint8_t)(owner->octets - difference->zone->apex.octets);
        memcpy(lower, owner->wire, octets);
        name_lower(lower, octets);
        const uint32_t at = difference_find(difference, hashed, lower, octets);
        *node = at == 0 ? NULL : zone_node(difference->zone, at);
        *sought = true;
    }
    return *node;
}

static size_t bit_of(const struct difference *difference, const struct stored *rr)
{
    return (size_t)(rr->at - difference->zone->arena.base) / ARENA_UNIT;
}

bool difference_keeps(const struct difference *difference, const struct stored *rr)
{
    const size_t bit = bit_of(difference, rr);
    return (difference->kept[bit / 8] >> bit % 8 & 1) != 0;
}

/* An RR of the file. */
struct wanted {
    uint16_t type, octets;
    uint32_t ttl;
    const uint8_t *rdata;
};

static bool is_wanted(const struct difference *difference, const struct stored *rr,
                      const struct wanted *wanted)
{
    return rr->at != NULL && rr->type == wanted->type && rr->ttl == wanted->ttl
           && stored_equal(rr, &difference->zone->apex, wanted->rdata, wanted->octets);
}

static struct stored find(const struct difference *difference, const struct node *node,
                          const struct block *block, const struct wanted *wanted)
{
    if (difference->last.block == block) {
        const struct stored next = stored_next(&difference->last);
        if (is_wanted(difference, &next, wanted))
            return next;
    }
    struct stored rr = stored_first(node, block);
    while (rr.at != NULL && !is_wanted(difference, &rr, wanted))
        rr = stored_next(&rr);
    return rr;
}

bool difference_note(struct difference *difference, const struct name *owner, uint16_t type,
                     uint32_t ttl, const uint8_t *rdata, uint16_t octets)
{
    set_owner(difference, owner);
    const uint16_t set_type = rrset_type(type, rdata, octets);
    const struct node *node = seek(difference, set_type);
    const struct wanted wanted = {.type = type, .ttl = ttl, .rdata = rdata, .octets = octets};
    const struct block *block =
        node == NULL || set_type == BLOCK_GLUE ? NULL : node_block(node, set_type);
    if (block == NULL)
        return false;
    const struct stored rr = find(difference, node, block, &wanted);
    if (rr.at == NULL || difference_keeps(difference, &rr))
        return false; /* a duplicate is one more than there is, of which somebody should be told */
    const size_t bit = bit_of(difference, &rr);
    difference->kept[bit / 8] |= (uint8_t)(1u << bit % 8);
    difference->kept_count++;
    difference->last = rr;
    return true;
}

/* A walk over nodes. */
struct search {
    const struct difference *difference;
    int (*visit)(void *context, const struct node *node);
    void *context;
};

static int is_lost(void *context, const struct stored *rr)
{
    return difference_keeps(context, rr) ? 0 : 1;
}

static int look_at(void *context, uint32_t value)
{
    const struct search *search = context;
    const struct node *node = zone_node(search->difference->zone, value);
    if (stored_each(node, is_lost, (void *)(uintptr_t)search->difference) == 0)
        return 0;
    return search->visit(search->context, node);
}

int difference_lost(const struct difference *difference,
                    int (*visit)(void *context, const struct node *node), void *context)
{
    if (difference->kept_count == difference->zone->rrs)
        return 0;
    struct search search = {difference, visit, context};
    const int stop = trie_walk(&difference->names, look_at, &search);
    return stop != 0 ? stop : trie_walk(&difference->hashed, look_at, &search);
}
