/* zone.c -- a version of a zone */
#include "zone/zone.h"

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
