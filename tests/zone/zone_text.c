/* zone_text.c -- zones for tests, from text */
#include "tests/zone/zone_text.h"
#include "zone/rrtype.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

struct name name_of(const char *text)
{
    struct name name;
    assert_int_equal(name_from_string(&name, text), NAME_OK);
    name_lower(name.wire, name.octets);
    return name;
}

uint16_t type_of(const char *text)
{
    uint16_t type = 0;
    if (strcmp(text, "ANY") == 0)
        return RRTYPE_ANY;
    assert_true(rrtype_from_text(text, strlen(text), &type));
    return type;
}

struct zone *zone_of_text(const char *apex, const char *text)
{
    struct notes notes;
    notes_init(&notes);
    const struct name name = name_of(apex);
    struct zone *zone = NULL;
    const int err = zonefile_parse(&zone, "test", text, strlen(text), &name, &notes);
    if (err != 0)
        notes_print(&notes, stderr);
    notes_fini(&notes);
    assert_int_equal(err, 0);
    return zone;
}

const char *notes_of_text(const char *apex, const char *text, struct zone **zone)
{
    static char said[16384];
    struct notes notes;
    notes_init(&notes);
    const struct name name = name_of(apex);
    struct zone *made = NULL;
    const int err = zonefile_parse(&made, "test", text, strlen(text), &name, &notes);
    assert_int_equal(err != 0, notes.errors > 0);
    size_t len = 0;
    said[0] = '\0';
    for (size_t i = 0; i < notes.count && len < sizeof said; i++)
        len += (size_t)snprintf(said + len, sizeof said - len, "%s: %s\n",
                                notes.note[i].severity == SEVERITY_ERROR ? "error" : "warning",
                                notes.note[i].message);
    notes_fini(&notes);
    if (zone != NULL)
        *zone = made;
    else
        zone_free(made);
    return said;
}

void question_init(struct question *question, const char *text, const struct zone *zone)
{
    char name[NAME_TEXT_MAX];
    const char *space = strrchr(text, ' ');
    assert_non_null(space);
    memcpy(name, text, (size_t)(space - text));
    name[space - text] = '\0';
    question->qname = name_of(name);
    question->lookup = (struct lookup){
        .qname = &question->qname,
        .key = question->key,
        .symbols =
            (uint16_t)name_key(question->key, question->qname.wire, question->qname.octets),
        .qtype = type_of(space + 1),
        .zone = zone,
    };
}
