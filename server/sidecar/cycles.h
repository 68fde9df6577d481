/* cycles.h -- how often a node may go and return
 * After `thresholds.cycles` falls within `thresholds.cycles_ms` the next one keeps it away until the
 * oldest of them has passed: the routers of the world don't follow a node that goes back and forth. Pure. */
#ifndef PHAROS_SERVER_SIDECAR_CYCLES_H
#define PHAROS_SERVER_SIDECAR_CYCLES_H

#include "server/base/thresholds.h"

#include <stdint.h>

enum { CYCLES_FALLS = THRESHOLDS_CYCLES_MAX + 1 };

/* A zeroed struct has never fallen. */
struct cycles {
    uint64_t fell_ms[CYCLES_FALLS]; /* a ring */
    unsigned falls;
};

void cycles_fall(struct cycles *cycles, uint64_t now_ms);

/* Falls within the last `cycles_ms`. */
unsigned cycles_count(const struct cycles *cycles, const struct thresholds *limits,
                      uint64_t now_ms);

/* The falls that are known still, from the oldest on. Returns how many. */
unsigned cycles_list(const struct cycles *cycles, uint64_t fell_ms[CYCLES_FALLS]);

/* Milliseconds until a return is within the budget; 0: it is. */
uint64_t cycles_left(const struct cycles *cycles, const struct thresholds *limits,
                     uint64_t now_ms);

#endif
