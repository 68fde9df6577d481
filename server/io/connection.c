/* connection.c -- one TCP connection: reading queries, writing answers */
#include "server/io/connection.h"

#include "server/base/address.h"

#include <assert.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

enum { HELD_MIN = 512 }; /* octets that are set aside for the beginning of a message */

/* Forgets the input that was held. */
static void release_held(struct connection *c)
{
    c->streams->kept -= c->held_size;
    free(c->held);
    c->held = NULL;
    c->held_octets = c->held_size = 0;
}

static void release_pending(struct connection *c)
{
    c->streams->kept -= c->pending->octets;
    free(c->pending);
    c->pending = NULL;
}

static void on_closed(uv_handle_t *handle)
{
    struct connection *c = handle->data;
    if (c->pending != NULL)
        release_pending(c);
    release_held(c);
    free(c);
}

/* Everything but the closing of the handle. */
static void take_leave(struct connection *c)
{
    assert(!c->in_batch);
    c->closing = true;
    link_remove(&c->order);
    link_remove(&c->of_client);
    clients_leave(c->streams->clients, c->client);
    c->streams->count--;
    pulse_add(&c->streams->service->pulse->tcp_open, UINT64_MAX);
}

void connection_close(struct connection *c)
{
    if (c->closing)
        return;
    take_leave(c);
    uv_close((uv_handle_t *)&c->tcp, on_closed);
}

/* Whether the kernel still has octets that the peer hasn't acknowledged. */
static bool is_untaken(const struct connection *c)
{
    int fd;
    int octets = 0;
    return c->pending != NULL
           || (uv_fileno((const uv_handle_t *)&c->tcp, &fd) == 0
               && ioctl(fd, SIOCOUTQ, &octets) == 0 && octets > 0);
}

void connection_give_up(struct connection *c)
{
    const bool reset = !c->closing && is_untaken(c);
    if (!reset) {
        connection_close(c);
        return;
    }
    take_leave(c);
    if (uv_tcp_close_reset(&c->tcp, on_closed) != 0)
        uv_close((uv_handle_t *)&c->tcp, on_closed);
}

void connection_settle(struct connection *c, bool progress)
{
    struct streams *s = c->streams;
    if (c->closing)
        return;
    const bool idle = c->held_octets == 0 && c->pending == NULL;
    if (idle && (c->ended || s->finishing)) {
        connection_close(c);
        return;
    }
    if (!progress && idle == c->idle)
        return;
    c->idle = idle;
    c->progress_ms = uv_now(s->loop);
    link_remove(&c->order);
    link_append(idle ? &s->idle : &s->busy, &c->order);
    link_remove(&c->of_client);
    if (idle)
        link_append(&c->client->idle[s->worker], &c->of_client);
}

/* Makes room for `octets` octets of held input. Returns false where there's no memory. */
static bool reserve_held(struct connection *c, size_t octets)
{
    if (octets <= c->held_size)
        return true;
    size_t size = 2 * (size_t)c->held_size;
    size = size < octets ? octets : size;
    size = size < HELD_MIN ? HELD_MIN : size;
    if (c->streams->kept + size > STREAM_HELD_MAX)
        return false;
    uint8_t *held = realloc(c->held, size);
    if (held == NULL)
        return false;
    c->streams->kept += size - c->held_size;
    c->held = held;
    c->held_size = (uint32_t)size;
    return true;
}

void connection_hold(struct connection *c, const uint8_t *rest, size_t octets)
{
    if (octets == 0) {
        release_held(c);
    } else if (octets <= c->held_octets) {
        memmove(c->held, rest, octets);
        c->held_octets = (uint32_t)octets;
    } else if (reserve_held(c, octets)) {
        memcpy(c->held, rest, octets);
        c->held_octets = (uint32_t)octets;
    } else {
        connection_close(c);
    }
}

static void on_written(uv_write_t *request, int status);

char *connection_reserve_pending(struct connection *c, size_t octets)
{
    struct pending *pending = NULL;
    if (c->streams->kept + octets <= STREAM_HELD_MAX)
        pending = malloc(sizeof(*pending) + octets);
    if (pending == NULL)
        return NULL;
    c->streams->kept += octets;
    pending->octets = octets;
    pending->request.data = c;
    c->pending = pending;
    return pending->octet;
}

bool connection_write_pending(struct connection *c)
{
    uv_read_stop((uv_stream_t *)&c->tcp);
    struct pending *pending = c->pending;
    const uv_buf_t all = uv_buf_init(pending->octet, (unsigned)pending->octets);
    return uv_write(&pending->request, (uv_stream_t *)&c->tcp, &all, 1, on_written) == 0;
}

/* Whether the message whose beginning is held still isn't whole with what was read. */
static bool still_incomplete(const struct connection *c, const uint8_t *read, size_t octets)
{
    if (c->held_octets + octets < FRAME_PREFIX)
        return true;
    const uint8_t prefix[FRAME_PREFIX] = {
        c->held[0],
        c->held_octets > 1 ? c->held[1] : read[0],
    };
    const size_t message = frame_message_octets(prefix);
    return message >= FRAME_MESSAGE_MIN && c->held_octets + octets < FRAME_PREFIX + message;
}

