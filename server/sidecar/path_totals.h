/* path_totals.h -- what was counted for each address and transport, since the sidecar watches
 * The pulse keeps slices of the last 1.6 seconds alone; here each one that is finished is added to sums
 * that only grow, as metrics want them. What a sleep of more than a second misses is missing for good,
 * and a sidecar that is started again begins at nothing. Pure. */
#ifndef PHAROS_SERVER_SIDECAR_PATH_TOTALS_H
#define PHAROS_SERVER_SIDECAR_PATH_TOTALS_H

#include "server/base/pulse.h"

enum { PATHS_COUNTED_MAX = 2 * PULSE_ADDRESSES_MAX + 1 };

struct path_total {
    uint64_t queries, answers, servfails, drops;
    uint64_t latency[PULSE_BUCKETS];
};

/* A zeroed one is new. */
struct path_totals {
    uint64_t read;      /* the last slice that was; 0: none */
    unsigned addresses; /* paths are numbered as in pulse.h */
    struct pulse_address address[PULSE_ADDRESSES_MAX];
    struct path_total path[PATHS_COUNTED_MAX];
};

/* Adds what was finished at `now_ms` (CLOCK_MONOTONIC) since the last call. A server that listens at the same
 * addresses as the one before goes on with its sums; another begins anew. */
void path_totals_read(struct path_totals *totals, const struct pulse_view *view,
                      uint64_t now_ms);

#endif
