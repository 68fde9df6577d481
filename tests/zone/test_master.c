/* test_master.c -- the syntax of master files */
#include "tests/zone/text_records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define A(owner, ttl) owner " " #ttl " A c0000201\n"

/* RFC 1035 section 5.1 */
static void ttl_and_class_come_in_either_order_or_not_at_all(void **state)
{
    (void)state;
    assert_records("a 60 IN A 192.0.2.1\nb IN 61 A 192.0.2.1\nc IN A 192.0.2.1\n"
                   "d 62 A 192.0.2.1\ne A 192.0.2.1\nf CLASS1 A 192.0.2.1\n",
                   A("a.example.", 60) A("b.example.", 61) A("c.example.", 61)
                       A("d.example.", 62) A("e.example.", 62) A("f.example.", 62));
}

static void a_line_that_begins_with_a_blank_has_the_last_owner(void **state)
{
    (void)state;
    assert_records("a 60 A 192.0.2.1\n  A 192.0.2.1\n\n; nothing\n\t60 A 192.0.2.1\n",
                   A("a.example.", 60) A("a.example.", 60) A("a.example.", 60));
    assert_note("  60 A 192.0.2.1\n",
                "zone:1:3: error: this line begins with a blank, but no owner came before it\n"
                "    60 A 192.0.2.1\n"
                "    ^");
}

static void an_at_sign_is_the_origin_unless_it_is_escaped(void **state)
{
    (void)state;
    assert_records("@ 60 NS @\n\\@ 60 NS @.x\n",
                   "example. 60 NS 076578616d706c6500\n"
                   "\\@.example. 60 NS 01400178076578616d706c6500\n");
}

static void parentheses_join_lines_and_may_stand_anywhere(void **state)
{
    (void)state;
    assert_records("@ 60 SOA a b (\n 1 ; serial (\n 2h\n 900 1w )(1m)\n"
                   "(a 60\nA) 192.0.2.1\nb(60)A(192.0.2.1);c\n",
                   "example. 60 SOA 0161076578616d706c65000162076578616d706c6500"
                   "000000010000"
                   "1c20000003840009"
                   "3a800000003c\n" A("a.example.", 60) A("b.example.", 60));
}

static void a_parenthesis_that_is_never_closed_is_told_where_it_opens(void **state)
{
    (void)state;
    assert_note("@ 60 SOA a b (\n 1 2 3 4 5\na 60 A 192.0.2.1\n",
                "zone:1:14: error: this parenthesis is never closed\n"
                "  @ 60 SOA a b (\n"
                "               ^");
    assert_note("a 60 A 192.0.2.1 )\n",
                "zone:1:18: error: this closing parenthesis has no opening one\n"
                "  a 60 A 192.0.2.1 )\n"
                "                   ^");
}

static void a_hint_is_never_that_of_a_later_mistake(void **state)
{
    (void)state;
    assert_note("a 60 TXT ) \"x\n",
                "zone:1:10: error: this closing parenthesis has no opening one\n"
                "  a 60 TXT ) \"x\n"
                "           ^");
}

static void strings_are_quoted_and_escaped(void **state)
{
    (void)state;
    assert_records("a 60 TXT \"a b;c\" d\\;e \"\\\"\\\\\\065\" \"\"\n", "a.example. 60 TXT 0561"
                                                                        "20623b6303643b65"
                                                                        "03225c4100\n");
    assert_note("a 60 TXT \"a\nb 60 A 192.0.2.1\n",
                "zone:1:10: error: this quoted string is not closed on its line\n"
                "  a 60 TXT \"a\n"
                "           ^\n"
                "hint: write a quote in a string as \\\" and a newline as \\010");
    assert_note(
        "a 60 TXT x\\999\n",
        "zone:1:11: error: a bad escape: a backslash wants a character or three digits up "
        "to 255\n"
        "  a 60 TXT x\\999\n"
        "            ^");
}

