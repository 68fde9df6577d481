/* xdp_echo.c -- what AF_XDP's part of an answer costs
 * An echo in the server's sockets and with its XDP program: frames go back from where they were
 * received, addresses and ports the other way round, QR set, padded to --size octets of payload,
 * without a UDP checksum; nothing is checked, nothing looked at. IPv4 alone. It runs until it's
 * killed.
 *
 *     bench_xdp_echo INTERFACE ADDRESS@PORT [--size OCTETS] [--generic] */
#include "server/base/address.h"
#include "server/io/xdp_attach.h"
#include "server/io/xdp_endpoints.h"
#include "server/io/xdp_socket.h"

#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    BATCH = 64,
    IP_AT = 14,
    UDP_AT = 34,
    PAYLOAD_AT = 42,
    QR_OCTET = 2,
};

static void swap(uint8_t *a, uint8_t *b, size_t octets)
{
    uint8_t kept[6];
    memcpy(kept, a, octets);
    memcpy(a, b, octets);
    memcpy(b, kept, octets);
}

static void put16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void seal_ip(uint8_t *ip)
{
    uint32_t sum = 0;
    put16(ip + 10, 0);
    for (unsigned i = 0; i < 20; i += 2)
        sum += (uint32_t)(ip[i] << 8 | ip[i + 1]);
    sum = (sum & 0xffff) + (sum >> 16);
    put16(ip + 10, ~((sum & 0xffff) + (sum >> 16)) & 0xffff);
}

/* Returns the length of the frame. */
static uint32_t turn_round(uint8_t *octets, uint32_t count, size_t size)
{
    const size_t payload = count - PAYLOAD_AT > size ? count - PAYLOAD_AT : size;
    swap(octets, octets + 6, 6);
    swap(octets + IP_AT + 12, octets + IP_AT + 16, 4);
    swap(octets + UDP_AT, octets + UDP_AT + 2, 2);
    put16(octets + IP_AT + 2, UDP_AT - IP_AT + 8 + payload);
    seal_ip(octets + IP_AT);
    put16(octets + UDP_AT + 4, 8 + payload);
    put16(octets + UDP_AT + 6, 0);
    octets[PAYLOAD_AT + QR_OCTET] |= 0x80;
    return (uint32_t)(PAYLOAD_AT + payload);
}

/* What has been sent can be received into again. */
static void refill(struct xdp_socket *s)
{
    struct xdp_desc sent[BATCH * 2];
    uint32_t at = 0;
    const unsigned count = xsk_ring_cons__peek(&s->completion, BATCH * 2, &at);
    if (count == 0)
        return;
    for (unsigned i = 0; i < count; i++)
        sent[i].addr = *xsk_ring_cons__comp_addr(&s->completion, at + i);
    xsk_ring_cons__release(&s->completion, count);
    xdp_socket_give_back(s, sent, count);
}

static void serve(struct xdp_socket *s, size_t size)
{
    struct xdp_desc frame[BATCH];
    for (;;) {
        refill(s);
        const unsigned count = xdp_socket_receive(s, frame, BATCH);
        for (unsigned i = 0; i < count; i++)
            frame[i].len = turn_round(s->memory + frame[i].addr, frame[i].len, size);
        xdp_socket_send(s, frame, count);
        if (count < BATCH) {
            struct pollfd readable = {.fd = s->fd, .events = POLLIN};
            (void)poll(&readable, 1, -1);
        }
    }
}

static int run(const char *name, const struct address *address, size_t size, bool generic)
{
    struct notes notes;
    notes_init(&notes);
    struct xdp_interface interface;
    struct xdp_program program;
    struct xdp_endpoints endpoints;
    static struct xdp_socket s;
    int err = xdp_endpoints_of(&endpoints, address, 1, NULL, 0);
    if (err == 0)
        err = xdp_interface_read(&interface, name, &notes);
    if (err == 0)
        err = xdp_attach(&program, &interface, generic ? XDP_MODE_GENERIC : XDP_MODE_NATIVE,
                         endpoints.endpoint, endpoints.count, &notes);
    free(endpoints.endpoint);
    if (err == 0)
        err = xdp_socket_open(&s, name, 0, XDP_COPYING_ALWAYS);
    if (err == 0)
        err = xdp_program_add(&program, 0, s.fd);
    notes_print(&notes, stderr);
    notes_fini(&notes);
    if (err != 0) {
        fprintf(stderr, "bench_xdp_echo: %s\n", strerror(-err));
        return 1;
    }
    serve(&s, size);
    return 0;
}

static int usage(void)
{
    fprintf(stderr,
            "usage: bench_xdp_echo INTERFACE ADDRESS@PORT [--size OCTETS] [--generic]\n");
    return 2;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"size", required_argument, NULL, 's'}, {"generic", no_argument, NULL, 'g'}, {0}};
    size_t size = 0;
    bool generic = false;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 's')
            size = strtoul(optarg, NULL, 10);
        else if (option == 'g')
            generic = true;
        else
            return usage();
    }
    struct address address;
    if (argc - optind != 2 || size > 1232 || strlen(argv[optind]) >= IF_NAMESIZE
        || address_from_text(&address, argv[optind + 1], 53) != NULL
        || address.storage.ss_family != AF_INET)
        return usage();
    return run(argv[optind], &address, size, generic);
}
