/* datagram.h -- UDP: batches of datagrams in, batches out
 * recvmmsg() and sendmmsg() 64 wide on sockets that the worker watches with uv_poll_t: half the
 * price of uv_udp_t, which has neither sendmmsg() nor control messages. All is for the worker's
 * thread, but datagrams_new() and datagrams_free(). */
#ifndef PHAROS_SERVER_IO_DATAGRAM_H
#define PHAROS_SERVER_IO_DATAGRAM_H

#include "server/io/service.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    DATAGRAM_BATCH = RESPOND_BATCH_MAX,
    /* Longer queries aren't answered: none is, with all options that are in use. */
    DATAGRAM_QUERY_MAX = 4096,
    DATAGRAM_ANSWER_MAX = 4096,
    /* Batches a socket may have in one turn of the loop, so that TCP gets its turns as well. */
    DATAGRAM_BATCHES = 8,
};

/* A socket as the batches need it. */
struct datagram_socket {
    int fd;        /* borrowed */
    unsigned path; /* of pulse.h */
    bool wildcard; /* answers name the address that was asked */
    uint32_t
        dropped; /* what the kernel said last of its drops, counted since the socket's start */
};

/* A worker's buffers for one batch, shared by its sockets: about 550 KB. */
struct datagrams;

/* NULL: out of memory. `service` is borrowed. */
struct datagrams *datagrams_new(struct service *service);
void datagrams_free(struct datagrams *datagrams);

/* Receives, answers and sends up to `batches` batches, fewer when no more has been received.
 * Returns how many datagrams there were. */
unsigned datagrams_turn(struct datagrams *datagrams, struct datagram_socket *socket,
                        unsigned batches);

#endif
