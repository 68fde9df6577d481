/* stored.c -- single RRs as they lie in a zone's blocks */
#include "zone/stored.h"

#include "zone/rrtype.h"
#include "zone/wire.h"

#include <string.h>

enum {
    HEADER = 12,   /* where QNAME stands, which a block's owner pointers aim at */
    QUESTION = 4,  /* QTYPE and QCLASS */
    RR_FIXED = 12, /* owner pointer, type, class, TTL, RDLENGTH */
};

static struct stored read_at(const struct node *node, const struct block *block,
                             const uint8_t *at)
{
    const uint8_t *end = block_wire(block) + block->wire_octets + block->sig_octets;
    if (at >= end)
        return (struct stored){0};
    return (struct stored){
        .node = node,
        .block = block,
        .at = at,
        .rdata = at + RR_FIXED,
        .type = wire_get16(at + 2),
        .ttl = wire_get32(at + 6),
        .octets = wire_get16(at + 10),
    };
}

struct stored stored_first(const struct node *node, const struct block *block)
{
    return read_at(node, block, block_wire(block));
}

struct stored stored_next(const struct stored *rr)
{
    return read_at(rr->node, rr->block, rr->rdata + rr->octets);
}

/* The types whose RDATA lies compressed in blocks: the octets before the names, the names. */
struct form {
    uint8_t octets, names;
};

static struct form form_of(uint16_t type)
{
    switch (type) {
    case RRTYPE_NS:
    case RRTYPE_CNAME:
    case RRTYPE_PTR:
        return (struct form){.names = 1};
    case RRTYPE_MX:
        return (struct form){.octets = 2, .names = 1};
    case RRTYPE_SOA:
        return (struct form){.names = 2};
    default:
        return (struct form){0};
    }
}

/* A name on its way out of a block: in the block, in the owner or in the apex. */
struct walk {
    const struct stored *rr;
    const struct name *apex;
    const uint8_t *at;
    const uint8_t *end;       /* behind the name where it stands; NULL: not known yet */
    const uint8_t *owner_end; /* NULL: in the block */
};

/* The label of the owner at `octets` of it, which goes on with the apex. */
static void enter_owner(struct walk *walk, size_t octets)
{
    const struct node *node = walk->rr->node;
    const bool in_owner = octets < node->owner_octets;
    walk->at =
        in_owner ? node_owner(node) + octets : walk->apex->wire + (octets - node->owner_octets);
    walk->owner_end = in_owner ? node_owner(node) + node->owner_octets : NULL;
}

/* The next label; the root label is the last. */
static const uint8_t *next_label(struct walk *walk)
{
    if (walk->owner_end != NULL && walk->at == walk->owner_end)
        enter_owner(walk, walk->rr->node->owner_octets);
    const size_t base =
        (size_t)HEADER + walk->rr->node->owner_octets + walk->apex->octets + QUESTION;
    while (walk->at[0] >= 0xc0) {
        const size_t to = wire_get16(walk->at) & 0x3fff;
        walk->end = walk->end == NULL ? walk->at + 2 : walk->end;
        if (to < base)
            enter_owner(walk, to - HEADER);
        else
            walk->at = block_wire(walk->rr->block) + (to - base);
    }
    const uint8_t *label = walk->at;
    walk->at += 1 + label[0];
    if (label[0] == 0 && walk->end == NULL)
        walk->end = walk->at;
    return label;
}

static struct walk walk_from(const struct stored *rr, const struct name *apex,
                             const uint8_t *at)
{
    return (struct walk){.rr = rr, .apex = apex, .at = at};
}

bool stored_equal(const struct stored *rr, const struct name *apex, const uint8_t *rdata,
                  uint16_t octets)
{
    const struct form form = form_of(rr->type);
    if (form.names == 0)
        return rr->octets == octets && memcmp(rr->rdata, rdata, octets) == 0;
    if (memcmp(rr->rdata, rdata, form.octets) != 0)
        return false;
    const uint8_t *at = rr->rdata + form.octets, *to = rdata + form.octets;
    for (unsigned i = 0; i < form.names; i++) {
        struct walk walk = walk_from(rr, apex, at);
        const uint8_t *label;
        do {
            label = next_label(&walk);
            if (!label_equal(label, to))
                return false;
            to += 1 + to[0];
        } while (label[0] != 0);
        at = walk.end;
    }
    const size_t left = (size_t)(rr->rdata + rr->octets - at);
    return (size_t)(rdata + octets - to) == left && memcmp(at, to, left) == 0;
}

uint16_t stored_rdata(const struct stored *rr, const struct name *apex,
                      uint8_t rdata[STORED_RDATA_MAX])
{
    const struct form form = form_of(rr->type);
    const uint8_t *at = rr->rdata;
    uint8_t *to = rdata;
    memcpy(to, at, form.octets);
    at += form.octets;
    to += form.octets;
    for (unsigned i = 0; i < form.names; i++) {
        struct walk walk = walk_from(rr, apex, at);
        const uint8_t *label;
        do {
            label = next_label(&walk);
            memcpy(to, label, 1u + label[0]);
            to += 1 + label[0];
        } while (label[0] != 0);
        at = walk.end;
    }
    const size_t left = (size_t)(rr->rdata + rr->octets - at);
    memcpy(to, at, left);
    return (uint16_t)(to + left - rdata);
}

size_t stored_node_octets(const struct node *node)
{
    const struct block *block = node_first(node);
    for (unsigned i = 0; i < node->blocks; i++)
        block = block_next(block);
    return (size_t)((const uint8_t *)block - (const uint8_t *)node);
}

int stored_each(const struct node *node, int (*visit)(void *context, const struct stored *rr),
                void *context)
{
    const struct block *block = node_first(node);
    for (unsigned i = 0; i < node->blocks; i++, block = block_next(block)) {
        if (block->type == BLOCK_GLUE)
            continue;
        for (struct stored rr = stored_first(node, block); rr.at != NULL;
             rr = stored_next(&rr)) {
            const int stop = visit(context, &rr);
            if (stop != 0)
                return stop;
        }
    }
    return 0;
}
