/* test_group.c -- what a tick of a group does: measure, judge, ask the guard */
#include "server/sidecar/group.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants some of these */
#include <cmocka.h>

enum { SLOW_MS = 200 };

/* A store that answers some time after the first question. */
struct store_guard {
    struct guard guard; /* first */
    const uint64_t *now_ms;
    uint64_t away_ms;  /* from question to answer */
    uint64_t asked_ms; /* 0: not asked */
    bool refuses;
    bool in; /* others count on this node */
};

static enum guard_answer ask(struct guard *guard, unsigned badness)
{
    struct store_guard *g = (struct store_guard *)guard;
    (void)badness;
    if (g->asked_ms == 0)
        g->asked_ms = *g->now_ms;
    if (*g->now_ms - g->asked_ms < g->away_ms)
        return GUARD_PENDING;
    return g->refuses ? GUARD_STAY : GUARD_GRANTED;
}

static void cancel(struct guard *guard)
{
    ((struct store_guard *)guard)->asked_ms = 0;
}

static void withdrawn(struct guard *guard, unsigned badness)
{
    (void)badness;
    cancel(guard);
    ((struct store_guard *)guard)->in = false;
}

static void returned(struct guard *guard)
{
    cancel(guard);
    ((struct store_guard *)guard)->in = true;
}

static void report(struct guard *guard, unsigned badness)
{
    (void)guard;
    (void)badness;
}

static enum guard_return may_return(struct guard *guard, unsigned badness)
{
    (void)guard;
    (void)badness;
    return GUARD_RETURN_FREE;
}

static struct guard_view view(const struct guard *guard)
{
    (void)guard;
    return (struct guard_view){.fleet = true, .reachable = true};
}

static const struct guard_type guard_store = {.name = "store",
                                              .ask = ask,
                                              .cancel = cancel,
                                              .report = report,
                                              .withdrawn = withdrawn,
                                              .returned = returned,
                                              .may_return = may_return,
                                              .view = view};

struct scene {
    struct group *group;
    struct watch watch;
    struct store_guard guard;
    uint64_t now_ms;
};

static void begin(struct scene *s, uint64_t store_away_ms)
{
    struct address address;
    char name[] = "any";
    const struct config_group is = {.name = name, .address = &address, .addresses = 1};
    const struct config config = {.route = {.thresholds = thresholds_default(), .late_ms = 20, .probe_late_ms = 50}};
    assert_null(address_from_text(&address, "192.0.2.53@53", 53));
    *s = (struct scene){.now_ms = 1000000, .watch = {.server = SERVER_WELL}};
    s->guard = (struct store_guard){
        .guard = {.type = &guard_store}, .now_ms = &s->now_ms, .away_ms = store_away_ms};
    s->group = group_new(&config, &is, "");
    assert_non_null(s->group);
    group_guard(s->group, &s->guard.guard);
    s->group->route.name = s->group->name;
    s->group->route.route = ROUTE_UP;
    s->group->route.progress = PROGRESS_APPLIED;
    s->group->heard_ms = s->now_ms;
}

/* One tick, in which all answers took so long. */
static void tick(struct scene *s, unsigned ms)
{
    struct observation *o = &s->group->gathered;
    const bool late = ms > 50;
    s->now_ms += VERDICT_TICK_MS;
    o->latency[pulse_bucket(ms * UINT64_C(1000))] = o->sample.datagrams = 10;
    if (late)
        o->probes_failed = 2;
    else
        o->probe_latency[pulse_bucket(ms * UINT64_C(1000))] = 2;
    o->sample.tcp = 1;
    o->sample.tcp_bad = late;
    *(late ? &o->sample.paths_bad : &o->sample.paths) = o->sample.paths_served = 3;
    const struct group_tick t = {.watch = &s->watch, .now_ms = s->now_ms, .wall_ms = 1};
    group_decide(s->group, &t, (struct operator_entry){.word = OPERATOR_NONE});
}

