/* denial.h -- what NSEC and NSEC3 records prove about a zone
 * RFC 4035 section 5.4, RFC 5155 section 8 and RFC 6840 section 4, from the validator's side. The
 * records' signatures are the caller's business. All functions are pure. */
#ifndef PHAROS_TESTS_DIFFERENTIAL_DENIAL_H
#define PHAROS_TESTS_DIFFERENTIAL_DENIAL_H

#include "tests/differential/labels.h"

enum { DENIALS_MAX = 96, HASH_OCTETS = 20, BITMAP_OCTETS_MAX = 512 };

/* One NSEC or NSEC3. What a hash stands for isn't known: an NSEC3 has no names but hashes. */
struct denial {
    bool hashed;
    struct labels owner, next;                /* of an NSEC */
    uint8_t at[HASH_OCTETS], to[HASH_OCTETS]; /* of an NSEC3 */
    uint16_t iterations;
    uint8_t salt_octets;
    uint8_t salt[255];
    bool opt_out;
    uint16_t bitmap_octets;
    uint8_t bitmap[BITMAP_OCTETS_MAX]; /* of types, as in the RDATA */
};

/* All that an answer has of one zone. */
struct denials {
    struct labels apex;
    const struct labels *cuts; /* the zone's delegations; borrowed */
    size_t cut_count;
    size_t count;
    struct denial each[DENIALS_MAX];
};

/* Reads an NSEC or NSEC3 into `denials`, from its owner and RDATA. Returns false for what none
 * is, and for one too many. */
bool denials_add(struct denials *denials, bool hashed, const struct labels *owner,
                 const uint8_t *rdata, size_t octets);

/* How it is shown that a name or its data isn't there. */
enum shown {
    SHOWN_ABSENT,   /* neither the name nor a wildcard for it */
    SHOWN_AT_NAME,  /* by a record at the name */
    SHOWN_EMPTY,    /* by an NSEC over an empty non-terminal */
    SHOWN_WILDCARD, /* for the wildcard in the name's place */
    SHOWN_OPT_OUT, /* it can't be: opt-out leaves a delegation open, or an empty non-terminal above
                       one (RFC 5155 section 7.1) */
};

/* Each returns NULL where the claim is proved, else what is missing, in words. Names are in the
 * zone. */

/* There is no such name, nor a wildcard for it. `*how` is set where that is shown. */
const char *denials_name_error(const struct denials *denials, const struct labels *qname,
                               enum shown *how);

/* The name, or the wildcard for it, has no RRset of the type (ANY: of any type) and no CNAME; or
 * opt-out leaves it open whether there is one. `*how` is set where that is shown. */
const char *denials_no_data(const struct denials *denials, const struct labels *qname,
                            uint16_t qtype, enum shown *how);

/* There is no DS at the zone cut, which is one. */
const char *denials_no_ds(const struct denials *denials, const struct labels *cut);

/* Nothing is nearer to `qname` than the wildcard below its ancestor of `encloser` labels. */
const char *denials_no_closer(const struct denials *denials, const struct labels *qname,
                              size_t encloser);

#endif
