/* document.c -- a YAML text as a tree whose items know where they stand */
#include "server/base/document.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { CHUNK_OCTETS = 64 << 10 };

/* Items and their texts are carved out of chunks, which are freed together. */
struct chunk {
    struct chunk *previous;
    size_t used, size;
    _Alignas(max_align_t) char octets[];
};

struct document {
    const char *name;
    const char *text;
    size_t len;
    size_t *line_start; /* offsets into `text` */
    size_t lines;
    struct chunk *chunk;
    const struct item *root;
};

static void *carve(struct document *document, size_t octets)
{
    octets = (octets + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
    struct chunk *chunk = document->chunk;
    if (chunk == NULL || chunk->size - chunk->used < octets) {
        const size_t size = octets > CHUNK_OCTETS ? octets : CHUNK_OCTETS;
        chunk = malloc(sizeof *chunk + size);
        if (chunk == NULL)
            return NULL;
        *chunk = (struct chunk){.previous = document->chunk, .size = size};
        document->chunk = chunk;
    }
    void *at = chunk->octets + chunk->used;
    chunk->used += octets;
    return at;
}

/* The octets of the line break at `at`, 0 where there's none: those that YAML 1.1 counts, since
 * libyaml's marks do. */
static size_t line_break(const char *at, size_t left)
{
    if (at[0] == '\n')
        return 1;
    if (at[0] == '\r')
        return left > 1 && at[1] == '\n' ? 2 : 1;
    if (left > 1 && memcmp(at, "\xc2\x85", 2) == 0)
        return 2;
    if (left > 2 && (memcmp(at, "\xe2\x80\xa8", 3) == 0 || memcmp(at, "\xe2\x80\xa9", 3) == 0))
        return 3;
    return 0;
}

static int index_lines(struct document *document)
{
    size_t capacity = 0;
    for (size_t at = 0, start = 0;;) {
        if (document->lines == capacity) {
            capacity = capacity == 0 ? 64 : capacity * 2;
            size_t *grown = realloc(document->line_start, capacity * sizeof *grown);
            if (grown == NULL)
                return -ENOMEM;
            document->line_start = grown;
        }
        document->line_start[document->lines++] = start;
        size_t ended = 0;
        while (at < document->len && ended == 0) {
            ended = line_break(document->text + at, document->len - at);
            at += ended == 0 ? 1 : ended;
        }
        if (ended == 0)
            return 0;
        start = at;
    }
}

/* The line numbered from 1, without its break. */
static const char *line_text(const struct document *document, size_t line, size_t *len)
{
    if (line == 0 || line > document->lines) {
        *len = 0;
        return NULL;
    }
    const char *at = document->text + document->line_start[line - 1];
    const size_t left = document->len - document->line_start[line - 1];
    for (*len = 0; *len < left && line_break(at + *len, left - *len) == 0;)
        (*len)++;
    return at;
}

/* libyaml counts columns in characters: the offset in octets of character `characters`. */
static size_t octet_column(const char *line, size_t len, size_t characters)
{
    size_t at = 0;
    while (at < len && characters > 0) {
        at++;
        while (at < len && ((unsigned char)line[at] & 0xc0) == 0x80)
            at++;
        characters--;
    }
    return at;
}

/* Where an event stands, in the item's terms. */
static void place(const struct document *document, struct item *item, yaml_mark_t start,
                  yaml_mark_t end)
{
    size_t len;
    item->line = (uint32_t)start.line + 1;
    const char *line = line_text(document, item->line, &len);
    const size_t from = octet_column(line, len, start.column);
    const size_t to = end.line == start.line ? octet_column(line, len, end.column) : len;
    item->column = (uint32_t)from + 1;
    item->width = item->kind == ITEM_SCALAR && to > from ? (uint32_t)(to - from) : 1;
}

/* Whether a line has a secret in it, or a key whose value is one on the next line. */
static bool names_secret(const char *line, size_t len)
{
    static const char word[] = "secret", before[] = "cookie-", after[] = "-file";
    const size_t word_len = sizeof word - 1, before_len = sizeof before - 1,
                 after_len = sizeof after - 1;
    for (size_t at = 0; at + word_len <= len; at++) {
        if (memcmp(line + at, word, word_len) != 0)
            continue;
        const size_t left = len - at - word_len;
        const bool file = left >= after_len && memcmp(line + at + word_len, after, after_len) == 0;
        const bool cookies =
            at >= before_len && memcmp(line + at - before_len, before, before_len) == 0;
        if (!file && !cookies)
            return true;
    }
    return false;
}

/* Notes go into logs: a line that may have a secret in it isn't shown. */
static bool may_show(const struct document *document, uint32_t line)
{
    size_t len;
    const char *text = line_text(document, line, &len);
    if (names_secret(text, len))
        return false;
    if (line <= 1)
        return true;
    text = line_text(document, line - 1, &len);
    return !names_secret(text, len);
}

static struct note *note_at(const struct document *document, struct notes *notes,
                            enum severity severity, const struct item *item,
                            const char *message)
{
    size_t len;
    const char *line = line_text(document, item->line, &len);
    if (!may_show(document, item->line))
        line = NULL;
    return notes_add(notes, severity, document->name, item->line, item->column, item->width,
                     line, len, "%s", message);
}

struct note *document_note(const struct document *document, struct notes *notes,
                           enum severity severity, const struct item *item, const char *format,
                           ...)
{
    char message[512];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return note_at(document, notes, severity, item, message);
}

/* The lists and maps that are open while events come in. */
struct nesting {
    struct item *open[DOCUMENT_DEPTH_MAX];
    struct item *last[DOCUMENT_DEPTH_MAX]; /* the latest child */
    bool key_next[DOCUMENT_DEPTH_MAX];     /* a map waits for a key */
    unsigned depth;
};

static int refuse(struct document *document, struct notes *notes, const struct item *item,
                  const char *why)
{
    note_at(document, notes, SEVERITY_ERROR, item, why);
    return -EINVAL;
}

static struct item *new_item(struct document *document, enum item_kind kind,
                             const yaml_event_t *event)
{
    struct item *item = carve(document, sizeof *item);
    if (item == NULL)
        return NULL;
    *item = (struct item){.kind = kind, .text = ""};
    place(document, item, event->start_mark, event->end_mark);
    return item;
}

/* Hangs an item in where it belongs, and opens it if it can hold others. */
static int attach(struct document *document, struct nesting *nesting, struct item *item,
                  struct notes *notes)
{
    if (nesting->depth == 0) {
        document->root = item;
    } else {
        const unsigned top = nesting->depth - 1;
        if (nesting->open[top]->kind == ITEM_MAP) {
            if (nesting->key_next[top] && item->kind != ITEM_SCALAR)
                return refuse(document, notes, item, "a key must be a word");
            nesting->key_next[top] = !nesting->key_next[top];
        }
        if (nesting->last[top] == NULL)
            nesting->open[top]->first = item;
        else
            nesting->last[top]->next = item;
        nesting->last[top] = item;
    }
    if (item->kind == ITEM_SCALAR)
        return 0;
    if (nesting->depth == DOCUMENT_DEPTH_MAX)
        return refuse(document, notes, item, "nested too deep");
    nesting->open[nesting->depth] = item;
    nesting->last[nesting->depth] = NULL;
    nesting->key_next[nesting->depth] = item->kind == ITEM_MAP;
    nesting->depth++;
    return 0;
}

static int take_scalar(struct document *document, struct nesting *nesting,
                       const yaml_event_t *event, struct notes *notes)
{
    struct item *item = new_item(document, ITEM_SCALAR, event);
    const size_t len = event->data.scalar.length;
    char *copy = item == NULL ? NULL : carve(document, len + 1);
    if (copy == NULL)
        return -ENOMEM;
    memcpy(copy, event->data.scalar.value, len);
    copy[len] = '\0';
    item->text = copy;
    item->len = len;
    item->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (event->data.scalar.anchor != NULL)
        return refuse(document, notes, item, "anchors aren't taken here");
    if (event->data.scalar.tag != NULL)
        return refuse(document, notes, item, "tags aren't taken here");
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)copy[i] < 0x20 || copy[i] == 0x7f)
            return refuse(document, notes, item,
                          "a value may have no control characters and stands on one line");
    }
    return attach(document, nesting, item, notes);
}

