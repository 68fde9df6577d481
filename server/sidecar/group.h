/* group.h -- a group of service addresses: what is seen of it, decided about it, done for it
 * Owns the prober, the verdict, the guard and the line to the driver. For the sidecar's loop alone. */
#ifndef PHAROS_SERVER_SIDECAR_GROUP_H
#define PHAROS_SERVER_SIDECAR_GROUP_H

#include "server/sidecar/operator.h"
#include "server/sidecar/probe.h"
#include "server/sidecar/record.h"
#include "server/sidecar/route_client.h"
#include "server/sidecar/signals.h"
#include "server/sidecar/usual.h"
#include "server/sidecar/verdict.h"
#include "server/sidecar/watch.h"

enum { GROUP_DECISIONS = 10, GROUP_QNAMES_MAX = 64 };

/* What was decided when; the last few are kept for people. */
struct decision {
    uint64_t wall_ms; /* since 1970 */
    enum verdict_state before, after;
    enum wish wish; /* after it */
    bool loud;
    char why[VERDICT_WHY_MAX];
};

struct group {
    char name[GROUP_NAME_MAX + 1];
    struct address address[GROUP_ADDRESSES_MAX];
    struct name qname[GROUP_QNAMES_MAX];
    struct prober prober;
    struct signals_map map;
    struct signals signals;
    struct usual usual;
    struct verdict verdict;
    struct route_client route;
    struct guard *guard;
    struct guard own_guard; /* without a fleet */
    struct record record;   /* the last tick's */
    struct decision decision[GROUP_DECISIONS];
    unsigned decisions; /* in all; the last is decision[(decisions - 1) % GROUP_DECISIONS] */
    unsigned granted,
        refused; /* of them: leaves that the guard granted, and spells that it refused */

    /* Private. */
    struct group *next; /* of those that went with a configuration */
    bool started;
    enum { FLEET_UNTOLD, FLEET_TOLD_IN, FLEET_TOLD_OUT } told; /* to the guard */
    uint64_t heard_ms; /* when the driver's state was last known and settled */
    char control[4096];
    unsigned floor_ms, probe_floor_ms; /* of T, and of the probes' */
    unsigned expiry_ms;
    struct observation gathered; /* since the last tick */
};

/* What a tick knows of the server and the clocks. */
struct group_tick {
    const struct watch *watch;
    uint64_t now_ms;  /* monotonic */
    uint64_t wall_ms; /* since 1970 */
    bool clock_stepped;
};

/* A group as configured, not started yet; NULL: out of memory. `control` is the driver's socket. */
struct group *group_new(const struct config *config, const struct config_group *group,
                        const char *control);

/* Takes over what may change while it runs: thresholds, zones, the guard of a node without a fleet. */
void group_configure(struct group *group, const struct config *config,
                     const struct config_group *is);

/* Another guard, which knows nothing of the group yet; NULL: that of a node without a fleet. */
void group_guard(struct group *group, struct guard *guard);

/* The driver's socket, where it's another one from now on. */
void group_control(struct group *group, const char *control);

/* Whether that is all that has changed. Of a group that was started. */
bool group_same(const struct group *group, const struct config_group *is, bool dry_run);

int group_start(struct group *group, uv_loop_t *loop, bool dry_run);
void group_stop(struct group *group);

/* A new server: its instance, and where its pulse counts for the group. Without one, nothing is asked. */
void group_meet(struct group *group, const struct watch *watch);

/* A tick: measures, judges, tells driver and guard. Returns the decision to be told, or NULL. */
const struct decision *group_decide(struct group *group, const struct group_tick *tick,
                                    struct operator_entry word);

/* T of now, in microseconds, of answers and of probes. */
uint64_t group_late_us(const struct group *group);
uint64_t group_probe_late_us(const struct group *group);

#endif
