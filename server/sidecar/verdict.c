/* verdict.c -- see verdict.h */
#include "server/sidecar/verdict.h"

#include <stdarg.h>
#include <stdio.h>

const char *verdict_state_to_text(enum verdict_state state)
{
    static const char *const text[] = {"INIT",      "READY",       "UP",        "SUSPECT",
                                       "DRAIN",     "DOWN",        "PROBATION", "ABSORB",
                                       "FORCED_UP", "FORCED_DOWN", "HOLD"};
    return text[state];
}

void verdict_init(struct verdict *verdict, const struct thresholds *limits, uint64_t now_ms)
{
    *verdict = (struct verdict){.state = VERDICT_INIT,
                                .since_ms = now_ms,
                                .limits = limits != NULL ? *limits : thresholds_default()};
    verdict->absorb.last_ms = now_ms;
}

void verdict_restore(struct verdict *v, const struct holddown *holddown,
                     const struct cycles *cycles)
{
    v->holddown = *holddown;
    v->cycles = *cycles;
    v->known = true;
    v->falls++;
}

enum wish verdict_wish(const struct verdict *v)
{
    switch (v->state) {
    case VERDICT_UP:
    case VERDICT_SUSPECT:
    case VERDICT_ABSORB:
        return WISH_UP;
    case VERDICT_DRAIN:
        return WISH_DRAIN;
    case VERDICT_DOWN:
    case VERDICT_PROBATION:
    case VERDICT_FORCED_DOWN:
        return WISH_DOWN;
    case VERDICT_FORCED_UP:
        return v->dead ? WISH_DOWN : WISH_UP;
    case VERDICT_HOLD:
        return v->dead && v->held != WISH_NOTHING ? WISH_DOWN : v->held;
    default:
        return WISH_NOTHING;
    }
}

