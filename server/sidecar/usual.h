/* usual.h -- when is an answer late?
 * T is the larger of a floor and eight times the usual p99, so that a node whose answers always take
 * longer isn't sick all its life. Probes have a higher floor: the pulse sees early that a node slows down,
 * and the probes agree that it's bad when clients are better off elsewhere. What is usual is learned slowly and only while the node is well. Pure. */
#ifndef PHAROS_SERVER_SIDECAR_USUAL_H
#define PHAROS_SERVER_SIDECAR_USUAL_H

#include "server/base/pulse.h"

enum {
    USUAL_FACTOR = 8,
    USUAL_BATCH_MS = 10 * 1000, /* a p99 is taken of so long, and ... */
    USUAL_BATCH_MIN = 200,      /* ... of at least so many answers */
    USUAL_MEMORY = 30,          /* batches: five minutes and more */
    USUAL_LATE_MAX_US = 1000 * 1000,
};

/* A zeroed one knows nothing: then T is the floor. */
struct usual {
    uint32_t latency[PULSE_BUCKETS]; /* of the batch under way */
    uint32_t answers;
    uint64_t begun_ms;
    double p99_us;
};

/* Learns from a tick in which the node was well. */
void usual_learn(struct usual *usual, const uint32_t latency[PULSE_BUCKETS], uint64_t floor_us,
                 uint64_t now_ms);

/* T in microseconds. */
uint64_t usual_late_us(const struct usual *usual, uint64_t floor_us);

/* The same of probes: T, but no less than `probe_floor_us`. */
uint64_t usual_probe_late_us(const struct usual *usual, uint64_t floor_us,
                             uint64_t probe_floor_us);

#endif
