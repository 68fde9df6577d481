#include "tests/io/harness.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's, with an error where a test wants one: for the datagram with the id `refused`.
 */
static _Atomic int refused_id = -1;
static _Atomic int refused_errno;

int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    unsigned good = 0;
    for (; good < count; good++) {
        const uint8_t *octet = messages[good].msg_hdr.msg_iov[0].iov_base;
        if ((octet[0] << 8 | octet[1]) == atomic_load(&refused_id))
            break;
    }
    if (good == 0) {
        errno = atomic_load(&refused_errno);
        return -1;
    }
    return (int)syscall(SYS_sendmmsg, fd, messages, good, flags);
}

static void ask_all(const char *listen, const char *const *addresses)
{
    struct harness h;
    harness_start(&h, (struct harness_config){.listen = {listen}});
    for (; *addresses != NULL; addresses++) {
        /* A connected socket takes answers only from the address that it asked. */
        const int fd = client(SOCK_DGRAM, NULL, *addresses, harness_port(&h, 0));
        uint8_t answer[512];
        assert_int_equal(ask_udp(fd, 7, NULL, answer, sizeof(answer)), 40);
        assert_int_equal(answer[1], 7);
        close(fd);
    }
    harness_stop(&h);
}

static void a_query_by_ipv4_is_answered(void **state)
{
    (void)state;
    ask_all("127.0.0.1@0", (const char *const[]){"127.0.0.1", NULL});
}

static void a_query_by_ipv6_is_answered(void **state)
{
    (void)state;
    ask_all("::1@0", (const char *const[]){"::1", NULL});
}

static void a_wildcard_answers_from_the_address_that_was_asked(void **state)
{
    (void)state;
    ask_all("0.0.0.0@0", (const char *const[]){"127.0.0.1", "127.0.0.5", "127.1.2.3", NULL});
    ask_all("::@0", (const char *const[]){"::1", NULL});
}

/* Design: an anycast address may come later than the server. */
static void an_address_that_is_not_there_yet_can_be_listened_on(void **state)
{
    (void)state;
    struct harness h;
    harness_start(&h, (struct harness_config){.listen = {"192.0.2.53@0", "2001:db8::53@0"}});
    assert_true(harness_port(&h, 0) != 0);
    assert_true(harness_port(&h, 1) != 0);
    harness_stop(&h);
}

static void responses_and_short_packets_get_no_answer(void **state)
{
    (void)state;
    struct harness h;
    harness_start(&h, (struct harness_config){.listen = {"127.0.0.1@0"}, .pulse = true});
    const int fd = client(SOCK_DGRAM, NULL, "127.0.0.1", harness_port(&h, 0));
    uint8_t octets[5000] = {0};
    assert_int_equal(send(fd, octets, 0, 0), 0);
    assert_int_equal(send(fd, octets, 11, 0), 11);
    assert_int_equal(send(fd, octets, 5000, 0), 5000); /* longer than any query */
    octets[2] = 0x80;
    assert_int_equal(send(fd, octets, 12, 0), 12);

    uint8_t answer[512];
    assert_int_equal(ask_udp(fd, 9, NULL, answer, sizeof(answer)), 40);
    assert_int_equal(answer[1], 9);
    wait_for(&h.pulse->worker[0].queries[0], 5);
    assert_int_equal(h.pulse->worker[0].silent, 4);
    assert_int_equal(h.pulse->worker[0].answers[0], 1);
    close(fd);
    harness_stop(&h);
}

/* Sends ids 0 to `count` - 1 before the server starts, so that they come as one batch. */
static int send_batch(struct harness *h, unsigned count)
{
    harness_start(
        h, (struct harness_config){.listen = {"127.0.0.1@0"}, .pulse = true, .stopped = true});
    const int fd = client(SOCK_DGRAM, NULL, "127.0.0.1", harness_port(h, 0));
    for (unsigned id = 0; id < count; id++) {
        uint8_t query[40];
        query_write(query, sizeof(query), (uint16_t)id, NULL);
        assert_int_equal(send(fd, query, sizeof(query), 0), 40);
    }
    return fd;
}

static void an_answer_that_the_kernel_refuses_is_passed_over(void **state)
{
    (void)state;
    struct harness h;
    const int fd = send_batch(&h, 100);
    atomic_store(&refused_errno, EPERM);
    atomic_store(&refused_id, 30);
    assert_int_equal(front_start(h.front), 0);

    for (unsigned id = 0; id < 100; id++) {
        if (id == 30)
            continue;
        uint8_t answer[512];
        assert_int_equal(recv(fd, answer, sizeof(answer), 0), 40);
        assert_int_equal(answer[1], id);
    }
    wait_for(&h.pulse->worker[0].queries[0], 100);
    assert_int_equal(h.pulse->worker[0].answers[0], 99);
    assert_int_equal(h.pulse->worker[0].silent, 1);
    atomic_store(&refused_id, -1);
    close(fd);
    harness_stop(&h);
}

