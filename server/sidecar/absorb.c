/* absorb.c -- see absorb.h */
#include "server/sidecar/absorb.h"

const char *overload_to_text(enum overload overload)
{
    static const char *const text[] = {"none", "flood", "drops rise with the rate",
                                       "what a flood has left",
                                       "half of the fleet is bad as well"};
    return text[overload];
}

/* A mean of all that was seen, until that's more than the memory. */
static double memory_of(struct absorb *a, enum absorb_learning learning, uint64_t passed_ms)
{
    if (learning == ABSORB_LEARN_SLOWLY)
        return ABSORB_MEMORY_FLOOD_MS;
    a->watched_ms += passed_ms;
    return a->watched_ms < ABSORB_MEMORY_MS ? (double)a->watched_ms : ABSORB_MEMORY_MS;
}

void absorb_step(struct absorb *a, const struct window *window, uint32_t datagrams,
                 enum absorb_learning learning, uint64_t now_ms)
{
    const struct tally now = window_sum(window, now_ms, ABSORB_SPAN_MS);
    const uint64_t passed_ms = now_ms - a->last_ms;
    a->rate = (unsigned)((uint64_t)now.datagrams * 1000 / ABSORB_SPAN_MS);
    a->last_ms = now_ms;
    a->absorbing = a->overload_ms != 0 && now_ms - a->overload_ms <= ABSORB_SPAN_MS;
    /* After a pause of our own the sample isn't one of its time. */
    if (learning == ABSORB_LEARN_NOTHING || passed_ms == 0 || passed_ms > ABSORB_SPAN_MS)
        return;
    const double rate = datagrams * 1000.0 / (double)passed_ms;
    a->usual += (rate - a->usual) * (double)passed_ms / memory_of(a, learning, passed_ms);
}

static bool is_known(const struct absorb *a)
{
    return a->watched_ms >= ABSORB_KNOWN_MS && a->rate >= ABSORB_RATE_MIN;
}

static bool has_risen(const struct absorb *a)
{
    return is_known(a) && a->rate * 100.0 > a->usual * ABSORB_ROSE_PERCENT;
}

void absorb_begin(struct absorb *a, const struct window *window, uint64_t now_ms)
{
    if (a->absorbing)
        return;
    const struct tally now = window_sum(window, now_ms, ABSORB_BEGIN_MS);
    struct absorb then = *a;
    then.rate = (unsigned)((uint64_t)now.datagrams * 1000 / ABSORB_BEGIN_MS);
    a->rose = has_risen(&then);
}

/* A share of drops that could be a hiccup's is none. */
static bool drops_count(const struct absorb *a, const struct tally *before,
                        const struct tally *now)
{
    return (a->absorbing || now->drops > before->drops)
           && percent(now->drops, now->datagrams) >= 1;
}

static enum overload find(const struct absorb *a, const struct thresholds *limits,
                          const struct tally *before, const struct tally *now,
                          const struct guard_view *fleet)
{
    /* What the flood has left in the sockets is of the flood, though a small server answers it at little
     * more than the usual rate. */
    const double factor = limits->flood_factor / (a->absorbing ? 2.0 : 1.0);
    if (is_known(a) && a->rate > a->usual * factor)
        return OVERLOAD_RATE;
    if (a->rose && has_risen(a) && drops_count(a, before, now))
        return OVERLOAD_DROPS;
    if (a->absorbing && a->flood_ms != 0 && a->last_ms - a->flood_ms <= ABSORB_LEFT_MS
        && has_risen(a))
        return OVERLOAD_LEFT;
    if (fleet->reachable && fleet->bad != 0 && 2 * (uint64_t)fleet->bad >= fleet->members)
        return OVERLOAD_FLEET;
    return OVERLOAD_NONE;
}

enum overload absorb_judge(struct absorb *a, const struct thresholds *limits,
                           const struct tally *before, const struct tally *now,
                           const struct guard_view *fleet)
{
    const enum overload overload = find(a, limits, before, now, fleet);
    if (overload != OVERLOAD_NONE)
        a->overload_ms = a->last_ms;
    if (overload == OVERLOAD_RATE || overload == OVERLOAD_DROPS)
        a->flood_ms = a->last_ms;
    return overload;
}
