/* route_client.c -- see route_client.h */
#include "server/sidecar/route_client.h"

#include "server/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum route route_from_text(const char *line)
{
    if (strncmp(line, "up ", 3) == 0)
        return ROUTE_UP;
    if (strncmp(line, "drain ", 6) == 0)
        return ROUTE_DRAIN;
    if (strncmp(line, "down ", 5) != 0)
        return ROUTE_UNKNOWN;
    static const char *const fresh[] = {"start", "server-leaving", "server-starting"};
    static const char *const withdrawn[] = {"server-away", "server-hung"};
    const char *reason = line + 5;
    const size_t octets = strcspn(reason, " ");
    for (size_t i = 0; i < sizeof(fresh) / sizeof(fresh[0]); i++) {
        if (strlen(fresh[i]) == octets && strncmp(reason, fresh[i], octets) == 0)
            return ROUTE_FRESH;
    }
    for (size_t i = 0; i < sizeof(withdrawn) / sizeof(withdrawn[0]); i++) {
        if (strlen(withdrawn[i]) == octets && strncmp(reason, withdrawn[i], octets) == 0)
            return ROUTE_WITHDRAWN;
    }
    return ROUTE_DOWN;
}

const char *progress_to_text(enum progress progress)
{
    static const char *const text[] = {"unknown", "applied", "pending", "failing"};
    return text[progress];
}

enum progress progress_from_text(const char *line)
{
    if (route_from_text(line) == ROUTE_UNKNOWN)
        return PROGRESS_UNKNOWN;
    const char *last = strrchr(line, ' ');
    for (enum progress p = PROGRESS_PENDING; p <= PROGRESS_FAILING; p++) {
        if (strcmp(last + 1, progress_to_text(p)) == 0)
            return p;
    }
    return PROGRESS_APPLIED;
}

static void forget_route(struct route_client *c)
{
    c->route = ROUTE_UNKNOWN;
    c->progress = PROGRESS_UNKNOWN;
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

static void disconnect(struct route_client *c)
{
    if (c->pipe == NULL)
        return;
    c->pipe->data = NULL;
    uv_close((uv_handle_t *)c->pipe, free_handle);
    c->pipe = NULL;
    c->connected = false;
    forget_route(c);
}

static void lose(struct route_client *c, int err)
{
    disconnect(c);
    if (!c->told_away)
        log_warning("%s: no driver at %s (%s); the route stays as it is there, trying on",
                    c->name, c->path, uv_strerror(err));
    c->told_away = true;
}

static void say(struct route_client *c, const char *text)
{
    const uv_buf_t buf = uv_buf_init((char *)(uintptr_t)text, (unsigned)strlen(text));
    c->pending++;
    const int sent = uv_try_write((uv_stream_t *)c->pipe, &buf, 1);
    if (sent != (int)buf.len)
        lose(c, sent < 0 ? sent : UV_ENOBUFS);
}

static void ask(struct route_client *c)
{
    c->asked = true;
    say(c, "get\n");
}

static void say_wish(struct route_client *c)
{
    char text[CONTROL_LINE_MAX];
    snprintf(text, sizeof(text), "%s\n", wish_to_text(c->wish));
    if (c->wish == WISH_UP) {
        size_t at = (size_t)snprintf(text, sizeof(text), "up ");
        for (size_t i = 0; i < INSTANCE_OCTETS; i++)
            at += (size_t)snprintf(text + at, sizeof(text) - at, "%02x", c->instance[i]);
        snprintf(text + at, sizeof(text) - at, "\n");
    }
    forget_route(c);
    c->asked = false;
    say(c, text);
}

/* The timer runs; its next round begins then. */
static void ask_in(struct route_client *c, unsigned ms)
{
    uv_timer_set_repeat(&c->timer, ms);
    uv_timer_again(&c->timer);
}

/* What the driver let go of before this wish is down, and nothing to be taken in again. */
static enum route find_route(struct route_client *c, const char *line)
{
    const enum route route = route_from_text(line);
    c->seen_up = c->seen_up || route == ROUTE_UP;
    return route == ROUTE_WITHDRAWN && !c->seen_up ? ROUTE_DOWN : route;
}

/* A driver that let go of a route which it had held for this wish isn't contradicted here. */
static bool differs(const struct route_client *c)
{
    return (c->wish == WISH_UP && c->route != ROUTE_UP && c->route != ROUTE_WITHDRAWN)
           || (c->wish == WISH_DRAIN && c->route == ROUTE_UP)
           || (c->wish == WISH_DOWN && (c->route == ROUTE_UP || c->route == ROUTE_DRAIN));
}

/* Nobody else says so: to the driver the word is taken, and to the server nothing is wrong. */
static void tell_progress(struct route_client *c, const char *line)
{
    if (c->progress == PROGRESS_FAILING && !c->told_failing)
        log_error("%s: the driver can't carry the word out, its log has why: %s", c->name,
                  line);
    else if (c->progress == PROGRESS_APPLIED && c->told_failing)
        log_notice("%s: the driver has carried the word out: %s", c->name, line);
    c->told_failing =
        c->progress == PROGRESS_FAILING || (c->told_failing && c->progress != PROGRESS_APPLIED);
}

/* Answers come in order, and only the last one says how things are now. A word that was refused is
 * given again after the next "get". */
static void hear(struct route_client *c, char *line)
{
    for (char *at = line; *at != '\0'; at++) {
        if (*at < ' ' || *at > '~')
            *at = '?';
    }
    const bool refused = strncmp(line, "refused", 7) == 0 || strncmp(line, "error", 5) == 0;
    if (refused && !c->told_refused)
        log_warning("%s: the driver says: %s", c->name, line);
    c->told_refused = refused || (c->told_refused && c->asked);
    c->overdue = false;
    if (c->pending != 0)
        c->pending--;
    if (c->pending != 0)
        return;
    c->route = find_route(c, line);
    c->progress = progress_from_text(line);
    tell_progress(c, line);
    if (refused)
        ask_in(c, ROUTE_CLIENT_AGAIN_MS);
    else if (c->asked && differs(c))
        say_wish(c);
}

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    struct route_client *c = handle->data;
    *buf = c == NULL
               ? uv_buf_init(NULL, 0)
               : uv_buf_init(c->line + c->filled, (unsigned)(sizeof(c->line) - c->filled));
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    (void)buf;
    struct route_client *c = stream->data;
    if (c == NULL)
        return;
    if (got < 0) {
        lose(c, (int)got);
        return;
    }
    c->filled += (size_t)got;
    char *end;
    while (c->pipe != NULL && (end = memchr(c->line, '\n', c->filled)) != NULL) {
        char line[CONTROL_LINE_MAX + 1];
        const size_t octets = (size_t)(end - c->line);
        memcpy(line, c->line, octets);
        line[octets] = '\0';
        c->filled -= octets + 1;
        memmove(c->line, end + 1, c->filled);
        hear(c, line);
    }
    if (c->pipe != NULL && c->filled == sizeof(c->line))
        lose(c, UV_EPROTO);
}

