#include "tests/io/harness.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static int connection(struct harness *h, const char *from)
{
    return client(SOCK_STREAM, from, "127.0.0.1", harness_port(h, 0));
}

/* Asks once and begins a second message, so that the connection isn't idle. */
static void make_busy(int fd)
{
    uint8_t octets[64];
    const size_t frame = frame_write(octets, 40, 1, NULL);
    octets[frame] = 0;
    send_all(fd, octets, frame + 1);
    assert_int_equal(receive_frame(fd, NULL), 1);
}

static void an_idle_connection_is_closed(void **state)
{
    (void)state;
    struct harness h;
    harness_start(
        &h, (struct harness_config){.listen = {"127.0.0.1@0"}, .limits = {.tcp_idle_ms = 100}});
    const int silent = connection(&h, NULL);
    const int asked = connection(&h, NULL);
    ask_tcp(asked, 1);
    assert_true(ended(silent));
    assert_true(ended(asked));
    close(silent);
    close(asked);
    harness_stop(&h);
}

static void octets_that_make_no_message_do_not_keep_a_connection_open(void **state)
{
    (void)state;
    struct harness h;
    harness_start(
        &h, (struct harness_config){.listen = {"127.0.0.1@0"}, .limits = {.tcp_idle_ms = 100}});
    const int fd = connection(&h, NULL);
    const uint8_t octet = 0x40;
    const uint64_t until = now_ms() + PATIENCE_MS;
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    do {
        assert_true(now_ms() < until);
        (void)send(fd, &octet, 1, MSG_NOSIGNAL);
    } while (poll(&readable, 1, 10) == 0);
    assert_true(ended(fd));
    close(fd);
    harness_stop(&h);
}

static void a_peer_that_never_reads_is_closed(void **state)
{
    (void)state;
    struct harness h;
    harness_start(&h, (struct harness_config){.listen = {"127.0.0.1@0"},
                                              .limits = {.tcp_idle_ms = 200},
                                              .pulse = true});
    const int fd = connection(&h, NULL);
    uint8_t frame[64];
    for (uint16_t id = 0; id < 1000; id++)
        send_all(fd, frame, frame_write(frame, 40, id, "BFFFF"));
    wait_for(&h.pulse->worker[0].answers[1], 1);
    const uint64_t until = now_ms() + PATIENCE_MS;
    while (atomic_load(&h.pulse->worker[0].tcp_open) != 0) {
        assert_true(now_ms() < until);
        poll(NULL, 0, 1);
    }
    /* By a reset: the kernel doesn't keep what the peer won't take. */
    char waste[65536];
    ssize_t got;
    do
        got = recv(fd, waste, sizeof(waste), 0);
    while (got > 0);
    assert_int_equal(got, -1);
    assert_int_equal(errno, ECONNRESET);
    close(fd);
    harness_stop(&h);
}

static void at_the_limit_of_a_client_its_oldest_idle_connection_goes(void **state)
{
    (void)state;
    struct harness h;
    harness_start(&h, (struct harness_config){.listen = {"127.0.0.1@0"},
                                              .limits = {.tcp_connections_client = 3},
                                              .pulse = true});
    int fd[4];
    const int stranger = connection(&h, "127.0.0.9");
    ask_tcp(stranger, 1);
    for (int i = 0; i < 3; i++) {
        fd[i] = connection(&h, NULL);
        ask_tcp(fd[i], 1);
    }
    ask_tcp(fd[0], 2); /* now the second is the one that was idle for longest */
    fd[3] = connection(&h, NULL);
    assert_true(ended(fd[1]));
    ask_tcp(fd[0], 3);
    ask_tcp(fd[2], 3);
    ask_tcp(fd[3], 3);
    ask_tcp(stranger, 3);
    assert_int_equal(h.pulse->worker[0].tcp_refused, 1);
    for (int i = 0; i < 4; i++)
        close(fd[i]);
    close(stranger);
    harness_stop(&h);
}

static void where_none_is_idle_the_new_connection_is_refused(void **state)
{
    (void)state;
    struct harness h;
    harness_start(&h, (struct harness_config){.listen = {"127.0.0.1@0"},
                                              .limits = {.tcp_connections_client = 2},
                                              .pulse = true});
    const int first = connection(&h, NULL);
    make_busy(first);
    const int second = connection(&h, NULL);
    make_busy(second);
    const int third = connection(&h, NULL);
    assert_true(ended(third));
    close(third);

    uint8_t rest[64] = {0};
    rest[0] = 40; /* the second octet of the length, then the message */
    send_all(first, rest, 41);
    assert_int_equal(receive_frame(first, NULL), 0);
    assert_int_equal(h.pulse->worker[0].tcp_refused, 1);
    close(first);
    close(second);
    harness_stop(&h);
}

