/* labels.h -- domain names as the validator reads them
 * Written apart from zone/name.h on purpose: what is judged shouldn't lend the judge its eyes.
 * Names are in lower case, uncompressed. All functions are pure. */
#ifndef PHAROS_TESTS_DIFFERENTIAL_LABELS_H
#define PHAROS_TESTS_DIFFERENTIAL_LABELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LABELS_OCTETS_MAX = 255 };

struct labels {
    uint8_t wire[LABELS_OCTETS_MAX];
    uint8_t octets; /* of `wire`, the root label counted */
    uint8_t count;  /* labels without the root's */
    uint8_t
        at[128]; /* where each label's length octet stands, from the left; then the root's */
};

/* Reads the name at the start of `wire` in lower case. Returns its octets, or 0 if it is none. */
size_t labels_read(struct labels *name, const uint8_t *wire, size_t len);

/* The order of RFC 4034 section 6.1: below, at or above 0. */
int labels_compare(const struct labels *one, const struct labels *other);
bool labels_equal(const struct labels *one, const struct labels *other);

/* Whether `name` is at or below `above`. */
bool labels_below(const struct labels *name, const struct labels *above);

/* How many labels two names share, counted from the root. */
size_t labels_common(const struct labels *one, const struct labels *other);

/* The ancestor of `name` (or itself) that has `count` labels; `count` is at most its own. */
void labels_ancestor(struct labels *out, const struct labels *name, size_t count);

/* *.`name`; returns false where that is longer than a name may be. */
bool labels_wildcard(struct labels *out, const struct labels *name);

/* `name` with its suffix `from` replaced by `to` (RFC 6672 section 2.2). `name` is below `from`.
 * Returns false where that is longer than a name may be. */
bool labels_substitute(struct labels *out, const struct labels *name, const struct labels *from,
                       const struct labels *to);

#endif
