/* absorb.h -- is it overload rather than a fault?
 * Withdrawing a node that drowns moves the flood onto its neighbours. What tells a flood from a fault is
 * the rate of datagrams against its usual level, and whether others are as bad. Pure. */
#ifndef PHAROS_SERVER_SIDECAR_ABSORB_H
#define PHAROS_SERVER_SIDECAR_ABSORB_H

#include "server/sidecar/guard.h"
#include "server/sidecar/tally.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    ABSORB_SPAN_MS = 500,              /* over which the rate of now is taken */
    ABSORB_BEGIN_MS = 200,             /* at the beginning: clients' retries come later */
    ABSORB_KNOWN_MS = 10 * 1000,       /* of watching, before there's a usual level */
    ABSORB_MEMORY_MS = 10 * 60 * 1000, /* the usual level is a mean that fades so fast ... */
    ABSORB_MEMORY_FLOOD_MS =
        3600 * 1000,           /* ... in a flood slower: it shan't become usual soon */
    ABSORB_RATE_MIN = 250,     /* datagrams a second: below nothing is a flood */
    ABSORB_ROSE_PERCENT = 150, /* of the usual level: the rate rose */
    ABSORB_LEFT_MS = 5000,     /* after a flood, at most: for what it has left in the sockets */
};

enum overload {
    OVERLOAD_NONE,
    OVERLOAD_RATE,  /* over `flood_factor` x the usual level; while absorbing, half of that */
    OVERLOAD_DROPS, /* the kernel drops, more than before, and the rate had risen first */
    OVERLOAD_LEFT,  /* a flood has just ended, and more is answered still than usual */
    OVERLOAD_FLEET, /* half of the fleet is bad as well */
};

/* A zeroed struct knows nothing. */
struct absorb {
    double usual; /* datagrams a second */
    uint64_t watched_ms;
    uint64_t last_ms;
    bool rose; /* the rate had, when things became bad: so clients' retries aren't the cause */
    uint64_t flood_ms;    /* the last tick of OVERLOAD_RATE or OVERLOAD_DROPS; 0: none */
    uint64_t overload_ms; /* the last tick of any; 0: none */
    bool absorbing; /* that was just now: then drops needn't rise any more, to be a flood's */
    unsigned rate;  /* of now, datagrams a second */
};

/* One tick. Learns while the node is announced and well, slower in a flood, else not at all. */
enum absorb_learning { ABSORB_LEARN_NOTHING, ABSORB_LEARN_SLOWLY, ABSORB_LEARN };
void absorb_step(struct absorb *absorb, const struct window *window, uint32_t datagrams,
                 enum absorb_learning learning, uint64_t now_ms);

/* Things have become bad just now; no more than a moment after an overload that's part of it. */
void absorb_begin(struct absorb *absorb, const struct window *window, uint64_t now_ms);

/* Things are bad in this tick: by overload? `before` is what was measured in the ABSORB_SPAN_MS before
 * `now`. */
enum overload absorb_judge(struct absorb *absorb, const struct thresholds *limits,
                           const struct tally *before, const struct tally *now,
                           const struct guard_view *fleet);

const char *overload_to_text(enum overload overload);

#endif
