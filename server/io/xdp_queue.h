/* xdp_queue.h -- a receive queue of an interface: batches of frames in, batches out
 * What datagram.h is to sockets. A query is read where the kernel put it; its answer is composed
 * in the frame that it's sent from. Only the opening and the closing are for the main loop. */
#ifndef PHAROS_SERVER_IO_XDP_QUEUE_H
#define PHAROS_SERVER_IO_XDP_QUEUE_H

#include "server/io/service.h"

#include <stdbool.h>

enum {
    XDP_QUEUE_BATCH = RESPOND_BATCH_MAX,
    /* Batches in one turn of the loop, as DATAGRAM_BATCHES. */
    XDP_QUEUE_BATCHES = 8,
};

struct xdp_queue;

struct xdp_queue_config {
    const char *interface;
    unsigned queue;
    unsigned mtu;   /* octets, at least XDP_FRAME_MTU_MIN */
    uint64_t mark;  /* of the program's stamps */
    bool copy;      /* don't try to share memory with the driver */
    bool zero_copy; /* share it or fail */
};

/* Opens the queue's socket. Returns 0, -ENOMEM, or what xdp_socket_open() gave. */
int xdp_queue_open(struct xdp_queue **out, const struct xdp_queue_config *config);
void xdp_queue_close(struct xdp_queue *queue);

/* To be watched for what can be read. */
int xdp_queue_fd(const struct xdp_queue *queue);

bool xdp_queue_zero_copy(const struct xdp_queue *queue);

/* Says that the loop has slept until now, since there was nothing to receive. */
void xdp_queue_wake(struct xdp_queue *queue);

/* Receives, answers and sends up to `batches` batches, fewer when no more has been received.
 * Returns how many frames there were. Answers are counted as those of sockets are; how long a
 * query has waited is known from the program's stamp, or else is at most the time since the queue
 * was last empty. */
unsigned xdp_queue_turn(struct xdp_queue *queue, struct service *service, unsigned batches);

/* Now and then: counts what the kernel dropped, sends what an interface that was full left. */
void xdp_queue_tick(struct xdp_queue *queue, struct service *service);

#endif
