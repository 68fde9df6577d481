/* cycles.c -- see cycles.h */
#include "server/sidecar/cycles.h"

enum { RING = THRESHOLDS_CYCLES_MAX + 1 };

void cycles_fall(struct cycles *c, uint64_t now_ms)
{
    c->fell_ms[c->falls++ % RING] = now_ms;
}

static unsigned kept(const struct cycles *c)
{
    return c->falls < RING ? c->falls : RING;
}

/* The `back`th last fall, from 1. */
static uint64_t fall(const struct cycles *c, unsigned back)
{
    return c->fell_ms[(c->falls - back) % RING];
}

unsigned cycles_count(const struct cycles *c, const struct thresholds *limits, uint64_t now_ms)
{
    unsigned count = 0;
    while (count < kept(c) && now_ms - fall(c, count + 1) < limits->cycles_ms)
        count++;
    return count;
}

uint64_t cycles_left(const struct cycles *c, const struct thresholds *limits, uint64_t now_ms)
{
    if (cycles_count(c, limits, now_ms) <= limits->cycles)
        return 0;
    return fall(c, limits->cycles + 1) + limits->cycles_ms - now_ms;
}
