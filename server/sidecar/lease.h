/* lease.h -- service addresses on the marker interface, with a valid lifetime
 * The routing daemon announces what stands on the interface; what isn't renewed the kernel takes away by
 * itself. rtnetlink, without a library. For one thread. */
#ifndef PHAROS_SERVER_SIDECAR_LEASE_H
#define PHAROS_SERVER_SIDECAR_LEASE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LEASE_ADDRESSES_MAX = 16 };

struct lease_address {
    uint8_t family;     /* AF_INET or AF_INET6 */
    uint8_t octets[16]; /* 4 or 16 of them, network order */
};

struct lease {
    int fd;
    uint32_t sequence;
    char interface[IF_NAMESIZE];
    uint32_t seconds;
    size_t addresses;
    struct lease_address address[LEASE_ADDRESSES_MAX];
};

/* Adds an address from text. Returns 0, -EINVAL or -ENOSPC. */
int lease_add_address(struct lease *lease, const char *text);

/* Opens the socket. Returns 0 or a negative errno. */
int lease_open(struct lease *lease);

/* Adds or renews all addresses, as deprecated ones (nobody should choose them as a source for that);
 * or takes all away. Goes on after a failure and returns the first one: 0 or a negative errno. */
int lease_put(struct lease *lease);
int lease_drop(struct lease *lease);

/* 1 where one of the addresses is on the interface, 0 where none is, or a negative errno. */
int lease_look(struct lease *lease);

#endif