static int take_collection(struct document *document, struct nesting *nesting,
                           const yaml_event_t *event, struct notes *notes)
{
    const bool map = event->type == YAML_MAPPING_START_EVENT;
    struct item *item = new_item(document, map ? ITEM_MAP : ITEM_LIST, event);
    if (item == NULL)
        return -ENOMEM;
    const yaml_char_t *anchor =
        map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
    const yaml_char_t *tag =
        map ? event->data.mapping_start.tag : event->data.sequence_start.tag;
    if (anchor != NULL)
        return refuse(document, notes, item, "anchors aren't taken here");
    if (tag != NULL)
        return refuse(document, notes, item, "tags aren't taken here");
    return attach(document, nesting, item, notes);
}

static int take_event(struct document *document, struct nesting *nesting,
                      const yaml_event_t *event, struct notes *notes)
{
    struct item here = {.kind = ITEM_SCALAR};
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return take_scalar(document, nesting, event, notes);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return take_collection(document, nesting, event, notes);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        nesting->depth--;
        return 0;
    case YAML_ALIAS_EVENT:
        place(document, &here, event->start_mark, event->end_mark);
        return refuse(document, notes, &here, "aliases aren't taken here");
    case YAML_DOCUMENT_START_EVENT:
        if (document->root == NULL)
            return 0;
        place(document, &here, event->start_mark, event->end_mark);
        return refuse(document, notes, &here, "a second document in one file");
    default:
        return 0;
    }
}

