/* heartbeats.h -- which workers move
 * All heartbeats are looked at every HEARTBEATS_LOOK_MS or so, five times as often as they must move: so long at
 * most goes by before it's seen that they no longer do. Only a look that came in time counts against a worker: one who was
 * late himself can't say that others are. Pure. */
#ifndef PHAROS_SERVER_SIDECAR_HEARTBEATS_H
#define PHAROS_SERVER_SIDECAR_HEARTBEATS_H

#include "server/base/pulse.h"

enum {
    HEARTBEATS_LOOK_MS = PULSE_TICK_MS / 5,
    HEARTBEATS_STILL_MS = 10 * PULSE_TICK_MS, /* that long without movement is stuck */
    HEARTBEATS_LATE_MS = 75,                  /* a look after more than this was late */
};

struct heartbeats {
    bool looked; /* at least once, so that there's something to compare with */
    uint64_t look_ms;
    uint64_t moved_ms; /* when it was last seen that a worker had */
    uint64_t last[PULSE_WORKERS_MAX];
    uint16_t still_ms[PULSE_WORKERS_MAX]; /* without movement, by looks that were on time */

    unsigned stuck; /* workers; all of them is a hang */
    bool moved;     /* a worker has, within the last tick of the workers */
    bool on_time;   /* this look was */
};

/* One look at `now_ms`. A zeroed struct is a new one. */
void heartbeats_look(struct heartbeats *h, const struct pulse_view *view, uint64_t now_ms);

#endif
