/* exposition.h -- metrics as text: OpenMetrics 1.0, or the older format of Prometheus (0.0.4)
 * A family is told once and its samples follow at once. Names are ours; values of labels may be any
 * text and are escaped. Pure but for writing to `to`, whose errors are the caller's to look at. */
#ifndef PHAROS_SERVER_SIDECAR_EXPOSITION_H
#define PHAROS_SERVER_SIDECAR_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum exposition_type {
    METRIC_GAUGE,
    METRIC_COUNTER,
    METRIC_HISTOGRAM,
    METRIC_INFO,
    METRIC_STATESET
};

struct exposition {
    FILE *to;
    bool classic; /* the older format: no units, no end, counters by their whole name */

    /* Private: the family under way; borrowed. */
    const char *family;
    enum exposition_type type;
};

struct label {
    const char *name;
    const char *value;
};

/* Labels as they are passed: an array that ends with a name NULL. NULL: none. */
#define LABELS(...)                                                                            \
    (const struct label[])                                                                     \
    {                                                                                          \
        __VA_ARGS__,                                                                           \
        {                                                                                      \
            NULL, NULL                                                                         \
        }                                                                                      \
    }

/* Begins a family: `name` without suffixes, ending with its `unit` if it has one (else NULL). */
void exposition_family(struct exposition *e, enum exposition_type type, const char *name,
                       const char *unit, const char *help);

/* One sample of the family: of a gauge, a counter or an info. */
void exposition_value(struct exposition *e, const struct label *labels, uint64_t value);
void exposition_real(struct exposition *e, const struct label *labels, double value);

/* A whole stateset: one sample for each of `states` names, 1 where it's the one that holds. */
void exposition_state(struct exposition *e, const struct label *labels,
                      const char *const *states, size_t count, size_t holds);

/* One sample of a histogram: `count[i]` were at most `bound[i]`, without those in lower buckets; the last
 * one, for which there's no bound, is counted in count[bounds]. */
void exposition_histogram(struct exposition *e, const struct label *labels, const double *bound,
                          const uint64_t *count, size_t bounds, double sum);

/* Ends the page. */
void exposition_end(struct exposition *e);

#endif
