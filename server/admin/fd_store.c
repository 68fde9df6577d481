/* fd_store.c -- the service manager keeps our sockets over a restart */
#include "server/admin/fd_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    FIRST_FD = 3,
    FDS_MAX = 65536,
    NAME_MAX_OCTETS = 16 + ADDRESS_TEXT_MAX,
};

unsigned fd_store_take(struct inherited *inherited)
{
    const char *pid = getenv("LISTEN_PID");
    const char *fds = getenv("LISTEN_FDS");
    const bool ours = pid != NULL && fds != NULL && strtoll(pid, NULL, 10) == getpid();
    long count = ours ? strtol(fds, NULL, 10) : 0;
    unsigned refused = 0;
    if (count < 0 || count > FDS_MAX)
        count = 0;
    for (int fd = FIRST_FD; fd < FIRST_FD + count; fd++)
        refused += inherited_add(inherited, fd) != 0;
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    return refused;
}

/* "udp-192.0.2.53@53"; colons, which a name can't have, become underscores. */
static const char *name_of(const struct address *address, int type, char name[NAME_MAX_OCTETS])
{
    char text[ADDRESS_TEXT_MAX];
    snprintf(name, NAME_MAX_OCTETS, "%s-%s", type == SOCK_DGRAM ? "udp" : "tcp",
             address_to_text(address, text));
    for (char *at = name; *at != '\0'; at++) {
        if (*at == ':')
            *at = '_';
    }
    return name;
}

static void keep(void *context, int fd, const struct address *address, int type)
{
    char name[NAME_MAX_OCTETS];
    char text[NAME_MAX_OCTETS + 32];
    snprintf(text, sizeof text, "FDSTORE=1\nFDNAME=%s", name_of(address, type, name));
    notify_send_fd(context, fd, text);
}

void fd_store_keep(const struct notify *notify, const struct front *front)
{
    struct notify copy = *notify;
    if (notify->fd >= 0)
        front_each_socket(front, keep, &copy);
}

void fd_store_forget(const struct notify *notify, const struct inherited *inherited)
{
    for (size_t i = 0; i < inherited->count; i++) {
        const struct inherited_socket *socket = &inherited->socket[i];
        char name[NAME_MAX_OCTETS];
        if (socket->fd >= 0)
            notify_send(notify, "FDSTOREREMOVE=1\nFDNAME=%s",
                        name_of(&socket->address, socket->type, name));
    }
}
