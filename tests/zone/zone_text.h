/* zone_text.h -- zones for tests, from text */
#ifndef PHAROS_TESTS_ZONE_ZONE_TEXT_H
#define PHAROS_TESTS_ZONE_ZONE_TEXT_H

#include "zone/lookup.h"
#include "zone/zonefile.h"

/* The zone at `apex`; fails the test, printing the notes, where the text is none. */
struct zone *zone_of_text(const char *apex, const char *text);

/* The notes that loading a text gives, one a line as "error: ..." or "warning: ...", for as
 * long as the next call. `*zone` (may be NULL) is the zone or NULL; the caller frees it. */
const char *notes_of_text(const char *apex, const char *text, struct zone **zone);

struct name name_of(const char *text);
uint16_t type_of(const char *text);

/* One question with all that a lookup borrows. */
struct question {
    struct name qname;
    uint8_t key[NAME_KEY_MAX];
    struct lookup lookup;
};

/* Fills a question from "www.example. A"; `zone` may be NULL. */
void question_init(struct question *question, const char *text, const struct zone *zone);

#endif
