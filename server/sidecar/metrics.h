/* metrics.h -- what the sidecar exports, and how it's written
 * `struct metrics` is a picture of one moment: taken by the sidecar's loop, copied, and written by whoever
 * serves it. The number of lines is bounded whatever is served: by the addresses (64), the groups
 * (16), the workers (256), and the zones that are listed by name (10000). */
#ifndef PHAROS_SERVER_SIDECAR_METRICS_H
#define PHAROS_SERVER_SIDECAR_METRICS_H

#include "server/base/config.h"
#include "server/sidecar/exposition.h"
#include "server/sidecar/group.h"
#include "server/sidecar/path_totals.h"

enum {
    METRICS_STILL_MS = 2000
}; /* without a tick for so long, the sidecar's loop stands still */

/* What stood in the pulse; 0 where there's none. */
struct metrics_server {
    bool seen; /* there's a pulse: the rest counts */
    enum server state;
    unsigned workers, stuck;
    uint64_t heartbeat[PULSE_WORKERS_MAX];
    uint64_t worker_queries[PULSE_WORKERS_MAX];
    uint64_t queries[PULSE_TRANSPORTS], answers[PULSE_TRANSPORTS];
    uint64_t rcodes[PULSE_RCODES];
    uint64_t truncated, silent, drops;
    uint64_t tcp_open, tcp_accepted, tcp_refused;
    uint64_t xdp_received, xdp_odd;
    uint32_t zones, zones_failed, zones_stale;
    uint64_t reloads;
    int64_t signatures_expire;
};

struct metrics_group {
    char name[GROUP_NAME_MAX + 1];
    enum verdict_state state;
    enum route route;
    enum progress progress; /* of `route` */
    enum wish wish;
    enum operator_word word;
    uint64_t since_ms;             /* monotonic, of the state */
    uint64_t late_us;              /* what's slower is late */
    unsigned badness;              /* of GUARD_BADNESS_MAX */
    unsigned bad_pulse, bad_probe; /* percent, of the last window */
    unsigned dead_paths, paths;
    unsigned rate, falls, decisions, granted, refused;
    double usual_rate; /* datagrams a second, as `rate` */
    uint64_t hold_down_ms;
    struct guard_view fleet;
    uint64_t probes, probes_bad; /* since the sidecar knows the group */
    bool zones_known;
    uint32_t zones, zones_failed;
    int64_t expires, signatures_expire; /* seconds since 1970; 0: none does */
};

struct metrics {
    uint64_t now_ms; /* monotonic; of the last tick */
    int64_t started; /* the sidecar, seconds since 1970 */
    uint64_t ticks, ticks_late;
    struct metrics_server server;
    size_t groups;
    struct metrics_group group[GROUPS_MAX];
    struct path_totals totals;
    enum metrics_zones zones;
    int64_t inventory_at; /* seconds since 1970; 0: there's none */
};

/* Takes what a tick has seen. The groups' counters go on where a group has the place that it had. */
void metrics_look(struct metrics *metrics, const struct watch *watch,
                  struct group *const *group, size_t groups, uint64_t now_ms);

/* Writes the page. `inventory` is what pharosd told (inventory.h), not NULL; any octets. */
void metrics_write(struct exposition *e, const struct metrics *metrics, const char *inventory,
                   size_t octets);

/* A line about each group and whether the node is ready: every group's route is announced. */
bool metrics_ready(FILE *to, const struct metrics *metrics);

/* Parts of metrics_write(), a file each. */
void metrics_write_server(struct exposition *e, const struct metrics *metrics);
void metrics_write_paths(struct exposition *e, const struct path_totals *totals);
void metrics_write_route(struct exposition *e, const struct metrics *metrics);
void metrics_write_zones(struct exposition *e, const struct metrics *metrics,
                         const char *inventory, size_t octets);

#endif