static void answers_that_a_full_socket_does_not_take_are_dropped(void **state)
{
    (void)state;
    struct harness h;
    const int fd = send_batch(&h, 64);
    atomic_store(&refused_errno, EAGAIN);
    atomic_store(&refused_id, 60);
    assert_int_equal(front_start(h.front), 0);

    wait_for(&h.pulse->worker[0].queries[0], 64);
    assert_int_equal(h.pulse->worker[0].answers[0], 60);
    assert_int_equal(h.pulse->worker[0].silent, 4);
    atomic_store(&refused_id, -1);
    close(fd);
    harness_stop(&h);
}

static void a_client_that_is_gone_does_not_disturb_the_others(void **state)
{
    (void)state;
    struct harness h;
    harness_start(&h, (struct harness_config){.listen = {"127.0.0.1@0"}});
    const int fd = client(SOCK_DGRAM, NULL, "127.0.0.1", harness_port(&h, 0));
    for (uint16_t id = 0; id < 100; id++) {
        const int gone = client(SOCK_DGRAM, NULL, "127.0.0.1", harness_port(&h, 0));
        uint8_t query[40];
        query_write(query, sizeof(query), id, NULL);
        assert_int_equal(send(gone, query, sizeof(query), 0), 40);
        close(gone); /* its answer comes back as port unreachable */
        uint8_t answer[512];
        assert_int_equal(ask_udp(fd, id, NULL, answer, sizeof(answer)), 40);
    }
    close(fd);
    harness_stop(&h);
}

static void latency_rcodes_and_truncation_appear_in_the_pulse(void **state)
{
    (void)state;
    struct harness h;
    harness_start(&h, (struct harness_config){.listen = {"127.0.0.1@0"}, .pulse = true});
    struct pulse_worker *worker = &h.pulse->worker[0];
    const int fd = client(SOCK_DGRAM, NULL, "127.0.0.1", harness_port(&h, 0));
    uint8_t query[40];
    uint8_t answer[5000];
    query_write(query, sizeof(query), 1, "BFFFF");
    query[3] = 2; /* SERVFAIL */
    assert_int_equal(send(fd, query, sizeof(query), 0), 40);
    assert_int_equal(recv(fd, answer, sizeof(answer), 0), 4096);

    query_write(query, sizeof(query), 2, "N"); /* of a zone that isn't loaded */
    query[3] = 2;
    assert_int_equal(send(fd, query, sizeof(query), 0), 40);
    assert_int_equal(recv(fd, answer, sizeof(answer), 0), 40);
    assert_int_equal(ask_udp(fd, 3, "N", answer, sizeof(answer)), 40); /* no SERVFAIL */

    wait_for(&worker->answers[0], 3);
    assert_int_equal(worker->rcodes[2], 2);
    assert_int_equal(worker->truncated, 1);
    unsigned measured = 0;
    unsigned servfails = 0;
    unsigned not_loaded = 0;
    for (unsigned i = 0; i < PULSE_SLICES; i++) {
        servfails += pulse_rings(h.pulse, 0)[i].servfails;
        not_loaded += pulse_rings(h.pulse, 0)[i].not_loaded;
        for (unsigned b = 0; b < PULSE_BUCKETS; b++)
            measured += pulse_rings(h.pulse, 0)[i].latency[b];
    }
    assert_int_equal(measured, 3);
    assert_int_equal(servfails, 2);
    assert_int_equal(not_loaded, 1);
    close(fd);
    harness_stop(&h);
}

/* More than the receive buffer holds, while nobody receives. */
static void datagrams_that_the_kernel_dropped_are_counted(void **state)
{
    (void)state;
    struct harness h;
    const int fd = send_batch(&h, 40000);
    assert_int_equal(front_start(h.front), 0);
    const uint64_t until = now_ms() + PATIENCE_MS;
    uint8_t answer[512];
    while (atomic_load(&h.pulse->worker[0].drops) == 0) {
        assert_true(now_ms() < until);
        (void)send(fd, "0123456789abcdef", 16, 0);
        (void)recv(fd, answer, sizeof(answer), 0);
    }
    uint32_t drops = 0;
    for (unsigned i = 0; i < PULSE_SLICES; i++)
        drops += pulse_rings(h.pulse, 0)[i].drops;
    assert_true(drops > 0);
    close(fd);
    harness_stop(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_by_ipv4_is_answered),
        cmocka_unit_test(a_query_by_ipv6_is_answered),
        cmocka_unit_test(a_wildcard_answers_from_the_address_that_was_asked),
        cmocka_unit_test(an_address_that_is_not_there_yet_can_be_listened_on),
        cmocka_unit_test(responses_and_short_packets_get_no_answer),
        cmocka_unit_test(an_answer_that_the_kernel_refuses_is_passed_over),
        cmocka_unit_test(answers_that_a_full_socket_does_not_take_are_dropped),
        cmocka_unit_test(a_client_that_is_gone_does_not_disturb_the_others),
        cmocka_unit_test(latency_rcodes_and_truncation_appear_in_the_pulse),
        cmocka_unit_test(datagrams_that_the_kernel_dropped_are_counted),
    };
    return cmocka_run_group_tests_name("udp", tests, NULL, NULL);
}
