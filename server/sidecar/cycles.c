/* cycles.c -- see cycles.h */
#include "server/sidecar/cycles.h"

void cycles_fall(struct cycles *c, uint64_t now_ms)
{
    c->fell_ms[c->falls++ % CYCLES_FALLS] = now_ms;
}

static unsigned kept(const struct cycles *c)
{
    return c->falls < CYCLES_FALLS ? c->falls : CYCLES_FALLS;
}

/* The `back`th last fall, from 1. */
static uint64_t fall(const struct cycles *c, unsigned back)
{
    return c->fell_ms[(c->falls - back) % CYCLES_FALLS];
}

unsigned cycles_count(const struct cycles *c, const struct thresholds *limits, uint64_t now_ms)
{
    unsigned count = 0;
    while (count < kept(c) && now_ms - fall(c, count + 1) < limits->cycles_ms)
        count++;
    return count;
}

unsigned cycles_list(const struct cycles *c, uint64_t fell_ms[CYCLES_FALLS])
{
    for (unsigned back = kept(c); back > 0; back--)
        fell_ms[kept(c) - back] = fall(c, back);
    return kept(c);
}

uint64_t cycles_left(const struct cycles *c, const struct thresholds *limits, uint64_t now_ms)
{
    if (cycles_count(c, limits, now_ms) <= limits->cycles)
        return 0;
    return fall(c, limits->cycles + 1) + limits->cycles_ms - now_ms;
}
