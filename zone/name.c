/* name.c -- domain names: wire form, text form, order, and their keys in a trie */
#include "zone/name.h"

#include <assert.h>
#include <string.h>

/* For each octet its first symbol and, shifted by eight, its second one (0: none). Symbols
 * ascend with the canonical order of octets: hyphen, digits, underscore and letters have one of
 * their own, each run of up to 46 others shares one and is told apart by the second.
 * tests/zone/test_name.c holds the table against the rule. */
static const uint16_t symbols[256] = {
    0x0101, 0x0201, 0x0301, 0x0401, 0x0501, 0x0601, 0x0701, 0x0801, 0x0901, 0x0a01, 0x0b01,
    0x0c01, 0x0d01, 0x0e01, 0x0f01, 0x1001, 0x1101, 0x1201, 0x1301, 0x1401, 0x1501, 0x1601,
    0x1701, 0x1801, 0x1901, 0x1a01, 0x1b01, 0x1c01, 0x1d01, 0x1e01, 0x1f01, 0x2001, 0x2101,
    0x2201, 0x2301, 0x2401, 0x2501, 0x2601, 0x2701, 0x2801, 0x2901, 0x2a01, 0x2b01, 0x2c01,
    0x2d01, 0x0002, 0x0103, 0x0203, 0x0004, 0x0005, 0x0006, 0x0007, 0x0008, 0x0009, 0x000a,
    0x000b, 0x000c, 0x000d, 0x010e, 0x020e, 0x030e, 0x040e, 0x050e, 0x060e, 0x070e, 0x0011,
    0x0012, 0x0013, 0x0014, 0x0015, 0x0016, 0x0017, 0x0018, 0x0019, 0x001a, 0x001b, 0x001c,
    0x001d, 0x001e, 0x001f, 0x0020, 0x0021, 0x0022, 0x0023, 0x0024, 0x0025, 0x0026, 0x0027,
    0x0028, 0x0029, 0x002a, 0x080e, 0x090e, 0x0a0e, 0x0b0e, 0x000f, 0x0110, 0x0011, 0x0012,
    0x0013, 0x0014, 0x0015, 0x0016, 0x0017, 0x0018, 0x0019, 0x001a, 0x001b, 0x001c, 0x001d,
    0x001e, 0x001f, 0x0020, 0x0021, 0x0022, 0x0023, 0x0024, 0x0025, 0x0026, 0x0027, 0x0028,
    0x0029, 0x002a, 0x012b, 0x022b, 0x032b, 0x042b, 0x052b, 0x062b, 0x072b, 0x082b, 0x092b,
    0x0a2b, 0x0b2b, 0x0c2b, 0x0d2b, 0x0e2b, 0x0f2b, 0x102b, 0x112b, 0x122b, 0x132b, 0x142b,
    0x152b, 0x162b, 0x172b, 0x182b, 0x192b, 0x1a2b, 0x1b2b, 0x1c2b, 0x1d2b, 0x1e2b, 0x1f2b,
    0x202b, 0x212b, 0x222b, 0x232b, 0x242b, 0x252b, 0x262b, 0x272b, 0x282b, 0x292b, 0x2a2b,
    0x2b2b, 0x2c2b, 0x2d2b, 0x2e2b, 0x012c, 0x022c, 0x032c, 0x042c, 0x052c, 0x062c, 0x072c,
    0x082c, 0x092c, 0x0a2c, 0x0b2c, 0x0c2c, 0x0d2c, 0x0e2c, 0x0f2c, 0x102c, 0x112c, 0x122c,
    0x132c, 0x142c, 0x152c, 0x162c, 0x172c, 0x182c, 0x192c, 0x1a2c, 0x1b2c, 0x1c2c, 0x1d2c,
    0x1e2c, 0x1f2c, 0x202c, 0x212c, 0x222c, 0x232c, 0x242c, 0x252c, 0x262c, 0x272c, 0x282c,
    0x292c, 0x2a2c, 0x2b2c, 0x2c2c, 0x2d2c, 0x2e2c, 0x012d, 0x022d, 0x032d, 0x042d, 0x052d,
    0x062d, 0x072d, 0x082d, 0x092d, 0x0a2d, 0x0b2d, 0x0c2d, 0x0d2d, 0x0e2d, 0x0f2d, 0x102d,
    0x112d, 0x122d, 0x132d, 0x142d, 0x152d, 0x162d, 0x172d, 0x182d, 0x192d, 0x1a2d, 0x1b2d,
    0x1c2d, 0x1d2d, 0x1e2d, 0x1f2d, 0x202d, 0x212d, 0x222d, 0x232d, 0x242d, 0x252d, 0x262d,
    0x272d, 0x282d, 0x292d,
};

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

bool name_at_or_below(const struct name *name, const struct name *apex)
{
    if (name->octets < apex->octets)
        return false;
    const uint8_t *wire = name->wire;
    const uint8_t *suffix = name->wire + name->octets - apex->octets;
    while (wire < suffix)
        wire += 1 + wire[0];
    return wire == suffix && name_equal(wire, apex->wire);
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

/* Writes the symbols of a label's octets; returns how many. Nearly all octets have one: four of them at a
 * time. `key` has room for two an octet. */
static size_t label_symbols(uint8_t *key, const uint8_t *octets, size_t count)
{
    size_t len = 0, at = 0;
    while (at + 4 <= count) {
        const uint32_t a = symbols[octets[at]], b = symbols[octets[at + 1]];
        const uint32_t c = symbols[octets[at + 2]], d = symbols[octets[at + 3]];
        if ((a | b | c | d) > 0xff)
            break;
        const uint8_t four[4] = {(uint8_t)a, (uint8_t)b, (uint8_t)c, (uint8_t)d};
        memcpy(key + len, four, sizeof four);
        len += 4;
        at += 4;
    }
    for (; at < count; at++) {
        const uint16_t pair = symbols[octets[at]];
        key[len++] = (uint8_t)pair;
        if (pair > 0xff)
            key[len++] = (uint8_t)(pair >> 8);
    }
    return len;
}

size_t name_key(uint8_t key[NAME_KEY_MAX], const uint8_t *wire, size_t octets)
{
    uint8_t start[NAME_LABELS_MAX + 1];
    unsigned labels = 0;
    for (size_t at = 0; at < octets && wire[at] != 0; at += 1u + wire[at])
        start[labels++] = (uint8_t)at;

    size_t len = 0;
    while (labels > 0) {
        const uint8_t *label = wire + start[--labels];
        len += label_symbols(key + len, label + 1, label[0]);
        key[len++] = 0;
    }
    return len;
}
