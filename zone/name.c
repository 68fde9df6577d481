/* name.c -- domain names: wire form, text form, order */
#include "zone/name.h"

#include <assert.h>
#include <string.h>

static uint8_t lower(uint8_t octet)
{
    return octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet | 0x20) : octet;
}

const char *name_strerror(enum name_error error)
{
    switch (error) {
    case NAME_OK:
        return "no error";
    case NAME_EMPTY:
        return "empty name";
    case NAME_EMPTY_LABEL:
        return "empty label in a name";
    case NAME_LABEL_TOO_LONG:
        return "label longer than 63 octets";
    case NAME_TOO_LONG:
        return "name longer than 255 octets";
    case NAME_BAD_ESCAPE:
        return "bad escape in a name: a backslash wants a character or three digits up to 255";
    case NAME_NO_ORIGIN:
        return "relative name, but no origin to complete it";
    }
    return "bad name";
}

/* Reads the octet after a backslash at `text[*at]`. */
static bool read_escape(const char *text, size_t len, size_t *at, uint8_t *octet)
{
    if (*at >= len)
        return false;
    const char c = text[*at];
    if (c < '0' || c > '9') {
        *octet = (uint8_t)c;
        *at += 1;
        return true;
    }
    if (len - *at < 3)
        return false;
    unsigned value = 0;
    for (unsigned i = 0; i < 3; i++) {
        const char digit = text[*at + i];
        if (digit < '0' || digit > '9')
            return false;
        value = value * 10 + (unsigned)(digit - '0');
    }
    if (value > 255)
        return false;
    *octet = (uint8_t)value;
    *at += 3;
    return true;
}

static enum name_error append_origin(struct name *name, size_t len, const struct name *origin)
{
    if (origin == NULL)
        return NAME_NO_ORIGIN;
    if (len + origin->octets > NAME_OCTETS_MAX)
        return NAME_TOO_LONG;
    memcpy(name->wire + len, origin->wire, origin->octets);
    name->octets = (uint8_t)(len + origin->octets);
    return NAME_OK;
}

enum name_error name_from_text(struct name *name, const char *text, size_t len,
                               const struct name *origin, size_t *where)
{
    size_t unused;
    if (where == NULL)
        where = &unused;
    *where = 0;
    if (len == 0)
        return NAME_EMPTY;
    if (len == 1 && text[0] == '.') {
        name->octets = 1;
        name->wire[0] = 0;
        return NAME_OK;
    }

    size_t label = 0; /* where the length octet of the current label stands */
    size_t end = 1;
    for (size_t at = 0; at < len;) {
        *where = at;
        uint8_t octet = (uint8_t)text[at++];
        if (octet == '.') {
            if (end - label == 1)
                return NAME_EMPTY_LABEL;
            name->wire[label] = (uint8_t)(end - label - 1);
            label = end++;
            if (at == len) {
                name->wire[label] = 0;
                name->octets = (uint8_t)(label + 1);
                return NAME_OK;
            }
            if (end > NAME_OCTETS_MAX - 1)
                return NAME_TOO_LONG;
            continue;
        }
        if (octet == '\\' && !read_escape(text, len, &at, &octet))
            return NAME_BAD_ESCAPE;
        if (end - label > LABEL_OCTETS_MAX)
            return NAME_LABEL_TOO_LONG;
        if (end > NAME_OCTETS_MAX - 2)
            return NAME_TOO_LONG;
        name->wire[end++] = octet;
    }
    name->wire[label] = (uint8_t)(end - label - 1);
    return append_origin(name, end, origin);
}

enum name_error name_from_string(struct name *name, const char *text)
{
    static const struct name root = {.octets = 1};
    return name_from_text(name, text, strlen(text), &root, NULL);
}

static size_t put_octet(char *text, uint8_t octet)
{
    if (octet <= ' ' || octet >= 0x7f) {
        text[0] = '\\';
        text[1] = (char)('0' + octet / 100);
        text[2] = (char)('0' + octet / 10 % 10);
        text[3] = (char)('0' + octet % 10);
        return 4;
    }
    size_t len = 0;
    if (strchr(".\\\"();@$", octet) != NULL)
        text[len++] = '\\';
    text[len++] = (char)octet;
    return len;
}

