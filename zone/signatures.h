/* signatures.h -- how long the signatures of a zone are good
 * RFC 4034 section 3.1.5: inception and expiration are 32-bit seconds since 1970 that wrap around, so
 * they are compared as serial numbers (RFC 1982) and mean the time nearest to now. No clock is read
 * here: who asks says what time it is. */
#ifndef PHAROS_ZONE_SIGNATURES_H
#define PHAROS_ZONE_SIGNATURES_H

#include "zone/name.h"
#include "zone/notes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zone;

/* The RRSIGs of a zone, occluded ones left out. */
struct signatures {
    uint64_t count;       /* 0: none, and nothing below means anything */
    uint32_t expiry;      /* the soonest at which an RRset is left without a signature by one of
                         * the algorithms that sign it */
    uint32_t inception;   /* the latest */
    uint32_t expiry_node; /* whose RRset that is, */
    uint16_t expiry_type; /* and which */
};

/* The fixed part of an RRSIG's RDATA, before the signer's name: section 3.1. */
struct rrsig_times {
    uint8_t algorithm;
    uint32_t expiry, inception;
};
enum { RRSIG_FIXED = 18 };

/* `rdata` has at least RRSIG_FIXED octets. */
struct rrsig_times rrsig_times(const uint8_t *rdata);

/* True where the serial number `a` is before `b`. */
static inline bool serial_before(uint32_t a, uint32_t b)
{
    return a != b && b - a < UINT32_C(1) << 31;
}

/* Counts the signatures of an RRset in: `rdata` of `count` of them. */
void signatures_add(struct signatures *signatures, uint32_t node, uint16_t type,
                    const uint8_t *const *rdata, size_t count);

/* The time that a field of an RRSIG means when it is `now`: both in seconds since 1970. */
int64_t signatures_time(uint32_t field, int64_t now);

enum {
    TIME_TEXT_MAX = 32,
    /* How long before they expire to warn of signatures, unless told otherwise: a day. Signers that
     * work renew them earlier: BIND five days, Knot a day and a half before by default. */
    SIGNATURES_WARN_S = 86400,
};

/* As 2026-11-23T12:00:00Z. Returns `text`. */
const char *signatures_time_text(int64_t at, char text[TIME_TEXT_MAX]);

/* Reads YYYYMMDDHHmmSS or seconds since 1970, the forms of RRSIG's text (section 3.2). Returns false
 * for neither. */
bool signatures_time_from_text(const char *text, int64_t *at);

/* Warns, in one note about `file`, where at `now` signatures have expired, will within `within_s`
 * seconds, or aren't valid yet. Returns whether it did. */
bool signatures_warn(const struct zone *zone, int64_t now, int64_t within_s, const char *file,
                     struct notes *notes);

#endif
