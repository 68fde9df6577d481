/* test_hand.c -- the last word, the dead man's rule, and what the server hears of it
 * A server's pulse socket and a hand on one loop; the server's worker is a forked child that holds the
 * mutex, so that it can be killed. */
#include "server/admin/pulse_socket.h"
#include "server/sidecar/hand.h"

#include <errno.h>
#include <linux/futex.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka wants some of the above */
#include <cmocka.h>

struct fixture {
    char folder[64];
    char pulse_path[96];
    char control_path[96];
    uv_loop_t loop;
    uv_timer_t timer;
    bool timed_out;
    /* the server */
    struct pulse *pulse;
    int memfd;
    struct pulse_socket *socket;
    uv_timer_t beat; /* its worker's loop */
    pid_t child;     /* that holds its mutex */
    int withdrawn;   /* -1: not called back */
    /* the hand and its driver */
    struct hand hand;
    bool started;
    bool up;               /* applied last */
    enum hand_route route; /* the same */
    bool drains;           /* the driver, before start_hand() */
    unsigned applied;
    int result;    /* of the driver */
    bool deferred; /* the driver doesn't report by itself */
};

static void apply(struct hand *hand, enum hand_route route)
{
    struct fixture *f = hand->driver.data;
    f->applied++;
    if (f->result == 0)
        f->up = (f->route = route) == HAND_UP;
    if (!f->deferred)
        hand_report(hand, route, f->result);
}

static void on_time(uv_timer_t *timer)
{
    struct fixture *f = timer->data;
    f->timed_out = true;
}

static void on_beat(uv_timer_t *timer)
{
    struct fixture *f = timer->data;
    if (f->pulse != NULL)
        pulse_add(&f->pulse->worker[0].heartbeat, 1);
}

/* Turns the loop until `condition` holds. */
#define WAIT_FOR(f, condition)                                                                 \
    do {                                                                                       \
        (f)->timed_out = false;                                                                \
        uv_timer_start(&(f)->timer, on_time, 5000, 0);                                         \
        while (!(condition) && !(f)->timed_out)                                                \
            uv_run(&(f)->loop, UV_RUN_ONCE);                                                   \
        uv_timer_stop(&(f)->timer);                                                            \
        assert_true(condition);                                                                \
    } while (0)

static void run_for(struct fixture *f, unsigned ms)
{
    f->timed_out = false;
    uv_timer_start(&f->timer, on_time, ms, 0);
    while (!f->timed_out)
        uv_run(&f->loop, UV_RUN_ONCE);
}

static void start_server(struct fixture *f)
{
    f->pulse = pulse_new(1, NULL, 0, &f->memfd);
    assert_non_null(f->pulse);
    atomic_store(&f->pulse->state, PULSE_SERVING);
    f->child = fork();
    if (f->child == 0) {
        pulse_live(f->pulse, 0);
        for (;;)
            pause();
    }
    assert_int_equal(pulse_socket_open(&f->socket, &f->loop, f->folder, f->memfd), 0);
    uv_timer_start(&f->beat, on_beat, 10, 10);
}

static void kill_worker(struct fixture *f)
{
    if (f->child > 0) {
        kill(f->child, SIGKILL);
        waitpid(f->child, NULL, 0);
        f->child = 0;
    }
}

static void stop_server(struct fixture *f)
{
    pulse_socket_close(f->socket);
    f->socket = NULL;
    uv_timer_stop(&f->beat);
    kill_worker(f);
    pulse_free(f->pulse);
    close(f->memfd);
    f->pulse = NULL;
}

static void start_hand(struct fixture *f, bool up)
{
    const struct hand_driver driver = {
        .apply = apply, .data = f, .refreshes = true, .drains = f->drains, .refresh_ms = 100};
    f->up = up;
    assert_int_equal(hand_start(&f->hand, &f->loop, &driver, up ? HAND_UP : HAND_DOWN,
                                f->pulse_path, f->control_path),
                     0);
    f->started = true;
}

