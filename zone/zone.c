/* zone.c -- a version of a zone */
#include "zone/zone.h"

#include "zone/stored.h"

#include <stdlib.h>
#include <string.h>

struct zone *zone_new_empty(const struct name *apex)
{
    struct zone *zone = calloc(1, sizeof *zone);
    if (zone == NULL)
        return NULL;
    uint8_t key[NAME_KEY_MAX];
    zone->apex = *apex;
    name_lower(zone->apex.wire, zone->apex.octets);
    zone->apex_symbols = (uint16_t)name_key(key, apex->wire, apex->octets);
    return zone;
}

void zone_hold(const struct zone *zone)
{
    ((struct zone *)(uintptr_t)zone)->holds++;
}

void zone_free(struct zone *zone)
{
    if (zone == NULL)
        return;
    if (zone->holds > 0) {
        zone->holds--;
        return;
    }
    arena_fini(&zone->arena);
    free(zone);
}

size_t zone_key_of(const void *context, uint32_t value, uint8_t key[NAME_KEY_MAX])
{
    const struct zone *zone = context;
    const struct node *node = zone_node(zone, value);
    return name_key(key, node_owner(node), node->owner_octets);
}

void zone_owner(const struct zone *zone, const struct node *node, struct name *owner)
{
    memcpy(owner->wire, node_owner(node), node->owner_octets);
    memcpy(owner->wire + node->owner_octets, zone->apex.wire, zone->apex.octets);
    owner->octets = (uint8_t)(node->owner_octets + zone->apex.octets);
}

/* The nodes of one trie on their way to be compared with another's. */
struct comparison {
    const struct zone *zone, *other_zone;
    struct trie other;
    size_t count;
};

static int count_node(void *context, uint32_t value)
{
    (void)value;
    ++*(size_t *)context;
    return 0;
}

static int compare_node(void *context, uint32_t value)
{
    struct comparison *comparison = context;
    uint8_t key[NAME_KEY_MAX];
    const size_t len = zone_key_of(comparison->zone, value, key);
    const uint32_t other = trie_get(&comparison->other, key, len);
    if (other == 0)
        return 1;
    comparison->count++;
    const struct node *a = zone_node(comparison->zone, value);
    const struct node *b = zone_node(comparison->other_zone, other);
    const size_t octets = stored_node_octets(a);
    return octets != stored_node_octets(b) || memcmp(a, b, octets) != 0;
}

static struct trie trie_of(const struct zone *zone, uint32_t root)
{
    return (struct trie){
        .arena = (struct arena *)(uintptr_t)&zone->arena,
        .key_of = zone_key_of,
        .context = zone,
        .root = root,
    };
}

static bool same_nodes(const struct zone *a, uint32_t a_root, const struct zone *b,
                       uint32_t b_root)
{
    const struct trie trie = trie_of(a, a_root);
    struct comparison comparison = {.zone = a, .other_zone = b, .other = trie_of(b, b_root)};
    size_t count = 0;
    trie_walk(&comparison.other, count_node, &count);
    return trie_walk(&trie, compare_node, &comparison) == 0 && comparison.count == count;
}

bool zone_same(const struct zone *a, const struct zone *b)
{
    return a->version.serial == b->version.serial && a->rrs == b->rrs && a->rrsets == b->rrsets
           && a->names == b->names && same_nodes(a, a->version.root, b, b->version.root)
           && same_nodes(a, a->version.nsec3_root, b, b->version.nsec3_root);
}