/* An octet that is no UTF-8: libyaml gives its offset, no mark. */
static void place_offset(const struct document *document, struct item *item, size_t offset)
{
    size_t line = 1;
    while (line < document->lines && document->line_start[line] <= offset)
        line++;
    item->line = (uint32_t)line;
    item->column = (uint32_t)(offset - document->line_start[line - 1]) + 1;
    item->width = 1;
}

/* What libyaml finds wrong, in its words, with a hint for the usual slips. */
static int syntax_error(const struct document *document, const yaml_parser_t *parser,
                        struct notes *notes)
{
    if (parser->error == YAML_MEMORY_ERROR)
        return -ENOMEM;
    struct item here = {.kind = ITEM_SCALAR};
    if (parser->error == YAML_READER_ERROR)
        place_offset(document, &here, parser->problem_offset);
    else
        place(document, &here, parser->problem_mark, parser->problem_mark);

    size_t len;
    const char *line = line_text(document, here.line, &len);
    const char at = here.column <= len ? line[here.column - 1] : '\0';
    const char *problem = parser->problem == NULL ? "it can't be read" : parser->problem;
    struct note *note =
        parser->context == NULL
            ? document_note(document, notes, SEVERITY_ERROR, &here, "not YAML: %s", problem)
            : document_note(document, notes, SEVERITY_ERROR, &here, "not YAML: %s, %s",
                            parser->context, problem);
    if (at == '\t')
        notes_hint(note, "indent with spaces, not with tabs");
    else if (at == '@' || at == '`' || at == '%' || at == ':')
        notes_hint(note, "a value that begins with %c needs quotes", at);
    return -EINVAL;
}

static int build(struct document *document, struct notes *notes)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return -ENOMEM;
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)document->text, document->len);

    struct nesting nesting = {.depth = 0};
    int err = 0;
    for (bool ended = false; err == 0 && !ended;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            err = syntax_error(document, &parser, notes);
            break;
        }
        ended = event.type == YAML_STREAM_END_EVENT;
        err = take_event(document, &nesting, &event, notes);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return err;
}

int document_parse(struct document **out, const char *name, const char *text, size_t len,
                   struct notes *notes)
{
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark */
        text += 3;
        len -= 3;
    }
    if (len > DOCUMENT_OCTETS_MAX) {
        notes_add(notes, SEVERITY_ERROR, name, 0, 0, 1, NULL, 0, "larger than %d MiB",
                  DOCUMENT_OCTETS_MAX >> 20);
        return -EINVAL;
    }
    struct document *document = calloc(1, sizeof *document);
    if (document == NULL)
        return -ENOMEM;
    document->name = name;
    document->text = text;
    document->len = len;
    int err = index_lines(document);
    if (err == 0)
        err = build(document, notes);
    if (err != 0) {
        document_free(document);
        return err;
    }
    /* "---" alone, or comments after it. */
    const struct item *root = document->root;
    if (root != NULL && root->kind == ITEM_SCALAR && root->plain && root->len == 0)
        document->root = NULL;
    *out = document;
    return 0;
}

void document_free(struct document *document)
{
    if (document == NULL)
        return;
    for (struct chunk *chunk = document->chunk; chunk != NULL;) {
        struct chunk *previous = chunk->previous;
        free(chunk);
        chunk = previous;
    }
    free(document->line_start);
    free(document);
}

const struct item *document_root(const struct document *document)
{
    return document->root;
}
