/* echo.c -- what the kernel's part of an answer costs
 * A UDP echo with the sockets of the server (the same code opens them) and batches as wide. It
 * sets QR and pads the answer to --size octets; nothing else is done. It runs until it's
 * killed.
 *
 *     bench_echo ADDRESS@PORT [--size OCTETS] [--cpu N] */
#include "server/base/address.h"
#include "server/io/listen.h"

#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, QUERY_MAX = 4096, SPREAD = 192, CONTROL_MAX = 128, QR_OCTET = 2 };

struct batch {
    struct mmsghdr message[BATCH];
    struct iovec part[BATCH];
    struct sockaddr_in6 peer[BATCH];
    _Alignas(8) uint8_t control[BATCH][CONTROL_MAX];
    uint8_t octets[BATCH][QUERY_MAX + SPREAD];
};

static void prepare(struct batch *batch, size_t i)
{
    batch->part[i] = (struct iovec){batch->octets[i], QUERY_MAX};
    batch->message[i].msg_hdr = (struct msghdr){.msg_name = &batch->peer[i],
                                                .msg_namelen = sizeof(batch->peer[i]),
                                                .msg_iov = &batch->part[i],
                                                .msg_iovlen = 1,
                                                .msg_control = batch->control[i],
                                                .msg_controllen = CONTROL_MAX};
}

static void answer(struct batch *batch, size_t i, size_t size)
{
    struct msghdr *header = &batch->message[i].msg_hdr;
    const size_t octets = batch->message[i].msg_len;
    batch->octets[i][QR_OCTET] |= 0x80;
    batch->part[i].iov_len = octets > size ? octets : size;
    header->msg_control = NULL;
    header->msg_controllen = 0;
}

static void serve(int fd, size_t size)
{
    static struct batch batch;
    for (size_t i = 0; i < BATCH; i++)
        prepare(&batch, i);
    for (;;) {
        const int count = recvmmsg(fd, batch.message, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < count; i++)
            answer(&batch, (size_t)i, size);
        for (int at = 0; at < count;) {
            const int sent =
                sendmmsg(fd, batch.message + at, (unsigned)(count - at), MSG_DONTWAIT);
            at += sent > 0 ? sent : 1;
        }
        for (int i = 0; i < count; i++)
            prepare(&batch, (size_t)i);
        if (count < BATCH) {
            struct pollfd readable = {.fd = fd, .events = POLLIN};
            (void)poll(&readable, 1, -1);
        }
    }
}

static int usage(void)
{
    fprintf(stderr, "usage: bench_echo ADDRESS@PORT [--size OCTETS] [--cpu N]\n");
    return 2;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"size", required_argument, NULL, 's'}, {"cpu", required_argument, NULL, 'c'}, {0}};
    size_t size = 0;
    int cpu = -1;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 's')
            size = strtoul(optarg, NULL, 10);
        else if (option == 'c')
            cpu = atoi(optarg);
        else
            return usage();
    }
    if (optind + 1 != argc || size > QUERY_MAX)
        return usage();

    struct address address;
    const char *wrong = address_from_text(&address, argv[optind], 53);
    if (wrong != NULL) {
        fprintf(stderr, "bench_echo: %s: %s\n", argv[optind], wrong);
        return 2;
    }
    if (cpu >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET((size_t)cpu, &set);
        (void)sched_setaffinity(0, sizeof(set), &set);
    }
    struct listener listener = {.udp = -1, .tcp = -1};
    const int err = listen_open(&listener, &address);
    if (err != 0) {
        fprintf(stderr, "bench_echo: %s: %s\n", argv[optind], strerror(-err));
        return 1;
    }
    serve(listener.udp, size);
}
