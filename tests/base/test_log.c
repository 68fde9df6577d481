/* test_log.c -- lines of the log, as they arrive in a file or a pipe */
#include "server/base/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/pharos-log-XXXXXX";
static char path[64], moved[64];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/log", folder);
    snprintf(moved, sizeof moved, "%s/log.1", folder);
    return 0;
}

static int drop_folder(void **state)
{
    (void)state;
    unlink(path);
    unlink(moved);
    return rmdir(folder);
}

static int drop_log(void **state)
{
    (void)state;
    return truncate(path, 0);
}

static const char *content(const char *file)
{
    static char text[1 << 20];
    const int fd = open(file, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    const ssize_t len = read(fd, text, sizeof text - 1);
    assert_true(len >= 0);
    text[len] = '\0';
    close(fd);
    return text;
}

/* The one line that was logged, after its time. */
static const char *logged(void)
{
    const char *text = content(path);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    assert_int_equal(text[23], 'Z');
    return text + 25;
}

static void open_log(enum log_level level, enum log_format format)
{
    assert_int_equal(log_open("tester", level, format, path), 0);
}

static void a_line_has_its_time_and_level(void **state)
{
    (void)state;
    open_log(LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT);
    log_warning("zone %s: serial %d", "example.com.", 7);
    assert_string_equal(logged(), "warning zone example.com.: serial 7\n");
}

static void lines_below_the_level_are_left_out(void **state)
{
    (void)state;
    open_log(LOG_LEVEL_WARNING, LOG_FORMAT_TEXT);
    log_notice("unheard");
    assert_string_equal(content(path), "");
}

static void control_octets_cannot_forge_a_line(void **state)
{
    (void)state;
    open_log(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    log_info("a\nb\tc\x1b[1m\x7f \xc2\x9b \xff \xed\xa0\x80 \xc3\xbc");
    assert_string_equal(logged(),
                        "info a\\nb\\tc\\x1b[1m\\x7f \\xc2\\x9b \\xff \\xed\\xa0\\x80 "
                        "\xc3\xbc\n");
}

static void json_lines_are_objects_with_escapes(void **state)
{
    (void)state;
    open_log(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
    log_error("say \"\\\" and\n\x01\xff");
    const char *text = content(path);
    assert_memory_equal(text, "{\"time\":\"", 9);
    assert_string_equal(strstr(text, "\",\"level\""),
                        "\",\"level\":\"error\",\"program\":\"tester\",\"message\":"
                        "\"say \\\"\\\\\\\" and\\n\\u0001\\u00ff\"}\n");
}

static void an_endless_message_is_cut_to_one_whole_line(void **state)
{
    (void)state;
    char *longer = malloc(100000);
    assert_non_null(longer);
    memset(longer, '\x01', 99999);
    longer[99999] = '\0';
    open_log(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
    log_info("%s", longer);
    free(longer);
    const char *text = content(path);
    const size_t len = strlen(text);
    assert_true(len > 4096);
    assert_string_equal(text + len - 3, "\"}\n");
}

static void after_rotation_lines_go_to_the_new_file(void **state)
{
    (void)state;
    open_log(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    log_info("before");
    assert_int_equal(rename(path, moved), 0);
    log_info("still");
    assert_int_equal(log_reopen(), 0);
    log_info("after");
    assert_non_null(strstr(content(moved), "info still\n"));
    assert_string_equal(logged(), "info after\n");
}

static void a_log_that_cannot_be_opened_leaves_the_old_one(void **state)
{
    (void)state;
    open_log(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    assert_true(log_open("tester", LOG_LEVEL_ERROR, LOG_FORMAT_JSON, "/nonexistent/log") < 0);
    log_info("here");
    assert_string_equal(logged(), "info here\n");
}

static void the_journal_gets_priorities_instead_of_times(void **state)
{
    (void)state;
    struct stat status;
    char stream[64];
    const int saved = dup(STDERR_FILENO);
    const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_true(saved >= 0 && fd >= 0);
    assert_int_equal(fstat(fd, &status), 0);
    snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)status.st_dev,
             (unsigned long long)status.st_ino);
    dup2(fd, STDERR_FILENO);
    setenv("JOURNAL_STREAM", stream, 1);
    const int err = log_open("tester", LOG_LEVEL_INFO, LOG_FORMAT_TEXT, NULL);
    log_warning("hello");
    unsetenv("JOURNAL_STREAM");
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(fd);
    assert_int_equal(err, 0);
    assert_string_equal(content(path), "<4>hello\n");
}

/* Standard error is a pipe while a full disk's file is the log. */
static void what_a_file_cant_take_goes_to_standard_error(void **state)
{
    (void)state;
    int ends[2];
    const int saved = dup(STDERR_FILENO);
    assert_true(saved >= 0);
    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    const int err = log_open("tester", LOG_LEVEL_INFO, LOG_FORMAT_TEXT, "/dev/full");
    log_warning("can't go on");
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[1]);
    char text[256];
    const ssize_t len = read(ends[0], text, sizeof text - 1);
    close(ends[0]);
    assert_int_equal(err, 0);
    assert_true(len > 25);
    text[len] = '\0';
    assert_string_equal(text + 25, "warning can't go on\n");
}

static void a_note_without_a_place_has_its_severity_once(void **state)
{
    (void)state;
    struct notes notes;
    notes_init(&notes);
    notes_add(&notes, SEVERITY_WARNING, NULL, 0, 0, 0, NULL, 0, "no zone");
    open_log(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    log_notes(&notes);
    notes_fini(&notes);
    assert_string_equal(logged(), "warning no zone\n");
}

static void notes_are_logged_line_by_line_at_their_severity(void **state)
{
    (void)state;
    struct notes notes;
    notes_init(&notes);
    struct note *note =
        notes_add(&notes, SEVERITY_ERROR, "a.zone", 1, 3, 2, "@ AA x", 6, "bad");
    notes_hint(note, "did you mean A?");
    open_log(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    log_notes(&notes);
    notes_fini(&notes);
    const char *text = content(path);
    assert_non_null(strstr(text, "Z error a.zone:1:3: error: bad\n"));
    assert_non_null(strstr(text, "Z error   @ AA x\n"));
    assert_non_null(strstr(text, "Z error     ^~\n"));
    assert_non_null(strstr(text, "Z error hint: did you mean A?\n"));
}

static void *log_many(void *name)
{
    for (int i = 0; i < 500; i++)
        log_info("%s %s %s %s", (const char *)name, (const char *)name, (const char *)name,
                 (const char *)name);
    return NULL;
}

static void lines_of_several_threads_do_not_mix(void **state)
{
    (void)state;
    static const char *const names[] = {"aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"};
    pthread_t threads[2];
    open_log(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, log_many, (void *)names[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    unsigned lines = 0;
    const char *at = content(path);
    for (; *at != '\0'; at += strcspn(at, "\n") + 1, lines++) {
        char expected[128];
        const char *name = names[at[30] == 'b'];
        snprintf(expected, sizeof expected, "info %s %s %s %s\n", name, name, name, name);
        assert_memory_equal(at + 25, expected, strlen(expected));
    }
    assert_int_equal(lines, 1000);
}

static void levels_are_read_by_their_names(void **state)
{
    (void)state;
    enum log_level level;
    assert_true(log_level_from_text("notice", &level));
    assert_int_equal(level, LOG_LEVEL_NOTICE);
    assert_false(log_level_from_text("loud", &level));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_line_has_its_time_and_level, drop_log),
        cmocka_unit_test_teardown(lines_below_the_level_are_left_out, drop_log),
        cmocka_unit_test_teardown(control_octets_cannot_forge_a_line, drop_log),
        cmocka_unit_test_teardown(json_lines_are_objects_with_escapes, drop_log),
        cmocka_unit_test_teardown(an_endless_message_is_cut_to_one_whole_line, drop_log),
        cmocka_unit_test_teardown(after_rotation_lines_go_to_the_new_file, drop_log),
        cmocka_unit_test_teardown(a_log_that_cannot_be_opened_leaves_the_old_one, drop_log),
        cmocka_unit_test_teardown(the_journal_gets_priorities_instead_of_times, drop_log),
        cmocka_unit_test_teardown(notes_are_logged_line_by_line_at_their_severity, drop_log),
        cmocka_unit_test_teardown(what_a_file_cant_take_goes_to_standard_error, drop_log),
        cmocka_unit_test_teardown(a_note_without_a_place_has_its_severity_once, drop_log),
        cmocka_unit_test_teardown(lines_of_several_threads_do_not_mix, drop_log),
        cmocka_unit_test(levels_are_read_by_their_names),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
