#include "tests/io/harness.h"

#include "server/answer/respond.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

static int start(void **state)
{
    struct harness *h = malloc(sizeof(*h));
    harness_start(h,
                  (struct harness_config){.listen = {"127.0.0.1@0", "::1@0"}, .pulse = true});
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
    const int fd = client(SOCK_STREAM, NULL, "127.0.0.1", harness_port(h, 0));
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

static void queries_are_answered_by_ipv4_and_ipv6(void **state)
{
    struct harness *h = *state;
    const int v4 = connection(h);
    const int v6 = client(SOCK_STREAM, NULL, "::1", harness_port(h, 1));
    for (uint16_t id = 0; id < 10; id++) {
        ask_tcp(v4, id);
        ask_tcp(v6, id);
    }
    close(v4);
    close(v6);
}

/* RFC 7766 section 8: the length and the message may come in any pieces. */
static void messages_may_be_split_anywhere(void **state)
{
    struct harness *h = *state;
    uint8_t frames[3 * 42];
    size_t octets = 0;
    for (uint16_t id = 0; id < 3; id++)
        octets += frame_write(frames + octets, 40, id, NULL);
    for (size_t split = 1; split < octets; split++) {
        const int fd = connection(h);
        send_all(fd, frames, split);
        /* What is whole already is answered before the rest comes, so the split is seen. */
        uint16_t id = 0;
        for (; (size_t)(id + 1) * 42 <= split; id++)
            assert_int_equal(receive_frame(fd, NULL), id);
        send_all(fd, frames + split, octets - split);
        for (; id < 3; id++)
            assert_int_equal(receive_frame(fd, NULL), id);
        close(fd);
    }
}

static void a_message_may_come_octet_by_octet(void **state)
{
    struct harness *h = *state;
    const int fd = connection(h);
    uint8_t frame[64];
    const size_t octets = frame_write(frame, 60, 0x1234, NULL);
    for (size_t i = 0; i < octets; i++)
        send_all(fd, frame + i, 1);
    assert_int_equal(receive_frame(fd, NULL), 0x1234);
    close(fd);
}

static void the_longest_messages_go_both_ways(void **state)
{
    struct harness *h = *state;
    const int fd = connection(h);
    uint8_t *frames = malloc(2 * 65537);
    size_t octets = frame_write(frames, 65535, 1, NULL);
    octets += frame_write(frames + octets, 65535, 2, NULL);
    send_all(fd, frames, octets);
    for (uint16_t id = 1; id <= 2; id++) {
        size_t answer = 0;
        assert_int_equal(receive_frame(fd, &answer), id);
        assert_int_equal(answer, 65535);
    }
    free(frames);
    close(fd);
}

static void a_thousand_queries_in_one_write_are_answered_in_order(void **state)
{
    struct harness *h = *state;
    const int fd = connection(h);
    static uint8_t frames[1000 * 42];
    size_t octets = 0;
    for (uint16_t id = 0; id < 1000; id++)
        octets += frame_write(frames + octets, 40, id, NULL);
    send_all(fd, frames, octets);
    for (uint16_t id = 0; id < 1000; id++)
        assert_int_equal(receive_frame(fd, NULL), id);
    close(fd);
}

static void a_query_without_an_answer_does_not_hold_up_the_next(void **state)
{
    struct harness *h = *state;
    const int fd = connection(h);
    uint8_t frames[3 * 42];
    size_t octets = frame_write(frames, 40, 1, "S");
    octets += frame_write(frames + octets, 40, 2, NULL);
    octets += frame_write(frames + octets, 40, 3, "S");
    send_all(fd, frames, octets);
    assert_int_equal(receive_frame(fd, NULL), 2);
    ask_tcp(fd, 4);
    close(fd);
}

static void short_and_long_answers_keep_their_order(void **state)
{
    struct harness *h = *state;
    static const struct {
        const char *what;
        size_t octets; /* of the answer; 0: none */
    } asked[] = {{NULL, 40},       {"BFFFF", 65535}, {"S", 0},   {"B4000", 16384}, {NULL, 40},
                 {"B3FD4", 16340}, {"S", 0},         {NULL, 40}, {"BEA60", 60000}};
    enum { ASKED = sizeof(asked) / sizeof(asked[0]) };
    const int fd = connection(h);
    uint8_t frames[ASKED * 42];
    /* One a write and all in one: an answer goes out alone, with others, and in pieces. */
    for (unsigned together = 1; together <= ASKED; together++) {
        for (unsigned begin = 0; begin < ASKED; begin += together) {
            const unsigned end = begin + together < ASKED ? begin + together : ASKED;
            size_t octets = 0;
            for (unsigned i = begin; i < end; i++)
                octets += frame_write(frames + octets, 40, (uint16_t)i, asked[i].what);
            send_all(fd, frames, octets);
            for (unsigned i = begin; i < end; i++) {
                size_t answer = 0;
                if (asked[i].octets == 0)
                    continue;
                assert_int_equal(receive_frame(fd, &answer), i);
                assert_int_equal(answer, asked[i].octets);
            }
        }
    }
    close(fd);
}

/* RFC 7766 section 6.2.4 */
static void a_client_that_closes_its_half_gets_all_answers_first(void **state)
{
    struct harness *h = *state;
    const int fd = connection(h);
    static uint8_t frames[200 * 42];
    size_t octets = 0;
    for (uint16_t id = 0; id < 200; id++)
        octets += frame_write(frames + octets, 40, id, "BF000");
    send_all(fd, frames, octets);
    shutdown(fd, SHUT_WR);
    for (uint16_t id = 0; id < 200; id++) {
        size_t answer = 0;
        assert_int_equal(receive_frame(fd, &answer), id);
        assert_int_equal(answer, 0xf000);
    }
    assert_true(ended(fd));
    close(fd);
}

static void what_is_no_message_ends_the_connection_after_the_answers_before_it(void **state)
{
    struct harness *h = *state;
    const int fd = connection(h);
    uint8_t octets[44] = {0}; /* after the query, a length of 0 */
    frame_write(octets, 40, 5, NULL);
    send_all(fd, octets, sizeof(octets));
    assert_int_equal(receive_frame(fd, NULL), 5);
    assert_true(ended(fd));
    close(fd);
}

static void a_reset_connection_does_no_harm(void **state)
{
    struct harness *h = *state;
    for (int i = 0; i < 50; i++) {
        const int fd = connection(h);
        uint8_t frame[42];
        for (uint16_t id = 0; id < 20; id++)
            send_all(fd, frame, frame_write(frame, 40, id, "BFFFF"));
        const struct linger reset = {.l_onoff = 1, .l_linger = 0};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        close(fd);
    }
    const int fd = connection(h);
    ask_tcp(fd, 1);
    close(fd);
}

/* Writes queries until the peer takes no more; returns how many went out as a whole. */
static unsigned write_until_stuck(int fd, size_t query_octets, const char *what)
{
    enum { OCTETS_MAX = 64 * 1024 * 1024 }; /* far beyond what the kernel buffers */
    static uint8_t frame[2 + 16384];
    fcntl(fd, F_SETFL, O_NONBLOCK);
    for (unsigned id = 0; id < OCTETS_MAX / query_octets; id++) {
        const size_t octets = frame_write(frame, query_octets, (uint16_t)id, what);
        size_t at = 0;
        while (at < octets) {
            const ssize_t sent = send(fd, frame + at, octets - at, MSG_NOSIGNAL);
            if (sent > 0) {
                at += (size_t)sent;
                continue;
            }
            assert_int_equal(errno, EAGAIN);
            struct pollfd writable = {.fd = fd, .events = POLLOUT};
            if (poll(&writable, 1, 300) == 0) {
                fcntl(fd, F_SETFL, 0);
                return id;
            }
        }
    }
    fail_msg("the server goes on reading though its answers aren't read");
    return 0;
}

static void read_slowly(struct harness *h, size_t query_octets, const char *what,
                        size_t answer_octets)
{
    const int slow = connection(h);
    const unsigned queries = write_until_stuck(slow, query_octets, what);
    assert_true(queries > 0);

    const int other = connection(h);
    for (uint16_t id = 0; id < 100; id++)
        ask_tcp(other, id);
    close(other);

    for (unsigned id = 0; id < queries; id++) {
        size_t answer = 0;
        assert_int_equal(receive_frame(slow, &answer), (uint16_t)id);
        assert_int_equal(answer, answer_octets);
    }
    close(slow);
}

static void a_slow_reader_is_not_read_from_and_loses_nothing(void **state)
{
    read_slowly(*state, 16384, "BEA60", 0xea60);
}

static void a_slow_reader_of_short_answers_loses_nothing_either(void **state)
{
    read_slowly(*state, 40, "B0200", 0x200);
}

static void slow_writers_do_not_hold_up_the_others(void **state)
{
    enum { SLOW = 90 };
    struct harness *h = *state;
    int slow[SLOW];
    uint8_t frame[42];
    const size_t octets = frame_write(frame, 40, 7, NULL);
    for (int i = 0; i < SLOW; i++) {
        slow[i] = connection(h);
        send_all(slow[i], frame, (size_t)(i % 41) + 1); /* never the whole */
    }
    const int other = connection(h);
    for (uint16_t id = 0; id < 100; id++)
        ask_tcp(other, id);
    close(other);
    for (int i = 0; i < SLOW; i++) {
        const size_t sent = (size_t)(i % 41) + 1;
        send_all(slow[i], frame + sent, octets - sent);
        assert_int_equal(receive_frame(slow[i], NULL), 7);
        close(slow[i]);
    }
}

static void connections_and_latency_appear_in_the_pulse(void **state)
{
    struct harness *h = *state;
    struct pulse_worker *worker = &h->pulse->worker[0];
    const int fd = connection(h);
    ask_tcp(fd, 1);
    wait_for(&worker->answers[1], 1);
    assert_int_equal(worker->tcp_open, 1);
    assert_int_equal(worker->tcp_accepted, 1);
    unsigned measured = 0;
    for (unsigned i = 0; i < PULSE_SLICES; i++) {
        for (unsigned b = 0; b < PULSE_BUCKETS; b++)
            measured += pulse_rings(h->pulse, 0)[PULSE_SLICES + i].latency[b];
    }
    assert_int_equal(measured, 1);
    close(fd);
    const uint64_t until = now_ms() + PATIENCE_MS;
    while (atomic_load(&worker->tcp_open) != 0) {
        assert_true(now_ms() < until);
        poll(NULL, 0, 1);
    }
}

/* Clients may connect and ask before the worker starts: it finds all of it in one turn. */
static void start_stopped(struct harness *h)
{
    harness_start(
        h, (struct harness_config){.listen = {"127.0.0.1@0"}, .pulse = true, .stopped = true});
}

/* What waits when the loop begins is served in a turn or two; watchers look for movement within it. */
static void the_heart_beats_while_many_connections_are_served(void **state)
{
    (void)state;
    enum { CONNECTIONS = 32, QUERIES = 1000, FRAME = 14 };
    struct harness h;
    start_stopped(&h);
    static uint8_t frames[QUERIES * FRAME];
    for (uint16_t id = 0; id < QUERIES; id++)
        assert_int_equal(frame_write(frames + id * FRAME, FRAME - 2, id, NULL), FRAME);
    int fds[CONNECTIONS];
    for (int i = 0; i < CONNECTIONS; i++) {
        fds[i] = client(SOCK_STREAM, NULL, "127.0.0.1", harness_port(&h, 0));
        send_all(fds[i], frames, sizeof(frames));
    }
    assert_int_equal(front_start(h.front), 0);
    wait_for(&h.pulse->worker[0].answers[1], CONNECTIONS * QUERIES);
    assert_true(atomic_load(&h.pulse->worker[0].heartbeat) >= CONNECTIONS * QUERIES / 1024);
    for (int i = 0; i < CONNECTIONS; i++)
        close(fds[i]);
    harness_stop(&h);
}

static void queries_of_several_connections_are_answered_as_one_batch(void **state)
{
    (void)state;
    enum { CONNECTIONS = RESPOND_BATCH_MAX / 2 };
    struct harness h;
    start_stopped(&h);
    int fds[CONNECTIONS];
    for (uint16_t i = 0; i < CONNECTIONS; i++) {
        uint8_t frames[2 * 42];
        fds[i] = connection(&h);
        const size_t first = frame_write(frames, 40, (uint16_t)(2 * i), NULL);
        send_all(fds[i], frames,
                 first + frame_write(frames + first, 40, (uint16_t)(2 * i + 1), NULL));
    }
    assert_int_equal(front_start(h.front), 0);
    for (uint16_t i = 0; i < CONNECTIONS; i++) {
        assert_int_equal(receive_frame(fds[i], NULL), 2 * i);
        assert_int_equal(receive_frame(fds[i], NULL), 2 * i + 1);
        close(fds[i]);
    }
    assert_int_equal(largest_batch(), RESPOND_BATCH_MAX);
    harness_stop(&h);
}

/* How a connection goes on after its first queries. */
enum ending {
    GOES_ON,
    CLOSES_ITS_HALF,
    RESETS,
    SENDS_HALF,
    SENDS_NO_MESSAGE,
    READS_LATE,
    ENDINGS
};

static void begin_ending(int fd, uint16_t i)
{
    enum { LATE = 60 }; /* answers of the greatest length: more than the kernel keeps */
    uint8_t frame[2 + 40] = {0};
    const char *what = i % ENDINGS == READS_LATE ? "BFFFF" : NULL;
    for (unsigned id = 0; id < (what != NULL ? LATE : 3); id++)
        send_all(fd, frame, frame_write(frame, 40, (uint16_t)(i + id), what));
    switch ((enum ending)(i % ENDINGS)) {
    case CLOSES_ITS_HALF:
        shutdown(fd, SHUT_WR);
        break;
    case RESETS:
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1},
                   sizeof(struct linger));
        close(fd);
        break;
    case SENDS_HALF:
        frame_write(frame, 40, i, NULL);
        send_all(fd, frame, 21);
        break;
    case SENDS_NO_MESSAGE:
        send_all(fd, "\0\1x", 3);
        break;
    case GOES_ON:
    case READS_LATE:
    case ENDINGS:
        break;
    }
}

