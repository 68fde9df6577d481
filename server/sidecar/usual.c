/* usual.c -- see usual.h */
#include "server/sidecar/usual.h"

#include <string.h>

/* The upper end of the bucket in which 99 % are reached. */
static double p99_of(const struct usual *u)
{
    uint64_t above = 0;
    for (unsigned i = PULSE_BUCKETS; i-- > 0;) {
        above += u->latency[i];
        if (above * 100 > u->answers)
            return (double)pulse_bucket_us(i + 1);
    }
    return 0;
}

/* One batch counts for at most twice what is usual: a creeping illness shan't become usual soon. */
static void end_batch(struct usual *u, uint64_t floor_us)
{
    const double least = (double)floor_us / USUAL_FACTOR;
    const double most = 2 * (u->p99_us > least ? u->p99_us : least);
    const double p99 = p99_of(u);
    u->p99_us += ((p99 < most ? p99 : most) - u->p99_us) / USUAL_MEMORY;
    memset(u->latency, 0, sizeof(u->latency));
    u->answers = 0;
}

void usual_learn(struct usual *u, const uint32_t latency[PULSE_BUCKETS], uint64_t floor_us,
                 uint64_t now_ms)
{
    if (u->answers == 0)
        u->begun_ms = now_ms;
    for (unsigned i = 0; i < PULSE_BUCKETS; i++) {
        u->latency[i] += latency[i];
        u->answers += latency[i];
    }
    if (now_ms - u->begun_ms >= USUAL_BATCH_MS && u->answers >= USUAL_BATCH_MIN)
        end_batch(u, floor_us);
}

uint64_t usual_late_us(const struct usual *u, uint64_t floor_us)
{
    const double late = u->p99_us * USUAL_FACTOR;
    if (late <= (double)floor_us)
        return floor_us;
    return late < USUAL_LATE_MAX_US ? (uint64_t)late : USUAL_LATE_MAX_US;
}

uint64_t usual_probe_late_us(const struct usual *u, uint64_t floor_us, uint64_t probe_floor_us)
{
    const uint64_t late_us = usual_late_us(u, floor_us);
    return late_us > probe_floor_us ? late_us : probe_floor_us;
}
