/* test_record.c -- samples on disk, and what other thresholds make of them */
#include "server/sidecar/audit.h"
#include "server/sidecar/record.h"
#include "server/sidecar/replay.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka wants some of the above */
#include <cmocka.h>

static struct record sample_record(void)
{
    struct record r = {.group = "any", .now_ms = 123456, .wall_ms = 1790000000123};
    r.observation.latency[3] = 20;
    r.observation.latency[PULSE_BUCKETS - 1] = UINT32_MAX;
    r.observation.probe_latency[7] = 2;
    r.observation.probes_failed = 1;
    r.observation.servfails = 4;
    r.observation.sample = (struct sample){.health = HEALTH_SERVING,
                                           .workers = 4,
                                           .stuck = 1,
                                           .datagrams = 33,
                                           .drops = 2,
                                           .tcp = 1,
                                           .tcp_bad = 1,
                                           .paths = 5,
                                           .paths_bad = 2,
                                           .paths_served = 0xffffffff,
                                           .paths_all = 15,
                                           .expiring = EXPIRING_SIGNATURES,
                                           .route = ROUTE_WITHDRAWN,
                                           .guard = GUARD_STAY,
                                           .may_return = GUARD_RETURN_NEEDED,
                                           .word = OPERATOR_HOLD,
                                           .held = WISH_DOWN};
    r.observation.sample.fleet.fleet = true;
    r.observation.sample.fleet.members = 5;
    r.observation.sample.fleet.bad = 2;
    return r;
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    const struct record written = sample_record();
    char *text;
    size_t octets;
    FILE *to = open_memstream(&text, &octets);
    assert_int_equal(record_write(to, &written), 0);
    fclose(to);
    assert_true(octets < RECORD_LINE_MAX);

    struct record read;
    assert_int_equal(record_read(&read, text, octets), 0);
    assert_string_equal(read.group, "any");
    assert_int_equal(read.now_ms, written.now_ms);
    assert_int_equal(read.wall_ms, written.wall_ms);
    assert_memory_equal(read.observation.latency, written.observation.latency,
                        sizeof(read.observation.latency));
    assert_memory_equal(read.observation.probe_latency, written.observation.probe_latency,
                        sizeof(read.observation.probe_latency));
    /* All the rest is in its text. */
    char *same;
    FILE *again = open_memstream(&same, &octets);
    assert_int_equal(record_write(again, &read), 0);
    fclose(again);
    assert_string_equal(same, text);
    assert_int_equal(read.observation.sample.route, ROUTE_WITHDRAWN);
    assert_true(read.observation.sample.fleet.fleet);
    free(same);
    free(text);
}

static void what_is_no_record_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "{}",
        "{\"group\":\"any\"}",
        "{\"ms\":5}",
        "{\"group\":\"\",\"ms\":5}",
        "{\"group\":\"any\",\"ms\":5",
        "{\"group\":\"any\",\"ms\":5} more",
        "{\"group\":\"any\",\"ms\":5,}",
        "{\"group\":\"any\",\"ms\":-5}",
        "{\"group\":\"any\",\"ms\":99999999999999999999}",
        "{\"group\":\"any\",\"ms\":5,\"health\":99}",
        "{\"group\":\"any\",\"ms\":5,\"latency\":\"64:1\"}",
        "{\"group\":\"any\",\"ms\":5,\"latency\":\"1:4294967296\"}",
        "{\"group\":\"any\",\"ms\":5,\"latency\":\"1\"}",
        "{\"group\":\"any\\n\",\"ms\":5}",
        "{\"group\":\"a-name-that-is-longer-than-any-group-has\",\"ms\":5}",
    };
    struct record record;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(record_read(&record, wrong[i], strlen(wrong[i])), -EBADMSG);
}

static void keys_of_other_versions_are_passed_over(void **state)
{
    (void)state;
    static const char text[] = "{ \"group\":\"a\", \"ms\":5, \"mood\":7, \"song\":\"la\" }\n";
    struct record record;
    assert_int_equal(record_read(&record, text, sizeof(text) - 1), 0);
    assert_string_equal(record.group, "a");
}

/* Ticks of 50 ms: `late` of 25 answers in bucket `bucket`, and as large a part of 10 probes. */
static void write_ticks(FILE *to, uint64_t *ms, unsigned ticks, unsigned bucket)
{
    for (unsigned i = 0; i < ticks; i++, *ms += 50) {
        struct record r = {.group = "any", .now_ms = *ms, .wall_ms = 1790000000000 + *ms};
        r.observation.latency[bucket] = 25;
        r.observation.probe_latency[bucket] = 2;
        r.observation.sample = (struct sample){.health = HEALTH_SERVING,
                                               .workers = 1,
                                               .datagrams = 25,
                                               .tcp = 1,
                                               .paths = 15,
                                               .paths_served = 15,
                                               .paths_all = 15,
                                               .route = ROUTE_UP};
        assert_int_equal(record_write(to, &r), 0);
    }
}

