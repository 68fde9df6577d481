#include "tests/io/harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void refuse(unsigned port)
{
    char listen[64];
    char text[200];
    char expected[200];
    struct front *front = NULL;
    struct store *store = store_new(1);
    snprintf(listen, sizeof(listen), "127.0.0.1@%u", port);
    snprintf(expected, sizeof(expected),
             "cannot listen on %s: address in use (another server?)", listen);
    assert_int_equal(harness_open(&front, store, listen, text, sizeof(text)), -EADDRINUSE);
    assert_null(front);
    assert_string_equal(text, expected);
    store_free(store);
}

static void a_second_front_on_the_same_address_is_refused(void **state)
{
    (void)state;
    struct harness h;
    harness_start(&h, (struct harness_config){.listen = {"127.0.0.1@0"}, .workers = 2});
    refuse(harness_port(&h, 0));
    harness_stop(&h);
}

/* Whatever the other has of the two, and though it would share. */
static void an_address_that_somebody_shares_is_refused(void **state)
{
    (void)state;
    static const int types[] = {SOCK_DGRAM, SOCK_STREAM};
    for (size_t i = 0; i < 2; i++) {
        const int fd = socket(AF_INET, types[i], 0);
        const int on = 1;
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        struct sockaddr_in any = {.sin_family = AF_INET};
        socklen_t octets = sizeof(any);
        any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
        if (types[i] == SOCK_STREAM)
            assert_int_equal(listen(fd, 1), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&any, &octets), 0);
        refuse(ntohs(any.sin_port));
        close(fd);
    }
}

static void a_restart_finds_its_port_free_though_connections_linger(void **state)
{
    (void)state;
    struct harness h;
    harness_start(
        &h, (struct harness_config){.listen = {"127.0.0.1@0"}, .limits = {.tcp_idle_ms = 50}});
    const int fd = client(SOCK_STREAM, NULL, "127.0.0.1", harness_port(&h, 0));
    ask_tcp(fd, 1);
    assert_true(ended(fd)); /* by the server, which has the connection in TIME_WAIT now */
    close(fd);
    char listen[64];
    snprintf(listen, sizeof(listen), "127.0.0.1@%u", harness_port(&h, 0));
    harness_stop(&h);

    harness_start(&h, (struct harness_config){.listen = {listen}});
    harness_stop(&h);
}

static void a_wildcard_and_an_address_of_its_port_go_together(void **state)
{
    (void)state;
    struct harness h;
    harness_start(&h, (struct harness_config){.listen = {"0.0.0.0@0"}});
    char wildcard[64];
    char one[64];
    snprintf(wildcard, sizeof(wildcard), "0.0.0.0@%u", harness_port(&h, 0));
    snprintf(one, sizeof(one), "127.0.0.1@%u", harness_port(&h, 0));
    harness_stop(&h);
    harness_start(&h, (struct harness_config){.listen = {wildcard, one}});
    const int fd = client(SOCK_STREAM, NULL, "127.0.0.1", harness_port(&h, 0));
    ask_tcp(fd, 1);
    close(fd);
    harness_stop(&h);
}

static void heartbeats_of_all_workers_move_though_nobody_asks(void **state)
{
    (void)state;
    struct harness h;
    harness_start(
        &h, (struct harness_config){.listen = {"127.0.0.1@0"}, .workers = 3, .pulse = true});
    for (unsigned i = 0; i < 3; i++)
        wait_for(&h.pulse->worker[i].heartbeat, 3);
    harness_stop(&h);
}

static void several_workers_share_the_queries(void **state)
{
    (void)state;
    struct harness h;
    harness_start(
        &h, (struct harness_config){.listen = {"127.0.0.1@0"}, .workers = 2, .pulse = true});
    for (uint16_t id = 0; id < 200; id++) {
        const int udp = client(SOCK_DGRAM, NULL, "127.0.0.1", harness_port(&h, 0));
        uint8_t answer[512];
        assert_int_equal(ask_udp(udp, id, NULL, answer, sizeof(answer)), 40);
        close(udp);
    }
    assert_true(h.pulse->worker[0].queries[0] > 0);
    assert_true(h.pulse->worker[1].queries[0] > 0);
    harness_stop(&h);
}

