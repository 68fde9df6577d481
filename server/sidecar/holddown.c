/* holddown.c -- see holddown.h */
#include "server/sidecar/holddown.h"

#include <math.h>

void holddown_fall(struct holddown *h, const struct thresholds *limits, uint64_t now_ms)
{
    const double since = (double)(now_ms - h->fell_ms);
    h->penalty = 1 + h->penalty * exp2(-since / HOLDDOWN_HALF_LIFE_MS);
    h->fell_ms = now_ms;
    const double away = fmin(limits->holddown_first_ms * pow(HOLDDOWN_FACTOR, h->penalty - 1),
                             limits->holddown_max_ms);
    h->away_ms = (uint64_t)away;
    h->until_ms = now_ms + h->away_ms;
}

void holddown_relapse(struct holddown *h, uint64_t now_ms)
{
    h->until_ms = now_ms + h->away_ms;
}

uint64_t holddown_left(const struct holddown *h, uint64_t now_ms)
{
    return now_ms < h->until_ms ? h->until_ms - now_ms : 0;
}
