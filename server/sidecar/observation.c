/* observation.c -- see observation.h */
#include "server/sidecar/observation.h"

static uint32_t sum_above(const uint32_t latency[PULSE_BUCKETS], unsigned bucket)
{
    uint32_t sum = 0;
    for (unsigned i = bucket; i < PULSE_BUCKETS; i++)
        sum += latency[i];
    return sum;
}

void observation_judge(struct observation *o, uint64_t late_us, uint64_t probe_late_us)
{
    struct sample *s = &o->sample;
    s->answers = sum_above(o->latency, 0);
    const uint32_t late = sum_above(o->latency, pulse_bucket(late_us) + 1);
    const uint32_t servfails = o->servfails < s->answers ? o->servfails : s->answers;
    s->late = late > servfails ? late : servfails;
    s->probes = sum_above(o->probe_latency, 0) + o->probes_failed;
    s->bad = sum_above(o->probe_latency, pulse_bucket(probe_late_us) + 1) + o->probes_failed;
}
