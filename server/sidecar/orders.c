/* orders.c -- see orders.h */
#include "server/sidecar/orders.h"

#include "server/sidecar/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

struct orders {
    uv_pipe_t pipe;
    orders_carry_out *carry_out;
    void *arg;
    unsigned handles; /* this one's and its clients' */
    struct customer *customer[ORDERS_CLIENTS_MAX];
};

/* Two handles; freed when both have closed. */
struct customer {
    uv_pipe_t pipe;
    uv_timer_t timer;
    uv_write_t write;
    struct orders *orders;
    unsigned handles;
    size_t filled;
    char line[ROUTE_LINE_MAX];
    char *answer; /* owned */
};

static void handle_closed(struct orders *orders)
{
    if (--orders->handles == 0)
        free(orders);
}

static void on_closed(uv_handle_t *handle)
{
    struct customer *c = handle->data;
    if (--c->handles != 0)
        return;
    struct orders *orders = c->orders;
    for (size_t i = 0; i < ORDERS_CLIENTS_MAX; i++) {
        if (orders->customer[i] == c)
            orders->customer[i] = NULL;
    }
    free(c->answer);
    free(c);
    handle_closed(orders);
}

static void drop(struct customer *c)
{
    if (uv_is_closing((uv_handle_t *)&c->pipe))
        return;
    uv_close((uv_handle_t *)&c->pipe, on_closed);
    uv_close((uv_handle_t *)&c->timer, on_closed);
}

static void on_patience_over(uv_timer_t *timer)
{
    drop(timer->data);
}

static void on_written(uv_write_t *write, int status)
{
    (void)status;
    drop(write->data);
}

/* The text's head goes before it, so that a client can tell whether it has got all. */
static char *make_answer(bool ok, const char *text, size_t octets, size_t *whole)
{
    char *answer = malloc(octets + 32);
    if (answer == NULL)
        return NULL;
    const int head = snprintf(answer, 32, "%s %zu\n", ok ? "ok" : "failed", octets);
    memcpy(answer + head, text, octets);
    *whole = (size_t)head + octets;
    return answer;
}

static void answer(struct customer *c)
{
    struct route_request request;
    char *text = NULL;
    size_t octets = 0, whole = 0;
    FILE *to = open_memstream(&text, &octets);
    if (to == NULL) {
        drop(c);
        return;
    }
    const char *wrong = route_request_parse(&request, c->line);
    if (wrong != NULL)
        fprintf(to, "%s\n", wrong);
    const bool ok = wrong == NULL && c->orders->carry_out(c->orders->arg, &request, to);
    if (fclose(to) == 0)
        c->answer = make_answer(ok, text, octets, &whole);
    free(text);
    const uv_buf_t buf = uv_buf_init(c->answer, (unsigned)whole);
    c->write.data = c;
    if (c->answer == NULL
        || uv_write(&c->write, (uv_stream_t *)&c->pipe, &buf, 1, on_written) != 0)
        drop(c);
}

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    struct customer *c = handle->data;
    *buf = uv_buf_init(c->line + c->filled, (unsigned)(sizeof(c->line) - c->filled));
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    (void)buf;
    struct customer *c = stream->data;
    if (got < 0) {
        drop(c);
        return;
    }
    c->filled += (size_t)got;
    char *end = memchr(c->line, '\n', c->filled);
    if (end != NULL) {
        *end = '\0';
        uv_read_stop(stream);
        answer(c);
    } else if (c->filled == sizeof(c->line)) {
        drop(c);
    }
}

static struct customer **find_place(struct orders *orders)
{
    for (size_t i = 0; i < ORDERS_CLIENTS_MAX; i++) {
        if (orders->customer[i] == NULL)
            return &orders->customer[i];
    }
    return NULL;
}

/* One that there's no place for is accepted and closed. */
static void on_connection(uv_stream_t *server, int status)
{
    struct orders *orders = server->data;
    struct customer *c = status != 0 ? NULL : calloc(1, sizeof(*c));
    if (c == NULL)
        return;
    c->orders = orders;
    c->handles = 2;
    c->pipe.data = c->timer.data = c;
    uv_pipe_init(server->loop, &c->pipe, 0);
    uv_timer_init(server->loop, &c->timer);
    orders->handles++;
    struct customer **place = find_place(orders);
    if (place != NULL)
        *place = c;
    uv_timer_start(&c->timer, on_patience_over, ORDERS_PATIENCE_MS, 0);
    if (uv_accept(server, (uv_stream_t *)&c->pipe) != 0 || place == NULL
        || uv_read_start((uv_stream_t *)&c->pipe, give_room, on_read) != 0)
        drop(c);
}

static void listener_closed(uv_handle_t *handle)
{
    handle_closed(handle->data);
}

int orders_open(struct orders **out, uv_loop_t *loop, const char *path,
                orders_carry_out *carry_out, void *arg)
{
    int err = control_clear_way(path);
    struct orders *orders = err != 0 ? NULL : calloc(1, sizeof(*orders));
    if (orders == NULL)
        return err != 0 ? err : -ENOMEM;
    orders->carry_out = carry_out;
    orders->arg = arg;
    orders->handles = 1;
    orders->pipe.data = orders;
    uv_pipe_init(loop, &orders->pipe, 0);
    err = uv_pipe_bind(&orders->pipe, path);
    if (err == 0)
        err = uv_listen((uv_stream_t *)&orders->pipe, ORDERS_CLIENTS_MAX, on_connection);
    if (err != 0) {
        uv_close((uv_handle_t *)&orders->pipe, listener_closed);
        return err;
    }
    *out = orders;
    return 0;
}

void orders_close(struct orders *orders)
{
    if (orders == NULL)
        return;
    for (size_t i = 0; i < ORDERS_CLIENTS_MAX; i++) {
        if (orders->customer[i] != NULL)
            drop(orders->customer[i]);
    }
    uv_close((uv_handle_t *)&orders->pipe, listener_closed); /* libuv unlinks it */
}
