/* test_verdict.c -- when a node leaves, and when it comes back */
#include "server/sidecar/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
/* cmocka wants the four above */
#include <cmocka.h>

enum { PATHS = 0xf };

/* What a tick looks like; each line of a script has one of these and how long it lasts. */
static const struct sample well = {.health = HEALTH_SERVING,
                                   .workers = 2,
                                   .answers = 25,
                                   .datagrams = 25,
                                   .probes = 2,
                                   .tcp = 1,
                                   .paths = PATHS,
                                   .paths_all = PATHS,
                                   .paths_served = PATHS,
                                   .route = ROUTE_UP,
                                   .guard = GUARD_GRANTED};

static struct sample with_route(struct sample s, enum route route)
{
    s.route = route;
    return s;
}

static struct sample with_guard(struct sample s, enum guard_answer guard)
{
    s.guard = guard;
    return s;
}

static struct sample with_health(struct sample s, enum health health)
{
    s.health = health;
    s.answers = 0;
    s.probes = s.health == HEALTH_HUNG ? 2 : 0;
    s.bad = s.probes;
    s.tcp_bad = s.tcp = s.probes / 2;
    s.paths = 0;
    return s;
}

static struct sample with_bad(struct sample s, uint32_t late, uint32_t bad)
{
    s.late = late;
    s.bad = bad;
    s.tcp_bad = bad != 0 && s.tcp != 0 ? 1 : 0;
    s.paths = bad == s.probes ? 0 : s.paths;
    return s;
}

static struct sample slow(void)
{
    return with_bad(well, 25, 2);
}

static struct sample with_word(struct sample s, enum operator_word word)
{
    s.word = word;
    s.held = WISH_UP;
    return s;
}

struct script {
    struct verdict verdict;
    uint64_t now;
    unsigned told; /* how often there was something to tell */
    uint64_t fell; /* ms after which it left (drain or down), in the last play() */
    uint64_t rose; /* the same for up */
};

static void play(struct script *s, struct sample sample, unsigned ms)
{
    const uint64_t begin = s->now;
    s->fell = s->rose = 0;
    for (unsigned at = 0; at < ms; at += VERDICT_TICK_MS) {
        const enum wish before = verdict_wish(&s->verdict);
        s->now += VERDICT_TICK_MS;
        s->told += verdict_step(&s->verdict, &sample, s->now);
        const enum wish after = verdict_wish(&s->verdict);
        if (after != WISH_UP && before == WISH_UP)
            s->fell = s->now - begin;
        if (after == WISH_UP && before != WISH_UP)
            s->rose = s->now - begin;
    }
}

static struct script begin(void)
{
    struct script s = {.now = 1000000};
    verdict_init(&s.verdict, NULL, s.now);
    return s;
}

static struct script begin_up(void)
{
    struct script s = begin();
    play(&s, well, 3000);
    assert_int_equal(s.verdict.state, VERDICT_UP);
    s.told = 0;
    return s;
}

static void nothing_is_said_about_the_route_before_the_server_serves(void **state)
{
    (void)state;
    struct script s = begin();
    play(&s, with_health(with_route(well, ROUTE_FRESH), HEALTH_GONE), 5000);
    assert_int_equal(s.verdict.state, VERDICT_INIT);
    play(&s, with_health(with_route(well, ROUTE_FRESH), HEALTH_NOT_SERVING), 5000);
    assert_int_equal(verdict_wish(&s.verdict), WISH_NOTHING);
}

static void the_first_announcement_waits_for_an_answer_over_every_path(void **state)
{
    (void)state;
    struct script s = begin();
    struct sample some = with_route(well, ROUTE_FRESH);
    some.paths = 0x7; /* one address doesn't answer by TCP */
    play(&s, some, 5000);
    assert_int_equal(s.verdict.state, VERDICT_READY);
    some.paths = 0x8;
    play(&s, some, 50);
    assert_int_equal(s.verdict.state, VERDICT_UP);
}

static void an_announced_route_is_taken_over_by_a_new_sidecar(void **state)
{
    (void)state;
    struct script s = begin();
    play(&s, with_bad(well, 0, 0), 50);
    assert_int_equal(s.verdict.state, VERDICT_UP);
}

static void a_route_that_was_withdrawn_before_has_to_earn_its_way_back(void **state)
{
    (void)state;
    struct script s = begin();
    play(&s, with_route(well, ROUTE_DOWN), 10000);
    assert_in_range(s.rose, 2000, 2500);
}

/* Fell as often as said, the last time 10 s ago; the first fall's hold-down is 2 s, the third one's 72 s. */
static struct script begin_fallen(unsigned falls)
{
    const struct thresholds limits = thresholds_default();
    struct script s = begin();
    struct holddown holddown = {0};
    struct cycles cycles = {0};
    for (unsigned i = 0; i < falls; i++) {
        holddown_fall(&holddown, &limits, s.now - 10000);
        cycles_fall(&cycles, s.now - 10000);
    }
    verdict_restore(&s.verdict, &holddown, &cycles);
    return s;
}

