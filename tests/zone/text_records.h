/* text_records.h -- what a master file says, as text that tests can compare */
#ifndef PHAROS_TESTS_ZONE_TEXT_RECORDS_H
#define PHAROS_TESTS_ZONE_TEXT_RECORDS_H

#include "zone/notes.h"
#include "zone/reading.h"

struct text_records {
    char *text; /* a line for each record: OWNER TTL TYPE RDATA-IN-HEXADECIMAL */
    size_t len, capacity;
    size_t count;
    struct place place; /* of the last one */
    struct notes notes;
    int err;
};

/* Reads `text` as the zone "example.". Free with text_records_fini(). */
struct text_records text_records_parse(const char *text);
struct text_records text_records_parse_octets(const char *text, size_t len);

/* The same from a file. */
struct text_records text_records_load(const char *path, struct sources *sources);

void text_records_fini(struct text_records *records);

/* Fails the test unless `text` yields exactly the records `expected`, and no notes. */
void assert_records(const char *text, const char *expected);

/* Fails the test unless the first note about `text` renders as `expected`. */
void assert_note(const char *text, const char *expected);

#endif
