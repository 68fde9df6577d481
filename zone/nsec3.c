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

static inline void hash_once(const struct nsec3_params *params, const uint8_t *from,
                             size_t octets, uint8_t hash[NSEC3_HASH_OCTETS])
{
    SHA_CTX context;
    SHA1_Init(&context);
    SHA1_Update(&context, from, octets);
    if (params->salt_octets != 0)
        SHA1_Update(&context, params->salt, params->salt_octets);
    SHA1_Final(hash, &context);
}

static inline void hash_all(const struct nsec3_params *params, const uint8_t *name,
                            size_t octets, uint8_t hash[NSEC3_HASH_OCTETS])
{
    hash_once(params, name, octets, hash);
    for (unsigned left = params->iterations; left > 0; left--)
        hash_once(params, hash, NSEC3_HASH_OCTETS, hash);
}

void nsec3_hash(const struct nsec3_params *params, const uint8_t *name, size_t octets,
                uint8_t hash[NSEC3_HASH_OCTETS])
{
    hash_all(params, name, octets, hash);
}

/* Octet `at` and the next one as a number of 16 bits, the first one in front, for a shuffle of octets. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define PAIR(at) (at) + 1, (at)
#define LOW(at)  2 * (at)
#else
#define PAIR(at) (at), (at) + 1
#define LOW(at)  2 * (at) + 1
#endif
#define LOWS(at) LOW(at), LOW((at) + 1), LOW((at) + 2), LOW((at) + 3)

/* The two octets in which each of the eight digits of five octets lies; the last digit is in one alone. */
#define PAIRS(at)                                                                              \
    PAIR(at), PAIR(at), PAIR((at) + 1), PAIR((at) + 1), PAIR((at) + 2), PAIR((at) + 3),        \
        PAIR((at) + 3)

typedef uint16_t pairs __attribute__((vector_size(LANES)));

/* Moves each digit to the highest bits of its pair and then to the lowest. */
static pairs to_digits(lanes octets)
{
    const pairs up = {1 << 0, 1 << 5, 1 << 2, 1 << 7, 1 << 4, 1 << 1, 1 << 6, 1 << 3};
    return ((pairs)octets * up) >> 11;
}

/* The 16 digits of ten octets, which begin in `octets` at 0 or at 6. */
static lanes digits_of(lanes octets, bool behind)
{
    pairs first, second;
    if (behind) {
        first = to_digits(__builtin_shufflevector(octets, octets, PAIRS(6), PAIR(10)));
        second = to_digits(__builtin_shufflevector(octets, octets, PAIRS(11), PAIR(15)));
    } else {
        first = to_digits(__builtin_shufflevector(octets, octets, PAIRS(0), PAIR(4)));
        second = to_digits(__builtin_shufflevector(octets, octets, PAIRS(5), PAIR(9)));
    }
    return __builtin_shufflevector((lanes)first, (lanes)second, LOWS(0), LOWS(4), LOWS(8),
                                   LOWS(12));
}

static inline size_t write_key(const uint8_t hash[NSEC3_HASH_OCTETS],
                               uint8_t key[NSEC3_LABEL + 1], uint8_t label[NSEC3_LABEL])
{
    for (unsigned i = 0; i < NSEC3_LABEL; i += LANES) {
        lanes octets;
        const bool behind = i != 0;
        memcpy(&octets, hash + (behind ? NSEC3_HASH_OCTETS - LANES : 0), LANES);
        const lanes digit = digits_of(octets, behind);
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

size_t nsec3_key(const uint8_t hash[NSEC3_HASH_OCTETS], uint8_t key[NSEC3_LABEL + 1],
                 uint8_t label[NSEC3_LABEL])
{
    return write_key(hash, key, label);
}

size_t nsec3_hashed_key(const struct nsec3_params *params, const uint8_t *name, size_t octets,
                        uint8_t key[NSEC3_LABEL + 1], uint8_t label[NSEC3_LABEL])
{
    uint8_t hash[NSEC3_HASH_OCTETS];
    hash_all(params, name, octets, hash);
    return write_key(hash, key, label);
}
