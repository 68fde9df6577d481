/* test_hook.c -- a command that announces: run, tried again, ended */
#include "server/sidecar/hook.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka wants some of the above */
#include <cmocka.h>

struct fixture {
    char folder[64];
    char script[96];
    char trace[96];
    uv_loop_t loop;
    uv_timer_t timer;
    bool timed_out;
    struct hook hook;
    unsigned finished;
    bool up;
    int err;
};

static void on_finished(struct hook *hook, enum hand_route route, int err)
{
    struct fixture *f = hook->data;
    f->finished++;
    f->up = route == HAND_UP;
    f->err = err;
}

static void on_time(uv_timer_t *timer)
{
    struct fixture *f = timer->data;
    f->timed_out = true;
}

static void wait_finished(struct fixture *f, unsigned times)
{
    f->timed_out = false;
    uv_timer_start(&f->timer, on_time, 5000, 0);
    while (f->finished < times && !f->timed_out)
        uv_run(&f->loop, UV_RUN_ONCE);
    uv_timer_stop(&f->timer);
    assert_int_equal(f->finished, times);
}

/* The hook: writes its arguments to the trace, then does `text`. */
static void write_script(struct fixture *f, const char *text)
{
    FILE *file = fopen(f->script, "w");
    assert_non_null(file);
    fprintf(file, "#!/bin/sh\necho \"$@\" >> %s\n%s\n", f->trace, text);
    fclose(file);
    assert_int_equal(chmod(f->script, 0755), 0);
}

static const char *read_trace(struct fixture *f)
{
    static char text[4096];
    FILE *file = fopen(f->trace, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    return text;
}

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.folder = "/tmp/pharos-hook-XXXXXX"};
    *state = &f;
    if (mkdtemp(f.folder) == NULL)
        return -1;
    snprintf(f.script, sizeof(f.script), "%s/hook", f.folder);
    snprintf(f.trace, sizeof(f.trace), "%s/trace", f.folder);
    uv_loop_init(&f.loop);
    uv_timer_init(&f.loop, &f.timer);
    f.timer.data = &f;
    f.hook = (struct hook){.path = f.script,
                           .address = {"192.0.2.53", "2001:db8::53"},
                           .timeout_ms = 2000,
                           .pause_max_ms = HOOK_PAUSE_MAX_MS,
                           .finished = on_finished,
                           .data = &f};
    hook_start(&f.hook, &f.loop);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    hook_stop(&f->hook);
    uv_close((uv_handle_t *)&f->timer, NULL);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    unlink(f->script);
    unlink(f->trace);
    return uv_loop_close(&f->loop) != 0 ? -1 : rmdir(f->folder);
}

static void it_gets_the_word_and_the_addresses(void **state)
{
    struct fixture *f = *state;
    write_script(f, "exit 0");
    hook_want(&f->hook, HAND_UP);
    wait_finished(f, 1);
    assert_true(f->up);
    assert_int_equal(f->err, 0);
    hook_want(&f->hook, HAND_DOWN);
    wait_finished(f, 2);
    assert_false(f->up);
    assert_string_equal(read_trace(f),
                        "up 192.0.2.53 2001:db8::53\ndown 192.0.2.53 2001:db8::53\n");
}

static void a_failure_is_told_and_tried_again_by_itself(void **state)
{
    struct fixture *f = *state;
    write_script(f, "test $(wc -l < \"${0%hook}trace\") -ge 2");
    hook_want(&f->hook, HAND_UP);
    wait_finished(f, 1);
    assert_int_equal(f->err, -EIO);
    hook_want(&f->hook, HAND_UP); /* said again: the pause goes on */
    hook_want(&f->hook, HAND_UP);
    wait_finished(f, 2);
    assert_int_equal(f->err, 0);
    assert_string_equal(read_trace(f),
                        "up 192.0.2.53 2001:db8::53\nup 192.0.2.53 2001:db8::53\n");
}

static void a_wish_for_the_opposite_ends_a_run_under_way(void **state)
{
    struct fixture *f = *state;
    write_script(f, "test $1 = down || exec sleep 60");
    hook_want(&f->hook, HAND_UP);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    const uint64_t since = uv_now(&f->loop);
    hook_want(&f->hook, HAND_DOWN);
    wait_finished(f, 1);
    assert_false(f->up);
    assert_int_equal(f->err, 0);
    assert_true(uv_now(&f->loop) - since < 1500);
}

static void a_wish_for_the_opposite_does_not_wait_for_the_pause(void **state)
{
    struct fixture *f = *state;
    write_script(f, "test $1 = down");
    f->hook.pause_ms = HOOK_PAUSE_MAX_MS;
    hook_want(&f->hook, HAND_UP);
    wait_finished(f, 1);
    assert_int_equal(f->err, -EIO);
    hook_want(&f->hook, HAND_DOWN);
    wait_finished(f, 2);
    assert_int_equal(f->err, 0);
}

static void a_run_that_lasts_too_long_is_killed_and_counts_as_failed(void **state)
{
    struct fixture *f = *state;
    write_script(f, "exec sleep 60");
    f->hook.timeout_ms = 100;
    hook_want(&f->hook, HAND_UP);
    wait_finished(f, 1);
    assert_int_equal(f->err, -EIO);
}

static void pause_for(struct fixture *f, uint64_t ms)
{
    f->timed_out = false;
    uv_timer_start(&f->timer, on_time, ms, 0);
    while (!f->timed_out)
        uv_run(&f->loop, UV_RUN_ONCE);
}

/* Else they announce after the withdrawal. */
static void what_a_run_has_started_ends_with_it(void **state)
{
    struct fixture *f = *state;
    write_script(f,
                 "test $1 = down || { (sleep 0.5; echo late >> \"${0%hook}trace\") & wait; }");
    hook_want(&f->hook, HAND_UP);
    pause_for(f, 200);
    hook_want(&f->hook, HAND_DOWN);
    wait_finished(f, 1);
    pause_for(f, 800);
    assert_string_equal(read_trace(f),
                        "up 192.0.2.53 2001:db8::53\ndown 192.0.2.53 2001:db8::53\n");
}

static void what_a_run_that_failed_has_started_ends_with_it(void **state)
{
    struct fixture *f = *state;
    write_script(f, "(sleep 0.3; echo late >> \"${0%hook}trace\") & exit 1");
    hook_want(&f->hook, HAND_UP);
    f->hook.pause_ms = HOOK_PAUSE_MAX_MS;
    wait_finished(f, 1);
    pause_for(f, 600);
    assert_string_equal(read_trace(f), "up 192.0.2.53 2001:db8::53\n");
}

static void a_hook_that_is_not_there_fails(void **state)
{
    struct fixture *f = *state;
    hook_want(&f->hook, HAND_UP);
    wait_finished(f, 1);
    assert_int_equal(f->err, -EIO);
}

int main(void)
{
#define WITH_HOOK(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_HOOK(it_gets_the_word_and_the_addresses),
        WITH_HOOK(a_failure_is_told_and_tried_again_by_itself),
        WITH_HOOK(a_wish_for_the_opposite_ends_a_run_under_way),
        WITH_HOOK(a_wish_for_the_opposite_does_not_wait_for_the_pause),
        WITH_HOOK(a_run_that_lasts_too_long_is_killed_and_counts_as_failed),
        WITH_HOOK(what_a_run_has_started_ends_with_it),
        WITH_HOOK(what_a_run_that_failed_has_started_ends_with_it),
        WITH_HOOK(a_hook_that_is_not_there_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
