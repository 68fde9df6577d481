/* notes.h -- what a person must read about a text: errors and warnings with their place
 * Zone files and configurations gather their mistakes here; only the top layer prints or logs
 * them. A note renders as
 *
 *     FILE:LINE:COLUMN: error: what is wrong
 *       the line of the file
 *              ^~~~~
 *     hint: did you mean AAAA?
 *
 * Not for several threads at once. */
#ifndef PHAROS_ZONE_NOTES_H
#define PHAROS_ZONE_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum severity { SEVERITY_WARNING, SEVERITY_ERROR };

enum { NOTES_ERRORS_MAX = 20, NOTES_WARNINGS_MAX = 100 };

struct note {
    enum severity severity;
    char *file;       /* owned; NULL where no file is concerned */
    uint32_t line;    /* from 1; 0: the file as a whole */
    uint32_t column;  /* from 1, in octets; 0: the line as a whole */
    uint32_t width;   /* octets to underline, at least 1 */
    char *message;    /* owned */
    char *text;       /* owned; the line, or NULL where it isn't known */
    uint32_t skipped; /* octets of a very long line that are left out before `text` */
    char *hint;       /* owned; or NULL */
};

/* Errors and warnings beyond the maxima are counted, not kept. */
struct notes {
    struct note *note;
    size_t count; /* kept */
    size_t capacity;
    size_t errors;   /* met */
    size_t warnings; /* met */
};

void notes_init(struct notes *notes);
void notes_fini(struct notes *notes);

/* Appends a note, as printf does. `text` (may be NULL) is the line, `text_len` octets without
 * its newline, and is copied. Out of memory the note is only counted. Returns the note for
 * notes_hint(), or NULL where it isn't kept. */
struct note *notes_add(struct notes *notes, enum severity severity, const char *file,
                       uint32_t line, uint32_t column, uint32_t width, const char *text,
                       size_t text_len, const char *format, ...)
    __attribute__((format(printf, 9, 10)));

/* Sets the hint of a note; `note` may be NULL. */
void notes_hint(struct note *note, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Sets the line of a note that was made without it: `len` octets without the newline. */
void notes_set_text(struct note *note, const char *text, size_t len);

/* Takes back all notes made since `before`, a copy of `*notes` from then. */
void notes_rewind(struct notes *notes, const struct notes *before);

/* True once as many errors were met as are kept: the reader may stop. */
static inline bool notes_full(const struct notes *notes)
{
    return notes->errors >= NOTES_ERRORS_MAX;
}

/* Renders a note as shown above, without a final newline, NUL-terminated and cut to `size`.
 * Tabs in the line become single spaces and control octets '?', so that the caret stands right
 * and nothing in a file can drive a terminal. Returns the length. */
size_t note_render(const struct note *note, char *out, size_t size);

/* Prints all notes, errors and warnings in the order they were met. */
void notes_print(const struct notes *notes, FILE *to);

/* The candidate nearest to `word` (Damerau-Levenshtein, case ignored), if it's near enough to
 * be what was meant; otherwise NULL. `candidates` ends with NULL. */
const char *notes_nearest(const char *word, size_t len, const char *const *candidates);

#endif