static void at_the_limit_in_all_the_oldest_idle_connection_goes(void **state)
{
    (void)state;
    struct harness h;
    harness_start(&h, (struct harness_config){.listen = {"127.0.0.1@0"},
                                              .limits = {.tcp_connections = 2}});
    const int first = connection(&h, "127.0.0.2");
    ask_tcp(first, 1);
    const int second = connection(&h, "127.0.0.3");
    ask_tcp(second, 1);
    const int third = connection(&h, "127.0.0.4");
    assert_true(ended(first));
    ask_tcp(second, 2);
    ask_tcp(third, 2);
    close(first);
    close(second);
    close(third);
    harness_stop(&h);
}

/* One octet of a message that never comes makes a connection busy, and so would hold its place. */
static void where_none_is_idle_one_without_progress_goes(void **state)
{
    (void)state;
    struct harness h;
    harness_start(&h, (struct harness_config){.listen = {"127.0.0.1@0"},
                                              .limits = {.tcp_connections = 2}});
    const int first = connection(&h, "127.0.0.2");
    make_busy(first);
    const int second = connection(&h, "127.0.0.3");
    make_busy(second);
    int third = connection(&h, "127.0.0.4");
    assert_true(ended(third)); /* both have just made progress */

    const uint64_t end = now_ms() + PATIENCE_MS;
    uint8_t frame[64];
    bool served = false;
    while (!served && now_ms() < end) {
        close(third);
        third = connection(&h, "127.0.0.4");
        const size_t octets = frame_write(frame, 40, 7, NULL);
        served = send(third, frame, octets, MSG_NOSIGNAL) == (ssize_t)octets
              && recv(third, frame, sizeof frame, 0) > 0;
        if (!served)
            poll(NULL, 0, 20);
    }
    assert_true(served);
    assert_true(ended(first));
    close(first);
    close(second);
    close(third);
    harness_stop(&h);
}

static void new_limits_hold_for_the_next_connection(void **state)
{
    (void)state;
    struct harness h;
    harness_start(&h, (struct harness_config){.listen = {"127.0.0.1@0"}});
    const int first = connection(&h, NULL);
    ask_tcp(first, 1);
    front_limits(h.front, &(struct config_limits){1, 1, PATIENCE_MS});
    const int second = connection(&h, NULL);
    assert_true(ended(first));
    ask_tcp(second, 1);
    front_limits(h.front, &(struct config_limits){1, 1, 1});
    assert_true(ended(second));
    close(first);
    close(second);
    harness_stop(&h);
}

/* The server and its clients share the limit of this process, so the clients come first. */
static void without_descriptors_idle_connections_make_room(void **state)
{
    (void)state;
    struct harness h;
    harness_start(&h, (struct harness_config){.listen = {"127.0.0.1@0"}});
    const int first = connection(&h, NULL);
    ask_tcp(first, 1);
    const int second = connection(&h, NULL);
    ask_tcp(second, 1);

    struct rlimit before;
    getrlimit(RLIMIT_NOFILE, &before);
    const int next = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(next >= 0);
    struct rlimit none = before;
    none.rlim_cur = (rlim_t)next + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    struct sockaddr_storage to = front_address(h.front, 0)->storage;
    assert_int_equal(connect(next, (struct sockaddr *)&to, front_address(h.front, 0)->octets),
                     0);
    const struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    setsockopt(next, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ask_tcp(next, 7);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(ended(first));
    close(first);
    close(second);
    close(next);
    harness_stop(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_connection_is_closed),
        cmocka_unit_test(octets_that_make_no_message_do_not_keep_a_connection_open),
        cmocka_unit_test(a_peer_that_never_reads_is_closed),
        cmocka_unit_test(at_the_limit_of_a_client_its_oldest_idle_connection_goes),
        cmocka_unit_test(where_none_is_idle_the_new_connection_is_refused),
        cmocka_unit_test(at_the_limit_in_all_the_oldest_idle_connection_goes),
        cmocka_unit_test(where_none_is_idle_one_without_progress_goes),
        cmocka_unit_test(new_limits_hold_for_the_next_connection),
        cmocka_unit_test(without_descriptors_idle_connections_make_room),
    };
    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
