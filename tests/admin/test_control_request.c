/* test_control_request.c -- lines that clients send to the control socket */
#include "server/admin/control_request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *parse(struct control_request *request, const char *line)
{
    return control_request_parse(request, line, strlen(line));
}

static void commands_are_words(void **state)
{
    (void)state;
    struct control_request request;
    assert_null(parse(&request, "status"));
    assert_int_equal(request.command, CONTROL_STATUS);
    assert_false(request.json);
    assert_null(parse(&request, "zones json"));
    assert_int_equal(request.command, CONTROL_ZONES);
    assert_true(request.json);
    assert_null(parse(&request, "stats"));
    assert_int_equal(request.command, CONTROL_STATS);
    assert_null(parse(&request, "inventory"));
    assert_int_equal(request.command, CONTROL_INVENTORY);
    assert_null(parse(&request, "inventory-zones"));
    assert_int_equal(request.command, CONTROL_INVENTORY_ZONES);
    assert_null(parse(&request, "stop"));
    assert_int_equal(request.command, CONTROL_STOP);
    assert_null(parse(&request, "reload json"));
    assert_int_equal(request.command, CONTROL_RELOAD);
    assert_false(request.named);
}

static void a_reload_may_name_a_zone(void **state)
{
    (void)state;
    struct control_request request;
    char text[NAME_TEXT_MAX];
    assert_null(parse(&request, "reload Example.COM json"));
    assert_true(request.named);
    assert_true(request.json);
    name_to_text(request.name.wire, text);
    assert_string_equal(text, "example.com.");
    assert_null(parse(&request, "reload ."));
    assert_int_equal(request.name.octets, 1);
}

static void an_upgrade_may_say_how_long_it_waits(void **state)
{
    (void)state;
    struct control_request request;
    assert_null(parse(&request, "upgrade"));
    assert_int_equal(request.command, CONTROL_UPGRADE);
    assert_int_equal(request.seconds, 300);
    assert_null(parse(&request, "upgrade 86400 json"));
    assert_int_equal(request.seconds, 86400);
    assert_true(request.json);
}

static void anything_else_is_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",
        " ",
        "status ",
        " status",
        "status  json",
        "STATUS",
        "statu",
        "statuss",
        "status\tjson",
        "status\r",
        "status zone",
        "status json json",
        "reload a b",
        "reload a b json",
        "reload a..b",
        "reload \\",
        "stop now",
        "upgrade 0",
        "upgrade -1",
        "upgrade 86401",
        "upgrade 4294967297",
        "upgrade 10s",
        "upgrade 1 2",
        "json",
        "reload \xff",
        "\x7f",
        "\x01",
    };
    struct control_request request;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        assert_non_null(parse(&request, lines[i]));
    assert_non_null(control_request_parse(&request, "status\0json", 11));
}

static void overlong_names_are_refused(void **state)
{
    (void)state;
    struct control_request request;
    char line[4096] = "reload ";
    memset(line + 7, 'a', 80);
    assert_non_null(parse(&request, line)); /* a label of 80 octets */
    memset(line + 7, 'a', sizeof line - 8);
    assert_non_null(parse(&request, line));
    for (size_t i = 7; i + 1 < sizeof line; i += 2)
        line[i + 1] = '.';
    assert_non_null(control_request_parse(&request, line, 607));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_words),
        cmocka_unit_test(a_reload_may_name_a_zone),
        cmocka_unit_test(an_upgrade_may_say_how_long_it_waits),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(overlong_names_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
