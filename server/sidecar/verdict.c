/* verdict.c -- see verdict.h */
#include "server/sidecar/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *verdict_state_to_text(enum verdict_state state)
{
    static const char *const text[] = {"INIT", "READY", "UP", "SUSPECT", "DOWN", "PROBATION"};
    return text[state];
}

void verdict_init(struct verdict *verdict, uint64_t now_ms)
{
    *verdict = (struct verdict){.state = VERDICT_INIT, .since_ms = now_ms};
}

enum wish verdict_wish(const struct verdict *verdict)
{
    switch (verdict->state) {
    case VERDICT_UP:
    case VERDICT_SUSPECT:
        return WISH_UP;
    case VERDICT_DOWN:
    case VERDICT_PROBATION:
        return WISH_DOWN;
    default:
        return WISH_NOTHING;
    }
}

static void tally_add(struct tally *t, const struct tally *more)
{
    t->answers += more->answers;
    t->late += more->late;
    t->probes += more->probes;
    t->bad += more->bad;
    t->tcp += more->tcp;
    t->tcp_bad += more->tcp_bad;
    if (more->first_bad_ms != 0
        && (t->first_bad_ms == 0 || more->first_bad_ms < t->first_bad_ms))
        t->first_bad_ms = more->first_bad_ms;
}

static void record(struct verdict *v, const struct sample *s, uint64_t now_ms)
{
    const uint64_t number = now_ms / VERDICT_TICK_MS;
    struct bin *bin = &v->bin[number % VERDICT_BINS];
    if (bin->number != number)
        *bin = (struct bin){.number = number};
    const struct tally tally = {.answers = s->answers,
                                .late = s->late,
                                .probes = s->probes,
                                .bad = s->bad,
                                .tcp = s->tcp,
                                .tcp_bad = s->tcp_bad,
                                .first_bad_ms = s->late != 0 || s->bad != 0 ? now_ms : 0};
    tally_add(&bin->tally, &tally);
}

static struct tally sum_over(const struct verdict *v, uint64_t now_ms, uint64_t span_ms)
{
    struct tally sum = {0};
    const uint64_t last = now_ms / VERDICT_TICK_MS;
    for (uint64_t number = last + 1 - span_ms / VERDICT_TICK_MS; number <= last; number++) {
        const struct bin *bin = &v->bin[number % VERDICT_BINS];
        if (bin->number == number)
            tally_add(&sum, &bin->tally);
    }
    return sum;
}

static unsigned percent(uint32_t part, uint32_t whole)
{
    return whole == 0 ? 0 : (unsigned)((uint64_t)part * 100 / whole);
}

static unsigned probe_percent(const struct tally *t)
{
    return t->probes < VERDICT_SOURCE_MIN ? 0 : percent(t->bad, t->probes);
}

/* The probes are among the answers: when they fail and the pulse has counted none at all, it says
 * the same as they do. */
static unsigned pulse_percent(const struct tally *t)
{
    if (t->answers == 0 && t->probes >= VERDICT_SAMPLES_MIN / 2)
        return probe_percent(t);
    return t->answers < VERDICT_SOURCE_MIN ? 0 : percent(t->late, t->answers);
}

static bool enough(const struct tally *t)
{
    return t->answers + t->probes >= VERDICT_SAMPLES_MIN
           || (t->answers == 0 && t->probes >= VERDICT_SAMPLES_MIN / 2);
}

/* One source says so, or a worker of several is stuck: its share of the queries finds nobody. */
static bool is_suspect(const struct tally *t, const struct sample *s)
{
    if (s->stuck != 0 && s->stuck < s->workers)
        return true;
    return enough(t)
           && (pulse_percent(t) >= VERDICT_BAD_PERCENT
               || probe_percent(t) >= VERDICT_BAD_PERCENT);
}

/* Both sources say so. Stuck workers are the pulse's word, and then the probes agree from half of those
 * workers' share on. */
static bool sources_agree(const struct tally *t, const struct sample *s)
{
    if (!enough(t))
        return false;
    if (s->stuck != 0 && s->stuck < s->workers)
        return probe_percent(t) >= percent(s->stuck, 2 * s->workers) && t->bad > 1;
    return pulse_percent(t) >= VERDICT_BAD_PERCENT && probe_percent(t) >= VERDICT_BAD_PERCENT;
}