static void stop_hand(struct fixture *f)
{
    if (f->started)
        hand_stop(&f->hand);
    f->started = false;
    run_for(f, 20);
}

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.folder = "/tmp/pharos-hand-XXXXXX", .withdrawn = -1};
    *state = &f;
    if (mkdtemp(f.folder) == NULL)
        return -1;
    snprintf(f.pulse_path, sizeof(f.pulse_path), "%s/pulse.sock", f.folder);
    snprintf(f.control_path, sizeof(f.control_path), "%s/control", f.folder);
    uv_loop_init(&f.loop);
    uv_timer_init(&f.loop, &f.timer);
    uv_timer_init(&f.loop, &f.beat);
    f.timer.data = f.beat.data = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    stop_hand(f);
    if (f->socket != NULL)
        stop_server(f);
    uv_close((uv_handle_t *)&f->timer, NULL);
    uv_close((uv_handle_t *)&f->beat, NULL);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    return uv_loop_close(&f->loop) != 0 ? -1 : rmdir(f->folder);
}

static const char *tell(struct fixture *f, const char *text)
{
    static char answer[CONTROL_LINE_MAX];
    char line[CONTROL_LINE_MAX];
    snprintf(line, sizeof(line), "%s", text);
    answer[0] = '\0';
    hand_answer(&f->hand, line, answer);
    return answer;
}

static void begin_up(struct fixture *f)
{
    start_server(f);
    start_hand(f, false);
    WAIT_FOR(f, f->hand.watch.server == SERVER_WELL);
    assert_string_equal(tell(f, "up"), "up word applied");
    assert_true(f->up);
}

static void it_starts_down_and_waits_for_a_word(void **state)
{
    struct fixture *f = *state;
    start_server(f);
    start_hand(f, false);
    WAIT_FOR(f, f->hand.watch.server == SERVER_WELL && f->applied > 0);
    assert_false(f->up);
    assert_string_equal(tell(f, "get"), "down start applied");
    assert_string_equal(tell(f, "up"), "up word applied");
    assert_string_equal(tell(f, "down"), "down word applied");
}

static void up_is_refused_without_a_living_server(void **state)
{
    struct fixture *f = *state;
    start_hand(f, false);
    assert_string_equal(tell(f, "up"), "refused: the server is unknown");
    WAIT_FOR(f, f->hand.watch.server == SERVER_AWAY);
    assert_string_equal(tell(f, "up"), "refused: the server is away");
}

static void up_for_another_instance_is_refused(void **state)
{
    struct fixture *f = *state;
    start_server(f);
    start_hand(f, false);
    WAIT_FOR(f, f->hand.watch.server == SERVER_WELL);
    assert_string_equal(tell(f, "up 00112233445566778899aabbccddeeff"),
                        "refused: another instance serves");
    char line[40] = "up ";
    for (int i = 0; i < PULSE_INSTANCE; i++)
        sprintf(line + 3 + 2 * i, "%02x", f->pulse->instance[i]);
    assert_string_equal(tell(f, line), "up word applied");
}

static void drain_lowers_a_route_that_is_up_and_never_brings_one_up(void **state)
{
    struct fixture *f = *state;
    f->drains = true;
    begin_up(f);
    assert_string_equal(tell(f, "drain"), "drain word applied");
    assert_int_equal(f->route, HAND_DRAIN);
    assert_string_equal(tell(f, "up"), "up word applied");
    assert_string_equal(tell(f, "drain"), "drain word applied");
    assert_string_equal(tell(f, "down"), "down word applied");
    assert_string_equal(tell(f, "drain"), "down word applied");
    assert_int_equal(f->route, HAND_DOWN);
}

static void a_driver_that_knows_no_drain_withdraws(void **state)
{
    struct fixture *f = *state;
    begin_up(f);
    assert_string_equal(tell(f, "drain"), "down word applied");
}

static void a_drained_route_is_renewed_and_goes_with_a_dead_server(void **state)
{
    struct fixture *f = *state;
    f->drains = true;
    begin_up(f);
    tell(f, "drain");
    const unsigned applied = f->applied;
    WAIT_FOR(f, f->applied > applied + 2);
    assert_int_equal(f->route, HAND_DRAIN);
    kill_worker(f);
    WAIT_FOR(f, f->route == HAND_DOWN);
    assert_string_equal(f->hand.reason, "server-away");
}

