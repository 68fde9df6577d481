/* moving.c -- TCP connections on their way from one process to another */
#include "server/io/moving.h"

#include "server/io/connection.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

_Static_assert((int)MOVED_HELD_MAX >= (int)FRAME_MAX + (int)STREAM_READ_MAX,
               "all that a connection holds");
_Static_assert((int)MOVED_PENDING_MAX >= (int)STREAM_OUTPUT_MAX, "all that waits for a peer");

struct moved *moved_new(size_t held_octets, size_t pending_octets)
{
    if (held_octets > MOVED_HELD_MAX || pending_octets > MOVED_PENDING_MAX)
        return NULL;
    struct moved *moved = malloc(sizeof(*moved) + held_octets + pending_octets);
    if (moved == NULL)
        return NULL;
    *moved = (struct moved){.fd = -1,
                            .path = UINT_MAX,
                            .held_octets = (uint32_t)held_octets,
                            .pending_octets = (uint32_t)pending_octets};
    return moved;
}

void moved_free(struct moved *list)
{
    while (list != NULL) {
        struct moved *next = list->next;
        if (list->fd >= 0)
            close(list->fd);
        free(list);
        list = next;
    }
}

/* What a connection is, with a descriptor of its own; NULL where that can't be had. */
static struct moved *copy(const struct connection *c)
{
    const uv_stream_t *stream = (const uv_stream_t *)&c->tcp;
    const size_t unsent = c->pending != NULL ? uv_stream_get_write_queue_size(stream) : 0;
    struct moved *moved = moved_new(c->held_octets, unsent);
    int fd;
    if (moved == NULL || uv_fileno((const uv_handle_t *)&c->tcp, &fd) != 0) {
        moved_free(moved);
        return NULL;
    }
    moved->fd = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (moved->fd < 0) {
        moved_free(moved);
        return NULL;
    }
    moved->ended = c->ended;
    if (c->held_octets != 0)
        memcpy(moved->octet, c->held, c->held_octets);
    if (unsent != 0)
        memcpy(moved->octet + c->held_octets, c->pending->octet + c->pending->octets - unsent,
               unsent);
    return moved;
}

static struct moved **give(struct link *list, struct moved **end)
{
    while (!link_alone(list)) {
        struct connection *c = link_member(list->next, struct connection, order);
        *end = copy(c);
        if (*end != NULL)
            end = &(*end)->next;
        connection_close(c);
    }
    return end;
}

void streams_give(struct streams *streams, struct moved **list)
{
    batch_answer(streams);
    *list = NULL;
    give(&streams->busy, give(&streams->idle, list));
}

static bool adopt(struct streams *s, const struct moved *moved)
{
    struct sockaddr_storage peer;
    socklen_t octets = sizeof(peer);
    if (getpeername(moved->fd, (struct sockaddr *)&peer, &octets) != 0)
        return false; /* it ended meanwhile */
    struct client *client = NULL;
    if (clients_enter(s->clients, (const struct sockaddr *)&peer, &client)
        == ADMISSION_NO_MEMORY)
        return false;
    if (connection_adopt(s, client, (const struct sockaddr *)&peer, moved))
        return true;
    clients_leave(s->clients, client);
    return false;
}

void streams_adopt(struct streams *streams, struct moved *list)
{
    for (struct moved *moved = list; moved != NULL; moved = moved->next) {
        if (adopt(streams, moved))
            moved->fd = -1;
    }
    moved_free(list);
}
