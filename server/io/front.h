/* front.h -- the front ends together: sockets and worker threads
 * N workers, each a thread with its own loop, its own SO_REUSEPORT UDP and TCP sockets for
 * every address, its own buffers and counters. All functions are for the main loop only. */
#ifndef PHAROS_SERVER_IO_FRONT_H
#define PHAROS_SERVER_IO_FRONT_H

#include "server/base/address.h"
#include "server/base/config.h"
#include "server/base/pulse.h"
#include "server/base/store.h"
#include "server/io/inherited.h"
#include "server/io/moving.h"
#include "zone/notes.h"

struct front;

struct front_config {
    const struct address *listen; /* borrowed during front_open() */
    size_t listens;
    const struct config_xdp *xdp; /* interfaces to be asked through AF_XDP; borrowed likewise */
    size_t xdps;
    unsigned workers; /* at least 1 */
    struct config_limits limits;
    bool by_cpu;    /* pin worker i to the i-th CPU, and give it what that received */
    bool busy_poll; /* spin for a while before waiting */
    /* Sockets from another process, borrowed during front_open(), which takes those of addresses
     * in `listen`; NULL: none. */
    struct inherited *inherited;
    struct store *store; /* with as many readers as workers; outlives the front */
    struct pulse *pulse; /* with as many workers; outlives the front; may be NULL */
};

/* Binds all sockets (so that privileges can be dropped after) and starts nothing. An address
 * that another process listens on is refused, though SO_REUSEPORT would share it: it's bound
 * once without. Returns 0 or a negative errno with a note that names the address; then nothing
 * stays open. */
int front_open(struct front **out, const struct front_config *config, struct notes *notes);

/* Calls `each` for every listening socket, which stays the front's; `address` is borrowed, `type`
 * SOCK_DGRAM or SOCK_STREAM. Not after a drain. */
void front_each_socket(const struct front *front,
                       void (*each)(void *context, int fd, const struct address *address,
                                    int type),
                       void *context);

/* Starts the threads. Returns 0 or a negative errno. */
int front_start(struct front *front);

/* The address that was bound for entry `index` of `listen` (a port of 0 becomes the real one).
 */
const struct address *front_address(const struct front *front, size_t index);

/* The interfaces that are asked through AF_XDP, and each for people. */
size_t front_xdps(const struct front *front);
const char *front_xdp_text(const struct front *front, size_t index);

/* New limits for TCP, from a reload. */
void front_limits(struct front *front, const struct config_limits *limits);

/* Stops accepting, answers what has been received on UDP and TCP, closes idle connections, then
 * stops the threads; returns when they have ended, after `timeout_ms` at the latest. */
void front_drain(struct front *front, unsigned timeout_ms);

/* Leaves the sockets alone, but open, and takes the TCP connections, so that another process can
 * go on with both, while the workers' hearts beat on. A worker that doesn't rest after
 * `timeout_ms` keeps its connections; returns how many there are of those. */
unsigned front_rest(struct front *front, unsigned timeout_ms, struct moved **list);

/* Goes on after front_rest(). */
void front_resume(struct front *front);

/* Serves TCP connections that were begun elsewhere, spread over the workers. */
void front_adopt(struct front *front, struct moved *list);

/* Stops the threads where they are. Returns whether they have ended within `timeout_ms`. */
bool front_stop(struct front *front, unsigned timeout_ms);

/* Ends the threads if they run, closes all and frees. */
void front_free(struct front *front);

#endif
