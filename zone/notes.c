/* notes.c -- what a person must read about a text: errors and warnings with their place */
#include "zone/notes.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    NOTE_MESSAGE_MAX = 512,
    NOTE_TEXT_MAX = 200,     /* octets kept of a line */
    NOTE_BEFORE_CARET = 100, /* of those, before the column, where the line is longer */
    NEAREST_WORD_MAX = 32,
};

/* Makes an octet harmless to a terminal and one column wide, so that carets stand right. */
static char printable(char c)
{
    if (c == '\t')
        return ' ';
    return c >= ' ' && c <= '~' ? c : '?';
}

static char *copy_printable(const char *text, size_t len)
{
    char *copy = malloc(len + 1);
    if (copy == NULL)
        return NULL;
    for (size_t i = 0; i < len; i++)
        copy[i] = printable(text[i]);
    copy[len] = '\0';
    return copy;
}

static char *format_printable(const char *format, va_list arguments)
{
    char message[NOTE_MESSAGE_MAX];
    const int len = vsnprintf(message, sizeof message, format, arguments);
    if (len < 0)
        return NULL;
    return copy_printable(message, strlen(message));
}

static void free_note(struct note *note)
{
    free(note->file);
    free(note->message);
    free(note->text);
    free(note->hint);
}

/* Makes room for one more. */
static struct note *next_note(struct notes *notes)
{
    if (notes->count == notes->capacity) {
        const size_t capacity = notes->capacity == 0 ? 8 : notes->capacity * 2;
        struct note *grown = realloc(notes->note, capacity * sizeof *grown);
        if (grown == NULL)
            return NULL;
        notes->note = grown;
        notes->capacity = capacity;
    }
    return &notes->note[notes->count];
}

void notes_init(struct notes *notes)
{
    *notes = (struct notes){0};
}

void notes_fini(struct notes *notes)
{
    for (size_t i = 0; i < notes->count; i++)
        free_note(&notes->note[i]);
    free(notes->note);
    *notes = (struct notes){0};
}

/* Copies the part of a line that a person can take in: all, or what is around the column. */
static void keep_text(struct note *note, const char *text, size_t len)
{
    size_t skipped = 0;
    if (len > NOTE_TEXT_MAX && note->column > NOTE_BEFORE_CARET)
        skipped = note->column - NOTE_BEFORE_CARET;
    if (skipped > len)
        skipped = len;
    size_t kept = len - skipped;
    if (kept > NOTE_TEXT_MAX)
        kept = NOTE_TEXT_MAX;
    note->text = copy_printable(text + skipped, kept);
    note->skipped = (uint32_t)skipped;
}

struct note *notes_add(struct notes *notes, enum severity severity, const char *file,
                       uint32_t line, uint32_t column, uint32_t width, const char *text,
                       size_t text_len, const char *format, ...)
{
    const size_t met = severity == SEVERITY_ERROR ? notes->errors++ : notes->warnings++;
    if (met >= (severity == SEVERITY_ERROR ? NOTES_ERRORS_MAX : NOTES_WARNINGS_MAX))
        return NULL;
    struct note *note = next_note(notes);
    if (note == NULL)
        return NULL;

    *note = (struct note){
        .severity = severity, .line = line, .column = column, .width = width == 0 ? 1 : width};
    va_list arguments;
    va_start(arguments, format);
    note->message = format_printable(format, arguments);
    va_end(arguments);
    if (file != NULL)
        note->file = copy_printable(file, strlen(file));
    if (text != NULL)
        keep_text(note, text, text_len);
    if (note->message == NULL || (file != NULL && note->file == NULL)) {
        free_note(note);
        return NULL;
    }
    notes->count++;
    return note;
}

void notes_set_text(struct note *note, const char *text, size_t len)
{
    free(note->text);
    keep_text(note, text, len);
}

void notes_rewind(struct notes *notes, const struct notes *before)
{
    while (notes->count > before->count)
        free_note(&notes->note[--notes->count]);
    notes->errors = before->errors;
    notes->warnings = before->warnings;
}