/* Make before break: routers learn the worse route before the better one goes. */
static void a_server_that_leaves_is_drained_before_it_is_withdrawn(void **state)
{
    struct fixture *f = *state;
    f->drains = true;
    begin_up(f);
    atomic_store(&f->pulse->state, PULSE_DRAINING);
    WAIT_FOR(f, f->route == HAND_DRAIN);
    const uint64_t since = uv_now(&f->loop);
    WAIT_FOR(f, f->route == HAND_DOWN);
    assert_in_range(uv_now(&f->loop) - since, HAND_LEAVING_MS - 50, HAND_LEAVING_MS + 1000);
    assert_string_equal(tell(f, "get"), "down server-leaving applied");
}

static void nonsense_is_answered_and_changes_nothing(void **state)
{
    struct fixture *f = *state;
    begin_up(f);
    assert_string_equal(tell(f, ""), "error: say up, drain, down or get");
    assert_string_equal(tell(f, "upwards"), "error: say up, drain, down or get");
    assert_string_equal(tell(f, "get"), "up word applied");
}

static void a_killed_worker_takes_the_route_down_by_its_mutex_alone(void **state)
{
    struct fixture *f = *state;
    begin_up(f);
    run_for(f, 100); /* the connection and the heartbeats go on: only the mutex tells */
    kill(f->child, SIGKILL);
    WAIT_FOR(f, !f->up);
    assert_string_equal(f->hand.reason, "server-away");
}

static void the_end_of_the_connection_takes_the_route_down(void **state)
{
    struct fixture *f = *state;
    begin_up(f);
    pulse_socket_crash(f->socket);
    WAIT_FOR(f, !f->up);
    assert_string_equal(f->hand.reason, "server-away");
}

/* What the next server gets of a watcher. */
struct handed {
    unsigned count;
    struct pulse_watcher watcher;
};

static void take_watcher(void *context, const struct pulse_watcher *watcher)
{
    struct handed *handed = context;
    handed->count++;
    handed->watcher = *watcher;
    handed->watcher.fd = dup(watcher->fd);
}

static unsigned count_up(const struct fixture *f)
{
    unsigned announcers;
    unsigned up;
    pulse_socket_count(f->socket, &announcers, &up);
    return up;
}

/* Another server with the same instance takes over, and the first one's worker dies: the death may be
 * seen before the hello with the next pulse is read, but never before it's there. */
static void a_hand_over_moves_the_watch_without_a_change(void **state)
{
    struct fixture *f = *state;
    begin_up(f);
    struct fixture next = {.memfd = -1};
    next.pulse = pulse_new(2, NULL, 0, &next.memfd);
    assert_non_null(next.pulse);
    memcpy(next.pulse->instance, f->pulse->instance, PULSE_INSTANCE);
    atomic_store(&next.pulse->state, PULSE_SERVING);
    next.child = fork();
    if (next.child == 0) {
        pulse_live(next.pulse, 0);
        for (;;)
            pause();
    }

    WAIT_FOR(f, count_up(f) == 1);
    struct handed handed = {0};
    pulse_socket_hand_over(f->socket, next.memfd, take_watcher, &handed);
    assert_int_equal(handed.count, 1);
    assert_true(handed.watcher.announcer);
    assert_true(handed.watcher.up);
    const int listener = dup(pulse_socket_listener(f->socket));
    const unsigned applied = f->applied;
    kill_worker(f);
    struct pulse *old = f->pulse;
    f->pulse = next.pulse; /* the heart that beats from here on */
    f->child = next.child;
    run_for(f, 50);
    pulse_socket_close(f->socket);
    pulse_free(old);
    close(f->memfd);
    f->memfd = next.memfd;
    assert_int_equal(pulse_socket_inherit(&f->socket, &f->loop, f->folder, f->memfd, listener),
                     0);
    pulse_socket_adopt(f->socket, &handed.watcher);
    WAIT_FOR(f, f->applied > applied + 3); /* refreshed as before */
    assert_string_equal(tell(f, "get"), "up word applied");
    assert_int_equal(f->hand.watch.view.workers, 2);
    assert_int_equal(count_up(f), 1);

    kill(f->child, SIGKILL); /* the dead man's rule holds for the next server */
    WAIT_FOR(f, !f->up);
    assert_string_equal(f->hand.reason, "server-away");
}

static void heartbeats_that_stand_still_take_the_route_down(void **state)
{
    struct fixture *f = *state;
    begin_up(f);
    uv_timer_stop(&f->beat);
    const uint64_t since = uv_now(&f->loop);
    WAIT_FOR(f, !f->up);
    assert_string_equal(tell(f, "get"), "down server-hung applied");
    assert_true(uv_now(&f->loop) - since >= 400);
    assert_string_equal(tell(f, "up"), "refused: the server is hung");
}

