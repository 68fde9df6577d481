/* hmac.c -- HMAC over OpenSSL's SHA functions
 * OpenSSL calls these interfaces deprecated; those that it recommends keep their state on the
 * heap. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "server/answer/hmac.h"

#include <string.h>

enum { BLOCK_MAX = 128, INNER = 0x36, OUTER = 0x5c };

static const struct {
    uint8_t octets; /* of a hash */
    uint8_t block;  /* octets */
} shape[TSIG_ALGORITHMS] = {
    [TSIG_HMAC_SHA1] = {20, 64},    [TSIG_HMAC_SHA224] = {28, 64},
    [TSIG_HMAC_SHA256] = {32, 64},  [TSIG_HMAC_SHA384] = {48, 128},
    [TSIG_HMAC_SHA512] = {64, 128},
};

static void hash_init(enum tsig_algorithm algorithm, union hmac_hash *h)
{
    switch (algorithm) {
    case TSIG_HMAC_SHA1:
        SHA1_Init(&h->sha1);
        return;
    case TSIG_HMAC_SHA224:
        SHA224_Init(&h->sha256);
        return;
    case TSIG_HMAC_SHA256:
        SHA256_Init(&h->sha256);
        return;
    case TSIG_HMAC_SHA384:
        SHA384_Init(&h->sha512);
        return;
    default:
        SHA512_Init(&h->sha512);
        return;
    }
}

static void hash_update(enum tsig_algorithm algorithm, union hmac_hash *h,
                        const uint8_t *octets, size_t len)
{
    switch (algorithm) {
    case TSIG_HMAC_SHA1:
        SHA1_Update(&h->sha1, octets, len);
        return;
    case TSIG_HMAC_SHA224:
        SHA224_Update(&h->sha256, octets, len);
        return;
    case TSIG_HMAC_SHA256:
        SHA256_Update(&h->sha256, octets, len);
        return;
    case TSIG_HMAC_SHA384:
        SHA384_Update(&h->sha512, octets, len);
        return;
    default:
        SHA512_Update(&h->sha512, octets, len);
        return;
    }
}

static void hash_final(enum tsig_algorithm algorithm, union hmac_hash *h, uint8_t *hash)
{
    switch (algorithm) {
    case TSIG_HMAC_SHA1:
        SHA1_Final(hash, &h->sha1);
        return;
    case TSIG_HMAC_SHA224:
        SHA224_Final(hash, &h->sha256);
        return;
    case TSIG_HMAC_SHA256:
        SHA256_Final(hash, &h->sha256);
        return;
    case TSIG_HMAC_SHA384:
        SHA384_Final(hash, &h->sha512);
        return;
    default:
        SHA512_Final(hash, &h->sha512);
        return;
    }
}

size_t hmac_octets(enum tsig_algorithm algorithm)
{
    return shape[algorithm].octets;
}

void hmac_init(struct hmac *hmac, const struct tsig_key *key)
{
    const enum tsig_algorithm algorithm = key->algorithm;
    const size_t block = shape[algorithm].block;
    uint8_t inner[BLOCK_MAX] = {0}, outer[BLOCK_MAX];
    hmac->algorithm = algorithm;
    if (key->secret_octets > block) {
        hash_init(algorithm, &hmac->inner);
        hash_update(algorithm, &hmac->inner, key->secret, key->secret_octets);
        hash_final(algorithm, &hmac->inner, inner);
    } else {
        memcpy(inner, key->secret, key->secret_octets);
    }
    for (size_t i = 0; i < block; i++) {
        outer[i] = inner[i] ^ OUTER;
        inner[i] ^= INNER;
    }
    hash_init(algorithm, &hmac->inner);
    hash_update(algorithm, &hmac->inner, inner, block);
    hash_init(algorithm, &hmac->outer);
    hash_update(algorithm, &hmac->outer, outer, block);
    explicit_bzero(inner, sizeof inner);
    explicit_bzero(outer, sizeof outer);
}

void hmac_update(struct hmac *hmac, const uint8_t *octets, size_t len)
{
    hash_update(hmac->algorithm, &hmac->inner, octets, len);
}

size_t hmac_final(struct hmac *hmac, uint8_t mac[HMAC_OCTETS_MAX])
{
    const size_t octets = hmac_octets(hmac->algorithm);
    uint8_t inner[HMAC_OCTETS_MAX];
    hash_final(hmac->algorithm, &hmac->inner, inner);
    hash_update(hmac->algorithm, &hmac->outer, inner, octets);
    hash_final(hmac->algorithm, &hmac->outer, mac);
    explicit_bzero(hmac, sizeof *hmac);
    explicit_bzero(inner, sizeof inner);
    return octets;
}
