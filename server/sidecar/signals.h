/* signals.h -- what the pulse says about a group's addresses, slice by slice
 * Reads each finished slice once, clamps what it finds, and adds it up. */
#ifndef PHAROS_SERVER_SIDECAR_SIGNALS_H
#define PHAROS_SERVER_SIDECAR_SIGNALS_H

#include "server/base/address.h"
#include "server/base/config.h"
#include "server/base/pulse.h"
#include "server/sidecar/observation.h"

enum { SIGNALS_COUNT_MAX = 10 * 1000 * 1000 }; /* believed of a tick */

/* Where the pulse counts for a group: its addresses by their order in the group. */
struct signals_map {
    unsigned addresses;
    int listen[GROUP_ADDRESSES_MAX]; /* the pulse's; -1: none listens there */
    int group;                       /* the pulse's; -1: none of that name */
};

struct signals {
    uint64_t read;     /* the last slice that was read; 0: none yet */
    bool zones_failed; /* some zones, not all, aren't loaded: their SERVFAIL is true */
};

/* Finds a group's addresses in a pulse: by address, or else the wildcard of its family. */
void signals_find(struct signals_map *map, const struct pulse_view *view, const char *group,
                  const struct address *address, size_t addresses);

/* Adds what has been finished at `now_ms` (CLOCK_MONOTONIC) since the last call: latency, servfails, and
 * of the sample datagrams, drops, paths_served. A zeroed struct begins with the slice before now. */
void signals_read(struct signals *signals, const struct signals_map *map,
                  const struct pulse_view *view, struct observation *observation,
                  uint64_t now_ms);

/* The EXPIRING_ bits of sample.h: what will be past `at_s`, in seconds since 1970. */
uint32_t signals_expiring(const struct signals_map *map, const struct pulse_view *view,
                          int64_t at_s);

#endif
