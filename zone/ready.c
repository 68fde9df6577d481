/* ready.c -- what negative answers of a zone have in common, ready to be copied */
#include "zone/ready.h"

#include "zone/rrtype.h"
#include "zone/wire.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

enum {
    OCTETS_MAX = 4096, /* beyond, an answer over UDP would be cut all the same */
    POINTERS_MAX = 128,
    QNAME_AT = 12,
    QUESTION_FIXED = 4,
    RR_FIXED = 12, /* owner pointer, type, class, TTL, RDLENGTH */
    POINTER = 0xc000,
    NODES_MAX = 2, /* besides the apex for its SOA */
};

struct list {
    uint16_t offset[POINTERS_MAX];
    uint8_t count;
};

/* What is laid out so far. */
struct layout {
    const struct zone *zone;
    struct ready head;
    struct list apexes, others;
    uint8_t wire[OCTETS_MAX];
    uint16_t octets;
    uint8_t rrs;
};

static bool note(struct list *list, size_t offset)
{
    if (list->count == POINTERS_MAX)
        return false;
    list->offset[list->count++] = (uint16_t)offset;
    return true;
}

static bool put(struct layout *layout, const uint8_t *octets, size_t count)
{
    if (count > (size_t)OCTETS_MAX - layout->octets)
        return false;
    memcpy(layout->wire + layout->octets, octets, count);
    layout->octets = (uint16_t)(layout->octets + count);
    return true;
}

/* The canonical target of octet `at`. */
static size_t target_of(const struct layout *layout, size_t at)
{
    return QNAME_AT + (size_t)layout->zone->apex.octets + QUESTION_FIXED + at;
}

static bool put_pointer(struct layout *layout, size_t target)
{
    uint8_t pointer[2];
    wire_put16(pointer, (uint16_t)(POINTER | target));
    struct list *list = target == QNAME_AT ? &layout->apexes : &layout->others;
    return note(list, layout->octets) && put(layout, pointer, sizeof pointer);
}

/* An owner that is the apex, or is written out at its first RR and pointed to by the others. */
struct owner {
    const uint8_t *labels; /* before the apex */
    uint8_t octets;
    size_t at; /* the octet where it stands; SIZE_MAX: not yet */
};

static bool put_owner(struct layout *layout, struct owner *owner)
{
    if (owner->octets == 0)
        return put_pointer(layout, QNAME_AT);
    if (owner->at != SIZE_MAX)
        return put_pointer(layout, target_of(layout, owner->at));
    owner->at = layout->octets;
    return put(layout, owner->labels, owner->octets) && put_pointer(layout, QNAME_AT);
}

/* The RRs between two octets of a block. The SOA's, whose RDATA has pointers, come first here as in their block. */
static bool put_rrs(struct layout *layout, const struct block *block, struct owner *owner,
                    size_t from, size_t to)
{
    const uint8_t *wire = block_wire(block);
    while (from < to) {
        const size_t end = from + RR_FIXED + wire_get16(wire + from + RR_FIXED - 2);
        if (layout->rrs == UINT8_MAX || !put_owner(layout, owner)
            || !put(layout, wire + from + 2, end - from - 2))
            return false;
        layout->rrs++;
        from = end;
    }
    return true;
}

static void set_extent(struct layout *layout, enum ready_extent extent)
{
    layout->head.extent[extent] = (struct ready_extent_of){.octets = layout->octets,
                                                           .rrs = layout->rrs,
                                                           .apexes = layout->apexes.count,
                                                           .others = layout->others.count};
}

static void set_ttl(struct layout *layout, size_t at, uint32_t ttl)
{
    while (at < layout->octets) {
        wire_put32(layout->wire + at + 6, ttl);
        at += RR_FIXED + (size_t)wire_get16(layout->wire + at + RR_FIXED - 2);
    }
}

static bool put_soa(struct layout *layout)
{
    const struct block *soa = zone_block(layout->zone, layout->zone->soa);
    struct owner apex = {.octets = 0};
    if (!put_rrs(layout, soa, &apex, 0, soa->wire_octets))
        return false;
    for (unsigned i = 0; i < soa->npointers; i++) {
        const uint16_t at = block_pointers(soa)[i];
        const bool to_apex = wire_get16(layout->wire + at) == (POINTER | QNAME_AT);
        if (!note(to_apex ? &layout->apexes : &layout->others, at))
            return false;
    }
    set_ttl(layout, 0, layout->zone->negative_ttl);
    return true;
}

static bool put_soa_signatures(struct layout *layout)
{
    const struct block *soa = zone_block(layout->zone, layout->zone->soa);
    const size_t at = layout->octets, end = (size_t)soa->wire_octets + soa->sig_octets;
    struct owner apex = {.octets = 0};
    if (!put_rrs(layout, soa, &apex, soa->wire_octets, end))
        return false;
    set_ttl(layout, at, layout->zone->negative_ttl);
    return true;
}

static bool put_proof(struct layout *layout, const struct node *node, const struct block *block)
{
    if (block == NULL || block->count == 0)
        return true;
    assert(block->npointers == 0);
    struct owner owner = {
        .labels = node_owner(node), .octets = node->owner_octets, .at = SIZE_MAX};
    return put_rrs(layout, block, &owner, 0, (size_t)block->wire_octets + block->sig_octets);
}

static bool put_proofs(struct layout *layout)
{
    const struct zone *zone = layout->zone;
    if (zone->apex_wildcard_block == 0 || (zone->nsec3_params != 0 && zone->nsec3_apex == 0))
        return false;
    if (zone->nsec3_params != 0 && zone->nsec3_apex != zone->apex_wildcard) {
        const struct node *apex = zone_node(zone, zone->nsec3_apex);
        if (!put_proof(layout, apex, node_block(apex, RRTYPE_NSEC3)))
            return false;
    }
    return put_proof(layout, zone_node(zone, zone->apex_wildcard),
                     zone_block(zone, zone->apex_wildcard_block));
}

static void lay_out(struct layout *layout)
{
    if (!put_soa(layout))
        return;
    set_extent(layout, READY_SOA);
    if (!put_soa_signatures(layout))
        return;
    set_extent(layout, READY_SIGNED);
    if (put_proofs(layout))
        set_extent(layout, READY_APEX);
}

static uint8_t *add(uint8_t *to, const void *octets, size_t count)
{
    memcpy(to, octets, count);
    return to + count;
}

int ready_make(struct zone *zone)
{
    struct layout layout = {.zone = zone};
    lay_out(&layout);
    /* What was begun and didn't fit is left out. */
    struct ready_extent_of last = {0};
    for (unsigned i = 0; i < READY_EXTENTS; i++)
        if (layout.head.extent[i].octets != 0)
            last = layout.head.extent[i];
    layout.head.others_at = last.apexes;
    layout.head.wire_at = (uint16_t)(2u * (last.apexes + last.others));
    const size_t octets = sizeof layout.head + layout.head.wire_at + last.octets;
    const uint32_t at = arena_append(&zone->arena, octets);
    if (at == 0)
        return -ENOMEM;
    uint8_t *to = arena_edit(&zone->arena, at);
    to = add(to, &layout.head, sizeof layout.head);
    to = add(to, layout.apexes.offset, 2u * last.apexes);
    to = add(to, layout.others.offset, 2u * last.others);
    add(to, layout.wire, last.octets);
    zone->ready = at;
    return 0;
}
