/* inventory_client.c -- see inventory_client.h */
#include "server/sidecar/inventory_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_MAX = 32, ROOM_FIRST = 16 * 1024 };

struct inventory_question {
    uv_pipe_t pipe;
    uv_timer_t timer;
    uv_connect_t connect;
    uv_write_t write;
    inventory_told *told; /* NULL: it has been, or was cancelled */
    void *arg;
    const char *line;
    unsigned handles;
    char *text; /* owned */
    size_t octets, room;
};

static void on_closed(uv_handle_t *handle)
{
    struct inventory_question *q = handle->data;
    if (--q->handles != 0)
        return;
    free(q->text);
    free(q);
}

static void finish(struct inventory_question *q)
{
    q->told = NULL;
    if (uv_is_closing((uv_handle_t *)&q->pipe))
        return;
    uv_close((uv_handle_t *)&q->pipe, on_closed);
    uv_close((uv_handle_t *)&q->timer, on_closed);
}

static void fail(struct inventory_question *q, int err)
{
    if (q->told != NULL)
        q->told(q->arg, NULL, 0, err);
    finish(q);
}

/* "ok OCTETS\n" goes before the text, so that half an answer is known as such. */
static int strip_head(struct inventory_question *q)
{
    char head[HEAD_MAX];
    const char *end = memchr(q->text, '\n', q->octets < HEAD_MAX ? q->octets : HEAD_MAX);
    if (end == NULL)
        return -EBADMSG;
    const size_t len = (size_t)(end - q->text) + 1;
    const size_t rest = q->octets - len;
    if (snprintf(head, sizeof head, "ok %zu\n", rest) != (int)len
        || memcmp(head, q->text, len) != 0)
        return -EBADMSG;
    memmove(q->text, q->text + len, rest);
    q->text[rest] = '\0';
    q->octets = rest;
    return 0;
}

static void succeed(struct inventory_question *q)
{
    const int err = q->octets == 0 ? -ECONNRESET : strip_head(q);
    if (err != 0) {
        fail(q, err);
        return;
    }
    char *text = q->text;
    q->text = NULL;
    q->told(q->arg, text, q->octets, 0);
    finish(q);
}

/* One octet is kept for the NUL. */
static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct inventory_question *q = handle->data;
    (void)suggested;
    if (q->octets + 1 >= q->room && q->room < INVENTORY_OCTETS_MAX) {
        const size_t room = q->room == 0 ? ROOM_FIRST : q->room * 2;
        char *more = realloc(q->text, room);
        if (more != NULL) {
            q->text = more;
            q->room = room;
        }
    }
    const size_t left = q->room == 0 ? 0 : q->room - q->octets - 1;
    *buf = uv_buf_init(left == 0 ? NULL : q->text + q->octets, (unsigned)left);
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    struct inventory_question *q = stream->data;
    (void)buf;
    if (q->told == NULL || got == 0)
        return;
    if (got > 0)
        q->octets += (size_t)got;
    else if (got == UV_EOF)
        succeed(q);
    else
        fail(q, (int)got);
}

static void on_written(uv_write_t *write, int status)
{
    if (status < 0)
        fail(write->data, status);
}

static void on_connected(uv_connect_t *connect, int status)
{
    struct inventory_question *q = connect->data;
    if (q->told == NULL)
        return;
    const uv_buf_t line = uv_buf_init((char *)(uintptr_t)q->line, (unsigned)strlen(q->line));
    if (status == 0)
        status = uv_write(&q->write, (uv_stream_t *)&q->pipe, &line, 1, on_written);
    if (status == 0)
        status = uv_read_start((uv_stream_t *)&q->pipe, give_room, on_read);
    if (status != 0)
        fail(q, status);
}

static void on_patience_over(uv_timer_t *timer)
{
    fail(timer->data, -ETIMEDOUT);
}

struct inventory_question *inventory_ask(uv_loop_t *loop, const char *path, bool all_zones,
                                         inventory_told *told, void *arg)
{
    struct inventory_question *q = calloc(1, sizeof *q);
    if (q == NULL)
        return NULL;
    q->told = told;
    q->arg = arg;
    q->line = all_zones ? "inventory-zones\n" : "inventory\n";
    q->handles = 2;
    q->pipe.data = q->timer.data = q->connect.data = q->write.data = q;
    uv_pipe_init(loop, &q->pipe, 0);
    uv_timer_init(loop, &q->timer);
    uv_timer_start(&q->timer, on_patience_over, INVENTORY_PATIENCE_MS, 0);
    uv_pipe_connect(&q->connect, &q->pipe, path, on_connected);
    return q;
}

void inventory_cancel(struct inventory_question *question)
{
    if (question != NULL)
        finish(question);
}
