/* guard.h -- whether the fleet can do without this node
 * Slowness alone never takes a node away: the guard is asked first. A fleet's guard keeps this node's
 * registration in a store and gives its answer some time after the question; without a fleet the
 * configuration has answered already. Each group of service addresses has a guard of its own.
 *
 * A guard never blocks: what it says is what it knows now. For the sidecar's loop alone. */
#ifndef PHAROS_SERVER_SIDECAR_GUARD_H
#define PHAROS_SERVER_SIDECAR_GUARD_H

#include <stdbool.h>
#include <stdint.h>

/* How sick a node is: 0 well, from GUARD_BADNESS_BAD on bad by its own word, GUARD_BADNESS_MAX dead. */
enum { GUARD_BADNESS_MAX = 1000, GUARD_BADNESS_BAD = 500 };

enum guard_answer {
    GUARD_PENDING, /* not asked, or no answer yet: also what a store that is away says */
    GUARD_GRANTED, /* this node is out of the announcers' list already */
    GUARD_STAY,
};

/* What the fleet has to say to a node that wants to come back. */
enum guard_return {
    GUARD_RETURN_FREE,   /* when it's clean, as it decides itself */
    GUARD_RETURN_WAIT,   /* another one, less sick, goes first */
    GUARD_RETURN_NEEDED, /* fewer than K announce and this is the least sick of the rest: come as
                          * you are */
};

/* What is known of the fleet, for the verdict, people and metrics. */
struct guard_view {
    bool fleet; /* one is configured; without one all else is 0 */
    bool
        reachable; /* the store has answered lately; otherwise the numbers are the last known */
    uint32_t members;
    uint32_t announcers; /* of the members, this node too if it is one */
    uint32_t bad;        /* members other than this node that call themselves bad */
    uint32_t keep;       /* K: slowness never leaves fewer announcers */
};

const char *guard_answer_to_text(enum guard_answer answer);

struct guard;

struct guard_type {
    const char *name;
    /* Asks leave to withdraw for slowness. Called at each tick while the verdict wants it, and more often,
     * so it must not begin anew what is under way. After GUARD_STAY it may ask the store again now and then. */
    enum guard_answer (*ask)(struct guard *guard, unsigned badness);
    /* The question is off: the node is well again, or gone for another reason. A leave that was granted
     * and not taken goes back. Called at each tick in which nothing is asked. */
    void (*cancel)(struct guard *guard);
    /* How this node does, at each tick; for others' `bad` and for who returns first. */
    void (*report)(struct guard *guard, unsigned badness);
    /* The route goes: by leave, or since the server is dead, stops, or an operator says so; then the
     * fleet is only told. */
    void (*withdrawn)(struct guard *guard, unsigned badness);
    /* The route is announced (again), or was found so at the start. */
    void (*returned)(struct guard *guard);
    enum guard_return (*may_return)(struct guard *guard, unsigned badness);
    struct guard_view (*view)(const struct guard *guard);
};

/* A fleet's guard has this as its first member. */
struct guard {
    const struct guard_type *type;
};

/* The guards of a node without a fleet: `without-fleet: stay` and `withdraw`. */
extern const struct guard_type guard_stay, guard_withdraw;

#endif
