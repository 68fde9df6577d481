/* test_falls.c -- falls and hold-downs on disk, and what a damaged file or a clock that was set makes of them */
#include "server/sidecar/falls.h"
#include "server/sidecar/keep.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka wants some of the above */
#include <cmocka.h>

static const uint64_t wall_ms = UINT64_C(1790000000000);
static char folder[64];
static char path[KEEP_PATH_MAX];

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/pharos-falls-XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : keep_path(path, folder, "route.falls");
}

static int tear_down(void **state)
{
    (void)state;
    remove(path);
    return rmdir(folder);
}

/* Three falls, 10 s apart, the last one just now. */
static void fall_thrice(struct holddown *h, struct cycles *c, uint64_t now_ms)
{
    const struct thresholds limits = thresholds_default();
    *h = (struct holddown){0};
    *c = (struct cycles){0};
    for (unsigned ago_ms = 20000; ago_ms != (unsigned)-10000; ago_ms -= 10000) {
        holddown_fall(h, &limits, now_ms - ago_ms);
        cycles_fall(c, now_ms - ago_ms);
    }
}

static void save(const struct holddown *h, const struct cycles *c, uint64_t now_ms)
{
    struct falls falls = {0};
    falls_add(&falls, "well", &(struct holddown){0}, &(struct cycles){0}, now_ms, wall_ms);
    falls_add(&falls, "end", h, c, now_ms, wall_ms);
    falls_add(&falls, "any", h, c, now_ms, wall_ms);
    assert_int_equal(falls.count, 2); /* who never fell isn't in it */
    assert_int_equal(falls_save(&falls, path), 0);
}

/* The second process begins with the machine, so what it's told of lies before its clock's 0. */
static void falls_and_hold_down_go_on_after_a_restart(void **state)
{
    (void)state;
    const struct thresholds limits = thresholds_default();
    const uint64_t now_ms = 5000000, later_ms = 7000;
    struct holddown h, next;
    struct cycles c, next_cycles;
    struct falls falls;
    fall_thrice(&h, &c, now_ms);
    save(&h, &c, now_ms);
    assert_int_equal(falls_load(&falls, path), 0);
    assert_null(falls_find(&falls, "well"));
    const struct falls_entry *entry = falls_find(&falls, "any");
    assert_non_null(entry);

    assert_true(falls_restore(entry, &limits, &next, &next_cycles, later_ms, wall_ms + 5000));
    assert_int_equal(holddown_left(&next, later_ms), holddown_left(&h, now_ms) - 5000);
    assert_int_equal(cycles_count(&next_cycles, &limits, later_ms), 3);
    cycles_fall(&c, now_ms + 5000);
    cycles_fall(&next_cycles, later_ms);
    assert_int_equal(cycles_left(&next_cycles, &limits, later_ms),
                     cycles_left(&c, &limits, now_ms + 5000));
    holddown_fall(&h, &limits, now_ms + 5000);
    holddown_fall(&next, &limits, later_ms);
    assert_in_range(holddown_left(&next, later_ms), holddown_left(&h, now_ms + 5000) * 99 / 100,
                    holddown_left(&h, now_ms + 5000));
}

static void of_a_damaged_file_nothing_is_taken(void **state)
{
    (void)state;
    static const char *const damaged[] = {
        "",
        "\n",
        "end 1\n",
        "end 0",
        "end 0\n\n",
        "end 0\nend 0\n",
        "any 1000 5 2000 2005 5\n",
        "any 1000 5 2000 2005 5\nend 2\n",
        "any 1000 5 2000 2005 5\nany 1000 5 2000 2005 5\nend 2\n",
        "any 1000 5 2000 4\nend 1\n",              /* over before it began */
        "any 1000 5 2000 2005 5 4\nend 1\n",       /* not in order */
        "any 1000001 5 2000 2005 5\nend 1\n",      /* a penalty beyond all bounds */
        "any 1000 5 200000000000000 9 5\nend 1\n", /* and a time */
        "any 1000 5 2000 99999999999999999999999 5\nend 1\n",
        "any -1 5 2000 2005 5\nend 1\n",
        "any 1000  5 2000 2005 5\nend 1\n",
        "any 1000 5 2000 2005 5 \nend 1\n",
        "any 1000 5 2000 2005 x\nend 1\n",
        " 1000 5 2000 2005 5\nend 1\n",
        "a-name-that-is-longer-than-any-group-has 1000 5 2000 2005 5\nend 1\n",
        "any 1000 5 2000 2005 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18\nend 1\n",
    };
    for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        struct falls falls;
        print_message("%s", damaged[i]);
        assert_int_equal(falls_parse(&falls, damaged[i], strlen(damaged[i])), -EBADMSG);
        assert_int_equal(falls.count, 0);
    }
}

