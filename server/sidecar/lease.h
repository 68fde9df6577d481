/* lease.h -- service addresses on a marker interface, with a valid lifetime
 * The routing daemon announces what stands on the interfaces, what is on the second with lower
 * preference; what isn't renewed the kernel takes away by itself. rtnetlink, without a library. For one
 * thread. */
#ifndef PHAROS_SERVER_SIDECAR_LEASE_H
#define PHAROS_SERVER_SIDECAR_LEASE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LEASE_ADDRESSES_MAX = 16 };

enum lease_place { LEASE_UP, LEASE_DRAIN, LEASE_NOWHERE };

struct lease_address {
    uint8_t family;     /* AF_INET or AF_INET6 */
    uint8_t octets[16]; /* 4 or 16 of them, network order */
};

struct lease {
    int fd;
    uint32_t sequence;
    char interface[LEASE_NOWHERE][IF_NAMESIZE]; /* of each place; the second may be "": none */
    uint32_t seconds;
    bool break_first; /* for daemons that can't tell two interfaces with one address apart */
    size_t addresses;
    struct lease_address address[LEASE_ADDRESSES_MAX];
};

/* Adds an address from text. Returns 0, -EINVAL or -ENOSPC. */
int lease_add_address(struct lease *lease, const char *text);

/* Opens the socket. Returns 0 or a negative errno. */
int lease_open(struct lease *lease);

/* Adds or renews all addresses at `place`, as deprecated ones (nobody should choose them as a source for
 * that), and only when all stand there takes them from elsewhere; with `break_first` before. Returns 0, or the first failure: a
 * negative errno. */
int lease_set(struct lease *lease, enum lease_place place);

/* Where one of the addresses is: LEASE_UP, else LEASE_DRAIN, else LEASE_NOWHERE; or a negative errno. */
int lease_look(const struct lease *lease);

#endif
