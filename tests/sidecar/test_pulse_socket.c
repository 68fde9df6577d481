/* test_pulse_socket.c -- clients of the pulse's socket that nobody would wish for
 * What announcers do with it is in test_hand.c. */
#include "server/admin/pulse_socket.h"
#include "server/base/pulse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
/* cmocka wants some of the above */
#include <cmocka.h>

struct fixture {
    char folder[64];
    uv_loop_t loop;
    int memfd;
    struct pulse_socket *socket;
    unsigned called_back;
    bool withdrawn;
};

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.folder = "/tmp/pharos-pulse-XXXXXX"};
    *state = &f;
    if (mkdtemp(f.folder) == NULL)
        return -1;
    f.memfd = memfd_create("any", MFD_CLOEXEC);
    uv_loop_init(&f.loop);
    return pulse_socket_open(&f.socket, &f.loop, f.folder, f.memfd);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    pulse_socket_close(f->socket);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    close(f->memfd);
    return uv_loop_close(&f->loop) != 0 ? -1 : rmdir(f->folder);
}

static void turn(struct fixture *f)
{
    for (int i = 0; i < 10; i++)
        uv_run(&f->loop, UV_RUN_NOWAIT);
}

static int begin_to_join(const struct fixture *f)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/pulse.sock", f->folder);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static int join(struct fixture *f)
{
    const int fd = begin_to_join(f);
    turn(f);
    return fd;
}

