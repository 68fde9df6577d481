/* inherited.c -- listening sockets that came bound from another process */
#include "server/io/inherited.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* The value of an option of the socket's own level, -1 where it has none. */
static int option_of(int fd, int option)
{
    int value = -1;
    socklen_t octets = sizeof(value);
    return getsockopt(fd, SOL_SOCKET, option, &value, &octets) == 0 ? value : -1;
}

static bool look_at(struct inherited_socket *socket, int fd)
{
    *socket = (struct inherited_socket){.fd = fd, .type = option_of(fd, SO_TYPE)};
    socket->address.octets = sizeof(socket->address.storage);
    if (getsockname(fd, (struct sockaddr *)&socket->address.storage, &socket->address.octets)
        != 0)
        return false;
    const int family = socket->address.storage.ss_family;
    return (family == AF_INET || family == AF_INET6) && address_port(&socket->address) != 0
           && option_of(fd, SO_REUSEPORT) == 1
           && (socket->type == SOCK_DGRAM
               || (socket->type == SOCK_STREAM && option_of(fd, SO_ACCEPTCONN) == 1));
}

static bool grow(struct inherited *inherited)
{
    if (inherited->count < inherited->capacity)
        return true;
    const size_t capacity = inherited->capacity == 0 ? 16 : 2 * inherited->capacity;
    struct inherited_socket *grown =
        realloc(inherited->socket, capacity * sizeof(*inherited->socket));
    if (grown == NULL)
        return false;
    inherited->socket = grown;
    inherited->capacity = capacity;
    return true;
}

int inherited_add(struct inherited *inherited, int fd)
{
    struct inherited_socket socket;
    const bool good = look_at(&socket, fd);
    if (good && grow(inherited)) {
        inherited->socket[inherited->count++] = socket;
        return 0;
    }
    close(fd);
    return good ? -ENOMEM : -EINVAL;
}

void inherited_fini(struct inherited *inherited)
{
    for (size_t i = 0; i < inherited->count; i++) {
        if (inherited->socket[i].fd >= 0)
            close(inherited->socket[i].fd);
    }
    free(inherited->socket);
    *inherited = (struct inherited){0};
}

static bool is(const struct inherited_socket *socket, const struct address *address, int type)
{
    return socket->fd >= 0 && socket->type == type && address_equal(&socket->address, address);
}

size_t inherited_count(const struct inherited *inherited, const struct address *address,
                       int type)
{
    size_t count = 0;
    for (size_t i = 0; i < inherited->count; i++)
        count += is(&inherited->socket[i], address, type);
    return count;
}

int inherited_take(struct inherited *inherited, const struct address *address, int type)
{
    for (size_t i = 0; i < inherited->count; i++) {
        if (!is(&inherited->socket[i], address, type))
            continue;
        const int fd = inherited->socket[i].fd;
        inherited->socket[i].fd = -1;
        return fd;
    }
    return -1;
}

static bool is_among(const struct address *address, const struct address *others, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (address_equal(address, &others[i]))
            return true;
    }
    return false;
}

const struct address *inherited_any_port(const struct inherited *inherited,
                                         const struct address *address,
                                         const struct address *others, size_t count)
{
    for (size_t i = 0; i < inherited->count; i++) {
        const struct inherited_socket *socket = &inherited->socket[i];
        if (socket->fd >= 0 && address_same_host(&socket->address, address)
            && !is_among(&socket->address, others, count))
            return &socket->address;
    }
    return NULL;
}

bool inherited_has_port(const struct inherited *inherited, unsigned port)
{
    for (size_t i = 0; i < inherited->count; i++) {
        if (address_port(&inherited->socket[i].address) == port)
            return true;
    }
    return false;
}
