/* xdp_vlan.c -- VLANs whose tags XDP doesn't get to see */
#include "server/io/xdp_vlan.h"

#include <linux/ethtool.h>
#include <linux/if_vlan.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the driver doesn't tell it doesn't do. */
static bool takes_tags_off(int fd, const char *interface)
{
    struct ethtool_value flags = {.cmd = ETHTOOL_GFLAGS};
    struct ifreq request;
    memset(&request, 0, sizeof(request));
    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
    request.ifr_data = (char *)&flags;
    return ioctl(fd, SIOCETHTOOL, &request) == 0 && (flags.data & ETH_FLAG_RXVLAN) != 0;
}

/* Whether `upper` is a VLAN on the interface. */
static bool is_vlan_on(int fd, const char *upper, const char *interface)
{
    struct vlan_ioctl_args request = {.cmd = GET_VLAN_REALDEV_NAME_CMD};
    if (strlen(upper) >= sizeof(request.device1))
        return false;
    strcpy(request.device1, upper);
    return ioctl(fd, SIOCGIFVLAN, &request) == 0
           && strncmp(request.u.device2, interface, sizeof(request.u.device2)) == 0;
}

void xdp_vlan_warn(const char *interface, struct notes *notes)
{
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    struct if_nameindex *all = takes_tags_off(fd, interface) ? if_nameindex() : NULL;
    for (struct if_nameindex *at = all; at != NULL && at->if_index != 0; at++) {
        if (!is_vlan_on(fd, at->if_name, interface))
            continue;
        notes_hint(
            notes_add(notes, SEVERITY_WARNING, NULL, 0, 0, 1, NULL, 0,
                      "listen-xdp %s: it takes VLAN tags off, so queries in VLANs such as "
                      "%s would be answered outside of them",
                      interface, at->if_name),
            "ethtool -K %s rxvlan off", interface);
        break;
    }
    if (all != NULL)
        if_freenameindex(all);
    close(fd);
}
