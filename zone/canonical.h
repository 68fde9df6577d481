/* canonical.h -- the RRs of a zone in canonical form and order (RFC 4034 section 6)
 * What signatures and digests are made of. Blocks hold RDATA compressed and in the zone's case; here
 * names are written out, and lower case where RFC 4034 section 6.2 (as RFC 6840 section 5.1
 * corrects it) wants them so. One thread at a time. */
#ifndef PHAROS_ZONE_CANONICAL_H
#define PHAROS_ZONE_CANONICAL_H

#include "zone/zone.h"

struct canonical_rr {
    uint16_t type;
    uint16_t octets; /* of RDATA */
    uint32_t ttl;
    size_t at; /* where the RDATA begins in `octets` of the list */
};

/* RRs of one owner; zeroed it's empty. Memory is kept until canonical_fini(). */
struct canonical {
    struct canonical_rr *rr;
    size_t count, capacity;
    uint8_t *octets;
    size_t used, size;
};

/* Which of a block's RRs. */
enum canonical_part { CANONICAL_RRS, CANONICAL_SIGNATURES };

void canonical_fini(struct canonical *list);

static inline void canonical_clear(struct canonical *list)
{
    list->count = list->used = 0;
}

static inline const uint8_t *canonical_rdata(const struct canonical *list,
                                             const struct canonical_rr *rr)
{
    return list->octets + rr->at;
}

/* Appends RRs of a block (not of glue: their owners are others'), owned by `owner` (absolute,
 * lower case). Returns 0 or -ENOMEM. */
int canonical_add(struct canonical *list, const struct block *block, const struct name *owner,
                  enum canonical_part part);

/* Sorts by type, then by RDATA (RFC 4034 section 6.3), and drops duplicates. */
void canonical_sort(struct canonical *list);

/* An owner of a zone: its node among the names, or NULL, and its node among the NSEC3 owners, or
 * NULL. Not 0 ends the walk. */
typedef int canonical_visit(void *context, const struct name *owner, const struct node *node,
                            const struct node *nsec3);

/* Visits all owners, NSEC3 owners and occluded names among them, in canonical order. Returns 0,
 * -ENOMEM, or what `visit` gave. */
int canonical_walk(const struct zone *zone, canonical_visit *visit, void *context);

/* References of all nodes of one of the zone's tries, in canonical order; `*count` of them, the
 * caller's to free. Returns 0 or -ENOMEM. */
int canonical_nodes(const struct zone *zone, uint32_t root, uint32_t **nodes, size_t *count);

#endif
