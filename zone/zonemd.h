/* zonemd.h -- the message digest of a zone (RFC 8976) */
#ifndef PHAROS_ZONE_ZONEMD_H
#define PHAROS_ZONE_ZONEMD_H

#include "zone/notes.h"
#include "zone/zone.h"

enum {
    RRTYPE_ZONEMD = 63,
    ZONEMD_SCHEME_SIMPLE = 1,
    ZONEMD_SHA384 = 1,
    ZONEMD_SHA512 = 2,
    ZONEMD_OCTETS_MAX = 64,
};

/* The digest of the SIMPLE scheme with one of the two hash algorithms. Returns its octets, or
 * -ENOMEM. */
int zonemd_digest(const struct zone *zone, uint8_t algorithm,
                  uint8_t digest[ZONEMD_OCTETS_MAX]);

/* Verifies as section 4 has it: one ZONEMD RR that fits the zone is enough. What is wrong is told
 * to `notes`, about `file`: ZONEMD that none fits is an error, and so is a zone without one where
 * it's `required`; one that can't be verified here is a warning. A zone without ZONEMD is good.
 * Returns 0, -EBADMSG with an error noted, or -ENOMEM. */
int zonemd_verify(const struct zone *zone, bool required, const char *file,
                  struct notes *notes);

#endif
