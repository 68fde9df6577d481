/* worker.h -- a thread with its loop, its sockets, its buffers
 * The functions here are for the main loop. */
#ifndef PHAROS_SERVER_IO_WORKER_H
#define PHAROS_SERVER_IO_WORKER_H

#include "server/base/pulse.h"
#include "server/base/store.h"
#include "server/io/clients.h"
#include "server/io/listen.h"
#include "server/io/moving.h"
#include "server/io/neighbour.h"
#include "server/io/xdp.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct worker;

struct worker_config {
    unsigned index; /* its number in store, pulse and clients */
    struct store *store;
    struct pulse *pulse; /* may be NULL */
    struct clients *clients;
    bool busy_poll;
    size_t addresses;
    size_t
        listeners; /* a multiple of them: places for sockets; those that aren't filled stay empty */
};

/* NULL: out of memory. What the configuration names is borrowed. */
struct worker *worker_new(const struct worker_config *config);

/* No thread of the front may run. Closes the sockets. */
void worker_free(struct worker *worker);

/* Where sockets for an address belong: filled by the caller, closed by the worker. Empty
 * (-1, -1) at first. */
struct listener *worker_listener(struct worker *worker, size_t index);

/* Where queues of XDP interfaces belong that this worker serves: filled by the caller before the
 * start. The interfaces outlive the worker. */
struct xdp_share *worker_xdp(struct worker *worker);

/* What others need to answer for this worker while it is stuck; borrowed, as long as it lives. */
struct neighbour worker_neighbour(struct worker *worker);

/* Tells it of all workers of the front, borrowed, itself among them. Returns 0 or -ENOMEM. */
int worker_meet(struct worker *worker, const struct neighbour *all, unsigned count);

/* Starts the thread. Returns 0 or a negative errno. */
int worker_start(struct worker *worker);

/* Keeps the thread, which runs, on one CPU. Returns 0 or a negative errno. */
int worker_pin(struct worker *worker, unsigned cpu);

/* Asks it to answer what has been received and to end by itself, at the latest after
 * `limit_ms`. */
void worker_drain(struct worker *worker, unsigned limit_ms);

/* Asks it to end now. */
void worker_stop(struct worker *worker);

/* Asks it to leave its sockets alone, but open, and to give its TCP connections away, while its
 * heart beats on. */
void worker_rest(struct worker *worker);

/* Waits until it rests, until `deadline`. True: it does, and its connections are put in front of
 * `*list`. */
bool worker_rests(struct worker *worker, const struct timespec *deadline, struct moved **list);

/* Asks one that rests to go on. */
void worker_resume(struct worker *worker);

/* Gives it a connection, which is its own then. */
void worker_adopt(struct worker *worker, struct moved *moved);

/* Waits for the end of the thread until `deadline` (CLOCK_MONOTONIC; NULL: as long as it
 * takes). Returns whether it has ended, true also where it never ran. */
bool worker_join(struct worker *worker, const struct timespec *deadline);

#endif
