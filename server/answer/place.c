#include "server/answer/place.h"

#include "zone/rrtype.h"

#include <assert.h>

enum {
    QUESTION_OCTETS = 4, /* QTYPE and QCLASS */
    LABELS_PIECE = 16,   /* octets of labels copied at a time */
};

_Static_assert(sizeof(struct block) + 2 + RR_FIXED_OCTETS >= LABELS_PIECE,
               "behind a node's labels there's more to read");

/* A block on its way to its place. Its own pointer targets are called `canonical`: they're true
 * for the message that the block was laid out for. */
struct move {
    const struct owner *owner;
    const struct block *block;
    const struct block *base; /* what internal pointers aim into: itself, or NS for glue */
    uint32_t base_at;         /* where that stands in the message */
    bool base_known; /* as it was laid out; otherwise nothing in it can be pointed to */
};

/* Where canonical targets stop being in QNAME: there the block begins. */
static size_t canonical_start(const struct owner *owner)
{
    return QNAME_AT + (size_t)owner->octets + QUESTION_OCTETS;
}

/* Octets that the spot's name has before the suffix which it shares with the owner. */
static size_t longer(const struct owner *owner)
{
    return (size_t)(owner->spot.name->octets - owner->octets);
}

/* Where the spot's name goes on after `skip` octets. QNAME isn't compressed. */
size_t place_suffix(const struct packet *p, const struct spot *spot, size_t skip)
{
    return spot->at == QNAME_AT ? QNAME_AT + skip : packet_suffix(p, spot->at, skip);
}

/* Where the owner stands in the message. */
static size_t owner_at(const struct packet *p, const struct owner *owner)
{
    return owner->wildcard ? owner->spot.at : place_suffix(p, &owner->spot, longer(owner));
}

/* The message offset for a canonical target, or one above POINTER_MAX where there is none. */
static size_t target_at(const struct packet *p, const struct move *m, size_t canonical)
{
    const size_t start = canonical_start(m->owner);
    if (canonical < start)
        return place_suffix(p, &m->owner->spot, canonical - QNAME_AT + longer(m->owner));
    return m->base_known ? m->base_at + (canonical - start) : SIZE_MAX;
}

/* The same where the spot is QNAME: suffixes and block each move by one distance. */
static bool put_near_targets(const struct move *m, uint8_t *at)
{
    const uint16_t *pointers = block_pointers(m->block);
    const unsigned start = (unsigned)canonical_start(m->owner);
    const unsigned inside = POINTER_BITS + (unsigned)longer(m->owner);
    const unsigned below = POINTER_BITS + m->base_at - start;
    for (unsigned i = 0, count = m->block->npointers; i < count; i++) {
        uint8_t *pointer = at + pointers[i];
        const unsigned canonical = wire_get16(pointer) & POINTER_MAX;
        const unsigned moved = canonical + (canonical < start ? inside : below);
        if (moved > POINTER_BITS + POINTER_MAX)
            return false;
        wire_put16(pointer, (uint16_t)moved);
    }
    return true;
}

static bool put_targets(struct packet *p, const struct move *m, uint8_t *at)
{
    if (m->owner->spot.at == QNAME_AT && m->base_known)
        return put_near_targets(m, at);
    const uint16_t *pointers = block_pointers(m->block);
    for (unsigned i = 0; i < m->block->npointers; i++) {
        uint8_t *pointer = at + pointers[i];
        const size_t target = target_at(p, m, wire_get16(pointer) & POINTER_MAX);
        if (target > POINTER_MAX)
            return false;
        wire_put16(pointer, (uint16_t)(POINTER_BITS | target));
    }
    return true;
}

/* Makes the owners of `count` RRs at `rr`, pointers all, point to `target`. */
static void put_owners(uint8_t *rr, unsigned count, size_t target)
{
    const uint16_t pointer = (uint16_t)(POINTER_BITS | target);
    for (unsigned i = 0; i < count; i++) {
        wire_put16(rr, pointer);
        rr += 2 + RR_FIXED_OCTETS;
        rr += wire_get16(rr - 2);
    }
}