void notes_hint(struct note *note, const char *format, ...)
{
    if (note == NULL)
        return;
    va_list arguments;
    va_start(arguments, format);
    free(note->hint);
    note->hint = format_printable(format, arguments);
    va_end(arguments);
}

/* A text that grows up to a size, as snprintf's does. */
struct render {
    char *out;
    size_t size, len;
};

static void render_char(struct render *r, char c)
{
    if (r->len + 1 < r->size)
        r->out[r->len++] = c;
}

static void render_text(struct render *r, const char *text)
{
    for (; *text != '\0'; text++)
        render_char(r, *text);
}

static void render_place(struct render *r, const struct note *note)
{
    if (note->file == NULL)
        return;
    char number[32];
    render_text(r, note->file);
    if (note->line != 0) {
        snprintf(number, sizeof number, ":%u", note->line);
        render_text(r, number);
    }
    if (note->line != 0 && note->column != 0) {
        snprintf(number, sizeof number, ":%u", note->column);
        render_text(r, number);
    }
    render_text(r, ": ");
}

static void render_line(struct render *r, const struct note *note)
{
    render_text(r, "\n  ");
    render_text(r, note->text);
    if (note->column <= note->skipped)
        return;
    const size_t len = strlen(note->text);
    const size_t caret = note->column - 1 - note->skipped;
    if (caret > len)
        return;
    render_text(r, "\n  ");
    for (size_t i = 0; i < caret; i++)
        render_char(r, ' ');
    render_char(r, '^');
    for (size_t i = 1; i < note->width && caret + i < len; i++)
        render_char(r, '~');
}

size_t note_render(const struct note *note, char *out, size_t size)
{
    assert(size > 0);
    struct render r = {.out = out, .size = size};
    render_place(&r, note);
    render_text(&r, note->severity == SEVERITY_ERROR ? "error: " : "warning: ");
    render_text(&r, note->message);
    if (note->text != NULL)
        render_line(&r, note);
    if (note->hint != NULL) {
        render_text(&r, "\nhint: ");
        render_text(&r, note->hint);
    }
    out[r.len] = '\0';
    return r.len;
}

void notes_print(const struct notes *notes, FILE *to)
{
    char out[4096];
    for (size_t i = 0; i < notes->count; i++) {
        note_render(&notes->note[i], out, sizeof out);
        fprintf(to, "%s\n", out);
    }
}

static int upper(char c)
{
    return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : (unsigned char)c;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* The optimal string alignment distance: insertions, deletions, substitutions and swaps of
 * neighbours, each costing one. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    unsigned rows[3][NEAREST_WORD_MAX + 1];
    unsigned *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_len; j++)
        last[j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            const bool same = upper(a[i - 1]) == upper(b[j - 1]);
            row[j] = least(least(last[j] + 1, row[j - 1] + 1), last[j - 1] + (same ? 0 : 1));
            if (i > 1 && j > 1 && upper(a[i - 1]) == upper(b[j - 2])
                && upper(a[i - 2]) == upper(b[j - 1]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
        unsigned *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[b_len];
}

const char *notes_nearest(const char *word, size_t len, const char *const *candidates)
{
    if (len == 0 || len > NEAREST_WORD_MAX)
        return NULL;
    /* One slip in a short word, up to three in a long one; and never most of the word. */
    const unsigned allowed = len <= 1 ? 0 : len <= 4 ? 1 : len <= 8 ? 2 : 3;
    const char *nearest = NULL;
    unsigned nearest_distance = allowed + 1;
    for (; *candidates != NULL; candidates++) {
        const size_t candidate_len = strlen(*candidates);
        if (candidate_len > NEAREST_WORD_MAX)
            continue;
        const unsigned d = distance(word, len, *candidates, candidate_len);
        if (d < nearest_distance) {
            nearest = *candidates;
            nearest_distance = d;
        }
    }
    return nearest;
}
