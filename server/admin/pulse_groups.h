/* pulse_groups.h -- tells the sidecar how the zones do that count for each group of addresses */
#ifndef PHAROS_SERVER_ADMIN_PULSE_GROUPS_H
#define PHAROS_SERVER_ADMIN_PULSE_GROUPS_H

#include "server/base/config.h"
#include "server/base/pulse.h"
#include "server/maintain/maintain.h"

/* Fills pulse->group. To be called after each round of maintenance. */
void pulse_groups_fill(struct pulse *pulse, const struct config_route *route,
                       const struct maintain *maintain);

#endif