static void say(struct fixture *f, int fd, const char *text)
{
    (void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
    turn(f);
}

static unsigned count_up(const struct fixture *f, unsigned expected_announcers)
{
    unsigned announcers, up;
    pulse_socket_count(f->socket, &announcers, &up);
    assert_int_equal(announcers, expected_announcers);
    return up;
}

/* -1: still open without data; 0: ended; else the octets read. */
static ssize_t look(int fd)
{
    char text[64];
    const ssize_t got = read(fd, text, sizeof(text));
    return got < 0 && errno != EAGAIN ? 0 : got;
}

static void
only_who_says_so_is_an_announcer_and_may_hold_a_route_until_it_says_down(void **state)
{
    struct fixture *f = *state;
    const int fd = join(f);
    assert_int_equal(look(fd), PULSE_HELLO_OCTETS);
    say(f, fd, "up\n");
    assert_int_equal(count_up(f, 0), 0);
    say(f, fd, "announ");
    say(f, fd, "cer\n");
    assert_int_equal(count_up(f, 1), 1);
    say(f, fd, "down\nup\ndown\n");
    assert_int_equal(count_up(f, 1), 0);
    close(fd);
    turn(f);
    count_up(f, 0);
}

static void garbage_changes_nothing_and_endless_lines_end_the_connection(void **state)
{
    struct fixture *f = *state;
    const int fd = join(f);
    look(fd);
    say(f, fd, "announcer\ndown\n");
    say(f, fd, "\xff\x01\n\n\nupdown\n UP\n");
    assert_int_equal(count_up(f, 1), 0);
    assert_int_equal(look(fd), -1);
    for (int i = 0; i < 20; i++)
        say(f, fd, "0123456789");
    assert_int_equal(look(fd), 0);
    count_up(f, 0);
    close(fd);
}

static void more_clients_than_there_are_places_are_turned_away(void **state)
{
    struct fixture *f = *state;
    int fds[PULSE_SOCKET_CLIENTS_MAX + 5];
    enum { COUNT = sizeof(fds) / sizeof(fds[0]) };
    for (int i = 0; i < COUNT; i++) {
        fds[i] = join(f);
        assert_int_equal(look(fds[i]), i < PULSE_SOCKET_CLIENTS_MAX ? PULSE_HELLO_OCTETS : 0);
    }
    close(fds[3]);
    turn(f);
    fds[3] = join(f);
    assert_int_equal(look(fds[3]), PULSE_HELLO_OCTETS);
    for (int i = 0; i < COUNT; i++)
        close(fds[i]);
}

/* Only root can be two users; for others it's the server's own user that is looked at. */
static void another_user_can_not_take_all_places(void **state)
{
    struct fixture *f = *state;
    const uid_t own = geteuid();
    const int places = own == 0 ? PULSE_SOCKET_STRANGER_MAX : PULSE_SOCKET_CLIENTS_MAX;
    int fds[PULSE_SOCKET_CLIENTS_MAX + 1];
    assert_int_equal(chmod(f->folder, 0755), 0);
    for (int i = 0; i <= places; i++) {
        assert_int_equal(seteuid(own == 0 ? 65534 : own), 0);
        fds[i] = begin_to_join(f);
        assert_int_equal(seteuid(own), 0);
        turn(f);
        assert_int_equal(look(fds[i]), i < places ? PULSE_HELLO_OCTETS : 0);
    }
    close(fds[places]);
    if (own == 0) {
        fds[places] = join(f);
        assert_int_equal(look(fds[places]), PULSE_HELLO_OCTETS);
        close(fds[places]);
    }
    for (int i = 0; i < places; i++)
        close(fds[i]);
}

static void on_withdrawn(void *arg, bool withdrawn)
{
    struct fixture *f = arg;
    f->called_back++;
    f->withdrawn = withdrawn;
}

static void an_announcer_that_ended_while_up_is_waited_for_until_another_says_down(void **state)
{
    struct fixture *f = *state;
    const int killed = join(f);
    say(f, killed, "announcer\nup\n");
    close(killed);
    turn(f);
    pulse_socket_wait_withdrawn(f->socket, 5000, on_withdrawn, f);
    turn(f);
    assert_int_equal(f->called_back, 0);
    const int restarted = join(f);
    say(f, restarted, "announcer\nup\n");
    assert_int_equal(f->called_back, 0);
    say(f, restarted, "down\n");
    assert_int_equal(f->called_back, 1);
    assert_true(f->withdrawn);
    close(restarted);
}

static void
an_announcer_that_ended_while_up_and_stays_away_ends_the_wait_by_its_limit(void **state)
{
    struct fixture *f = *state;
    const int killed = join(f);
    say(f, killed, "announcer\nup\n");
    close(killed);
    turn(f);
    pulse_socket_wait_withdrawn(f->socket, 50, on_withdrawn, f);
    while (f->called_back == 0)
        uv_run(&f->loop, UV_RUN_ONCE);
    assert_false(f->withdrawn);
}

static void an_announcer_that_ended_while_down_is_not_waited_for(void **state)
{
    struct fixture *f = *state;
    const int fd = join(f);
    say(f, fd, "announcer\nup\ndown\n");
    close(fd);
    turn(f);
    pulse_socket_wait_withdrawn(f->socket, 5000, on_withdrawn, f);
    turn(f);
    assert_int_equal(f->called_back, 1);
    assert_true(f->withdrawn);
}

static void a_crash_ends_every_connection_at_once(void **state)
{
    struct fixture *f = *state;
    const int fds[2] = {join(f), join(f)};
    look(fds[0]);
    look(fds[1]);
    pulse_socket_crash(f->socket);
    for (int i = 0; i < 2; i++) { /* before the loop turns again */
        assert_int_equal(look(fds[i]), 0);
        close(fds[i]);
    }
}

int main(void)
{
#define WITH_SOCKET(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_SOCKET(only_who_says_so_is_an_announcer_and_may_hold_a_route_until_it_says_down),
        WITH_SOCKET(garbage_changes_nothing_and_endless_lines_end_the_connection),
        WITH_SOCKET(more_clients_than_there_are_places_are_turned_away),
        WITH_SOCKET(another_user_can_not_take_all_places),
        WITH_SOCKET(an_announcer_that_ended_while_up_is_waited_for_until_another_says_down),
        WITH_SOCKET(an_announcer_that_ended_while_up_and_stays_away_ends_the_wait_by_its_limit),
        WITH_SOCKET(an_announcer_that_ended_while_down_is_not_waited_for),
        WITH_SOCKET(a_crash_ends_every_connection_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
