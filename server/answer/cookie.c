#include "server/answer/cookie.h"

#include "server/answer/siphash.h"
#include "zone/wire.h"

#include <assert.h>

/* RFC 9018 section 4: client cookie, version, reserved, timestamp, hash. */
enum {
    VERSION_AT = 8,
    TIME_AT = 12,
    HASH_AT = 16,
    VERSION = 1,
    ADDRESS_MAX = 16,
    /* Section 4.3: how far from now a timestamp may be, and from when on it's renewed. */
    PAST_MAX = 3600,
    FUTURE_MAX = 300,
    RENEW_AFTER = 1800,
};

_Static_assert(HASH_AT + (int)SIPHASH_OCTETS == (int)COOKIE_OCTETS, "the hash ends the cookie");
_Static_assert((int)COOKIE_SECRET_OCTETS == (int)SIPHASH_KEY_OCTETS, "a secret is a key");

/* The hash of what stands before it in the cookie, and the client's address. */
static void hash(uint8_t out[SIPHASH_OCTETS], const uint8_t secret[COOKIE_SECRET_OCTETS],
                 const uint8_t *cookie, const uint8_t *address, size_t address_octets)
{
    uint8_t input[HASH_AT + ADDRESS_MAX];
    assert(address_octets <= ADDRESS_MAX);
    memcpy(input, cookie, HASH_AT);
    memcpy(input + HASH_AT, address, address_octets);
    siphash(out, secret, input, HASH_AT + address_octets);
}

/* Which secret the cookie was made with, or -1. How long the comparison takes tells nothing. */
static int find_secret(const struct answer_config *config, const uint8_t *cookie,
                       const uint8_t *address, size_t address_octets)
{
    for (int i = 0; i < config->cookie_secrets; i++) {
        uint8_t ours[SIPHASH_OCTETS];
        unsigned differs = 0;
        hash(ours, config->cookie_secret[i], cookie, address, address_octets);
        for (size_t j = 0; j < SIPHASH_OCTETS; j++)
            differs |= (unsigned)(ours[j] ^ cookie[HASH_AT + j]);
        if (differs == 0)
            return i;
    }
    return -1;
}

enum cookie_verdict cookie_answer(const struct answer_config *config, uint64_t now,
                                  const uint8_t *cookie, size_t octets, const uint8_t *address,
                                  size_t address_octets, uint8_t answer[COOKIE_OCTETS])
{
    static const uint8_t plain[4] = {VERSION};
    enum cookie_verdict verdict = COOKIE_NEW;
    if (octets != COOKIE_CLIENT_OCTETS) {
        verdict = COOKIE_BAD;
        if (octets == COOKIE_OCTETS && cookie[VERSION_AT] == VERSION) {
            /* Serial number arithmetic, as the section has it: it goes on after 2106. */
            const int32_t age = (int32_t)((uint32_t)now - wire_get32(cookie + TIME_AT));
            const int secret = age <= PAST_MAX && age >= -FUTURE_MAX
                                   ? find_secret(config, cookie, address, address_octets)
                                   : -1;
            if (secret >= 0)
                verdict = COOKIE_VALID;
            if (secret == 0 && age < RENEW_AFTER && age >= 0
                && memcmp(cookie + VERSION_AT, plain, sizeof plain) == 0) {
                memcpy(answer, cookie, COOKIE_OCTETS);
                return verdict;
            }
        }
    }
    memcpy(answer, cookie, COOKIE_CLIENT_OCTETS);
    memcpy(answer + VERSION_AT, plain, sizeof plain);
    wire_put32(answer + TIME_AT, (uint32_t)now);
    hash(answer + HASH_AT, config->cookie_secret[0], answer, address, address_octets);
    return verdict;
}
