/* control.c -- RUN-DIR/control.sock */
#include "server/admin/control.h"

#include "server/admin/control_request.h"
#include "server/admin/reload.h"
#include "server/admin/report.h"
#include "server/admin/upgrade.h"
#include "server/base/log.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

struct client {
    uv_pipe_t pipe;
    uv_timer_t timer;
    unsigned handles; /* that aren't closed yet */
    struct control *control;
    struct client *next, **link;
    bool closing;
    bool awaited; /* reload.c or upgrade.c knows it: not to be freed */
    bool json;
    size_t len;
    char line[CONTROL_LINE_MAX];
    uv_write_t write;
    char header[32];
    char *body; /* malloc'd */
};

struct control {
    uv_pipe_t pipe;
    struct server *server;
    struct client *clients;
    size_t count;
    bool closing, closed;
    bool handed_over; /* another server listens at the path */
    struct sockaddr_un path;
};

static void free_when_last(struct control *control)
{
    if (control->closed && control->clients == NULL)
        free(control);
}

static void free_client(struct client *client)
{
    struct control *control = client->control;
    *client->link = client->next;
    if (client->next != NULL)
        client->next->link = client->link;
    control->count--;
    free(client->body);
    free(client);
    free_when_last(control);
}

static void client_closed(uv_handle_t *handle)
{
    struct client *client = handle->data;
    if (--client->handles == 0 && !client->awaited)
        free_client(client);
}

static void close_client(struct client *client)
{
    if (client->closing)
        return;
    client->closing = true;
    uv_close((uv_handle_t *)&client->pipe, client_closed);
    uv_close((uv_handle_t *)&client->timer, client_closed);
}

static void timed_out(uv_timer_t *timer)
{
    close_client(timer->data);
}

static void written(uv_write_t *write, int status)
{
    (void)status;
    close_client(write->data);
}

/* An answer being written: what report.c fills, then answer_end() sends. */
static FILE *answer_begin(struct client *client, size_t *octets)
{
    FILE *to = open_memstream(&client->body, octets);
    if (to == NULL)
        close_client(client);
    return to;
}

static void answer_end(struct client *client, FILE *to, const size_t *octets, bool ok)
{
    if (fclose(to) != 0) {
        close_client(client);
        return;
    }
    const int header = snprintf(client->header, sizeof client->header, "%s %zu\n",
                                ok ? "ok" : "failed", *octets);
    uv_buf_t buffers[] = {
        uv_buf_init(client->header, (unsigned)header),
        uv_buf_init(client->body, (unsigned)*octets),
    };
    client->write.data = client;
    uv_timer_start(&client->timer, timed_out, CONTROL_IDLE_MS, 0);
    if (uv_write(&client->write, (uv_stream_t *)&client->pipe, buffers, 2, written) != 0)
        close_client(client);
}

static void answer_text(struct client *client, const char *text, bool ok)
{
    size_t octets;
    FILE *to = answer_begin(client, &octets);
    if (to == NULL)
        return;
    report_text(to, text, ok, client->json);
    answer_end(client, to, &octets, ok);
}

static void answer_report(struct client *client,
                          void (*report)(FILE *to, const struct server *server, bool json))
{
    size_t octets;
    FILE *to = answer_begin(client, &octets);
    if (to == NULL)
        return;
    report(to, client->control->server, client->json);
    answer_end(client, to, &octets, true);
}

/* Whoever was awaited has answered. Returns whether the client is still there to be told. */
static bool is_there(struct client *client)
{
    client->awaited = false;
    if (client->closing && client->handles == 0)
        free_client(client);
    else
        return !client->closing;
    return false;
}

static void reloaded(void *context, const struct reload_result *result)
{
    struct client *client = context;
    if (!is_there(client))
        return;
    size_t octets;
    FILE *to = answer_begin(client, &octets);
    if (to == NULL)
        return;
    if (result->refused != NULL)
        report_refused(to, result->refused, client->json);
    else
        report_round(to, result->outcome, result->restart, client->json);
    answer_end(client, to, &octets, result->ok);
}

static void answer_reload(struct client *client, const struct control_request *request)
{
    if (upgrade_busy(client->control->server->upgrade)) {
        answer_text(client, "an upgrade is under way", false);
        return;
    }
    client->awaited = true;
    const int err = reload_request(client->control->server->reload,
                                   request->named ? &request->name : NULL, reloaded, client);
    if (err == 0)
        return;
    client->awaited = false;
    answer_text(client, err == -EBUSY ? "too many reloads wait already" : strerror(-err),
                false);
}

static void upgraded(void *context, bool ok, const char *text)
{
    struct client *client = context;
    if (is_there(client))
        answer_text(client, text, ok);
}

static void answer_upgrade(struct client *client, const struct control_request *request)
{
    log_notice("asked to upgrade by pharosctl");
    client->awaited = true;
    upgrade_request(client->control->server->upgrade, request->seconds, upgraded, client);
}

static void answer_stop(struct client *client)
{
    struct server *server = client->control->server;
    log_notice("asked to stop by pharosctl");
    answer_text(client, "stopping", true);
    server->stop(server);
}