/* Takes what was read into the worker's buffer. A long message that comes in small pieces is
 * gathered piece by piece, not looked at as a whole each time. */
static void take_read(struct connection *c, uint8_t *read, size_t octets)
{
    const size_t held = c->held_octets;
    if (held != 0 && still_incomplete(c, read, octets)) {
        if (!reserve_held(c, held + octets)) {
            connection_close(c);
            return;
        }
        memcpy(c->held + held, read, octets);
        c->held_octets += (uint32_t)octets;
        connection_settle(c, false);
        return;
    }
    if (held != 0)
        memcpy(read - held, c->held, held);
    c->held_octets = 0;
    batch_take(c, read - held, read + octets);
}

/* A connection is read from once a turn of the loop, so that one that never ends to ask can't
 * hold up the others: libuv takes an empty buffer for "not now". */
static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)suggested;
    struct connection *c = handle->data;
    struct streams *s = c->streams;
    const bool again = c->read_turn == s->turn;
    c->read_turn = s->turn;
    assert(s->input_used <= STREAM_INPUT_KEPT);
    assert(again || c->held_octets <= FRAME_MAX);
    *buffer = uv_buf_init((char *)s->input + s->input_used + c->held_octets,
                          again ? 0 : STREAM_READ_MAX);
}

static void on_read(uv_stream_t *stream, ssize_t octets, const uv_buf_t *buffer)
{
    struct connection *c = stream->data;
    struct streams *s = c->streams;
    if (octets == 0 || octets == UV_ENOBUFS)
        return;
    if (octets > 0) {
        take_read(c, (uint8_t *)buffer->base, (size_t)octets);
        return;
    }
    if (c->in_batch)
        batch_answer(s);
    if (octets != UV_EOF) {
        connection_close(c);
        return;
    }
    /* What was asked before is answered; half a message never will be. */
    c->ended = true;
    if (c->pending == NULL)
        release_held(c);
    connection_settle(c, true);
}

/* Takes what is held, after the peer has taken earlier answers, and answers it. */
static void serve_held(struct connection *c)
{
    struct streams *s = c->streams;
    batch_answer(s);
    batch_take(c, c->held, c->held + c->held_octets);
    batch_answer(s);
}

/* The peer has taken all that waited for it. */
static void on_written(uv_write_t *request, int status)
{
    struct connection *c = request->data;
    release_pending(c);
    if (c->closing)
        return;
    if (status != 0) {
        connection_close(c);
        return;
    }
    if (c->held_octets != 0)
        serve_held(c);
    if (!c->closing && c->pending == NULL && !c->ended
        && uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) != 0)
        connection_close(c);
    connection_settle(c, true);
}

/* A connection that isn't read from yet. NULL, with everything but the descriptor and the client
 * undone, where that can't be. */
static struct connection *new_connection(struct streams *s, struct client *client,
                                         const struct sockaddr *peer, int fd)
{
    struct connection *c = calloc(1, sizeof(*c));
    if (c == NULL)
        return NULL;
    if (uv_tcp_init(s->loop, &c->tcp) != 0) {
        free(c);
        return NULL;
    }
    c->tcp.data = c;
    c->streams = s;
    c->client = client;
    c->path = s->accepting;
    memcpy(c->peer, address_octets(peer, &c->peer_octets), c->peer_octets);
    c->width = STREAM_BATCH;
    link_init(&c->order);
    link_init(&c->of_client);
    if (uv_tcp_open(&c->tcp, fd) != 0) {
        uv_close((uv_handle_t *)&c->tcp, on_closed);
        return NULL;
    }
    s->count++;
    pulse_add(&s->service->pulse->tcp_open, 1);
    pulse_add(&s->service->pulse->tcp_accepted, 1);
    return c;
}

static void begin(struct connection *c)
{
    connection_settle(c, true);
    if (!c->closing && c->pending == NULL && !c->ended
        && uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) != 0)
        connection_close(c);
}

bool connection_open(struct streams *s, struct client *client, const struct sockaddr *peer,
                     int fd)
{
    struct connection *c = new_connection(s, client, peer, fd);
    if (c == NULL)
        return false;
    begin(c);
    return true;
}

bool connection_adopt(struct streams *s, struct client *client, const struct sockaddr *peer,
                      const struct moved *moved)
{
    s->accepting = moved->path;
    struct connection *c = new_connection(s, client, peer, moved->fd);
    if (c == NULL)
        return false;
    c->ended = moved->ended;
    connection_hold(c, moved->octet, moved->held_octets);
    if (!c->closing && moved->pending_octets != 0) {
        char *to = connection_reserve_pending(c, moved->pending_octets);
        if (to != NULL)
            memcpy(to, moved->octet + moved->held_octets, moved->pending_octets);
        if (to == NULL || !connection_write_pending(c))
            connection_close(c);
    } else if (c->held_octets != 0) {
        serve_held(c); /* there may be whole messages in it */
    }
    if (!c->closing)
        begin(c);
    return true;
}
