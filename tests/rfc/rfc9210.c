/* rfc9210.c -- DNS transport over TCP: operational requirements */
#include "tests/io/harness.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int connection(struct harness *h, const char *from)
{
    return client(SOCK_STREAM, from, "127.0.0.1", harness_port(h, 0));
}

static void start(struct harness *h, struct config_limits limits)
{
    harness_start(h, (struct harness_config){.listen = {"127.0.0.1@0"}, .limits = limits});
}

/* Sections 4.2 and 4.5: idle connections end after a time that is configured */
static void an_idle_connection_is_closed_after_the_configured_time(void **state)
{
    (void)state;
    struct harness h;
    start(&h, (struct config_limits){.tcp_idle_ms = 200});
    const uint64_t began = now_ms();
    const int fd = connection(&h, NULL);
    ask_tcp(fd, 1);
    assert_true(ended(fd));
    assert_true(now_ms() - began >= 200);
    close(fd);
    harness_stop(&h);
}

/* Section 4.2: octets that make no message don't hold a connection */
static void a_message_that_never_ends_is_no_activity(void **state)
{
    (void)state;
    struct harness h;
    start(&h, (struct config_limits){.tcp_idle_ms = 200});
    const int fd = connection(&h, NULL);
    send_all(fd, "\0\x20x", 3);
    assert_true(ended(fd));
    close(fd);
    harness_stop(&h);
}

/* Sections 4.2 and 4.5: connections of one client have a limit, so that others find room */
static void one_client_cannot_take_all_connections(void **state)
{
    (void)state;
    enum { GREEDY = 20 };
    struct harness h;
    int fd[GREEDY];
    start(&h, (struct config_limits){.tcp_connections = 8, .tcp_connections_client = 4});
    for (size_t i = 0; i < GREEDY; i++)
        fd[i] = connection(&h, "127.0.0.2");
    const int other = connection(&h, "127.0.0.3");
    ask_tcp(other, 1);
    close(other);
    for (size_t i = 0; i < GREEDY; i++)
        close(fd[i]);
    harness_stop(&h);
}

/* Section 3: an answer of any size that a message can have */
static void answers_have_up_to_65535_octets(void **state)
{
    (void)state;
    struct harness h;
    start(&h, (struct config_limits){0});
    const int fd = connection(&h, NULL);
    uint8_t frame[64];
    size_t octets = 0;
    send_all(fd, frame, frame_write(frame, 40, 1, "BFFFF"));
    assert_int_equal(receive_frame(fd, &octets), 1);
    assert_int_equal(octets, 65535);
    close(fd);
    harness_stop(&h);
}

/* Section 4.2: who reads slowly gets all, and nobody waits for them */
static void a_slow_reader_holds_up_nobody(void **state)
{
    (void)state;
    enum { QUERIES = 20 };
    struct harness h;
    start(&h, (struct config_limits){0});
    const int slow = connection(&h, NULL), other = connection(&h, NULL);
    uint8_t frame[64];
    for (uint16_t id = 0; id < QUERIES; id++)
        send_all(slow, frame, frame_write(frame, 40, id, "BFFFF"));
    for (uint16_t id = 0; id < 100; id++)
        ask_tcp(other, id);
    for (uint16_t id = 0; id < QUERIES; id++) {
        size_t octets = 0;
        assert_int_equal(receive_frame(slow, &octets), id);
        assert_int_equal(octets, 65535);
    }
    close(slow);
    close(other);
    harness_stop(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_connection_is_closed_after_the_configured_time),
        cmocka_unit_test(a_message_that_never_ends_is_no_activity),
        cmocka_unit_test(one_client_cannot_take_all_connections),
        cmocka_unit_test(answers_have_up_to_65535_octets),
        cmocka_unit_test(a_slow_reader_holds_up_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
