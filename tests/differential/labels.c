/* labels.c -- domain names as the validator reads them */
#include "tests/differential/labels.h"

#include <assert.h>
#include <string.h>

static uint8_t lower(uint8_t octet)
{
    return octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet + 32) : octet;
}

size_t labels_read(struct labels *name, const uint8_t *wire, size_t len)
{
    size_t at = 0;
    name->count = 0;
    while (at < len && wire[at] != 0) {
        if (wire[at] > 63 || at + wire[at] + 2 > LABELS_OCTETS_MAX || at + wire[at] + 1u >= len)
            return 0;
        name->at[name->count++] = (uint8_t)at;
        name->wire[at] = wire[at];
        for (size_t end = at + wire[at]; at < end; at++)
            name->wire[at + 1] = lower(wire[at + 1]);
        at++;
    }
    if (at >= len)
        return 0;
    name->wire[at] = 0;
    name->at[name->count] = (uint8_t)at;
    name->octets = (uint8_t)(at + 1);
    return name->octets;
}

/* The label that has `nth` labels to its right; its octets, its length octet before them. */
static const uint8_t *from_right(const struct labels *name, size_t nth)
{
    return name->wire + name->at[name->count - 1 - nth];
}

static int compare_labels(const uint8_t *one, const uint8_t *other)
{
    const int order = memcmp(one + 1, other + 1, one[0] < other[0] ? one[0] : other[0]);
    return order != 0 ? order : one[0] - other[0];
}

int labels_compare(const struct labels *one, const struct labels *other)
{
    for (size_t i = 0; i < one->count && i < other->count; i++) {
        const int order = compare_labels(from_right(one, i), from_right(other, i));
        if (order != 0)
            return order;
    }
    return one->count - other->count;
}

bool labels_equal(const struct labels *one, const struct labels *other)
{
    return one->octets == other->octets && memcmp(one->wire, other->wire, one->octets) == 0;
}

size_t labels_common(const struct labels *one, const struct labels *other)
{
    size_t common = 0;
    while (common < one->count && common < other->count
           && compare_labels(from_right(one, common), from_right(other, common)) == 0)
        common++;
    return common;
}

bool labels_below(const struct labels *name, const struct labels *above)
{
    return name->count >= above->count
           && memcmp(name->wire + name->at[name->count - above->count], above->wire,
                     above->octets)
                  == 0;
}

void labels_ancestor(struct labels *out, const struct labels *name, size_t count)
{
    assert(count <= name->count);
    const size_t at = name->at[name->count - count];
    labels_read(out, name->wire + at, name->octets - at);
}

bool labels_wildcard(struct labels *out, const struct labels *name)
{
    uint8_t wire[LABELS_OCTETS_MAX + 2] = {1, '*'};
    memcpy(wire + 2, name->wire, name->octets);
    return labels_read(out, wire, name->octets + 2u) != 0;
}

bool labels_substitute(struct labels *out, const struct labels *name, const struct labels *from,
                       const struct labels *to)
{
    uint8_t wire[2 * LABELS_OCTETS_MAX];
    const size_t kept = (size_t)name->octets - from->octets;
    memcpy(wire, name->wire, kept);
    memcpy(wire + kept, to->wire, to->octets);
    return labels_read(out, wire, kept + to->octets) != 0;
}
