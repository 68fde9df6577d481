/* connection.c -- one TCP connection: reading queries, writing answers */
#include "server/io/connection.h"

#include "server/base/address.h"

#include <assert.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

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

/* Files the connection where it belongs after something happened to it. */
static void settle(struct connection *c, bool progress)
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

/* Holds the rest of the input, which may be part of what is held. */
static void hold(struct connection *c, const uint8_t *rest, size_t octets)
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

static size_t message_octets(const uint8_t *prefix)
{
    return (size_t)prefix[0] << 8 | prefix[1];
}

/* Makes exchanges of the whole messages that the input begins with. A message shorter than a
 * header comes from no resolver: the input ends there. */
static size_t cut_messages(struct connection *c, const uint8_t *at, const uint8_t *end)
{
    struct exchange *exchange = c->streams->exchange;
    size_t count = 0;
    while (count < c->width && end - at >= FRAME_PREFIX) {
        const size_t octets = message_octets(at);
        if (octets < FRAME_MESSAGE_MIN) {
            c->ended = true;
            break;
        }
        if ((size_t)(end - at) < FRAME_PREFIX + octets)
            break;
        exchange[count].query = at + FRAME_PREFIX;
        exchange[count].query_octets = octets;
        exchange[count].client = c->peer;
        exchange[count].client_octets = c->peer_octets;
        at += FRAME_PREFIX + octets;
        count++;
    }
    return count;
}

static void on_written(uv_write_t *request, int status);

/* Room for answers that the peer didn't take yet. Returns where they belong; NULL where there's
 * no memory. */
static char *reserve_pending(struct connection *c, size_t octets)
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

/* Writes them; the connection isn't read from until they're out. */
static bool write_pending(struct connection *c)
{
    struct pending *pending = c->pending;
    const uv_buf_t all = uv_buf_init(pending->octet, (unsigned)pending->octets);
    return uv_write(&pending->request, (uv_stream_t *)&c->tcp, &all, 1, on_written) == 0;
}

/* Lets libuv write what is left: `skip` octets of the first answer are out already. Returns how
 * many of the `count` exchanges are taken care of, 0 where the connection had to be closed. */
static size_t write_later(struct connection *c, struct exchange *exchange, size_t count,
                          size_t skip)
{
    size_t octets = 0;
    size_t taken = 0;
    for (; taken < count; taken++) {
        const size_t answer = exchange[taken].answer_octets;
        if (answer != 0 && octets + FRAME_PREFIX + answer > STREAM_OUTPUT_MAX)
            break;
        octets += answer != 0 ? FRAME_PREFIX + answer : 0;
    }
    octets -= skip;

    char *to = reserve_pending(c, octets);
    if (to == NULL) {
        connection_close(c);
        return 0;
    }
    for (size_t i = 0; i < taken; i++) {
        if (exchange[i].answer_octets == 0)
            continue;
        const size_t part = FRAME_PREFIX + exchange[i].answer_octets - skip;
        memcpy(to, exchange[i].answer - FRAME_PREFIX + skip, part);
        to += part;
        skip = 0;
    }
    uv_read_stop((uv_stream_t *)&c->tcp);
    if (!write_pending(c)) {
        connection_close(c);
        return 0;
    }
    return taken;
}

/* Lines the answers of a batch up for one write, each behind its length. Short ones are copied
 * together: the kernel takes one piece for less than it takes many, a twentieth of the whole.
 * Returns the number of pieces. */
static unsigned gather_answers(struct streams *s, size_t count)
{
    unsigned parts = 0;
    size_t octets = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t answer = s->exchange[i].answer_octets;
        if (answer == 0)
            continue;
        uint8_t *prefix = s->exchange[i].answer - FRAME_PREFIX;
        prefix[0] = (uint8_t)(answer >> 8);
        prefix[1] = (uint8_t)answer;
        s->part[parts++] = uv_buf_init((char *)prefix, (unsigned)(FRAME_PREFIX + answer));
        octets += FRAME_PREFIX + answer;
    }
    if (parts < 2 || octets > sizeof(s->gathered))
        return parts;
    char *to = s->gathered;
    for (unsigned i = 0; i < parts; i++) {
        memcpy(to, s->part[i].base, s->part[i].len);
        to += s->part[i].len;
    }
    s->part[0] = uv_buf_init(s->gathered, (unsigned)octets);
    return 1;
}

/* Writes the answers of a batch, in one call where the peer reads. Returns how many exchanges
 * are taken care of. */
static size_t write_answers(struct connection *c, size_t count)
{
    struct streams *s = c->streams;
    struct exchange *exchange = s->exchange;
    const unsigned parts = gather_answers(s, count);
    if (parts == 0)
        return count;

    const int written = uv_try_write((uv_stream_t *)&c->tcp, s->part, parts);
    if (written < 0 && written != UV_EAGAIN) {
        connection_close(c);
        return 0;
    }
    size_t left = written > 0 ? (size_t)written : 0;
    size_t taken = 0;
    for (; taken < count; taken++) {
        const size_t answer = exchange[taken].answer_octets;
        const size_t octets = answer != 0 ? FRAME_PREFIX + answer : 0;
        if (left < octets)
            break;
        left -= octets;
    }
    if (taken < count)
        taken += write_later(c, exchange + taken, count - taken, left);
    return taken;
}

