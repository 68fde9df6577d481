/* checksum.c -- tells damaged octets from whole ones
 * Eight lanes, since one would wait for its multiplications: 64 octets take as long as the latency of
 * one step. Each step is a bijection of the lane and of the word, so no single change cancels out. */
#include "zone/checksum.h"

#include <string.h>

enum { LANES = 8, STRIPE = LANES * 8 };

/* Odd, with bits set all over: the fractional parts of the golden ratio and of the square root of 2. */
#define STEP  UINT64_C(0x9e3779b97f4a7c15)
#define MIXER UINT64_C(0x6a09e667f3bcc909)

static uint64_t turn(uint64_t word, unsigned by)
{
    return word << by | word >> (64 - by);
}

static uint64_t step(uint64_t lane, uint64_t word)
{
    return turn(lane ^ word, 29) * STEP;
}

static void take_stripe(uint64_t lane[LANES], const uint8_t *octets)
{
    for (unsigned i = 0; i < LANES; i++) {
        uint64_t word;
        memcpy(&word, octets + 8 * i, sizeof word);
        lane[i] = step(lane[i], word);
    }
}

uint64_t checksum(uint64_t seed, const void *octets, size_t count)
{
    const uint8_t *at = octets;
    uint64_t lane[LANES];
    for (unsigned i = 0; i < LANES; i++)
        lane[i] = (seed + i) * MIXER;
    size_t left = count;
    for (; left >= STRIPE; left -= STRIPE, at += STRIPE)
        take_stripe(lane, at);
    if (left > 0) {
        uint8_t last[STRIPE] = {0};
        memcpy(last, at, left);
        take_stripe(lane, last);
    }
    uint64_t sum = turn(seed, 32) ^ count;
    for (unsigned i = 0; i < LANES; i++)
        sum = step(sum ^ lane[i] >> 32, lane[i]);
    sum ^= sum >> 31;
    sum *= MIXER;
    return sum ^ sum >> 33;
}
