/* search.h -- the nodes at or before keys, a batch at a time
 * For proofs that something doesn't exist: among the marked nodes of a trie the one whose name is the
 * greatest that isn't above the name looked for. Chains of NSEC and NSEC3 are circular, so below the
 * first comes the last. */
#ifndef PHAROS_ZONE_SEARCH_H
#define PHAROS_ZONE_SEARCH_H

#include "zone/zone.h"

struct search {
    const struct zone *zone;
    uint32_t root;      /* of which of its tries */
    const uint8_t *key; /* relative to the apex; borrowed */
    uint16_t symbols;
    const uint8_t *label; /* where the key is that of a hashed owner: its label's NSEC3_LABEL octets, borrowed,
                           * which are compared in place of keys; else NULL */

    /* What a walk along the key has shown already: a cell below which all keys begin as `key` does; at which offset
     * `key` forks off, and whether it comes after what goes on from there. */
    uint32_t from; /* 0: nothing is known */
    uint16_t fork;
    bool after;

    const struct node *node; /* NULL: none is marked */

    /* The search's own. */
    const uint8_t *octets; /* of the arena */
    uint32_t at;
    /* The twig before the key's, at the last branch passed that has one; 0: none. */
    uint32_t smaller;
    uint16_t offset;  /* of the last branch at which the key was asked for its symbol */
    uint8_t course;

    bool exact; /* the node has the very key */
};

/* Any number of threads; results borrow from the zones. */
void zone_search(struct search *searches, size_t count);

#endif
