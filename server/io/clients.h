/* clients.h -- how many TCP connections there are, in all and of each client
 * One table for all workers, since the kernel spreads a client's connections over them at
 * random: shares of the limit for each worker would refuse some clients early and others late.
 * A mutex guards the table; it's taken when a connection is accepted or closed, never for a
 * query. A client is a prefix: an IPv4 address, or an IPv6 /64, of which one subscriber has
 * all. */
#ifndef PHAROS_SERVER_IO_CLIENTS_H
#define PHAROS_SERVER_IO_CLIENTS_H

#include "server/base/config.h"
#include "server/io/link.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct clients;

/* A client with at least one connection. */
struct client {
    uint64_t key;  /* of the prefix */
    uint32_t open; /* connections, those included that are about to be refused */
    struct client *next;
    struct link
        idle[]; /* by worker: its idle connections of this client, the oldest first. Only
                 * that worker's thread touches it, while it holds a connection here. */
};

enum admission {
    ADMISSION_GRANTED,
    ADMISSION_FULL,        /* too many connections in all */
    ADMISSION_CLIENT_FULL, /* too many of this client */
    ADMISSION_NO_MEMORY,   /* nothing was counted */
};

/* NULL: out of memory. */
struct clients *clients_new(const struct config_limits *limits, unsigned workers);
void clients_free(struct clients *clients);

/* New limits, by the main loop. Connections above them stay until others come or they end. */
void clients_limits(struct clients *clients, const struct config_limits *limits);

/* How long a connection may be idle at present, in milliseconds. Any thread. */
uint64_t clients_idle_ms(const struct clients *clients);

/* Counts a connection from `peer`. Unless ADMISSION_NO_MEMORY, `*client` is valid until the
 * connection is taken off again, which must be done where a limit is exceeded and no other
 * connection could be closed instead. Any thread. */
enum admission clients_enter(struct clients *clients, const struct sockaddr *peer,
                             struct client **client);
void clients_leave(struct clients *clients, struct client *client);

/* Tells the other workers that one of theirs should make room, since the caller has no idle connection to close: one
 * of `client`, or of anybody where that is NULL. Any thread. */
void clients_want(struct clients *clients, struct client *client);

/* What others want of this worker: CLIENTS_WISH_NONE, the closing of its oldest idle connection, or of that of
 * `*client`, which has one here. A wish that no longer counts is forgotten. Cheap where there is none. */
enum clients_wish {
    CLIENTS_WISH_NONE,
    CLIENTS_WISH_ANY,
    CLIENTS_WISH_CLIENT,
};

enum clients_wish clients_wish(struct clients *clients, unsigned worker, bool has_idle,
                               struct client **client);

/* Connections in all. Any thread. */
unsigned clients_open(const struct clients *clients);

#endif
