/* nsec3.c -- hashed owner names
 * The three calls of SHA-1's own interface cost a sixth of what OpenSSL's one-shot and EVP ones do, which look
 * the algorithm up each time. OpenSSL calls it deprecated; RFC 5155 leaves no choice of algorithm. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "zone/nsec3.h"

#include "zone/wire.h"

#include <openssl/sha.h>

enum { ALGORITHM_SHA1 = 1, FIXED = 5 };

enum { DIGIT_SYMBOL = 0x04, LETTER_SYMBOL = 0x11 }; /* of "0" and "a" in a key */

enum { LANES = 16 };

typedef int8_t lanes __attribute__((vector_size(LANES))); /* what a comparison yields is 0 or -1 */

bool nsec3_params_read(struct nsec3_params *params, const uint8_t *rdata, size_t octets)
{
    if (octets < FIXED || rdata[0] != ALGORITHM_SHA1 || octets - FIXED < rdata[4])
        return false;
    params->iterations = wire_get16(rdata + 2);
    params->salt_octets = rdata[4];
    params->salt = rdata + FIXED;
    return true;
}

bool nsec3_params_equal(const struct nsec3_params *a, const struct nsec3_params *b)
{
    return a->iterations == b->iterations && a->salt_octets == b->salt_octets
        && memcmp(a->salt, b->salt, a->salt_octets) == 0;
}

void nsec3_hash(const struct nsec3_params *params, const uint8_t *name, size_t octets,
                uint8_t hash[NSEC3_HASH_OCTETS])
{
    SHA_CTX context;
    const void *from = name;
    for (unsigned round = 0; round <= params->iterations; round++) {
        SHA1_Init(&context);
        SHA1_Update(&context, from, octets);
        SHA1_Update(&context, params->salt, params->salt_octets);
        SHA1_Final(hash, &context);
        from = hash;
        octets = NSEC3_HASH_OCTETS;
    }
}

/* The 40 bits of five octets, five in each of eight octets, the first five in the highest. */
static uint64_t spread(const uint8_t *octets)
{
    uint64_t bits = (uint64_t)octets[0] << 32 | wire_get32(octets + 1);
    bits = (bits & UINT64_C(0xfffff00000)) << 12 | (bits & 0xfffff);
    bits = (bits & UINT64_C(0x000ffc00000ffc00)) << 6 | (bits & UINT64_C(0x000003ff000003ff));
    return (bits & UINT64_C(0x03e003e003e003e0)) << 3 | (bits & UINT64_C(0x001f001f001f001f));
}

size_t nsec3_key(const uint8_t hash[NSEC3_HASH_OCTETS], uint8_t key[NSEC3_LABEL + 1],
                 uint8_t label[NSEC3_LABEL])
{
    uint8_t digits[NSEC3_LABEL];
    for (unsigned i = 0; i < NSEC3_HASH_OCTETS / 5; i++)
        wire_put64(digits + 8 * i, spread(hash + 5 * i));
    for (unsigned i = 0; i < NSEC3_LABEL; i += LANES) {
        lanes digit;
        memcpy(&digit, digits + i, LANES);
        /* Both runs of digits go on after a gap: 10 and above are letters. */
        const lanes letter = (lanes)(digit > 9);
        const lanes symbol = digit + DIGIT_SYMBOL + (letter & (LETTER_SYMBOL - DIGIT_SYMBOL - 10));
        const lanes octet = digit + '0' + (letter & ('a' - '0' - 10));
        memcpy(key + i, &symbol, LANES);
        memcpy(label + i, &octet, LANES);
    }
    key[NSEC3_LABEL] = 0;
    return NSEC3_LABEL + 1;
}