static void check_ending(int fd, uint16_t i)
{
    const enum ending ending = i % ENDINGS;
    uint8_t frame[2 + 40];
    if (ending == RESETS)
        return;
    for (unsigned id = 0; id < (ending == READS_LATE ? 60 : 3); id++)
        assert_int_equal(receive_frame(fd, NULL), (uint16_t)(i + id));
    if (ending == CLOSES_ITS_HALF || ending == SENDS_NO_MESSAGE) {
        assert_true(ended(fd));
    } else if (ending == SENDS_HALF) {
        frame_write(frame, 40, i, NULL);
        send_all(fd, frame + 21, sizeof(frame) - 21);
        assert_int_equal(receive_frame(fd, NULL), i);
    } else {
        ask_tcp(fd, i);
    }
    close(fd);
}

static void connections_of_one_batch_end_each_in_its_way(void **state)
{
    (void)state;
    enum { CONNECTIONS = 10 * ENDINGS };
    struct harness h;
    start_stopped(&h);
    int fds[CONNECTIONS];
    for (uint16_t i = 0; i < CONNECTIONS; i++) {
        fds[i] = connection(&h);
        begin_ending(fds[i], i);
    }
    assert_int_equal(front_start(h.front), 0);
    for (uint16_t i = 0; i < CONNECTIONS; i++)
        check_ending(fds[i], i);
    const uint64_t until = now_ms() + PATIENCE_MS;
    while (atomic_load(&h.pulse->worker[0].tcp_open) != 0) {
        assert_true(now_ms() < until);
        poll(NULL, 0, 1);
    }
    harness_stop(&h);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(queries_are_answered_by_ipv4_and_ipv6),
        TEST(messages_may_be_split_anywhere),
        TEST(a_message_may_come_octet_by_octet),
        TEST(the_longest_messages_go_both_ways),
        TEST(a_thousand_queries_in_one_write_are_answered_in_order),
        TEST(a_query_without_an_answer_does_not_hold_up_the_next),
        TEST(a_client_that_closes_its_half_gets_all_answers_first),
        TEST(what_is_no_message_ends_the_connection_after_the_answers_before_it),
        TEST(a_reset_connection_does_no_harm),
        TEST(short_and_long_answers_keep_their_order),
        TEST(a_slow_reader_is_not_read_from_and_loses_nothing),
        TEST(a_slow_reader_of_short_answers_loses_nothing_either),
        TEST(slow_writers_do_not_hold_up_the_others),
        TEST(connections_and_latency_appear_in_the_pulse),
        cmocka_unit_test(queries_of_several_connections_are_answered_as_one_batch),
        cmocka_unit_test(connections_of_one_batch_end_each_in_its_way),
        cmocka_unit_test(the_heart_beats_while_many_connections_are_served),
    };
    return cmocka_run_group_tests_name("tcp", tests, NULL, NULL);
}
