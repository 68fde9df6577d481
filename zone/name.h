/* name.h -- domain names: wire form, text form, order, and their keys in a trie
 * Names are kept as RFC 1035 section 3.1 writes them: length octets and labels, the root label
 * at the end, never compressed. All functions here are pure; any thread may call them. */
#ifndef PHAROS_ZONE_NAME_H
#define PHAROS_ZONE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    NAME_OCTETS_MAX = 255, /* with the root label, RFC 1035 section 2.3.4 */
    LABEL_OCTETS_MAX = 63,
    NAME_LABELS_MAX = 127, /* without the root label */
    NAME_TEXT_MAX = 1024,  /* room for any name as text, with its NUL */
    NAME_KEY_MAX = 512,    /* symbols of the longest key */
};

struct name {
    uint8_t octets; /* of `wire`, the root label counted: 1 to 255 */
    uint8_t wire[NAME_OCTETS_MAX];
};

/* Why a text is no name; name_strerror() words it for people. */
enum name_error {
    NAME_OK = 0,
    NAME_EMPTY,
    NAME_EMPTY_LABEL,
    NAME_LABEL_TOO_LONG,
    NAME_TOO_LONG,
    NAME_BAD_ESCAPE,
    NAME_NO_ORIGIN, /* a relative name, and no origin to complete it */
};

const char *name_strerror(enum name_error error);

/* Reads a name in presentation form (RFC 1035 section 5.1: \X and \DDD escapes, "@" is not
 * special here). A name that doesn't end in a dot is completed with `origin`, which may be NULL
 * (then such a name is NAME_NO_ORIGIN). Case is kept. On an error `*where` (may be NULL) is the
 * offset into `text` at which it was found. */
enum name_error name_from_text(struct name *name, const char *text, size_t len,
                               const struct name *origin, size_t *where);

/* As above for command lines and configuration: a missing final dot is implied. */
enum name_error name_from_string(struct name *name, const char *text);

/* Writes the absolute name at `wire` as text with escapes and a final dot, NUL-terminated, at
 * most NAME_TEXT_MAX octets. Returns the length without the NUL. `wire` must be well formed. */
size_t name_to_text(const uint8_t *wire, char text[NAME_TEXT_MAX]);

/* Checks that `octets` starts with an uncompressed name of at most `len` octets. Returns its
 * length with the root label, or 0. */
size_t name_check(const uint8_t *octets, size_t len);

/* Copies a well-formed name from wire form; `lower` says whether to fold A-Z (RFC 4343). */
void name_from_wire(struct name *name, const uint8_t *wire, bool lower);

/* Folds A-Z to a-z in place; length octets are below 64 and so stay as they are. */
void name_lower(uint8_t *wire, size_t octets);

/* Labels without the root label. */
unsigned name_labels(const uint8_t *wire);

/* Whether two labels are the same, octet by octet. The lengths come first: behind the shorter one there
 * may be nothing more to read. */
static inline bool label_equal(const uint8_t *a, const uint8_t *b)
{
    /* The last octets are where most that differ do so. */
    return a[0] == b[0] && a[a[0]] == b[b[0]] && memcmp(a + 1, b + 1, a[0]) == 0;
}

/* Equality without regard to case. */
bool name_equal(const uint8_t *a, const uint8_t *b);

/* True where `name` is `apex` or below it; case is ignored. */
bool name_at_or_below(const struct name *name, const struct name *apex);

/* The same of a name of so many octets in wire form. */
bool wire_at_or_below(const uint8_t *wire, size_t octets, const struct name *apex);

/* Canonical order of RFC 4034 section 6.1 (case ignored): below 0, 0, above 0. */
int name_compare(const uint8_t *a, const uint8_t *b);

/* The key of a name in a trie: its labels from the root down, each octet one symbol (letters,
 * digits, hyphen and underscore) or two (the others), each label ended by the symbol 0. Symbols
 * are 0 to 46, and comparing keys by symbols, a missing one counting as 0, is the canonical
 * order of names. Upper case counts as lower case.
 *
 * `wire` need not end in the root label: `octets` says where the labels end, so that a name's
 * leading labels alone (an owner relative to its apex) have a key as well, and
 * key(apex) followed by key(relative owner) is key(owner). Returns the number of symbols. */
size_t name_key(uint8_t key[NAME_KEY_MAX], const uint8_t *wire, size_t octets);

/* The key of the label "*", by which wildcards begin. */
enum { NAME_ASTERISK_SYMBOLS = 3 };
extern const uint8_t name_asterisk[NAME_ASTERISK_SYMBOLS];

/* Reads the uncompressed name that stands at the start of `count` octets, all in one pass: it's
 * checked, `name` gets it in lower case (what follows it in there is undefined), and `room` its
 * key, of `*symbols` symbols, at the end: the labels come in the order that is the key's backwards. Returns the
 * name's octets with the root label, or 0 where it's cut off, too long or no such name; then what was written is
 * undefined. */
size_t name_read(struct name *name, uint8_t room[NAME_KEY_MAX], uint16_t *symbols,
                 const uint8_t *octets, size_t count);

/* Where name_read() wrote the key. */
static inline const uint8_t *name_read_key(const uint8_t room[NAME_KEY_MAX], size_t symbols)
{
    return room + NAME_KEY_MAX - symbols;
}

#endif