static void on_connected(uv_connect_t *connect, int status)
{
    struct route_client *c = connect->handle->data;
    if (c == NULL)
        return;
    if (status == 0)
        status = uv_read_start((uv_stream_t *)c->pipe, give_room, on_read);
    if (status != 0) {
        lose(c, status);
        return;
    }
    if (c->told_away)
        log_notice("%s: the driver at %s is back", c->name, c->path);
    c->connected = true;
    c->told_away = false;
    c->filled = 0;
    c->pending = 0;
    c->overdue = false;
    ask(c);
}

static void connect_now(struct route_client *c)
{
    c->pipe = malloc(sizeof(*c->pipe));
    if (c->pipe == NULL)
        return;
    if (uv_pipe_init(c->loop, c->pipe, 0) != 0) {
        free(c->pipe);
        c->pipe = NULL;
        return;
    }
    c->pipe->data = c;
    uv_pipe_connect(&c->connect, c->pipe, c->path, on_connected);
}

static void on_timer(uv_timer_t *timer)
{
    struct route_client *c = timer->data;
    ask_in(c, ROUTE_CLIENT_ASK_MS);
    if (c->pipe == NULL)
        connect_now(c);
    else if (c->connected && c->pending == 0)
        ask(c);
    else if (c->connected && !c->overdue)
        c->overdue = true; /* what was said a moment ago may well be on its way */
    else if (c->connected)
        lose(c, UV_ETIMEDOUT); /* no answer in all that time */
}

int route_client_start(struct route_client *c, uv_loop_t *loop, const char *name,
                       const char *path)
{
    *c = (struct route_client){.name = name, .path = path, .loop = loop};
    c->timer.data = c;
    uv_timer_init(loop, &c->timer);
    if (path == NULL) {
        c->route = ROUTE_FRESH;
        c->progress = PROGRESS_APPLIED;
        return 0;
    }
    return uv_timer_start(&c->timer, on_timer, 0, ROUTE_CLIENT_ASK_MS);
}

void route_client_wish(struct route_client *c, enum wish wish)
{
    c->wish = wish;
    c->seen_up = false;
    if (wish == WISH_NOTHING)
        return;
    if (c->path == NULL) {
        log_notice("%s: dry run: would say %s", c->name, wish_to_text(wish));
        c->route = wish == WISH_UP ? ROUTE_UP : wish == WISH_DRAIN ? ROUTE_DRAIN : ROUTE_DOWN;
    } else if (c->connected) {
        say_wish(c);
    }
}

void route_client_reconnect(struct route_client *c)
{
    disconnect(c);
    if (c->path != NULL)
        uv_timer_start(&c->timer, on_timer, 0, ROUTE_CLIENT_ASK_MS);
}

void route_client_stop(struct route_client *c)
{
    disconnect(c);
    uv_close((uv_handle_t *)&c->timer, NULL);
}