static void a_restart_neither_shortens_nor_renews_a_hold_down(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        unsigned falls;
        enum route route;
        unsigned rises_after, rises_before;
    } table[] = {
        {"its hold-down is over", 1, ROUTE_DOWN, 2000, 2500},
        {"some of it is left", 2, ROUTE_DOWN, 2000, 2500},
        {"a minute of it is left", 3, ROUTE_DOWN, 62000, 62500},
        {"the server died unseen: a fourth fall", 3, ROUTE_WITHDRAWN, 380000, 600000},
        {"on its way out", 3, ROUTE_DRAIN, 62000, 62500},
        {"on its way back", 1, ROUTE_DRAIN, 50, 50},
        {"announced", 3, ROUTE_UP, 50, 50},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        print_message("%s\n", table[i].what);
        struct script s = begin_fallen(table[i].falls);
        play(&s, with_route(well, table[i].route), 50);
        const uint64_t rose = s.rose;
        play(&s,
             with_route(well, table[i].route == ROUTE_WITHDRAWN ? ROUTE_DOWN : table[i].route),
             700000);
        assert_in_range(rose != 0 ? rose : s.rose + 50, table[i].rises_after,
                        table[i].rises_before);
    }
}

static void a_restart_leaves_the_budget_of_cycles_as_it_was(void **state)
{
    (void)state;
    struct script s = begin_fallen(3);
    s.verdict.limits.holddown_max_ms = 2000;
    play(&s, well, 3000); /* taken over */
    assert_int_equal(s.verdict.state, VERDICT_UP);
    play(&s, with_health(well, HEALTH_GONE), 100);
    play(&s, with_route(well, ROUTE_DOWN), 20000);
    assert_int_equal(s.rose, 0);
    assert_non_null(strstr(s.verdict.why, "it fell 4 times"));
}

static void without_word_from_the_driver_nothing_begins(void **state)
{
    (void)state;
    struct script s = begin();
    play(&s, with_route(well, ROUTE_UNKNOWN), 10000);
    assert_int_equal(s.verdict.state, VERDICT_INIT);
}

static void a_dead_or_hung_server_goes_down_at_once_and_asks_nobody(void **state)
{
    (void)state;
    const enum health fates[] = {HEALTH_GONE, HEALTH_HUNG};
    for (size_t i = 0; i < 2; i++) {
        struct script s = begin_up();
        play(&s, with_guard(with_health(well, fates[i]), GUARD_STAY), 50);
        assert_int_equal(s.verdict.state, VERDICT_DOWN);
    }
}

static void a_planned_stop_is_no_fall(void **state)
{
    (void)state;
    struct script s = begin_up();
    play(&s, with_health(well, HEALTH_NOT_SERVING), 500);
    assert_int_equal(s.verdict.state, VERDICT_INIT);
    play(&s, with_route(with_health(well, HEALTH_GONE), ROUTE_FRESH), 500);
    play(&s, with_route(well, ROUTE_FRESH), 1000);
    assert_in_range(s.rose, 50, 150);
}

/* What a slow spell does: how much is bad in each tick, for how long. */
static void slowness_goes_down_only_when_it_lasts_and_two_sources_agree(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint32_t late, bad; /* of 25 answers and 2 probes in each tick */
        unsigned ms;
        enum guard_answer guard;
        unsigned falls_after, falls_before; /* 0: never */
    } table[] = {
        {"all slow, granted", 25, 2, 2000, GUARD_GRANTED, 550, 700},
        {"all slow, told to stay", 25, 2, 5000, GUARD_STAY, 0, 0},
        {"all slow, the fleet doesn't answer", 25, 2, 5000, GUARD_PENDING, 0, 0},
        {"near the threshold", 14, 2, 2000, GUARD_GRANTED, 800, 1000},
        {"below the threshold", 12, 1, 5000, GUARD_GRANTED, 0, 0},
        {"the pulse alone", 25, 0, 5000, GUARD_GRANTED, 0, 0},
        {"the probes alone", 0, 2, 5000, GUARD_GRANTED, 0, 0},
        {"a pause of 250 ms", 25, 2, 250, GUARD_GRANTED, 0, 0},
        {"a pause of 300 ms", 25, 2, 300, GUARD_GRANTED, 0, 0},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        print_message("%s\n", table[i].what);
        struct script s = begin_up();
        const struct sample sick =
            with_guard(with_bad(well, table[i].late, table[i].bad), table[i].guard);
        play(&s, sick, table[i].ms);
        const uint64_t fell = s.fell;
        assert_in_range(fell, table[i].falls_after, table[i].falls_before);
        if (fell == 0) {
            play(&s, with_guard(well, table[i].guard), 3000);
            assert_int_equal(s.fell, 0);
            assert_int_equal(s.verdict.state, VERDICT_UP);
        }
    }
}

static void answers_that_pile_up_in_a_pause_and_come_at_once_change_nothing(void **state)
{
    (void)state;
    struct script s = begin_up();
    struct sample silent = with_bad(well, 0, 2);
    silent.answers = 0;
    play(&s, silent, 250);
    struct sample burst = well;
    burst.answers = 150;
    burst.late = 125;
    play(&s, burst, 50);
    play(&s, well, 3000);
    assert_int_equal(s.fell, 0);
    assert_int_equal(verdict_wish(&s.verdict), WISH_UP);
}

