/* targets.h -- NS and MX records whose targets are to be looked at in the finished zone
 * The records are gone by then: what they say is in the zone, and kept is only where it stands and where it was read,
 * a few octets an RRset. */
#ifndef PHAROS_ZONE_TARGETS_H
#define PHAROS_ZONE_TARGETS_H

#include "zone/check.h"

/* Zeros are an empty list. */
struct targets {
    struct varint_list
        list; /* an RRset: distance of its node with MX in bit 0, then the records' places */
    uint32_t node;      /* the last one */
    struct record last; /* its place */
};

/* Appends the records of an NS or MX RRset of `node`; nodes come in ascending order. Returns 0 or -ENOMEM. */
int targets_add(struct targets *targets, uint32_t node, const struct gathering *gathering,
                const struct rrset *rrset);
void targets_fini(struct targets *targets);

/* Has check_target() look at all of them. Returns 0 or -ENOMEM. */
int targets_check(const struct targets *targets, const struct reporter *reporter,
                  const struct zone *zone);

#endif
