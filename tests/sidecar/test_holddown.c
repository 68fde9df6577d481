/* test_holddown.c -- how long a node stays away */
#include "server/sidecar/holddown.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants the three above */
#include <cmocka.h>

static const struct thresholds limits = {.holddown_first_ms = 2000, .holddown_max_ms = 600000};

static void falls_in_a_row_cost_six_times_more_each_up_to_ten_minutes(void **state)
{
    (void)state;
    static const uint64_t away[] = {2000, 12000, 72000, 432000, 600000, 600000};
    struct holddown h = {0};
    for (unsigned i = 0; i < 6; i++) {
        holddown_fall(&h, &limits, 1000000);
        assert_int_equal(holddown_left(&h, 1000000), away[i]);
    }
}

static void a_penalty_halves_in_two_minutes(void **state)
{
    (void)state;
    struct holddown h = {0};
    holddown_fall(&h, &limits, 1000000);
    holddown_fall(&h, &limits, 1000000 + HOLDDOWN_HALF_LIFE_MS);
    assert_in_range(holddown_left(&h, 1000000 + HOLDDOWN_HALF_LIFE_MS), 4890,
                    4900); /* 2 s x 6^0.5 */
    holddown_fall(&h, &limits, 1000000 + 24 * 3600 * 1000);
    assert_in_range(holddown_left(&h, 1000000 + 24 * 3600 * 1000), 2000, 2001);
}

static void it_is_over_when_its_time_is(void **state)
{
    (void)state;
    struct holddown h = {0};
    assert_int_equal(holddown_left(&h, 5), 0);
    holddown_fall(&h, &limits, 1000);
    assert_int_equal(holddown_left(&h, 2999), 1);
    assert_int_equal(holddown_left(&h, 3000), 0);
    assert_int_equal(holddown_left(&h, 90000), 0);
}

static void a_relapse_begins_it_anew_and_costs_no_more(void **state)
{
    (void)state;
    struct holddown h = {0};
    holddown_fall(&h, &limits, 1000000);
    holddown_relapse(&h, 1001500);
    assert_int_equal(holddown_left(&h, 1001500), 2000);
    holddown_fall(&h, &limits, 1001500);
    assert_in_range(holddown_left(&h, 1001500), 11800, 12000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(falls_in_a_row_cost_six_times_more_each_up_to_ten_minutes),
        cmocka_unit_test(a_penalty_halves_in_two_minutes),
        cmocka_unit_test(it_is_over_when_its_time_is),
        cmocka_unit_test(a_relapse_begins_it_anew_and_costs_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