/* A second of answers that took about so long. */
static char *replay_with(unsigned took_ms, unsigned late_ms,
                         enum route_without_fleet without_fleet)
{
    const struct config_route route = {.late_ms = late_ms,
                                       .probe_late_ms = 50,
                                       .thresholds = thresholds_default(),
                                       .without_fleet = without_fleet};
    uint64_t ms = 1000000;
    FILE *file = tmpfile();
    write_ticks(file, &ms, 60, pulse_bucket(200));
    write_ticks(file, &ms, 20, pulse_bucket(took_ms * UINT64_C(1000)));
    write_ticks(file, &ms, 200, pulse_bucket(200));
    rewind(file);
    char *text;
    size_t octets;
    FILE *to = open_memstream(&text, &octets);
    assert_int_equal(replay(file, "samples", &route, to, stderr), 0);
    fclose(to);
    fclose(file);
    return text;
}

static void a_replay_tells_what_other_thresholds_would_have_done(void **state)
{
    (void)state;
    char *text = replay_with(80, 20, WITHOUT_FLEET_WITHDRAW);
    assert_non_null(strstr(text, "any: SUSPECT -> DRAIN: the guard lets go"));
    assert_non_null(strstr(text, "PROBATION -> UP"));
    assert_non_null(strstr(text, "any: 280 samples"));
    free(text);

    text = replay_with(80, 20, WITHOUT_FLEET_STAY);
    assert_non_null(strstr(text, "the guard says stay"));
    assert_non_null(strstr(text, "away for 0.0 s of"));
    free(text);

    text = replay_with(30, 20, WITHOUT_FLEET_WITHDRAW); /* the pulse alone says so */
    assert_non_null(strstr(text, "UP -> SUSPECT"));
    assert_non_null(strstr(text, "away for 0.0 s of"));
    free(text);

    text = replay_with(80, 100, WITHOUT_FLEET_WITHDRAW);
    assert_null(strstr(text, "SUSPECT"));
    assert_non_null(strstr(text, "1 decisions"));
    free(text);
}

static void a_replay_passes_over_lines_that_are_none_and_counts_them(void **state)
{
    (void)state;
    const struct config_route route = {
        .late_ms = 20, .probe_late_ms = 50, .thresholds = thresholds_default()};
    uint64_t ms = 1000000;
    FILE *file = tmpfile();
    write_ticks(file, &ms, 2, 0);
    fputs("{\"wall\":17900000000,\"ms\":10{\"wall\":1\n\n", file);
    write_ticks(file, &ms, 3, 0);
    fputs("rubbish", file);
    rewind(file);
    char *text, *told;
    size_t octets;
    FILE *errors = open_memstream(&text, &octets);
    FILE *to = open_memstream(&told, &octets);
    assert_int_equal(replay(file, "samples", &route, to, errors), 0);
    fclose(errors);
    fclose(to);
    assert_string_equal(text, "samples:3: this is no recorded sample\n"
                              "samples: 2 lines are no recorded samples\n");
    assert_non_null(strstr(told, "any: 5 samples"));
    free(text);
    free(told);
    fclose(file);
}

static void what_has_no_record_in_it_is_not_replayed(void **state)
{
    (void)state;
    const struct config_route route = {
        .late_ms = 20, .probe_late_ms = 50, .thresholds = thresholds_default()};
    FILE *file = tmpfile(), *to = tmpfile();
    fputs("rubbish\n", file);
    rewind(file);
    assert_int_equal(replay(file, "samples", &route, to, to), -EBADMSG);
    fclose(to);
    fclose(file);
}

/* A limit of the file's size is met as a full disk is: a part is written. */
static void a_line_that_a_full_disk_has_cut_off_spoils_none_after_it(void **state)
{
    (void)state;
    char path[] = "/tmp/pharos-record-XXXXXX";
    close(mkstemp(path));
    struct group *group = calloc(1, sizeof(*group));
    struct audit audit = {.path = NULL};
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    group->record = sample_record();
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(audit_open(&audit, path), 0);
    audit_record(&audit, group);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    const struct rlimit full = {.rlim_cur = (rlim_t)st.st_size + 100,
                                .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    audit_record(&audit, group);
    audit_record(&audit, group);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    audit_record(&audit, group);
    audit_close(&audit);
    FILE *file = fopen(path, "a"); /* another one is killed while it writes */
    fputs("{\"wall\":", file);
    fclose(file);
    assert_int_equal(audit_open(&audit, path), 0);
    audit_record(&audit, group);
    audit_close(&audit);

    char *line = NULL;
    size_t size = 0;
    unsigned good = 0;
    ssize_t octets;
    file = fopen(path, "r");
    for (struct record read; (octets = getline(&line, &size, file)) >= 0;)
        good += record_read(&read, line, (size_t)octets) == 0;
    assert_int_equal(good, 3);
    free(line);
    fclose(file);
    free(group);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(what_is_no_record_is_refused),
        cmocka_unit_test(keys_of_other_versions_are_passed_over),
        cmocka_unit_test(a_replay_tells_what_other_thresholds_would_have_done),
        cmocka_unit_test(a_replay_passes_over_lines_that_are_none_and_counts_them),
        cmocka_unit_test(what_has_no_record_in_it_is_not_replayed),
        cmocka_unit_test(a_line_that_a_full_disk_has_cut_off_spoils_none_after_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
