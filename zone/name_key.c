/* name_key.c -- names in lower case, and their keys in a trie
 * Nearly all names consist of octets with one symbol each and have labels of less than 45 octets:
 * those are folded and translated sixteen octets at a time, in vectors that the compiler makes
 * of whatever the processor has. All others go octet by octet through a table. */
#include "zone/name.h"

#include <stdint.h>
#include <string.h>

/* For each octet its first symbol and, shifted by eight, its second one (0: none). Symbols
 * ascend with the canonical order of octets: hyphen, digits, underscore and letters have one of
 * their own, each run of up to 46 others shares one and is told apart by the second.
 * tests/zone/test_name.c holds the table against the rule. */
static const uint16_t symbols_of[256] = {
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

enum {
    CHUNK = 16,
    /* Where a name is longer than this the last chunk wouldn't fit in struct name. */
    CHUNKED_MAX = NAME_OCTETS_MAX / CHUNK * CHUNK,
    /* A length octet from here on looks like a hyphen or a digit. */
    CHUNKED_LABEL_MAX = '-' - 1,
    SYMBOLS_MAX = CHUNKED_MAX + CHUNK, /* octets beyond the end of a name are copied, too */
};

/* Comparing signed numbers is one instruction on x86-64. What a comparison yields is 0 or -1 in
 * each lane. */
typedef uint8_t octets16 __attribute__((vector_size(CHUNK)));
typedef int8_t signed16 __attribute__((vector_size(CHUNK)));

/* Where the labels of a name begin. */
struct labels {
    uint8_t start[NAME_LABELS_MAX + 1]; /* the last one is where they end */
    unsigned count;
};

/* Which lanes have one of `count` octets up to `last`: moved so that `last` is the greatest
 * number of all, and what's above wraps around. */
static octets16 between(octets16 octets, uint8_t last, uint8_t count)
{
    return (octets16)((signed16)(octets + (uint8_t)(INT8_MAX - last))
                      > (int8_t)(INT8_MAX - count));
}

static octets16 fold(octets16 octets)
{
    return octets | (between(octets, 'Z', 26) & 0x20);
}

/* Symbols, and which lanes have one that's right. */
struct translation {
    octets16 symbol, single;
};

/* The same as the table, for what has one symbol: the hyphen is 0x02, digits begin at 0x04, the
 * underscore is 0x0f, letters begin at 0x11. */
static struct translation translate(octets16 low)
{
    enum { DIGITS_DOWN = '0' - 0x04, LETTERS_DOWN = 'a' - 0x11 };
    const octets16 letter = between(low, 'z', 26) | (octets16)(low == '_');
    const octets16 hyphen = (octets16)(low == '-');
    return (struct translation){
        .symbol = low - DIGITS_DOWN - (letter & (LETTERS_DOWN - DIGITS_DOWN)) - hyphen,
        .single = letter | hyphen | between(low, '9', 10),
    };
}

static octets16 load(const uint8_t *octets)
{
    octets16 chunk;
    memcpy(&chunk, octets, CHUNK);
    return chunk;
}

static void store(uint8_t *octets, octets16 chunk)
{
    memcpy(octets, &chunk, CHUNK);
}

static void copy_chunk(uint8_t *to, const uint8_t *from)
{
    store(to, load(from));
}

/* Fewer octets than a chunk has: in two pieces that overlap. */
__attribute__((noinline)) static octets16 load_few(const uint8_t *octets, size_t count)
{
    octets16 chunk = {0};
    uint8_t *into = (uint8_t *)&chunk;
    if (count >= 8) {
        memcpy(into, octets, 8);
        memcpy(into + count - 8, octets + count - 8, 8);
    } else if (count >= 4) {
        memcpy(into, octets, 4);
        memcpy(into + count - 4, octets + count - 4, 4);
    } else {
        for (size_t i = 0; i < count; i++)
            into[i] = octets[i];
    }
    return chunk;
}

/* The first `wanted` octets, of `left` that may be read, and zeros. */
static octets16 load_end(const uint8_t *octets, size_t left, size_t wanted)
{
    static const signed16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const octets16 chunk = left >= CHUNK ? load(octets) : load_few(octets, left);
    return chunk & (octets16)(lane < (int8_t)wanted);
}

/* Lanes that had one symbol, of up to 15 chunks: `singles` is the sum of what was -1 for each. */
static size_t count_singles(octets16 singles)
{
    const octets16 counts = -singles;
    uint64_t halves[2];
    memcpy(halves, &counts, sizeof halves);
    return ((halves[0] + halves[1]) * UINT64_C(0x0101010101010101)) >> 56;
}

/* Joins the symbols of labels, the last one first, each ended by 0. Stores whole chunks: what's
 * too much is overwritten by the next label's or beyond the end. */
static size_t join(uint8_t key[NAME_KEY_MAX], const struct labels *labels,
                   const uint8_t *symbol)
{
    size_t len = 0;
    size_t end = labels->start[labels->count];
    for (unsigned i = labels->count; i-- > 0;) {
        const size_t start = labels->start[i] + 1u, count = end - start;
        memcpy(key + len, symbol + start, CHUNK);
        for (size_t at = CHUNK; at < count; at += CHUNK)
            memcpy(key + len + at, symbol + start + at, CHUNK);
        len += count;
        key[len++] = 0;
        end = labels->start[i];
    }
    return len;
}

/* --- any name --- */

/* Writes the symbols of a label's octets; returns how many. `key` has room for two an octet. */
static size_t label_symbols(uint8_t *key, const uint8_t *octets, size_t count)
{
    size_t len = 0;
    for (size_t at = 0; at < count; at++) {
        const uint16_t pair = symbols_of[octets[at]];
        key[len++] = (uint8_t)pair;
        if (pair > 0xff)
            key[len++] = (uint8_t)(pair >> 8);
    }
    return len;
}

static size_t any_key(uint8_t key[NAME_KEY_MAX], const uint8_t *wire, size_t octets)
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

/* Apart, so that those which all names pass through have fewer registers to save. */
__attribute__((noinline, cold)) static size_t read_any(struct name *name,
                                                       uint8_t room[NAME_KEY_MAX],
                                                       uint16_t *symbols, const uint8_t *octets,
                                                       size_t count)
{
    const size_t checked = name_check(octets, count);
    if (checked == 0)
        return 0;
    name->octets = (uint8_t)checked;
    memcpy(name->wire, octets, checked);
    name_lower(name->wire, checked);
    uint8_t key[NAME_KEY_MAX];
    const size_t len = any_key(key, name->wire, checked);
    memcpy(room + NAME_KEY_MAX - len, key, len);
    *symbols = (uint16_t)len;
    return checked;
}

/* --- what others call --- */

const uint8_t name_asterisk[NAME_ASTERISK_SYMBOLS] = {0x01, 0x2b, 0};

/* Finds the labels of a name up to the root label or `octets`. Returns false where it's too long
 * for chunks, or one of them is, or they go on beyond. */
static bool find_labels(struct labels *labels, const uint8_t *wire, size_t octets)
{
    const size_t limit = octets < CHUNKED_MAX ? octets : CHUNKED_MAX;
    size_t at = 0;
    unsigned count = 0;
    while (at < limit && wire[at] != 0) {
        if (wire[at] > CHUNKED_LABEL_MAX)
            return false;
        labels->start[count++] = (uint8_t)at;
        at += 1u + wire[at];
    }
    labels->start[count] = (uint8_t)at;
    labels->count = count;
    return at <= octets && at < CHUNKED_MAX;
}

size_t name_key(uint8_t key[NAME_KEY_MAX], const uint8_t *wire, size_t octets)
{
    struct labels labels;
    if (!find_labels(&labels, wire, octets))
        return any_key(key, wire, octets);
    const size_t end = labels.start[labels.count];
    uint8_t symbol[SYMBOLS_MAX];
    octets16 singles = {0};
    for (size_t at = 0; at < end; at += CHUNK) {
        const bool whole = end - at >= CHUNK;
        const struct translation t =
            translate(fold(whole ? load(wire + at) : load_end(wire + at, octets - at, end - at)));
        singles += t.single;
        memcpy(symbol + at, &t.symbol, CHUNK);
    }
    return count_singles(singles) == end - labels.count ? join(key, &labels, symbol)
                                                        : any_key(key, wire, octets);
}

/* Puts the symbols that end at `end` before `key`, in whole chunks: what's too much comes before them, where the next
 * label's go. */
static void put_before(uint8_t *key, const uint8_t *end, size_t count)
{
    for (size_t done = 0; done < count; done += CHUNK)
        copy_chunk(key - done - CHUNK, end - done - CHUNK);
}

/* What has come of a name's first octets. */
struct reading {
    size_t done;      /* octets */
    octets16 single;  /* which lanes of the last chunk had one symbol */
    octets16 singles; /* the sum of those of all chunks, of each octet once */
};

/* Of a mask that begins at octet `n` of these the last `n` lanes are set. */
static const uint8_t last_lanes[2 * CHUNK] = {[CHUNK... 2 * CHUNK - 1] = 0xff};

/* Takes the next chunk of `count` octets, or what's left of them and as many of those before as it takes: `wire` gets it
 * in lower case, and `symbol` its symbols, 0 for what has none of its own, as length octets have not. */
static inline void read_chunk(struct reading *reading, const uint8_t *octets, size_t count,
                              uint8_t *wire, uint8_t *symbol)
{
    size_t at = reading->done;
    const size_t left = count - at;
    if (left < CHUNK)
        at = count - CHUNK;
    const octets16 low = fold(load(octets + at));
    const struct translation t = translate(low);
    store(wire + at, low);
    store(symbol + at, t.symbol & t.single);
    reading->single = t.single;
    if (left < CHUNK)
        reading->single &= load(last_lanes + left);
    reading->singles += reading->single;
    reading->done = at + CHUNK;
}

/* Octets up to `end`, in the last chunk, that had one symbol. */
static size_t count_singles_before(const struct reading *reading, size_t end)
{
    const octets16 behind = load(last_lanes + (reading->done - end));
    return count_singles(reading->singles - (reading->single & behind));
}

_Static_assert(2 * (CHUNK + (int)CHUNKED_MAX) <= (int)NAME_KEY_MAX,
               "key and symbols have room beside each other");

size_t name_read(struct name *name, uint8_t room[NAME_KEY_MAX], uint16_t *symbols,
                 const uint8_t *octets, size_t count)
{
    const size_t limit = count < CHUNKED_MAX ? count : CHUNKED_MAX;
    if (count < CHUNK) /* seldom: there's no OPT behind it */
        return read_any(name, room, symbols, octets, count);

    /* What's before the first symbol may be copied, too. */
    uint8_t *const symbol = room + CHUNK, *key = room + NAME_KEY_MAX;
    struct reading reading = {.done = 0};
    size_t end = 0, labels = 0, label = 1u + octets[0]; /* with its length octet */
    for (; label - 2 < CHUNKED_LABEL_MAX; label = 1u + octets[end], labels++) {
        end += label;
        if (end >= limit)
            break;
        while (reading.done < end)
            read_chunk(&reading, octets, count, name->wire, symbol);
        key[-1] = 0;
        copy_chunk(key - 1 - CHUNK, symbol + end - CHUNK);
        if (label > 1 + CHUNK)
            put_before(key - 1 - CHUNK, symbol + end - CHUNK, label - 1 - CHUNK);
        key -= label;
    }
    if (label != 1 || end == 0 || count_singles_before(&reading, end) != end - labels)
        return read_any(name, room, symbols, octets, count);
    name->octets = (uint8_t)(end + 1);
    name->wire[end] = 0;
    *symbols = (uint16_t)end;
    return end + 1;
}
