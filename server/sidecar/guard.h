/* guard.h -- whether the fleet can do without this node
 * Slowness alone never takes a node away: the guard is asked first. A fleet's guard gives its
 * answer some time after the question; without a fleet the configuration has answered already. */
#ifndef PHAROS_SERVER_SIDECAR_GUARD_H
#define PHAROS_SERVER_SIDECAR_GUARD_H

enum guard_answer {
    GUARD_PENDING, /* not asked, or no answer yet */
    GUARD_GRANTED,
    GUARD_STAY,
};

struct guard {
    enum guard_answer (*answer)(const struct guard *guard);
};

/* The guards of a node without a fleet: `without-fleet: stay` and `withdraw`. */
extern const struct guard guard_stay, guard_withdraw;

#endif
