/* neighbour.c -- a worker answers for one that is stuck */
#include "server/io/neighbour.h"

#include "server/base/log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    LATE_MS = 75, /* a tick after more than this was late */
    ACCEPTS = 64, /* connections in one turn of the loop */
};

/* One socket of another worker. */
struct borrowed {
    uv_poll_t poll;
    struct neighbours *neighbours;
    struct borrowed *next;
    int fd; /* a copy, owned */
    unsigned path;
    struct datagram_socket datagram; /* for UDP */
};

/* Another worker, as far as it's known here. */
struct other {
    uint64_t beat;
    unsigned still;            /* on-time ticks without movement */
    struct borrowed *borrowed; /* what is read for it */
};

struct neighbours {
    const struct neighbour *all;
    unsigned count;
    unsigned own;
    uv_loop_t *loop;
    struct datagrams *datagrams;
    struct streams *streams;
    uint64_t tick_ms;
    struct other other[];
};

struct neighbours *neighbours_new(const struct neighbour *all, unsigned count, unsigned own,
                                  uv_loop_t *loop, struct datagrams *datagrams,
                                  struct streams *streams)
{
    struct neighbours *n = calloc(1, sizeof(*n) + count * sizeof(n->other[0]));
    if (n == NULL)
        return NULL;
    n->all = all;
    n->count = count;
    n->own = own;
    n->loop = loop;
    n->datagrams = datagrams;
    n->streams = streams;
    return n;
}

void neighbours_free(struct neighbours *neighbours)
{
    free(neighbours);
}

static void on_closed(uv_handle_t *handle)
{
    struct borrowed *b = handle->data;
    close(b->fd);
    free(b);
}

static void on_udp(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct borrowed *b = poll->data;
    datagrams_turn(b->neighbours->datagrams, &b->datagram, DATAGRAM_BATCHES);
}

static void on_tcp(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct borrowed *b = poll->data;
    for (unsigned i = 0; i < ACCEPTS; i++) {
        if (streams_accept(b->neighbours->streams, b->fd, b->path) != ACCEPTED_ONE)
            return;
    }
}

/* Takes the copy of a socket. What can't be had now is tried again with the next tick. */
static void borrow(struct neighbours *n, struct other *other, int fd, unsigned path, bool udp,
                   bool wildcard)
{
    struct borrowed *b = fd >= 0 ? calloc(1, sizeof(*b)) : NULL;
    if (b == NULL || uv_poll_init(n->loop, &b->poll, fd) != 0) {
        free(b);
        if (fd >= 0)
            close(fd);
        return;
    }
    b->poll.data = b;
    b->neighbours = n;
    b->fd = fd;
    b->path = path;
    if (udp)
        b->datagram = (struct datagram_socket){
            .fd = fd, .path = path, .wildcard = wildcard, .dropped = listen_dropped(fd)};
    b->next = other->borrowed;
    other->borrowed = b;
    uv_poll_start(&b->poll, UV_READABLE, udp ? on_udp : on_tcp);
}

static int copy_of(int fd)
{
    return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

/* Copies are made while the owner can't close: a number that is free may be another socket's at
 * once. */
static void begin(struct neighbours *n, unsigned index)
{
    const struct neighbour *stuck = &n->all[index];
    for (size_t i = 0; i < stuck->listeners; i++) {
        pthread_mutex_lock(stuck->mutex);
        const struct listener listener = stuck->listener[i];
        const int udp = copy_of(listener.udp);
        const int tcp = copy_of(listener.tcp);
        pthread_mutex_unlock(stuck->mutex);
        const unsigned path = 2 * (unsigned)(i % stuck->addresses);
        borrow(n, &n->other[index], udp, path, true, listener.wildcard);
        borrow(n, &n->other[index], tcp, path + 1, false, listener.wildcard);
    }
    if (n->other[index].borrowed != NULL)
        log_warning("worker %u is stuck: worker %u answers for it", index, n->own);
}

static void end(struct neighbours *n, unsigned index)
{
    struct other *other = &n->other[index];
    if (other->borrowed != NULL)
        log_notice("worker %u answers for worker %u no longer", n->own, index);
    while (other->borrowed != NULL) {
        struct borrowed *b = other->borrowed;
        other->borrowed = b->next;
        uv_close((uv_handle_t *)&b->poll, on_closed);
    }
}

static void look(struct neighbours *n, bool on_time)
{
    for (unsigned i = 0; i < n->count; i++) {
        struct other *other = &n->other[i];
        const uint64_t beat = atomic_load_explicit(n->all[i].heartbeat, memory_order_relaxed);
        if (beat != other->beat || i == n->own)
            other->still = 0;
        else if (on_time && other->still < NEIGHBOUR_STILL_TICKS)
            other->still++;
        other->beat = beat;
    }
}

void neighbours_tick(struct neighbours *n)
{
    const uint64_t now = uv_now(n->loop);
    look(n, n->tick_ms != 0 && now - n->tick_ms <= LATE_MS);
    n->tick_ms = now;
    /* The ones after us up to the first that moves are ours to answer for. */
    bool ours = true;
    for (unsigned step = 1; step < n->count; step++) {
        const unsigned i = (n->own + step) % n->count;
        ours = ours && n->other[i].still >= NEIGHBOUR_STILL_TICKS;
        if (!ours)
            end(n, i);
        else if (n->other[i].borrowed == NULL)
            begin(n, i);
    }
}

void neighbours_stop(struct neighbours *n)
{
    for (unsigned i = 0; i < n->count; i++)
        end(n, i);
}
