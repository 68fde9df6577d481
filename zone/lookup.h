/* lookup.h -- what zones say about names
 * The search of RFC 1034 section 4.3.2, with wildcards as RFC 4592 and DNAME as RFC 6672 have
 * them. It neither allocates nor fails: every name at or below an apex has exactly one of the
 * outcomes below. */
#ifndef PHAROS_ZONE_LOOKUP_H
#define PHAROS_ZONE_LOOKUP_H

#include "zone/directory.h"
#include "zone/zone.h"

enum outcome {
    OUTCOME_NO_ZONE,        /* no zone of the view is at or above the name */
    OUTCOME_NO_DATA_LOADED, /* its zone is served but couldn't be loaded */
    OUTCOME_REFERRAL,       /* `node` is the zone cut at or above the name */
    OUTCOME_DNAME,          /* `node` is above the name; `block` is its DNAME */
    OUTCOME_CNAME,          /* `node` matches; `block` is its CNAME, and it wasn't asked for */
    OUTCOME_ANSWER,         /* `node` matches; `block` has the type asked for */
    OUTCOME_NODATA,         /* `node` matches and has no such type */
    OUTCOME_NXDOMAIN,       /* nothing matches; `node` is the closest encloser */
};

enum { LOOKUP_DEPTH_MAX = NAME_LABELS_MAX + 1 };

/* One question on its way through the tries. The caller fills the first part; view_find() the
 * zone; zone_lookup() the rest. References are into the zone's arena. */
struct lookup {
    const struct name *qname; /* lower case; borrowed */
    const uint8_t *key;       /* the key of the whole of it; borrowed */
    uint16_t symbols;         /* of `key` */
    uint16_t qtype; /* host order. ANY (255) finds any node that owns a block, and RRSIG (46)
                     * any that has signatures: OUTCOME_ANSWER with `block` NULL; what to
                     * take from the node is the caller's choice */

    bool child_side; /* look DS at an apex up in its own zone, not in the one above */

    const struct zone *zone;
    enum outcome outcome;
    bool wildcard;             /* `node` is the source of synthesis, "*.<closest encloser>" */
    const struct node *node;   /* where the outcome names one */
    const struct block *block; /* NULL where the outcome names none */
    const struct node
        *encloser; /* the closest encloser where `wildcard` or NXDOMAIN; else NULL */
    /* Where there's an encloser: */
    uint16_t shared; /* its symbols, of those of `key` that come after the apex's */
    uint8_t closer;  /* octets before the apex's of the next closer name, a suffix of QNAME */
    uint32_t
        below; /* the branch of the names below the encloser; 0: it's `nearest`, without any */
    uint32_t nearest; /* the leaf that the walk came to, and its node */
    const struct node *nearest_node;

    /* The search's own: branches passed at label boundaries, from the apex down. */
    uint16_t depth;
    uint32_t boundary[LOOKUP_DEPTH_MAX];
};

/* Finds the zone of each name: the one with the most labels that is at or above it. With qtype
 * DS (43) and a name that is itself an apex, the zone above it where that one is served as
 * well, since DS belongs to the parent's side (RFC 4035 section 3.1.4.1). `zone` is NULL and
 * the outcome OUTCOME_NO_ZONE where there's none. One level of the trie a round, as below. */
void view_find(const struct view *view, struct lookup *lookups, size_t count);

/* Looks `count` questions up, each in its `zone` (those without one are passed over), one level
 * of the tries a round, so that their cache misses overlap: a batch of 32 at ten million names
 * costs an eighth of as many single searches (bench/lookup).
 *
 * Lifetime: results borrow from the zones; use them while the view is held.
 * Threads:  any number at once, since a published version never changes. */
void zone_lookup(struct lookup *lookups, size_t count);

/* The node of exactly this name in the lookup's zone, occluded or not, or NULL: for the
 * addresses of sibling name servers. `qtype` and outcome aren't used. */
void zone_find_exact(struct lookup *lookups, size_t count);

#endif
