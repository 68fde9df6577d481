/* rfc1982.c -- serial number arithmetic */
#include "zone/signatures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Section 3.2, with the examples of section 5 for 32 bits instead of 8 */
static void a_serial_comes_before_those_of_the_next_half_circle(void **state)
{
    (void)state;
    static const uint32_t starts[] = {0, 1, 44, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
    static const uint32_t steps[] = {1, 2, 44, 100, 0x40000000, 0x7fffffff};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        for (size_t j = 0; j < sizeof steps / sizeof *steps; j++) {
            const uint32_t later = starts[i] + steps[j]; /* it may wrap */
            assert_true(serial_before(starts[i], later));
            assert_false(serial_before(later, starts[i]));
        }
}

static void no_serial_comes_before_itself(void **state)
{
    (void)state;
    assert_false(serial_before(0, 0));
    assert_false(serial_before(0x80000000, 0x80000000));
    assert_false(serial_before(0xffffffff, 0xffffffff));
}

/* Section 3.2: what lies half a circle apart isn't defined, but may not be both */
static void half_a_circle_apart_at_most_one_comes_first(void **state)
{
    (void)state;
    assert_false(serial_before(0, 0x80000000) && serial_before(0x80000000, 0));
    assert_false(serial_before(1, 0x80000001) && serial_before(0x80000001, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_serial_comes_before_those_of_the_next_half_circle),
        cmocka_unit_test(no_serial_comes_before_itself),
        cmocka_unit_test(half_a_circle_apart_at_most_one_comes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