/* --- the long way: RR by RR, names spelt out where they can't be pointed to --- */

static bool put_octets(struct packet *p, const uint8_t *octets, size_t count)
{
    if (count > packet_room(p))
        return false;
    memcpy(p->octets + p->len, octets, count);
    p->len += (uint32_t)count;
    return true;
}

static bool put_pointer(struct packet *p, size_t target)
{
    uint8_t pointer[2];
    wire_put16(pointer, (uint16_t)(POINTER_BITS | target));
    return put_octets(p, pointer, sizeof pointer);
}

/* Writes the name that a canonical target stands for: a pointer where one reaches it. */
static bool put_name(struct packet *p, const struct move *m, size_t canonical)
{
    const size_t start = canonical_start(m->owner);
    for (;;) {
        const size_t at = target_at(p, m, canonical);
        if (at <= POINTER_MAX)
            return put_pointer(p, at);
        if (canonical < start) {
            const struct name *name = m->owner->spot.name;
            const size_t skip = canonical - QNAME_AT + longer(m->owner);
            return put_octets(p, name->wire + skip, name->octets - skip);
        }

        const uint8_t *label = block_wire(m->base) + (canonical - start);
        if (label[0] >= 0xc0) {
            canonical = wire_get16(label) & POINTER_MAX;
            continue;
        }
        if (!put_octets(p, label, 1u + label[0]))
            return false;
        if (label[0] == 0)
            return true;
        canonical += 1u + label[0];
    }
}

static bool put_owner(struct packet *p, const struct move *m, size_t canonical)
{
    if (m->block->type == BLOCK_GLUE)
        return put_name(p, m, canonical);
    const size_t at = owner_at(p, m->owner);
    if (at <= POINTER_MAX)
        return put_pointer(p, at);
    const size_t skip = m->owner->wildcard ? 0 : longer(m->owner);
    return put_octets(p, m->owner->spot.name->wire + skip, m->owner->spot.name->octets - skip);
}

/* Writes the octets `from` to `to` of the block's wire, in which `*next` is the first pointer
 * that's listed and not yet passed. */
static bool put_rdata(struct packet *p, const struct move *m, size_t from, size_t to,
                      unsigned *next)
{
    const uint16_t *pointers = block_pointers(m->block);
    const uint8_t *wire = block_wire(m->block);
    for (; *next < m->block->npointers && pointers[*next] < to; (*next)++) {
        const size_t at = pointers[*next];
        if (!put_octets(p, wire + from, at - from)
            || !put_name(p, m, wire_get16(wire + at) & POINTER_MAX))
            return false;
        from = at + 2;
    }
    return put_octets(p, wire + from, to - from);
}

static bool put_rr(struct packet *p, const struct move *m, size_t *at, unsigned *next)
{
    const uint8_t *rr = block_wire(m->block) + *at;
    const size_t rdata = *at + 2 + RR_FIXED_OCTETS;
    const size_t end = rdata + wire_get16(rr + RR_FIXED_OCTETS);
    if (m->block->type == BLOCK_GLUE)
        (*next)++; /* its owner is a listed pointer */

    if (!put_owner(p, m, wire_get16(rr) & POINTER_MAX)
        || !put_octets(p, rr + 2, RR_FIXED_OCTETS))
        return false;
    const uint32_t rdata_at = p->len;
    if (!put_rdata(p, m, rdata, end, next))
        return false;
    wire_put16(p->octets + rdata_at - 2, (uint16_t)(p->len - rdata_at));
    *at = end;
    return true;
}

static bool place_spelt(struct packet *p, struct move *m, unsigned parts)
{
    const uint32_t len = p->len;
    if (m->base == m->block)
        m->base_known = false; /* what was spelt out moved what follows */

    size_t at = (parts & PART_RRS) != 0 ? 0 : m->block->wire_octets;
    unsigned next = (parts & PART_RRS) != 0 ? 0 : m->block->npointers;
    const size_t end = (size_t)m->block->wire_octets
                       + ((parts & PART_SIGNATURES) != 0 ? m->block->sig_octets : 0);
    while (at < end) {
        if (!put_rr(p, m, &at, &next)) {
            p->len = len;
            return false;
        }
    }
    return true;
}

