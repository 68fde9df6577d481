/* test_operator.c -- the operator's words, on disk and on the line */
#include "server/sidecar/operator.h"
#include "server/sidecar/route_request.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka wants some of the above */
#include <cmocka.h>

static char folder[64];

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/pharos-operator-XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof(path), "%s/route.words", folder);
    unlink(path);
    return rmdir(folder);
}

static void write_words(const char *text)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/route.words", folder);
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
}

static void words_outlive_a_restart_and_are_forgotten_when_released(void **state)
{
    (void)state;
    struct operator_words words, next;
    assert_int_equal(operator_load(&words, folder), 0);
    assert_int_equal(operator_find(&words, "any").word, OPERATOR_NONE);
    assert_int_equal(operator_say(&words, "any", OPERATOR_HOLD, WISH_UP), 0);
    assert_int_equal(operator_say(&words, "other", OPERATOR_UP, WISH_NOTHING), 0);
    assert_int_equal(operator_say(&words, "other", OPERATOR_DRAIN, WISH_NOTHING), 0);

    assert_int_equal(operator_load(&next, folder), 0);
    assert_int_equal(operator_find(&next, "any").word, OPERATOR_HOLD);
    assert_int_equal(operator_find(&next, "any").held, WISH_UP);
    assert_int_equal(operator_find(&next, "other").word, OPERATOR_DRAIN);

    assert_int_equal(operator_say(&next, "any", OPERATOR_NONE, WISH_NOTHING), 0);
    assert_int_equal(operator_load(&words, folder), 0);
    assert_int_equal(operator_find(&words, "any").word, OPERATOR_NONE);
    assert_int_equal(words.count, 1);
}

static void a_word_that_can_not_be_kept_is_not_taken(void **state)
{
    (void)state;
    struct operator_words words;
    assert_int_equal(operator_load(&words, folder), 0);
    assert_int_equal(operator_say(&words, "any", OPERATOR_UP, WISH_NOTHING), 0);
    strcpy(words.path, "/nonexistent/route.words");
    assert_int_equal(operator_say(&words, "any", OPERATOR_DOWN, WISH_NOTHING), -ENOENT);
    assert_int_equal(operator_find(&words, "any").word, OPERATOR_UP);
}

static void of_a_broken_file_nothing_is_taken(void **state)
{
    (void)state;
    static const char *const broken[] = {"any hold up\nother\n", "any sleep\n",
                                         "any hold left\n", "any hold up again\n", "\n"};
    struct operator_words words;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        write_words(broken[i]);
        assert_int_equal(operator_load(&words, folder), -EBADMSG);
        assert_int_equal(words.count, 0);
    }
    write_words("any force-down\n");
    assert_int_equal(operator_load(&words, folder), 0);
    assert_int_equal(operator_find(&words, "any").word, OPERATOR_DOWN);
}

static void a_file_that_can_not_be_read_is_not_taken_for_an_empty_one(void **state)
{
    (void)state;
    struct operator_words words;
    char path[128];
    snprintf(path, sizeof(path), "%s/route.words", folder);
    unlink(path);
    mkdir(path, 0700); /* opened like a file, and read fails */
    assert_int_equal(operator_load(&words, folder), -EISDIR);
    rmdir(path);
}

static void words_that_are_not_known_hold_each_group_until_the_next_word_about_it(void **state)
{
    (void)state;
    struct operator_words words, next;
    write_words("any force-do");
    assert_int_equal(operator_load(&words, folder), -EBADMSG);
    operator_hold(&words, "any");
    operator_hold(&words, "other");
    assert_int_equal(operator_find(&words, "any").word, OPERATOR_HOLD);
    assert_int_equal(operator_find(&words, "any").held, WISH_NOTHING);
    assert_int_equal(operator_say(&words, "any", OPERATOR_NONE, WISH_NOTHING), 0);
    assert_int_equal(operator_load(&next, folder), 0); /* whole again */
    assert_int_equal(operator_find(&next, "any").word, OPERATOR_NONE);
    assert_int_equal(operator_find(&next, "other").word, OPERATOR_HOLD);
}

static void requests_are_a_command_a_group_and_json(void **state)
{
    (void)state;
    struct route_request r;
    assert_null(route_request_parse(&r, "route"));
    assert_int_equal(r.command, ROUTE_COMMAND_SHOW);
    assert_string_equal(r.group, "");
    assert_null(route_request_parse(&r, "force-down any json"));
    assert_int_equal(r.command, ROUTE_COMMAND_FORCE_DOWN);
    assert_string_equal(r.group, "any");
    assert_true(r.json);
    static const char *const wrong[] = {
        "",          "status",         "route  any",
        "route a b", "route json any", "hold a/b",
        "drain ",    "hold a json b",  "hold a-name-that-is-longer-than-any-group-has"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_non_null(route_request_parse(&r, wrong[i]));
    assert_true(route_request_is("undrain any"));
    assert_true(route_request_is("route\n"));
    assert_false(route_request_is("reload"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_outlive_a_restart_and_are_forgotten_when_released),
        cmocka_unit_test(a_word_that_can_not_be_kept_is_not_taken),
        cmocka_unit_test(of_a_broken_file_nothing_is_taken),
        cmocka_unit_test(a_file_that_can_not_be_read_is_not_taken_for_an_empty_one),
        cmocka_unit_test(words_that_are_not_known_hold_each_group_until_the_next_word_about_it),
        cmocka_unit_test(requests_are_a_command_a_group_and_json),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
