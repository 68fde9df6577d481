/* xdp_endpoints.h -- the addresses and ports that an interface's program takes queries for */
#ifndef PHAROS_SERVER_IO_XDP_ENDPOINTS_H
#define PHAROS_SERVER_IO_XDP_ENDPOINTS_H

#include "server/base/address.h"
#include "server/io/xdp_program.h"

#include <ifaddrs.h>

struct xdp_endpoints {
    struct xdp_endpoint *endpoint; /* owned; none twice */
    size_t count;
};

/* Makes them of the addresses that are listened on, as xdp_open() tells. `host` are this host's
 * addresses, as getifaddrs() gives them. Returns 0 or -ENOMEM; free `endpoint` in any case. */
int xdp_endpoints_of(struct xdp_endpoints *endpoints, const struct address *listen,
                     size_t listens, const struct ifaddrs *host, unsigned interface);

#endif
