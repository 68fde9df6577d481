/* heartbeats.h -- which workers move
 * A tick is a look at all heartbeats every PULSE_TICK_MS or so. Only a tick that came in time counts
 * against a worker: one who was late himself can't say that others are. Pure. */
#ifndef PHAROS_SERVER_SIDECAR_HEARTBEATS_H
#define PHAROS_SERVER_SIDECAR_HEARTBEATS_H

#include "server/base/pulse.h"

enum {
    HEARTBEATS_STILL_TICKS = 10, /* that long without movement is stuck */
    HEARTBEATS_LATE_MS = 75,     /* a tick after more than this was late */
};

struct heartbeats {
    bool looked; /* at least once, so that there's something to compare with */
    uint64_t tick_ms;
    uint64_t last[PULSE_WORKERS_MAX];
    uint8_t still[PULSE_WORKERS_MAX]; /* on-time ticks without movement */

    unsigned stuck; /* workers; all of them is a hang */
    bool moved;     /* a worker has, since the last tick */
    bool on_time;   /* this tick was */
};

/* One tick at `now_ms`. A zeroed struct is a new one. */
void heartbeats_tick(struct heartbeats *h, const struct pulse_view *view, uint64_t now_ms);

#endif
