/* symptoms.h -- what the last seconds say about a node
 * Two sources, the pulse and the probes; each sees slow or lost answers, workers that are stuck, and
 * addresses and transports that are dead. That zones are about to expire both would agree on. Pure. */
#ifndef PHAROS_SERVER_SIDECAR_SYMPTOMS_H
#define PHAROS_SERVER_SIDECAR_SYMPTOMS_H

#include "server/sidecar/tally.h"

enum { SYMPTOMS_TEXT_MAX = 320 };

struct symptoms {
    struct tally recent;   /* of the last window_ms */
    unsigned pulse, probe; /* percent bad in it */
    uint32_t stuck,
        workers;         /* some, not all of them: their share of the queries finds nobody */
    uint32_t dead_paths; /* bits */
    uint32_t expiring;
    bool suspect;          /* one source says so */
    bool agreed;           /* two do */
    unsigned patience_ms;  /* from first_bad_ms on, before the node leaves */
    uint64_t first_bad_ms; /* of what makes it suspect */
};

struct symptoms symptoms_find(const struct window *window, const struct paths *paths,
                              const struct sample *sample, const struct thresholds *limits,
                              uint64_t now_ms);

/* Whether the last clean_ms are good enough to return. */
bool symptoms_clean(const struct window *window, const struct paths *paths,
                    const struct sample *sample, const struct thresholds *limits,
                    uint64_t now_ms);

/* How sick, from 0 to GUARD_BADNESS_MAX; from GUARD_BADNESS_BAD on it's suspect. */
unsigned symptoms_badness(const struct symptoms *symptoms, const struct sample *sample);

/* The numbers in words. Returns `text`. */
const char *symptoms_text(const struct symptoms *symptoms, uint64_t now_ms,
                          char text[SYMPTOMS_TEXT_MAX]);

#endif