static void a_server_that_answers_nothing_at_all_has_two_sources_against_it(void **state)
{
    (void)state;
    struct script s = begin_up();
    struct sample silent = with_bad(well, 0, 2);
    silent.answers = 0;
    play(&s, silent, 2000);
    assert_in_range(s.fell, 550, 800);
}

/* Stalls longer than half a window: what is answered meanwhile are the first few that were held up. */
static void a_few_answers_that_are_all_late_are_a_second_source(void **state)
{
    (void)state;
    struct script s = begin_up();
    struct sample silent = with_bad(well, 0, 2);
    silent.answers = 0;
    play(&s, silent, 400);
    struct sample few = silent;
    few.answers = few.late = 3;
    play(&s, few, 50);
    play(&s, silent, 1000);
    assert_in_range(s.fell, 100, 250);

    s = begin_up();
    play(&s, silent, 400);
    few.late = 2; /* one was in time */
    play(&s, few, 50);
    play(&s, silent, 400);
    assert_int_equal(s.fell, 0);
}

static void probes_alone_are_load_enough_for_a_verdict(void **state)
{
    (void)state;
    struct script s = begin();
    struct sample idle = well;
    idle.answers = 2;
    play(&s, idle, 3000);
    assert_int_equal(s.verdict.state, VERDICT_UP);
    play(&s, with_bad(idle, 2, 2), 2000);
    assert_in_range(s.fell, 550, 800);
}

static void too_few_samples_say_nothing(void **state)
{
    (void)state;
    struct script s = begin_up();
    play(&s, with_health(well, HEALTH_SERVING), 600); /* the window empties: nothing is known */
    struct sample few = with_bad(well, 1, 0);
    few.probes = few.tcp = 0;
    few.answers = 1;
    play(&s, few, 5000);
    assert_int_equal(s.verdict.state, VERDICT_UP);
}

static void unknown_is_neither_good_nor_bad(void **state)
{
    (void)state;
    struct script s = begin_up();
    const struct sample nothing = {.health = HEALTH_UNKNOWN, .paths_all = PATHS};
    play(&s, nothing, 60000);
    assert_int_equal(s.verdict.state, VERDICT_UP);
    assert_int_equal(s.told, 0);
}

static void one_stuck_worker_of_two_goes_when_probes_agree_and_the_guard_grants(void **state)
{
    (void)state;
    struct script s = begin_up();
    struct sample half = with_bad(well, 0, 1);
    half.stuck = 1;
    play(&s, half, 1000);
    assert_in_range(s.fell, 550, 650); /* its heartbeat is no sample near a threshold */

    s = begin_up();
    half.guard = GUARD_STAY;
    play(&s, half, 5000);
    assert_int_equal(s.verdict.state, VERDICT_SUSPECT);

    s = begin_up();
    half.guard = GUARD_GRANTED;
    half.bad = half.tcp_bad = 0; /* it looks stuck, but everyone is answered */
    play(&s, half, 5000);
    assert_int_equal(s.verdict.state, VERDICT_SUSPECT);
}

static void the_guards_refusal_is_told_once_a_spell(void **state)
{
    (void)state;
    struct script s = begin_up();
    play(&s, with_guard(slow(), GUARD_STAY), 10000);
    assert_int_equal(s.told, 2); /* SUSPECT, and the refusal */
    assert_non_null(strstr(s.verdict.why, "the guard says stay"));
    assert_non_null(strstr(s.verdict.why, "100% of 250 answers late"));
}

static void it_returns_after_two_clean_seconds_the_first_time(void **state)
{
    (void)state;
    struct script s = begin_up();
    play(&s, slow(), 3000); /* drained for two of them */
    assert_int_equal(s.verdict.state, VERDICT_DOWN);
    play(&s, with_route(well, ROUTE_DOWN), 5000);
    assert_in_range(s.rose, 2000, 2600);
}

/* What it was healed of while it drained needn't be waited for again. */
static void the_clean_time_begins_with_the_last_bad_answer_also_while_it_drains(void **state)
{
    (void)state;
    const struct sample away = with_route(well, ROUTE_DOWN);
    for (unsigned more = 0; more <= 3000;
         more += 500) { /* of slowness, after it began to drain */
        struct script s = begin_up();
        play(&s, slow(), 600 + more);
        assert_int_not_equal(verdict_wish(&s.verdict), WISH_UP);
        play(&s, with_route(well, ROUTE_DRAIN), 200);
        play(&s, away, 5000);
        assert_in_range(s.rose, 1800, 2250);
    }
}

static void a_relapse_while_it_drains_begins_the_clean_time_anew(void **state)
{
    (void)state;
    struct script s = begin_up();
    play(&s, slow(), 700);
    play(&s, with_route(well, ROUTE_DRAIN), 700);
    play(&s, with_route(slow(), ROUTE_DRAIN), 600);
    play(&s, with_route(well, ROUTE_DOWN), 5000);
    assert_in_range(s.rose, 2000, 2450);
}

