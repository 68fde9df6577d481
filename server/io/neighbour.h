/* neighbour.h -- a worker answers for one that is stuck
 * The kernel spreads datagrams and connections over the workers' sockets by a hash, so a worker that
 * doesn't move (a fault of ours, a page that doesn't come, a CPU that is taken away) would leave its
 * share of the clients without answers. A worker whose heart hasn't beaten for a second has its
 * sockets read, beside it, by the nearest one before it that moves, with that one's own buffers and
 * counters. The pulse goes on to tell who is stuck. */
#ifndef PHAROS_SERVER_IO_NEIGHBOUR_H
#define PHAROS_SERVER_IO_NEIGHBOUR_H

#include "server/io/datagram.h"
#include "server/io/listen.h"
#include "server/io/stream.h"

#include <pthread.h>
#include <uv.h>

enum { NEIGHBOUR_STILL_TICKS = 20 }; /* of PULSE_TICK_MS */

/* What a worker shows the others: its heart, and where its sockets are. */
struct neighbour {
    _Atomic uint64_t *heartbeat;
    pthread_mutex_t *mutex;    /* held by who closes one of the sockets, or copies it */
    struct listener *listener; /* `listeners` of them */
    size_t listeners;
    size_t addresses; /* listener i is of address i % addresses */
};

/* What a worker knows of the others. */
struct neighbours;

/* `all` has `count` workers, borrowed, among them number `own`. NULL: out of memory. */
struct neighbours *neighbours_new(const struct neighbour *all, unsigned count, unsigned own,
                                  uv_loop_t *loop, struct datagrams *datagrams,
                                  struct streams *streams);
void neighbours_free(struct neighbours *neighbours);

/* To be called every PULSE_TICK_MS, from the loop: looks who moves, and begins or ends to answer for
 * others. A tick that came late counts against nobody. */
void neighbours_tick(struct neighbours *neighbours);

/* Ends to answer for others: the handles close with the loop's next turns. */
void neighbours_stop(struct neighbours *neighbours);

#endif