static void count_batch(struct streams *s, unsigned path, size_t count)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const uint32_t latency_us = service_latency_us(&s->begun, &now);
    for (size_t i = 0; i < count; i++)
        s->latency_us[i] = latency_us;
    service_count(s->service, path, TRANSPORT_TCP, s->exchange, s->latency_us, count);
    s->answered += (unsigned)count;
}

/* Answers the whole messages between `at` and `end`, until the peer takes no more. Returns
 * where the rest begins. Answers that were composed but not taken are composed again later; the
 * next time as many are as were taken now, so that a slow peer can't make us work for nothing.
 */
static const uint8_t *serve(struct connection *c, const uint8_t *at, const uint8_t *end)
{
    struct streams *s = c->streams;
    while (c->pending == NULL && !c->closing) {
        const size_t count = cut_messages(c, at, end);
        if (count == 0)
            return c->ended ? end : at;
        service_answer(s->service, s->exchange, count);
        const size_t taken = write_answers(c, count);
        count_batch(s, c->path, taken);
        if (taken != 0)
            at = s->exchange[taken - 1].query + s->exchange[taken - 1].query_octets;
        c->width = (uint8_t)(taken == count ? STREAM_BATCH : taken != 0 ? taken : 1);
    }
    return at;
}

/* Serves what is held, after the peer has taken earlier answers. */
static void serve_held(struct connection *c)
{
    const uint8_t *end = c->held + c->held_octets;
    const uint8_t *rest = serve(c, c->held, end);
    if (!c->closing)
        hold(c, rest, (size_t)(end - rest));
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
    const size_t message = message_octets(prefix);
    return message >= FRAME_MESSAGE_MIN && c->held_octets + octets < FRAME_PREFIX + message;
}

/* Serves what was read into the worker's buffer. A long message that comes in small pieces is
 * gathered piece by piece, not looked at as a whole each time. */
static void serve_read(struct connection *c, size_t octets)
{
    uint8_t *read = c->streams->input + STREAM_READ_AT;
    const size_t held = c->held_octets;
    if (held != 0 && still_incomplete(c, read, octets)) {
        if (!reserve_held(c, held + octets)) {
            connection_close(c);
            return;
        }
        memcpy(c->held + held, read, octets);
        c->held_octets += (uint32_t)octets;
        return;
    }

    assert(held <= STREAM_READ_AT);
    uint8_t *begin = read - held;
    if (held != 0)
        memcpy(begin, c->held, held);
    const uint8_t *end = read + octets;
    const uint8_t *rest = serve(c, begin, end);
    c->held_octets = 0;
    if (!c->closing)
        hold(c, rest, (size_t)(end - rest));
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
    *buffer = uv_buf_init((char *)s->input + STREAM_READ_AT, again ? 0 : STREAM_READ_MAX);
}

static void on_read(uv_stream_t *stream, ssize_t octets, const uv_buf_t *buffer)
{
    (void)buffer;
    struct connection *c = stream->data;
    if (octets == 0 || octets == UV_ENOBUFS)
        return;
    if (octets == UV_EOF) {
        /* What was asked before is answered; half a message never will be. */
        c->ended = true;
        release_held(c);
        settle(c, true);
        return;
    }
    if (octets < 0) {
        connection_close(c);
        return;
    }
    struct streams *s = c->streams;
    const unsigned answered = s->answered;
    clock_gettime(CLOCK_MONOTONIC, &s->begun);
    serve_read(c, (size_t)octets);
    settle(c, s->answered != answered);
    if (s->answered >= STREAM_PAUSE) {
        s->answered = 0;
        s->pause(s->context);
    }
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
    clock_gettime(CLOCK_MONOTONIC, &c->streams->begun);
    if (c->held_octets != 0)
        serve_held(c);
    if (!c->closing && c->pending == NULL && !c->ended
        && uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) != 0)
        connection_close(c);
    settle(c, true);
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
    settle(c, true);
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
    hold(c, moved->octet, moved->held_octets);
    if (!c->closing && moved->pending_octets != 0) {
        char *to = reserve_pending(c, moved->pending_octets);
        if (to != NULL)
            memcpy(to, moved->octet + moved->held_octets, moved->pending_octets);
        if (to == NULL || !write_pending(c))
            connection_close(c);
    } else if (c->held_octets != 0) {
        clock_gettime(CLOCK_MONOTONIC, &s->begun);
        serve_held(c); /* there may be whole messages in it */
    }
    if (!c->closing)
        begin(c);
    return true;
}
