/* tally.h -- what was measured in the last seconds
 * A ring of bins, one a tick, and since when each path has been without an answer. Pure. */
#ifndef PHAROS_SERVER_SIDECAR_TALLY_H
#define PHAROS_SERVER_SIDECAR_TALLY_H

#include "server/base/thresholds.h"
#include "server/sidecar/sample.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    TALLY_TICK_MS = 50,
    TALLY_BINS = 2 * THRESHOLDS_WINDOW_MAX_MS / TALLY_TICK_MS,
    PATHS_MAX = 32, /* 16 addresses, UDP and TCP */
};

/* Sums over some time. */
struct tally {
    uint32_t answers, late, probes, bad, tcp, tcp_bad, datagrams, drops;
    uint64_t first_bad_ms; /* 0: nothing was bad */
};

struct bin {
    uint64_t number; /* time / TALLY_TICK_MS */
    struct tally tally;
};

/* A zeroed one is empty. */
struct window {
    struct bin bin[TALLY_BINS];
};

void window_record(struct window *window, const struct sample *sample, uint64_t now_ms);

/* The sum over the `span_ms` that end at `end_ms`, which lies at most so far back that the ring still
 * has them. */
struct tally window_sum(const struct window *window, uint64_t end_ms, unsigned span_ms);

/* Part of whole, rounded down; 0 of nothing. */
unsigned percent(uint32_t part, uint32_t whole);

/* The share of bad probes, and of late or lost answers, in percent; 0 where there are too few to have
 * a word. The probes are among the answers: when they fail and the pulse has counted none at all, or
 * but few and all of them late, it says the same as they do. */
unsigned tally_probe_percent(const struct tally *tally);
unsigned tally_pulse_percent(const struct tally *tally, unsigned samples_min);

/* Whether there's enough to judge by. */
bool tally_enough(const struct tally *tally, unsigned samples_min);

/* Since when each path has had no answer. A zeroed one knows nothing. */
struct paths {
    struct {
        uint64_t bad_ms;    /* the first bad probe since the last good one; 0: none */
        uint64_t served_ms; /* when the pulse last counted an answer */
        uint32_t bad;       /* probes since bad_ms */
    } path[PATHS_MAX];
};

void paths_record(struct paths *paths, const struct sample *sample, uint64_t now_ms);

/* Bits: paths on which probes have got no answer for `dead_ms`; `*agreed` has those of them on which the
 * pulse has counted none either. `*first_ms` is when the oldest of them began. */
uint32_t paths_dead(const struct paths *paths, unsigned dead_ms, uint64_t now_ms,
                    uint32_t *agreed, uint64_t *first_ms);

#endif