/* What dnssec-signzone and ldns-signzone write */
static void names_hold_odd_characters_unescaped(void **state)
{
    (void)state;
    assert_records("a[b^c~d@e_f/g 60 A 192.0.2.1\n", A("a[b^c~d\\@e_f/g.example.", 60));
}

/* BIND and NSD take them, so there are files that have them. */
static void names_may_be_quoted(void **state)
{
    (void)state;
    assert_records("\"www\" 60 A 192.0.2.1\n 60 A 192.0.2.1\n",
                   A("www.example.", 60) A("www.example.", 60));
    assert_records("\"a.b\" 60 A 192.0.2.1\n", A("a.b.example.", 60));
    assert_records("\"a b;c\" 60 A 192.0.2.1\n", A("a\\032b\\;c.example.", 60));
    assert_records("\"a\\\"b\" 60 A 192.0.2.1\n", A("a\\\"b.example.", 60));
    assert_records("\"a.example.\" 60 A 192.0.2.1\n", A("a.example.", 60));
    assert_records("\"@\" 60 A 192.0.2.1\n", A("example.", 60));
    assert_records("\"$ORIGIN\" 60 A 192.0.2.1\n", A("\\$ORIGIN.example.", 60));
}

static void an_escaped_backslash_leaves_the_dot_behind_it_a_separator(void **state)
{
    (void)state;
    assert_records(
        "a\\\\.example. 60 A 192.0.2.1\na\\.b 60 A 192.0.2.1\na\\000b 60 A 192.0.2.1\n",
        A("a\\\\.example.", 60) A("a\\.b.example.", 60) A("a\\000b.example.", 60));
}

