/* values.h -- the values of a configuration: texts, numbers, durations, choices, paths
 * All are of the form that tables of schema.h take. */
#ifndef PHAROS_SERVER_BASE_VALUES_H
#define PHAROS_SERVER_BASE_VALUES_H

#include "server/base/address.h"
#include "server/base/schema.h"

/* The item as a word or text of 1 to `key->max` octets; NULL with a note where it's none.
 * Borrowed from the document. */
const char *value_word(struct reading *reading, const struct item *item, const struct key *key);

/* Into a char *, owned, which replaces what was there. */
void value_text(struct reading *reading, const struct item *item, const struct key *key,
                void *into);

/* Into a char *, as above; a relative path is made one of the configuration's folder. */
void value_path(struct reading *reading, const struct item *item, const struct key *key,
                void *into);

/* Into an unsigned, within `key->min` and `key->max`. */
void value_number(struct reading *reading, const struct item *item, const struct key *key,
                  void *into);

/* Into an unsigned: milliseconds, written with a unit: 20ms, 10s, 5m, 2h, 3d. */
void value_duration(struct reading *reading, const struct item *item, const struct key *key,
                    void *into);

/* Into an enum: the index into `key->choices`. */
void value_choice(struct reading *reading, const struct item *item, const struct key *key,
                  void *into);

/* A map of `key->keys`, into what `into` points to. */
void value_section(struct reading *reading, const struct item *item, const struct key *key,
                   void *into);

/* Reads "192.0.2.1@53"; without `with_port` a port is refused and `default_port` set. False
 * with a note. */
bool value_address(struct reading *reading, const struct item *item, const struct key *key,
                   bool with_port, uint16_t default_port, struct address *address);

/* FOLDER/PATH, or PATH where it's absolute; the caller's to free. NULL: out of memory. */
char *path_join(const char *folder, const char *path);

/* Makes room for one more in an array of `count` elements of `octets` each, and returns the new
 * element, zeroed, for the caller to count; NULL out of memory, with the array as it was. */
void *array_more(void *array_pointer, size_t count, size_t octets);

#endif
