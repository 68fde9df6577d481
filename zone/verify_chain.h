/* verify_chain.h -- whether a zone's chains of NSEC and NSEC3 prove what they should
 * For zone/verify.c. */
#ifndef PHAROS_ZONE_VERIFY_CHAIN_H
#define PHAROS_ZONE_VERIFY_CHAIN_H

#include "zone/notes.h"
#include "zone/zone.h"

/* Each name's NSEC is there, names the next one and has the types that are there, and so round
 * to the apex (RFC 4034 section 4, RFC 4035 section 2.3). Returns 0 or -ENOMEM; errors are
 * in `notes`. */
int verify_nsec(const struct zone *zone, const char *file, struct notes *notes);

/* The same for the chain of NSEC3 that the zone uses, empty non-terminals included; insecure
 * delegations, and empty non-terminals that lead to nothing else, may be left out where the NSEC3
 * before has the opt-out flag (RFC 5155 sections 6 and 7.1). */
int verify_nsec3(const struct zone *zone, const char *file, struct notes *notes);

#endif
