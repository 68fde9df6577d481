/* keyring.h -- the TSIG keys that a configuration names
 * Immutable once made, and counted: the configuration, whoever keeps a copy of its
 * answer_config, and every published snapshot hold it, and the last to let go wipes it. */
#ifndef PHAROS_SERVER_BASE_KEYRING_H
#define PHAROS_SERVER_BASE_KEYRING_H

#include "zone/name.h"

enum tsig_algorithm {
    TSIG_HMAC_SHA1,
    TSIG_HMAC_SHA224,
    TSIG_HMAC_SHA256,
    TSIG_HMAC_SHA384,
    TSIG_HMAC_SHA512,
    TSIG_ALGORITHMS
};

enum {
    /* A key's name has at most so many octets: then a TSIG always fits into 512 octets beside
     * the longest question and an OPT, as RFC 8945 section 5.3 asks. */
    TSIG_NAME_OCTETS_MAX = 120,
    TSIG_SECRET_OCTETS_MAX = 256,
};

struct tsig_key {
    struct name name; /* lower case, at most TSIG_NAME_OCTETS_MAX octets */
    enum tsig_algorithm algorithm;
    uint16_t secret_octets; /* at least 1 */
    uint8_t secret[TSIG_SECRET_OCTETS_MAX];
};

struct keyring;

/* Copies `count` keys of different names. The caller holds the result once. NULL: out of
 * memory. */
struct keyring *keyring_new(const struct tsig_key *keys, size_t count);

/* One holder more; returns the same keyring. NULL stays NULL. Any thread. */
struct keyring *keyring_hold(struct keyring *keyring);

/* One holder less. Any thread; NULL is allowed. */
void keyring_drop(struct keyring *keyring);

/* The key of this name, which is in lower case; or NULL, also where `keyring` is. Any thread.
 */
const struct tsig_key *keyring_find(const struct keyring *keyring, const struct name *name);

#endif
