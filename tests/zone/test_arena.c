#include "zone/arena.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void references_count_units_and_none_is_zero(void **state)
{
    (void)state;
    struct arena arena;
    assert_int_equal(arena_init(&arena, 1000), 0);
    const uint32_t first = arena_append(&arena, 1);
    const uint32_t second = arena_append(&arena, 5);
    const uint32_t third = arena_append(&arena, 4);
    assert_int_equal(first, 1);
    assert_int_equal(second, first + 1);
    assert_int_equal(third, second + 2);
    arena_fini(&arena);
}

static void the_sentinel_is_zeros(void **state)
{
    (void)state;
    struct arena arena;
    assert_int_equal(arena_init(&arena, 1000), 0);
    const uint8_t zeros[ARENA_UNIT] = {0};
    assert_memory_equal(arena_at(&arena, 0), zeros, sizeof zeros);
    arena_fini(&arena);
}

static void a_full_arena_says_so_and_stays_as_it_was(void **state)
{
    (void)state;
    struct arena arena;
    assert_int_equal(arena_init(&arena, 64), 0);
    assert_int_not_equal(arena_append(&arena, 60), 0);
    const size_t used = arena.used;
    assert_int_equal(arena_append(&arena, 8), 0);
    assert_int_equal(arena.used, used);
    arena_fini(&arena);
}

static void pointers_stay_valid_while_a_mapping_grows(void **state)
{
    (void)state;
    struct arena arena;
    assert_int_equal(arena_init(&arena, (size_t)1 << 30), 0);
    const uint32_t at = arena_append(&arena, 8);
    uint8_t *octets = arena_edit(&arena, at);
    memcpy(octets, "unmoved", 8);
    for (unsigned i = 0; i < 64; i++) {
        const uint32_t more = arena_append(&arena, 1 << 20);
        assert_int_not_equal(more, 0);
        *(uint8_t *)arena_edit(&arena, more) = 1;
    }
    assert_ptr_equal(arena_edit(&arena, at), octets);
    assert_string_equal((const char *)octets, "unmoved");
    arena_fini(&arena);
}

static void sealing_moves_a_small_arena_off_its_mapping(void **state)
{
    (void)state;
    struct arena arena;
    assert_int_equal(arena_init(&arena, (size_t)1 << 30), 0);
    const uint32_t at = arena_append(&arena, 8);
    memcpy(arena_edit(&arena, at), "the text", 8);
    assert_int_equal(arena_seal(&arena), 0);
    assert_int_equal(arena.reserved, 0);
    assert_memory_equal(arena_at(&arena, at), "the text", 8);
    assert_int_equal(arena_append(&arena, 4), 0);
    arena_fini(&arena);
}

static void sealing_gives_a_large_arenas_rest_back(void **state)
{
    (void)state;
    struct arena arena;
    assert_int_equal(arena_init(&arena, (size_t)1 << 30), 0);
    const uint32_t at = arena_append(&arena, 3 << 20);
    memset(arena_edit(&arena, at), 7, 3 << 20);
    assert_int_equal(arena_seal(&arena), 0);
    assert_in_range(arena.reserved, 3 << 20, 6 << 20);
    assert_int_equal(arena_append(&arena, 4), 0);
    assert_int_equal(((const uint8_t *)arena_at(&arena, at))[(3 << 20) - 1], 7);
    arena_fini(&arena);
}

static void a_small_arena_grows_from_a_piece_to_a_mapping(void **state)
{
    (void)state;
    struct arena arena;
    assert_int_equal(arena_init_small(&arena), 0);
    assert_int_equal(arena.reserved, 0);
    enum { COUNT = 200000 };
    for (uint32_t i = 1; i <= COUNT; i++) {
        const uint32_t at = arena_append(&arena, sizeof i);
        assert_int_equal(at, i);
        memcpy(arena_edit(&arena, at), &i, sizeof i);
    }
    assert_int_not_equal(arena.reserved, 0);
    for (uint32_t i = 0; i <= COUNT; i++)
        assert_memory_equal(arena_at(&arena, i), &i, sizeof i);
    arena_fini(&arena);
}

static void what_is_appended_to_a_sealed_arena_is_in_the_same_place(void **state)
{
    (void)state;
    struct arena arena, more, again;
    assert_int_equal(arena_init_small(&arena), 0);
    const uint32_t at = arena_append(&arena, 8);
    memcpy(arena_edit(&arena, at), "sealed..", 8);
    assert_int_equal(arena_seal_open(&arena), 0);
    assert_int_equal(arena_append(&arena, 4), 0);
    const size_t original = arena.used;

    assert_int_equal(arena_extend(&more, &arena), 0);
    const uint32_t next = arena_append(&more, 1 << 20);
    assert_int_equal(next, original / ARENA_UNIT);
    memset(arena_edit(&more, next), 1, 1 << 20);
    arena_settle(&more);
    assert_ptr_equal(more.base, arena.base);
    assert_int_equal(arena.used, original);
    assert_int_equal(arena_original(&more), original);
    arena_fini(&more);

    /* What an extension left behind isn't touched again: the next begins after it, with zeros. */
    assert_int_equal(arena_extend(&again, &arena), 0);
    const uint32_t last = arena_append(&again, 4);
    assert_int_equal(last, next + (1 << 20) / ARENA_UNIT);
    assert_memory_equal(arena_at(&again, last), "\0\0\0", 4);
    arena_settle(&again);
    arena_fini(&arena);
    assert_memory_equal(arena_at(&again, at), "sealed..", 8);
    arena_fini(&again);
}

