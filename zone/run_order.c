/* run_order.c -- the canonical order of runs by their owners */
#include "zone/records.h"

#include <string.h>

enum { PREFIX_OCTETS = 10, PREFIX_BITS = 6, MERGED = 0x80 };

/* What an octet counts in a prefix, ascending with the octet; 0 is the end of a label. Several octets
 * share a MERGED one, so nothing behind it says anything. Owners have no upper case. */
#define EIGHT(n) n, n, n, n, n, n, n, n
enum {
    BELOW_HYPHEN = MERGED | 1,
    HYPHEN = 2,
    BELOW_DIGITS = MERGED | 3,
    DIGIT_0 = 4, /* to 13 */
    BELOW_LINE = MERGED | 14,
    LINE = 15,
    BELOW_LETTERS = MERGED | 16,
    LETTER_A = 17, /* to 42 */
    ABOVE_LETTERS = MERGED | 43,
};

static const uint8_t weights[256] = {
    /* 0x00 */ EIGHT(BELOW_HYPHEN),
    EIGHT(BELOW_HYPHEN),
    EIGHT(BELOW_HYPHEN),
    /* 0x18 */ EIGHT(BELOW_HYPHEN),
    EIGHT(BELOW_HYPHEN),
    /* 0x28 */ BELOW_HYPHEN,
    BELOW_HYPHEN,
    BELOW_HYPHEN,
    BELOW_HYPHEN,
    BELOW_HYPHEN,
    HYPHEN,
    BELOW_DIGITS,
    BELOW_DIGITS,
    /* 0x30 */ 4,
    5,
    6,
    7,
    8,
    9,
    10,
    11,
    12,
    13,
    BELOW_LINE,
    BELOW_LINE,
    BELOW_LINE,
    BELOW_LINE,
    BELOW_LINE,
    BELOW_LINE,
    /* 0x40 */ EIGHT(BELOW_LINE),
    EIGHT(BELOW_LINE),
    EIGHT(BELOW_LINE),
    BELOW_LINE,
    BELOW_LINE,
    BELOW_LINE,
    BELOW_LINE,
    BELOW_LINE,
    BELOW_LINE,
    BELOW_LINE,
    LINE,
    /* 0x60 */ BELOW_LETTERS,
    17,
    18,
    19,
    20,
    21,
    22,
    23,
    24,
    25,
    26,
    27,
    28,
    29,
    30,
    31,
    32,
    33,
    34,
    35,
    36,
    37,
    38,
    39,
    40,
    41,
    42,
    ABOVE_LETTERS,
    ABOVE_LETTERS,
    ABOVE_LETTERS,
    ABOVE_LETTERS,
    ABOVE_LETTERS,
    /* 0x80 */ EIGHT(ABOVE_LETTERS),
    EIGHT(ABOVE_LETTERS),
    EIGHT(ABOVE_LETTERS),
    EIGHT(ABOVE_LETTERS),
    EIGHT(ABOVE_LETTERS),
    EIGHT(ABOVE_LETTERS),
    EIGHT(ABOVE_LETTERS),
    EIGHT(ABOVE_LETTERS),
    EIGHT(ABOVE_LETTERS),
    EIGHT(ABOVE_LETTERS),
    EIGHT(ABOVE_LETTERS),
    EIGHT(ABOVE_LETTERS),
    EIGHT(ABOVE_LETTERS),
    EIGHT(ABOVE_LETTERS),
    EIGHT(ABOVE_LETTERS),
    EIGHT(ABOVE_LETTERS)};

/* Where labels begin. Returns how many there are. */
static unsigned label_starts(const uint8_t *owner, uint8_t octets,
                             uint8_t start[NAME_LABELS_MAX])
{
    unsigned labels = 0;
    for (unsigned at = 0; at < octets; at += 1u + owner[at])
        start[labels++] = (uint8_t)at;
    return labels;
}

/* Appends octets of a label to a prefix. Returns how many count: behind a merged one none does. */
static unsigned append_label(uint64_t *prefix, const uint8_t *octet, unsigned count)
{
    uint64_t all = *prefix;
    unsigned merged = 0;
    for (unsigned i = 0; i < count; i++) {
        const unsigned weight = weights[octet[i]];
        merged |= weight;
        all = all << PREFIX_BITS | weight;
    }
    if (merged < MERGED) { /* nearly always */
        *prefix = all;
        return count;
    }
    unsigned weight = 0, i = 0;
    while (weight < MERGED) {
        weight = weights[octet[i++]];
        *prefix = *prefix << PREFIX_BITS | (weight & (MERGED - 1));
    }
    return i;
}

uint64_t run_prefix(const uint8_t *owner, uint8_t octets)
{
    uint8_t start[NAME_LABELS_MAX];
    uint64_t prefix = 0;
    unsigned room = PREFIX_OCTETS;
    for (unsigned labels = label_starts(owner, octets, start); labels > 0 && room > 0;) {
        const uint8_t *label = owner + start[--labels];
        const unsigned count = label[0] < room ? label[0] : room;
        const unsigned appended = append_label(&prefix, label + 1, count);
        room -= appended;
        if (room == 0 || (weights[label[appended]] & MERGED) != 0)
            break;
        prefix <<= PREFIX_BITS; /* the end of the label */
        room--;
    }
    return prefix << (PREFIX_BITS * room);
}

int run_compare_owners(const uint8_t *a, uint8_t a_octets, const uint8_t *b, uint8_t b_octets)
{
    if (a_octets == b_octets && memcmp(a, b, a_octets) == 0)
        return 0;
    if (a_octets > 0 && b_octets > 0 && a[0] + 1u == a_octets && b[0] + 1u == b_octets) {
        const int order = memcmp(a + 1, b + 1, a[0] < b[0] ? a[0] : b[0]);
        return order != 0 ? order : a[0] - b[0];
    }
    uint8_t a_start[NAME_LABELS_MAX], b_start[NAME_LABELS_MAX];
    unsigned a_left = label_starts(a, a_octets, a_start);
    unsigned b_left = label_starts(b, b_octets, b_start);
    while (a_left > 0 && b_left > 0) {
        const uint8_t *x = a + a_start[--a_left], *y = b + b_start[--b_left];
        const int order = memcmp(x + 1, y + 1, x[0] < y[0] ? x[0] : y[0]);
        if (order != 0)
            return order;
        if (x[0] != y[0])
            return x[0] - y[0];
    }
    return (int)a_left - (int)b_left;
}
