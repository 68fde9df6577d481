/* test_spread.c -- which worker answers whom, and how it waits */
#include "tests/io/harness.h"

#include "server/io/spread.h"

#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS = 20 };

/* On loopback a datagram is received by the CPU that sends it. */
static void run_on(unsigned cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    assert_int_equal(sched_setaffinity(0, sizeof(set), &set), 0);
}

static void each_worker_answers_what_its_cpu_received(void **state)
{
    (void)state;
    unsigned cpu[SPREAD_CPUS_MAX];
    const unsigned cpus = spread_cpus(cpu);
    cpu_set_t before;
    assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
    struct harness h;
    harness_start(&h, (struct harness_config){.listen = {"127.0.0.1@0", "::1@0"},
                                              .workers = cpus,
                                              .pulse = true,
                                              .by_cpu = true});
    for (unsigned i = 0; i < cpus; i++) {
        run_on(cpu[i]);
        _Atomic uint64_t *queries = h.pulse->worker[i].queries;
        const uint64_t was = queries[0];
        uint8_t answer[64];
        for (uint16_t id = 0; id < CLIENTS; id++) {
            const int fd = client(SOCK_DGRAM, NULL, "127.0.0.1", harness_port(&h, 0));
            assert_int_equal(ask_udp(fd, id, NULL, answer, sizeof(answer)), 40);
            close(fd);
        }
        wait_for(&queries[0], was + CLIENTS);
        const int tcp = client(SOCK_STREAM, NULL, "::1", harness_port(&h, 1));
        ask_tcp(tcp, 1);
        close(tcp);
    }
    sched_setaffinity(0, sizeof(before), &before);
    harness_stop(&h);
}

/* Heartbeats are turns of the loop. */
static void a_worker_that_polls_busily_spins_after_a_query_and_then_waits(void **state)
{
    (void)state;
    struct harness h;
    harness_start(&h, (struct harness_config){
                          .listen = {"127.0.0.1@0"}, .pulse = true, .busy_poll = true});
    _Atomic uint64_t *beat = &h.pulse->worker[0].heartbeat;
    const int fd = client(SOCK_DGRAM, NULL, "127.0.0.1", harness_port(&h, 0));
    uint8_t answer[64];
    for (uint16_t id = 0; id < 5; id++) {
        const uint64_t was = *beat;
        const uint64_t since = now_ms();
        assert_int_equal(ask_udp(fd, id, NULL, answer, sizeof(answer)), 40);
        wait_for(beat, was + 100); /* which ticks alone take five seconds for */
        assert_true(now_ms() - since < 2500);
    }
    /* Then it waits: over ten ticks there are hardly more turns than ticks. */
    uint64_t turns = UINT64_MAX;
    for (unsigned tries = 0; tries < 20 && turns > 60; tries++) {
        const uint64_t was = *beat;
        const uint64_t since = now_ms();
        while (now_ms() - since < 500)
            usleep(10000);
        turns = *beat - was;
    }
    assert_in_range(turns, 1, 60);
    close(fd);
    harness_stop(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_worker_answers_what_its_cpu_received),
        cmocka_unit_test(a_worker_that_polls_busily_spins_after_a_query_and_then_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
