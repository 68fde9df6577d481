/* test_notes.c -- notes, and the small readers of types and times */
#include "zone/notes.h"
#include "zone/rrtype.h"
#include "zone/ttl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *render(const struct note *note)
{
    static char out[2048];
    note_render(note, out, sizeof out);
    return out;
}

static void a_note_shows_its_place_its_line_and_a_caret(void **state)
{
    (void)state;
    struct notes notes;
    notes_init(&notes);
    struct note *note =
        notes_add(&notes, SEVERITY_ERROR, "f", 3, 4, 2, "ab\tcd", 5, "no %s", "x");
    notes_hint(note, "try %d", 7);
    assert_string_equal(render(note), "f:3:4: error: no x\n  ab cd\n     ^~\nhint: try 7");
    assert_string_equal(render(notes_add(&notes, SEVERITY_WARNING, "f", 0, 0, 0, NULL, 0, "w")),
                        "f: warning: w");
    assert_string_equal(
        render(notes_add(&notes, SEVERITY_WARNING, NULL, 0, 0, 0, NULL, 0, "w")), "warning: w");
    notes_fini(&notes);
}

static void nothing_in_a_file_drives_a_terminal(void **state)
{
    (void)state;
    struct notes notes;
    notes_init(&notes);
    assert_string_equal(render(notes_add(&notes, SEVERITY_ERROR, "a\033b", 1, 1, 1,
                                         "\033[2J\xc2\x9b", 6, "%s", "x\033\x80")),
                        "a?b:1:1: error: x??\n  ?[2J??\n  ^");
    notes_fini(&notes);
}

static void of_a_long_line_the_part_around_the_caret_is_shown(void **state)
{
    (void)state;
    char line[1000];
    memset(line, '.', sizeof line);
    memcpy(line + 500, "here", 4);
    struct notes notes;
    notes_init(&notes);
    const char *text =
        render(notes_add(&notes, SEVERITY_ERROR, "f", 1, 501, 4, line, sizeof line, "m"));
    const char *shown = strchr(text, '\n') + 3;
    const char *carets = strchr(shown, '\n') + 3;
    assert_memory_equal(shown + strspn(carets, " "), "here", 4);
    assert_true(strlen(text) < 500);
    notes_fini(&notes);
}

static void errors_and_warnings_beyond_their_maxima_are_counted(void **state)
{
    (void)state;
    struct notes notes;
    notes_init(&notes);
    for (unsigned i = 0; i < 200; i++) {
        notes_add(&notes, SEVERITY_ERROR, "f", 1, 1, 1, NULL, 0, "e");
        notes_add(&notes, SEVERITY_WARNING, "f", 1, 1, 1, NULL, 0, "w");
    }
    assert_int_equal(notes.count, NOTES_ERRORS_MAX + NOTES_WARNINGS_MAX);
    assert_int_equal(notes.errors, 200);
    assert_int_equal(notes.warnings, 200);
    assert_true(notes_full(&notes));
    notes_fini(&notes);
}

static void notes_can_be_taken_back(void **state)
{
    (void)state;
    struct notes notes;
    notes_init(&notes);
    notes_add(&notes, SEVERITY_ERROR, "f", 1, 1, 1, NULL, 0, "e");
    const struct notes before = notes;
    for (unsigned i = 0; i < 50; i++)
        notes_add(&notes, SEVERITY_ERROR, "f", 1, 1, 1, "text", 4, "e");
    notes_rewind(&notes, &before);
    assert_int_equal(notes.count, 1);
    assert_int_equal(notes.errors, 1);
    notes_fini(&notes);
}

static void the_nearest_word_is_the_one_meant(void **state)
{
    (void)state;
    static const char *const words[] = {"listen", "workers", "identity", "AAAA", NULL};
    assert_string_equal(notes_nearest("lisetn", 6, words), "listen");
    assert_string_equal(notes_nearest("WORKER", 6, words), "workers");
    assert_string_equal(notes_nearest("aaa", 3, words), "AAAA");
    assert_null(notes_nearest("nothing", 7, words));
    assert_null(notes_nearest("", 0, words));
    assert_null(notes_nearest("x", 1, words));
}

static void types_are_read_and_written(void **state)
{
    (void)state;
    for (size_t i = 0; rrtype_mnemonics[i] != NULL; i++) {
        uint16_t type;
        char text[RRTYPE_TEXT_MAX];
        const char *mnemonic = rrtype_mnemonics[i];
        assert_true(rrtype_from_text(mnemonic, strlen(mnemonic), &type));
        assert_int_equal(rrtype_to_text(type, text), strlen(mnemonic));
        assert_string_equal(text, mnemonic);
    }
    uint16_t type;
    char text[RRTYPE_TEXT_MAX];
    assert_true(rrtype_from_text("aaaa", 4, &type));
    assert_int_equal(type, RRTYPE_AAAA);
    assert_true(rrtype_from_text("type65535", 9, &type));
    assert_int_equal(type, 65535);
    static const char *const bad[] = {"",          "AAA",    "AAAAA",     "TYPE",
                                      "TYPE65536", "TYPE1x", "TYPE000001"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(rrtype_from_text(bad[i], strlen(bad[i]), &type));
    assert_false(rrtype_from_text("A\0", 2, &type));
    rrtype_to_text(65280, text);
    assert_string_equal(text, "TYPE65280");
    assert_true(rrtype_is_meta(0) && rrtype_is_meta(41) && rrtype_is_meta(255)
                && rrtype_is_meta(128));
    assert_false(rrtype_is_meta(1) || rrtype_is_meta(127) || rrtype_is_meta(256));
}

static void times_are_seconds_or_have_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum ttl_error error;
        uint32_t seconds;
    } cases[] = {
        {"0", TTL_OK, 0},
        {"3600", TTL_OK, 3600},
        {"1h30m", TTL_OK, 5400},
        {"1W2d3H4m5S", TTL_OK, 788645},
        {"1h30", TTL_OK, 3630},
        {"4294967295", TTL_OK, 4294967295},
        {"4294967296", TTL_TOO_LARGE, 0},
        {"18446744073709551617", TTL_TOO_LARGE, 0},
        {"99999w", TTL_TOO_LARGE, 0},
        {"", TTL_MALFORMED, 0},
        {"h", TTL_MALFORMED, 0},
        {"1y", TTL_MALFORMED, 0},
        {"-1", TTL_MALFORMED, 0},
        {"1hh", TTL_MALFORMED, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t seconds = 0;
        assert_int_equal(ttl_from_text(cases[i].text, strlen(cases[i].text), &seconds),
                         cases[i].error);
        assert_int_equal(seconds, cases[i].seconds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_note_shows_its_place_its_line_and_a_caret),
        cmocka_unit_test(nothing_in_a_file_drives_a_terminal),
        cmocka_unit_test(of_a_long_line_the_part_around_the_caret_is_shown),
        cmocka_unit_test(errors_and_warnings_beyond_their_maxima_are_counted),
        cmocka_unit_test(notes_can_be_taken_back),
        cmocka_unit_test(the_nearest_word_is_the_one_meant),
        cmocka_unit_test(types_are_read_and_written),
        cmocka_unit_test(times_are_seconds_or_have_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
