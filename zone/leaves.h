/* leaves.h -- which nodes a trie is to be built over
 * The nodes that were appended to an arena, in canonical order and so one behind the other: one or two octets
 * each, since a zone with all its leaves is in memory beside the version that it follows. */
#ifndef PHAROS_ZONE_LEAVES_H
#define PHAROS_ZONE_LEAVES_H

#include "zone/varint.h"

#include <stdbool.h>

/* Zeros are an empty list. */
struct leaves {
    struct varint_list list; /* distances, each with its mark in bit 0 */
    uint32_t last;
};

/* Appends a node, whose reference is above the last one's (asserted). Returns 0 or -ENOMEM. */
int leaves_add(struct leaves *leaves, uint32_t node, bool mark);
void leaves_fini(struct leaves *leaves);

struct leaf {
    const uint8_t *after; /* in the list */
    uint32_t node;        /* 0: there's none */
    bool mark;
};

/* The first leaf, and the one after `leaf`. */
struct leaf leaves_first(const struct leaves *leaves);
struct leaf leaves_next(const struct leaves *leaves, const struct leaf *leaf);

#endif
