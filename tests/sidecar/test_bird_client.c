/* test_bird_client.c -- a connection to BIRD: greeted, lost, silent, found again
 * BIRD is a socket of the test's own: the loop turns between what it says. */
#include "server/sidecar/bird_client.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
/* cmocka wants some of the above */
#include <cmocka.h>

struct fixture {
    char folder[64];
    char path[96];
    uv_loop_t loop;
    uv_timer_t timer;
    bool timed_out;
    int listener; /* BIRD's; -1: none */
    int fd;       /* BIRD's end of the connection */
    char said[512];
    size_t filled;
    struct bird_client client;
    unsigned ready;
    unsigned done;
    unsigned noticed;
    unsigned code; /* last heard */
    int err;
};

static void on_ready(struct bird_client *client)
{
    struct fixture *f = client->data;
    f->ready++;
}

static void on_heard(struct bird_client *client, const struct bird_line *line)
{
    struct fixture *f = client->data;
    if (line->kind == BIRD_MORE)
        f->code = line->code;
}

static void on_done(struct bird_client *client, int err)
{
    struct fixture *f = client->data;
    f->done++;
    f->err = err;
}

static void on_noticed(struct bird_client *client)
{
    struct fixture *f = client->data;
    f->noticed++;
}

static void on_time(uv_timer_t *timer)
{
    struct fixture *f = timer->data;
    f->timed_out = true;
}

/* BIRD's part of a turn: takes a connection, and reads what there is. */
static void turn(struct fixture *f)
{
    if (f->listener >= 0 && f->fd < 0)
        f->fd = accept4(f->listener, NULL, NULL, SOCK_NONBLOCK);
    if (f->fd >= 0) {
        const ssize_t got =
            recv(f->fd, f->said + f->filled, sizeof(f->said) - 1 - f->filled, MSG_DONTWAIT);
        f->filled += got > 0 ? (size_t)got : 0;
        f->said[f->filled] = '\0';
    }
    uv_run(&f->loop, UV_RUN_NOWAIT);
    usleep(500);
}

/* Turns the loop until `condition` holds. */
#define WAIT_FOR(f, condition)                                                                 \
    do {                                                                                       \
        (f)->timed_out = false;                                                                \
        uv_timer_start(&(f)->timer, on_time, 5000, 0);                                         \
        while (!(condition) && !(f)->timed_out)                                                \
            turn(f);                                                                           \
        uv_timer_stop(&(f)->timer);                                                            \
        assert_true(condition);                                                                \
    } while (0)

static void tell(struct fixture *f, const char *text)
{
    assert_int_equal(send(f->fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void hear(struct fixture *f, const char *text)
{
    WAIT_FOR(f, strcmp(f->said, text) == 0);
    f->filled = 0;
    f->said[0] = '\0';
}

static void start_bird(struct fixture *f)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", f->path);
    f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(f->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(f->listener, 4), 0);
}

static void drop_connection(struct fixture *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
    f->filled = 0;
    f->said[0] = '\0';
}

static void stop_bird(struct fixture *f)
{
    drop_connection(f);
    if (f->listener >= 0)
        close(f->listener);
    f->listener = -1;
    unlink(f->path);
}

static void greet(struct fixture *f)
{
    const unsigned before = f->ready;
    WAIT_FOR(f, f->fd >= 0);
    tell(f, "0001 BIRD 2.0.12 ready.\n");
    hear(f, "echo all\n");
    tell(f, "0000 \n");
    WAIT_FOR(f, f->ready == before + 1);
}

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.folder = "/tmp/pharos-bird-XXXXXX",
                         .listener = -1,
                         .fd = -1,
                         .client = {.path = f.path,
                                    .ready = on_ready,
                                    .heard = on_heard,
                                    .done = on_done,
                                    .noticed = on_noticed,
                                    .data = &f}};
    *state = &f;
    if (mkdtemp(f.folder) == NULL)
        return -1;
    snprintf(f.path, sizeof(f.path), "%s/bird.ctl", f.folder);
    uv_loop_init(&f.loop);
    uv_timer_init(&f.loop, &f.timer);
    f.timer.data = &f;
    return bird_client_start(&f.client, &f.loop);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    bird_client_stop(&f->client);
    stop_bird(f);
    uv_close((uv_handle_t *)&f->timer, NULL);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    return uv_loop_close(&f->loop) != 0 ? -1 : rmdir(f->folder);
}

