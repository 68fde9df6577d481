/* holddown.h -- how long a node stays away after it fell
 * Each fall adds 1 to a penalty that halves every HOLDDOWN_HALF_LIFE_MS; the time is 2 s x 6^(penalty - 1),
 * at most 10 min; a relapse on probation begins it anew. The first fall costs 2 s, a third one soon after 72 s. Pure. */
#ifndef PHAROS_SERVER_SIDECAR_HOLDDOWN_H
#define PHAROS_SERVER_SIDECAR_HOLDDOWN_H

#include "server/base/thresholds.h"

#include <stdint.h>

enum {
    HOLDDOWN_FACTOR = 6,
    HOLDDOWN_HALF_LIFE_MS = 2 * 60 * 1000,
};

/* A zeroed struct has never fallen. */
struct holddown {
    double penalty; /* as of fell_ms */
    uint64_t fell_ms;
    uint64_t away_ms;  /* for so long, since ... */
    uint64_t until_ms; /* ... so that it's until then */
};

void holddown_fall(struct holddown *h, const struct thresholds *limits, uint64_t now_ms);

/* Bad again on probation: the time since the fall wasn't one of health. */
void holddown_relapse(struct holddown *h, uint64_t now_ms);

/* Milliseconds left; 0: it's over. */
uint64_t holddown_left(const struct holddown *h, uint64_t now_ms);

#endif
