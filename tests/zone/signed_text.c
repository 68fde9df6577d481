/* signed_text.c -- zones signed by other programs, whole or spoilt in one place */
#include "tests/zone/signed_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

void signed_read(struct signed_text *zone, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "signed/%s.zone", name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    const size_t len = fread(zone->text, 1, sizeof zone->text, file);
    fclose(file);
    assert_in_range(len, 1, sizeof zone->text - 1);
    zone->text[len] = '\0';
}

static char *only(char *text, const char *part)
{
    char *found = strstr(text, part);
    if (found == NULL)
        fail_msg("not there: %s", part);
    if (strstr(found + 1, part) != NULL)
        fail_msg("there twice: %s", part);
    return found;
}

void signed_without(struct signed_text *zone, const char *line)
{
    char after[256];
    snprintf(after, sizeof after, "\n%s", line);
    char *found = only(zone->text, after) + 1;
    char *end = strchr(found, '\n') + 1;
    memmove(found, end, strlen(end) + 1);
}

void signed_replace(struct signed_text *zone, const char *from, const char *to)
{
    char *found = only(zone->text, from);
    const size_t len = strlen(zone->text), was = strlen(from), is = strlen(to);
    assert_true(len - was + is < sizeof zone->text);
    memmove(found + is, found + was, strlen(found + was) + 1);
    memcpy(found, to, is);
}

void signed_add(struct signed_text *zone, const char *lines)
{
    const size_t len = strlen(zone->text), more = strlen(lines);
    assert_true(len + more < sizeof zone->text);
    memcpy(zone->text + len, lines, more + 1);
}