static void a_drain_answers_all_that_was_received(void **state)
{
    (void)state;
    enum { DATAGRAMS = 100, FRAMES = 1000 };
    struct harness h;
    harness_start(
        &h, (struct harness_config){.listen = {"127.0.0.1@0"}, .workers = 2, .stopped = true});
    const int udp = client(SOCK_DGRAM, NULL, "127.0.0.1", harness_port(&h, 0));
    const int tcp = client(SOCK_STREAM, NULL, "127.0.0.1", harness_port(&h, 0));
    const int idle = client(SOCK_STREAM, NULL, "127.0.0.1", harness_port(&h, 0));
    for (uint16_t id = 0; id < DATAGRAMS; id++) {
        uint8_t query[40];
        query_write(query, sizeof(query), id, NULL);
        assert_int_equal(send(udp, query, sizeof(query), 0), 40);
    }
    static uint8_t frames[FRAMES * 42];
    size_t octets = 0;
    for (uint16_t id = 0; id < FRAMES; id++)
        octets += frame_write(frames + octets, 40, id, NULL);
    send_all(tcp, frames, octets);

    assert_int_equal(front_start(h.front), 0);
    front_drain(h.front, PATIENCE_MS);

    for (uint16_t id = 0; id < DATAGRAMS; id++) {
        uint8_t answer[512];
        assert_int_equal(recv(udp, answer, sizeof(answer), MSG_DONTWAIT), 40);
        assert_int_equal(answer[1], id);
    }
    for (uint16_t id = 0; id < FRAMES; id++)
        assert_int_equal(receive_frame(tcp, NULL), id);
    assert_true(ended(tcp));
    assert_true(ended(idle));
    close(udp);
    close(tcp);
    close(idle);
    harness_stop(&h);
}

enum { LATE_ANSWERS = 1000 }; /* 64 MB: more than the kernel keeps for a connection */

/* A peer that begins to read when the server's loop has turned a few times in vain. */
struct late_reader {
    int fd;
    _Atomic uint64_t *heartbeat;
    size_t octets;
};

static void *read_late(void *argument)
{
    struct late_reader *reader = argument;
    static char data[65536];
    wait_for(reader->heartbeat, 8);
    ssize_t received;
    while ((received = recv(reader->fd, data, sizeof(data), 0)) > 0)
        reader->octets += (size_t)received;
    return NULL;
}

static void a_drain_waits_for_answers_under_way(void **state)
{
    (void)state;
    struct harness h;
    harness_start(
        &h, (struct harness_config){.listen = {"127.0.0.1@0"}, .pulse = true, .stopped = true});
    const int tcp = client(SOCK_STREAM, NULL, "127.0.0.1", harness_port(&h, 0));
    uint8_t frame[42];
    for (uint16_t id = 0; id < LATE_ANSWERS; id++)
        send_all(tcp, frame, frame_write(frame, 40, id, "BFFFF"));

    struct late_reader late = {.fd = tcp, .heartbeat = &h.pulse->worker[0].heartbeat};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, read_late, &late), 0);
    assert_int_equal(front_start(h.front), 0);
    front_drain(h.front, PATIENCE_MS);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(late.octets, LATE_ANSWERS * 65537);
    close(tcp);
    harness_stop(&h);
}

static void a_drain_ends_in_time_though_a_peer_never_reads(void **state)
{
    (void)state;
    struct harness h;
    harness_start(&h, (struct harness_config){.listen = {"127.0.0.1@0"}, .pulse = true});
    const int tcp = client(SOCK_STREAM, NULL, "127.0.0.1", harness_port(&h, 0));
    uint8_t frame[42];
    for (uint16_t id = 0; id < LATE_ANSWERS; id++)
        send_all(tcp, frame, frame_write(frame, 40, id, "BFFFF"));
    wait_for(&h.pulse->worker[0].answers[1], 1);
    const uint64_t begin = now_ms();
    front_drain(h.front, 500);
    assert_true(now_ms() - begin < PATIENCE_MS / 2);
    close(tcp);
    harness_stop(&h);
}

static void a_front_that_was_never_started_can_be_drained_and_freed(void **state)
{
    (void)state;
    struct harness h;
    harness_start(
        &h, (struct harness_config){.listen = {"127.0.0.1@0"}, .workers = 2, .stopped = true});
    front_drain(h.front, 100);
    harness_stop(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_front_on_the_same_address_is_refused),
        cmocka_unit_test(an_address_that_somebody_shares_is_refused),
        cmocka_unit_test(a_restart_finds_its_port_free_though_connections_linger),
        cmocka_unit_test(a_wildcard_and_an_address_of_its_port_go_together),
        cmocka_unit_test(heartbeats_of_all_workers_move_though_nobody_asks),
        cmocka_unit_test(several_workers_share_the_queries),
        cmocka_unit_test(a_drain_answers_all_that_was_received),
        cmocka_unit_test(a_drain_waits_for_answers_under_way),
        cmocka_unit_test(a_drain_ends_in_time_though_a_peer_never_reads),
        cmocka_unit_test(a_front_that_was_never_started_can_be_drained_and_freed),
    };
    return cmocka_run_group_tests_name("front", tests, NULL, NULL);
}
