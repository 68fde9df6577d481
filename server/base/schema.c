/* schema.c -- which keys a map may have, and how each is read */
#include "server/base/schema.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct note *schema_error(struct reading *reading, const struct item *item, const char *format,
                          ...)
{
    char message[400];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return document_note(reading->document, reading->notes, SEVERITY_ERROR, item, "%s",
                         message);
}

void schema_no_memory(struct reading *reading)
{
    reading->err = -ENOMEM;
}

static bool enough(const struct reading *reading)
{
    return reading->err != 0 || notes_full(reading->notes);
}

/* "known here: listen, workers, ..." */
static void list_keys(const struct key *keys, char *out, size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    for (const struct key *key = keys; key->name != NULL && len < size; key++)
        len += (size_t)snprintf(out + len, size - len, "%s%s", len == 0 ? "" : ", ", key->name);
}

static void unknown_key(struct reading *reading, const struct item *name, const char *what,
                        const struct key *keys)
{
    const char *candidates[SCHEMA_KEYS_MAX + 1];
    size_t count = 0;
    for (const struct key *key = keys; key->name != NULL; key++) {
        assert(count < SCHEMA_KEYS_MAX);
        candidates[count++] = key->name;
    }
    candidates[count] = NULL;
    struct note *note =
        schema_error(reading, name, "unknown key \"%.100s\" in %s", name->text, what);
    const char *nearest = notes_nearest(name->text, name->len, candidates);
    char known[300];
    list_keys(keys, known, sizeof known);
    if (nearest != NULL)
        notes_hint(note, "did you mean %s?", nearest);
    else
        notes_hint(note, "known here: %s", known);
}

/* Reads one key and its value; `lines` tells where each key of the table was met before. */
static void read_key(struct reading *reading, const struct item *name, const char *what,
                     const struct key *keys, uint32_t *lines, void *into)
{
    size_t i = 0;
    while (keys[i].name != NULL && strcmp(keys[i].name, name->text) != 0)
        i++;
    if (keys[i].name == NULL) {
        unknown_key(reading, name, what, keys);
        return;
    }
    if (lines[i] != 0) {
        schema_error(reading, name, "\"%s\" a second time; the first is on line %u", name->text,
                     lines[i]);
        return;
    }
    lines[i] = name->line;
    const struct item *value = name->next;
    if (value->kind == ITEM_SCALAR && value->plain
        && (value->len == 0 || strcmp(value->text, "~") == 0
            || strcmp(value->text, "null") == 0)) {
        struct note *note = schema_error(reading, name, "\"%s\" has no value", name->text);
        notes_hint(note, "leave the key out to have its default");
        return;
    }
    keys[i].read(reading, value, &keys[i], (char *)into + keys[i].offset);
}

void schema_map(struct reading *reading, const struct item *map, const char *what,
                const struct key *keys, void *into)
{
    if (map->kind != ITEM_MAP) {
        char known[300];
        list_keys(keys, known, sizeof known);
        struct note *note =
            schema_error(reading, map, "%s must be a map of keys and values", what);
        notes_hint(note, "known here: %s", known);
        return;
    }
    uint32_t lines[SCHEMA_KEYS_MAX] = {0};
    for (const struct item *name = map->first; name != NULL && !enough(reading);
         name = name->next->next)
        read_key(reading, name, what, keys, lines, into);
    for (size_t i = 0; keys[i].name != NULL && !enough(reading); i++) {
        if (keys[i].required && lines[i] == 0)
            schema_error(reading, map, "%s lacks \"%s\"", what, keys[i].name);
    }
}

void schema_list(struct reading *reading, const struct item *list, const struct key *key,
                 const char *example, read_value *read, void *into)
{
    if (list->kind != ITEM_LIST) {
        struct note *note = schema_error(reading, list, "\"%s\" must be a list", key->name);
        notes_hint(note, "as in %s: %s", key->name, example);
        return;
    }
    for (const struct item *item = list->first; item != NULL && !enough(reading);
         item = item->next)
        read(reading, item, key, into);
}
