/* stream.h -- TCP: connections, their queries and answers
 * RFC 7766: queries are pipelined, their length prefix may be split anywhere, connections stay
 * open until they are idle for too long. An idle connection costs about 400 octets: what is
 * read goes into a buffer of the worker, and only the beginning of a message that isn't whole
 * yet is kept.
 *
 * A peer that doesn't read its answers isn't read from: a connection holds at most one
 * STREAM_OUTPUT_MAX of answers and what was read once, and all of a worker at most
 * STREAM_HELD_MAX; answers beyond are composed when the peer has taken the first.
 *
 * All is for the worker's thread, but streams_new() and streams_free(). */
#ifndef PHAROS_SERVER_IO_STREAM_H
#define PHAROS_SERVER_IO_STREAM_H

#include "server/io/clients.h"
#include "server/io/service.h"

#include <stdbool.h>
#include <uv.h>

enum {
    STREAM_READ_MAX = 16 * 1024,        /* octets of one connection in one turn of the loop */
    STREAM_OUTPUT_MAX = 128 * 1024,     /* octets of answers that wait for one peer */
    STREAM_HELD_MAX = 64 * 1024 * 1024, /* octets that a worker keeps for all its peers */
    STREAM_PAUSE = 512,                 /* queries */
};

/* The connections of a worker. */
struct streams;

/* What is borrowed for the life of the streams. */
struct streams_config {
    struct service *service;
    struct clients *clients;
    unsigned worker; /* its number in the clients' table */
    uv_loop_t *loop; /* to be closed after streams_close_all() and a further run */
    /* Called after each STREAM_PAUSE queries or so, in the middle of a turn of the loop, so
     * that many busy connections can't hold up UDP. */
    void (*pause)(void *context);
    void *context;
};

/* NULL: out of memory. */
struct streams *streams_new(const struct streams_config *config);
void streams_free(struct streams *streams);

enum accepted {
    ACCEPTED_ONE,   /* or refused one */
    ACCEPTED_ALL,   /* nobody waits */
    ACCEPTED_LATER, /* no descriptor or memory is left: try again in a while */
};

/* Takes one connection from the listening socket, whose queries count for a path of pulse.h. Where a limit is reached the oldest idle
 * connection of this worker goes, of the same client if it's the client's limit; if none is
 * idle, the new one is refused. */
enum accepted streams_accept(struct streams *streams, int listener, unsigned path);

/* A new turn of the loop begins. */
void streams_turn(struct streams *streams);

/* Answers what was read, once nothing more is readable: queries gather while the loop polls, up
 * to a batch. For after each polling. */
void streams_answer(struct streams *streams);

/* Closes what has been idle, or without progress in a message, for too long. */
void streams_expire(struct streams *streams);

/* From now on connections are closed as soon as they are idle; those that are now, at once. */
void streams_finish(struct streams *streams);

void streams_close_all(struct streams *streams);

/* Connections that aren't closed. */
size_t streams_count(const struct streams *streams);

#endif
