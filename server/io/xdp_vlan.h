/* xdp_vlan.h -- VLANs whose tags XDP doesn't get to see */
#ifndef PHAROS_SERVER_IO_XDP_VLAN_H
#define PHAROS_SERVER_IO_XDP_VLAN_H

#include "zone/notes.h"

/* Warns where an interface takes VLAN tags off frames, so that XDP would answer queries in VLANs
 * outside of them, and VLANs are configured on it. */
void xdp_vlan_warn(const char *interface, struct notes *notes);

#endif
