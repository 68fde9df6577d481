/* test_usual.c -- what is late, and when a clock was set */
#include "server/sidecar/clock_step.h"
#include "server/sidecar/observation.h"
#include "server/sidecar/usual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants the three above */
#include <cmocka.h>

/* An hour of ticks with 20 answers each at so many microseconds. */
static void live(struct usual *usual, uint64_t us, uint64_t *now)
{
    uint32_t latency[PULSE_BUCKETS] = {0};
    latency[pulse_bucket(us)] = 20;
    for (unsigned i = 0; i < 3600 * 20; i++)
        usual_learn(usual, latency, 20000, *now += 50);
}

static void late_is_the_floor_until_answers_usually_take_longer(void **state)
{
    (void)state;
    struct usual usual = {0};
    uint64_t now = 1000;
    assert_int_equal(usual_late_us(&usual, 20000), 20000);
    live(&usual, 300, &now);
    assert_int_equal(usual_late_us(&usual, 20000), 20000);
    live(&usual, 5000, &now);
    assert_in_range(usual_late_us(&usual, 20000), 8 * 5000, 8 * 5000 * 5 / 4);
    assert_int_equal(usual_probe_late_us(&usual, 20000, 60000), 60000);
    assert_int_equal(usual_probe_late_us(&usual, 20000, 30000), usual_late_us(&usual, 20000));
    live(&usual, 700000, &now);
    assert_true(usual_late_us(&usual, 20000) <= USUAL_LATE_MAX_US);
}

static void a_slow_minute_does_not_become_usual(void **state)
{
    (void)state;
    struct usual usual = {0};
    uint64_t now = 1000;
    uint32_t latency[PULSE_BUCKETS] = {0};
    latency[pulse_bucket(200000)] = 20;
    for (unsigned i = 0; i < 60 * 20; i++)
        usual_learn(&usual, latency, 20000, now += 50);
    assert_int_equal(usual_late_us(&usual, 20000), 20000);
}

static void a_sample_is_judged_by_whole_buckets(void **state)
{
    (void)state;
    struct observation o = {.servfails = 1, .probes_failed = 2};
    o.latency[pulse_bucket(9000)] = 5;
    o.latency[pulse_bucket(20000)] = 5;
    o.latency[pulse_bucket(30000)] = 5;
    o.probe_latency[pulse_bucket(30000)] = 3;
    observation_judge(&o, 20000, 20000);
    assert_int_equal(o.sample.answers, 15);
    assert_int_equal(o.sample.late, 5);
    assert_int_equal(o.sample.probes, 5);
    assert_int_equal(o.sample.bad, 5);
    observation_judge(&o, 20000, 50000); /* 30 ms is late, and not yet bad for a probe */
    assert_int_equal(o.sample.late, 5);
    assert_int_equal(o.sample.bad, 2);
    observation_judge(&o, 100000, 100000);
    assert_int_equal(o.sample.late, 1); /* the SERVFAIL */
    assert_int_equal(o.sample.bad, 2);
}

static void a_clock_that_was_set_voids_half_a_second(void **state)
{
    (void)state;
    struct clock_step step = {0};
    const int64_t wall = INT64_C(1790000000000000);
    int64_t now = 5000000;
    assert_false(clock_step_look(&step, now, wall + now, now + 10));
    now += 50000;
    assert_false(clock_step_look(&step, now, wall + now + 30, now + 10)); /* slewed */
    now += 50000;
    assert_true(clock_step_look(&step, now, wall + now + 1000000, now + 10));
    now += 400000;
    assert_true(clock_step_look(&step, now, wall + now + 1000000, now + 10));
    now += 150000;
    assert_false(clock_step_look(&step, now, wall + now + 1000000, now + 10));
    now += 50000;
    assert_true(clock_step_look(&step, now, wall + now, now + 10)); /* and back */
}

static void an_interrupted_look_at_the_clocks_tells_nothing(void **state)
{
    (void)state;
    struct clock_step step = {0};
    assert_false(clock_step_look(&step, 1000000, 91000000, 1000010));
    assert_false(clock_step_look(&step, 2000000, 92050000, 2060000));
    assert_false(clock_step_look(&step, 3000000, 93000000, 3000010));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(late_is_the_floor_until_answers_usually_take_longer),
        cmocka_unit_test(a_slow_minute_does_not_become_usual),
        cmocka_unit_test(a_sample_is_judged_by_whole_buckets),
        cmocka_unit_test(a_clock_that_was_set_voids_half_a_second),
        cmocka_unit_test(an_interrupted_look_at_the_clocks_tells_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
