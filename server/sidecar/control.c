/* control.c -- see control.h */
#include "server/sidecar/control.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct client {
    uv_pipe_t pipe;
    struct control *control;
    bool used;
    uint64_t heard; /* loop time in ms */
    size_t filled;
    char line[CONTROL_LINE_MAX + 1];
};

struct control {
    uv_pipe_t pipe;
    control_answer *answer;
    void *arg;
    unsigned handles;
    bool closing;
    bool waiting; /* a connection, for a place: libuv takes no more until it's accepted */
    struct client client[CONTROL_CLIENTS_MAX];
};

static void handle_closed(struct control *control)
{
    control->handles--;
    if (control->handles == 0 && control->closing)
        free(control);
}

static void on_connection(uv_stream_t *server, int status);

static void client_closed(uv_handle_t *handle)
{
    struct client *client = handle->data;
    struct control *control = client->control;
    client->used = false;
    if (control->waiting && !control->closing) {
        control->waiting = false;
        on_connection((uv_stream_t *)&control->pipe, 0);
    }
    handle_closed(control);
}

static void drop(struct client *client)
{
    if (client->used && !uv_is_closing((uv_handle_t *)&client->pipe))
        uv_close((uv_handle_t *)&client->pipe, client_closed);
}

/* A client who lets his answers pile up until the socket is full isn't worth a queue. */
static bool say(struct client *client, char *answer)
{
    const size_t len = strnlen(answer, CONTROL_LINE_MAX - 1);
    answer[len] = '\n';
    const uv_buf_t buf = uv_buf_init(answer, (unsigned)len + 1);
    return uv_try_write((uv_stream_t *)&client->pipe, &buf, 1) == (int)len + 1;
}

static bool answer_line(struct client *client, size_t len)
{
    char answer[CONTROL_LINE_MAX] = "";
    client->line[len] = '\0';
    if (len > 0 && client->line[len - 1] == '\r')
        client->line[len - 1] = '\0';
    client->control->answer(client->control->arg, client->line, answer);
    client->filled -= len + 1;
    const bool said = say(client, answer);
    memmove(client->line, client->line + len + 1, client->filled);
    return said;
}

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    struct client *client = handle->data;
    *buf = uv_buf_init(client->line + client->filled,
                       (unsigned)(sizeof(client->line) - client->filled));
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    (void)buf;
    struct client *client = stream->data;
    if (got < 0) {
        drop(client);
        return;
    }
    client->filled += (size_t)got;
    client->heard = uv_now(stream->loop);
    const char *end;
    while ((end = memchr(client->line, '\n', client->filled)) != NULL) {
        if (!answer_line(client, (size_t)(end - client->line))) {
            drop(client);
            return;
        }
    }
    if (client->filled == sizeof(client->line)) {
        char answer[CONTROL_LINE_MAX] = "error: the line is too long";
        say(client, answer);
        drop(client);
    }
}

/* A free place, or NULL: then the longest silent client goes, and there will be one. */
static struct client *find_place(struct control *control)
{
    struct client *oldest = NULL;
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        struct client *client = &control->client[i];
        if (!client->used)
            return client;
        if (oldest == NULL || client->heard < oldest->heard)
            oldest = client;
    }
    drop(oldest);
    return NULL;
}

static void on_connection(uv_stream_t *server, int status)
{
    struct control *control = server->data;
    if (status != 0)
        return;
    struct client *client = find_place(control);
    if (client == NULL) {
        control->waiting = true;
        return;
    }
    uv_pipe_init(server->loop, &client->pipe, 0);
    control->handles++;
    client->pipe.data = client;
    client->control = control;
    client->used = true;
    client->filled = 0;
    client->heard = uv_now(server->loop);
    if (uv_accept(server, (uv_stream_t *)&client->pipe) != 0
        || uv_read_start((uv_stream_t *)&client->pipe, give_room, on_read) != 0)
        drop(client);
}

int control_clear_way(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    const int err =
        connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : errno;
    close(fd);
    if (err == 0 || err == EAGAIN)
        return -EADDRINUSE;
    if (err == ECONNREFUSED)
        unlink(path);
    return 0;
}

static void listener_closed(uv_handle_t *handle)
{
    handle_closed(handle->data);
}

int control_open(struct control **out, uv_loop_t *loop, const char *path,
                 control_answer *answer, void *arg)
{
    struct control *control = calloc(1, sizeof(*control));
    if (control == NULL)
        return -ENOMEM;
    control->answer = answer;
    control->arg = arg;
    int err = control_clear_way(path);
    if (err != 0) {
        free(control);
        return err;
    }
    uv_pipe_init(loop, &control->pipe, 0);
    control->pipe.data = control;
    control->handles = 1;
    err = uv_pipe_bind(&control->pipe, path);
    if (err == 0)
        err = uv_listen((uv_stream_t *)&control->pipe, 16, on_connection);
    if (err != 0) {
        control->closing = true;
        uv_close((uv_handle_t *)&control->pipe, listener_closed);
        return err;
    }
    *out = control;
    return 0;
}

void control_close(struct control *control)
{
    if (control == NULL)
        return;
    control->closing = true;
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
        drop(&control->client[i]);
    uv_close((uv_handle_t *)&control->pipe, listener_closed); /* libuv unlinks it */
}
