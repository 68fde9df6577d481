/* connection.h -- one TCP connection: reading queries, writing answers
 * The inside of stream.h, whose terms and thread hold here too: connection.c has what one
 * connection does, stream_batch.c how queries are answered, stream.c what is done with all of
 * them. */
#ifndef PHAROS_SERVER_IO_CONNECTION_H
#define PHAROS_SERVER_IO_CONNECTION_H

#include "server/io/moving.h"
#include "server/io/stream.h"

#include <time.h>

enum {
    STREAM_BATCH = RESPOND_BATCH_MAX,
    FRAME_PREFIX = 2, /* octets of a message's length, RFC 1035 section 4.2.2 */
    FRAME_MESSAGE_MIN = 12,
    FRAME_MAX = FRAME_PREFIX + MESSAGE_MAX,
    STREAM_INPUT_KEPT = 32 * 1024, /* octets of input that a batch may gather, and one read */
    STREAM_GATHER_MAX = 16 * 1024, /* octets; of 64 usual answers */
    /* Answers aren't a power of two apart: their beginnings would share a few sets of the first
     * cache. Of most only the first page is ever touched. */
    STREAM_SLOT = 64 * 1024 + 192,
};

/* Answers that the peer didn't take yet. */
struct pending {
    uv_write_t request;
    size_t octets;
    char octet[];
};

struct connection {
    uv_tcp_t tcp;
    struct streams *streams;
    struct client *client;
    uint8_t peer[16]; /* its address */
    uint8_t peer_octets;
    unsigned path;         /* of pulse.h */
    struct link order;     /* among the worker's idle or busy ones, by `progress_ms` */
    struct link of_client; /* among the client's idle ones; alone while busy */
    uint64_t progress_ms;  /* of the loop: when it was served, or began or ended to be idle */
    uint64_t read_turn;    /* in which it was read from */
    uint8_t *held;         /* owned: input that isn't served yet; NULL: none */
    uint32_t held_octets;
    uint32_t held_size;
    struct pending *pending; /* owned; NULL: the peer took all answers */
    uint8_t width; /* queries to answer at a time: few for a peer that takes few answers */
    bool idle;     /* neither `held` nor `pending` */
    bool ended;    /* nothing more comes in */
    bool in_batch; /* what was read waits in the worker's batch, `held` is empty meanwhile */
    bool closing;
};

/* What a batch has of a connection: exchanges `first` to `first` + `count`. */
struct part {
    struct connection *connection;
    const uint8_t *rest, *end; /* its further input */
    unsigned first, count;
    unsigned taken; /* exchanges whose answers the peer took, or libuv for it */
};

struct streams {
    struct service *service;
    struct clients *clients;
    uv_loop_t *loop;
    unsigned worker;
    void (*pause)(void *context);
    void *context;
    unsigned answered;  /* since the last pause */
    unsigned accepting; /* the path of the connection that is being accepted */
    uint64_t turn;
    size_t count;
    size_t kept; /* octets in `held` and `pending` of all connections */
    bool finishing;
    struct link idle, busy; /* connections, the longest without progress first */
    struct timespec begun;  /* CLOCK_MONOTONIC, when the first of the batch was read */
    unsigned asked, parts;  /* exchanges and parts of the batch; each connection has one part */
    size_t input_used;      /* octets of `input` that belong to them */
    struct part part[STREAM_BATCH];
    struct exchange exchange[STREAM_BATCH];
    uint32_t latency_us[STREAM_BATCH];
    uv_buf_t piece[STREAM_BATCH];
    char gathered[STREAM_GATHER_MAX]; /* short answers, to be written as one piece */
    /* What is read goes behind what is used, and behind room for the beginning of a message that
     * was held. */
    uint8_t input[STREAM_INPUT_KEPT + FRAME_MAX + STREAM_READ_MAX];
    uint8_t answer[STREAM_BATCH][STREAM_SLOT];
};

/* Makes a connection of an accepted descriptor, which it owns then. Returns false, with
 * everything but the descriptor and the client undone, where that can't be. */
bool connection_open(struct streams *streams, struct client *client,
                     const struct sockaddr *peer, int fd);

/* The same for one that was begun elsewhere: its descriptor is owned then, the rest copied. */
bool connection_adopt(struct streams *streams, struct client *client,
                      const struct sockaddr *peer, const struct moved *moved);

/* Closes now; the memory goes when libuv is done with it. */
void connection_close(struct connection *connection);

/* The same for a peer that had its time: where it didn't take all answers the kernel forgets them, too,
 * instead of keeping up to some megabytes for minutes. */
void connection_give_up(struct connection *connection);

/* Files the connection where it belongs after something happened to it. */
void connection_settle(struct connection *connection, bool progress);

/* Holds the rest of the input, which may be part of what is held; or closes, out of memory. */
void connection_hold(struct connection *connection, const uint8_t *rest, size_t octets);

/* Room for answers that the peer didn't take yet. Returns where they belong; NULL where there's
 * no memory. */
char *connection_reserve_pending(struct connection *connection, size_t octets);

/* Writes them; the connection isn't read from until they're out. Returns false where that can't
 * be. */
bool connection_write_pending(struct connection *connection);

/* Octets of the message behind a length prefix. */
size_t frame_message_octets(const uint8_t *prefix);

/* Takes the input between `at` and `end`, in `input` or held by the connection, which isn't in
 * the batch: whole messages go into the batch, which is answered when it's full, the rest is
 * held. */
void batch_take(struct connection *connection, const uint8_t *at, const uint8_t *end);

/* Answers the batch, if there's any. Connections of it may be closed then. */
void batch_answer(struct streams *streams);

#endif
