/* stored.h -- single RRs as they lie in a zone's blocks
 * Blocks hold names in RDATA compressed, against their owner and each other; here RRs are compared with, and
 * written out as, what a zone file says, octet by octet. Not for blocks of glue. Any number of threads. */
#ifndef PHAROS_ZONE_STORED_H
#define PHAROS_ZONE_STORED_H

#include "zone/zone.h"

enum { STORED_RDATA_MAX = 65535 };

/* An RR of a block; `at` NULL: none. */
struct stored {
    const struct node *node;
    const struct block *block;
    const uint8_t *at;    /* its first octet, the owner pointer */
    const uint8_t *rdata; /* compressed */
    uint16_t type;
    uint16_t octets; /* of `rdata` */
    uint32_t ttl;
};

/* The first RR of a block, and the one after `rr`; signatures come last. */
struct stored stored_first(const struct node *node, const struct block *block);
struct stored stored_next(const struct stored *rr);

/* Whether an RR has this RDATA (uncompressed). `apex` is the zone's. */
bool stored_equal(const struct stored *rr, const struct name *apex, const uint8_t *rdata,
                  uint16_t octets);

/* Writes its RDATA out; returns the octets. */
uint16_t stored_rdata(const struct stored *rr, const struct name *apex,
                      uint8_t rdata[STORED_RDATA_MAX]);

/* Octets of a node with its blocks. */
size_t stored_node_octets(const struct node *node);

/* Calls `visit` for each RR of a node, glue left out, until it returns non-zero, which is then returned. */
int stored_each(const struct node *node, int (*visit)(void *context, const struct stored *rr),
                void *context);

#endif
