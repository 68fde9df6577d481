/* signals.h -- what the pulse says about answers, slice by slice
 * Reads each finished slice once, clamps what it finds, and adds it up. */
#ifndef PHAROS_SERVER_SIDECAR_SIGNALS_H
#define PHAROS_SERVER_SIDECAR_SIGNALS_H

#include "server/base/pulse.h"

enum { SIGNALS_COUNT_MAX = 10 * 1000 * 1000 }; /* believed of a tick */

struct signals {
    uint64_t read; /* the last slice that was read; 0: none yet */

    uint32_t answers; /* with a latency */
    uint32_t late; /* of them later than the limit, or SERVFAIL where that's no zone's fault */
    uint32_t drops;
    uint32_t zones_failed; /* some zones have failed to load: their SERVFAIL is true */
    bool all_failed;
};

/* Reads what has been finished at `now_ms` (CLOCK_MONOTONIC) since the last call. A zeroed struct
 * begins with the slice before now. */
void signals_read(struct signals *signals, const struct pulse_view *view, uint64_t late_us,
                  uint64_t now_ms);

#endif