/* --- the short way --- */

static bool place(struct packet *p, enum section section, struct move *m, unsigned parts)
{
    const struct block *block = m->block;
    const struct owner *owner = m->owner;
    assert(owner->octets <= owner->spot.name->octets);
    assert(section == SECTION_ADDITIONAL || p->count[SECTION_ADDITIONAL] == 0);

    const uint8_t *wire = block_wire(block);
    size_t octets = 0;
    unsigned count = 0;
    if ((parts & PART_RRS) != 0) {
        octets = block->wire_octets;
        count = block->count;
    } else {
        wire += block->wire_octets;
    }
    if ((parts & PART_SIGNATURES) != 0) {
        octets += block->sig_octets;
        count += block->sig_count;
    }
    if (octets > packet_room(p))
        return false;

    uint8_t *at = p->octets + p->len;
    memcpy(at, wire, octets);
    bool placed = true;
    const size_t target = owner_at(p, owner);
    if (target != QNAME_AT && block->type != BLOCK_GLUE) {
        placed = target <= POINTER_MAX;
        if (placed)
            put_owners(at, count, target);
    }
    if (placed && block->npointers != 0 && (parts & PART_RRS) != 0
        && (owner->spot.at != QNAME_AT || longer(owner) != 0
            || m->base_at != canonical_start(owner)))
        placed = put_targets(p, m, at);

    if (placed)
        p->len += (uint32_t)octets;
    else if (!place_spelt(p, m, parts))
        return false;
    p->count[section] = (uint16_t)(p->count[section] + count);
    return true;
}

/* Whether a block can be copied as it was laid out: QNAME is its owner, and nothing in it is pointed to
 * but by pointers into that, or it follows the question. */
static bool lies_ready(const struct packet *p, const struct block *block,
                       const struct owner *owner)
{
    return owner->spot.at == QNAME_AT && (owner->wildcard || longer(owner) == 0)
           && (block->npointers == 0 || (longer(owner) == 0 && p->len == canonical_start(owner)));
}

/* Whether all pointers that the RRs of a block can have reach: the owner is QNAME or a suffix of it, and no more than
 * `octets` come after what is written. Nearly always. */
static bool lies_near(const struct packet *p, const struct owner *owner, unsigned parts,
                      size_t octets)
{
    return owner->spot.at == QNAME_AT && !owner->wildcard && (parts & PART_RRS) != 0
           && p->len + octets <= POINTER_MAX;
}

/* Appends a block of which that is so, `octets` of it with `count` RRs; its own pointers aim into what begins at
 * `base_at`. Returns false where there isn't the room. */
static bool place_near(struct packet *p, enum section section, const struct block *block,
                       const struct owner *owner, size_t octets, unsigned count,
                       uint32_t base_at)
{
    if (octets > packet_room(p))
        return false;
    uint8_t *at = p->octets + p->len;
    p->len += (uint32_t)octets;
    p->count[section] = (uint16_t)(p->count[section] + count);
    memcpy(at, block_wire(block), octets);

    const unsigned inside = (unsigned)longer(owner);
    const unsigned start = POINTER_BITS | (unsigned)canonical_start(owner);
    const unsigned below = (POINTER_BITS | base_at) - start;
    if (inside != 0 && block->type != BLOCK_GLUE)
        put_owners(at, count, QNAME_AT + inside);
    const uint16_t *pointer = block_pointers(block);
    for (const uint16_t *end = pointer + block->npointers; pointer < end; pointer++) {
        const unsigned target = wire_get16(at + *pointer);
        wire_put16(at + *pointer, (uint16_t)(target + (target < start ? inside : below)));
    }
    return true;
}

