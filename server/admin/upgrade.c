/* upgrade.c -- hands the server over to a new process of the same program */
#include "server/admin/upgrade.h"

#include "server/admin/control.h"
#include "server/admin/hand_message.h"
#include "server/admin/reload.h"
#include "server/base/log.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    LOOK_MS = 500,
    SILENCE_MS = 15000, /* the new server's loop says every second that it turns */
    REST_MS = 1000,     /* for the workers to finish a turn */
    END_MS = 300,       /* from the end of the socket to that of the process */
    REASON_MAX = 2048,
};

enum phase { PHASE_IDLE, PHASE_LOADING, PHASE_MOVING };

struct upgrade {
    struct server *server;
    const struct program *program;
    uv_timer_t timer;
    bool closing;

    enum phase phase;
    unsigned seconds;
    pid_t child;
    int socket;
    int memfd;       /* the new server's pulse; -1: not known */
    uv_poll_t *poll; /* of `socket` */
    uint64_t begin_ms, heard_ms;
    bool reload_after;
    struct moved *moved; /* owned: connections that the new server has got, but may not keep */
    upgrade_done *done;
    void *context;
};

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

static void free_upgrade(uv_handle_t *handle)
{
    free(handle->data);
}

/* Lets go of the new process, which goes on alone or is gone. */
static void forget(struct upgrade *u)
{
    uv_timer_stop(&u->timer);
    if (u->poll != NULL)
        uv_close((uv_handle_t *)u->poll, free_handle);
    if (u->socket >= 0)
        close(u->socket);
    if (u->memfd >= 0)
        close(u->memfd);
    moved_free(u->moved);
    u->poll = NULL;
    u->socket = u->memfd = -1;
    u->moved = NULL;
    u->child = 0;
    u->phase = PHASE_IDLE;
}

static void tell(struct upgrade *u, bool ok, const char *text)
{
    upgrade_done *done = u->done;
    u->done = NULL;
    if (done != NULL)
        done(u->context, ok, text);
}

/* Ends the process if it hasn't ended, and gives its status. One that has closed the socket is
 * about to end: how is worth to be known. */