static void a_crash_is_followed_by_probation_too(void **state)
{
    (void)state;
    struct script s = begin_up();
    play(&s, with_health(well, HEALTH_GONE), 100);
    play(&s, with_route(well, ROUTE_DOWN), 5000);
    assert_in_range(s.rose, 2000, 2500);
}

static void it_does_not_return_while_it_is_not_clean(void **state)
{
    (void)state;
    struct sample samples[4] = {with_bad(well, 2, 0), with_bad(well, 0, 1), well, well};
    samples[2].tcp_bad = samples[2].tcp; /* TCP alone is dead */
    samples[2].bad = 1;
    samples[3].stuck = 1;
    for (size_t i = 0; i < 4; i++) {
        struct script s = begin_up();
        play(&s, slow(), 3000);
        samples[i].route = ROUTE_DOWN;
        play(&s, samples[i], 20000);
        assert_int_equal(verdict_wish(&s.verdict), WISH_DOWN);
        play(&s, with_route(well, ROUTE_DOWN), 10000);
        assert_in_range(s.rose, 50, 2600);
    }
}

/* 2, 12 and 72 s, less what the penalty lost meanwhile. */
static void each_fall_keeps_it_away_longer(void **state)
{
    (void)state;
    struct script s = begin_up();
    static const uint64_t least[] = {2000, 11000, 45000}, most[] = {2200, 12600, 72600};
    for (size_t i = 0; i < 3; i++) {
        play(&s, slow(), 600);
        assert_int_equal(s.verdict.state, VERDICT_DRAIN);
        const uint64_t fell = s.now;
        while (verdict_wish(&s.verdict) != WISH_UP && s.now - fell < 100000)
            play(&s, with_route(well, ROUTE_DOWN), VERDICT_TICK_MS);
        assert_in_range(s.now - fell, least[i], most[i]);
        play(&s, well, 1000);
    }
}

/* The driver isn't told "up" again while it's wished so, so in each state that wishes it something must
 * change at once; the first sample after a change of state may be the one that tells. */
static void a_driver_that_let_go_by_itself_is_believed_in_every_state(void **state)
{
    (void)state;
    struct sample bad = slow(), flood = slow();
    bad.guard = GUARD_STAY;
    flood.datagrams = 500;
    const struct {
        struct sample before;
        enum verdict_state from;
        unsigned back_ms; /* at least, and at most half a second more */
    } table[] = {
        {well, VERDICT_UP, 2000},
        {bad, VERDICT_SUSPECT, 2000},
        {flood, VERDICT_ABSORB, 2000},
        {with_word(well, OPERATOR_UP), VERDICT_FORCED_UP, 50},
        {with_word(well, OPERATOR_HOLD), VERDICT_HOLD, 50},
        {with_word(bad, OPERATOR_UP), VERDICT_FORCED_UP, 50},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        print_message("%s\n", verdict_state_to_text(table[i].from));
        struct script s = begin_up();
        play(&s, well, 15000);
        while (s.verdict.state != table[i].from)
            play(&s, table[i].before, VERDICT_TICK_MS);
        play(&s, with_route(table[i].before, ROUTE_WITHDRAWN), VERDICT_TICK_MS);
        assert_int_equal(verdict_wish(&s.verdict), WISH_DOWN);
        play(&s, with_word(with_route(well, ROUTE_DOWN), table[i].before.word), 5000);
        assert_in_range(s.rose, table[i].back_ms, table[i].back_ms + 500);
    }
}

static void what_the_driver_let_go_of_under_a_word_is_seen_when_that_ends(void **state)
{
    (void)state;
    struct script s = begin_up();
    play(&s, with_word(well, OPERATOR_UP), 1000);
    play(&s, with_route(well, ROUTE_WITHDRAWN), 50); /* the release */
    play(&s, with_route(well, ROUTE_WITHDRAWN), 50);
    assert_int_equal(s.verdict.state, VERDICT_DOWN);
}

static void a_sick_node_is_drained_for_two_seconds_before_it_is_withdrawn(void **state)
{
    (void)state;
    struct script s = begin_up();
    play(&s, slow(), 700);
    assert_int_equal(s.verdict.state, VERDICT_DRAIN);
    assert_int_equal(verdict_wish(&s.verdict), WISH_DRAIN);
    play(&s, with_route(slow(), ROUTE_DRAIN), 1800);
    assert_int_equal(s.verdict.state, VERDICT_DRAIN);
    play(&s, with_route(slow(), ROUTE_DRAIN), 400);
    assert_int_equal(verdict_wish(&s.verdict), WISH_DOWN);
}

static void a_server_that_dies_while_it_drains_goes_down_at_once(void **state)
{
    (void)state;
    struct script s = begin_up();
    play(&s, slow(), 700);
    play(&s, with_health(well, HEALTH_GONE), 50);
    assert_int_equal(s.verdict.state, VERDICT_DOWN);
}

