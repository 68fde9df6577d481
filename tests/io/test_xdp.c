/* test_xdp.c -- the front end on an interface: what is waited, dropped and left at a drain
 * Both ends of a pair of virtual interfaces are in a network namespace of the test's own; frames
 * are put onto the one end as they are, and answers are taken from it. Needs root. */
#include "tests/io/frames.h"
#include "tests/io/harness.h"

#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <net/ethernet.h>

enum { LATE_MS = 300, RECEIVED_MAX = 2048 };

static int wire;       /* the other end of the interface */
static uint8_t mac[6]; /* of the interface */

static int set_up(void **state)
{
    (void)state;
    assert_int_equal(unshare(CLONE_NEWNET), 0);
    assert_int_equal(system("ip link add xs0 numrxqueues 1 numtxqueues 1 type veth"
                            " peer name xc0 numrxqueues 1 numtxqueues 1"
                            " && ip link set xs0 up && ip link set xc0 up"),
                     0);
    wire = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
    struct ifreq request = {.ifr_name = "xs0"};
    assert_int_equal(ioctl(wire, SIOCGIFHWADDR, &request), 0);
    memcpy(mac, request.ifr_hwaddr.sa_data, sizeof(mac));
    const struct sockaddr_ll end = {.sll_family = AF_PACKET,
                                    .sll_protocol = htons(ETH_P_ALL),
                                    .sll_ifindex = (int)if_nametoindex("xc0")};
    assert_int_equal(bind(wire, (const struct sockaddr *)&end, sizeof(end)), 0);
    const struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    assert_int_equal(setsockopt(wire, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    const int octets = 1 << 24;
    return setsockopt(wire, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets));
}

static int tear_down(void **state)
{
    (void)state;
    return close(wire);
}

/* A front on the interface in this mode; its threads aren't started. */
static void begin(struct harness *h, enum config_xdp_mode mode)
{
    const struct config_xdp xdp = {.interface = "xs0", .mode = mode};
    harness_start(h, (struct harness_config){.listen = {"192.0.2.1@53", "2001:db8::1@53"},
                                             .xdp = &xdp,
                                             .pulse = true,
                                             .stopped = true});
}

static void send_query(uint16_t id, bool ipv6)
{
    struct test_frame frame;
    uint8_t query[20];
    query_write(query, sizeof(query), id, NULL);
    test_frame_make(&frame, ipv6, false, query, sizeof(query));
    memcpy(frame.octets, mac, sizeof(mac));
    assert_int_equal(send(wire, frame.octets, frame.count, 0), frame.count);
}

/* The ID of the next answer on the wire; -1 where none comes. */
static int receive_id(void)
{
    uint8_t octets[FRAMES_MAX];
    for (;;) {
        const ssize_t count = recv(wire, octets, sizeof(octets), 0);
        if (count < 0)
            return -1;
        const size_t udp = octets[12] == 0x08 && octets[13] == 0x00 ? 34 : 54;
        const bool answer = (size_t)count >= udp + 8 + 12 && octets[udp] == 0
                            && octets[udp + 1] == 53 && (octets[udp + 8 + 2] & 0x80) != 0;
        if (answer)
            return octets[udp + 8] << 8 | octets[udp + 9];
    }
}

static void wait_ms(uint64_t ms)
{
    const uint64_t until = now_ms() + ms;
    while (now_ms() < until)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* How many answers were as late as `us` or more, of all. */
static unsigned later_than(struct pulse *pulse, uint64_t us, unsigned *all)
{
    const struct pulse_slice *slice = pulse_rings(pulse, 0);
    unsigned late = 0;
    *all = 0;
    for (unsigned i = 0; i < PULSE_SLICES * (2 * pulse->addresses + 1); i++) {
        for (unsigned b = 0; b < PULSE_BUCKETS; b++) {
            *all += slice[i].latency[b];
            late += b >= pulse_bucket(us) ? slice[i].latency[b] : 0;
        }
    }
    return late;
}

static void a_wait_counts_from_the_interface_on(enum config_xdp_mode mode)
{
    struct harness h;
    begin(&h, mode);
    unsigned all;
    send_query(1, false);
    send_query(2, true);
    wait_ms(LATE_MS); /* that's what is measured */
    assert_int_equal(front_start(h.front), 0);
    assert_int_equal(receive_id(), 1);
    assert_int_equal(receive_id(), 2);
    wait_for(&h.pulse->worker[0].answers[0], 2);
    assert_int_equal(later_than(h.pulse, LATE_MS * 1000, &all), 2);
    assert_int_equal(all, 2);

    harness_stop(&h);

    /* And from nothing earlier: nobody had asked for long when this one came. */
    begin(&h, mode);
    wait_ms(LATE_MS);
    send_query(3, false);
    assert_int_equal(front_start(h.front), 0);
    assert_int_equal(receive_id(), 3);
    wait_for(&h.pulse->worker[0].answers[0], 1);
    assert_int_equal(later_than(h.pulse, LATE_MS * 1000, &all), 0);
    assert_int_equal(all, 1);
    harness_stop(&h);
}

static void a_wait_counts_from_the_interface_on_in_native_mode(void **state)
{
    (void)state;
    a_wait_counts_from_the_interface_on(XDP_MODE_NATIVE);
}

static void a_wait_counts_from_the_interface_on_in_generic_mode(void **state)
{
    (void)state;
    a_wait_counts_from_the_interface_on(XDP_MODE_GENERIC);
}

static void frames_that_find_no_room_are_counted_as_drops(void **state)
{
    (void)state;
    struct harness h;
    begin(&h, XDP_MODE_NATIVE);
    for (unsigned i = 0; i < RECEIVED_MAX + 100; i++)
        send_query((uint16_t)i, false);
    assert_int_equal(front_start(h.front), 0);
    struct pulse_worker *worker = &h.pulse->worker[0];
    wait_for(&worker->answers[0], RECEIVED_MAX);
    wait_for(&worker->drops, 100);
    assert_int_equal(worker->answers[0], RECEIVED_MAX);
    assert_int_equal(worker->drops, 100);
    for (int i = 0; i < RECEIVED_MAX; i++)
        assert_int_equal(receive_id(), i);
    harness_stop(&h);
}

static void what_was_received_before_a_drain_is_answered(void **state)
{
    (void)state;
    struct harness h;
    begin(&h, XDP_MODE_NATIVE);
    for (uint16_t i = 0; i < 500; i++)
        send_query(i, i % 2 != 0);
    assert_int_equal(front_start(h.front), 0);
    front_drain(h.front, PATIENCE_MS);
    for (int i = 0; i < 500; i++)
        assert_int_equal(receive_id(), i);
    harness_stop(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wait_counts_from_the_interface_on_in_native_mode),
        cmocka_unit_test(a_wait_counts_from_the_interface_on_in_generic_mode),
        cmocka_unit_test(frames_that_find_no_room_are_counted_as_drops),
        cmocka_unit_test(what_was_received_before_a_drain_is_answered),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
