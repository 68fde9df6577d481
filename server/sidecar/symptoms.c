/* symptoms.c -- see symptoms.h */
#include "server/sidecar/symptoms.h"

#include <stdio.h>

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned most(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

static void find_slowness(struct symptoms *y, const struct thresholds *limits)
{
    if (!tally_enough(&y->recent, limits->samples_min))
        return;
    if (most(y->pulse, y->probe) < limits->bad_percent)
        return;
    const unsigned share = least(y->pulse, y->probe);
    y->suspect = true;
    y->agreed = share >= limits->bad_percent;
    y->first_bad_ms = y->recent.first_bad_ms;
    y->patience_ms = share < limits->near_percent ? limits->slow_near_ms : limits->slow_ms;
}

/* The pulse's word; the probes agree from half of those workers' share on. */
static void find_stuck(struct symptoms *y, const struct sample *s,
                       const struct thresholds *limits, uint64_t now_ms)
{
    if (s->stuck == 0 || s->stuck >= s->workers)
        return;
    y->stuck = s->stuck;
    if (!y->suspect)
        y->first_bad_ms = y->recent.first_bad_ms != 0 ? y->recent.first_bad_ms : now_ms;
    /* Its heartbeat is no sample near a threshold, whatever share of the probes met that worker. */
    y->patience_ms = y->suspect ? least(y->patience_ms, limits->slow_ms) : limits->slow_ms;
    y->suspect = true;
    y->agreed = y->agreed
                || (tally_enough(&y->recent, limits->samples_min) && y->recent.bad > 1
                    && y->probe >= percent(s->stuck, 2 * s->workers));
}

/* Its patience is over when it's found: path_dead_ms was it. */
static void find_dead_paths(struct symptoms *y, const struct paths *paths,
                            const struct thresholds *limits, uint64_t now_ms)
{
    uint32_t agreed;
    uint64_t first_ms;
    y->dead_paths = paths_dead(paths, limits->path_dead_ms, now_ms, &agreed, &first_ms);
    if (y->dead_paths == 0)
        return;
    y->suspect = true;
    if (agreed == 0)
        return;
    y->agreed = true;
    y->first_bad_ms = first_ms;
    y->patience_ms = limits->path_dead_ms;
}

struct symptoms symptoms_find(const struct window *window, const struct paths *paths,
                              const struct sample *s, const struct thresholds *limits,
                              uint64_t now_ms)
{
    struct symptoms y = {.recent = window_sum(window, now_ms, limits->window_ms),
                         .workers = s->workers,
                         .expiring = s->expiring};
    y.pulse = tally_pulse_percent(&y.recent, limits->samples_min);
    y.probe = tally_probe_percent(&y.recent);
    find_slowness(&y, limits);
    find_stuck(&y, s, limits, now_ms);
    find_dead_paths(&y, paths, limits, now_ms);
    if (s->expiring != 0) {
        y.suspect = y.agreed = true;
        y.patience_ms = 0;
    }
    if (y.suspect && y.first_bad_ms == 0)
        y.first_bad_ms = now_ms;
    return y;
}

bool symptoms_clean(const struct window *window, const struct paths *paths,
                    const struct sample *s, const struct thresholds *limits, uint64_t now_ms)
{
    const struct tally t = window_sum(window, now_ms, limits->clean_ms);
    const uint32_t bad = t.late + t.drops + t.bad;
    const uint32_t all = t.answers + t.drops + t.probes;
    const bool few = bad <= 1 || (uint64_t)bad * 100 <= (uint64_t)all * limits->clean_percent;
    const bool probes_few =
        t.bad <= 1 || (uint64_t)t.bad * 100 <= (uint64_t)t.probes * limits->clean_percent;
    uint32_t agreed;
    uint64_t first_ms;
    return all >= limits->clean_samples && few && probes_few && t.tcp > t.tcp_bad
           && t.tcp_bad <= 1 && s->stuck == 0 && s->expiring == 0
           && paths_dead(paths, limits->path_dead_ms, now_ms, &agreed, &first_ms) == 0;
}

unsigned symptoms_badness(const struct symptoms *y, const struct sample *s)
{
    if (s->health == HEALTH_GONE || s->health == HEALTH_HUNG)
        return GUARD_BADNESS_MAX;
    const unsigned share = 10 * most(y->pulse, y->probe);
    const unsigned stuck = 10 * percent(y->stuck, y->workers);
    const unsigned badness = least(most(share, stuck), GUARD_BADNESS_MAX - 1);
    return y->suspect ? most(badness, GUARD_BADNESS_BAD)
                      : least(badness, GUARD_BADNESS_BAD - 1);
}

const char *symptoms_text(const struct symptoms *y, uint64_t now_ms,
                          char text[SYMPTOMS_TEXT_MAX])
{
    const struct tally *t = &y->recent;
    const uint64_t first = y->first_bad_ms == 0 ? now_ms : y->first_bad_ms;
    const int octets =
        snprintf(text, SYMPTOMS_TEXT_MAX,
                 "%u%% of %u answers late, %u dropped, %u%% of %u probes bad, first %u ms ago",
                 percent(t->late, t->answers), t->answers, t->drops, percent(t->bad, t->probes),
                 t->probes, (unsigned)(now_ms - first));
    size_t at = octets > 0 ? (size_t)octets : 0;
    if (y->stuck != 0)
        at += (size_t)snprintf(text + at, SYMPTOMS_TEXT_MAX - at, ", %u of %u workers stuck",
                               y->stuck, y->workers);
    for (unsigned i = 0; i < PATHS_MAX && at < SYMPTOMS_TEXT_MAX - 40; i++) {
        if ((y->dead_paths & UINT32_C(1) << i) != 0)
            at += (size_t)snprintf(text + at, SYMPTOMS_TEXT_MAX - at, ", address %u dead by %s",
                                   i / 2 + 1, i % 2 == 0 ? "UDP" : "TCP");
    }
    if (y->expiring != 0)
        snprintf(text + at, SYMPTOMS_TEXT_MAX - at, ", %s about to expire",
                 (y->expiring & EXPIRING_ZONE) != 0 ? "a zone is" : "signatures are");
    return text;
}