bool verdict_asks(const struct verdict *v)
{
    return v->asks;
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

static void say_symptoms(struct verdict *v, const char *what, uint64_t now_ms)
{
    char text[SYMPTOMS_TEXT_MAX];
    say(v, "%s: %s", what, symptoms_text(&v->symptoms, now_ms, text));
}

static bool is_announced(enum verdict_state state)
{
    return state == VERDICT_UP || state == VERDICT_SUSPECT || state == VERDICT_ABSORB;
}

static void fall(struct verdict *v, uint64_t now_ms)
{
    holddown_fall(&v->holddown, &v->limits, now_ms);
    cycles_fall(&v->cycles, now_ms);
    v->falls++;
    v->last_bad_ms = now_ms;
}

/* A fall is to leave by one's own decision, once: DRAIN is one and DOWN after it isn't another. */
static bool enter(struct verdict *v, enum verdict_state state, uint64_t now_ms)
{
    if (is_announced(v->state) && (state == VERDICT_DRAIN || state == VERDICT_DOWN))
        fall(v, now_ms);
    v->known = false;
    v->state = state;
    v->since_ms = now_ms;
    v->answered = 0;
    v->guard_said_stay = false;
    v->budget_told = false;
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

static const char withdrawn_text[] =
    "the driver has withdrawn the route: it saw the server dead or hung";

static bool all_answered(const struct verdict *v, const struct sample *s)
{
    return s->paths_all != 0 && (v->answered & s->paths_all) == s->paths_all;
}

/* By a word of the one before, which the hold-down is of. */
static bool go_on_draining(struct verdict *v, uint64_t now_ms)
{
    say(v, "the route drains since before this start; hold-down for %u ms more",
        (unsigned)holddown_left(&v->holddown, now_ms));
    v->last_bad_ms = now_ms;
    return enter(v, VERDICT_DRAIN, now_ms);
}

/* What the driver withdrew by itself nobody here has seen. */
static bool stay_down(struct verdict *v, const struct sample *s, uint64_t now_ms)
{
    if (s->route == ROUTE_WITHDRAWN || !v->known)
        fall(v, now_ms);
    v->last_bad_ms = now_ms;
    say(v,
        "the route was withdrawn before: it stays so until probation is over; hold-down for %u "
        "ms more",
        (unsigned)holddown_left(&v->holddown, now_ms));
    return enter(v, VERDICT_DOWN, now_ms);
}

/* Before anything was decided: an announced route is taken over, and one that somebody withdrew has to
 * earn its way back. */
static bool step_init(struct verdict *v, const struct sample *s, uint64_t now_ms)
{
    if (s->health != HEALTH_SERVING)
        return false;
    switch (s->route) {
    case ROUTE_DRAIN:
        if (v->known && holddown_left(&v->holddown, now_ms) != 0)
            return go_on_draining(v, now_ms);
        /* fall through */
    case ROUTE_UP:
        say(v, "the route is announced: taken over");
        return enter(v, VERDICT_UP, now_ms);
    case ROUTE_FRESH:
        if (v->state == VERDICT_READY)
            break;
        say(v, "the server serves: self-test begins");
        return enter(v, VERDICT_READY, now_ms);
    case ROUTE_DOWN:
    case ROUTE_WITHDRAWN:
        return stay_down(v, s, now_ms);
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
    if (all_answered(v, s)) {
        say(v, "self-test passed: all %d paths answered within %u ms",
            __builtin_popcount(s->paths_all), (unsigned)(now_ms - v->since_ms));
        return enter(v, VERDICT_UP, now_ms);
    }
    return step_init(v, s, now_ms);
}

static bool step_gone(struct verdict *v, const struct sample *s, uint64_t now_ms)
{
    if (is_gone(s)) {
        say(v, "%s", gone_text(s));
        return enter(v, VERDICT_DOWN, now_ms);
    }
    if (s->health == HEALTH_NOT_SERVING) {
        say(v, "the server stops or starts as planned");
        return enter(v, VERDICT_INIT, now_ms);
    }
    if (s->route == ROUTE_WITHDRAWN) {
        say(v, "%s", withdrawn_text);
        return enter(v, VERDICT_DOWN, now_ms);
    }
    return false;
}

static bool enter_absorb(struct verdict *v, enum overload overload, const struct sample *s,
                         uint64_t now_ms)
{
    char text[SYMPTOMS_TEXT_MAX];
    v->loud = true;
    say(v,
        "overload (%s): the route stays; %u datagrams a second, %.0f usual, %u of %u others "
        "bad; "
        "%s",
        overload_to_text(overload), v->absorb.rate, v->absorb.usual, s->fleet.bad,
        s->fleet.members, symptoms_text(&v->symptoms, now_ms, text));
    return enter(v, VERDICT_ABSORB, now_ms);
}

/* Zones that expire, and workers or paths that are dead, are no matter of load. */
static enum overload find_overload(struct verdict *v, const struct sample *s, uint64_t now_ms)
{
    if (v->symptoms.expiring != 0 || v->symptoms.stuck != 0)
        return OVERLOAD_NONE;
    const struct tally now = window_sum(&v->window, now_ms, ABSORB_SPAN_MS);
    const struct tally before = window_sum(&v->window, now_ms - ABSORB_SPAN_MS, ABSORB_SPAN_MS);
    return absorb_judge(&v->absorb, &v->limits, &before, &now, &s->fleet);
}

/* What was bad in an overload says nothing about what's left of it. */
static uint64_t first_bad_since(const struct verdict *v, uint64_t first_bad_ms)
{
    return first_bad_ms > v->absorb.overload_ms ? first_bad_ms : v->absorb.overload_ms;
}

static bool step_up(struct verdict *v, const struct sample *s, uint64_t now_ms)
{
    if (!v->symptoms.suspect)
        return false;
    absorb_begin(&v->absorb, &v->window, now_ms);
    const enum overload overload = find_overload(v, s, now_ms);
    if (overload != OVERLOAD_NONE)
        return enter_absorb(v, overload, s, now_ms);
    v->first_bad_ms = first_bad_since(v, v->symptoms.first_bad_ms);
    say_symptoms(v, "suspect", now_ms);
    return enter(v, VERDICT_SUSPECT, now_ms);
}

static bool is_due(const struct verdict *v, uint64_t at_ms)
{
    const struct symptoms *y = &v->symptoms;
    const uint64_t first =
        y->first_bad_ms < v->first_bad_ms ? y->first_bad_ms : v->first_bad_ms;
    return y->agreed && at_ms - first >= y->patience_ms;
}

/* Bad: goes when it lasts, when both sources say so and when the guard can do without this node. The
 * guard is asked a tick ahead, so that the next one may have its answer. */
static bool step_suspect(struct verdict *v, const struct sample *s, uint64_t now_ms)
{
    if (!v->symptoms.suspect) {
        say_symptoms(v, "well again", now_ms);
        return enter(v, VERDICT_UP, now_ms);
    }
    const enum overload overload = find_overload(v, s, now_ms);
    if (overload != OVERLOAD_NONE)
        return enter_absorb(v, overload, s, now_ms);
    v->asks = is_due(v, now_ms + TALLY_TICK_MS);
    if (!is_due(v, now_ms))
        return false;
    if (s->guard == GUARD_GRANTED) {
        say_symptoms(v, "the guard lets go", now_ms);
        return enter(v, VERDICT_DRAIN, now_ms);
    }
    if (s->guard != GUARD_STAY || v->guard_said_stay)
        return false;
    v->guard_said_stay = true;
    v->loud = true;
    say_symptoms(v, "bad, and the guard says stay", now_ms);
    return true;
}

static bool step_absorb(struct verdict *v, const struct sample *s, uint64_t now_ms)
{
    if (!v->symptoms.suspect) {
        say_symptoms(v, "well again", now_ms);
        return enter(v, VERDICT_UP, now_ms);
    }
    if (find_overload(v, s, now_ms) != OVERLOAD_NONE)
        return false;
    v->first_bad_ms = now_ms;
    say_symptoms(v, "the overload is over, and bad still", now_ms);
    return enter(v, VERDICT_SUSPECT, now_ms);
}

static bool step_drain(struct verdict *v, uint64_t now_ms)
{
    if (now_ms - v->since_ms < v->limits.drain_ms)
        return false;
    say(v, "drained for %u ms", v->limits.drain_ms);
    return enter(v, v->word == OPERATOR_DRAIN ? VERDICT_FORCED_DOWN : VERDICT_DOWN, now_ms);
}

/* Too few announce, and the others that could are worse: something is better than nothing. */
static bool step_needed(struct verdict *v, const struct sample *s, uint64_t now_ms)
{
    if (s->may_return != GUARD_RETURN_NEEDED || s->health != HEALTH_SERVING
        || v->symptoms.recent.probes == v->symptoms.recent.bad)
        return false;
    char text[SYMPTOMS_TEXT_MAX];
    v->loud = true;
    say(v, "the fleet needs this node, %u of %u announce and %u must: back as it is; %s",
        s->fleet.announcers, s->fleet.members, s->fleet.keep,
        symptoms_text(&v->symptoms, now_ms, text));
    return enter(v, VERDICT_UP, now_ms);
}

static bool step_down(struct verdict *v, const struct sample *s, uint64_t now_ms)
{
    if (step_needed(v, s, now_ms))
        return true;
    if (s->health != HEALTH_SERVING || s->probes == s->bad || v->symptoms.suspect)
        return false;
    say(v, "probes are answered; hold-down for %u ms more",
        (unsigned)holddown_left(&v->holddown, now_ms));
    return enter(v, VERDICT_PROBATION, now_ms);
}

static bool is_bad_again(const struct verdict *v, const struct sample *s)
{
    return is_gone(s) || s->health == HEALTH_NOT_SERVING || v->symptoms.suspect;
}

/* The budget of cycles is used up: loudly, since a person should look why it comes and goes. */
static bool step_budget(struct verdict *v, uint64_t left_ms, uint64_t now_ms)
{
    if (v->budget_told)
        return false;
    v->budget_told = true;
    v->loud = true;
    say(v,
        "clean, but it fell %u times in %u s: it stays away for %u s more, or until released",
        cycles_count(&v->cycles, &v->limits, now_ms), v->limits.cycles_ms / 1000,
        (unsigned)(left_ms / 1000));
    return true;
}

static bool step_probation(struct verdict *v, const struct sample *s, uint64_t now_ms)
{
    if (is_bad_again(v, s)) {
        holddown_relapse(&v->holddown, now_ms);
        v->falls++;
        if (is_gone(s) || s->health == HEALTH_NOT_SERVING)
            say(v, "%s", is_gone(s) ? gone_text(s) : "the server stops or starts as planned");
        else
            say_symptoms(v, "bad again", now_ms);
        return enter(v, VERDICT_DOWN, now_ms);
    }
    if (step_needed(v, s, now_ms))
        return true;
    if ((!v->released && now_ms - v->last_bad_ms < v->limits.clean_ms)
        || holddown_left(&v->holddown, now_ms) != 0
        || !symptoms_clean(&v->window, &v->paths, s, &v->limits, now_ms) || !all_answered(v, s)
        || s->may_return == GUARD_RETURN_WAIT)
        return false;
    const uint64_t left_ms = cycles_left(&v->cycles, &v->limits, now_ms);
    if (left_ms != 0)
        return step_budget(v, left_ms, now_ms);
    say_symptoms(v, "clean", now_ms);
    return enter(v, VERDICT_UP, now_ms);
}

/* What an operator's word makes of this moment's state. */
static bool enter_word(struct verdict *v, const struct sample *s, uint64_t now_ms)
{
    const enum wish wish = verdict_wish(v);
    const bool out = wish == WISH_UP || s->route == ROUTE_UP;
    v->word = s->word;
    v->held = s->held;
    v->dead = false;
    v->released = false;
    v->loud = true;
    say(v, "the operator says %s", operator_word_to_text(s->word));
    switch (s->word) {
    case OPERATOR_HOLD:
        return enter(v, VERDICT_HOLD, now_ms);
    case OPERATOR_UP:
        return enter(v, VERDICT_FORCED_UP, now_ms);
    case OPERATOR_DOWN:
        return enter(v, VERDICT_FORCED_DOWN, now_ms);
    case OPERATOR_DRAIN:
        v->state = VERDICT_INIT; /* not a fall */
        return enter(v, out ? VERDICT_DRAIN : VERDICT_FORCED_DOWN, now_ms);
    default:
        break;
    }
    v->released = true;
    say(v, "the operator has let go");
    v->state = VERDICT_INIT; /* not a fall, from nothing that was decided here */
    if (wish == WISH_UP || wish == WISH_DRAIN)
        return enter(v, VERDICT_UP, now_ms);
    return enter(v, wish == WISH_DOWN ? VERDICT_DOWN : VERDICT_INIT, now_ms);
}

/* A flood is known as one also by who is released in it, or just after it. */
static void watch_overload(struct verdict *v, const struct sample *s, uint64_t now_ms)
{
    if (!v->symptoms.suspect)
        return;
    if (v->begins)
        absorb_begin(&v->absorb, &v->window, now_ms);
    find_overload(v, s, now_ms);
}

/* Under a word that keeps the route up, the server's death takes it away all the same, also one that the
 * driver alone has seen. It's back as soon as the server serves, if held only after it has answered on
 * every path. */
static bool step_word(struct verdict *v, const struct sample *s, uint64_t now_ms)
{
    if (v->state == VERDICT_DRAIN)
        return step_drain(v, now_ms);
    if (v->state == VERDICT_FORCED_DOWN)
        return false;
    watch_overload(v, s, now_ms);
    const bool withdrawn = s->route == ROUTE_WITHDRAWN && verdict_wish(v) == WISH_UP;
    if (!v->dead && (is_gone(s) || withdrawn)) {
        v->dead = true;
        v->answered = 0;
        say(v, "%s: the operator's word doesn't keep a dead server's route",
            is_gone(s) ? gone_text(s) : withdrawn_text);
        return true;
    }
    if (!v->dead || s->health != HEALTH_SERVING
        || (v->state == VERDICT_HOLD && !all_answered(v, s)))
        return false;
    v->dead = false;
    v->since_ms = now_ms;
    say(v, "the server serves again, and the operator's word counts");
    return true;
}

/* A node is sick until the last tick that was bad, which may have been while it drained; the share over
 * a window tells so later. A lone bad tick of one that's well is the window's to judge. */
static void note_bad(struct verdict *v, const struct sample *s, uint64_t now_ms)
{
    const uint32_t bad = s->late + s->drops + s->bad;
    const uint32_t all = s->answers + s->drops + s->probes;
    const bool silent = bad == 0 && all == 0;
    const bool slow = silent || percent(bad, all) >= v->limits.bad_percent;
    const bool other =
        v->symptoms.stuck != 0 || v->symptoms.dead_paths != 0 || v->symptoms.expiring != 0;
    if (s->health != HEALTH_SERVING || (v->symptoms.suspect && (slow || other)))
        v->last_bad_ms = now_ms;
}

static enum absorb_learning learning(const struct verdict *v)
{
    if (v->state == VERDICT_ABSORB)
        return ABSORB_LEARN_SLOWLY;
    return v->state == VERDICT_UP && !v->symptoms.suspect ? ABSORB_LEARN : ABSORB_LEARN_NOTHING;
}

static bool step_state(struct verdict *v, const struct sample *s, uint64_t now_ms)
{
    switch (v->state) {
    case VERDICT_INIT:
        return step_init(v, s, now_ms);
    case VERDICT_READY:
        return step_ready(v, s, now_ms);
    case VERDICT_UP:
        return step_gone(v, s, now_ms) || step_up(v, s, now_ms);
    case VERDICT_SUSPECT:
        return step_gone(v, s, now_ms) || step_suspect(v, s, now_ms);
    case VERDICT_ABSORB:
        return step_gone(v, s, now_ms) || step_absorb(v, s, now_ms);
    case VERDICT_DRAIN:
        return step_gone(v, s, now_ms) || step_drain(v, now_ms);
    case VERDICT_DOWN:
        return step_down(v, s, now_ms);
    case VERDICT_PROBATION:
        return step_probation(v, s, now_ms);
    default:
        return false;
    }
}

bool verdict_step(struct verdict *v, const struct sample *s, uint64_t now_ms)
{
    window_record(&v->window, s, now_ms);
    paths_record(&v->paths, s, now_ms);
    v->answered |= s->paths;
    const bool suspect = v->symptoms.suspect;
    v->symptoms = symptoms_find(&v->window, &v->paths, s, &v->limits, now_ms);
    v->begins = v->symptoms.suspect && !suspect;
    note_bad(v, s, now_ms);
    absorb_step(&v->absorb, &v->window, s->datagrams, learning(v), now_ms);
    v->badness = symptoms_badness(&v->symptoms, s);
    v->asks = false;
    v->loud = false;
    if (s->word != v->word || (s->word == OPERATOR_HOLD && s->held != v->held))
        return enter_word(v, s, now_ms);
    return s->word != OPERATOR_NONE ? step_word(v, s, now_ms) : step_state(v, s, now_ms);
}
