/* takeover.c -- takes the server over from the process that started us for it */
#include "server/admin/takeover.h"

#include "server/admin/hand_message.h"
#include "server/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    LOADING_MS = 1000,
    LOST_OCTETS_MAX = 64 * 1024, /* names of zones, of which one is enough to fail */
};

bool takeover_wanted(void)
{
    return getenv(HAND_VARIABLE) != NULL;
}

/* Our end of the pair, from the environment. */
static int find_socket(void)
{
    const char *text = getenv(HAND_VARIABLE);
    const long fd = text == NULL ? -1 : strtol(text, NULL, 10);
    unsetenv(HAND_VARIABLE);
    int domain = 0;
    socklen_t octets = sizeof domain;
    if (fd <= STDERR_FILENO || fd > 1024
        || getsockopt((int)fd, SOL_SOCKET, SO_DOMAIN, &domain, &octets) != 0
        || domain != AF_UNIX || fcntl((int)fd, F_SETFD, FD_CLOEXEC) != 0)
        return -EBADF;
    return (int)fd;
}

static int take_sockets(struct takeover *t, struct hand_message *message)
{
    int err = 0;
    for (size_t i = 0; i < message->fds && err == 0; i++) {
        err = inherited_add(&t->sockets, message->fd[i]);
        message->fd[i] = -1;
    }
    return err;
}

static int take_begin(struct takeover *t, struct hand_message *message)
{
    struct hand_begin begin;
    if (message->octets != sizeof begin || message->fds != 3)
        return -EBADMSG;
    memcpy(&begin, message->octet, sizeof begin);
    memcpy(t->instance, begin.instance, sizeof t->instance);
    memcpy(t->cookie_secret, begin.cookie_secret, sizeof t->cookie_secret);
    t->pid = (long)begin.pid;
    t->lock = message->fd[0];
    t->control = message->fd[1];
    t->pulse = message->fd[2];
    message->fds = 0;
    return 0;
}

