/* difference.h -- what a zone file says that the served version doesn't, and what it says no more
 * RRs of the file are looked up one by one in the served version, which isn't changed: what is there gets a bit,
 * what isn't is the caller's to keep. So a file with few changes costs hardly any memory. The comparison is
 * octet by octet, with TTL; what only means the same counts as different. One thread at a time. */
#ifndef PHAROS_ZONE_DIFFERENCE_H
#define PHAROS_ZONE_DIFFERENCE_H

#include "zone/stored.h"

struct difference {
    const struct zone *zone; /* borrowed */
    struct trie names, hashed;
    uint8_t *kept; /* a bit for each unit of the arena: the RR that begins in it stays. No RR is
                         * shorter than three units */
    size_t kept_octets; /* of the bitmap, which is a mapping */
    uint64_t kept_count;

    /* The owner of the last RR, as it came, and its nodes, once they were looked for. */
    struct name owner;
    const struct node *node, *hashed_node;
    bool sought, hashed_sought;
    struct stored last; /* the last one found: mostly the next comes after it */
};

/* Returns 0 or -ENOMEM. */
int difference_init(struct difference *difference, const struct zone *zone);
void difference_fini(struct difference *difference);

/* Notes an RR of the file. Returns true where the zone has it (the first time that it comes). */
bool difference_note(struct difference *difference, const struct name *owner, uint16_t type,
                     uint32_t ttl, const uint8_t *rdata, uint16_t octets);

/* Whether the file had an RR of the zone. */
bool difference_keeps(const struct difference *difference, const struct stored *rr);

/* The node of a relative owner (lower case) among the names, or the NSEC3 owners; 0: none. */
uint32_t difference_find(const struct difference *difference, bool hashed, const uint8_t *owner,
                         uint8_t octets);

/* Calls `visit` for each node, of names and then of NSEC3 owners, some RR of which isn't kept, until it returns
 * non-zero, which is then returned. */
int difference_lost(const struct difference *difference,
                    int (*visit)(void *context, const struct node *node), void *context);

#endif
