/* echo_tcp.c -- what libuv and the kernel take of an answer over TCP
 * An echo written the usual way: uv_listen, uv_read_start, and one uv_try_write for what a read
 * gave. It knows DNS only by the length prefix: each message comes back with QR set, padded to
 * --size octets, so that it sends as much as a server does. It runs until it's killed.
 *
 *     bench_echo_tcp ADDRESS@PORT [--size OCTETS] */
#include "server/base/address.h"

#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { PREFIX = 2, QR_OCTET = 2, MESSAGE_MAX_HERE = 512, READ_MAX = 64 * 1024, BACKLOG = 4096 };

struct peer {
    uv_tcp_t tcp;
    size_t held; /* octets of a message that isn't whole */
    uint8_t begun[PREFIX + MESSAGE_MAX_HERE];
};

struct echo {
    size_t size;
    uint8_t input[PREFIX + MESSAGE_MAX_HERE + READ_MAX];
    /* Of the shortest messages that a read may give. */
    uint8_t output[READ_MAX / 16 * (PREFIX + MESSAGE_MAX_HERE)];
};

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void close_peer(struct peer *peer)
{
    if (!uv_is_closing((uv_handle_t *)&peer->tcp))
        uv_close((uv_handle_t *)&peer->tcp, on_closed);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)suggested;
    struct echo *echo = handle->loop->data;
    const struct peer *peer = handle->data;
    *buffer = uv_buf_init((char *)echo->input + peer->held, READ_MAX);
}

/* Writes the message's answer at `to`. Returns its octets, prefix included. */
static size_t answer(const struct echo *echo, uint8_t *to, const uint8_t *message,
                     size_t octets)
{
    const size_t size = octets > echo->size ? octets : echo->size;
    to[0] = (uint8_t)(size >> 8);
    to[1] = (uint8_t)size;
    memcpy(to + PREFIX, message, octets);
    to[PREFIX + QR_OCTET] |= 0x80;
    return PREFIX + size;
}

/* Returns where the rest begins; NULL for what is no query. */
static const uint8_t *answer_all(struct echo *echo, const uint8_t *end, size_t *answered)
{
    const uint8_t *at = echo->input;
    while (end - at >= PREFIX) {
        const size_t octets = (size_t)at[0] << 8 | at[1];
        if (octets < 14 || octets > MESSAGE_MAX_HERE)
            return NULL;
        if ((size_t)(end - at) < PREFIX + octets)
            break;
        *answered += answer(echo, echo->output + *answered, at + PREFIX, octets);
        at += PREFIX + octets;
    }
    return at;
}

static void on_read(uv_stream_t *stream, ssize_t octets, const uv_buf_t *buffer)
{
    (void)buffer;
    struct peer *peer = stream->data;
    struct echo *echo = stream->loop->data;
    if (octets == 0)
        return;
    if (octets < 0) {
        close_peer(peer);
        return;
    }
    memcpy(echo->input, peer->begun, peer->held);
    const uint8_t *end = echo->input + peer->held + (size_t)octets;
    size_t answered = 0;
    const uint8_t *rest = answer_all(echo, end, &answered);
    if (rest == NULL) {
        close_peer(peer);
        return;
    }
    peer->held = (size_t)(end - rest);
    memcpy(peer->begun, rest, peer->held);
    const uv_buf_t all = uv_buf_init((char *)echo->output, (unsigned)answered);
    if (answered != 0 && uv_try_write(stream, &all, 1) != (int)answered)
        close_peer(peer); /* the generator always reads */
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct peer *peer = status == 0 ? calloc(1, sizeof(*peer)) : NULL;
    if (peer == NULL)
        return;
    peer->tcp.data = peer;
    if (uv_tcp_init(listener->loop, &peer->tcp) != 0) {
        free(peer);
        return;
    }
    if (uv_accept(listener, (uv_stream_t *)&peer->tcp) != 0
        || uv_tcp_nodelay(&peer->tcp, 1) != 0
        || uv_read_start((uv_stream_t *)&peer->tcp, on_alloc, on_read) != 0)
        close_peer(peer);
}

static int serve(const struct address *address, size_t size)
{
    static struct echo echo;
    echo.size = size;
    uv_loop_t *loop = uv_default_loop();
    loop->data = &echo;
    uv_tcp_t listener;
    int err = uv_tcp_init(loop, &listener);
    if (err == 0)
        err = uv_tcp_bind(&listener, (const struct sockaddr *)&address->storage, 0);
    if (err == 0)
        err = uv_listen((uv_stream_t *)&listener, BACKLOG, on_connection);
    if (err != 0) {
        fprintf(stderr, "bench_echo_tcp: %s\n", uv_strerror(err));
        return 1;
    }
    return uv_run(loop, UV_RUN_DEFAULT);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"size", required_argument, NULL, 's'}, {0}};
    size_t size = 0;
    int option;
    struct address address;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        size = option == 's' ? strtoul(optarg, NULL, 10) : SIZE_MAX;
    if (optind + 1 != argc || size > MESSAGE_MAX_HERE
        || address_from_text(&address, argv[optind], 53) != NULL) {
        fprintf(stderr, "usage: bench_echo_tcp ADDRESS@PORT [--size OCTETS]\n");
        return 2;
    }
    return serve(&address, size);
}
