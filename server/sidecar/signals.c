/* signals.c -- see signals.h */
#include "server/sidecar/signals.h"

struct sums {
    uint64_t answers, late, servfails, drops;
};

static uint64_t at_most(uint64_t value, uint64_t limit)
{
    return value < limit ? value : limit;
}

/* Late are the buckets that lie above the limit as a whole. */
static void add_slice(struct sums *sums, const struct pulse_slice_copy *slice, unsigned limit)
{
    for (unsigned i = 0; i < PULSE_BUCKETS; i++) {
        sums->answers += slice->latency[i];
        if (i > limit)
            sums->late += slice->latency[i];
    }
    sums->servfails += slice->servfails;
    sums->drops += slice->drops;
}

/* The oldest slice that's worth a look: a slice may be turned over while a sleeper wakes up. */
static uint64_t first_slice(const struct signals *signals, uint64_t last)
{
    if (signals->read == 0 || signals->read > last)
        return last;
    const uint64_t oldest = last - (PULSE_SLICES - 4);
    return signals->read + 1 > oldest ? signals->read + 1 : oldest;
}

void signals_read(struct signals *signals, const struct pulse_view *view, uint64_t late_us,
                  uint64_t now_ms)
{
    struct sums sums = {0};
    struct pulse_slice_copy slice;
    const unsigned limit = pulse_bucket(late_us);
    const uint64_t last = now_ms / PULSE_SLICE_MS - 1;
    for (uint64_t number = first_slice(signals, last); number <= last; number++) {
        for (unsigned i = 0; i < view->workers; i++) {
            if (pulse_slice_read(&slice, view, i, number))
                add_slice(&sums, &slice, limit);
        }
    }
    signals->read = last;

    const uint32_t zones = atomic_load_explicit(&view->pulse->zones, memory_order_relaxed);
    signals->zones_failed =
        atomic_load_explicit(&view->pulse->zones_failed, memory_order_relaxed);
    signals->all_failed = signals->zones_failed != 0 && signals->zones_failed >= zones;
    const bool blame = signals->zones_failed == 0 || signals->all_failed;
    const uint64_t servfails = blame ? at_most(sums.servfails, sums.answers) : 0;
    signals->answers = (uint32_t)at_most(sums.answers, SIGNALS_COUNT_MAX);
    signals->late =
        (uint32_t)at_most(sums.late > servfails ? sums.late : servfails, signals->answers);
    signals->drops = (uint32_t)at_most(sums.drops, SIGNALS_COUNT_MAX);
}
