/* text_records.c -- what a master file says, as text that tests can compare */
#include "tests/zone/text_records.h"

#include "zone/rrtype.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int file(void *context, const char *path)
{
    (void)context;
    (void)path;
    return 0;
}

static int record(void *context, const struct name *owner, uint16_t type, uint32_t ttl,
                  const uint8_t *rdata, uint16_t rdata_octets, struct place place)
{
    struct text_records *records = context;
    char name[NAME_TEXT_MAX], type_text[RRTYPE_TEXT_MAX];
    const size_t room = records->len + NAME_TEXT_MAX + 64 + 2u * rdata_octets;
    if (room > records->capacity) {
        records->capacity = 2 * room;
        records->text = realloc(records->text, records->capacity);
        assert_non_null(records->text);
    }
    name_to_text(owner->wire, name);
    rrtype_to_text(type, type_text);
    char *at = records->text + records->len;
    at += sprintf(at, "%s %u %s ", name, ttl, type_text);
    for (size_t i = 0; i < rdata_octets; i++)
        at += sprintf(at, "%02x", rdata[i]);
    at += sprintf(at, "\n");
    records->len = (size_t)(at - records->text);
    records->count++;
    records->place = place;
    return 0;
}

struct text_records text_records_parse_octets(const char *text, size_t len)
{
    struct text_records records = {.text = calloc(1, 1)};
    struct name apex;
    name_from_string(&apex, "example.");
    notes_init(&records.notes);
    const struct reading_sink sink = {.file = file, .record = record, .context = &records};
    records.err = reading_parse("zone", text, len, &apex, &sink, &records.notes);
    return records;
}

struct text_records text_records_parse(const char *text)
{
    return text_records_parse_octets(text, strlen(text));
}

struct text_records text_records_load(const char *path, struct sources *sources)
{
    struct text_records records = {.text = calloc(1, 1)};
    struct name apex;
    bool changed;
    name_from_string(&apex, "example.");
    notes_init(&records.notes);
    const struct reading_sink sink = {.file = file, .record = record, .context = &records};
    records.err = reading_load(path, &apex, NULL, &sink, sources, &records.notes, &changed);
    return records;
}

void text_records_fini(struct text_records *records)
{
    free(records->text);
    notes_fini(&records->notes);
}

static void fail_with_notes(const struct text_records *records, const char *text)
{
    if (records->notes.count == 0)
        return;
    notes_print(&records->notes, stderr);
    fail_msg("notes about: %s", text);
}

void assert_records(const char *text, const char *expected)
{
    struct text_records records = text_records_parse(text);
    fail_with_notes(&records, text);
    assert_int_equal(records.err, 0);
    assert_string_equal(records.text, expected);
    text_records_fini(&records);
}

void assert_note(const char *text, const char *expected)
{
    struct text_records records = text_records_parse(text);
    char rendered[2048];
    if (records.notes.count == 0)
        fail_msg("no note about: %s", text);
    note_render(&records.notes.note[0], rendered, sizeof rendered);
    assert_string_equal(rendered, expected);
    text_records_fini(&records);
}
