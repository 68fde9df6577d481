/* node.h -- nodes and RRset blocks as they lie in a zone's arena
 *
 *     node    flags (8 bits), octets of the relative owner (8 bits), RRset blocks (16 bits);
 *             the owner's labels that stand before the apex, lower case, without the apex;
 *             zeros up to a whole unit; the blocks, one after the other
 *     block   struct block; `npointers` 16-bit offsets; `wire_octets` + `sig_octets` octets of
 *             RRs; zeros up to a whole unit
 *
 * A block's octets are RRs ready for a message. They are laid out as if the block followed a
 * question whose QNAME is the block's owner name: QNAME at 12, the block at 16 + owner octets.
 * The owner of every RR is the pointer 0xC00C (except in BLOCK_GLUE). A pointer in RDATA that
 * aims below 16 + owner octets aims into QNAME; any other aims into the block itself. Both
 * kinds are listed by their offset into the block's octets. RRs that only DO asks for (RRSIG)
 * are the tail: without DO the first `count` RRs, `wire_octets` octets, are the block.
 *
 * Integers in headers are in host byte order, all else in network byte order. */
#ifndef PHAROS_ZONE_NODE_H
#define PHAROS_ZONE_NODE_H

#include "zone/arena.h"

#include <stdbool.h>

enum node_flag {
    NODE_APEX = 1,
    NODE_CUT = 2,            /* NS below the apex, not itself below a cut or DNAME */
    NODE_BELOW_CUT = 4,      /* occluded: glue, and what should not be there */
    NODE_WILDCARD_CHILD = 8, /* a child "*" exists */
    NODE_EMPTY = 16,         /* an empty non-terminal */
    NODE_DNAME = 32,
    NODE_CNAME = 64,
    NODE_BELOW_DNAME = 128, /* occluded */
};

struct node {
    uint8_t flags; /* enum node_flag, or'ed */
    uint8_t owner_octets;
    uint16_t blocks;
    /* uint8_t owner[owner_octets] */
};

enum {
    /* The type of the block that holds the glue of the NS block before it in its node: A and
     * AAAA RRs of name servers at or below the owner (at the apex: in the zone and not
     * occluded). Type 0 is reserved (RFC 6895), so no RRset has it. Its RRs' owners are
     * pointers into the NS block, listed like the rest; a target counts from 16 + owner octets
     * as if the glue block stood there in the NS block's place. */
    BLOCK_GLUE = 0,
};

enum block_flag {
    /* NS at a cut: some name server is in this zone, but not at or below the cut. */
    BLOCK_SIBLING = 1,
    /* Some name server at or below the cut: its glue is required (RFC 9471 section 3.1). */
    BLOCK_IN_DOMAIN = 2,
};

struct block {
    uint16_t type;
    uint16_t count; /* RRs, not counting signatures: at least 1, but 0 in a block of RRSIGs
                     * whose RRset doesn't exist */
    uint16_t wire_octets; /* of those */
    uint16_t sig_octets;  /* of the RRSIGs that follow them */
    uint16_t npointers;   /* all are in the first `wire_octets`, in ascending order */
    uint8_t sig_count;
    uint8_t flags; /* enum block_flag, or'ed */
    /* uint16_t pointer[npointers]; uint8_t wire[wire_octets + sig_octets] */
};

_Static_assert(sizeof(struct node) == 4, "a node's header is one unit");
_Static_assert(sizeof(struct block) == 12, "a block's header is three units");

static inline size_t arena_round(size_t octets)
{
    return (octets + ARENA_UNIT - 1) & ~(size_t)(ARENA_UNIT - 1);
}

static inline const uint8_t *node_owner(const struct node *node)
{
    return (const uint8_t *)(node + 1);
}

static inline const struct block *node_first(const struct node *node)
{
    return (const void *)((const uint8_t *)node
                          + arena_round(sizeof *node + node->owner_octets));
}

static inline const uint16_t *block_pointers(const struct block *block)
{
    return (const uint16_t *)(block + 1);
}

static inline const uint8_t *block_wire(const struct block *block)
{
    return (const uint8_t *)(block_pointers(block) + block->npointers);
}

/* Octets of a block with its header, up to the next one. */
static inline size_t block_octets(const struct block *block)
{
    return arena_round(sizeof *block + 2u * block->npointers + block->wire_octets
                       + block->sig_octets);
}

static inline const struct block *block_next(const struct block *block)
{
    return (const void *)((const uint8_t *)block + block_octets(block));
}

/* The node's block of a type, or NULL. Blocks stand in ascending order of their types, except
 * that BLOCK_GLUE follows NS. */
static inline const struct block *node_block(const struct node *node, uint16_t type)
{
    const struct block *block = node_first(node);
    for (unsigned i = 0; i < node->blocks; i++, block = block_next(block))
        if (block->type == type)
            return block;
    return NULL;
}

#endif
