/* clock_step.h -- was the wall clock set?
 * The kernel stamps datagrams by CLOCK_REALTIME: what was under way while that was set has a latency
 * that means nothing. Pure. */
#ifndef PHAROS_SERVER_SIDECAR_CLOCK_STEP_H
#define PHAROS_SERVER_SIDECAR_CLOCK_STEP_H

#include <stdbool.h>
#include <stdint.h>

enum {
    CLOCK_STEP_MIN_US = 5000, /* between two looks; slewing is a hundred times slower */
    CLOCK_STEP_VOID_MS = 500, /* so long latencies mean nothing */
};

/* A zeroed one hasn't looked yet. */
struct clock_step {
    int64_t apart_us; /* realtime - monotonic, at the last look */
    bool looked;
    uint64_t void_until_ms;
};

/* One look. `before_us` and `after_us` are monotonic, read around `realtime_us`: where they are far apart
 * this process was interrupted and the look tells nothing. True while latencies are void. */
bool clock_step_look(struct clock_step *step, int64_t before_us, int64_t realtime_us,
                     int64_t after_us);

#endif
