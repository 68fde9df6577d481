/* test_json.c -- strings that any JSON reader takes (RFC 8259 section 7) */
#include "server/admin/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_json(const char *text, const char *expected)
{
    char *written = NULL;
    size_t octets;
    FILE *to = open_memstream(&written, &octets);
    assert_non_null(to);
    json_string(to, text);
    assert_int_equal(fclose(to), 0);
    assert_string_equal(written, expected);
    free(written);
}

static void plain_text_stays(void **state)
{
    (void)state;
    assert_json("", "\"\"");
    assert_json("example.com", "\"example.com\"");
}

static void quotes_and_controls_are_escaped(void **state)
{
    (void)state;
    assert_json("a\"b\\c", "\"a\\\"b\\\\c\"");
    assert_json("one\ntwo\t\x1b[2J\x7f", "\"one\\ntwo\\u0009\\u001b[2J\\u007f\"");
}

static void utf8_stays_and_other_octets_are_replaced(void **state)
{
    (void)state;
    assert_json("z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x98\x80",
                "\"z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x98\x80\"");
    assert_json("\xff", "\"\\ufffd\"");
    assert_json("\xc3", "\"\\ufffd\"");
    assert_json("\xc0\xaf", "\"\\ufffd\\ufffd\"");            /* overlong */
    assert_json("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""); /* a surrogate */
    assert_json("\xe2\x82"
                "a",
                "\"\\ufffd\\ufffda\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_stays),
        cmocka_unit_test(quotes_and_controls_are_escaped),
        cmocka_unit_test(utf8_stays_and_other_octets_are_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
