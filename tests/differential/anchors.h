/* anchors.h -- the zones that are served, as a validator knows them: apex, keys and zone cuts */
#ifndef PHAROS_TESTS_DIFFERENTIAL_ANCHORS_H
#define PHAROS_TESTS_DIFFERENTIAL_ANCHORS_H

#include "tests/differential/labels.h"

#include <ldns/ldns.h>

enum { ANCHORS_MAX = 1024 };

struct anchor {
    struct labels apex;
    ldns_rr_list *keys; /* none: the zone is unsigned */
    size_t cut_count;
    struct labels *cuts; /* names below the apex with NS, this zone's glue and occluded data at
                            and below them */
};

struct anchors {
    size_t count;
    struct anchor each[ANCHORS_MAX];
};

void anchors_clear(struct anchors *anchors);

/* Each returns false for octets that are no name, or no key, or of no zone that was added, and
 * where there is no room. */
bool anchors_add(struct anchors *anchors, const uint8_t *apex, size_t octets);
bool anchors_add_key(struct anchors *anchors, const uint8_t *apex, size_t octets,
                     const uint8_t *rdata, size_t rdata_octets);
bool anchors_add_cut(struct anchors *anchors, const uint8_t *apex, size_t octets,
                     const uint8_t *name, size_t name_octets);

bool anchor_signed(const struct anchor *zone);

/* The zone at exactly this apex, or NULL. */
const struct anchor *anchors_at(const struct anchors *anchors, const struct labels *apex);

/* The zone that answers for a name and type, or NULL: the nearest, but for DS at an apex the one
 * above where that is served too (RFC 4035 section 3.1.4.1). */
const struct anchor *anchors_for(const struct anchors *anchors, const struct labels *name,
                                 uint16_t type);

/* Whether an RRset of the zone is its own: neither glue nor the NS of a zone cut. */
bool anchor_owns(const struct anchor *zone, const struct labels *owner, uint16_t type);

#endif
