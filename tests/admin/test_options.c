/* test_options.c -- pharosd's command line */
#include "server/admin/options.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARGUMENTS_MAX = 16 };

/* Parses the words of `line`, with standard error silent. */
static int parse(struct options *options, const char *line)
{
    static char words[1024];
    char *argv[ARGUMENTS_MAX] = {(char *)"pharosd"};
    int argc = 1;
    snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " "))
        argv[argc++] = word;

    fflush(stderr);
    const int saved = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);
    dup2(null, STDERR_FILENO);
    const int status = options_parse(options, argc, argv);
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(null);
    return status;
}

static void a_server_needs_no_configuration(void **state)
{
    (void)state;
    struct options options;
    struct config config;
    struct notes notes;
    notes_init(&notes);
    assert_int_equal(parse(&options, "--listen 127.0.0.1@5300 --listen ::1@5300 "
                                     "--zone Example.com=/tmp/com --run-dir /tmp/run"),
                     0);
    assert_int_equal(options_config(&options, &config, &notes), 0);
    char text[NAME_TEXT_MAX];
    assert_int_equal(config.listens, 2);
    assert_string_equal(address_to_text(&config.listen[1], text), "::1@5300");
    assert_int_equal(config.zones, 1);
    assert_string_equal(config.zone[0].file, "/tmp/com");
    name_to_text(config.zone[0].name.wire, text);
    assert_string_equal(text, "example.com.");
    assert_string_equal(config.run_dir, "/tmp/run");
    config_fini(&config);
    notes_fini(&notes);
    options_fini(&options);
}

static void arguments_add_to_the_file(void **state)
{
    (void)state;
    char path[] = "/tmp/pharos-options-XXXXXX", line[128];
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    static const char text[] = "server: {listen: [\"127.0.0.1@5300\"], run-dir: /tmp}\n";
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    close(fd);
    struct options options;
    struct config config;
    struct notes notes;
    notes_init(&notes);
    snprintf(line, sizeof line, "-c %s --listen 127.0.0.1@5301 --zone a=/tmp/a", path);
    assert_int_equal(parse(&options, line), 0);
    assert_int_equal(options_config(&options, &config, &notes), 0);
    assert_int_equal(config.listens, 2);
    assert_int_equal(config.zones, 1);
    assert_string_equal(config.run_dir, "/tmp");
    config_fini(&config);
    notes_fini(&notes);
    options_fini(&options);
    unlink(path);
}

static void wrong_usage_is_status_2(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",
        "--nonsense",
        "--listen",
        "--listen 127.0.0.1@5300 stray",
        "--listen 127.0.0.1@port",
        "--listen 127.0.0.1@5300 --zone example.com",
        "--zone example.com=file",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct options options;
        assert_int_equal(parse(&options, lines[i]), 2);
        options_fini(&options);
    }
}

static void help_and_version_need_nothing_else(void **state)
{
    (void)state;
    struct options options;
    assert_int_equal(parse(&options, "--help"), 0);
    assert_true(options.help);
    options_fini(&options);
    assert_int_equal(parse(&options, "--version"), 0);
    assert_true(options.version);
    options_fini(&options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_needs_no_configuration),
        cmocka_unit_test(arguments_add_to_the_file),
        cmocka_unit_test(wrong_usage_is_status_2),
        cmocka_unit_test(help_and_version_need_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
