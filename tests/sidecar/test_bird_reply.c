/* test_bird_reply.c -- lines of BIRD's control socket, and what only looks like them */
#include "server/sidecar/bird_reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
/* cmocka wants some of the above */
#include <cmocka.h>

static struct bird_reader reader;

static int set_up(void **state)
{
    (void)state;
    memset(&reader, 0, sizeof(reader));
    return 0;
}

/* The last line of `text`, whose lines are all whole. */
static struct bird_line read_text(const char *text)
{
    struct bird_line line = {.kind = BIRD_NONSENSE, .text = "none"};
    bool whole = false;
    for (; *text != '\0'; text++)
        whole = bird_reader_take(&reader, *text, &line);
    assert_true(whole);
    return line;
}

static void a_reply_goes_on_after_a_hyphen_and_ends_after_a_space(void **state)
{
    (void)state;
    struct bird_line line = read_text("0011-anycast: enabled\n");
    assert_int_equal(line.kind, BIRD_MORE);
    assert_int_equal(line.code, BIRD_ENABLED);
    assert_string_equal(line.text, "anycast: enabled");
    line = read_text("0000 \n");
    assert_int_equal(line.kind, BIRD_LAST);
    assert_int_equal(line.code, 0);
    assert_string_equal(line.text, "");
}

static void a_line_that_begins_with_a_space_has_the_code_of_the_one_before(void **state)
{
    (void)state;
    const struct bird_line line =
        read_text("2002-Name Proto Table State Since Info\n"
                  "1002-device1    Device     ---        up     05:32:32.214  \n"
                  " anycast    Direct     ---        down   05:32:41.022  \n");
    assert_int_equal(line.kind, BIRD_MORE);
    assert_int_equal(line.code, BIRD_PROTOCOL);
    assert_false(bird_protocol_is_up(&line));
}

static void the_state_of_a_protocol_is_the_fourth_column(void **state)
{
    (void)state;
    struct bird_line line = read_text("1002-up Direct down up 05:32:32.214  \n");
    assert_true(bird_protocol_is_up(&line));
    line = read_text("1002-up up up down 05:32:32.214 up\n");
    assert_false(bird_protocol_is_up(&line));
    line = read_text("1002-anycast Static master4 start 05:32:32.214\n");
    assert_true(bird_protocol_is_up(&line));
    line = read_text("1002-anycast Static master4\n");
    assert_false(bird_protocol_is_up(&line));
    line = read_text("2002-anycast Static master4 up 05:32:32.214\n");
    assert_false(bird_protocol_is_up(&line));
}

static void the_log_comes_between_and_leaves_a_reply_as_it_is(void **state)
{
    (void)state;
    struct bird_line line =
        read_text("1002-device1 Device --- up 05:32:32.214\n+Reconfigured\n");
    assert_int_equal(line.kind, BIRD_NOTICE);
    assert_true(bird_notice_matters(&line));
    line = read_text("+Disabling protocol anycast\n");
    assert_true(bird_notice_matters(&line));
    line = read_text("+upstream4: BGP session established\n");
    assert_false(bird_notice_matters(&line));
    line = read_text(" anycast Direct --- up 05:32:41.022\n");
    assert_int_equal(line.code, BIRD_PROTOCOL);
}

static void what_follows_no_rule_is_nonsense(void **state)
{
    (void)state;
    static const char *const lines[] = {"\n",       "0\n",     "0000\n",  "000 \n",
                                        "00000 \n", "-001 \n", "0x01 \n", "HTTP/1.1 400\n",
                                        "0000\t\n"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        assert_int_equal(read_text(lines[i]).kind, BIRD_NONSENSE);
}

static void a_line_that_is_too_long_loses_its_end_alone(void **state)
{
    (void)state;
    struct bird_line line;
    const char *start = "8000-";
    for (size_t i = 0; i < 5; i++)
        assert_false(bird_reader_take(&reader, start[i], &line));
    for (size_t i = 0; i < 3 * (size_t)BIRD_LINE_MAX; i++)
        assert_false(bird_reader_take(&reader, 'x', &line));
    assert_true(bird_reader_take(&reader, '\n', &line));
    assert_int_equal(line.code, 8000);
    assert_int_equal(strlen(line.text), BIRD_LINE_MAX - 1 - 5);
    line = read_text("0000 \n");
    assert_int_equal(line.kind, BIRD_LAST);
}

int main(void)
{
#define FRESH(test) cmocka_unit_test_setup(test, set_up)
    const struct CMUnitTest tests[] = {
        FRESH(a_reply_goes_on_after_a_hyphen_and_ends_after_a_space),
        FRESH(a_line_that_begins_with_a_space_has_the_code_of_the_one_before),
        FRESH(the_state_of_a_protocol_is_the_fourth_column),
        FRESH(the_log_comes_between_and_leaves_a_reply_as_it_is),
        FRESH(what_follows_no_rule_is_nonsense),
        FRESH(a_line_that_is_too_long_loses_its_end_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