static void the_guard_is_asked_only_when_the_node_is_due_and_a_tick_ahead(void **state)
{
    (void)state;
    struct script s = begin_up();
    uint64_t asked = 0, left = 0;
    const uint64_t begin_ms = s.now;
    while (verdict_wish(&s.verdict) == WISH_UP) {
        const enum guard_answer answer =
            verdict_asks(&s.verdict) ? GUARD_GRANTED : GUARD_PENDING;
        play(&s, with_guard(slow(), answer), VERDICT_TICK_MS);
        if (verdict_asks(&s.verdict) && asked == 0)
            asked = s.now - begin_ms;
        left = s.now - begin_ms;
        assert_true(left < 2000);
    }
    assert_int_equal(left, asked + VERDICT_TICK_MS);
    assert_in_range(left, 550, 700);
}

/* Each row: what the ticks bring after a quiet time at 25 datagrams a tick. */
static void overload_is_absorbed_and_no_fault(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint32_t datagrams, drops;
        struct guard_view fleet;
        enum verdict_state becomes;
    } table[] = {
        {"slow at the usual rate", 25, 0, {0}, VERDICT_DRAIN},
        {"slow at six times the usual rate", 150, 0, {0}, VERDICT_ABSORB},
        {"slow at twice the rate, nothing dropped", 50, 0, {0}, VERDICT_DRAIN},
        {"slow at twice the rate, and the kernel drops", 50, 20, {0}, VERDICT_ABSORB},
        {"drops at the usual rate: a stalled server", 25, 20, {0}, VERDICT_DRAIN},
        {"the other one of two is bad as well",
         25,
         0,
         {.fleet = true, .reachable = true, .members = 2, .bad = 1},
         VERDICT_ABSORB},
        {"one of four others is bad as well",
         25,
         0,
         {.fleet = true, .reachable = true, .members = 5, .bad = 1},
         VERDICT_DRAIN},
        {"half of the fleet was bad when the store was last heard of",
         25,
         0,
         {.fleet = true, .reachable = false, .members = 4, .bad = 3},
         VERDICT_DRAIN},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        print_message("%s\n", table[i].what);
        struct script s = begin_up();
        play(&s, well, 15000);
        struct sample sick = slow();
        sick.datagrams = table[i].datagrams;
        sick.drops = table[i].drops;
        sick.fleet = table[i].fleet;
        play(&s, sick, 1000);
        assert_int_equal(s.verdict.state, table[i].becomes);
        if (table[i].becomes != VERDICT_ABSORB)
            continue;
        play(&s, sick, 60000);
        assert_int_equal(s.fell, 0);
        play(&s, well, 1000);
        assert_int_equal(s.verdict.state, VERDICT_UP);
    }
}

static void what_is_bad_after_the_flood_gets_its_full_patience(void **state)
{
    (void)state;
    struct script s = begin_up();
    play(&s, well, 15000);
    struct sample flood = slow();
    flood.datagrams = 250;
    play(&s, flood, 5000);
    assert_int_equal(s.verdict.state, VERDICT_ABSORB);
    play(&s, slow(), 3000);
    assert_in_range(s.fell, 600, 1300);
}

/* Queries that waited in the sockets are answered late, though no more than three times as many come. */
static void what_a_flood_has_left_in_the_sockets_is_absorbed_too(void **state)
{
    (void)state;
    struct script s = begin_up();
    play(&s, well, 15000);
    struct sample flood = slow();
    flood.datagrams = 250;
    play(&s, flood, 5000);
    flood.datagrams = 80;
    play(&s, flood, 5000);
    assert_int_equal(s.verdict.state, VERDICT_ABSORB);
    play(&s, well, 1000);
    assert_int_equal(s.verdict.state, VERDICT_UP);

    s = begin_up(); /* without a flood before it, it's a fault */
    play(&s, well, 15000);
    play(&s, flood, 1000);
    assert_int_equal(s.verdict.state, VERDICT_DRAIN);
}

/* Each row: a flood of ten times the usual rate, what comes after it, and when the operator lets go. */
static void a_node_that_is_released_in_a_flood_or_after_it_is_judged_without_it(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        unsigned flood_ms, rest_ms; /* both under the word; then the rest goes on for 3 s */
        uint32_t datagrams;         /* in a tick of the rest */
        bool well;
        unsigned falls_ms; /* after the release: not before; 0: it doesn't */
    } table[] = {
        {"in the flood", 5000, 0, 250, false, 0},
        {"what it has left is answered at three times the usual rate", 5000, 1000, 80, false,
         0},
        {"... at twice the usual rate", 5000, 1000, 50, false, 0},
        {"just after it, when all is well again", 5000, 50, 25, true, 0},
        {"just after it, and slow at the usual rate", 5000, 500, 25, false, 500},
        {"slow for another reason since long", 5000, 9000, 50, false, 50},
        {"slow, without any flood", 0, 3000, 25, false, 50},
    };
    static const enum operator_word words[] = {OPERATOR_HOLD, OPERATOR_UP};
    for (size_t i = 0; i < 2 * sizeof(table) / sizeof(table[0]); i++) {
        const unsigned row = (unsigned)i / 2;
        print_message("released from %s, %s\n", operator_word_to_text(words[i % 2]),
                      table[row].what);
        struct script s = begin_up();
        play(&s, well, 15000);
        struct sample flood = slow();
        flood.word = words[i % 2];
        flood.held = WISH_UP;
        flood.datagrams = 250;
        play(&s, flood, table[row].flood_ms);
        struct sample rest = table[row].well ? well : slow();
        rest.word = flood.word;
        rest.held = WISH_UP;
        rest.datagrams = table[row].datagrams;
        play(&s, rest, table[row].rest_ms);
        rest.word = OPERATOR_NONE;
        play(&s, rest, 3000);
        if (table[row].falls_ms == 0)
            assert_int_equal(s.fell, 0);
        else
            assert_in_range(s.fell, table[row].falls_ms, table[row].falls_ms + 700);
    }
}

