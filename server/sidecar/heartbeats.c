/* heartbeats.c -- see heartbeats.h */
#include "server/sidecar/heartbeats.h"

void heartbeats_tick(struct heartbeats *h, const struct pulse_view *view, uint64_t now_ms)
{
    const bool first = !h->looked;
    h->on_time = first || now_ms - h->tick_ms <= HEARTBEATS_LATE_MS;
    h->looked = true;
    h->tick_ms = now_ms;
    h->moved = false;
    h->stuck = 0;
    for (unsigned i = 0; i < view->workers; i++) {
        const uint64_t beat =
            atomic_load_explicit(&view->pulse->worker[i].heartbeat, memory_order_relaxed);
        if (!first && beat != h->last[i]) {
            h->moved = true;
            h->still[i] = 0;
        } else if (!first && h->on_time && h->still[i] < HEARTBEATS_STILL_TICKS) {
            h->still[i]++;
        }
        h->last[i] = beat;
        h->stuck += h->still[i] >= HEARTBEATS_STILL_TICKS;
    }
}