bool place_block(struct packet *p, enum section section, const struct block *block,
                 const struct owner *owner, unsigned parts)
{
    const bool all = (parts & PART_SIGNATURES) != 0;
    const size_t octets = (size_t)block->wire_octets + (all ? block->sig_octets : 0u);
    const unsigned count = (unsigned)block->count + (all ? block->sig_count : 0u);
    if ((parts & PART_RRS) != 0 && lies_ready(p, block, owner)) {
        if (octets > packet_room(p))
            return false;
        memcpy(p->octets + p->len, block_wire(block), octets);
        p->len += (uint32_t)octets;
        p->count[section] = (uint16_t)(p->count[section] + count);
        return true;
    }
    if (lies_near(p, owner, parts, octets))
        return place_near(p, section, block, owner, octets, count, p->len);
    struct move m = {
        .owner = owner, .block = block, .base = block, .base_at = p->len, .base_known = true};
    return place(p, section, &m, parts);
}

/* True where the NS block's octets in the message lie as they were laid out: nothing was spelt.
 * A spelt RR has another length, and the first one's owner or RDATA tells. */
static bool lies_plain(const struct packet *p, const struct block *ns, uint32_t ns_at)
{
    const uint8_t *wire = block_wire(ns);
    const uint8_t *at = p->octets + ns_at;
    for (unsigned i = 0; i < ns->count; i++) {
        if (at[0] < 0xc0
            || wire_get16(at + RR_FIXED_OCTETS) != wire_get16(wire + RR_FIXED_OCTETS))
            return false;
        const size_t rr = 2u + RR_FIXED_OCTETS + wire_get16(wire + RR_FIXED_OCTETS);
        at += rr;
        wire += rr;
    }
    return true;
}

bool place_glue(struct packet *p, const struct block *glue, const struct block *ns,
                uint32_t ns_at, const struct owner *owner)
{
    assert(glue->type == BLOCK_GLUE);
    if (lies_near(p, owner, PART_RRS, glue->wire_octets)) /* NS before it, as it was laid out */
        return place_near(p, SECTION_ADDITIONAL, glue, owner, glue->wire_octets, glue->count,
                          ns_at);
    struct move m = {.owner = owner, .block = glue, .base = ns, .base_at = ns_at};
    m.base_known = ns_at + (uint32_t)ns->wire_octets <= POINTER_MAX || lies_plain(p, ns, ns_at);
    return place(p, SECTION_ADDITIONAL, &m, PART_RRS);
}

/* Copies labels in pieces that may go beyond their end: RRs follow in the message, and in the arena the node's
 * blocks, all of which are longer than a piece. */
static void copy_labels(uint8_t *to, const uint8_t *labels, size_t octets)
{
    for (size_t at = 0; at < octets; at += LABELS_PIECE)
        memcpy(to + at, labels + at, LABELS_PIECE);
}

/* Writes a block whose owner has `node`'s labels before the apex, to which `apex` points; it begins at message offset
 * `owner_at`, and all of it is below POINTER_MAX. The first RR's owner is written out, and the others point to it. */
static void put_foreign(uint8_t *at, size_t owner_at, const struct block *block,
                        const struct node *node, uint16_t apex)
{
    const uint8_t *wire = block_wire(block);
    const size_t rest = (size_t)block->wire_octets + block->sig_octets - 2;
    const size_t labels = node->owner_octets;
    unsigned others = (unsigned)block->count + block->sig_count - 1;
    if (2 + rest >= LABELS_PIECE)
        copy_labels(at, node_owner(node), labels);
    else
        memcpy(at, node_owner(node), labels);
    at += labels;
    wire_put16(at, apex);
    at = memcpy(at + 2, wire + 2, rest);
    put_owners(at + RR_FIXED_OCTETS + wire_get16(at + RR_FIXED_OCTETS - 2), others, owner_at);
}