static bool is_clean(const struct tally *t)
{
    const uint32_t bad = t->late + t->bad;
    const uint32_t all = t->answers + t->probes;
    const bool few = bad <= 1 || (uint64_t)bad * 100 <= (uint64_t)all * VERDICT_CLEAN_PERCENT;
    const bool probes_few = t->bad <= 1 || t->bad * 100 <= t->probes * VERDICT_CLEAN_PERCENT;
    return all >= VERDICT_CLEAN_SAMPLES && few && probes_few && t->tcp > t->tcp_bad
           && t->tcp_bad <= 1;
}

static void say(struct verdict *v, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(struct verdict *v, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(v->why, sizeof(v->why), format, args);
    va_end(args);
}

static void say_shares(struct verdict *v, const char *what, const struct tally *t,
                       const struct sample *s, unsigned span_ms, uint64_t now_ms)
{
    const uint64_t first = v->first_bad_ms == 0 ? now_ms : v->first_bad_ms;
    say(v,
        "%s: %u%% of %u answers late, %u%% of %u probes bad in %u ms, first %u ms ago, "
        "%u of %u workers stuck",
        what, percent(t->late, t->answers), t->answers, percent(t->bad, t->probes), t->probes,
        span_ms, (unsigned)(now_ms - first), s->stuck, s->workers);
}

static bool enter(struct verdict *v, enum verdict_state state, uint64_t now_ms)
{
    if (state == VERDICT_DOWN && (v->state == VERDICT_UP || v->state == VERDICT_SUSPECT))
        holddown_fall(&v->holddown, now_ms);
    v->state = state;
    v->since_ms = now_ms;
    v->paths = 0;
    v->guard_said_stay = false;
    return true;
}

static bool is_gone(const struct sample *s)
{
    return s->health == HEALTH_GONE || s->health == HEALTH_HUNG;
}

static const char *gone_text(const struct sample *s)
{
    return s->health == HEALTH_HUNG ? "the server hangs: no worker moves"
                                    : "the server is gone";
}

static bool enter_up(struct verdict *v, uint64_t now_ms)
{
    v->route_seen_up = false;
    return enter(v, VERDICT_UP, now_ms);
}

/* Before anything was decided: an announced route is taken over, and one that somebody withdrew has to
 * earn its way back. */
static bool step_init(struct verdict *v, const struct sample *s, uint64_t now_ms)
{
    if (s->health != HEALTH_SERVING)
        return false;
    switch (s->route) {
    case ROUTE_UP:
        say(v, "the route is announced: taken over");
        return enter_up(v, now_ms);
    case ROUTE_FRESH:
        if (v->state == VERDICT_READY)
            break;
        say(v, "the server serves: self-test begins");
        return enter(v, VERDICT_READY, now_ms);
    case ROUTE_DOWN:
    case ROUTE_WITHDRAWN:
        say(v, "the route was withdrawn before: it stays so until probation is over");
        holddown_fall(&v->holddown, now_ms);
        return enter(v, VERDICT_DOWN, now_ms);
    case ROUTE_UNKNOWN:
        break;
    }
    return false;
}

/* The first announcement: every address has answered by every transport, in time. */
static bool step_ready(struct verdict *v, const struct sample *s, uint64_t now_ms)
{
    if (s->health != HEALTH_SERVING && s->health != HEALTH_UNKNOWN) {
        say(v, "the server doesn't serve any more");
        return enter(v, VERDICT_INIT, now_ms);
    }
    if (s->paths_all != 0 && (v->paths & s->paths_all) == s->paths_all) {
        say(v, "self-test passed: all %d paths answered within %u ms",
            __builtin_popcount(s->paths_all), (unsigned)(now_ms - v->since_ms));
        return enter_up(v, now_ms);
    }
    return step_init(v, s, now_ms);
}

static bool step_announced(struct verdict *v, const struct sample *s, uint64_t now_ms,
                           const struct tally *t)
{
    if (is_gone(s)) {
        say(v, "%s", gone_text(s));
        return enter(v, VERDICT_DOWN, now_ms);
    }
    if (s->health == HEALTH_NOT_SERVING) {
        say(v, "the server stops or starts as planned");
        return enter(v, VERDICT_INIT, now_ms);
    }
    v->route_seen_up = v->route_seen_up || s->route == ROUTE_UP;
    if (s->route == ROUTE_WITHDRAWN && v->route_seen_up) {
        say(v, "the driver has withdrawn the route: it saw the server dead or hung");
        return enter(v, VERDICT_DOWN, now_ms);
    }
    if (v->state == VERDICT_UP && is_suspect(t, s)) {
        v->first_bad_ms = t->first_bad_ms != 0 ? t->first_bad_ms : now_ms;
        say_shares(v, "slow", t, s, VERDICT_WINDOW_MS, now_ms);
        return enter(v, VERDICT_SUSPECT, now_ms);
    }
    return false;
}

static bool is_near(const struct tally *t)
{
    const unsigned pulse = pulse_percent(t), probe = probe_percent(t);
    return (pulse < probe ? pulse : probe) < VERDICT_NEAR_PERCENT;
}

/* Slow: goes when it lasts, when both sources say so and when the guard can do without this node. */
static bool step_suspect(struct verdict *v, const struct sample *s, uint64_t now_ms,
                         const struct tally *t)
{
    if (!is_suspect(t, s)) {
        say_shares(v, "well again", t, s, VERDICT_WINDOW_MS, now_ms);
        return enter(v, VERDICT_UP, now_ms);
    }
    const unsigned patience = is_near(t) ? VERDICT_SLOW_NEAR_MS : VERDICT_SLOW_MS;
    if (now_ms - v->first_bad_ms < patience || !sources_agree(t, s))
        return false;
    if (s->guard == GUARD_GRANTED) {
        say_shares(v, "slow, and the guard lets go", t, s, VERDICT_WINDOW_MS, now_ms);
        return enter(v, VERDICT_DOWN, now_ms);
    }
    if (s->guard != GUARD_STAY || v->guard_said_stay)
        return false;
    v->guard_said_stay = true;
    say_shares(v, "slow, and the guard says stay", t, s, VERDICT_WINDOW_MS, now_ms);
    return true;
}

static bool step_down(struct verdict *v, const struct sample *s, uint64_t now_ms,
                      const struct tally *t)
{
    if (s->health != HEALTH_SERVING || s->probes == s->bad || is_suspect(t, s))
        return false;
    v->first_bad_ms = 0;
    say(v, "probes are answered; hold-down for %u ms more",
        (unsigned)holddown_left(&v->holddown, now_ms));
    return enter(v, VERDICT_PROBATION, now_ms);
}

static bool step_probation(struct verdict *v, const struct sample *s, uint64_t now_ms,
                           const struct tally *t)
{
    if (is_gone(s) || s->health == HEALTH_NOT_SERVING || is_suspect(t, s)) {
        v->first_bad_ms = t->first_bad_ms;
        if (s->health == HEALTH_SERVING || s->health == HEALTH_UNKNOWN)
            say_shares(v, "bad again", t, s, VERDICT_WINDOW_MS, now_ms);
        else
            say(v, "%s", gone_text(s));
        return enter(v, VERDICT_DOWN, now_ms);
    }
    const struct tally clean = sum_over(v, now_ms, VERDICT_CLEAN_MS);
    if (now_ms - v->since_ms < VERDICT_CLEAN_MS || holddown_left(&v->holddown, now_ms) != 0
        || !is_clean(&clean) || s->stuck != 0 || (v->paths & s->paths_all) != s->paths_all)
        return false;
    say_shares(v, "clean", &clean, s, VERDICT_CLEAN_MS, now_ms);
    return enter_up(v, now_ms);
}

bool verdict_step(struct verdict *v, const struct sample *s, uint64_t now_ms)
{
    record(v, s, now_ms);
    v->paths |= s->paths;
    const struct tally t = sum_over(v, now_ms, VERDICT_WINDOW_MS);
    switch (v->state) {
    case VERDICT_INIT:
        return step_init(v, s, now_ms);
    case VERDICT_READY:
        return step_ready(v, s, now_ms);
    case VERDICT_UP:
        return step_announced(v, s, now_ms, &t);
    case VERDICT_SUSPECT:
        return step_announced(v, s, now_ms, &t) || step_suspect(v, s, now_ms, &t);
    case VERDICT_DOWN:
        return step_down(v, s, now_ms, &t);
    case VERDICT_PROBATION:
        return step_probation(v, s, now_ms, &t);
    }
    return false;
}
