/* xdp_endpoints.c -- the addresses and ports that an interface's program takes queries for */
#include "server/io/xdp_endpoints.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* Whether frames that an interface receives can be for this address. */
static bool comes_by(const struct sockaddr *address, unsigned interface)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof(in));
        const uint32_t host = ntohl(in.sin_addr.s_addr);
        return host >> 24 != IN_LOOPBACKNET && host >> 24 != 0 && !IN_MULTICAST(host);
    }
    if (address->sa_family != AF_INET6)
        return false;
    struct sockaddr_in6 in6;
    memcpy(&in6, address, sizeof(in6));
    if (IN6_IS_ADDR_LINKLOCAL(&in6.sin6_addr))
        return in6.sin6_scope_id == interface;
    return !IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr) && !IN6_IS_ADDR_UNSPECIFIED(&in6.sin6_addr)
           && !IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr) && !IN6_IS_ADDR_MULTICAST(&in6.sin6_addr);
}

static int add(struct xdp_endpoints *endpoints, const struct sockaddr *host, unsigned port,
               unsigned interface)
{
    if (!comes_by(host, interface))
        return 0;
    uint8_t count = 0;
    const uint8_t *octets = address_octets(host, &count);
    struct xdp_endpoint endpoint = {.port = {(uint8_t)(port >> 8), (uint8_t)port},
                                    .family = count == 4 ? 4 : 6};
    memcpy(endpoint.address, octets, count);
    for (size_t i = 0; i < endpoints->count; i++) {
        if (memcmp(&endpoints->endpoint[i], &endpoint, sizeof(endpoint)) == 0)
            return 0;
    }
    struct xdp_endpoint *more =
        realloc(endpoints->endpoint, (endpoints->count + 1) * sizeof(endpoint));
    if (more == NULL)
        return -ENOMEM;
    endpoints->endpoint = more;
    endpoints->endpoint[endpoints->count++] = endpoint;
    return 0;
}

int xdp_endpoints_of(struct xdp_endpoints *endpoints, const struct address *listen,
                     size_t listens, const struct ifaddrs *host, unsigned interface)
{
    *endpoints = (struct xdp_endpoints){.endpoint = NULL};
    int err = 0;
    for (size_t i = 0; i < listens && err == 0; i++) {
        const struct sockaddr *any = (const struct sockaddr *)&listen[i].storage;
        const unsigned port = address_port(&listen[i]);
        if (!address_is_wildcard(&listen[i])) {
            err = add(endpoints, any, port, interface);
            continue;
        }
        for (const struct ifaddrs *at = host; at != NULL && err == 0; at = at->ifa_next) {
            if (at->ifa_addr != NULL && at->ifa_addr->sa_family == any->sa_family)
                err = add(endpoints, at->ifa_addr, port, interface);
        }
    }
    return err;
}