/* Everything up to HAND_BEGIN. */
static int receive_beginning(struct takeover *t)
{
    int err = 0;
    while (err == 0 && t->lock < 0) {
        struct hand_message message;
        err = hand_receive(t->socket, &message);
        if (err != 0)
            break;
        if (message.type == HAND_SOCKETS)
            err = take_sockets(t, &message);
        else if (message.type == HAND_BEGIN)
            err = take_begin(t, &message);
        else
            err = -EBADMSG;
        hand_message_fini(&message);
    }
    return err;
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void fini(struct takeover *t)
{
    inherited_fini(&t->sockets);
    close_one(&t->lock);
    close_one(&t->control);
    close_one(&t->pulse);
    close_one(&t->socket);
    for (size_t i = 0; i < t->watchers; i++)
        close_one(&t->watcher[i].fd);
    moved_free(t->moved);
    t->moved = NULL;
}

int takeover_begin(struct takeover **out)
{
    struct takeover *t = calloc(1, sizeof *t);
    if (t == NULL)
        return -ENOMEM;
    t->lock = t->control = t->pulse = -1;
    t->socket = find_socket();
    const int err = t->socket < 0 ? t->socket : receive_beginning(t);
    if (err != 0) {
        fini(t);
        free(t);
        return err;
    }
    *out = t;
    return 0;
}

static void send_text(const struct takeover *t, enum hand_type type, const char *text,
                      size_t octets)
{
    const struct hand_message message = {.type = type,
                                         .octets = octets < HAND_OCTETS_MAX ? octets
                                                                            : HAND_OCTETS_MAX,
                                         .octet = (uint8_t *)(uintptr_t)text};
    (void)hand_send(t->socket, &message); /* if that fails nobody needs to know */
}

void takeover_fail(const struct takeover *takeover, const char *why)
{
    if (takeover != NULL)
        send_text(takeover, HAND_FAILED, why, strlen(why));
}

void takeover_fail_notes(const struct takeover *takeover, const struct notes *notes)
{
    if (takeover == NULL)
        return;
    char *text = NULL;
    size_t octets = 0;
    FILE *to = open_memstream(&text, &octets);
    if (to != NULL) {
        notes_print(notes, to);
        if (fclose(to) == 0 && octets > 0)
            send_text(takeover, HAND_FAILED, text, octets - 1);
    }
    free(text);
}

static void take_charge(struct takeover *t)
{
    uv_poll_stop(&t->poll);
    uv_timer_stop(&t->timer);
    struct moved *moved = t->moved;
    t->moved = NULL;
    front_adopt(t->server->front, moved);
    log_notice("taken over from process %ld", t->pid);
    t->in_charge(t->server);
}

/* Nothing is ours yet that would have to be put in order. */
static void give_up(const struct takeover *t)
{
    log_error("process %ld, which started us to take over, has ended or given up", t->pid);
    _exit(EXIT_FAILURE);
}

static int take_connection(struct takeover *t, struct hand_message *message)
{
    struct hand_connection head;
    if (message->octets < sizeof head || message->fds != 1)
        return -EBADMSG;
    memcpy(&head, message->octet, sizeof head);
    const size_t octets = message->octets - sizeof head;
    if (head.held_octets > octets || head.pending_octets != octets - head.held_octets)
        return -EBADMSG;
    struct moved *moved = moved_new(head.held_octets, head.pending_octets);
    if (moved == NULL)
        return -ENOMEM;
    moved->fd = message->fd[0];
    message->fd[0] = -1;
    moved->ended = head.ended != 0;
    memcpy(moved->octet, message->octet + sizeof head, octets);
    moved->next = t->moved;
    t->moved = moved;
    return 0;
}

/* The old server keeps the connections until it hears of this. They came the longest idle first,
 * and were put one in front of the other. */
static int adopt(struct takeover *t)
{
    struct moved *list = NULL;
    while (t->moved != NULL) {
        struct moved *moved = t->moved;
        t->moved = moved->next;
        moved->next = list;
        list = moved;
    }
    front_adopt(t->server->front, list);
    return hand_send(t->socket, &(struct hand_message){.type = HAND_ADOPTED});
}

static int take_watcher(struct takeover *t, struct hand_message *message)
{
    if (message->octets != sizeof t->watcher[0] || message->fds != 1
        || t->watchers == PULSE_SOCKET_CLIENTS_MAX)
        return -EBADMSG;
    struct pulse_watcher *watcher = &t->watcher[t->watchers++];
    memcpy(watcher, message->octet, sizeof *watcher);
    watcher->fd = message->fd[0];
    message->fd[0] = -1;
    return 0;
}

/* Returns 1 where we are in charge, 0 to go on, or a negative errno. */
static int on_message(struct takeover *t, struct hand_message *message)
{
    switch (message->type) {
    case HAND_CONNECTION:
        return take_connection(t, message);
    case HAND_ADOPT:
        return adopt(t);
    case HAND_WATCHER:
        return take_watcher(t, message);
    case HAND_FAREWELL:
        return 1;
    default:
        return -EBADMSG;
    }
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct takeover *t = poll->data;
    struct hand_message message;
    int err = hand_receive(t->socket, &message);
    if (err == 0 && t->ready)
        err = on_message(t, &message);
    else if (err == 0)
        err = -EBADMSG;
    if (err <= 0 && !t->ready && err != 0)
        give_up(t);
    /* Who broke off without a farewell is gone: it would have ended us otherwise. */
    if (err != 0)
        take_charge(t);
    hand_message_fini(&message);
}

static void on_time(uv_timer_t *timer)
{
    struct takeover *t = timer->data;
    if (!t->ready)
        send_text(t, HAND_LOADING, "", 0);
}

void takeover_watch(struct takeover *takeover, struct server *server,
                    void (*in_charge)(struct server *server))
{
    takeover->server = server;
    takeover->in_charge = in_charge;
    takeover->poll.data = takeover->timer.data = takeover;
    takeover->watching = true;
    uv_timer_init(server->loop, &takeover->timer);
    uv_poll_init(server->loop, &takeover->poll, takeover->socket);
    uv_timer_start(&takeover->timer, on_time, 0, LOADING_MS);
    uv_poll_start(&takeover->poll, UV_READABLE | UV_DISCONNECT, on_readable);
}

/* The names of zones that couldn't be loaded, a line each. */
static void print_failed(const struct server *server, FILE *to)
{
    const struct roster *roster = maintain_roster(server->maintain);
    const struct roster_zone *zone = NULL;
    char text[NAME_TEXT_MAX];
    while ((zone = roster_next(roster, zone)) != NULL && ftell(to) < LOST_OCTETS_MAX) {
        if (roster_zone_state(zone) == ROSTER_FAILED)
            fprintf(to, "%s\n", roster_name_text(zone->wire, text));
    }
}

void takeover_ready(struct takeover *takeover)
{
    char *text = NULL;
    size_t octets = 0;
    FILE *to = open_memstream(&text, &octets);
    if (to == NULL)
        give_up(takeover);
    print_failed(takeover->server, to);
    if (fclose(to) != 0)
        give_up(takeover);
    const struct hand_message message = {.type = HAND_READY,
                                         .octets = octets,
                                         .octet = (uint8_t *)text,
                                         .fds = 1,
                                         .fd = {takeover->server->memfd}};
    const int err = hand_send(takeover->socket, &message);
    free(text);
    if (err != 0)
        give_up(takeover);
    takeover->ready = true;
}

static void free_takeover(uv_handle_t *handle)
{
    struct takeover *t = handle->data;
    if (!uv_is_closing((uv_handle_t *)&t->timer)) {
        uv_close((uv_handle_t *)&t->timer, free_takeover);
        return;
    }
    free(t);
}

void takeover_close(struct takeover *takeover)
{
    if (takeover == NULL)
        return;
    if (takeover->watching)
        uv_close((uv_handle_t *)&takeover->poll, free_takeover);
    fini(takeover);
    if (!takeover->watching)
        free(takeover);
}
