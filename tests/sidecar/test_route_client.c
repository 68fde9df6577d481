/* test_route_client.c -- the sidecar's word, and the driver that hears it
 * A control socket on the same loop plays the driver. */
#include "server/base/log.h"
#include "server/sidecar/route_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka wants some of the above */
#include <cmocka.h>

struct fixture {
    char folder[64];
    char path[96];
    uv_loop_t loop;
    uv_timer_t timer;
    bool timed_out;
    struct control *driver;
    struct route_client client;
    const char *state;           /* what the driver says */
    char word[CONTROL_LINE_MAX]; /* the last it got, but for "get" */
    unsigned words, gets;
    bool obeys;
};

static void answer(void *arg, char *line, char out[CONTROL_LINE_MAX])
{
    struct fixture *f = arg;
    if (strcmp(line, "get") == 0) {
        f->gets++;
    } else {
        f->words++;
        snprintf(f->word, sizeof(f->word), "%s", line);
        if (f->obeys)
            f->state = *line == 'u' ? "up word applied" : "down word applied";
    }
    snprintf(out, CONTROL_LINE_MAX, "%s", f->state);
}

static void on_time(uv_timer_t *timer)
{
    struct fixture *f = timer->data;
    f->timed_out = true;
}

#define WAIT_FOR(f, condition)                                                                 \
    do {                                                                                       \
        (f)->timed_out = false;                                                                \
        uv_timer_start(&(f)->timer, on_time, 5000, 0);                                         \
        while (!(condition) && !(f)->timed_out)                                                \
            uv_run(&(f)->loop, UV_RUN_ONCE);                                                   \
        uv_timer_stop(&(f)->timer);                                                            \
        assert_true(condition);                                                                \
    } while (0)

static void start_driver(struct fixture *f)
{
    assert_int_equal(control_open(&f->driver, &f->loop, f->path, answer, f), 0);
}

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){
        .folder = "/tmp/pharos-client-XXXXXX", .state = "down start applied", .obeys = true};
    *state = &f;
    if (mkdtemp(f.folder) == NULL)
        return -1;
    snprintf(f.path, sizeof(f.path), "%s/s", f.folder);
    uv_loop_init(&f.loop);
    uv_timer_init(&f.loop, &f.timer);
    f.timer.data = &f;
    log_open("test", LOG_LEVEL_ERROR, LOG_FORMAT_TEXT, NULL);
    start_driver(&f);
    return route_client_start(&f.client, &f.loop, "any", f.path);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    route_client_stop(&f->client);
    control_close(f->driver);
    uv_close((uv_handle_t *)&f->timer, NULL);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    return uv_loop_close(&f->loop) != 0 ? -1 : rmdir(f->folder);
}

