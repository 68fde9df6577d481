/* test_checksum.c -- damaged octets are told from whole ones */
#include "zone/checksum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void any_single_changed_octet_changes_the_checksum(void **state)
{
    (void)state;
    uint8_t octets[300];
    for (size_t i = 0; i < sizeof octets; i++)
        octets[i] = (uint8_t)(i * 7);
    for (size_t count = 1; count <= sizeof octets; count += 13) {
        const uint64_t whole = checksum(5, octets, count);
        for (size_t i = 0; i < count; i++) {
            octets[i] ^= 0x40;
            assert_true(checksum(5, octets, count) != whole);
            octets[i] ^= 0x40;
        }
        assert_true(checksum(5, octets, count) == whole);
    }
}

static void lengths_seeds_and_places_count(void **state)
{
    (void)state;
    static const uint8_t zeros[256];
    for (size_t count = 0; count < sizeof zeros; count++)
        assert_true(checksum(0, zeros, count) != checksum(0, zeros, count + 1));
    assert_true(checksum(0, zeros, 64) != checksum(1, zeros, 64));
    uint8_t swapped[128] = {0};
    swapped[0] = 1;
    const uint64_t first = checksum(0, swapped, sizeof swapped);
    swapped[0] = 0;
    swapped[64] = 1; /* the same lane, the next stripe */
    assert_true(checksum(0, swapped, sizeof swapped) != first);
}

static void octets_may_lie_anywhere(void **state)
{
    (void)state;
    uint8_t octets[208];
    for (size_t shift = 0; shift < 8; shift++) {
        for (size_t i = 0; i < 200; i++)
            octets[shift + i] = (uint8_t)(i ^ 0x5a);
        uint8_t plain[200];
        memcpy(plain, octets + shift, sizeof plain);
        assert_true(checksum(9, octets + shift, 200) == checksum(9, plain, 200));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_single_changed_octet_changes_the_checksum),
        cmocka_unit_test(lengths_seeds_and_places_count),
        cmocka_unit_test(octets_may_lie_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
