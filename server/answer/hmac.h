/* hmac.h -- HMAC (RFC 2104) over OpenSSL's SHA functions
 * All on the caller's stack: OpenSSL's own HMAC allocates a few times a message, and nothing on
 * the packet path may. */
#ifndef PHAROS_SERVER_ANSWER_HMAC_H
#define PHAROS_SERVER_ANSWER_HMAC_H

#include "server/base/keyring.h"

#include <openssl/sha.h>

enum { HMAC_OCTETS_MAX = 64 };

union hmac_hash {
    SHA_CTX sha1;
    SHA256_CTX sha256; /* SHA-224 too */
    SHA512_CTX sha512; /* SHA-384 too */
};

struct hmac {
    enum tsig_algorithm algorithm;
    union hmac_hash inner, outer;
};

/* Octets of a whole MAC. */
size_t hmac_octets(enum tsig_algorithm algorithm);

void hmac_init(struct hmac *hmac, const struct tsig_key *key);
void hmac_update(struct hmac *hmac, const uint8_t *octets, size_t len);

/* Writes the MAC and returns its octets; the key's traces are wiped. */
size_t hmac_final(struct hmac *hmac, uint8_t mac[HMAC_OCTETS_MAX]);

#endif