static void a_file_that_was_cut_anywhere_is_refused(void **state)
{
    (void)state;
    struct holddown h;
    struct cycles c;
    struct falls falls;
    char text[FALLS_TEXT_MAX];
    size_t octets;
    fall_thrice(&h, &c, 5000000);
    save(&h, &c, 5000000);
    assert_int_equal(keep_read(path, text, sizeof(text), &octets), 0);
    assert_int_equal(falls_parse(&falls, text, octets), 0);
    for (size_t i = 0; i < octets; i++)
        assert_int_equal(falls_parse(&falls, text, i), -EBADMSG);
}

static void what_is_no_file_or_too_long_is_refused_without_waiting(void **state)
{
    (void)state;
    struct falls falls;
    assert_int_equal(falls_load(&falls, path), -ENOENT);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(falls_load(&falls, path), -EBADMSG);
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(falls_load(&falls, path), -EBADMSG);
    rmdir(path);
    char *text = calloc(1, FALLS_TEXT_MAX + 1);
    memset(text, 'a', FALLS_TEXT_MAX + 1);
    assert_int_equal(keep_write(path, text, FALLS_TEXT_MAX + 1, KEEP_UNSYNCED), 0);
    assert_int_equal(falls_load(&falls, path), -EBADMSG);
    free(text);
}

static void what_can_not_be_written_leaves_the_file_as_it_was(void **state)
{
    (void)state;
    struct falls falls = {0};
    char beside[KEEP_PATH_MAX + 4];
    assert_int_equal(falls_save(&falls, path), 0);
    snprintf(beside, sizeof(beside), "%s.new", path);
    assert_int_equal(mkdir(beside, 0700), 0);
    falls_add(&falls, "any", &(struct holddown){.penalty = 1}, &(struct cycles){0}, 5, 5);
    assert_int_equal(falls_save(&falls, path), -EISDIR);
    assert_int_equal(falls_load(&falls, path), 0);
    assert_int_equal(falls.count, 0);
    rmdir(beside);
}

/* A hold-down of 72 s after three falls, of which the file's last was at `wall_ms`. */
static void a_clock_that_was_set_back_leaves_all_of_the_hold_down(void **state)
{
    (void)state;
    static const struct {
        int64_t later_ms; /* by the wall clock */
        bool past;
        unsigned left_ms;
    } table[] = {
        {0, true, 60000},       {10000, true, 50000},   {3600000, true, 0},
        {-1, false, 60000},     {-15000, false, 60000}, {-86400000, false, 60000},
        {-25000, false, 60000},
    };
    const struct thresholds limits = thresholds_default();
    const struct falls_entry entry = {.penalty = 2900,
                                      .fell_ms = wall_ms,
                                      .away_ms = 60000,
                                      .until_ms = wall_ms + 60000,
                                      .fall_ms = {wall_ms - 20000, wall_ms},
                                      .falls = 2};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct holddown h;
        struct cycles c;
        const uint64_t wall = wall_ms + (uint64_t)table[i].later_ms;
        print_message("%lld ms later\n", (long long)table[i].later_ms);
        assert_int_equal(falls_restore(&entry, &limits, &h, &c, 1000, wall), table[i].past);
        assert_int_equal(holddown_left(&h, 1000), table[i].left_ms);
        assert_int_equal(cycles_count(&c, &limits, 1000), table[i].later_ms < 600000 ? 2 : 0);
    }
}

static void a_hold_down_is_no_longer_than_the_configuration_has_it_now(void **state)
{
    (void)state;
    struct thresholds limits = thresholds_default();
    limits.holddown_max_ms = 5000;
    const struct falls_entry entry = {
        .penalty = 2900, .fell_ms = wall_ms, .away_ms = 60000, .until_ms = wall_ms + 60000};
    struct holddown h;
    struct cycles c;
    assert_true(falls_restore(&entry, &limits, &h, &c, 1000, wall_ms));
    assert_int_equal(holddown_left(&h, 1000), 5000);
}

static void of_a_damaged_file_the_worst_is_assumed(void **state)
{
    (void)state;
    const struct thresholds limits = thresholds_default();
    struct holddown h;
    struct cycles c;
    falls_assume(&limits, &h, &c, 1000);
    assert_int_equal(holddown_left(&h, 1000), 72000);
    assert_int_equal(cycles_left(&c, &limits, 1000), 0); /* once more it may return */
    cycles_fall(&c, 2000);
    assert_int_equal(cycles_left(&c, &limits, 2000), limits.cycles_ms - 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(falls_and_hold_down_go_on_after_a_restart, set_up,
                                        tear_down),
        cmocka_unit_test(of_a_damaged_file_nothing_is_taken),
        cmocka_unit_test_setup_teardown(a_file_that_was_cut_anywhere_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_file_or_too_long_is_refused_without_waiting,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_can_not_be_written_leaves_the_file_as_it_was,
                                        set_up, tear_down),
        cmocka_unit_test(a_clock_that_was_set_back_leaves_all_of_the_hold_down),
        cmocka_unit_test(a_hold_down_is_no_longer_than_the_configuration_has_it_now),
        cmocka_unit_test(of_a_damaged_file_the_worst_is_assumed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
