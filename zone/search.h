/* search.h -- the nodes at or before keys, a batch at a time
 * For proofs that something doesn't exist: among the marked nodes of a trie the one whose name is the
 * greatest that isn't above the name looked for. Chains of NSEC and NSEC3 are circular, so below the
 * first comes the last. */
#ifndef PHAROS_ZONE_SEARCH_H
#define PHAROS_ZONE_SEARCH_H

#include "zone/zone.h"

/* The branches of a path that are remembered: nearly always the key forks off at one of the last few and has
 * a smaller marked twig there; otherwise the search is done again the slow way. */
enum { SEARCH_PASSED = 16 };

struct search {
    const struct zone *zone;
    uint32_t root;      /* of which of its tries */
    const uint8_t *key; /* relative to the apex; borrowed */
    uint16_t symbols;
    const uint8_t *label; /* where the key is that of a hashed owner: its label's NSEC3_LABEL octets, borrowed,
                           * which are compared in place of keys; else NULL */

    const struct node *node; /* NULL: none is marked */
    bool exact;              /* the node has the very key */

    /* The search's own. */
    uint32_t at;
    uint32_t value;
    uint32_t passed[SEARCH_PASSED]; /* the last branches on the way to `at`, as a ring */
    uint16_t depth;                 /* how many there were in all */
};

/* Any number of threads; results borrow from the zones. */
void zone_search(struct search *searches, size_t count);

#endif