/* A server that has little capacity answers what is left at little more than the usual rate; but that isn't
 * long, and then it's slow by itself. */
static void what_a_flood_has_left_is_absorbed_for_some_seconds_at_most(void **state)
{
    (void)state;
    struct script s = begin_up();
    play(&s, well, 15000);
    struct sample flood = slow();
    flood.datagrams = 250;
    play(&s, flood, 5000);
    flood.datagrams = 50;
    play(&s, flood, 4000);
    assert_int_equal(s.verdict.state, VERDICT_ABSORB);
    play(&s, flood, 4000);
    assert_in_range(s.fell, ABSORB_LEFT_MS - 4000, ABSORB_LEFT_MS - 4000 + 1200);
}

/* The share of bad answers may fall below the limit for a moment of a flood that ebbs away. */
static void a_flood_is_one_still_after_a_moment_that_was_well(void **state)
{
    (void)state;
    struct script s = begin_up();
    play(&s, well, 15000);
    struct sample flood = slow();
    flood.datagrams = 250;
    play(&s, flood, 5000);
    struct sample ebb = with_bad(well, 0, 0);
    ebb.datagrams = 80;
    play(&s, ebb, 300);
    assert_int_equal(s.verdict.state, VERDICT_UP);
    flood.datagrams = 80;
    play(&s, flood, 2000);
    assert_int_equal(s.verdict.state, VERDICT_ABSORB);
    assert_int_equal(s.fell, 0);
}

static void retries_of_a_stalled_servers_clients_are_no_flood(void **state)
{
    (void)state;
    struct script s = begin_up();
    play(&s, well, 15000);
    struct sample stalled = slow();
    play(&s, stalled, 400);
    stalled.datagrams = 75;
    stalled.drops = 20;
    play(&s, stalled, 1000);
    assert_int_equal(s.verdict.state, VERDICT_DRAIN);
}

static void an_address_that_is_dead_by_one_transport_goes_within_two_seconds(void **state)
{
    (void)state;
    struct script s = begin_up();
    struct sample dead = well; /* one probe of many is bad, in shares it's nothing */
    dead.paths = PATHS & ~2U;
    dead.paths_bad = 2;
    dead.paths_served = PATHS & ~2U;
    play(&s, dead, 2000);
    assert_in_range(s.fell, 1000, 1200);
    assert_non_null(strstr(s.verdict.why, "address 1 dead by TCP"));

    s = begin_up();
    dead.paths_served = PATHS; /* the pulse has answered there: only the probes are lost */
    play(&s, dead, 5000);
    assert_int_equal(s.verdict.state, VERDICT_SUSPECT);
}

static void zones_about_to_expire_drain_their_group_where_the_guard_grants(void **state)
{
    (void)state;
    struct script s = begin_up();
    struct sample expiring = well;
    expiring.expiring = EXPIRING_ZONE;
    play(&s, with_guard(expiring, GUARD_STAY), 1000);
    assert_int_equal(s.verdict.state, VERDICT_SUSPECT);
    play(&s, expiring, 100);
    assert_int_equal(s.verdict.state, VERDICT_DRAIN);
    play(&s, with_route(expiring, ROUTE_DOWN), 30000);
    assert_int_equal(s.rose, 0);
    play(&s, with_route(well, ROUTE_DOWN), 3000);
    assert_in_range(s.rose, 2000, 2600);
}

static void an_operators_word_outranks_all_but_the_servers_death(void **state)
{
    (void)state;
    static const struct {
        enum operator_word word;
        enum verdict_state becomes;
        enum wish wish, slow, dead, released;
    } table[] = {
        {OPERATOR_HOLD, VERDICT_HOLD, WISH_UP, WISH_UP, WISH_DOWN, WISH_UP},
        {OPERATOR_UP, VERDICT_FORCED_UP, WISH_UP, WISH_UP, WISH_DOWN, WISH_UP},
        {OPERATOR_DOWN, VERDICT_FORCED_DOWN, WISH_DOWN, WISH_DOWN, WISH_DOWN, WISH_DOWN},
        {OPERATOR_DRAIN, VERDICT_DRAIN, WISH_DRAIN, WISH_DOWN, WISH_DOWN, WISH_DOWN},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        print_message("%s\n", operator_word_to_text(table[i].word));
        struct script s = begin_up();
        play(&s, with_word(well, table[i].word), 50);
        assert_int_equal(s.verdict.state, table[i].becomes);
        assert_int_equal(verdict_wish(&s.verdict), table[i].wish);
        play(&s, with_word(slow(), table[i].word), 10000);
        assert_int_equal(verdict_wish(&s.verdict), table[i].slow);
        play(&s, with_word(with_health(well, HEALTH_GONE), table[i].word), 100);
        assert_int_equal(verdict_wish(&s.verdict), table[i].dead);
        play(&s, with_word(well, table[i].word), 2500);
        assert_int_equal(verdict_wish(&s.verdict), table[i].slow);
        play(&s, well, 50);
        assert_int_equal(verdict_wish(&s.verdict), table[i].released);
        play(&s, well, 500); /* clean for long: no probation after a word */
        assert_int_equal(s.verdict.state, VERDICT_UP);
    }
}