static void small_arenas_and_absent_ones_cant_be_extended(void **state)
{
    (void)state;
    struct arena arena, more;
    assert_int_equal(arena_init_small(&arena), 0);
    assert_int_equal(arena_seal(&arena), 0);
    assert_int_equal(arena_original(&arena), 0);
    assert_int_equal(arena_extend(&more, &arena), -ENOTSUP);
    arena_fini(&arena);
    assert_int_equal(arena_init_absent(&arena, 1 << 20), 0);
    assert_int_equal(arena_extend(&more, &arena), -ENOTSUP);
    arena_fini(&arena);
}

static bool all_are(const uint8_t *octets, size_t count, uint8_t value)
{
    size_t same = 0;
    while (same < count && octets[same] == value)
        same++;
    return same == count;
}

static void memory_that_is_handed_over_reads_as_zeros_at_both_ends(void **state)
{
    (void)state;
    enum { PARTS = 6, PIECE = 1000 * 1000 };
    struct arena before, heir;
    assert_int_equal(arena_init(&before, (size_t)1 << 30), 0);
    assert_int_equal(arena_init(&heir, (size_t)1 << 30), 0);
    assert_int_not_equal(arena_append(&before, PARTS * (size_t)ARENA_PART - ARENA_UNIT), 0);
    memset(before.base, 0xff, before.used);
    const uint32_t first = arena_append(&heir, PIECE);
    memset(arena_edit(&heir, first), 1, PIECE);

    arena_hand_over(&before, 0, before.used, &heir);
    assert_true(all_are(before.base, before.used, 0));
    assert_int_equal(heir.handed, ARENA_PART);
    assert_true(heir.handed_end > heir.handed);

    assert_true(all_are(arena_at(&heir, first), PIECE, 1));
    while (heir.used < heir.handed_end + ARENA_PART) {
        uint8_t *piece = arena_edit(&heir, arena_append(&heir, PIECE));
        assert_true(all_are(piece, PIECE, 0));
        memset(piece, 2, PIECE);
    }
    arena_fini(&before);
    assert_int_equal(arena_seal(&heir), 0);
    arena_fini(&heir);
}

static void what_lies_behind_a_sealed_end_reads_as_zeros_whoevers_it_was(void **state)
{
    (void)state;
    enum { PIECE = 600 * 1000, PAGE = 4096 };
    struct arena before, heir, more;
    assert_int_equal(arena_init(&before, (size_t)1 << 30), 0);
    assert_int_equal(arena_init(&heir, (size_t)1 << 30), 0);
    assert_int_not_equal(arena_append(&before, 2 * (size_t)ARENA_PART - ARENA_UNIT), 0);
    memset(before.base, 0xff, before.used);
    while (heir.used <= ARENA_PART) {
        assert_int_not_equal(arena_append(&heir, PIECE), 0);
        if (heir.handed_end == 0)
            arena_hand_over(&before, 0, before.used, &heir);
    }
    const size_t end = heir.used;
    assert_true(end % PAGE != 0 && heir.handed_end > end);
    assert_int_equal(arena_seal_open(&heir), 0);
    assert_true(all_are(heir.base + end, PAGE - end % PAGE, 0));
    assert_int_equal(arena_extend(&more, &heir), 0);
    assert_true(all_are(arena_at(&more, arena_append(&more, PIECE)), PIECE, 0));
    arena_settle(&more);
    arena_fini(&more);
    arena_fini(&heir);
    arena_fini(&before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references_count_units_and_none_is_zero),
        cmocka_unit_test(the_sentinel_is_zeros),
        cmocka_unit_test(a_full_arena_says_so_and_stays_as_it_was),
        cmocka_unit_test(pointers_stay_valid_while_a_mapping_grows),
        cmocka_unit_test(sealing_moves_a_small_arena_off_its_mapping),
        cmocka_unit_test(sealing_gives_a_large_arenas_rest_back),
        cmocka_unit_test(a_small_arena_grows_from_a_piece_to_a_mapping),
        cmocka_unit_test(what_is_appended_to_a_sealed_arena_is_in_the_same_place),
        cmocka_unit_test(small_arenas_and_absent_ones_cant_be_extended),
        cmocka_unit_test(memory_that_is_handed_over_reads_as_zeros_at_both_ends),
        cmocka_unit_test(what_lies_behind_a_sealed_end_reads_as_zeros_whoevers_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