static void a_command_is_done_with_the_last_line_of_its_reply(void **state)
{
    struct fixture *f = *state;
    start_bird(f);
    greet(f);
    assert_int_equal(bird_client_say(&f->client, "enable 'anycast'"), 0);
    assert_int_equal(bird_client_say(&f->client, "disable 'anycast'"), -EBUSY);
    hear(f, "enable 'anycast'\n");
    tell(f, "0011-anycast: enabled\n00");
    WAIT_FOR(f, f->code == BIRD_ENABLED);
    assert_int_equal(f->done, 0);
    tell(f, "00 \n");
    WAIT_FOR(f, f->done == 1);
    assert_int_equal(f->err, 0);
}

static void nothing_can_be_said_before_bird_has_greeted(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(bird_client_say(&f->client, "enable 'anycast'"), -ENOTCONN);
    start_bird(f);
    WAIT_FOR(f, f->fd >= 0);
    assert_int_equal(bird_client_say(&f->client, "enable 'anycast'"), -ENOTCONN);
    assert_int_equal(f->done, 0);
}

static void a_restarted_bird_is_found_again(void **state)
{
    struct fixture *f = *state;
    start_bird(f);
    greet(f);
    stop_bird(f);
    WAIT_FOR(f, bird_client_say(&f->client, "show status") == -ENOTCONN);
    start_bird(f);
    greet(f);
    assert_int_equal(f->ready, 2);
}

static void a_connection_that_ends_ends_the_command_with_a_failure(void **state)
{
    struct fixture *f = *state;
    start_bird(f);
    greet(f);
    assert_int_equal(bird_client_say(&f->client, "enable 'anycast'"), 0);
    hear(f, "enable 'anycast'\n");
    drop_connection(f);
    WAIT_FOR(f, f->done == 1);
    assert_true(f->err < 0);
}

static void a_bird_that_says_nothing_is_left_after_a_second(void **state)
{
    struct fixture *f = *state;
    start_bird(f);
    greet(f);
    assert_int_equal(bird_client_say(&f->client, "enable 'anycast'"), 0);
    const uint64_t since = uv_now(&f->loop);
    WAIT_FOR(f, f->done == 1);
    assert_int_equal(f->err, -ETIMEDOUT);
    assert_in_range(uv_now(&f->loop) - since, BIRD_TIMEOUT_MS - 10, BIRD_TIMEOUT_MS + 1500);
    drop_connection(f);
    greet(f);
}

static void whoever_does_not_greet_as_bird_does_is_left(void **state)
{
    struct fixture *f = *state;
    static const char *const greetings[] = {"0000 \n", "220 mail.example ESMTP\n", "\n",
                                            "9001 syntax error\n"};
    start_bird(f);
    for (size_t i = 0; i < sizeof(greetings) / sizeof(greetings[0]); i++) {
        char octet;
        WAIT_FOR(f, f->fd >= 0);
        tell(f, greetings[i]);
        WAIT_FOR(f, recv(f->fd, &octet, 1, MSG_DONTWAIT) == 0);
        drop_connection(f);
    }
    assert_int_equal(f->ready, 0);
    greet(f);
}

static void an_answer_to_nothing_ends_the_connection(void **state)
{
    struct fixture *f = *state;
    char octet;
    start_bird(f);
    greet(f);
    tell(f, "0000 \n");
    WAIT_FOR(f, recv(f->fd, &octet, 1, MSG_DONTWAIT) == 0);
    assert_int_equal(f->done, 0);
}

static void a_reconfiguration_is_noticed_at_once(void **state)
{
    struct fixture *f = *state;
    start_bird(f);
    greet(f);
    tell(f, "+upstream4: received something odd\n+Reconfigured\n");
    WAIT_FOR(f, f->noticed == 1);
    assert_int_equal(bird_client_say(&f->client, "enable 'anycast'"), 0);
}

int main(void)
{
#define WITH_BIRD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        WITH_BIRD(a_command_is_done_with_the_last_line_of_its_reply),
        WITH_BIRD(nothing_can_be_said_before_bird_has_greeted),
        WITH_BIRD(a_restarted_bird_is_found_again),
        WITH_BIRD(a_connection_that_ends_ends_the_command_with_a_failure),
        WITH_BIRD(a_bird_that_says_nothing_is_left_after_a_second),
        WITH_BIRD(whoever_does_not_greet_as_bird_does_is_left),
        WITH_BIRD(an_answer_to_nothing_ends_the_connection),
        WITH_BIRD(a_reconfiguration_is_noticed_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
