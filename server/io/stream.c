/* stream.c -- TCP: connections, their queries and answers */
#include "server/io/stream.h"

#include "server/io/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    STALLED_MS = 1000
}; /* a slow network's client sends the rest of its query within that */

struct streams *streams_new(const struct streams_config *config)
{
    struct streams *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return NULL;
    s->service = config->service;
    s->clients = config->clients;
    s->loop = config->loop;
    s->worker = config->worker;
    s->pause = config->pause;
    s->context = config->context;
    link_init(&s->idle);
    link_init(&s->busy);
    for (unsigned i = 0; i < STREAM_BATCH; i++)
        s->exchange[i] = (struct exchange){.transport = TRANSPORT_TCP,
                                           .answer = s->answer[i] + FRAME_PREFIX,
                                           .answer_max = MESSAGE_MAX};
    return s;
}

void streams_free(struct streams *streams)
{
    free(streams);
}

/* Closes the oldest of the idle connections in `list`, whose links are `offset` octets into a
 * connection. Returns false if there's none. */
static bool evict(struct streams *s, struct link *list, size_t offset)
{
    batch_answer(s);
    if (link_alone(list))
        return false;
    connection_close((struct connection *)(void *)((char *)list->next - offset));
    pulse_add(&s->service->pulse->tcp_refused, 1);
    return true;
}

/* Resets the connection that has been busy without progress the longest, if that is long enough: one octet
 * of a message that never comes would otherwise hold a place until the idle time is over. */
static bool evict_stalled(struct streams *s)
{
    batch_answer(s);
    if (link_alone(&s->busy))
        return false;
    struct connection *c = link_member(s->busy.next, struct connection, order);
    if (uv_now(s->loop) - c->progress_ms < STALLED_MS)
        return false;
    connection_give_up(c);
    pulse_add(&s->service->pulse->tcp_refused, 1);
    return true;
}

static bool evict_oldest(struct streams *s)
{
    return evict(s, &s->idle, offsetof(struct connection, order)) || evict_stalled(s);
}

static bool evict_of(struct streams *s, struct client *client)
{
    return evict(s, &client->idle[s->worker], offsetof(struct connection, of_client));
}

/* Whether there's room for one more connection of the client. Another worker's idle connection isn't ours to
 * close: that worker is asked to, and the client finds room when it tries again. */
static bool make_room(struct streams *s, enum admission admission, struct client *client)
{
    switch (admission) {
    case ADMISSION_GRANTED:
        return true;
    case ADMISSION_FULL:
        if (evict_oldest(s))
            return true;
        clients_want(s->clients, NULL);
        break;
    case ADMISSION_CLIENT_FULL:
        if (evict_of(s, client))
            return true;
        clients_want(s->clients, client);
        break;
    case ADMISSION_NO_MEMORY:
        break;
    }
    return false;
}

static void admit(struct streams *s, int fd, const struct sockaddr *peer)
{
    struct client *client = NULL;
    const enum admission admission = clients_enter(s->clients, peer, &client);
    if (make_room(s, admission, client) && connection_open(s, client, peer, fd))
        return;
    if (admission != ADMISSION_NO_MEMORY)
        clients_leave(s->clients, client);
    close(fd);
    pulse_add(&s->service->pulse->tcp_refused, 1);
}

enum accepted streams_accept(struct streams *s, int listener, unsigned path)
{
    struct sockaddr_storage peer;
    socklen_t octets = sizeof(peer);
    const int fd =
        accept4(listener, (struct sockaddr *)&peer, &octets, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        s->accepting = path;
        admit(s, fd, (const struct sockaddr *)&peer);
        return ACCEPTED_ONE;
    }
    switch (errno) {
    case EAGAIN:
        return ACCEPTED_ALL;
    case EMFILE:
        /* Descriptors are a limit like the others. */
        return evict_oldest(s) ? ACCEPTED_ONE : ACCEPTED_LATER;
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        return ACCEPTED_LATER;
    default:
        /* Linux gives here what went wrong with the connection that isn't any more. */
        return ACCEPTED_ONE;
    }
}

void streams_turn(struct streams *streams)
{
    streams->turn++;
}

static void expire(struct streams *s, struct link *list)
{
    const uint64_t now = uv_now(s->loop);
    const uint64_t idle_ms = clients_idle_ms(s->clients);
    while (!link_alone(list)) {
        struct connection *c = link_member(list->next, struct connection, order);
        if (now - c->progress_ms < idle_ms)
            return;
        connection_give_up(c);
    }
}

/* Makes the room that other workers asked for. */
static void grant_wish(struct streams *s)
{
    struct client *client;
    switch (clients_wish(s->clients, s->worker, !link_alone(&s->idle), &client)) {
    case CLIENTS_WISH_ANY:
        evict_oldest(s);
        break;
    case CLIENTS_WISH_CLIENT:
        evict_of(s, client);
        break;
    case CLIENTS_WISH_NONE:
        break;
    }
}

void streams_answer(struct streams *streams)
{
    batch_answer(streams);
}

void streams_expire(struct streams *streams)
{
    batch_answer(streams);
    expire(streams, &streams->idle);
    expire(streams, &streams->busy);
    grant_wish(streams);
}

static void close_list(struct link *list)
{
    while (!link_alone(list))
        connection_close(link_member(list->next, struct connection, order));
}

void streams_finish(struct streams *streams)
{
    batch_answer(streams);
    streams->finishing = true;
    close_list(&streams->idle);
}

void streams_close_all(struct streams *streams)
{
    batch_answer(streams);
    close_list(&streams->idle);
    close_list(&streams->busy);
}

size_t streams_count(const struct streams *streams)
{
    return streams->count;
}
