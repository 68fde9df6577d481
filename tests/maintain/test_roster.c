/* test_roster.c -- the table of the zones that are to be served */
#include "server/maintain/roster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct name name_of(const char *text)
{
    struct name name;
    assert_int_equal(name_from_string(&name, text), NAME_OK);
    return name;
}

static struct name nth(unsigned n)
{
    char text[32];
    snprintf(text, sizeof text, "zone%u.example", n);
    return name_of(text);
}

static void thousands_of_zones_are_found_by_name(void **state)
{
    (void)state;
    enum { ZONES = 5000 };
    struct roster *roster = roster_new();
    for (unsigned i = 0; i < ZONES; i++) {
        const struct name name = nth(i);
        assert_int_equal(roster_insert(roster, roster_zone_new(&name, "file", false)), 0);
    }
    assert_int_equal(roster_count(roster), ZONES);
    for (unsigned i = 0; i < ZONES; i += 2) {
        const struct name name = nth(i);
        struct roster_zone *zone = roster_find(roster, &name);
        assert_non_null(zone);
        roster_remove(roster, zone);
        roster_zone_free(zone);
    }
    for (unsigned i = 0; i < ZONES; i++) {
        const struct name name = nth(i);
        assert_int_equal(roster_find(roster, &name) != NULL, i % 2);
    }
    unsigned walked = 0;
    for (const struct roster_zone *zone = roster_next(roster, NULL); zone != NULL;
         zone = roster_next(roster, zone))
        walked++;
    assert_int_equal(walked, ZONES / 2);
    roster_free(roster);
}

static void a_zone_that_was_never_loaded_is_failed(void **state)
{
    (void)state;
    const struct name name = name_of("example.com");
    struct roster_zone *entry = roster_zone_new(&name, "example.com.zone", false);
    assert_int_equal(roster_zone_state(entry), ROSTER_FAILED);
    struct zone *empty = zone_new_empty(&name);
    entry->zone = empty;
    assert_int_equal(roster_zone_state(entry), ROSTER_FAILED);
    assert_string_equal(roster_state_text(roster_zone_state(entry)), "failed");
    roster_zone_free(entry);
    zone_free(empty);
}

static void names_are_written_without_the_final_dot(void **state)
{
    (void)state;
    char text[NAME_TEXT_MAX];
    const struct name name = name_of("example.com."), root = name_of(".");
    assert_string_equal(roster_name_text(name.wire, text), "example.com");
    assert_string_equal(roster_name_text(root.wire, text), ".");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thousands_of_zones_are_found_by_name),
        cmocka_unit_test(a_zone_that_was_never_loaded_is_failed),
        cmocka_unit_test(names_are_written_without_the_final_dot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
