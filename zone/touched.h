/* touched.h -- the names whose nodes a new version has made anew
 * A set with the nodes that the names have in the version before. One thread at a time. */
#ifndef PHAROS_ZONE_TOUCHED_H
#define PHAROS_ZONE_TOUCHED_H

#include "zone/zone.h"

enum touched_flag {
    TOUCHED_CHANGED = 1,  /* the file says something else of it than the version before */
    TOUCHED_LIVE = 2,     /* a touched name below it owns RRs now */
    TOUCHED_NAME = 4,     /* it has a node among the names now, */
    TOUCHED_HASHED = 8,   /* or among the NSEC3 owners */
    TOUCHED_DIFFERS = 16, /* and that isn't what it was, or is gone */
};

struct touched_name {
    uint32_t node, hashed; /* in the version before; 0: none */
    uint8_t flags;         /* enum touched_flag, or'ed */
    uint8_t octets;
    /* uint8_t owner[octets]: relative, lower case */
};

static inline const uint8_t *touched_owner(const struct touched_name *name)
{
    return (const uint8_t *)(name + 1);
}

struct touched {
    struct arena arena;
    struct trie trie;
    uint32_t *name; /* references, in the order in which they were added */
    size_t count, capacity;
};

/* The set must stay where it is. Returns 0 or -ENOMEM. */
int touched_init(struct touched *touched);
void touched_fini(struct touched *touched);

/* The name at an index, or of a relative owner (NULL: it isn't in the set). Valid until one is added. */
struct touched_name *touched_at(const struct touched *touched, size_t index);
struct touched_name *touched_find(const struct touched *touched, const uint8_t *owner,
                                  uint8_t octets);

/* Adds a name that isn't in it. Returns 0 or -ENOMEM. */
int touched_add(struct touched *touched, const uint8_t *owner, uint8_t octets, uint32_t node,
                uint32_t hashed);

#endif
