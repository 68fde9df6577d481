/* listen.h -- the sockets that the front listens on
 * All functions are for the main loop, before privileges are dropped. */
#ifndef PHAROS_SERVER_IO_LISTEN_H
#define PHAROS_SERVER_IO_LISTEN_H

#include "server/base/address.h"

#include <stdbool.h>

/* What one worker has for one address. */
struct listener {
    int udp;       /* -1: none */
    int tcp;       /* listening; -1: none */
    bool wildcard; /* bound to every address: answers must name the one that was asked */
};

/* Sees whether `address` can be ours alone, UDP and TCP, by binding it without SO_REUSEPORT,
 * which would let a second server take half of the queries. A port of 0 becomes one that is
 * free for both. Nothing stays open. Returns 0, -EADDRINUSE, -EACCES or what else the kernel
 * said. */
int listen_probe(struct address *address);

/* Opens those of a worker's sockets for the address that are -1, shared with the other workers.
 * Returns 0 or a negative errno; then nothing stays open. */
int listen_open(struct listener *listener, const struct address *address);

/* Settles for a socket that came bound from another process what listen_open() settles for its
 * own; `type` is SOCK_DGRAM or SOCK_STREAM. Returns 0 or a negative errno; the socket stays the
 * caller's. */
int listen_inherit(int fd, const struct address *address, int type);

/* Datagrams that the kernel has dropped for want of room since the socket was made. */
uint32_t listen_dropped(int udp);

/* Has the kernel poll the NIC's queue itself when the socket is read and empty. Where we may not, or
 * the driver can't, nothing changes. */
void listen_busy_poll(int udp);

void listen_close(struct listener *listener);

/* The port, host order. */
unsigned listen_port(const struct address *address);

#endif