static void answer(struct client *client, size_t len)
{
    struct control_request request;
    const char *wrong = control_request_parse(&request, client->line, len);
    client->json = request.json;
    if (wrong != NULL) {
        answer_text(client, wrong, false);
        return;
    }
    switch (request.command) {
    case CONTROL_STATUS:
        answer_report(client, report_status);
        return;
    case CONTROL_ZONES:
        answer_report(client, report_zones);
        return;
    case CONTROL_STATS:
        answer_report(client, report_stats);
        return;
    case CONTROL_INVENTORY:
        answer_report(client, report_inventory);
        return;
    case CONTROL_INVENTORY_ZONES:
        answer_report(client, report_inventory_zones);
        return;
    case CONTROL_RELOAD:
        answer_reload(client, &request);
        return;
    case CONTROL_UPGRADE:
        answer_upgrade(client, &request);
        return;
    case CONTROL_STOP:
        answer_stop(client);
        return;
    }
}

static void lend(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)suggested;
    struct client *client = handle->data;
    buffer->base = client->line + client->len;
    buffer->len = sizeof client->line - client->len;
}

static void received(uv_stream_t *stream, ssize_t octets, const uv_buf_t *buffer)
{
    (void)buffer;
    struct client *client = stream->data;
    if (octets < 0) { /* the end, an error, or a line longer than the room for it */
        close_client(client);
        return;
    }
    const size_t from = client->len;
    client->len += (size_t)octets;
    const char *end = memchr(client->line + from, '\n', (size_t)octets);
    if (end == NULL)
        return;
    uv_read_stop(stream);
    uv_timer_stop(&client->timer);
    answer(client, (size_t)(end - client->line));
}

static void accept_client(struct control *control)
{
    struct client *client = calloc(1, sizeof *client);
    if (client == NULL)
        return;
    client->control = control;
    client->handles = 2;
    client->pipe.data = client->timer.data = client;
    client->next = control->clients;
    client->link = &control->clients;
    if (client->next != NULL)
        client->next->link = &client->next;
    control->clients = client;
    control->count++;
    uv_pipe_init(control->server->loop, &client->pipe, 0);
    uv_timer_init(control->server->loop, &client->timer);
    if (uv_accept((uv_stream_t *)&control->pipe, (uv_stream_t *)&client->pipe) != 0
        || control->count > CONTROL_CLIENTS_MAX
        || uv_read_start((uv_stream_t *)&client->pipe, lend, received) != 0) {
        close_client(client);
        return;
    }
    uv_timer_start(&client->timer, timed_out, CONTROL_IDLE_MS, 0);
}

static void connected(uv_stream_t *stream, int status)
{
    if (status == 0)
        accept_client(stream->data);
}

static void control_closed(uv_handle_t *handle)
{
    struct control *control = handle->data;
    control->closed = true;
    free_when_last(control);
}

/* Returns the listening socket or a negative errno. libuv would remove the file of one that it
 * made, even where another server listens there by then. */
static int listen_at(const struct sockaddr_un *address)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    unlink(address->sun_path);
    if (bind(fd, (const struct sockaddr *)address, sizeof *address) != 0) {
        const int err = -errno;
        close(fd);
        return err;
    }
    return fd;
}

static int set_address(struct sockaddr_un *address, const char *run_dir)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    const int octets =
        snprintf(address->sun_path, sizeof address->sun_path, "%s/" CONTROL_SOCKET, run_dir);
    return octets < 0 || (size_t)octets >= sizeof address->sun_path ? -ENAMETOOLONG : 0;
}

/* Listens with the socket, which is owned then, or also once uv_pipe_open() has it. */
static int begin(struct control **out, struct server *server, const struct sockaddr_un *address,
                 int listener)
{
    struct control *control = calloc(1, sizeof *control);
    if (control == NULL) {
        close(listener);
        return -ENOMEM;
    }
    control->server = server;
    control->path = *address;
    control->pipe.data = control;
    uv_pipe_init(server->loop, &control->pipe, 0);
    int err = uv_pipe_open(&control->pipe, listener);
    if (err != 0)
        close(listener);
    else
        err = uv_listen((uv_stream_t *)&control->pipe, 16, connected);
    if (err != 0) {
        control_close(control);
        return err;
    }
    *out = control;
    return 0;
}

int control_open(struct control **out, struct server *server, const char *run_dir)
{
    struct sockaddr_un address;
    const int err = set_address(&address, run_dir);
    if (err != 0)
        return err;
    const int listener = listen_at(&address);
    return listener < 0 ? listener : begin(out, server, &address, listener);
}

int control_inherit(struct control **out, struct server *server, const char *run_dir,
                    int listener)
{
    struct sockaddr_un address;
    const int err = set_address(&address, run_dir);
    if (err != 0) {
        close(listener);
        return err;
    }
    return begin(out, server, &address, listener);
}

int control_listener(const struct control *control)
{
    int fd = -1;
    (void)uv_fileno((const uv_handle_t *)&control->pipe, &fd);
    return fd;
}

void control_hand_over(struct control *control)
{
    control->handed_over = true;
}

void control_close(struct control *control)
{
    if (control == NULL || control->closing)
        return;
    control->closing = true;
    for (struct client *client = control->clients; client != NULL; client = client->next) {
        assert(!client->awaited);
        close_client(client);
    }
    if (!control->handed_over)
        unlink(control->path.sun_path);
    uv_close((uv_handle_t *)&control->pipe, control_closed);
}
