/* cycles.h -- how often a node may go and return
 * After `thresholds.cycles` falls within `thresholds.cycles_ms` the next one keeps it away until the
 * oldest of them has passed: the routers of the world don't follow a node that goes back and forth. Pure. */
#ifndef PHAROS_SERVER_SIDECAR_CYCLES_H
#define PHAROS_SERVER_SIDECAR_CYCLES_H

#include "server/base/thresholds.h"

#include <stdint.h>

/* A zeroed struct has never fallen. */
struct cycles {
    uint64_t fell_ms[THRESHOLDS_CYCLES_MAX + 1]; /* a ring; 0: none */
    unsigned falls;
};

void cycles_fall(struct cycles *cycles, uint64_t now_ms);

/* Falls within the last `cycles_ms`. */
unsigned cycles_count(const struct cycles *cycles, const struct thresholds *limits,
                      uint64_t now_ms);

/* Milliseconds until a return is within the budget; 0: it is. */
uint64_t cycles_left(const struct cycles *cycles, const struct thresholds *limits,
                     uint64_t now_ms);

#endif
