/* canonical.c -- the RRs of a zone in canonical form and order */
#include "zone/canonical.h"

#include "zone/rdata.h"
#include "zone/rrtype.h"
#include "zone/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEADER = 12,   /* where QNAME stands, which a block's owner pointers aim at */
    QUESTION = 4,  /* QTYPE and QCLASS */
    RR_FIXED = 12, /* owner pointer, type, class, TTL, RDLENGTH */
};

void canonical_fini(struct canonical *list)
{
    free(list->rr);
    free(list->octets);
    *list = (struct canonical){0};
}

/* Room for `octets` more. */
static int reserve(struct canonical *list, size_t octets)
{
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity == 0 ? 64 : list->capacity * 2;
        struct canonical_rr *rr = realloc(list->rr, capacity * sizeof *rr);
        if (rr == NULL)
            return -ENOMEM;
        list->rr = rr;
        list->capacity = capacity;
    }
    if (octets > list->size - list->used) {
        const size_t size = (list->used + octets) * 2;
        uint8_t *grown = realloc(list->octets, size);
        if (grown == NULL)
            return -ENOMEM;
        list->octets = grown;
        list->size = size;
    }
    return 0;
}

static void put(struct canonical *list, const uint8_t *octets, size_t count)
{
    if (count > 0)
        memcpy(list->octets + list->used, octets, count);
    list->used += count;
}

/* Writes the name at `at` of the block out in lower case; returns where it ends in the block.
 * A pointer below the block's place aims into the owner. */
static size_t put_name(struct canonical *list, const struct block *block,
                       const struct name *owner, size_t at)
{
    const uint8_t *wire = block_wire(block);
    const size_t base = (size_t)HEADER + owner->octets + QUESTION, begin = list->used;
    size_t end = 0; /* known once a pointer was met, or the root label */
    while (wire[at] != 0) {
        if (wire[at] < 0xc0) {
            put(list, wire + at, 1u + wire[at]);
            at += 1u + wire[at];
            continue;
        }
        const size_t to = wire_get16(wire + at) & 0x3fff;
        end = end == 0 ? at + 2 : end;
        if (to < base) {
            put(list, owner->wire + (to - HEADER), owner->octets - (to - HEADER));
            name_lower(list->octets + begin, list->used - begin);
            return end;
        }
        at = to - base;
    }
    put(list, wire + at, 1);
    name_lower(list->octets + begin, list->used - begin);
    return end == 0 ? at + 1 : end;
}

/* The types whose RDATA lies compressed in blocks: the octets before the names, the names. */
struct compressed {
    uint8_t octets, names;
};

static struct compressed compressed(uint16_t type)
{
    switch (type) {
    case RRTYPE_NS:
    case RRTYPE_CNAME:
    case RRTYPE_PTR:
        return (struct compressed){.names = 1};
    case RRTYPE_MX:
        return (struct compressed){.octets = 2, .names = 1};
    case RRTYPE_SOA:
        return (struct compressed){.names = 2};
    default:
        return (struct compressed){0};
    }
}

/* The other types of RFC 4034 section 6.2 whose names are folded; not NSEC (RFC 6840
 * section 5.1), and none that came after (RFC 3597 section 7). */
static bool folds(uint16_t type)
{
    enum {
        MD = 3,
        MF = 4,
        MB = 7,
        MG = 8,
        MR = 9,
        MINFO = 14,
        RP = 17,
        AFSDB = 18,
        RT = 21,
        SIG = 24,
        PX = 26,
        NXT = 30,
        KX = 36,
        A6 = 38,
    };
    switch (type) {
    case MD:
    case MF:
    case MB:
    case MG:
    case MR:
    case MINFO:
    case RP:
    case AFSDB:
    case RT:
    case SIG:
    case PX:
    case NXT:
    case KX:
    case A6:
    case RRTYPE_SRV:
    case RRTYPE_NAPTR:
    case RRTYPE_DNAME:
    case RRTYPE_RRSIG:
        return true;
    default:
        return false;
    }
}

static void put_rdata(struct canonical *list, const struct block *block,
                      const struct name *owner, uint16_t type, size_t at, size_t octets)
{
    const struct compressed shape = compressed(type);
    const uint8_t *wire = block_wire(block);
    const size_t end = at + octets, begin = list->used;
    put(list, wire + at, shape.octets);
    at += shape.octets;
    for (unsigned i = 0; i < shape.names; i++)
        at = put_name(list, block, owner, at);
    put(list, wire + at, end - at);
    if (!folds(type))
        return;
    uint8_t *rdata = list->octets + begin;
    for (size_t offset = 0, name; rdata_next_name(type, rdata, octets, &offset, &name);
         offset += name)
        name_lower(rdata + offset, name);
}

