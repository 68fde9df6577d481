/* ready.h -- what negative answers of a zone have in common, ready to be copied
 * The SOA with the TTL of negative answers (RFC 2308 section 3), its signatures, and the proofs that go with every
 * name whose closest encloser is the apex: the NSEC or NSEC3 that denies the wildcard there, and the apex's NSEC3
 * (RFC 4035 section 3.1.3.2, RFC 5155 section 7.2.2). They are laid out one after the other, made once for a version
 * of a zone and kept in its arena.
 *
 *     struct ready; offsets of 16 bits, of all pointers; the RRs
 *
 * Offsets count from the first RR. As in blocks (zone/node.h) everything is true for a message whose QNAME is the
 * apex and where it follows the question; in others pointers move. Unlike there the owners are listed as well. */
#ifndef PHAROS_ZONE_READY_H
#define PHAROS_ZONE_READY_H

#include "zone/zone.h"

/* How far to copy. */
enum ready_extent {
    READY_SOA,
    READY_SIGNED, /* with the SOA's RRSIGs */
    READY_APEX,   /* with what denies names below the apex */
    READY_EXTENTS
};

struct ready {
    struct ready_extent_of {
        uint16_t octets; /* 0: there's no such thing */
        uint8_t rrs;
        uint8_t apexes; /* pointers to the apex itself, which are listed first */
        /* Pointers into its suffixes, or to what lies here; listed from `others_at` on. */
        uint8_t others;
        uint8_t unused;
    } extent[READY_EXTENTS];
    uint16_t others_at;
    uint16_t wire_at; /* octets from the first offset on */
    /* uint16_t offset[]; uint8_t wire[] */
};

_Static_assert(sizeof(struct ready) == 22, "no padding, whose octets are nothing");

static inline const struct ready *zone_ready(const struct zone *zone)
{
    return arena_at(&zone->arena, zone->ready);
}

static inline const uint16_t *ready_offsets(const struct ready *ready)
{
    return (const uint16_t *)(ready + 1);
}

static inline const uint8_t *ready_wire(const struct ready *ready)
{
    return (const uint8_t *)(ready + 1) + ready->wire_at;
}

/* Makes it of a zone whose apex is read. Returns 0 or -ENOMEM. */
int ready_make(struct zone *zone);

#endif
