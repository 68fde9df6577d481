#include "server/answer/siphash.h"

struct state {
    uint64_t v0, v1, v2, v3;
};

static uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

/* Up to eight octets, the least significant first. */
static uint64_t load(const uint8_t *octets, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++)
        value |= (uint64_t)octets[i] << (8 * i);
    return value;
}

static void rounds(struct state *s, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        s->v0 += s->v1;
        s->v2 += s->v3;
        s->v1 = rotate(s->v1, 13) ^ s->v0;
        s->v3 = rotate(s->v3, 16) ^ s->v2;
        s->v0 = rotate(s->v0, 32);
        s->v2 += s->v1;
        s->v0 += s->v3;
        s->v1 = rotate(s->v1, 17) ^ s->v2;
        s->v3 = rotate(s->v3, 21) ^ s->v0;
        s->v2 = rotate(s->v2, 32);
    }
}

static void absorb(struct state *s, uint64_t word)
{
    s->v3 ^= word;
    rounds(s, 2);
    s->v0 ^= word;
}

void siphash(uint8_t hash[SIPHASH_OCTETS], const uint8_t key[SIPHASH_KEY_OCTETS],
             const uint8_t *octets, size_t len)
{
    const uint64_t k0 = load(key, 8), k1 = load(key + 8, 8);
    /* "somepseudorandomlygeneratedbytes" */
    struct state s = {
        .v0 = k0 ^ 0x736f6d6570736575u,
        .v1 = k1 ^ 0x646f72616e646f6du,
        .v2 = k0 ^ 0x6c7967656e657261u,
        .v3 = k1 ^ 0x7465646279746573u,
    };
    size_t at = 0;
    for (; len - at >= 8; at += 8)
        absorb(&s, load(octets + at, 8));
    absorb(&s, load(octets + at, len - at) | (uint64_t)len << 56);

    s.v2 ^= 0xff;
    rounds(&s, 4);
    const uint64_t value = s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
    for (unsigned i = 0; i < SIPHASH_OCTETS; i++)
        hash[i] = (uint8_t)(value >> (8 * i));
}