static int reap(pid_t child, bool ended)
{
    int status = 0;
    for (int ms = 0; ended && ms < END_MS; ms++) {
        if (waitpid(child, &status, WNOHANG) == child)
            return status;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

/* Goes on as before. */
static void fail(struct upgrade *u, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void fail(struct upgrade *u, const char *format, ...)
{
    char reason[REASON_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    if (u->child > 0)
        reap(u->child, false);
    if (u->phase == PHASE_MOVING) {
        front_resume(u->server->front);
        front_adopt(u->server->front, u->moved);
        u->moved = NULL;
    }
    const bool reload = u->reload_after;
    forget(u);
    log_error("the upgrade failed, this server goes on: %s", reason);
    char text[REASON_MAX + 64];
    snprintf(text, sizeof text, "not upgraded, the running server goes on: %s", reason);
    tell(u, false, text);
    if (reload && !u->server->stopping)
        (void)reload_request(u->server->reload, NULL, NULL, NULL);
}

/* The new process has ended the socket. */
static void fail_ended(struct upgrade *u)
{
    const int status = reap(u->child, true);
    u->child = 0;
    if (WIFSIGNALED(status))
        fail(u, "the new server was ended by a signal: %s", strsignal(WTERMSIG(status)));
    else
        fail(u, "the new server ended with status %d before it was ready; its log tells more",
             WEXITSTATUS(status));
}

/* The listening sockets, borrowed. */
struct sockets {
    size_t count, capacity;
    int *fd; /* owned array */
    bool failed;
};

static void gather(void *context, int fd, const struct address *address, int type)
{
    (void)address;
    (void)type;
    struct sockets *sockets = context;
    if (sockets->count == sockets->capacity) {
        const size_t capacity = sockets->capacity == 0 ? 64 : 2 * sockets->capacity;
        int *grown = realloc(sockets->fd, capacity * sizeof *grown);
        if (grown == NULL) {
            sockets->failed = true;
            return;
        }
        sockets->fd = grown;
        sockets->capacity = capacity;
    }
    sockets->fd[sockets->count++] = fd;
}

static int send_sockets(struct upgrade *u)
{
    struct sockets sockets = {0};
    front_each_socket(u->server->front, gather, &sockets);
    int err = sockets.failed ? -ENOMEM : 0;
    for (size_t at = 0; err == 0 && at < sockets.count;) {
        struct hand_message message = {.type = HAND_SOCKETS};
        while (at < sockets.count && message.fds < HAND_FDS_MAX)
            message.fd[message.fds++] = sockets.fd[at++];
        err = hand_send(u->socket, &message);
    }
    free(sockets.fd);
    return err;
}

static int send_begin(struct upgrade *u)
{
    const struct server *server = u->server;
    struct hand_begin begin = {.pid = getpid()};
    memcpy(begin.instance, server->pulse->instance, sizeof begin.instance);
    memcpy(begin.cookie_secret, server->cookie_secret, sizeof begin.cookie_secret);
    const struct hand_message message = {
        .type = HAND_BEGIN,
        .octets = sizeof begin,
        .octet = (uint8_t *)&begin,
        .fds = 3,
        .fd = {server->lock, control_listener(server->control),
               pulse_socket_listener(server->pulse_socket)},
    };
    return hand_send(u->socket, &message);
}

static int send_connection(struct upgrade *u, const struct moved *moved)
{
    const struct hand_connection head = {moved->held_octets, moved->pending_octets,
                                         moved->ended};
    const size_t octets = moved->held_octets + moved->pending_octets;
    uint8_t *all = malloc(sizeof head + octets);
    if (all == NULL)
        return -ENOMEM;
    memcpy(all, &head, sizeof head);
    memcpy(all + sizeof head, moved->octet, octets);
    const struct hand_message message = {.type = HAND_CONNECTION,
                                         .octets = sizeof head + octets,
                                         .octet = all,
                                         .fds = 1,
                                         .fd = {moved->fd}};
    const int err = hand_send(u->socket, &message);
    free(all);
    return err;
}

/* Both servers answer by now. From here on only the new one does. */
static void move(struct upgrade *u)
{
    u->phase = PHASE_MOVING;
    const unsigned restless = front_rest(u->server->front, REST_MS, &u->moved);
    if (restless != 0)
        log_warning("%u workers are stuck: their connections are lost", restless);
    int err = 0;
    size_t count = 0;
    for (const struct moved *moved = u->moved; moved != NULL && err == 0; moved = moved->next) {
        err = send_connection(u, moved);
        count++;
    }
    if (err == 0)
        err = hand_send(u->socket, &(struct hand_message){.type = HAND_ADOPT});
    if (err != 0)
        fail(u, "can't hand connections over: %s", strerror(-err));
    else
        log_info("%zu TCP connections are handed over", count);
}

/* The zone in the lines of `names` that we serve, though the new server couldn't load it. */
static const char *find_lost(const struct upgrade *u, char *names)
{
    const struct roster *roster = maintain_roster(u->server->maintain);
    char *rest = names;
    for (char *text; (text = strsep(&rest, "\n")) != NULL;) {
        struct name name;
        if (*text == '\0' || name_from_string(&name, text) != NAME_OK)
            continue;
        name_lower(name.wire, name.octets);
        const struct roster_zone *zone = roster_find(roster, &name);
        if (zone != NULL && roster_zone_state(zone) != ROSTER_FAILED)
            return text;
    }
    return NULL;
}

static void on_ready(struct upgrade *u, struct hand_message *message)
{
    if (message->fds != 1) {
        fail(u, "the new server has no pulse");
        return;
    }
    u->memfd = message->fd[0];
    message->fd[0] = -1;
    const char *lost = find_lost(u, (char *)message->octet);
    if (lost != NULL)
        fail(u, "the new server can't load the zone %s, which is served; its log tells why",
             lost);
    else
        move(u);
}

static void send_watcher(void *context, const struct pulse_watcher *watcher)
{
    struct upgrade *u = context;
    struct pulse_watcher octets = *watcher;
    const struct hand_message message = {.type = HAND_WATCHER,
                                         .octets = sizeof octets,
                                         .octet = (uint8_t *)&octets,
                                         .fds = 1,
                                         .fd = {watcher->fd}};
    /* A failure shows at the farewell as well. */
    (void)hand_send(u->socket, &message);
}

/* The new server has everything. Watchers have a message with its pulse before our workers let go
 * of their mutexes; the service manager hears of the new one before that says a word. */
static void finish(struct upgrade *u)
{
    struct server *server = u->server;
    const pid_t child = u->child;
    pulse_socket_hand_over(server->pulse_socket, u->memfd, send_watcher, u);
    control_hand_over(server->control);
    notify_send(&server->notify, "MAINPID=%ld", (long)child);
    const int err = hand_send(u->socket, &(struct hand_message){.type = HAND_FAREWELL});
    if (err != 0)
        log_error("the new server ended as it took over: %s", strerror(-err));
    if (u->reload_after)
        kill(child, SIGHUP);
    log_notice("process %ld has taken over", (long)child);
    server->handed_over = true;
    char text[64];
    snprintf(text, sizeof text, "upgraded: process %ld has taken over", (long)child);
    forget(u);
    tell(u, true, text);
    uv_stop(server->loop);
}

static void on_message(struct upgrade *u, struct hand_message *message)
{
    const bool loading = u->phase == PHASE_LOADING;
    u->heard_ms = uv_now(u->server->loop);
    if (message->type == HAND_LOADING && loading)
        return;
    if (message->type == HAND_FAILED && loading)
        fail(u, "%s", (char *)message->octet);
    else if (message->type == HAND_READY && loading)
        on_ready(u, message);
    else if (message->type == HAND_ADOPTED && u->phase == PHASE_MOVING)
        finish(u);
    else
        fail(u, "the new server speaks out of turn");
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct upgrade *u = poll->data;
    if (u->poll != poll)
        return;
    struct hand_message message;
    const int err = hand_receive(u->socket, &message);
    if (err == -EPIPE) {
        fail_ended(u);
    } else if (err != 0) {
        fail(u, "the new server can't be understood: %s", strerror(-err));
    } else {
        on_message(u, &message);
        hand_message_fini(&message);
    }
}

static void on_look(uv_timer_t *timer)
{
    struct upgrade *u = timer->data;
    const uint64_t now = uv_now(u->server->loop);
    if (u->phase == PHASE_LOADING && now - u->begin_ms >= (uint64_t)u->seconds * 1000)
        fail(u, "the new server wasn't ready in %u seconds", u->seconds);
    else if (now - u->heard_ms >= SILENCE_MS)
        fail(u, "the new server hangs");
}

static int start(struct upgrade *u)
{
    int pair[2];
    uv_poll_t *poll = malloc(sizeof *poll);
    int err = poll == NULL ? -ENOMEM : hand_socketpair(pair);
    if (err != 0) {
        free(poll);
        return err;
    }
    u->socket = pair[0];
    const pid_t child = program_spawn(u->program, pair[1]);
    close(pair[1]);
    err = child < 0 ? (int)child : uv_poll_init(u->server->loop, poll, u->socket);
    if (err != 0) {
        if (child > 0)
            reap(child, false);
        free(poll);
        return err;
    }
    u->child = child;
    u->poll = poll;
    poll->data = u;
    err = send_sockets(u);
    if (err == 0)
        err = send_begin(u);
    /* A child that ended is worth more than the broken pipe. */
    return err == -EPIPE ? 0 : err;
}

static const char *unfit(const struct upgrade *u)
{
    if (u->phase != PHASE_IDLE)
        return "an upgrade is under way";
    if (u->server->stopping || u->server->handed_over || u->closing)
        return "the server stops";
    if (!u->server->answering || u->server->takeover != NULL || reload_busy(u->server->reload))
        return "a load is under way";
    if (front_xdps(u->server->front) != 0)
        return "listen-xdp can't be handed over: the kernel lets go of it with its process";
    return NULL;
}

void upgrade_request(struct upgrade *u, unsigned seconds, upgrade_done *done, void *context)
{
    const char *why = unfit(u);
    if (why != NULL) {
        done(context, false, why);
        return;
    }
    u->done = done;
    u->context = context;
    u->phase = PHASE_LOADING;
    u->seconds = seconds;
    u->reload_after = false;
    u->begin_ms = u->heard_ms = uv_now(u->server->loop);
    const int err = start(u);
    if (err != 0) {
        fail(u, "can't start %s: %s", u->program->path, strerror(-err));
        return;
    }
    log_notice("process %ld, %s, is started to take over", (long)u->child, u->program->path);
    uv_poll_start(u->poll, UV_READABLE | UV_DISCONNECT, on_readable);
    uv_timer_start(&u->timer, on_look, LOOK_MS, LOOK_MS);
}

bool upgrade_busy(const struct upgrade *upgrade)
{
    return upgrade != NULL && upgrade->phase != PHASE_IDLE;
}

void upgrade_reload_after(struct upgrade *upgrade)
{
    upgrade->reload_after = true;
}

void upgrade_cancel(struct upgrade *upgrade, const char *why)
{
    if (upgrade_busy(upgrade))
        fail(upgrade, "%s", why);
}

struct upgrade *upgrade_new(struct server *server, const struct program *program)
{
    struct upgrade *u = calloc(1, sizeof *u);
    if (u == NULL)
        return NULL;
    u->server = server;
    u->program = program;
    u->socket = u->memfd = -1;
    u->timer.data = u;
    uv_timer_init(server->loop, &u->timer);
    return u;
}

void upgrade_close(struct upgrade *upgrade)
{
    if (upgrade == NULL)
        return;
    upgrade_cancel(upgrade, "the server stops");
    upgrade->closing = true;
    uv_close((uv_handle_t *)&upgrade->timer, free_upgrade);
}