static void after_a_death_only_a_new_word_brings_the_route_back(void **state)
{
    struct fixture *f = *state;
    begin_up(f);
    stop_server(f);
    WAIT_FOR(f, !f->up);
    start_server(f);
    WAIT_FOR(f, f->hand.watch.server == SERVER_WELL);
    run_for(f, 300);
    assert_false(f->up);
    assert_string_equal(tell(f, "get"), "down server-away applied");
    assert_string_equal(tell(f, "up"), "up word applied");
}

static void the_lease_is_renewed_while_the_server_is_well_and_no_longer(void **state)
{
    struct fixture *f = *state;
    begin_up(f);
    const unsigned before = f->applied;
    WAIT_FOR(f, f->applied >= before + 3);
    uv_timer_stop(&f->beat);
    run_for(f, 3 * PULSE_TICK_MS);
    const unsigned then = f->applied;
    run_for(f, 250);
    assert_int_equal(f->applied, then);
}

static void a_route_found_up_is_kept_over_a_restart(void **state)
{
    struct fixture *f = *state;
    start_server(f);
    start_hand(f, true);
    WAIT_FOR(f, f->hand.watch.server == SERVER_WELL);
    WAIT_FOR(f, f->applied > 0);
    assert_true(f->up);
    assert_string_equal(tell(f, "get"), "up taken-over applied");
}

static void a_route_found_up_without_a_server_goes(void **state)
{
    struct fixture *f = *state;
    start_hand(f, true);
    WAIT_FOR(f, !f->up && f->applied > 0);
    assert_string_equal(f->hand.reason, "server-away");
}

static void begin_looking(struct fixture *f)
{
    const struct hand_driver driver = {
        .apply = apply, .data = f, .refreshes = true, .looks = true, .refresh_ms = 100};
    f->up = true;
    assert_int_equal(
        hand_start(&f->hand, &f->loop, &driver, HAND_DOWN, f->pulse_path, f->control_path), 0);
    f->started = true;
}

static void a_route_that_the_driver_looks_for_is_left_alone_until_it_is_found(void **state)
{
    struct fixture *f = *state;
    start_server(f);
    begin_looking(f);
    WAIT_FOR(f, f->hand.watch.server == SERVER_WELL);
    run_for(f, 300);
    assert_int_equal(f->applied, 0);
    assert_string_equal(tell(f, "get"), "down start pending");
    hand_found(&f->hand, HAND_UP);
    WAIT_FOR(f, f->applied > 0);
    assert_true(f->up);
    assert_string_equal(tell(f, "get"), "up taken-over applied");
}

static void a_route_that_the_driver_looks_for_goes_without_a_server(void **state)
{
    struct fixture *f = *state;
    begin_looking(f);
    WAIT_FOR(f, !f->up);
    assert_string_equal(tell(f, "get"), "down server-away applied");
    hand_found(&f->hand, HAND_UP);
    run_for(f, 300);
    assert_false(f->up);
}

static void a_word_counts_while_the_driver_looks(void **state)
{
    static const char *const words[] = {"down", "drain", "up"};
    struct fixture *f = *state;
    start_server(f);
    for (size_t i = 0; i < 3; i++) {
        begin_looking(f);
        WAIT_FOR(f, f->hand.watch.server == SERVER_WELL);
        assert_string_equal(tell(f, words[i]),
                            i == 2 ? "up word applied" : "down word applied");
        assert_int_equal(f->up, i == 2);
        stop_hand(f);
    }
}

static void a_failing_driver_is_tried_again(void **state)
{
    struct fixture *f = *state;
    begin_up(f);
    f->result = -ENODEV;
    assert_string_equal(tell(f, "down"), "down word failing");
    assert_true(f->up);
    f->result = 0;
    WAIT_FOR(f, !f->up);
    assert_string_equal(tell(f, "get"), "down word applied");
}

static void on_withdrawn(void *arg, bool withdrawn)
{
    struct fixture *f = arg;
    f->withdrawn = withdrawn;
}

