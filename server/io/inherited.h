/* inherited.h -- listening sockets that came bound from another process
 * From the server before at an upgrade, or from the service manager, which kept them over a
 * restart. They're told by what they are: protocol, address, and whether they may be shared. For
 * the main loop. */
#ifndef PHAROS_SERVER_IO_INHERITED_H
#define PHAROS_SERVER_IO_INHERITED_H

#include "server/base/address.h"

#include <stdbool.h>
#include <stddef.h>

struct inherited_socket {
    int fd;   /* owned; -1: taken */
    int type; /* SOCK_DGRAM or SOCK_STREAM */
    struct address address;
};

/* A zeroed struct has none. */
struct inherited {
    size_t count;
    size_t capacity;
    struct inherited_socket *socket;
};

/* Takes the descriptor, in any case. Returns 0, -ENOMEM, or -EINVAL for what is no listening TCP
 * or bound UDP socket with SO_REUSEPORT: its kernel group couldn't be joined by other workers. */
int inherited_add(struct inherited *inherited, int fd);

/* Closes those that weren't taken. */
void inherited_fini(struct inherited *inherited);

/* How many of this type are bound to the address and not taken. */
size_t inherited_count(const struct inherited *inherited, const struct address *address,
                       int type);

/* Gives one of them, which is the caller's then; -1: there's none left. */
int inherited_take(struct inherited *inherited, const struct address *address, int type);

/* An address that sockets are bound to which aren't taken: that of `address` but for the port,
 * which none of the `others` has. NULL: there's none. Borrowed. */
const struct address *inherited_any_port(const struct inherited *inherited,
                                         const struct address *address,
                                         const struct address *others, size_t count);

/* Whether any of them, taken or not, has that port. */
bool inherited_has_port(const struct inherited *inherited, unsigned port);

#endif