int canonical_add(struct canonical *list, const struct block *block, const struct name *owner,
                  enum canonical_part part)
{
    const uint8_t *wire = block_wire(block);
    const bool signatures = part == CANONICAL_SIGNATURES;
    const unsigned count = signatures ? block->sig_count : block->count;
    size_t at = signatures ? block->wire_octets : 0;
    for (unsigned i = 0; i < count; i++) {
        const uint16_t octets = wire_get16(wire + at + RR_FIXED - 2);
        const int err = reserve(list, octets + 2u * NAME_OCTETS_MAX);
        if (err != 0)
            return err;
        struct canonical_rr *rr = &list->rr[list->count++];
        *rr = (struct canonical_rr){.type = wire_get16(wire + at + 2),
                                    .ttl = wire_get32(wire + at + 6),
                                    .at = list->used};
        put_rdata(list, block, owner, rr->type, at + RR_FIXED, octets);
        rr->octets = (uint16_t)(list->used - rr->at);
        at += (size_t)RR_FIXED + octets;
    }
    return 0;
}

static int compare(const void *a, const void *b, void *context)
{
    const struct canonical_rr *x = a, *y = b;
    const struct canonical *list = context;
    if (x->type != y->type)
        return x->type < y->type ? -1 : 1;
    const size_t shorter = x->octets < y->octets ? x->octets : y->octets;
    const int order = memcmp(canonical_rdata(list, x), canonical_rdata(list, y), shorter);
    return order != 0 ? order : (int)x->octets - (int)y->octets;
}

void canonical_sort(struct canonical *list)
{
    if (list->count < 2)
        return;
    qsort_r(list->rr, list->count, sizeof *list->rr, compare, list);
    size_t kept = 1;
    for (size_t i = 1; i < list->count; i++)
        if (compare(&list->rr[kept - 1], &list->rr[i], list) != 0)
            list->rr[kept++] = list->rr[i];
    list->count = kept;
}

struct collector {
    uint32_t *node;
    size_t count, capacity;
};

static int collect(void *context, uint32_t value)
{
    struct collector *collector = context;
    if (collector->count == collector->capacity) {
        const size_t capacity = collector->capacity == 0 ? 64 : collector->capacity * 2;
        uint32_t *grown = realloc(collector->node, capacity * sizeof *grown);
        if (grown == NULL)
            return -ENOMEM;
        collector->node = grown;
        collector->capacity = capacity;
    }
    collector->node[collector->count++] = value;
    return 0;
}

int canonical_nodes(const struct zone *zone, uint32_t root, uint32_t **nodes, size_t *count)
{
    struct collector collector = {0};
    const struct trie trie = {.arena = (struct arena *)&zone->arena,
                              .key_of = zone_key_of,
                              .context = zone,
                              .root = root};
    const int err = root == 0 ? 0 : trie_walk(&trie, collect, &collector);
    if (err != 0) {
        free(collector.node);
        return err;
    }
    *nodes = collector.node;
    *count = collector.count;
    return 0;
}

/* A walk over two tries at once. */
struct walk {
    const struct zone *zone;
    canonical_visit *visit;
    void *context;
    uint32_t *nsec3; /* in order */
    size_t count, next;
};

/* Visits those NSEC3 owners that come before `name`; NULL: all that are left. */
static int visit_before(struct walk *walk, const struct name *name)
{
    for (; walk->next < walk->count; walk->next++) {
        const struct node *node = zone_node(walk->zone, walk->nsec3[walk->next]);
        struct name owner;
        zone_owner(walk->zone, node, &owner);
        if (name != NULL && name_compare(owner.wire, name->wire) >= 0)
            return 0;
        const int err = walk->visit(walk->context, &owner, NULL, node);
        if (err != 0)
            return err;
    }
    return 0;
}

static int visit_node(void *context, uint32_t value)
{
    struct walk *walk = context;
    const struct node *node = zone_node(walk->zone, value), *nsec3 = NULL;
    struct name owner, other;
    zone_owner(walk->zone, node, &owner);
    const int err = visit_before(walk, &owner);
    if (err != 0)
        return err;
    if (walk->next < walk->count) {
        nsec3 = zone_node(walk->zone, walk->nsec3[walk->next]);
        zone_owner(walk->zone, nsec3, &other);
        if (name_equal(owner.wire, other.wire))
            walk->next++;
        else
            nsec3 = NULL;
    }
    return walk->visit(walk->context, &owner, node, nsec3);
}

int canonical_walk(const struct zone *zone, canonical_visit *visit, void *context)
{
    struct walk walk = {.zone = zone, .visit = visit, .context = context};
    int err = canonical_nodes(zone, zone->version.nsec3_root, &walk.nsec3, &walk.count);
    if (err != 0)
        return err;
    const struct trie trie = {.arena = (struct arena *)&zone->arena,
                              .key_of = zone_key_of,
                              .context = zone,
                              .root = zone->version.root};
    err = trie_walk(&trie, visit_node, &walk);
    if (err == 0)
        err = visit_before(&walk, NULL);
    free(walk.nsec3);
    return err;
}