/* The same where no pointer reaches what is written: every RR spells its owner out. */
__attribute__((noinline, cold)) static bool place_foreign_spelt(struct packet *p,
                                                                enum section section,
                                                                const struct block *block,
                                                                const struct foreign *owner)
{
    const uint32_t len = p->len;
    const unsigned count = (unsigned)block->count + block->sig_count;
    const uint8_t *rr = block_wire(block);
    for (unsigned i = 0; i < count; i++) {
        const size_t rest = (size_t)RR_FIXED_OCTETS + wire_get16(rr + RR_FIXED_OCTETS);
        if (!put_octets(p, owner->labels, owner->octets)
            || !(owner->apex_at <= POINTER_MAX
                     ? put_pointer(p, owner->apex_at)
                     : put_octets(p, owner->apex->wire, owner->apex->octets))
            || !put_octets(p, rr + 2, rest)) {
            p->len = len;
            return false;
        }
        rr += 2 + rest;
    }
    p->count[section] = (uint16_t)(p->count[section] + count);
    return true;
}

bool place_foreign(struct packet *p, enum section section, const struct block *block,
                   const struct foreign *owner)
{
    assert(block->npointers == 0);
    const uint32_t owner_at = p->len;
    const unsigned count = (unsigned)block->count + block->sig_count;
    const uint8_t *wire = block_wire(block);
    const size_t rest = (size_t)block->wire_octets + block->sig_octets - 2;
    const bool near = owner->apex_at <= POINTER_MAX;
    const size_t suffix = near ? 2 : owner->apex->octets;
    const size_t octets = owner->octets + suffix + rest;
    if (owner_at > POINTER_MAX)
        return place_foreign_spelt(p, section, block, owner);
    if (octets > packet_room(p))
        return false;

    /* The first RR's owner is written out, and the others point to it. */
    uint8_t *at = p->octets + owner_at;
    if (suffix + rest >= LABELS_PIECE)
        copy_labels(at, owner->labels, owner->octets);
    else
        memcpy(at, owner->labels, owner->octets);
    at += owner->octets;
    if (near)
        wire_put16(at, (uint16_t)(POINTER_BITS | owner->apex_at));
    else
        memcpy(at, owner->apex->wire, owner->apex->octets);
    at += suffix;
    memcpy(at, wire + 2, rest);
    const size_t first = (size_t)RR_FIXED_OCTETS + wire_get16(wire + RR_FIXED_OCTETS);
    put_owners(at + first, count - 1, owner_at);
    p->len += (uint32_t)octets;
    p->count[section] = (uint16_t)(p->count[section] + count);
    return true;
}

/* Moves what points in RRs that lay ready and now are at `at`: all of it by as much as QNAME is longer than the apex, since
 * the RRs follow the question here as there. What aims at the apex becomes `apex`. */
static void move_ready(const struct ready *ready, const struct ready_extent_of *of, uint8_t *at,
                       uint16_t apex)
{
    const uint16_t *offset = ready_offsets(ready);
    for (const uint16_t *end = offset + of->apexes; offset < end; offset++)
        wire_put16(at + *offset, apex);
    const unsigned distance = (unsigned)apex - (POINTER_BITS | QNAME_AT);
    offset = ready_offsets(ready) + ready->others_at;
    for (const uint16_t *end = offset + of->others; offset < end; offset++)
        wire_put16(at + *offset, (uint16_t)(wire_get16(at + *offset) + distance));
}

bool place_ready(struct packet *p, const struct zone *zone, enum ready_extent extent,
                 const struct name *qname, const struct node *node, const struct block *block)
{
    assert(p->len == QNAME_AT + qname->octets + (uint32_t)QUESTION_OCTETS);
    const struct ready *ready = zone_ready(zone);
    const struct ready_extent_of *of = &ready->extent[extent];
    const size_t common = of->octets, owner_at = p->len + common;
    size_t end = owner_at;
    unsigned count = of->rrs;
    if (block != NULL) {
        assert(block->npointers == 0);
        end += (size_t)node->owner_octets + block->wire_octets + block->sig_octets;
        count += (unsigned)block->count + block->sig_count;
    }
    if (common == 0 || end > p->limit || end > POINTER_MAX)
        return false;

    uint8_t *at = p->octets + p->len;
    p->len = (uint32_t)end;
    p->count[SECTION_AUTHORITY] = (uint16_t)(p->count[SECTION_AUTHORITY] + count);
    const uint16_t apex =
        (uint16_t)(POINTER_BITS | (QNAME_AT + (unsigned)qname->octets - zone->apex.octets));
    memcpy(at, ready_wire(ready), common);
    move_ready(ready, of, at, apex);
    if (block != NULL)
        put_foreign(at + common, owner_at, block, node, apex);
    return true;
}