static void a_held_route_that_was_down_stays_down(void **state)
{
    (void)state;
    struct script s = begin_up();
    play(&s, with_health(well, HEALTH_GONE), 100);
    struct sample hold = with_route(with_word(well, OPERATOR_HOLD), ROUTE_DOWN);
    hold.held = WISH_DOWN;
    play(&s, hold, 30000);
    assert_int_equal(s.verdict.state, VERDICT_HOLD);
    assert_int_equal(verdict_wish(&s.verdict), WISH_DOWN);
}

static void words_count_from_the_first_tick_on_after_a_restart(void **state)
{
    (void)state;
    struct script s = begin();
    play(&s, with_word(with_health(well, HEALTH_UNKNOWN), OPERATOR_DOWN), 50);
    assert_int_equal(verdict_wish(&s.verdict), WISH_DOWN);
    s = begin();
    play(&s, with_word(with_route(well, ROUTE_DOWN), OPERATOR_DRAIN), 50);
    assert_int_equal(s.verdict.state, VERDICT_FORCED_DOWN); /* nothing is there to drain */
}

/* Falls until the budget is spent: each a crash, with a hold-down that's over soon. */
static struct script spend_budget(void)
{
    struct script s = begin_up();
    s.verdict.limits.holddown_max_ms = 2000;
    for (int i = 0; i < 4; i++) {
        play(&s, with_health(well, HEALTH_GONE), 100);
        play(&s, with_route(well, ROUTE_DOWN), 4000);
        assert_int_equal(s.rose != 0, i < 3);
        play(&s, with_route(well, i < 3 ? ROUTE_UP : ROUTE_DOWN), 1000);
    }
    return s;
}

static void after_three_cycles_it_stays_away_and_says_so_loudly(void **state)
{
    (void)state;
    struct script s = spend_budget();
    assert_int_equal(s.verdict.state, VERDICT_PROBATION);
    assert_non_null(strstr(s.verdict.why, "stays away"));
    play(&s, with_route(well, ROUTE_DOWN), 500000);
    assert_int_equal(s.rose, 0);
    play(&s, with_route(well, ROUTE_DOWN), 100000); /* the first fall is ten minutes ago */
    assert_true(s.rose != 0);
}

static void where_the_fleet_needs_it_no_budget_and_no_probation_counts(void **state)
{
    (void)state;
    struct script s = spend_budget();
    struct sample needed = with_route(well, ROUTE_DOWN);
    needed.may_return = GUARD_RETURN_NEEDED;
    play(&s, needed, 100);
    assert_int_equal(s.verdict.state, VERDICT_UP);

    s = begin_up();
    play(&s, slow(), 3000);
    needed = with_route(with_bad(well, 25, 1), ROUTE_DOWN);
    needed.may_return = GUARD_RETURN_NEEDED;
    play(&s, needed, 100);
    assert_int_equal(verdict_wish(&s.verdict), WISH_UP);
    needed.may_return = GUARD_RETURN_FREE;
    needed.route = ROUTE_UP;
    needed.guard = GUARD_STAY;
    play(&s, needed, 10000);
    assert_int_equal(verdict_wish(&s.verdict), WISH_UP);
}

static void a_dead_server_is_never_needed(void **state)
{
    (void)state;
    struct script s = begin_up();
    struct sample dead = with_health(with_route(well, ROUTE_DOWN), HEALTH_GONE);
    dead.may_return = GUARD_RETURN_NEEDED;
    play(&s, dead, 10000);
    assert_int_equal(verdict_wish(&s.verdict), WISH_DOWN);
}

static void the_less_sick_one_returns_first(void **state)
{
    (void)state;
    struct script s = begin_up();
    play(&s, slow(), 3000);
    struct sample wait = with_route(well, ROUTE_DOWN);
    wait.may_return = GUARD_RETURN_WAIT;
    play(&s, wait, 10000);
    assert_int_equal(s.rose, 0);
    play(&s, with_route(well, ROUTE_DOWN), 100);
    assert_int_equal(verdict_wish(&s.verdict), WISH_UP);
}

