/* nsec3.h -- hashed owner names (RFC 5155 section 5) */
#ifndef PHAROS_ZONE_NSEC3_H
#define PHAROS_ZONE_NSEC3_H

#include "zone/name.h"

enum {
    NSEC3_HASH_OCTETS = 20, /* SHA-1, the only algorithm that was ever defined */
    NSEC3_LABEL = 32,       /* of such a hash in base32hex */
    /* Above, common validators take a zone for unsigned: BIND since 2024, whose limit was 150 before
     * (RFC 9276 section 3.2 lets it go down to 0). */
    NSEC3_ITERATIONS_MAX = 50,
    /* The most that RFC 5155 section 10.3 ever allowed, for the largest keys. A question may cost three
     * hashes: with more, a batch of them would stop a worker for so long that it looked hung. */
    NSEC3_ITERATIONS_REFUSED = 2500,
};

/* How a chain hashes: the RDATA of its NSEC3PARAM, or the start of that of one of its NSEC3 RRs, which
 * have the same layout: algorithm, flags, iterations, salt. */
struct nsec3_params {
    uint16_t iterations;
    uint8_t salt_octets;
    const uint8_t *salt; /* borrowed */
};

/* Reads them. Returns false where the algorithm isn't SHA-1 or the octets are cut short. */
bool nsec3_params_read(struct nsec3_params *params, const uint8_t *rdata, size_t octets);

bool nsec3_params_equal(const struct nsec3_params *a, const struct nsec3_params *b);

/* The hash of a name in wire form, lower case. */
void nsec3_hash(const struct nsec3_params *params, const uint8_t *name, size_t octets,
                uint8_t hash[NSEC3_HASH_OCTETS]);

/* The owner that a hash has in a zone: its label in base32hex, without the length octet, and its key
 * relative to the apex. Returns the key's symbols. */
size_t nsec3_key(const uint8_t hash[NSEC3_HASH_OCTETS], uint8_t key[NSEC3_LABEL + 1],
                 uint8_t label[NSEC3_LABEL]);

/* Both at once, for a name in wire form. */
size_t nsec3_hashed_key(const struct nsec3_params *params, const uint8_t *name, size_t octets,
                        uint8_t key[NSEC3_LABEL + 1], uint8_t label[NSEC3_LABEL]);

#endif
