/* verify_rrsig.h -- whether an RRSIG fits an RRset
 * For zone/verify.c. */
#ifndef PHAROS_ZONE_VERIFY_RRSIG_H
#define PHAROS_ZONE_VERIFY_RRSIG_H

#include "zone/canonical.h"
#include "zone/zone.h"

#include <ldns/ldns.h>

/* A DNSKEY of the apex that signs zones. */
struct zone_key {
    const uint8_t *key; /* the public key, as the algorithm has it */
    uint16_t octets;
    uint16_t tag;
    uint8_t algorithm;
    bool revoked; /* RFC 5011 section 2.1: signs the DNSKEY RRset alone */
    bool known;   /* its algorithm can be verified here */
};

/* The keys of a zone, and room to verify with them. */
struct rrsig_keys {
    const struct zone *zone;
    struct zone_key *key;
    size_t count;
    ldns_buffer *covered, *signature;
};

/* RFC 4034 section 3.1. */
struct rrsig {
    uint16_t covered;
    uint8_t algorithm, labels;
    uint32_t original_ttl, expiry, inception;
    uint16_t tag;
    const uint8_t *rdata;
    size_t octets;
    size_t signer_octets;
};

enum verdict {
    VERDICT_GOOD,
    VERDICT_UNKNOWN, /* no one here can tell */
    VERDICT_SIGNER,
    VERDICT_LABELS,
    VERDICT_NO_KEY,
    VERDICT_EXPIRED,
    VERDICT_EARLY,
    VERDICT_BAD,
};

/* Reads the RDATA of an RRSIG, whose form was checked when it was read; it's borrowed. */
struct rrsig rrsig_read(const uint8_t *rdata, size_t octets);

/* Labels as RRSIGs count them: without the root's and a leading asterisk (section 3.1.3). */
unsigned rrsig_labels(const struct name *owner);

/* Whether it fits the RRset, sorted, of `owner` when it is `at`, seconds since 1970: RFC 4035
 * section 5.3.1. */
enum verdict rrsig_judge(struct rrsig_keys *keys, const struct name *owner,
                         const struct canonical *rrset, const struct rrsig *rrsig, int64_t at);

#endif
