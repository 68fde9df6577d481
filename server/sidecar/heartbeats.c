/* heartbeats.c -- see heartbeats.h */
#include "server/sidecar/heartbeats.h"

void heartbeats_look(struct heartbeats *h, const struct pulse_view *view, uint64_t now_ms)
{
    const bool first = !h->looked;
    const uint64_t since_ms = first ? 0 : now_ms - h->look_ms;
    h->on_time = since_ms <= HEARTBEATS_LATE_MS;
    h->looked = true;
    h->look_ms = now_ms;
    h->stuck = 0;
    for (unsigned i = 0; i < view->workers; i++) {
        const uint64_t beat =
            atomic_load_explicit(&view->pulse->worker[i].heartbeat, memory_order_relaxed);
        if (!first && beat != h->last[i]) {
            h->moved_ms = now_ms;
            h->still_ms[i] = 0;
        } else if (h->on_time && h->still_ms[i] < HEARTBEATS_STILL_MS) {
            h->still_ms[i] = (uint16_t)(h->still_ms[i] + since_ms);
        }
        h->last[i] = beat;
        h->stuck += h->still_ms[i] >= HEARTBEATS_STILL_MS;
    }
    h->moved = h->moved_ms != 0 && now_ms - h->moved_ms < PULSE_TICK_MS;
}