size_t name_to_text(const uint8_t *wire, char text[NAME_TEXT_MAX])
{
    size_t len = 0;
    if (wire[0] == 0)
        text[len++] = '.';
    while (wire[0] != 0) {
        for (unsigned i = 1; i <= wire[0]; i++)
            len += put_octet(text + len, wire[i]);
        text[len++] = '.';
        wire += 1 + wire[0];
    }
    text[len] = '\0';
    return len;
}

size_t name_check(const uint8_t *octets, size_t len)
{
    for (size_t at = 0; at < len && at < NAME_OCTETS_MAX;) {
        if (octets[at] == 0)
            return at + 1;
        if (octets[at] > LABEL_OCTETS_MAX)
            return 0;
        at += 1u + octets[at];
    }
    return 0;
}

void name_from_wire(struct name *name, const uint8_t *wire, bool fold)
{
    size_t octets = 1;
    while (wire[octets - 1] != 0)
        octets += 1u + wire[octets - 1];
    assert(octets <= NAME_OCTETS_MAX);
    name->octets = (uint8_t)octets;
    memcpy(name->wire, wire, octets);
    if (fold)
        name_lower(name->wire, octets);
}

/* Eight octets at once: the top bit of each octet of `upper` says that it is one of A to Z. */
static uint64_t lower_eight(uint64_t octets)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t low = octets & 0x7f * ones;
    const uint64_t above_z = low + (0x7f - 'Z') * ones, from_a = low + (0x80 - 'A') * ones;
    const uint64_t upper = (from_a ^ above_z) & ~octets & 0x80 * ones;
    return octets | upper >> 2;
}

void name_lower(uint8_t *wire, size_t octets)
{
    for (; octets >= 8; octets -= 8, wire += 8) {
        uint64_t eight;
        memcpy(&eight, wire, sizeof eight);
        eight = lower_eight(eight);
        memcpy(wire, &eight, sizeof eight);
    }
    for (size_t i = 0; i < octets; i++)
        wire[i] = lower(wire[i]);
}

unsigned name_labels(const uint8_t *wire)
{
    unsigned labels = 0;
    for (; wire[0] != 0; wire += 1 + wire[0])
        labels++;
    return labels;
}

bool name_equal(const uint8_t *a, const uint8_t *b)
{
    for (;;) {
        if (a[0] != b[0])
            return false;
        if (a[0] == 0)
            return true;
        for (unsigned i = 1; i <= a[0]; i++)
            if (lower(a[i]) != lower(b[i]))
                return false;
        b += 1 + b[0];
        a += 1 + a[0];
    }
}

bool wire_at_or_below(const uint8_t *wire, size_t octets, const struct name *apex)
{
    if (octets < apex->octets)
        return false;
    const uint8_t *suffix = wire + octets - apex->octets;
    while (wire < suffix)
        wire += 1 + wire[0];
    /* Nearly all names are written in one case. */
    return wire == suffix && wire[0] == apex->wire[0]
           && (memcmp(wire, apex->wire, apex->octets) == 0 || name_equal(wire, apex->wire));
}

bool name_at_or_below(const struct name *name, const struct name *apex)
{
    return wire_at_or_below(name->wire, name->octets, apex);
}

static unsigned label_starts(const uint8_t *wire, const uint8_t *start[NAME_LABELS_MAX])
{
    unsigned labels = 0;
    for (; wire[0] != 0; wire += 1 + wire[0])
        start[labels++] = wire;
    return labels;
}

int name_compare(const uint8_t *a, const uint8_t *b)
{
    const uint8_t *starts_a[NAME_LABELS_MAX], *starts_b[NAME_LABELS_MAX];
    unsigned left_a = label_starts(a, starts_a), left_b = label_starts(b, starts_b);

    while (left_a > 0 && left_b > 0) {
        const uint8_t *label_a = starts_a[--left_a], *label_b = starts_b[--left_b];
        const unsigned shorter = label_a[0] < label_b[0] ? label_a[0] : label_b[0];
        for (unsigned i = 1; i <= shorter; i++)
            if (lower(label_a[i]) != lower(label_b[i]))
                return lower(label_a[i]) - lower(label_b[i]);
        if (label_a[0] != label_b[0])
            return label_a[0] - label_b[0];
    }
    return (int)left_a - (int)left_b;
}