/* --- what isn't stored --- */

bool place_alias(struct packet *p, const struct spot *spot, size_t prefix, size_t suffix_at,
                 const struct name *target, uint32_t ttl)
{
    const uint32_t len = p->len;
    uint8_t fixed[RR_FIXED_OCTETS] = {0, RRTYPE_CNAME, 0, CLASS_IN};
    wire_put32(fixed + 4, ttl);
    bool placed = spot->at <= POINTER_MAX ? put_pointer(p, spot->at)
                                          : put_octets(p, spot->name->wire, spot->name->octets);
    placed = placed && put_octets(p, fixed, sizeof fixed);

    const uint32_t rdata_at = p->len;
    if (suffix_at > POINTER_MAX) {
        placed = placed && put_octets(p, target->wire, target->octets);
    } else {
        /* The prefix in the case in which it was asked. */
        for (size_t done = 0; placed && done < prefix;) {
            const size_t label_at = packet_suffix(p, spot->at, done);
            const size_t label = 1u + p->octets[label_at];
            placed = put_octets(p, p->octets + label_at, label);
            done += label;
        }
        placed = placed && put_pointer(p, suffix_at);
    }
    if (!placed) {
        p->len = len;
        return false;
    }
    wire_put16(p->octets + rdata_at - 2, (uint16_t)(p->len - rdata_at));
    p->count[SECTION_ANSWER]++;
    return true;
}

/* Sets the TTL of all RRs from `at` to the end of what is written. */
static void put_ttl(struct packet *p, size_t at, uint32_t ttl)
{
    while (at < p->len) {
        at = packet_skip_name(p, at);
        wire_put32(p->octets + at + 4, ttl);
        at += RR_FIXED_OCTETS + (size_t)wire_get16(p->octets + at + 8);
    }
}

bool place_with_ttl(struct packet *p, enum section section, const struct block *block,
                    const struct owner *owner, unsigned parts, uint32_t ttl)
{
    const uint32_t rrs_at = p->len;
    const bool all = (parts & PART_SIGNATURES) != 0;
    const size_t octets = (size_t)block->wire_octets + (all ? block->sig_octets : 0u);
    const unsigned count = (unsigned)block->count + (all ? block->sig_count : 0u);
    const struct move m = {
        .owner = owner, .block = block, .base = block, .base_at = rrs_at, .base_known = true};
    uint8_t *rr = p->octets + rrs_at;
    /* Nearly always QNAME is at or below the owner: then all is done in one pass. */
    const bool near = owner->spot.at == QNAME_AT && (parts & PART_RRS) != 0;
    if (!near || octets > packet_room(p)
        || !put_near_targets(&m, memcpy(rr, block_wire(block), octets))) {
        if (!place_block(p, section, block, owner, parts))
            return false;
        put_ttl(p, rrs_at, ttl);
        return true;
    }
    const size_t target = owner->wildcard ? QNAME_AT : QNAME_AT + longer(owner);
    const uint16_t pointer = (uint16_t)(POINTER_BITS | target);
    for (unsigned i = 0; i < count; i++) {
        wire_put16(rr, pointer);
        wire_put32(rr + 2 + RR_FIXED_OCTETS - 6, ttl);
        rr += 2 + RR_FIXED_OCTETS;
        rr += wire_get16(rr - 2);
    }
    p->len += (uint32_t)octets;
    p->count[section] = (uint16_t)(p->count[section] + count);
    return true;
}
