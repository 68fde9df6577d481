/* verdict.h -- should this node announce its addresses?
 * A pure function: one sample of a tick and the time go in, a state comes out with the reasons in
 * words. One verdict a group of service addresses.
 *
 *     INIT -> READY -> UP -> SUSPECT -> DRAIN -> DOWN -> PROBATION -> UP
 *                        <-> ABSORB                           an operator's: FORCED_UP,
 *                                                             FORCED_DOWN, HOLD
 *
 * Unknown is neither good nor bad: what couldn't be measured isn't in a sample. */
#ifndef PHAROS_SERVER_SIDECAR_VERDICT_H
#define PHAROS_SERVER_SIDECAR_VERDICT_H

#include "server/base/thresholds.h"
#include "server/sidecar/absorb.h"
#include "server/sidecar/cycles.h"
#include "server/sidecar/guard.h"
#include "server/sidecar/holddown.h"
#include "server/sidecar/sample.h"
#include "server/sidecar/symptoms.h"

#include <stdbool.h>
#include <stdint.h>

enum { VERDICT_TICK_MS = TALLY_TICK_MS, VERDICT_WHY_MAX = 400 };

enum verdict_state {
    VERDICT_INIT,  /* no server yet, or the driver's state isn't known */
    VERDICT_READY, /* it serves; the self-test over all paths is under way */
    VERDICT_UP,
    VERDICT_SUSPECT, /* slow; announced still */
    VERDICT_DRAIN, /* on its way out: announced with lower preference, for thresholds.drain_ms */
    VERDICT_DOWN,  /* dead, hung, or sick and let go */
    VERDICT_PROBATION, /* answers well again; not announced yet */
    VERDICT_ABSORB,    /* overload: withdrawing would move the flood onto the neighbours */
    VERDICT_FORCED_UP,
    VERDICT_FORCED_DOWN,
    VERDICT_HOLD, /* the route stays as it was when the operator said so */
};

struct verdict {
    enum verdict_state state;
    uint64_t since_ms;        /* in this state */
    bool loud;                /* `why` is for a person to act on */
    unsigned badness;         /* 0 to GUARD_BADNESS_MAX, for the guard */
    struct symptoms symptoms; /* of the last step */
    char why[VERDICT_WHY_MAX];
    struct holddown holddown;
    struct cycles cycles;
    unsigned falls; /* how often those two have changed */

    /* Private. */
    struct thresholds limits;
    struct window window;
    struct absorb absorb;
    struct paths paths;
    uint32_t answered; /* paths that answered well since `since_ms` */
    bool asks;         /* see verdict_asks() */
    bool dead;     /* under a word: the server was, or the driver said so; unanswered since */
    bool known;    /* until the first decision: what a withdrawn route fell for */
    bool released; /* PROBATION without a fall before it: the operator has let go */
    bool begins;   /* symptoms.suspect wasn't so in the step before */
    uint64_t first_bad_ms; /* of SUSPECT */
    uint64_t last_bad_ms;  /* of what made it leave: its clean time begins there */
    bool guard_said_stay;  /* in this SUSPECT, and it was told */
    bool budget_told;      /* in this PROBATION */
    enum operator_word word;
    enum wish held; /* under an operator's word */
};

/* `limits` NULL: the defaults. */
void verdict_init(struct verdict *verdict, const struct thresholds *limits, uint64_t now_ms);

/* Goes on with what was known before a restart: a route that's found withdrawn has fallen for it, and no once more.
 * Right after verdict_init(). */
void verdict_restore(struct verdict *verdict, const struct holddown *holddown,
                     const struct cycles *cycles);

/* Takes a sample. Returns true where there's something to tell: the state has changed or the guard has
 * refused; `why` has the numbers. `now_ms` is monotonic and above THRESHOLDS_WINDOW_MAX_MS. */
bool verdict_step(struct verdict *verdict, const struct sample *sample, uint64_t now_ms);

/* What the driver should be told in this state. INIT and READY have no say: the route stays as it
 * is, so that a restart of the sidecar changes nothing. */
enum wish verdict_wish(const struct verdict *verdict);

/* Whether the guard is to be asked before the next step: the node will be due to leave by then. */
bool verdict_asks(const struct verdict *verdict);

const char *verdict_state_to_text(enum verdict_state state);

#endif
