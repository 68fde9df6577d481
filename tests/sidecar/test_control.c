/* test_control.c -- lines over a unix socket, from clients of all kinds */
#include "server/sidecar/control.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
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
    struct control *control;
    unsigned answered;
};

static void answer(void *arg, char *line, char out[CONTROL_LINE_MAX])
{
    struct fixture *f = arg;
    f->answered++;
    snprintf(out, CONTROL_LINE_MAX, "heard %.100s", line);
}

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.folder = "/tmp/pharos-control-XXXXXX"};
    *state = &f;
    if (mkdtemp(f.folder) == NULL)
        return -1;
    snprintf(f.path, sizeof(f.path), "%s/s", f.folder);
    uv_loop_init(&f.loop);
    return control_open(&f.control, &f.loop, f.path, answer, &f);
}

static void turn(struct fixture *f)
{
    for (int i = 0; i < 20; i++)
        uv_run(&f->loop, UV_RUN_NOWAIT);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    control_close(f->control);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    const int busy = uv_loop_close(&f->loop);
    return busy != 0 || access(f->path, F_OK) == 0 ? -1 : rmdir(f->folder);
}

static int join(struct fixture *f)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, f->path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    turn(f);
    return fd;
}

static void say(struct fixture *f, int fd, const char *text)
{
    (void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
    turn(f);
}

static const char *hear(int fd)
{
    static char text[65536];
    const ssize_t got = read(fd, text, sizeof(text) - 1);
    if (got < 0)
        return errno == EAGAIN ? "(nothing)" : "(end)";
    text[got] = '\0';
    return got == 0 ? "(end)" : text;
}

static void each_line_gets_a_line(void **state)
{
    struct fixture *f = *state;
    const int fd = join(f);
    say(f, fd, "get\nup now\r\n\n");
    assert_string_equal(hear(fd), "heard get\nheard up now\nheard \n");
    close(fd);
}

static void a_line_may_come_in_pieces(void **state)
{
    struct fixture *f = *state;
    const int fd = join(f);
    say(f, fd, "g");
    say(f, fd, "et");
    assert_string_equal(hear(fd), "(nothing)");
    say(f, fd, "\nx");
    assert_string_equal(hear(fd), "heard get\n");
    close(fd);
    turn(f);
    assert_int_equal(f->answered, 1);
}

static void a_line_that_is_too_long_ends_the_connection(void **state)
{
    struct fixture *f = *state;
    const int fd = join(f);
    char text[CONTROL_LINE_MAX + 2];
    memset(text, 'a', sizeof(text));
    text[CONTROL_LINE_MAX] = '\n';
    text[CONTROL_LINE_MAX + 1] = '\0';
    say(f, fd, text);
    assert_int_equal(f->answered, 1); /* that one just fits */
    hear(fd);
    text[CONTROL_LINE_MAX] = 'a';
    say(f, fd, text);
    assert_int_equal(f->answered, 1);
    assert_string_equal(hear(fd), "error: the line is too long\n");
    assert_string_equal(hear(fd), "(end)");
    close(fd);
}

static void octets_of_any_kind_are_only_lines(void **state)
{
    struct fixture *f = *state;
    const int fd = join(f);
    static const char garbage[] = "\0\xff\x80up\0\ndown\x1b[2J\n";
    (void)!send(fd, garbage, sizeof(garbage) - 1, MSG_NOSIGNAL);
    turn(f);
    assert_int_equal(f->answered, 2);
    close(fd);
}

static void who_does_not_read_is_dropped_and_others_are_served(void **state)
{
    struct fixture *f = *state;
    const int deaf = join(f);
    char text[100];
    memset(text, 'x', sizeof(text) - 2);
    text[98] = '\n';
    text[99] = '\0';
    bool dropped = false;
    for (int i = 0; i < 100000 && !dropped; i++) {
        dropped = send(deaf, text, 99, MSG_NOSIGNAL) < 0 && errno == EPIPE;
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
    assert_true(dropped);
    const int other = join(f);
    say(f, other, "get\n");
    assert_string_equal(hear(other), "heard get\n");
    close(other);
    close(deaf);
}

static void the_longest_silent_makes_room_for_the_newest(void **state)
{
    struct fixture *f = *state;
    int fds[2 * CONTROL_CLIENTS_MAX];
    for (int i = 0; i < 2 * CONTROL_CLIENTS_MAX; i++) {
        fds[i] = join(f);
        say(f, fds[i], "get\n");
        assert_string_equal(hear(fds[i]), "heard get\n");
    }
    assert_string_equal(hear(fds[0]), "(end)");
    say(f, fds[2 * CONTROL_CLIENTS_MAX - 1], "get\n");
    assert_string_equal(hear(fds[2 * CONTROL_CLIENTS_MAX - 1]), "heard get\n");
    for (int i = 0; i < 2 * CONTROL_CLIENTS_MAX; i++)
        close(fds[i]);
}

static void a_second_one_at_the_same_path_is_refused(void **state)
{
    struct fixture *f = *state;
    struct control *second = NULL;
    assert_int_equal(control_open(&second, &f->loop, f->path, answer, f), -EADDRINUSE);
    turn(f);
    const int fd = join(f);
    say(f, fd, "get\n");
    assert_string_equal(hear(fd), "heard get\n");
    close(fd);
}

static void a_dead_ones_socket_is_replaced(void **state)
{
    struct fixture *f = *state;
    char path[128];
    snprintf(path, sizeof(path), "%s/old", f->folder);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, path);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    close(fd);
    struct control *second = NULL;
    assert_int_equal(control_open(&second, &f->loop, path, answer, f), 0);
    control_close(second);
    turn(f);
}

int main(void)
{
#define WITH_SOCKET(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_SOCKET(each_line_gets_a_line),
        WITH_SOCKET(a_line_may_come_in_pieces),
        WITH_SOCKET(a_line_that_is_too_long_ends_the_connection),
        WITH_SOCKET(octets_of_any_kind_are_only_lines),
        WITH_SOCKET(who_does_not_read_is_dropped_and_others_are_served),
        WITH_SOCKET(the_longest_silent_makes_room_for_the_newest),
        WITH_SOCKET(a_second_one_at_the_same_path_is_refused),
        WITH_SOCKET(a_dead_ones_socket_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
