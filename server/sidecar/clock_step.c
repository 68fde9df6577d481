/* clock_step.c -- see clock_step.h */
#include "server/sidecar/clock_step.h"

bool clock_step_look(struct clock_step *step, int64_t before_us, int64_t realtime_us,
                     int64_t after_us)
{
    const uint64_t now_ms = (uint64_t)after_us / 1000;
    if (after_us - before_us <= CLOCK_STEP_MIN_US / 5) {
        const int64_t apart = realtime_us - before_us;
        const int64_t moved = apart - step->apart_us;
        if (step->looked && (moved > CLOCK_STEP_MIN_US || moved < -CLOCK_STEP_MIN_US))
            step->void_until_ms = now_ms + CLOCK_STEP_VOID_MS;
        step->apart_us = apart;
        step->looked = true;
    }
    return now_ms < step->void_until_ms;
}