/* How long after the first late answers it drains, where the store takes so long. */
static unsigned drains_after(uint64_t store_away_ms)
{
    struct scene s;
    begin(&s, store_away_ms);
    for (unsigned at = 0; at < 3000; at += VERDICT_TICK_MS)
        tick(&s, 1);
    assert_int_equal(s.group->verdict.state, VERDICT_UP);
    const uint64_t first_ms = s.now_ms + VERDICT_TICK_MS;
    while (s.group->verdict.state != VERDICT_DRAIN && s.now_ms < first_ms + 5000)
        tick(&s, SLOW_MS);
    free(s.group);
    return (unsigned)(s.now_ms - first_ms);
}

static void
a_slow_node_that_has_leave_within_a_tick_goes_as_soon_as_without_asking(void **state)
{
    const unsigned due_ms = thresholds_default().slow_ms;
    (void)state;
    assert_int_equal(drains_after(0), due_ms);
    assert_int_equal(drains_after(3), due_ms);
    assert_int_equal(drains_after(VERDICT_TICK_MS), due_ms);
    assert_int_equal(drains_after(VERDICT_TICK_MS + 1), due_ms + VERDICT_TICK_MS);
}

static void what_the_guard_said_is_counted_once_a_spell(void **state)
{
    (void)state;
    struct scene s;
    begin(&s, 0);
    s.guard.refuses = true;
    for (unsigned spell = 0; spell < 2; spell++) {
        for (unsigned at = 0; at < 3000; at += VERDICT_TICK_MS)
            tick(&s, 1);
        for (unsigned at = 0; at < 2000; at += VERDICT_TICK_MS)
            tick(&s, SLOW_MS);
    }
    assert_int_equal(s.group->refused, 2);
    assert_int_equal(s.group->granted, 0);
    s.guard.refuses = false;
    for (unsigned at = 0; at < 1000; at += VERDICT_TICK_MS)
        tick(&s, SLOW_MS);
    assert_int_equal(s.group->granted, 1);
    free(s.group);
}

/* Each row: what the driver says for so long, after it was announced. */
static void others_count_on_a_node_only_while_its_driver_has_announced_it(void **state)
{
    (void)state;
    static const struct {
        enum route route;
        enum progress progress;
        unsigned ms;
        bool counts;
    } table[] = {
        {ROUTE_UP, PROGRESS_APPLIED, 10000, true},
        {ROUTE_UP, PROGRESS_FAILING, VERDICT_TICK_MS, false},
        {ROUTE_UP, PROGRESS_PENDING, 2000, true}, /* a hook takes its time */
        {ROUTE_UP, PROGRESS_PENDING, 4000, false},
        {ROUTE_UNKNOWN, PROGRESS_UNKNOWN, 2000, true},
        {ROUTE_UNKNOWN, PROGRESS_UNKNOWN, 4000, false},
        {ROUTE_WITHDRAWN, PROGRESS_APPLIED, VERDICT_TICK_MS, false},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct scene s;
        begin(&s, 0);
        for (unsigned at = 0; at < 1000; at += VERDICT_TICK_MS) {
            tick(&s, 1);
            s.group->route.progress = PROGRESS_APPLIED;
        }
        assert_true(s.guard.in);
        s.group->route.route = table[i].route;
        s.group->route.progress = table[i].progress;
        for (unsigned at = 0; at < table[i].ms; at += VERDICT_TICK_MS)
            tick(&s, 1);
        assert_int_equal(s.guard.in, table[i].counts);
        free(s.group);
    }
}

/* An upgrade changes no wish; a driver that starts after it is told "up" for the server of now. */
static void the_word_is_for_the_server_that_is_there_now(void **state)
{
    (void)state;
    struct scene s;
    begin(&s, 0);
    tick(&s, 1);
    assert_int_equal(s.group->route.wish, WISH_UP);
    memset(s.watch.view.instance, 0xab, INSTANCE_OCTETS);
    group_meet(s.group, &s.watch);
    tick(&s, 1);
    assert_memory_equal(s.group->route.instance, s.watch.view.instance, INSTANCE_OCTETS);
    free(s.group);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_slow_node_that_has_leave_within_a_tick_goes_as_soon_as_without_asking),
        cmocka_unit_test(what_the_guard_said_is_counted_once_a_spell),
        cmocka_unit_test(others_count_on_a_node_only_while_its_driver_has_announced_it),
        cmocka_unit_test(the_word_is_for_the_server_that_is_there_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