static void what_a_driver_says_is_understood(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum route route;
    } table[] = {
        {"up word applied", ROUTE_UP},
        {"up taken-over pending", ROUTE_UP},
        {"down start applied", ROUTE_FRESH},
        {"down server-leaving applied", ROUTE_FRESH},
        {"down word applied", ROUTE_DOWN},
        {"down server-away applied", ROUTE_WITHDRAWN},
        {"down server-hung pending", ROUTE_WITHDRAWN},
        {"down something-new", ROUTE_DOWN},
        {"refused: another instance serves", ROUTE_UNKNOWN},
        {"error: say up, drain, down or get", ROUTE_UNKNOWN},
        {"", ROUTE_UNKNOWN},
        {"upside", ROUTE_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        assert_int_equal(route_from_text(table[i].text), table[i].route);
}

static void how_far_a_driver_is_is_understood(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum progress progress;
    } table[] = {
        {"up word applied", PROGRESS_APPLIED},
        {"up taken-over pending", PROGRESS_PENDING},
        {"up word failing", PROGRESS_FAILING},
        {"drain word failing", PROGRESS_FAILING},
        {"down server-hung failing", PROGRESS_FAILING},
        {"down start", PROGRESS_APPLIED},
        {"up word something-new", PROGRESS_APPLIED},
        {"refused: it is failing", PROGRESS_UNKNOWN},
        {"", PROGRESS_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        assert_int_equal(progress_from_text(table[i].text), table[i].progress);
}

static void it_asks_and_says_nothing_before_there_is_a_wish(void **state)
{
    struct fixture *f = *state;
    WAIT_FOR(f, f->gets >= 2);
    assert_int_equal(f->client.route, ROUTE_FRESH);
    assert_int_equal(f->words, 0);
}

static void a_wish_is_told_at_once_with_the_instance(void **state)
{
    struct fixture *f = *state;
    WAIT_FOR(f, f->client.route == ROUTE_FRESH);
    memset(f->client.instance, 0xab, INSTANCE_OCTETS);
    route_client_wish(&f->client, WISH_UP);
    WAIT_FOR(f, f->client.route == ROUTE_UP);
    assert_string_equal(f->word, "up abababababababababababababababab");
    route_client_wish(&f->client, WISH_DOWN);
    WAIT_FOR(f, f->client.route == ROUTE_DOWN);
    assert_string_equal(f->word, "down");
}

static void a_state_that_somebody_changed_is_put_right(void **state)
{
    struct fixture *f = *state;
    WAIT_FOR(f, f->client.route == ROUTE_FRESH);
    route_client_wish(&f->client, WISH_UP);
    WAIT_FOR(f, f->client.route == ROUTE_UP);
    f->state = "down word applied";
    WAIT_FOR(f, f->words == 2);
    assert_string_equal(f->state, "up word applied");
}

/* The word is kept, there's no use in giving it again; but others must know. */
static void a_driver_that_fails_keeps_its_word_and_says_so(void **state)
{
    struct fixture *f = *state;
    WAIT_FOR(f, f->client.route == ROUTE_FRESH);
    route_client_wish(&f->client, WISH_UP);
    WAIT_FOR(f, f->client.route == ROUTE_UP);
    assert_int_equal(f->client.progress, PROGRESS_APPLIED);
    f->state = "up word failing";
    WAIT_FOR(f, f->client.progress == PROGRESS_FAILING);
    assert_int_equal(f->client.route, ROUTE_UP);
    assert_int_equal(f->words, 1);
}

static void a_driver_that_let_go_is_not_contradicted(void **state)
{
    struct fixture *f = *state;
    WAIT_FOR(f, f->client.route == ROUTE_FRESH);
    route_client_wish(&f->client, WISH_UP);
    WAIT_FOR(f, f->client.route == ROUTE_UP);
    f->state = "down server-hung applied";
    WAIT_FOR(f, f->client.route == ROUTE_WITHDRAWN);
    const unsigned gets = f->gets;
    WAIT_FOR(f, f->gets == gets + 1);
    assert_int_equal(f->words, 1);
}

/* As where it refuses a word that comes while it thinks the server hung. */
static void what_a_driver_let_go_of_before_the_wish_is_down_and_told_up_again(void **state)
{
    struct fixture *f = *state;
    WAIT_FOR(f, f->client.route == ROUTE_FRESH);
    route_client_wish(&f->client, WISH_UP);
    WAIT_FOR(f, f->client.route == ROUTE_UP);
    f->obeys = false;
    f->state = "down server-hung applied";
    WAIT_FOR(f, f->client.route == ROUTE_WITHDRAWN);
    route_client_wish(&f->client, WISH_DOWN);
    WAIT_FOR(f, f->client.route == ROUTE_DOWN);
    route_client_wish(&f->client, WISH_UP);
    WAIT_FOR(f, f->client.route == ROUTE_DOWN);
    f->obeys = true;
    WAIT_FOR(f, f->client.route == ROUTE_UP);
    assert_string_equal(f->state, "up word applied");
}

/* The round of asking may come just after a word, whose answer is on its way then. */
static void a_word_just_before_the_next_round_keeps_the_connection(void **state)
{
    struct fixture *f = *state;
    WAIT_FOR(f, f->client.route == ROUTE_FRESH);
    const uv_pipe_t *pipe = f->client.pipe;
    for (unsigned round = 0; round < 2; round++) {
        while (uv_timer_get_due_in(&f->client.timer) > 1)
            uv_run(&f->loop, UV_RUN_NOWAIT);
        route_client_wish(&f->client, round == 0 ? WISH_UP : WISH_DOWN);
        uv_sleep(2); /* the round is due before the answer is read */
        WAIT_FOR(f, f->client.pending == 0);
        assert_ptr_equal(f->client.pipe, pipe);
    }
}

static void a_refused_word_is_given_again_soon(void **state)
{
    struct fixture *f = *state;
    WAIT_FOR(f, f->client.route == ROUTE_FRESH);
    f->obeys = false;
    f->state = "refused: the server is away";
    route_client_wish(&f->client, WISH_UP);
    WAIT_FOR(f, f->words == 1 && f->client.pending == 0);
    f->state = "down server-away applied"; /* of before the wish */
    f->obeys = true;
    assert_true(uv_timer_get_due_in(&f->client.timer) <= ROUTE_CLIENT_AGAIN_MS);
    WAIT_FOR(f, f->client.route == ROUTE_UP);
    assert_int_equal(f->words, 2);
}

static void a_driver_that_comes_back_hears_the_wish_again(void **state)
{
    struct fixture *f = *state;
    WAIT_FOR(f, f->client.route == ROUTE_FRESH);
    route_client_wish(&f->client, WISH_UP);
    WAIT_FOR(f, f->client.route == ROUTE_UP);
    control_close(f->driver);
    WAIT_FOR(f, f->client.route == ROUTE_UNKNOWN);
    assert_int_equal(f->client.progress, PROGRESS_UNKNOWN);
    f->state = "down start applied";
    start_driver(f);
    WAIT_FOR(f, f->words == 2 && f->client.route == ROUTE_UP);
}

/* As where a second group gives each driver a socket of its own name. */
static void a_driver_elsewhere_hears_the_wish_too(void **state)
{
    struct fixture *f = *state;
    WAIT_FOR(f, f->client.route == ROUTE_FRESH);
    route_client_wish(&f->client, WISH_UP);
    WAIT_FOR(f, f->client.route == ROUTE_UP);
    control_close(f->driver);
    strcat(f->path, "2"); /* borrowed by the client */
    f->state = "down start applied";
    start_driver(f);
    route_client_reconnect(&f->client);
    assert_int_equal(f->client.route, ROUTE_UNKNOWN);
    WAIT_FOR(f, f->words == 2 && f->client.route == ROUTE_UP);
}

int main(void)
{
#define WITH_DRIVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_driver_says_is_understood),
        cmocka_unit_test(how_far_a_driver_is_is_understood),
        WITH_DRIVER(it_asks_and_says_nothing_before_there_is_a_wish),
        WITH_DRIVER(a_wish_is_told_at_once_with_the_instance),
        WITH_DRIVER(a_state_that_somebody_changed_is_put_right),
        WITH_DRIVER(a_driver_that_fails_keeps_its_word_and_says_so),
        WITH_DRIVER(a_driver_that_let_go_is_not_contradicted),
        WITH_DRIVER(what_a_driver_let_go_of_before_the_wish_is_down_and_told_up_again),
        WITH_DRIVER(a_word_just_before_the_next_round_keeps_the_connection),
        WITH_DRIVER(a_refused_word_is_given_again_soon),
        WITH_DRIVER(a_driver_that_comes_back_hears_the_wish_again),
        WITH_DRIVER(a_driver_elsewhere_hears_the_wish_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
