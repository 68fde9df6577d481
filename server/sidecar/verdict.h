/* verdict.h -- should this node announce its addresses?
 * A pure function: one sample of a tick and the time go in, a state comes out with the reasons in
 * words. One verdict a group of service addresses.
 *
 *     INIT -> READY -> UP -> SUSPECT -> DOWN -> PROBATION -> UP
 *
 * Unknown is neither good nor bad: what couldn't be measured isn't in a sample. */
#ifndef PHAROS_SERVER_SIDECAR_VERDICT_H
#define PHAROS_SERVER_SIDECAR_VERDICT_H

#include "server/sidecar/guard.h"
#include "server/sidecar/holddown.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    VERDICT_TICK_MS = 50,
    VERDICT_WINDOW_MS = 500,    /* over which a share is taken */
    VERDICT_BAD_PERCENT = 50,   /* that much of it bad is suspect */
    VERDICT_SAMPLES_MIN = 20,   /* in a window, of both sources together */
    VERDICT_SOURCE_MIN = 4,     /* of a source by itself, to have a word */
    VERDICT_SLOW_MS = 550,      /* down, that long after the first bad sample */
    VERDICT_NEAR_PERCENT = 60,  /* up to here it's near the threshold ... */
    VERDICT_SLOW_NEAR_MS = 800, /* ... and takes longer */
    VERDICT_CLEAN_MS = 2000,    /* of probation */
    VERDICT_CLEAN_PERCENT = 2,  /* bad at most */
    VERDICT_CLEAN_SAMPLES = 40, /* at least */
    VERDICT_BINS = VERDICT_CLEAN_MS / VERDICT_TICK_MS,
    VERDICT_WHY_MAX = 240,
};

enum verdict_state {
    VERDICT_INIT,  /* no server yet, or the driver's state isn't known */
    VERDICT_READY, /* it serves; the self-test over all paths is under way */
    VERDICT_UP,
    VERDICT_SUSPECT,   /* slow; announced still */
    VERDICT_DOWN,      /* dead, hung, or slow and let go */
    VERDICT_PROBATION, /* answers well again; not announced yet */
};

/* What the route's driver says. */
enum route {
    ROUTE_UNKNOWN,
    ROUTE_UP,
    ROUTE_FRESH, /* down, and nobody has decided so: it has just started, or a planned stop */
    ROUTE_DOWN,  /* by a word */
    ROUTE_WITHDRAWN, /* by the driver itself: server dead or hung */
};

/* What the pulse says about the server. */
enum health { HEALTH_UNKNOWN, HEALTH_GONE, HEALTH_HUNG, HEALTH_NOT_SERVING, HEALTH_SERVING };

/* One tick. */
struct sample {
    enum health health;
    uint32_t workers, stuck; /* of the pulse's workers */
    uint32_t answers, late;  /* of the pulse: answers sent, and those of them that were bad */
    uint32_t probes, bad;    /* probes that have ended, without the void ones; of them bad */
    uint32_t tcp, tcp_bad;   /* those of them by TCP */
    uint32_t paths;          /* bits: address and transport that answered well */
    uint32_t paths_all;      /* bits: all there are */
    enum route route;
    enum guard_answer guard;
};

/* Sums over some time. */
struct tally {
    uint32_t answers, late, probes, bad, tcp, tcp_bad;
    uint64_t first_bad_ms; /* 0: nothing was bad */
};

struct bin {
    uint64_t number; /* time / VERDICT_TICK_MS */
    struct tally tally;
};

struct verdict {
    enum verdict_state state;
    uint64_t since_ms; /* in this state */
    char why[VERDICT_WHY_MAX];

    /* Private. */
    struct bin bin[VERDICT_BINS];
    struct holddown holddown;
    uint32_t paths;        /* answered well since `since_ms` */
    bool route_seen_up;    /* since it was last decided to be up */
    uint64_t first_bad_ms; /* of SUSPECT */
    bool guard_said_stay;  /* in this SUSPECT, and it was told */
};

enum wish { WISH_NOTHING, WISH_UP, WISH_DOWN };

void verdict_init(struct verdict *verdict, uint64_t now_ms);

/* Takes a sample. Returns true where there's something to tell: the state has changed or the guard has
 * refused; `why` has the numbers. `now_ms` is monotonic and above VERDICT_CLEAN_MS. */
bool verdict_step(struct verdict *verdict, const struct sample *sample, uint64_t now_ms);

/* What the driver should be told in this state. INIT and READY have no say: the route stays as it
 * is, so that a restart of the sidecar changes nothing. */
enum wish verdict_wish(const struct verdict *verdict);

const char *verdict_state_to_text(enum verdict_state state);

#endif