/* Slow and well by turns, 3 s each, for 48 s. */
static void flapping_makes_at_most_four_changes_of_the_route(void **state)
{
    (void)state;
    struct script s = begin_up();
    unsigned changes = 0;
    for (int i = 0; i < 8; i++) {
        play(&s, with_route(slow(), ROUTE_UP), 3000);
        changes += s.fell != 0;
        play(&s, well, 3000);
        changes += s.rose != 0;
    }
    assert_in_range(changes, 1, 4);
}

static void badness_grows_with_the_share_and_is_most_when_dead(void **state)
{
    (void)state;
    struct script s = begin_up();
    assert_int_equal(s.verdict.badness, 0);
    play(&s, with_bad(well, 5, 0), 1000);
    assert_int_equal(s.verdict.badness, 200);
    play(&s, with_bad(well, 20, 2), 500);
    assert_in_range(s.verdict.badness, GUARD_BADNESS_BAD, GUARD_BADNESS_MAX);
    play(&s, with_health(well, HEALTH_GONE), 50);
    assert_int_equal(s.verdict.badness, GUARD_BADNESS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_said_about_the_route_before_the_server_serves),
        cmocka_unit_test(the_first_announcement_waits_for_an_answer_over_every_path),
        cmocka_unit_test(an_announced_route_is_taken_over_by_a_new_sidecar),
        cmocka_unit_test(a_route_that_was_withdrawn_before_has_to_earn_its_way_back),
        cmocka_unit_test(a_restart_neither_shortens_nor_renews_a_hold_down),
        cmocka_unit_test(a_restart_leaves_the_budget_of_cycles_as_it_was),
        cmocka_unit_test(without_word_from_the_driver_nothing_begins),
        cmocka_unit_test(a_dead_or_hung_server_goes_down_at_once_and_asks_nobody),
        cmocka_unit_test(a_planned_stop_is_no_fall),
        cmocka_unit_test(slowness_goes_down_only_when_it_lasts_and_two_sources_agree),
        cmocka_unit_test(answers_that_pile_up_in_a_pause_and_come_at_once_change_nothing),
        cmocka_unit_test(a_server_that_answers_nothing_at_all_has_two_sources_against_it),
        cmocka_unit_test(a_few_answers_that_are_all_late_are_a_second_source),
        cmocka_unit_test(probes_alone_are_load_enough_for_a_verdict),
        cmocka_unit_test(too_few_samples_say_nothing),
        cmocka_unit_test(unknown_is_neither_good_nor_bad),
        cmocka_unit_test(one_stuck_worker_of_two_goes_when_probes_agree_and_the_guard_grants),
        cmocka_unit_test(the_guards_refusal_is_told_once_a_spell),
        cmocka_unit_test(it_returns_after_two_clean_seconds_the_first_time),
        cmocka_unit_test(a_crash_is_followed_by_probation_too),
        cmocka_unit_test(the_clean_time_begins_with_the_last_bad_answer_also_while_it_drains),
        cmocka_unit_test(a_relapse_while_it_drains_begins_the_clean_time_anew),
        cmocka_unit_test(it_does_not_return_while_it_is_not_clean),
        cmocka_unit_test(each_fall_keeps_it_away_longer),
        cmocka_unit_test(a_driver_that_let_go_by_itself_is_believed_in_every_state),
        cmocka_unit_test(what_the_driver_let_go_of_under_a_word_is_seen_when_that_ends),
        cmocka_unit_test(a_sick_node_is_drained_for_two_seconds_before_it_is_withdrawn),
        cmocka_unit_test(a_server_that_dies_while_it_drains_goes_down_at_once),
        cmocka_unit_test(the_guard_is_asked_only_when_the_node_is_due_and_a_tick_ahead),
        cmocka_unit_test(overload_is_absorbed_and_no_fault),
        cmocka_unit_test(what_is_bad_after_the_flood_gets_its_full_patience),
        cmocka_unit_test(what_a_flood_has_left_in_the_sockets_is_absorbed_too),
        cmocka_unit_test(a_node_that_is_released_in_a_flood_or_after_it_is_judged_without_it),
        cmocka_unit_test(what_a_flood_has_left_is_absorbed_for_some_seconds_at_most),
        cmocka_unit_test(a_flood_is_one_still_after_a_moment_that_was_well),
        cmocka_unit_test(retries_of_a_stalled_servers_clients_are_no_flood),
        cmocka_unit_test(an_address_that_is_dead_by_one_transport_goes_within_two_seconds),
        cmocka_unit_test(zones_about_to_expire_drain_their_group_where_the_guard_grants),
        cmocka_unit_test(an_operators_word_outranks_all_but_the_servers_death),
        cmocka_unit_test(a_held_route_that_was_down_stays_down),
        cmocka_unit_test(words_count_from_the_first_tick_on_after_a_restart),
        cmocka_unit_test(after_three_cycles_it_stays_away_and_says_so_loudly),
        cmocka_unit_test(where_the_fleet_needs_it_no_budget_and_no_probation_counts),
        cmocka_unit_test(a_dead_server_is_never_needed),
        cmocka_unit_test(the_less_sick_one_returns_first),
        cmocka_unit_test(flapping_makes_at_most_four_changes_of_the_route),
        cmocka_unit_test(badness_grows_with_the_share_and_is_most_when_dead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
