/* nsec3.c -- hashed owner names
 * The three calls of SHA-1's own interface cost a sixth of what OpenSSL's one-shot and EVP ones do, which look
 * the algorithm up each time. OpenSSL calls it deprecated; RFC 5155 leaves no choice of algorithm. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "zone/nsec3.h"

#include "zone/wire.h"

#include <openssl/sha.h>

enum { ALGORITHM_SHA1 = 1, FIXED = 5 };

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

size_t nsec3_key(const uint8_t hash[NSEC3_HASH_OCTETS], uint8_t key[NAME_KEY_MAX])
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuv"; /* RFC 4648 section 7 */
    uint8_t label[1 + NSEC3_LABEL] = {NSEC3_LABEL};
    for (unsigned i = 0; i < NSEC3_HASH_OCTETS / 5; i++) {
        uint64_t bits = 0;
        for (unsigned j = 0; j < 5; j++)
            bits = bits << 8 | hash[5 * i + j];
        for (unsigned j = 0; j < 8; j++)
            label[1 + 8 * i + j] = (uint8_t)digits[bits >> (35 - 5 * j) & 31];
    }
    return name_key(key, label, sizeof label);
}
