/* rfc7766.c -- DNS transport over TCP: implementation requirements */
#include "tests/io/harness.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { QUERY = 40, FRAME = 2 + QUERY };

static int start(void **state)
{
    struct harness *h = malloc(sizeof *h);
    assert_non_null(h);
    harness_start(h, (struct harness_config){.listen = {"127.0.0.1@0"}});
    *state = h;
    return 0;
}

static int stop(void **state)
{
    harness_stop(*state);
    free(*state);
    return 0;
}

static int connection(struct harness *h)
{
    return client(SOCK_STREAM, NULL, "127.0.0.1", harness_port(h, 0));
}

/* Section 5: a server supports both, at the same port */
static void tcp_answers_what_udp_does(void **state)
{
    struct harness *h = *state;
    uint8_t answer[512];
    const int udp = client(SOCK_DGRAM, NULL, "127.0.0.1", harness_port(h, 0));
    const int tcp = connection(h);
    assert_true(ask_udp(udp, 1, NULL, answer, sizeof answer) > 0);
    ask_tcp(tcp, 1);
    close(udp);
    close(tcp);
}

/* Section 6.2.1: the connection stays open for the next query */
static void a_connection_serves_one_query_after_the_other(void **state)
{
    const int fd = connection(*state);
    for (uint16_t id = 0; id < 100; id++)
        ask_tcp(fd, id);
    close(fd);
}

/* Section 6.2.1.1: a client doesn't wait for an answer, and gets each by its ID */
static void pipelined_queries_are_all_answered(void **state)
{
    enum { QUERIES = 200 };
    static uint8_t frames[QUERIES * FRAME];
    bool answered[QUERIES] = {false};
    const int fd = connection(*state);
    size_t octets = 0;
    for (uint16_t id = 0; id < QUERIES; id++)
        octets += frame_write(frames + octets, QUERY, id, id % 7 == 0 ? "B2000" : NULL);
    send_all(fd, frames, octets);
    for (unsigned i = 0; i < QUERIES; i++) {
        size_t answer = 0;
        const uint16_t id = receive_frame(fd, &answer);
        assert_true(id < QUERIES && !answered[id]);
        assert_int_equal(answer, id % 7 == 0 ? 0x2000 : QUERY);
        answered[id] = true;
    }
    close(fd);
}

/* Section 6.2.2: more than one connection of a client at a time */
static void a_client_may_have_several_connections(void **state)
{
    int fd[5];
    for (size_t i = 0; i < 5; i++)
        fd[i] = connection(*state);
    for (uint16_t id = 0; id < 50; id++)
        ask_tcp(fd[id % 5], id);
    for (size_t i = 0; i < 5; i++)
        close(fd[i]);
}

/* Section 6.2.4: a client that ends its half gets what it asked for */
static void a_half_closed_connection_gets_its_answers(void **state)
{
    const int fd = connection(*state);
    uint8_t frames[3 * FRAME];
    size_t octets = 0;
    for (uint16_t id = 1; id <= 3; id++)
        octets += frame_write(frames + octets, QUERY, id, "B4000");
    send_all(fd, frames, octets);
    shutdown(fd, SHUT_WR);
    for (uint16_t id = 1; id <= 3; id++)
        receive_frame(fd, NULL);
    assert_true(ended(fd));
    close(fd);
}

/* Section 8: length and message may come in any pieces */
static void a_frame_may_be_split_anywhere(void **state)
{
    uint8_t frame[FRAME];
    for (size_t split = 1; split < FRAME; split++) {
        const int fd = connection(*state), other = connection(*state);
        frame_write(frame, QUERY, (uint16_t)split, NULL);
        send_all(fd, frame, split);
        ask_tcp(other, 1); /* so that the server has seen the first piece */
        send_all(fd, frame + split, FRAME - split);
        assert_int_equal(receive_frame(fd, NULL), split);
        close(fd);
        close(other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcp_answers_what_udp_does),
        cmocka_unit_test(a_connection_serves_one_query_after_the_other),
        cmocka_unit_test(pipelined_queries_are_all_answered),
        cmocka_unit_test(a_client_may_have_several_connections),
        cmocka_unit_test(a_half_closed_connection_gets_its_answers),
        cmocka_unit_test(a_frame_may_be_split_anywhere),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
