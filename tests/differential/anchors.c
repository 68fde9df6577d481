/* anchors.c -- the zones that are served, as a validator knows them */
#include "tests/differential/anchors.h"

#include <stdlib.h>

void anchors_clear(struct anchors *anchors)
{
    for (size_t i = 0; i < anchors->count; i++) {
        ldns_rr_list_deep_free(anchors->each[i].keys);
        free(anchors->each[i].cuts);
    }
    anchors->count = 0;
}

bool anchors_add(struct anchors *anchors, const uint8_t *apex, size_t octets)
{
    struct anchor *zone = &anchors->each[anchors->count];
    if (anchors->count == ANCHORS_MAX)
        return false;
    *zone = (struct anchor){0};
    if (labels_read(&zone->apex, apex, octets) != octets)
        return false;
    zone->keys = ldns_rr_list_new();
    anchors->count++;
    return zone->keys != NULL;
}

const struct anchor *anchors_at(const struct anchors *anchors, const struct labels *apex)
{
    for (size_t i = 0; i < anchors->count; i++)
        if (labels_equal(&anchors->each[i].apex, apex))
            return &anchors->each[i];
    return NULL;
}

static struct anchor *find(struct anchors *anchors, const uint8_t *apex, size_t octets)
{
    struct labels name;
    if (labels_read(&name, apex, octets) != octets)
        return NULL;
    const struct anchor *zone = anchors_at(anchors, &name);
    return zone == NULL ? NULL : &anchors->each[zone - anchors->each];
}

/* The DNSKEY in wire form, for ldns to read: a name, type, class IN, a TTL, RDATA. */
static ldns_rr *read_key(const struct labels *apex, const uint8_t *rdata, size_t octets)
{
    uint8_t wire[LABELS_OCTETS_MAX + 10 + 2048];
    uint8_t head[10] = {0, LDNS_RR_TYPE_DNSKEY, 0, LDNS_RR_CLASS_IN};
    if (octets > 2048)
        return NULL;
    head[8] = (uint8_t)(octets >> 8);
    head[9] = (uint8_t)octets;
    memcpy(wire, apex->wire, apex->octets);
    memcpy(wire + apex->octets, head, sizeof head);
    memcpy(wire + apex->octets + sizeof head, rdata, octets);
    ldns_rr *key = NULL;
    size_t at = 0;
    if (ldns_wire2rr(&key, wire, apex->octets + sizeof head + octets, &at, LDNS_SECTION_ANSWER)
        != LDNS_STATUS_OK)
        return NULL;
    return key;
}

bool anchors_add_key(struct anchors *anchors, const uint8_t *apex, size_t octets,
                     const uint8_t *rdata, size_t rdata_octets)
{
    const struct anchor *zone = find(anchors, apex, octets);
    ldns_rr *key = zone == NULL ? NULL : read_key(&zone->apex, rdata, rdata_octets);
    return key != NULL && ldns_rr_list_push_rr(zone->keys, key);
}

bool anchors_add_cut(struct anchors *anchors, const uint8_t *apex, size_t octets,
                     const uint8_t *name, size_t name_octets)
{
    struct anchor *zone = find(anchors, apex, octets);
    if (zone == NULL)
        return false;
    struct labels *cuts = realloc(zone->cuts, (zone->cut_count + 1) * sizeof *zone->cuts);
    if (cuts == NULL)
        return false;
    zone->cuts = cuts;
    if (labels_read(&cuts[zone->cut_count], name, name_octets) != name_octets)
        return false;
    zone->cut_count++;
    return true;
}

bool anchor_signed(const struct anchor *zone)
{
    return ldns_rr_list_rr_count(zone->keys) > 0;
}

static const struct anchor *nearest(const struct anchors *anchors, const struct labels *name)
{
    const struct anchor *best = NULL;
    for (size_t i = 0; i < anchors->count; i++) {
        const struct anchor *zone = &anchors->each[i];
        if (labels_below(name, &zone->apex)
            && (best == NULL || zone->apex.count > best->apex.count))
            best = zone;
    }
    return best;
}

const struct anchor *anchors_for(const struct anchors *anchors, const struct labels *name,
                                 uint16_t type)
{
    const struct anchor *zone = nearest(anchors, name);
    if (type != LDNS_RR_TYPE_DS || zone == NULL || name->count != zone->apex.count
        || name->count == 0)
        return zone;
    struct labels above;
    labels_ancestor(&above, name, name->count - 1u);
    const struct anchor *parent = nearest(anchors, &above);
    return parent != NULL ? parent : zone;
}

bool anchor_owns(const struct anchor *zone, const struct labels *owner, uint16_t type)
{
    const bool both_sides = type == LDNS_RR_TYPE_DS || type == LDNS_RR_TYPE_NSEC;
    for (size_t i = 0; i < zone->cut_count; i++)
        if (labels_below(owner, &zone->cuts[i])
            && (zone->cuts[i].count != owner->count || !both_sides))
            return false;
    return true;
}
