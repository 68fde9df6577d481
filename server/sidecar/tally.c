/* tally.c -- see tally.h */
#include "server/sidecar/tally.h"

enum {
    SOURCE_MIN = 4,   /* samples of a source by itself, to have a word */
    PATH_BAD_MIN = 3, /* probes without an answer, for a path to be dead */
};

static void add(struct tally *t, const struct tally *more)
{
    t->answers += more->answers;
    t->late += more->late;
    t->probes += more->probes;
    t->bad += more->bad;
    t->tcp += more->tcp;
    t->tcp_bad += more->tcp_bad;
    t->datagrams += more->datagrams;
    t->drops += more->drops;
    if (more->first_bad_ms != 0
        && (t->first_bad_ms == 0 || more->first_bad_ms < t->first_bad_ms))
        t->first_bad_ms = more->first_bad_ms;
}

void window_record(struct window *window, const struct sample *s, uint64_t now_ms)
{
    const uint64_t number = now_ms / TALLY_TICK_MS;
    struct bin *bin = &window->bin[number % TALLY_BINS];
    if (bin->number != number)
        *bin = (struct bin){.number = number};
    const bool bad = s->late != 0 || s->bad != 0 || s->drops != 0;
    const struct tally tally = {.answers = s->answers,
                                .late = s->late,
                                .probes = s->probes,
                                .bad = s->bad,
                                .tcp = s->tcp,
                                .tcp_bad = s->tcp_bad,
                                .datagrams = s->datagrams,
                                .drops = s->drops,
                                .first_bad_ms = bad ? now_ms : 0};
    add(&bin->tally, &tally);
}

struct tally window_sum(const struct window *window, uint64_t end_ms, unsigned span_ms)
{
    struct tally sum = {0};
    const uint64_t last = end_ms / TALLY_TICK_MS;
    for (uint64_t number = last + 1 - span_ms / TALLY_TICK_MS; number <= last; number++) {
        const struct bin *bin = &window->bin[number % TALLY_BINS];
        if (bin->number == number)
            add(&sum, &bin->tally);
    }
    return sum;
}

unsigned percent(uint32_t part, uint32_t whole)
{
    return whole == 0 ? 0 : (unsigned)((uint64_t)part * 100 / whole);
}

unsigned tally_probe_percent(const struct tally *t)
{
    return t->probes < SOURCE_MIN ? 0 : percent(t->bad, t->probes);
}

/* What the kernel dropped was unanswered: latency alone is survivor-biased. */
unsigned tally_pulse_percent(const struct tally *t, unsigned samples_min)
{
    const uint32_t all = t->answers + t->drops;
    const bool few = t->answers == 0 || (all < SOURCE_MIN && t->late == t->answers);
    if (few && t->probes >= samples_min / 2)
        return tally_probe_percent(t);
    return all < SOURCE_MIN ? 0 : percent(t->late + t->drops, all);
}

bool tally_enough(const struct tally *t, unsigned samples_min)
{
    return t->answers + t->drops + t->probes >= samples_min
           || (t->answers == 0 && t->probes >= samples_min / 2);
}

void paths_record(struct paths *paths, const struct sample *s, uint64_t now_ms)
{
    for (unsigned i = 0; i < PATHS_MAX; i++) {
        const uint32_t bit = UINT32_C(1) << i;
        if ((s->paths & bit) != 0 || (s->paths_all & bit) == 0) {
            paths->path[i].bad_ms = 0;
            paths->path[i].bad = 0;
        } else if ((s->paths_bad & bit) != 0) {
            paths->path[i].bad++;
            if (paths->path[i].bad_ms == 0)
                paths->path[i].bad_ms = now_ms;
        }
        if ((s->paths_served & bit) != 0)
            paths->path[i].served_ms = now_ms;
    }
}

uint32_t paths_dead(const struct paths *paths, unsigned dead_ms, uint64_t now_ms,
                    uint32_t *agreed, uint64_t *first_ms)
{
    uint32_t dead = 0;
    *agreed = 0;
    *first_ms = 0;
    for (unsigned i = 0; i < PATHS_MAX; i++) {
        const uint64_t since = paths->path[i].bad_ms;
        if (since == 0 || paths->path[i].bad < PATH_BAD_MIN || now_ms - since < dead_ms)
            continue;
        dead |= UINT32_C(1) << i;
        if (now_ms - paths->path[i].served_ms >= dead_ms)
            *agreed |= UINT32_C(1) << i;
        if (*first_ms == 0 || since < *first_ms)
            *first_ms = since;
    }
    return dead;
}
