/* document.h -- a YAML text as a tree whose items know where they stand
 * What configurations need of YAML: maps, lists and scalars. Anchors, aliases, tags, several
 * documents and control characters are refused, so what is read is what stands there. */
#ifndef PHAROS_SERVER_BASE_DOCUMENT_H
#define PHAROS_SERVER_BASE_DOCUMENT_H

#include "zone/notes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DOCUMENT_DEPTH_MAX = 16, DOCUMENT_OCTETS_MAX = 64 << 20 };

enum item_kind { ITEM_SCALAR, ITEM_LIST, ITEM_MAP };

struct item {
    enum item_kind kind;
    bool plain; /* a scalar without quotes */
    uint32_t line;
    uint32_t column; /* from 1, in octets */
    uint32_t width;  /* octets of its first line; 1 for lists and maps */
    size_t len;
    const char *text;         /* a scalar's `len` octets and a NUL; no NUL within */
    const struct item *first; /* a list's first item; a map's first key */
    const struct item *next;  /* in a list; in a map a key's value, then the next key */
};

struct document;

/* Parses `text`, which is borrowed for the document's life, as is `name`, the file for notes.
 * Returns 0, -ENOMEM, or -EINVAL with a note where the text isn't YAML that is taken here. */
int document_parse(struct document **out, const char *name, const char *text, size_t len,
                   struct notes *notes);
void document_free(struct document *document);

/* The outermost item, or NULL where the text has none. Items live as long as the document. */
const struct item *document_root(const struct document *document);

/* Notes something about an item, with its line and a caret; returns as notes_add() does. */
struct note *document_note(const struct document *document, struct notes *notes,
                           enum severity severity, const struct item *item, const char *format,
                           ...) __attribute__((format(printf, 5, 6)));

#endif
