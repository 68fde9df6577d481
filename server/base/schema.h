/* schema.h -- which keys a map may have, and how each is read
 * Tables of keys say what a configuration is; here they are held against what stands in the
 * document. Every mistake is noted at its place, and reading goes on with the next key. */
#ifndef PHAROS_SERVER_BASE_SCHEMA_H
#define PHAROS_SERVER_BASE_SCHEMA_H

#include "server/base/document.h"
#include "zone/notes.h"

/* A configuration on its way from a document into a struct. */
struct reading {
    const struct document *document;
    struct notes *notes;
    const char *folder; /* what relative paths are relative to */
    int err;            /* -ENOMEM once memory ran out; mistakes of the text are in `notes` */
};

struct key;

/* Reads `item` as `key` has it into `into`, or notes why not and leaves `into` as it was. */
typedef void read_value(struct reading *reading, const struct item *item, const struct key *key,
                        void *into);

struct key {
    const char *name; /* NULL ends a table */
    read_value *read;
    size_t offset; /* of what it sets, within what schema_map() gets */
    unsigned min;  /* of a number, or of a duration in ms */
    unsigned max;  /* of the same; of a text its octets; 0: no bound */
    bool required;
    const char *const *choices; /* of value_choice(): ends with NULL */
    const struct key *keys;     /* of value_section() */
};

enum { SCHEMA_KEYS_MAX = 32 };

/* Reads a map by its table of at most SCHEMA_KEYS_MAX keys. `what` names it in messages. */
void schema_map(struct reading *reading, const struct item *map, const char *what,
                const struct key *keys, void *into);

/* Reads each item of a list with `read`, each getting `key` and the same `into`. `example` is
 * shown where something else than a list stands. */
void schema_list(struct reading *reading, const struct item *list, const struct key *key,
                 const char *example, read_value *read, void *into);

/* Notes a mistake at an item; the note is for notes_hint(). */
struct note *schema_error(struct reading *reading, const struct item *item, const char *format,
                          ...) __attribute__((format(printf, 3, 4)));

/* Out of memory: noted once in `err`. */
void schema_no_memory(struct reading *reading);

#endif
