/* stream_batch.c -- queries of several TCP connections, answered as one batch
 * Answering right after each read would find the first caches full of the kernel's code every
 * time, and the kernel would find ours: with two queries a read that costs more than the
 * answers. So the queries of all that is readable gather first, up to a batch; then they are
 * answered at once, then all is written. */
#include "server/io/connection.h"

#include <assert.h>
#include <string.h>
#include <time.h>

size_t frame_message_octets(const uint8_t *prefix)
{
    return (size_t)prefix[0] << 8 | prefix[1];
}

/* Makes exchanges, from `exchange` on and at most `max`, of the whole messages that the input
 * begins with. A message shorter than a header comes from no resolver: the input ends there.
 * Returns how many there are. */
static size_t cut_messages(struct connection *c, struct exchange *exchange, size_t max,
                           const uint8_t *at, const uint8_t *end)
{
    size_t count = 0;
    while (count < max && end - at >= FRAME_PREFIX) {
        const size_t octets = frame_message_octets(at);
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

/* Adds the whole messages between `at` and `end` to the batch; where there are none, holds the
 * rest. Returns whether there may be more of them than were added. */
static bool add(struct connection *c, const uint8_t *at, const uint8_t *end)
{
    struct streams *s = c->streams;
    const size_t room = STREAM_BATCH - s->asked;
    const size_t max = c->width < room ? c->width : room;
    struct exchange *exchange = s->exchange + s->asked;
    const size_t count = cut_messages(c, exchange, max, at, end);
    if (count == 0) {
        connection_hold(c, at, c->ended ? 0 : (size_t)(end - at));
        return false;
    }
    const struct exchange *last = &exchange[count - 1];
    s->part[s->parts++] = (struct part){.connection = c,
                                        .rest = last->query + last->query_octets,
                                        .end = end,
                                        .first = s->asked,
                                        .count = (unsigned)count};
    s->asked += (unsigned)count;
    c->in_batch = true;
    return count == max;
}

void batch_take(struct connection *c, const uint8_t *at, const uint8_t *end)
{
    enum { LINE = 64 }; /* of a cache, to begin the next read at */
    struct streams *s = c->streams;
    assert(s->asked < STREAM_BATCH && !c->in_batch && c->pending == NULL);
    if (s->parts == 0)
        clock_gettime(CLOCK_MONOTONIC, &s->begun);
    const bool more = add(c, at, end);
    if (!c->in_batch) {
        connection_settle(c, false);
        return;
    }
    if (end > s->input && end <= s->input + sizeof(s->input))
        s->input_used = ((size_t)(end - s->input) + LINE - 1) & ~(size_t)(LINE - 1);
    if (more || s->asked == STREAM_BATCH || s->input_used > STREAM_INPUT_KEPT)
        batch_answer(s);
}

/* Lets libuv write what is left: `skip` octets of the first answer are out already. Returns how
 * many of the `count` exchanges are taken care of, 0 where the connection had to be closed. */
static size_t write_later(struct connection *c, const struct exchange *exchange, size_t count,
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

    char *to = connection_reserve_pending(c, octets);
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
    if (!connection_write_pending(c)) {
        connection_close(c);
        return 0;
    }
    return taken;
}

/* Puts the lengths before the answers. Returns how many octets that makes. */
static size_t put_prefixes(const struct exchange *exchange, size_t count)
{
    size_t octets = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t answer = exchange[i].answer_octets;
        if (answer == 0)
            continue;
        exchange[i].answer[-2] = (uint8_t)(answer >> 8);
        exchange[i].answer[-1] = (uint8_t)answer;
        octets += FRAME_PREFIX + answer;
    }
    return octets;
}

/* Lines the answers up for one write, each behind its length. Short ones are copied together:
 * the kernel takes one piece for less than it takes many, a twentieth of the whole. Returns the
 * number of pieces. */
static unsigned gather_answers(struct streams *s, const struct exchange *exchange, size_t count)
{
    const size_t octets = put_prefixes(exchange, count);
    if (octets <= sizeof(s->gathered)) {
        char *to = s->gathered;
        for (size_t i = 0; i < count; i++) {
            const size_t answer = exchange[i].answer_octets;
            const size_t framed = answer != 0 ? FRAME_PREFIX + answer : 0;
            memcpy(to, exchange[i].answer - FRAME_PREFIX, framed);
            to += framed;
        }
        s->piece[0] = uv_buf_init(s->gathered, (unsigned)octets);
        return octets != 0;
    }
    unsigned pieces = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t answer = exchange[i].answer_octets;
        if (answer != 0)
            s->piece[pieces++] = uv_buf_init((char *)exchange[i].answer - FRAME_PREFIX,
                                             (unsigned)(FRAME_PREFIX + answer));
    }
    return pieces;
}

/* Writes the answers of a connection, in one call where the peer reads. Returns how many
 * exchanges are taken care of. */
static size_t write_answers(struct connection *c, const struct exchange *exchange, size_t count)
{
    struct streams *s = c->streams;
    const unsigned pieces = gather_answers(s, exchange, count);
    if (pieces == 0)
        return count;

    const int written = uv_try_write((uv_stream_t *)&c->tcp, s->piece, pieces);
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

/* Writes a part's answers. Those that were composed but not taken are composed again later; the
 * next time as many are as were taken now, so that a slow peer can't make us work for nothing. */
static void write_part(struct streams *s, struct part *part)
{
    struct connection *c = part->connection;
    c->in_batch = false;
    const size_t taken = write_answers(c, s->exchange + part->first, part->count);
    if (taken < part->count)
        part->rest = s->exchange[part->first + taken].query - FRAME_PREFIX;
    c->width = (uint8_t)(taken == part->count ? STREAM_BATCH : taken != 0 ? taken : 1);
    part->taken = (unsigned)taken;
}

/* Counts what was taken: runs of one path at once. */
static void count_parts(struct streams *s)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const uint32_t latency_us = service_latency_us(&s->begun, &now);
    for (unsigned i = 0; i < s->asked; i++)
        s->latency_us[i] = latency_us;
    for (unsigned i = 0; i < s->parts;) {
        const struct part *run = &s->part[i];
        unsigned count = 0;
        for (; i < s->parts && s->part[i].connection->path == run->connection->path
               && s->part[i].first == run->first + count;
             i++)
            count += s->part[i].taken;
        service_count(s->service, run->connection->path, TRANSPORT_TCP,
                      s->exchange + run->first, s->latency_us, count);
        s->answered += count;
    }
}

/* Goes on with what is left of a part's input. Only that of the last part can have whole
 * messages, since a batch is answered as soon as it can't take all of a connection. */
static void go_on(const struct part *part)
{
    struct connection *c = part->connection;
    if (!c->closing && c->pending == NULL)
        (void)add(c, part->rest, part->end);
    else if (!c->closing)
        connection_hold(c, part->rest, (size_t)(part->end - part->rest));
    if (!c->in_batch)
        connection_settle(c, part->taken != 0);
}

void batch_answer(struct streams *s)
{
    while (s->parts != 0) {
        service_answer(s->service, s->exchange, s->asked);
        for (unsigned i = 0; i < s->parts; i++)
            write_part(s, &s->part[i]);
        count_parts(s);
        const unsigned parts = s->parts;
        s->parts = s->asked = 0;
        for (unsigned i = 0; i < parts; i++) {
            const struct part part = s->part[i];
            assert(s->parts == 0);
            go_on(&part);
        }
    }
    s->input_used = 0;
    if (s->answered >= STREAM_PAUSE) {
        s->answered = 0;
        s->pause(s->context);
    }
}
