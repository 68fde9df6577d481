/* values.c -- the values of a configuration: texts, numbers, durations, choices, paths */
#include "server/base/values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *path_join(const char *folder, const char *path)
{
    if (path[0] == '/')
        return strdup(path);
    const size_t size = strlen(folder) + strlen(path) + 2;
    char *joined = malloc(size);
    if (joined != NULL)
        snprintf(joined, size, "%s%s%s", folder,
                 folder[0] != '\0' && folder[strlen(folder) - 1] == '/' ? "" : "/", path);
    return joined;
}

void *array_more(void *array_pointer, size_t count, size_t octets)
{
    /* No capacity is kept: it's the next power of two, so it's full when the count is one. */
    char *array;
    memcpy(&array, array_pointer, sizeof array);
    if ((count & (count - 1)) == 0) {
        array = realloc(array, (count == 0 ? 1 : count * 2) * octets);
        if (array == NULL)
            return NULL;
        memcpy(array_pointer, &array, sizeof array);
    }
    return memset(array + count * octets, 0, octets);
}

const char *value_word(struct reading *reading, const struct item *item, const struct key *key)
{
    if (item->kind != ITEM_SCALAR) {
        schema_error(reading, item, "\"%s\" takes a single value, not a %s", key->name,
                     item->kind == ITEM_LIST ? "list" : "map");
        return NULL;
    }
    if (item->len == 0) {
        schema_error(reading, item, "\"%s\" has an empty value", key->name);
        return NULL;
    }
    if (key->max != 0 && item->len > key->max) {
        schema_error(reading, item, "\"%s\" is %zu octets long; %u at most", key->name,
                     item->len, key->max);
        return NULL;
    }
    return item->text;
}

static void replace_text(struct reading *reading, char *fresh, void *into)
{
    char *old;
    if (fresh == NULL) {
        schema_no_memory(reading);
        return;
    }
    memcpy(&old, into, sizeof old);
    free(old);
    memcpy(into, &fresh, sizeof fresh);
}

void value_text(struct reading *reading, const struct item *item, const struct key *key,
                void *into)
{
    const char *text = value_word(reading, item, key);
    if (text != NULL)
        replace_text(reading, strdup(text), into);
}

void value_path(struct reading *reading, const struct item *item, const struct key *key,
                void *into)
{
    const char *path = value_word(reading, item, key);
    if (path != NULL)
        replace_text(reading, path_join(reading->folder, path), into);
}

/* Digits alone, at most nine of them: then it fits. */
static bool read_digits(const char *text, size_t digits, unsigned *value)
{
    if (digits == 0 || digits > 9)
        return false;
    *value = 0;
    for (size_t i = 0; i < digits; i++)
        *value = *value * 10 + (unsigned)(text[i] - '0');
    return true;
}

void value_number(struct reading *reading, const struct item *item, const struct key *key,
                  void *into)
{
    const char *text = item->kind == ITEM_SCALAR && item->plain ? item->text : "";
    const size_t digits = strspn(text, "0123456789");
    unsigned value;
    if (digits == 0 || text[digits] != '\0')
        schema_error(reading, item, "\"%s\" must be a number", key->name);
    else if (!read_digits(text, digits, &value) || value < key->min || value > key->max)
        schema_error(reading, item, "\"%s\" must be from %u to %u", key->name, key->min,
                     key->max);
    else
        memcpy(into, &value, sizeof value);
}

/* How many milliseconds a unit has; 0: no unit. */
static unsigned unit_ms(const char *unit)
{
    if (strcmp(unit, "ms") == 0)
        return 1;
    if (strcmp(unit, "s") == 0)
        return 1000;
    if (strcmp(unit, "m") == 0)
        return 60000;
    if (strcmp(unit, "h") == 0)
        return 3600000;
    return strcmp(unit, "d") == 0 ? 86400000 : 0;
}

void value_duration(struct reading *reading, const struct item *item, const struct key *key,
                    void *into)
{
    const char *text = value_word(reading, item, key);
    if (text == NULL)
        return;
    const size_t digits = strspn(text, "0123456789");
    const unsigned unit = unit_ms(text + digits);
    if (digits == 0 || unit == 0) {
        struct note *note =
            schema_error(reading, item, "\"%s\" must be a duration with its unit", key->name);
        if (digits > 0 && text[digits] == '\0')
            notes_hint(note, "write %.20sms or %.20ss", text, text);
        else
            notes_hint(note, "as in 20ms, 10s or 5m");
        return;
    }
    unsigned value;
    if (!read_digits(text, digits, &value) || value > key->max / unit
        || value * unit < key->min) {
        schema_error(reading, item, "\"%s\" must be from %ums to %ums", key->name, key->min,
                     key->max);
        return;
    }
    value *= unit;
    memcpy(into, &value, sizeof value);
}

void value_choice(struct reading *reading, const struct item *item, const struct key *key,
                  void *into)
{
    const char *text = value_word(reading, item, key);
    if (text == NULL)
        return;
    char all[200];
    size_t len = 0;
    for (unsigned i = 0; key->choices[i] != NULL; i++) {
        if (strcmp(key->choices[i], text) == 0) {
            memcpy(into, &i, sizeof i);
            return;
        }
        if (len < sizeof all)
            len += (size_t)snprintf(all + len, sizeof all - len, "%s%s", i == 0 ? "" : ", ",
                                    key->choices[i]);
    }
    struct note *note =
        schema_error(reading, item, "\"%s\" must be one of: %s", key->name, all);
    const char *nearest = notes_nearest(text, item->len, key->choices);
    if (nearest != NULL)
        notes_hint(note, "did you mean %s?", nearest);
}

void value_section(struct reading *reading, const struct item *item, const struct key *key,
                   void *into)
{
    char what[64];
    snprintf(what, sizeof what, "\"%s\"", key->name);
    schema_map(reading, item, what, key->keys, into);
}

bool value_address(struct reading *reading, const struct item *item, const struct key *key,
                   bool with_port, uint16_t default_port, struct address *address)
{
    const char *text = value_word(reading, item, key);
    if (text == NULL)
        return false;
    const char *wrong = !with_port && strchr(text, '@') != NULL
                            ? "no port here: that of server.listen is taken"
                            : address_from_text(address, text, default_port);
    if (wrong != NULL)
        schema_error(reading, item, "\"%.100s\": %s", text, wrong);
    return wrong == NULL;
}
