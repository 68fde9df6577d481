/* observation.h -- a tick's measurements before they are judged
 * What --record writes: with the histograms in it a sample can be judged again by another threshold. */
#ifndef PHAROS_SERVER_SIDECAR_OBSERVATION_H
#define PHAROS_SERVER_SIDECAR_OBSERVATION_H

#include "server/base/pulse.h"
#include "server/sidecar/sample.h"

struct observation {
    uint32_t latency[PULSE_BUCKETS]; /* of the pulse: answers by their true latency */
    uint32_t servfails;              /* of the pulse, where they're to blame */
    uint32_t
        probe_latency[PULSE_BUCKETS]; /* probes that were answered; by TCP half of the time that
                                            * handshake and answer took */
    uint32_t probes_failed;           /* that weren't, or with SERVFAIL */
    struct sample sample;
};

/* Fills the sample's answers, late, probes and bad: an answer that took longer than `late_us` is late, and a
 * probe that took longer than `probe_late_us` bad, by whole buckets (so up to 25 % more is forgiven). */
void observation_judge(struct observation *observation, uint64_t late_us,
                       uint64_t probe_late_us);

#endif