static void names_and_labels_have_their_lengths(void **state)
{
    (void)state;
    const char label[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz01234567890";
    char text[1024];
    snprintf(text, sizeof text, "%s 60 NS .\n", label);
    struct text_records records = text_records_parse(text);
    assert_int_equal(records.count, 1);
    text_records_fini(&records);

    snprintf(text, sizeof text, "%s1 60 NS .\n", label);
    records = text_records_parse(text);
    assert_int_equal(records.notes.errors, 1);
    text_records_fini(&records);

    /* 3 * 64 + 54 + the apex's 9 octets are 255. */
    snprintf(text, sizeof text, "%s.%s.%s.%.53s 60 NS .\n", label, label, label, label);
    records = text_records_parse(text);
    assert_int_equal(records.count, 1);
    text_records_fini(&records);
    snprintf(text, sizeof text, "%s.%s.%s.%.54s 60 NS .\n", label, label, label, label);
    records = text_records_parse(text);
    assert_int_equal(records.notes.errors, 1);
    assert_int_equal(records.count, 0);
    text_records_fini(&records);
}

static void an_empty_label_is_an_error(void **state)
{
    (void)state;
    assert_note("a..b 60 A 192.0.2.1\n", "zone:1:3: error: the owner: empty label in a name\n"
                                         "  a..b 60 A 192.0.2.1\n"
                                         "    ^~");
}

static void lines_may_end_in_crlf_and_the_last_one_in_nothing(void **state)
{
    (void)state;
    assert_records("a 60 A 192.0.2.1\r\n\r\nb 60 A (\r\n 192.0.2.1 )\r\nc 60 A 192.0.2.1",
                   A("a.example.", 60) A("b.example.", 60) A("c.example.", 60));
    assert_note("a 60 A\r 192.0.2.1\n",
                "zone:1:7: error: a carriage return that no newline follows\n"
                "  a 60 A? 192.0.2.1\n"
                "        ^");
}

static void an_octet_0_is_an_error_but_in_comments(void **state)
{
    (void)state;
    const char text[] = "a 60 A 192.0.2.1 ; \0\nb 60 TXT x\0y\nc 60 A 192.0.2.1\n";
    struct text_records records = text_records_parse_octets(text, sizeof text - 1);
    assert_string_equal(records.text, A("a.example.", 60) A("c.example.", 60));
    char rendered[256];
    assert_int_equal(records.notes.count, 1);
    note_render(&records.notes.note[0], rendered, sizeof rendered);
    assert_string_equal(rendered, "zone:2:11: error: an octet 0 in the text\n"
                                  "  b 60 TXT x?y\n"
                                  "            ^\n"
                                  "hint: write it as \\000");
    text_records_fini(&records);
}

static void an_origin_completes_names_and_may_be_relative(void **state)
{
    (void)state;
    assert_records("$ORIGIN sub\na 60 A 192.0.2.1\n$origin deep ; comment\na A 192.0.2.1\n"
                   "$ORIGIN example.\n@ A 192.0.2.1\n",
                   A("a.sub.example.", 60) A("a.deep.sub.example.", 60) A("example.", 60));
}

static void owners_outside_the_zone_are_errors(void **state)
{
    (void)state;
    assert_note("a.example 60 A 192.0.2.1\nb.example.net. 60 A 192.0.2.1\n",
                "zone:2:1: error: b.example.net. is outside the zone example.\n"
                "  b.example.net. 60 A 192.0.2.1\n"
                "  ^~~~~~~~~~~~~~\n"
                "hint: a final dot makes a name absolute; without it example. is appended");
    assert_note("$ORIGIN net.\na 60 A 192.0.2.1\n",
                "zone:2:1: error: a.net. is outside the zone example.\n"
                "  a 60 A 192.0.2.1\n"
                "  ^");
    assert_note("aexample. 60 A 192.0.2.1\n",
                "zone:1:1: error: aexample. is outside the zone example.\n"
                "  aexample. 60 A 192.0.2.1\n"
                "  ^~~~~~~~~\n"
                "hint: a final dot makes a name absolute; without it example. is appended");
    struct text_records records =
        text_records_parse("$TTL 60\nb.net. 60 A 192.0.2.1\n A 192.0.2.1\n"
                           "a..b A 192.0.2.1\n A 192.0.2.1\n");
    assert_int_equal(records.notes.errors, 2);
    assert_int_equal(records.count, 0);
    text_records_fini(&records);
    assert_records("A.EXAMPLE. 60 A 192.0.2.1\n", A("A.EXAMPLE.", 60));
}

/* RFC 2308 section 4 and RFC 1035 section 5.1 */
static void a_missing_ttl_is_the_default_or_the_last_one(void **state)
{
    (void)state;
    assert_records("a 60 A 192.0.2.1\nb A 192.0.2.1\n$TTL 1h30m\nc A 192.0.2.1\n"
                   "d 7 A 192.0.2.1\ne A 192.0.2.1\n",
                   A("a.example.", 60) A("b.example.", 60) A("c.example.", 5400)
                       A("d.example.", 7) A("e.example.", 5400));
    assert_note("a A 192.0.2.1\n", "zone:1:3: error: no TTL here and none before\n"
                                   "  a A 192.0.2.1\n"
                                   "    ^\n"
                                   "hint: let the file begin with $TTL 3600");
}

static void a_first_soa_without_ttl_lends_its_minimum(void **state)
{
    (void)state;
    struct text_records records = text_records_parse("@ SOA . . 1 2 3 4 77\na A 192.0.2.1\n");
    assert_string_equal(records.text, "example. 77 SOA 0000"
                                      "00000001000000020000000300000004"
                                      "0000004d\n" A("a.example.", 77));
    assert_int_equal(records.notes.warnings, 1);
    assert_int_equal(records.notes.errors, 0);
    text_records_fini(&records);
}

/* RFC 2181 section 8 */
static void a_ttl_above_its_range_is_an_error(void **state)
{
    (void)state;
    assert_records("a 2147483647 A 192.0.2.1\n", A("a.example.", 2147483647));
    static const char *const bad[] = {"2147483648", "99999999999", "99999999999999999999999",
                                      "9999999w"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[128], expected[512];
        snprintf(text, sizeof text, "a %s A 192.0.2.1\n", bad[i]);
        char *end = expected
                    + sprintf(expected,
                              "zone:1:3: error: the TTL is above 2147483647 seconds (RFC 2181 "
                              "section 8)\n  a %s A 192.0.2.1\n    ^",
                              bad[i]);
        memset(end, '~', strlen(bad[i]) - 1);
        end[strlen(bad[i]) - 1] = '\0';
        assert_note(text, expected);
    }
}

static void a_class_other_than_in_is_refused(void **state)
{
    (void)state;
    assert_note("a 60 CH A 192.0.2.1\n", "zone:1:6: error: only class IN is served\n"
                                         "  a 60 CH A 192.0.2.1\n"
                                         "       ^~");
    assert_note("a 60 CLASS3 A 192.0.2.1\n", "zone:1:6: error: only class IN is served\n"
                                             "  a 60 CLASS3 A 192.0.2.1\n"
                                             "       ^~~~~~");
}

static void types_unknown_or_meta_are_refused_with_a_hint(void **state)
{
    (void)state;
    assert_note("www 60 AAA 2001:db8::1\n", "zone:1:8: error: no such type\n"
                                            "  www 60 AAA 2001:db8::1\n"
                                            "         ^~~\n"
                                            "hint: did you mean AAAA?");
    assert_note("www 60 ANY x\n", "zone:1:8: error: no zone can hold this type\n"
                                  "  www 60 ANY x\n"
                                  "         ^~~");
    assert_note("www 60 TYPE0 \\# 0\n", "zone:1:8: error: no zone can hold this type\n"
                                        "  www 60 TYPE0 \\# 0\n"
                                        "         ^~~~~");
    assert_note("www 60\n", "zone:1:7: error: the type of this record is missing\n"
                            "  www 60\n"
                            "        ^");
    assert_note("www 60 60 A 192.0.2.1\n",
                "zone:1:8: error: a second TTL, where the type is expected\n"
                "  www 60 60 A 192.0.2.1\n"
                "         ^~");
}

static void unknown_directives_are_refused_with_a_hint(void **state)
{
    (void)state;
    assert_note("$ORIGN foo\n", "zone:1:1: error: no such directive\n"
                                "  $ORIGN foo\n"
                                "  ^~~~~~\n"
                                "hint: did you mean $ORIGIN?");
    assert_note("$TTL 1h x\n", "zone:1:9: error: this is left over after the directive\n"
                               "  $TTL 1h x\n"
                               "          ^");
    assert_note("$TTL\n", "zone:1:5: error: the TTL is missing\n"
                          "  $TTL\n"
                          "      ^");
    assert_note("$INCLUDE x\n", "zone:1:10: error: no file can be included here\n"
                                "  $INCLUDE x\n"
                                "           ^");
}

static void reading_goes_on_after_a_mistake_and_ends_after_twenty(void **state)
{
    (void)state;
    struct text_records records = text_records_parse("a 60 A x\nb 60 A 192.0.2.1\nc 60 A x\n");
    assert_int_equal(records.notes.errors, 2);
    assert_int_equal(records.count, 1);
    text_records_fini(&records);

    char text[30 * 16] = "";
    for (unsigned i = 0; i < 30; i++)
        strcat(text, "a 60 A x\n");
    records = text_records_parse(text);
    assert_int_equal(records.notes.errors, 20);
    assert_true(records.err < 0);
    text_records_fini(&records);
}

/* A record longer than a piece of the file, and notes far into the file. */
static void records_of_any_length_are_read(void **state)
{
    (void)state;
    const size_t size = 1 << 20;
    char *text = malloc(size + 256);
    assert_non_null(text);
    size_t len = (size_t)sprintf(text, "a 60 TXT (");
    while (len < size)
        len += (size_t)sprintf(text + len, len % 1000 < 10 ? "x\n" : " ;%0*d\n", 600, 0);
    len += (size_t)sprintf(text + len, ") y\nb 60 A x\n");
    struct text_records records = text_records_parse_octets(text, len);
    assert_int_equal(records.count, 1);
    assert_int_equal(records.notes.errors, 1);
    assert_string_equal(records.notes.note[0].text, "b 60 A x");
    uint32_t lines = 0;
    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    assert_int_equal(records.notes.note[0].line, lines);
    text_records_fini(&records);
    free(text);
}

/* The end of a piece may fall anywhere. */
static void the_pieces_of_a_file_leave_no_seams(void **state)
{
    (void)state;
    const size_t size = 300 * 1024;
    for (size_t shift = 0; shift < 40; shift++) {
        char *text = malloc(size + 256);
        assert_non_null(text);
        size_t wanted, len = (size_t)sprintf(text, ";%0*d\n", (int)shift, 0);
        for (wanted = 0; len < size; wanted++)
            len += (size_t)sprintf(text + len, "a\\%03zu 60 TXT (\"b \\\" c\" ; d\n e)\r\n",
                                   wanted % 256);
        struct text_records records = text_records_parse_octets(text, len);
        assert_int_equal(records.notes.errors, 0);
        assert_int_equal(records.count, wanted);
        text_records_fini(&records);
        free(text);
    }
}

static void places_tell_line_and_column(void **state)
{
    (void)state;
    struct text_records records =
        text_records_parse("\n\na 60 A 192.0.2.1\n   60 A 192.0.2.1\n");
    assert_int_equal(records.place.line, 4);
    assert_int_equal(records.place.column, 4);
    text_records_fini(&records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ttl_and_class_come_in_either_order_or_not_at_all),
        cmocka_unit_test(a_line_that_begins_with_a_blank_has_the_last_owner),
        cmocka_unit_test(an_at_sign_is_the_origin_unless_it_is_escaped),
        cmocka_unit_test(parentheses_join_lines_and_may_stand_anywhere),
        cmocka_unit_test(a_parenthesis_that_is_never_closed_is_told_where_it_opens),
        cmocka_unit_test(a_hint_is_never_that_of_a_later_mistake),
        cmocka_unit_test(strings_are_quoted_and_escaped),
        cmocka_unit_test(names_hold_odd_characters_unescaped),
        cmocka_unit_test(names_may_be_quoted),
        cmocka_unit_test(an_escaped_backslash_leaves_the_dot_behind_it_a_separator),
        cmocka_unit_test(names_and_labels_have_their_lengths),
        cmocka_unit_test(an_empty_label_is_an_error),
        cmocka_unit_test(lines_may_end_in_crlf_and_the_last_one_in_nothing),
        cmocka_unit_test(an_octet_0_is_an_error_but_in_comments),
        cmocka_unit_test(an_origin_completes_names_and_may_be_relative),
        cmocka_unit_test(owners_outside_the_zone_are_errors),
        cmocka_unit_test(a_missing_ttl_is_the_default_or_the_last_one),
        cmocka_unit_test(a_first_soa_without_ttl_lends_its_minimum),
        cmocka_unit_test(a_ttl_above_its_range_is_an_error),
        cmocka_unit_test(a_class_other_than_in_is_refused),
        cmocka_unit_test(types_unknown_or_meta_are_refused_with_a_hint),
        cmocka_unit_test(unknown_directives_are_refused_with_a_hint),
        cmocka_unit_test(reading_goes_on_after_a_mistake_and_ends_after_twenty),
        cmocka_unit_test(records_of_any_length_are_read),
        cmocka_unit_test(the_pieces_of_a_file_leave_no_seams),
        cmocka_unit_test(places_tell_line_and_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