static void a_planned_stop_waits_for_the_route_to_be_gone(void **state)
{
    struct fixture *f = *state;
    begin_up(f);
    unsigned announcers, up;
    run_for(f, 50);
    pulse_socket_count(f->socket, &announcers, &up);
    assert_int_equal(announcers, 1);
    assert_int_equal(up, 1);
    f->deferred = true;
    atomic_store(&f->pulse->state, PULSE_DRAINING);
    pulse_socket_wait_withdrawn(f->socket, 4000, on_withdrawn, f);
    WAIT_FOR(f, !f->up);
    run_for(f, 100);
    assert_int_equal(f->withdrawn, -1); /* wanted down, and not there yet */
    hand_report(&f->hand, HAND_DOWN, 0);
    WAIT_FOR(f, f->withdrawn != -1);
    assert_int_equal(f->withdrawn, 1);
    assert_string_equal(tell(f, "get"), "down server-leaving applied");
}

static void a_planned_stop_does_not_wait_for_ever(void **state)
{
    struct fixture *f = *state;
    begin_up(f);
    run_for(f, 50);
    f->result = -EIO;
    atomic_store(&f->pulse->state, PULSE_DRAINING);
    pulse_socket_wait_withdrawn(f->socket, 200, on_withdrawn, f);
    WAIT_FOR(f, f->withdrawn != -1);
    assert_int_equal(f->withdrawn, 0);
}

static void a_planned_stop_without_announcers_goes_on(void **state)
{
    struct fixture *f = *state;
    start_server(f);
    pulse_socket_wait_withdrawn(f->socket, 4000, on_withdrawn, f);
    assert_int_equal(f->withdrawn, -1); /* never from within the call */
    WAIT_FOR(f, f->withdrawn != -1);
    assert_int_equal(f->withdrawn, 1);
}

/* Its route stands still. */
static void a_planned_stop_does_not_wait_for_ever_for_an_announcer_that_is_away(void **state)
{
    struct fixture *f = *state;
    begin_up(f);
    run_for(f, 50);
    pulse_socket_wait_withdrawn(f->socket, 300, on_withdrawn, f);
    stop_hand(f);
    run_for(f, 100);
    assert_int_equal(f->withdrawn, -1);
    WAIT_FOR(f, f->withdrawn != -1);
    assert_int_equal(f->withdrawn, 0);
}

int main(void)
{
#define WITH_LOOP(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_LOOP(it_starts_down_and_waits_for_a_word),
        WITH_LOOP(up_is_refused_without_a_living_server),
        WITH_LOOP(up_for_another_instance_is_refused),
        WITH_LOOP(drain_lowers_a_route_that_is_up_and_never_brings_one_up),
        WITH_LOOP(a_driver_that_knows_no_drain_withdraws),
        WITH_LOOP(a_drained_route_is_renewed_and_goes_with_a_dead_server),
        WITH_LOOP(a_server_that_leaves_is_drained_before_it_is_withdrawn),
        WITH_LOOP(nonsense_is_answered_and_changes_nothing),
        WITH_LOOP(a_killed_worker_takes_the_route_down_by_its_mutex_alone),
        WITH_LOOP(the_end_of_the_connection_takes_the_route_down),
        WITH_LOOP(a_hand_over_moves_the_watch_without_a_change),
        WITH_LOOP(heartbeats_that_stand_still_take_the_route_down),
        WITH_LOOP(after_a_death_only_a_new_word_brings_the_route_back),
        WITH_LOOP(the_lease_is_renewed_while_the_server_is_well_and_no_longer),
        WITH_LOOP(a_route_found_up_is_kept_over_a_restart),
        WITH_LOOP(a_route_found_up_without_a_server_goes),
        WITH_LOOP(a_route_that_the_driver_looks_for_is_left_alone_until_it_is_found),
        WITH_LOOP(a_route_that_the_driver_looks_for_goes_without_a_server),
        WITH_LOOP(a_word_counts_while_the_driver_looks),
        WITH_LOOP(a_failing_driver_is_tried_again),
        WITH_LOOP(a_planned_stop_waits_for_the_route_to_be_gone),
        WITH_LOOP(a_planned_stop_does_not_wait_for_ever),
        WITH_LOOP(a_planned_stop_without_announcers_goes_on),
        WITH_LOOP(a_planned_stop_does_not_wait_for_ever_for_an_announcer_that_is_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
