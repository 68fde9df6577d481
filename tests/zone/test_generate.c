/* test_generate.c -- $GENERATE, as BIND has it */
#include "tests/zone/text_records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void a_dollar_stands_for_the_number(void **state)
{
    (void)state;
    assert_records(
        "$TTL 60\n$GENERATE 1-2 h$ A 192.0.2.$\n$GENERATE 0-4/2 a$.b 7 IN A 10.0.0.$ ; c\n",
        "h1.example. 60 A c0000201\nh2.example. 60 A c0000202\n"
        "a0.b.example. 7 A 0a000000\na2.b.example. 7 A 0a000002\n"
        "a4.b.example. 7 A 0a000004\n");
}

static void braces_give_offset_width_and_base(void **state)
{
    (void)state;
    assert_records(
        "$TTL 60\n$GENERATE 10-10 a${-1}b${1,4}c${0,3,x}d${0,0,X}e${0,0,o} A 192.0.2.${90}\n",
        "a9b0011c00adAe12.example. 60 A c0000264\n");
    assert_records(
        "$TTL 60\n$GENERATE 291-291 ${0,0,n}.x A 192.0.2.1\n"
        "$GENERATE 291-291 ${0,7,N}.y A 192.0.2.1\n$GENERATE 11-11 ${0,1,N} A 192.0.2.1\n",
        "3.2.1.x.example. 60 A c0000201\n3.2.1.0.y.example. 60 A c0000201\n"
        "B.example. 60 A c0000201\n");
}

static void a_dollar_sign_is_doubled_or_escaped(void **state)
{
    (void)state;
    assert_records("$TTL 60\n$GENERATE 7-7 a TXT \"x$$ \\$ $\" y\n",
                   "a.example. 60 TXT 0678242024203"
                   "70179\n");
}

/* BIND's own example is MX "0 ." */
static void a_single_quoted_string_loses_its_quotes(void **state)
{
    (void)state;
    assert_records("$TTL 60\n$GENERATE 7-7 a$ MX \"$ b\"\n$GENERATE 7-7 a$ MX $ b\n",
                   "a7.example. 60 MX 00070162076578616d706c6500\n"
                   "a7.example. 60 MX 00070162076578616d706c6500\n");
}

static void what_is_wrong_is_told_once_a_directive(void **state)
{
    (void)state;
    assert_note("$GENERATE 2-1 a A 192.0.2.1\n",
                "zone:1:11: error: the range ends before it starts\n"
                "  $GENERATE 2-1 a A 192.0.2.1\n"
                "            ^~~");
    assert_note("$GENERATE 1-65537 a A 192.0.2.1\n",
                "zone:1:11: error: one $GENERATE makes at most 65536 records\n"
                "  $GENERATE 1-65537 a A 192.0.2.1\n"
                "            ^~~~~~~");
    assert_note("$GENERATE 1-2 a${0,0,z} 60 A 192.0.2.1\n",
                "zone:1:15: error: for 1 this can't be written out\n"
                "  $GENERATE 1-2 a${0,0,z} 60 A 192.0.2.1\n"
                "                ^~~~~~~~~\n"
                "hint: ${offset,width,base}, base being d, o, x, X, n or N");
    assert_note("$GENERATE 1-2 $${$ 60 A 192.0.2.1\n",
                "zone:1:15: error: no directive can be generated (in a record that this line "
                "generates)\n"
                "  $GENERATE 1-2 $${$ 60 A 192.0.2.1\n"
                "                ^\n"
                "hint: it reads: ${1 60 IN A 192.0.2.1");
    struct text_records records =
        text_records_parse("$GENERATE 254-260 h$ 60 A 192.0.2.$\nz 60 A 192.0.2.1\n");
    assert_int_equal(records.notes.errors, 1);
    assert_int_equal(records.count, 3);
    text_records_fini(&records);
}

/* Neither a file nor a further $GENERATE comes out of one. */
static void directives_are_not_generated(void **state)
{
    (void)state;
    struct text_records records = text_records_parse(
        "$GENERATE 1-2 $$GENERATE A 192.0.2.1\n$GENERATE 1-2 $$INCLUDE TXT x\n");
    assert_int_equal(records.notes.errors, 2);
    assert_int_equal(records.count, 0);
    text_records_fini(&records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dollar_stands_for_the_number),
        cmocka_unit_test(braces_give_offset_width_and_base),
        cmocka_unit_test(a_dollar_sign_is_doubled_or_escaped),
        cmocka_unit_test(a_single_quoted_string_loses_its_quotes),
        cmocka_unit_test(what_is_wrong_is_told_once_a_directive),
        cmocka_unit_test(directives_are_not_generated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
