/* upsert.h -- a new version of a zone in the arena of the one before
 * Where a zone file changed in few names only their nodes are made, by the same assembly as whole zones', and put
 * into the tries copy-on-write; all else is shared. What comes of it answers as a zone built of the whole file,
 * node by node (tests/zone/test_upsert.c). */
#ifndef PHAROS_ZONE_UPSERT_H
#define PHAROS_ZONE_UPSERT_H

#include "zone/check.h"
#include "zone/difference.h"

/* Whether versions can be made of this one. Not where the arena is small, or grew by a quarter since it was made:
 * then a whole new one leaves behind what isn't reached any more. */
bool upsert_possible(const struct zone *zone);

/* Names up to which it's worth while. */
size_t upsert_names_max(const struct zone *zone);

/* Makes the version that `difference`, from a whole file, and `added`, the RRs that it has in addition (sorted),
 * tell. Readers of the version before may go on meanwhile and after; only one version is made at a time, of the
 * newest. Warnings, about what changed, go to the reporter. Returns 0 and the version, to be freed with
 * zone_free(); -EALREADY where it would be the same; or -E2BIG where the zone is to be built whole: there's too
 * much, or something is wrong with it, which the building of the whole file can best tell. */
int upsert(struct zone **out, const struct difference *difference, const struct records *added,
           const struct reporter *reporter);

#endif
