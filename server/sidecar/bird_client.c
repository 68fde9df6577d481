/* bird_client.c -- see bird_client.h */
#include "server/sidecar/bird_client.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

static void connect_now(uv_timer_t *timer);

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

/* What was said to a connection that ends is done for, with `err`. */
static void lose(struct bird_client *client, int err)
{
    const bool busy = client->state == BIRD_BUSY;
    client->lost = err;
    if (client->pipe != NULL)
        uv_close((uv_handle_t *)client->pipe, free_handle);
    client->pipe = NULL;
    client->state = BIRD_AWAY;
    uv_timer_start(&client->timer, connect_now, BIRD_RETRY_MS, 0);
    if (busy)
        client->done(client, err);
}

static void on_timeout(uv_timer_t *timer)
{
    lose(timer->data, -ETIMEDOUT);
}

/* A command fits into the socket's buffer, or nobody reads at the other end. */
static int say(struct bird_client *client, const char *command)
{
    char line[BIRD_COMMAND_MAX + 1];
    const int len = snprintf(line, sizeof(line), "%s\n", command);
    assert(len > 0 && (size_t)len < sizeof(line));
    const uv_buf_t buf = uv_buf_init(line, (unsigned)len);
    uv_timer_start(&client->timer, on_timeout, BIRD_TIMEOUT_MS, 0);
    return uv_try_write((uv_stream_t *)client->pipe, &buf, 1) == len ? 0 : -EPIPE;
}

/* The last line of a reply: what comes next? */
static void on_end(struct bird_client *client, const struct bird_line *line)
{
    uv_timer_stop(&client->timer);
    switch (client->state) {
    case BIRD_GREETING:
        client->state = BIRD_ECHO;
        if (line->code != BIRD_READY || say(client, "echo all") != 0)
            lose(client, -EPROTO);
        return;
    case BIRD_ECHO: /* a restricted socket refuses: then changes are found by asking alone */
        client->state = BIRD_IDLE;
        client->ready(client);
        return;
    case BIRD_BUSY:
        client->state = BIRD_IDLE;
        client->done(client, 0);
        return;
    default:
        lose(client, -EPROTO); /* an answer to nothing */
    }
}

static void on_line(struct bird_client *client, const struct bird_line *line)
{
    if (line->kind == BIRD_NONSENSE) {
        lose(client, -EPROTO);
    } else if (line->kind == BIRD_NOTICE) {
        if (bird_notice_matters(line))
            client->noticed(client);
    } else {
        if (client->state == BIRD_BUSY)
            client->heard(client, line);
        if (line->kind == BIRD_LAST)
            on_end(client, line);
    }
}

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    struct bird_client *client = handle->data;
    *buf = uv_buf_init(client->octets, sizeof(client->octets));
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    (void)buf;
    struct bird_client *client = stream->data;
    const uv_pipe_t *pipe = client->pipe;
    if ((const uv_stream_t *)pipe != stream)
        return;
    if (got < 0) {
        lose(client, (int)got);
        return;
    }
    struct bird_line line;
    for (ssize_t i = 0; i < got && client->pipe == pipe; i++) {
        if (bird_reader_take(&client->reader, client->octets[i], &line))
            on_line(client, &line);
    }
}

static void on_connected(uv_connect_t *connect, int status)
{
    struct bird_client *client = connect->data;
    const bool ours = client != NULL && client->connect == connect;
    free(connect);
    if (!ours)
        return;
    client->connect = NULL;
    if (client->pipe == NULL)
        return; /* it took too long */
    if (status == 0)
        status = uv_read_start((uv_stream_t *)client->pipe, give_room, on_read);
    if (status != 0)
        lose(client, status);
}

static void connect_now(uv_timer_t *timer)
{
    struct bird_client *client = timer->data;
    uv_pipe_t *pipe = malloc(sizeof(*pipe));
    uv_connect_t *connect = malloc(sizeof(*connect));
    if (pipe == NULL || connect == NULL || client->connect != NULL) {
        free(pipe);
        free(connect);
        lose(client, -ENOMEM);
        return;
    }
    uv_pipe_init(client->loop, pipe, 0);
    pipe->data = client;
    connect->data = client;
    client->pipe = pipe;
    client->connect = connect;
    client->state = BIRD_GREETING;
    client->reader = (struct bird_reader){0};
    uv_timer_start(&client->timer, on_timeout, BIRD_TIMEOUT_MS, 0);
    uv_pipe_connect(connect, pipe, client->path, on_connected);
}

int bird_client_start(struct bird_client *client, uv_loop_t *loop)
{
    if (strlen(client->path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
        return -ENAMETOOLONG;
    client->loop = loop;
    client->pipe = NULL;
    client->connect = NULL;
    client->state = BIRD_AWAY;
    client->timer.data = client;
    uv_timer_init(loop, &client->timer);
    return uv_timer_start(&client->timer, connect_now, 0, 0);
}

int bird_client_say(struct bird_client *client, const char *command)
{
    if (client->state != BIRD_IDLE)
        return client->state == BIRD_BUSY ? -EBUSY : -ENOTCONN;
    client->state = BIRD_BUSY;
    if (say(client, command) != 0) /* done() comes from the loop, not from here */
        uv_timer_start(&client->timer, on_timeout, 0, 0);
    return 0;
}

void bird_client_stop(struct bird_client *client)
{
    if (client->connect != NULL)
        client->connect->data = NULL;
    client->connect = NULL;
    if (client->pipe != NULL)
        uv_close((uv_handle_t *)client->pipe, free_handle);
    client->pipe = NULL;
    client->state = BIRD_AWAY;
    uv_close((uv_handle_t *)&client->timer, NULL);
}
