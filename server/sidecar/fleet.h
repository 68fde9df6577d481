/* fleet.h -- a node's part in its fleet: what it says to the store, and what it takes from it
 * The announcers' registrations are leased, not leave to withdraw: then a dead node is one announcer less
 * and frees no place. To leave for slowness is one transaction (the claim), which holds only while K other
 * announcers, none of them worse, are registered, and which takes this node's own registration away.
 *
 * Pure: no I/O and no clock. fleet_next() says what to ask of the store, fleet_hear() takes the answer; one
 * request at a time. A request that got no answer may have been carried out, or may be yet: so each write
 * holds only while this node's own `health` key is as it was last seen, and changes it. */
#ifndef PHAROS_SERVER_SIDECAR_FLEET_H
#define PHAROS_SERVER_SIDECAR_FLEET_H

#include "server/sidecar/fleet_view.h"
#include "server/sidecar/guard.h"

enum {
    FLEET_LEASE_S = 10,
    FLEET_RENEW_MS = 3000,
    FLEET_READ_MS = 1000, /* for each FLEET_READ_NODES nodes or part of it */
    FLEET_READ_NODES = 200,
    FLEET_FRESH_MS =
        150, /* a reading no older will do for "no": the store itself judges a claim */
    FLEET_REPORT_MS = 1000, /* between changes of badness that don't matter to others */
    FLEET_TRIES = 5,        /* of a claim at a time */
    FLEET_RETURN_MS =
        3000, /* after which the next one is needed, where the least sick doesn't come */
    FLEET_AWAY_MS = 5000,   /* without an answer, beyond the time between two readings */
    FLEET_BACKOFF_MS = 100, /* doubles with each failure */
    FLEET_BACKOFF_MAX_MS = 5000,
    FLEET_REFUSED_MS = 2000, /* before a write is tried again that the store refused */
};

enum fleet_ask {
    FLEET_GRANT,  /* a lease of FLEET_LEASE_S */
    FLEET_RENEW,  /* `lease` */
    FLEET_REVOKE, /* `lease`, and so take this node's keys away */
    FLEET_READ,   /* all keys that changed after `since` */
    FLEET_WRITE,  /* if all holds; else read, as above */
};

/* What a write does to this node's `up` key. */
enum fleet_route { FLEET_ROUTE_AS_IS, FLEET_ROUTE_IN, FLEET_ROUTE_OUT };

struct fleet_request {
    enum fleet_ask ask;
    int64_t lease;
    int64_t since; /* 0: all */

    /* Of a write. It holds if this node's `health` is of `own` (0: there's none), and for a claim (peers != 0)
     * if `generation` is of that revision and each peer's `up` is there with a badness of `level` at
     * most. It puts this node's `health` and does to its `up` what `route` says, both with `badness`;
     * `join`: it puts its `member`; `recount`: the generation, so that claims of what was read before don't
     * hold. */
    const char *name;
    int64_t own, generation;
    const char *peer[FLEET_PEERS_MAX]; /* borrowed until fleet_hear() */
    size_t peers;
    unsigned level, badness;
    enum fleet_route route;
    bool join, recount;
};

enum fleet_result {
    FLEET_DONE,
    FLEET_LOST,    /* no answer, or none to be understood: it may have been carried out */
    FLEET_REFUSED, /* certainly not carried out: the store is full, or we may not */
    FLEET_LEASE_GONE,
};

struct fleet_reply {
    enum fleet_result result;
    int64_t lease;    /* of GRANT */
    unsigned ttl_s;   /* of RENEW; 0: the lease is gone */
    int64_t revision; /* of WRITE: of what it has put */
    bool held;        /* of WRITE; otherwise `reading` has the present state */
    struct fleet_reading reading;
};

/* Zeroed and then given to fleet_init(). */
struct fleet {
    char name[FLEET_NAME_MAX + 1];
    unsigned keep; /* 0: half of the members; may be changed any time */
    struct fleet_view view;
    unsigned doubles; /* times that somebody else wrote under this name */

    /* Private. */
    struct fleet_counts counts; /* of the last reading that told all */
    uint64_t random;
    enum fleet_route told;
    unsigned level; /* of this node's badness, in steps */
    bool leaving, granted, said_stay;
    unsigned tries;
    uint64_t short_since_ms; /* fewer than K announce; 0: they don't */

    bool busy;
    struct fleet_request asked;
    uint64_t asked_ms;

    int64_t lease;
    uint64_t renewed_ms;
    bool health_leased, up_leased; /* those keys are of this lease */
    bool must_read, must_read_all;
    uint64_t read_ms, next_read_ms, reported_ms;
    uint64_t heard_ms; /* 0: never */
    uint64_t not_before_ms, write_not_before_ms;
    unsigned failures;
    bool refused;       /* the last write was */
    bool may_be_behind; /* a write was lost since the last reading */
};

/* `name` is this node's; `seed` spreads what many nodes do over time. */
void fleet_init(struct fleet *fleet, const char *name, unsigned keep, uint64_t seed);
void fleet_fini(struct fleet *fleet);

/* What goes to the store next, if anything. Then nothing more does until fleet_hear(). */
bool fleet_next(struct fleet *fleet, struct fleet_request *request, uint64_t now_ms);

/* The answer to that. Borrows `reply`. */
void fleet_hear(struct fleet *fleet, const struct fleet_reply *reply, uint64_t now_ms);

/* As guard.h has them. */
enum guard_answer fleet_ask(struct fleet *fleet, unsigned badness);
void fleet_cancel(struct fleet *fleet);
void fleet_report(struct fleet *fleet, unsigned badness);
void fleet_withdrawn(struct fleet *fleet, unsigned badness);
void fleet_returned(struct fleet *fleet);
enum guard_return fleet_may_return(struct fleet *fleet, unsigned badness, uint64_t now_ms);
struct guard_view fleet_guard_view(const struct fleet *fleet, uint64_t now_ms);

#endif
