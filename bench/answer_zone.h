/* answer_zone.h -- the zone that bench_respond asks */
#ifndef PHAROS_BENCH_ANSWER_ZONE_H
#define PHAROS_BENCH_ANSWER_ZONE_H

#include <stddef.h>

enum chain { CHAIN_NONE, CHAIN_NSEC, CHAIN_NSEC3, CHAINS };

/* The text of zone "example": host0 to host999 with two addresses each, and child0 to child999
 * with two servers and their glue. With a chain all RRsets have an RRSIG of 64 octets, as
 * ECDSA's are, but a made-up one. NSEC3 is without salt, iterations and opt-out. NULL: out of
 * memory; to be freed. */
char *answer_zone_text(enum chain chain, size_t *len);

#endif
