/* test_reading.c -- zone files on disk, and the files they include */
#include "tests/zone/text_records.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A folder of its own for each test. */
struct folder {
    char path[64];
};

static int make_folder(void **state)
{
    struct folder *folder = malloc(sizeof *folder);
    assert_non_null(folder);
    strcpy(folder->path, "/tmp/pharos-reading-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    *state = folder;
    return 0;
}

static int remove_folder(void **state)
{
    struct folder *folder = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", folder->path);
    const int status = system(command);
    free(folder);
    return status;
}

static char *path_of(const struct folder *folder, const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder->path, name);
    return path;
}

static void write_file(const struct folder *folder, const char *name, const char *text)
{
    FILE *file = fopen(path_of(folder, name), "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* RFC 1035 section 5.1 */
static void an_included_file_leaves_origin_and_owner_as_they_were(void **state)
{
    assert_int_equal(mkdir(path_of(*state, "deep"), 0700), 0);
    write_file(*state, "zone",
               "$TTL 60\na A 192.0.2.1\n$INCLUDE deep/one sub\n A 192.0.2.1\nb A 192.0.2.1\n");
    write_file(*state, "deep/one", "$INCLUDE two\nx A 192.0.2.1\n$ORIGIN y\nz A 192.0.2.1");
    write_file(*state, "deep/two", "@ A 192.0.2.1\n$TTL 61\n");
    struct sources sources = {0};
    struct text_records records = text_records_load(path_of(*state, "zone"), &sources);
    assert_int_equal(records.notes.count, 0);
    assert_string_equal(records.text,
                        "a.example. 60 A c0000201\nsub.example. 60 A c0000201\n"
                        "x.sub.example. 61 A c0000201\nz.y.sub.example. 61 A c0000201\n"
                        "a.example. 61 A c0000201\nb.example. 61 A c0000201\n");
    assert_int_equal(sources.count, 3);
    assert_false(sources_changed(&sources));
    sources_fini(&sources);
    text_records_fini(&records);
}

static void assert_first_note(struct folder *folder, const char *expected_tail)
{
    struct sources sources = {0};
    struct text_records records = text_records_load(path_of(folder, "zone"), &sources);
    char rendered[1024];
    assert_true(records.notes.count > 0);
    note_render(&records.notes.note[0], rendered, sizeof rendered);
    if (strstr(rendered, expected_tail) == NULL)
        fail_msg("%s", rendered);
    sources_fini(&sources);
    text_records_fini(&records);
}

static void files_that_include_each_other_in_a_loop_are_an_error(void **state)
{
    write_file(*state, "zone", "$INCLUDE one\n");
    write_file(*state, "one", "; line 1\n$INCLUDE two\n");
    assert_int_equal(symlink("zone", path_of(*state, "two")), 0);
    assert_first_note(
        *state, "/one:2:10: error: this file includes itself\n  $INCLUDE two\n           ^~~");
}

static void files_include_each_other_sixteen_deep_at_most(void **state)
{
    write_file(*state, "zone", "$INCLUDE 2\n");
    for (int i = 2; i <= 16; i++) {
        char name[16], text[32];
        snprintf(name, sizeof name, "%d", i);
        snprintf(text, sizeof text, i == 16 ? "\n" : "$INCLUDE %d\n", i + 1);
        write_file(*state, name, text);
    }
    struct sources sources = {0};
    struct text_records records = text_records_load(path_of(*state, "zone"), &sources);
    assert_int_equal(records.notes.count, 0);
    assert_int_equal(sources.count, 16);
    sources_fini(&sources);
    text_records_fini(&records);

    write_file(*state, "16", "$INCLUDE 17\n");
    write_file(*state, "17", "");
    assert_first_note(*state, "/16:1:10: error: files include each other more than 16 deep\n");
}

static void an_included_file_may_be_absolute_and_quoted(void **state)
{
    char text[256];
    write_file(*state, "a b", "x 60 A 192.0.2.1\n");
    snprintf(text, sizeof text, "$INCLUDE \"%s\" ; comment\n", path_of(*state, "a b"));
    write_file(*state, "zone", text);
    struct sources sources = {0};
    struct text_records records = text_records_load(path_of(*state, "zone"), &sources);
    assert_int_equal(records.count, 1);
    sources_fini(&sources);
    text_records_fini(&records);
}

/* Its appearance is a change, so that the zone is loaded once it's there. */
static void a_missing_included_file_is_an_error_and_a_source(void **state)
{
    write_file(*state, "zone", "$INCLUDE nowhere\n");
    assert_first_note(
        *state, "/nowhere: No such file or directory\n  $INCLUDE nowhere\n           ^~~~~~~");
    struct sources sources = {0};
    struct text_records records = text_records_load(path_of(*state, "zone"), &sources);
    assert_int_equal(sources.count, 2);
    assert_false(sources_changed(&sources));
    write_file(*state, "nowhere", "");
    assert_true(sources_changed(&sources));
    sources_fini(&sources);
    text_records_fini(&records);
}

static void a_changed_replaced_or_removed_source_is_noticed(void **state)
{
    write_file(*state, "zone", "$INCLUDE one\n");
    write_file(*state, "one", "a 60 A 192.0.2.1\n");
    write_file(*state, "other", "a 60 A 192.0.2.2\n");
    struct sources sources = {0};
    struct text_records records = text_records_load(path_of(*state, "zone"), &sources);
    assert_false(sources_changed(&sources));
    char from[128];
    strcpy(from, path_of(*state, "other"));
    assert_int_equal(rename(from, path_of(*state, "one")), 0);
    assert_true(sources_changed(&sources));
    sources_fini(&sources);
    text_records_fini(&records);

    records = text_records_load(path_of(*state, "zone"), &sources);
    assert_false(sources_changed(&sources));
    assert_int_equal(unlink(path_of(*state, "one")), 0);
    assert_true(sources_changed(&sources));
    sources_fini(&sources);
    assert_true(sources_changed(&sources));
    text_records_fini(&records);
}

static void a_file_that_cannot_be_read_is_told(void **state)
{
    struct sources sources = {0};
    struct text_records records = text_records_load(path_of(*state, "zone"), &sources);
    assert_int_equal(records.err, -2);
    assert_string_equal(records.notes.note[0].message, "can't open: No such file or directory");
    text_records_fini(&records);
    records = text_records_load(((struct folder *)*state)->path, &sources);
    assert_true(records.err < 0);
    assert_string_equal(records.notes.note[0].message, "can't read: Is a directory");
    sources_fini(&sources);
    text_records_fini(&records);
}

/* Changes the file, as an editor might, so often as `*left` says. */
struct meddler {
    const char *path;
    unsigned left;
};

static bool meddle(void *context, const struct zonefile_progress *progress)
{
    struct meddler *meddler = context;
    assert_true(progress->octets > 0 && progress->octets <= progress->octets_total);
    if (progress->all)
        return false;
    if (meddler->left > 0) {
        meddler->left--;
        FILE *file = fopen(meddler->path, "a");
        assert_non_null(file);
        fputs("; more\n", file);
        fclose(file);
    }
    return false;
}

static void a_file_that_changes_while_it_is_read_is_read_again(void **state)
{
    write_file(*state, "zone", "@ 60 SOA ns host 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.1\n");
    struct meddler meddler = {.path = path_of(*state, "zone"), .left = 2};
    const struct zonefile_options options = {.progress = meddle, .context = &meddler};
    struct sources sources = {0};
    struct notes notes;
    struct name apex;
    struct zone *zone = NULL;
    notes_init(&notes);
    name_from_string(&apex, "example.");
    assert_int_equal(zonefile_load(&zone, meddler.path, &apex, &options, &sources, &notes), 0);
    assert_non_null(zone);
    assert_int_equal(notes.count, 0);
    assert_false(sources_changed(&sources));
    zone_free(zone);

    meddler.left = 3;
    zone = NULL;
    assert_int_equal(zonefile_load(&zone, meddler.path, &apex, &options, &sources, &notes),
                     -EAGAIN);
    assert_null(zone);
    assert_string_equal(notes.note[0].message,
                        "it changed while it was read, 3 times in a row");
    sources_fini(&sources);
    notes_fini(&notes);
}

/* Text comes in pieces of 256 KiB, and a file's last octet is met without another read. */
static void files_of_every_length_around_a_piece_are_read_to_their_end(void **state)
{
    enum { PIECE = 256 * 1024, LINE = 64 };
    static const char last[] = "\nlast 60 A 192.0.2.2";
    static char text[2 * PIECE + LINE + 1];
    for (size_t pieces = 1; pieces <= 2; pieces++)
        for (size_t octets = pieces * PIECE - 2; octets <= pieces * PIECE + 2; octets++) {
            size_t len = 0, records = 0;
            for (; octets - len > 2 * LINE; records++)
                len += (size_t)sprintf(text + len, "a%zu 60 A 192.0.2.1\n", records);
            const size_t filler = octets - len - (sizeof last - 1);
            memset(text + len, ';', filler);
            strcpy(text + len + filler, last);
            write_file(*state, "zone", text);
            struct sources sources = {0};
            struct text_records read = text_records_load(path_of(*state, "zone"), &sources);
            assert_int_equal(read.err, 0);
            assert_int_equal(read.count, records + 1);
            assert_int_equal(sources.source[0].size, octets);
            text_records_fini(&read);
            sources_fini(&sources);
        }
}

static void a_server_waits_for_no_pipe(void **state)
{
    struct folder *folder = *state;
    const struct zonefile_options options = {.files_only = true};
    struct name apex;
    struct sources sources = {0};
    struct notes notes;
    struct zone *zone = NULL;
    notes_init(&notes);
    name_from_string(&apex, "example.");
    assert_int_equal(mkfifo(path_of(folder, "pipe"), 0600), 0);
    assert_int_equal(
        zonefile_load(&zone, path_of(folder, "pipe"), &apex, &options, &sources, &notes),
        -ESPIPE);
    assert_string_equal(notes.note[0].message, "can't open: it is a pipe or a device");
    write_file(folder, "zone", "$INCLUDE pipe\n");
    assert_int_equal(
        zonefile_load(&zone, path_of(folder, "zone"), &apex, &options, &sources, &notes),
        -EBADMSG);
    assert_non_null(strstr(notes.note[1].message, "it is a pipe or a device"));
    sources_fini(&sources);
    notes_fini(&notes);
}

static bool abandon(void *context, const struct zonefile_progress *progress)
{
    (void)context;
    (void)progress;
    return true;
}

static void a_load_can_be_abandoned(void **state)
{
    write_file(*state, "zone", "@ 60 SOA ns host 1 2 3 4 5\n");
    const struct zonefile_options options = {.progress = abandon};
    struct sources sources = {0};
    struct notes notes;
    struct name apex;
    struct zone *zone = NULL;
    notes_init(&notes);
    name_from_string(&apex, "example.");
    assert_int_equal(
        zonefile_load(&zone, path_of(*state, "zone"), &apex, &options, &sources, &notes),
        -ECANCELED);
    assert_null(zone);
    sources_fini(&sources);
    notes_fini(&notes);
}

/* Says how often it was told of a zone that is read and being built; the third time it has enough. */
static bool abandon_building(void *context, const struct zonefile_progress *progress)
{
    unsigned *building = context;
    *building += progress->all;
    return *building == 3;
}

static void building_is_told_of_and_can_be_abandoned(void **state)
{
    enum { NAMES = 20000 };
    char *text = malloc(NAMES * 32 + 100);
    assert_non_null(text);
    size_t len = (size_t)sprintf(text, "@ 60 SOA ns host 1 2 3 4 5\n@ 60 NS ns.else.\n");
    for (unsigned i = 0; i < NAMES; i++)
        len += (size_t)sprintf(text + len, "n%u 60 A 192.0.2.1\n", i);
    write_file(*state, "zone", text);
    free(text);
    unsigned building = 0;
    const struct zonefile_options options = {.progress = abandon_building,
                                             .context = &building};
    struct sources sources = {0};
    struct notes notes;
    struct name apex;
    struct zone *zone = NULL;
    notes_init(&notes);
    name_from_string(&apex, "example.");
    assert_int_equal(
        zonefile_load(&zone, path_of(*state, "zone"), &apex, &options, &sources, &notes),
        -ECANCELED);
    assert_int_equal(building, 3);
    assert_null(zone);
    sources_fini(&sources);
    notes_fini(&notes);
}

/* The builder's notes know places alone; the line is read again. */
static void notes_about_the_whole_zone_show_their_line(void **state)
{
    write_file(*state, "zone",
               "@ 60 SOA ns host 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.1\n"
               "c 60 CNAME ns\nc 60 A 192.0.2.1\n");
    struct sources sources = {0};
    struct notes notes;
    struct name apex;
    struct zone *zone = NULL;
    notes_init(&notes);
    name_from_string(&apex, "example.");
    assert_int_equal(
        zonefile_load(&zone, path_of(*state, "zone"), &apex, NULL, &sources, &notes), -EBADMSG);
    assert_true(notes.count > 0);
    assert_non_null(notes.note[0].text);
    assert_memory_equal(notes.note[0].text, "c 60 ", 5);
    sources_fini(&sources);
    notes_fini(&notes);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(an_included_file_leaves_origin_and_owner_as_they_were),
        IN_FOLDER(files_that_include_each_other_in_a_loop_are_an_error),
        IN_FOLDER(files_include_each_other_sixteen_deep_at_most),
        IN_FOLDER(an_included_file_may_be_absolute_and_quoted),
        IN_FOLDER(a_missing_included_file_is_an_error_and_a_source),
        IN_FOLDER(a_changed_replaced_or_removed_source_is_noticed),
        IN_FOLDER(a_file_that_cannot_be_read_is_told),
        IN_FOLDER(a_file_that_changes_while_it_is_read_is_read_again),
        IN_FOLDER(files_of_every_length_around_a_piece_are_read_to_their_end),
        IN_FOLDER(a_server_waits_for_no_pipe),
        IN_FOLDER(a_load_can_be_abandoned),
        IN_FOLDER(building_is_told_of_and_can_be_abandoned),
        IN_FOLDER(notes_about_the_whole_zone_show_their_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
