/* verify.h -- whether a signed zone is signed well
 * What a signer owes: each authoritative RRset has a signature that verifies with a key of the apex
 * (RFC 4035 section 2.2), and the chain of NSEC (section 2.3) or NSEC3 (RFC 5155 section 7.1) is
 * complete. What isn't authoritative is left alone, as validators do.
 *
 * A signature by ECDSA costs about 0.1 ms: a zone of a million RRsets takes minutes. */
#ifndef PHAROS_ZONE_VERIFY_H
#define PHAROS_ZONE_VERIFY_H

#include "zone/notes.h"
#include "zone/zone.h"

struct verify_options {
    int64_t now; /* seconds since 1970: what signatures must be valid at */
    /* Called for each owner; may be NULL. Returning true abandons it: -ECANCELED. */
    bool (*cancelled)(void *context);
    void *context;
};

/* True where the zone means to be signed: its apex has a DNSKEY, or its SOA a signature. */
bool zone_is_signed(const struct zone *zone);

/* Verifies all of it. Errors, about `file`: what a validating resolver would refuse. Warnings:
 * what it lets pass but no signer should do, a signature beside a good one that isn't, and what
 * can't be verified here. A zone that isn't signed is an error. It stops at NOTES_ERRORS_MAX
 * errors. Returns 0, -EBADMSG with errors noted, -ECANCELED or -ENOMEM. */
int zone_verify(const struct zone *zone, const struct verify_options *options, const char *file,
                struct notes *notes);

#endif
