/* test_maintain.c -- rounds over real files: what changed is loaded, what is broken takes
 * nothing away */
#include "server/maintain/maintain.h"
#include "server/maintain/plan.h"

#include "zone/lookup.h"

#include <errno.h>
#include <fcntl.h>
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

/* A folder, a configuration, and the outcome of the last round. */
struct fixture {
    char folder[64];
    uv_loop_t loop;
    struct store *store;
    struct maintain *maintain;
    struct config config;
    struct maintain_outcome outcome;
    bool well;
    char warnings[4096]; /* of all jobs, a line each */
};

static const char zone_text[] = "@ 3600 SOA ns hostmaster %u 7200 900 1209600 300\n"
                                "@ 3600 NS ns\n"
                                "ns 3600 A 192.0.2.%u\n%s";

static const char *path_of(const struct fixture *f, const char *file)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", f->folder, file);
    return path;
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* Replaces the file as careful programs do: another file takes its name. */
static void replace(const struct fixture *f, const char *file, const char *text)
{
    char temporary[256];
    snprintf(temporary, sizeof temporary, "%s", path_of(f, ".new"));
    write_text(temporary, text);
    assert_int_equal(rename(temporary, path_of(f, file)), 0);
}

/* Writes over the file: the inode stays, and the time may be that of the last change, since the
 * kernel's stamps are as coarse as its tick; so wait for the next stamp. */
static void overwrite(const struct fixture *f, const char *file, const char *text)
{
    struct stat before, now;
    assert_int_equal(stat(path_of(f, file), &before), 0);
    do {
        write_text(path_of(f, file), text);
        assert_int_equal(stat(path_of(f, file), &now), 0);
    } while (now.st_mtim.tv_sec == before.st_mtim.tv_sec
             && now.st_mtim.tv_nsec == before.st_mtim.tv_nsec);
}

static const char *zone_of(unsigned serial, unsigned address, const char *more)
{
    static char text[512];
    snprintf(text, sizeof text, zone_text, serial, address, more);
    return text;
}

static void add_zone(struct fixture *f, const char *name, const char *file)
{
    struct config *config = &f->config;
    config->zone = realloc(config->zone, (config->zones + 1) * sizeof *config->zone);
    assert_non_null(config->zone);
    struct config_zone *zone = &config->zone[config->zones++];
    *zone = (struct config_zone){.file = strdup(path_of(f, file))};
    assert_int_equal(name_from_string(&zone->name, name), NAME_OK);
}

static void add_zone_dir(struct fixture *f)
{
    f->config.zone_dir = calloc(1, sizeof *f->config.zone_dir);
    assert_non_null(f->config.zone_dir);
    f->config.zone_dir[0] = strdup(f->folder);
    f->config.zone_dirs = 1;
}

static void keep_outcome(void *context, const struct maintain_outcome *outcome)
{
    struct fixture *f = context;
    f->outcome = *outcome;
    f->well = maintain_well(outcome);
    f->warnings[0] = '\0';
    for (size_t i = 0; i < outcome->jobs; i++) {
        const struct notes *notes = &outcome->job[i].notes;
        for (size_t j = 0; j < notes->count; j++) {
            if (notes->note[j].severity != SEVERITY_WARNING)
                continue;
            const size_t len = strlen(f->warnings);
            snprintf(f->warnings + len, sizeof f->warnings - len, "%s\n",
                     notes->note[j].message);
        }
    }
    f->outcome.job = NULL;
    f->outcome.notes = NULL;
    f->outcome.gone_entry = NULL;
}

static void reload(struct fixture *f)
{
    assert_int_equal(maintain_all(f->maintain, &f->config, keep_outcome, f), 0);
    assert_int_equal(maintain_all(f->maintain, &f->config, keep_outcome, f), -EBUSY);
    assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(f->outcome.err, 0);
}

static void reload_one(struct fixture *f, const char *text)
{
    struct name name;
    assert_int_equal(name_from_string(&name, text), NAME_OK);
    assert_int_equal(maintain_one(f->maintain, &name, keep_outcome, f), 0);
    uv_run(&f->loop, UV_RUN_DEFAULT);
}

/* What readers see: the serial, "servfail" or "refused". */
static const char *served(struct fixture *f, const char *text)
{
    static char seen[32];
    struct name name;
    uint8_t key[NAME_KEY_MAX];
    assert_int_equal(name_from_string(&name, text), NAME_OK);
    const struct snapshot *snapshot = store_enter(f->store, 0);
    struct lookup lookup = {.qname = &name, .key = key, .qtype = 6};
    lookup.symbols = (uint16_t)name_key(key, name.wire, name.octets);
    view_find(&snapshot->view, &lookup, 1);
    if (lookup.zone == NULL)
        snprintf(seen, sizeof seen, "refused");
    else if (!zone_loaded(lookup.zone))
        snprintf(seen, sizeof seen, "servfail");
    else
        snprintf(seen, sizeof seen, "%u", lookup.zone->version.serial);
    store_leave(f->store, 0);
    return seen;
}

static const struct roster_zone *entry_of(struct fixture *f, const char *text)
{
    struct name name;
    assert_int_equal(name_from_string(&name, text), NAME_OK);
    return roster_find(maintain_roster(f->maintain), &name);
}

static const char *failure_of(struct fixture *f, const char *text)
{
    const struct roster_zone *entry = entry_of(f, text);
    assert_non_null(entry);
    return entry->failure == NULL ? "" : entry->failure;
}

static void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" isn't in \"%s\"", part, text);
}

static void assert_round(const struct fixture *f, size_t loaded, size_t refused,
                         size_t unchanged)
{
    assert_int_equal(f->outcome.loaded, loaded);
    assert_int_equal(f->outcome.refused, refused);
    assert_int_equal(f->outcome.unchanged, unchanged);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    snprintf(f->folder, sizeof f->folder, "/tmp/pharos-maintain-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    uv_loop_init(&f->loop);
    f->store = store_new(1);
    f->maintain = maintain_new(&f->loop, f->store, 2);
    assert_non_null(f->maintain);
    maintain_first_threads(f->maintain, 3);
    config_init(&f->config);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    maintain_close(f->maintain);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    maintain_free(f->maintain);
    store_free(f->store);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    config_fini(&f->config);
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", f->folder);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

static void zones_are_served_after_the_first_round(void **state)
{
    struct fixture *f = *state;
    replace(f, "com", zone_of(1, 1, ""));
    replace(f, "net", zone_of(2, 1, ""));
    add_zone(f, "example.com", "com");
    add_zone(f, "example.net", "net");
    assert_string_equal(served(f, "example.com"), "refused");
    reload(f);
    assert_round(f, 2, 0, 0);
    assert_int_equal(f->outcome.fresh, 2);
    assert_true(f->well);
    assert_string_equal(served(f, "www.example.com"), "1");
    assert_string_equal(served(f, "example.net"), "2");
}

static void a_round_publishes_the_answers_configuration(void **state)
{
    struct fixture *f = *state;
    f->config.answer.udp_payload_max = 1400;
    reload(f);
    assert_int_equal(store_enter(f->store, 0)->answer.udp_payload_max, 1400);
    store_leave(f->store, 0);
}

static void only_changed_files_are_loaded_again(void **state)
{
    struct fixture *f = *state;
    replace(f, "com", zone_of(1, 1, ""));
    replace(f, "net", zone_of(1, 1, ""));
    add_zone(f, "example.com", "com");
    add_zone(f, "example.net", "net");
    reload(f);
    reload(f);
    assert_round(f, 0, 0, 2);
    replace(f, "net", zone_of(2, 1, ""));
    reload(f);
    assert_round(f, 1, 0, 1);
    assert_string_equal(served(f, "example.net"), "2");
    overwrite(f, "net", zone_of(3, 1, ""));
    reload(f);
    assert_round(f, 1, 0, 1);
    assert_string_equal(served(f, "example.net"), "3");
    assert_string_equal(f->warnings, "");
}

static void a_touched_file_that_says_the_same_is_no_new_version(void **state)
{
    struct fixture *f = *state;
    replace(f, "com", zone_of(1, 1, ""));
    add_zone(f, "example.com", "com");
    reload(f);
    replace(f, "com", zone_of(1, 1, "; a comment\n"));
    reload(f);
    assert_round(f, 0, 0, 0);
    assert_int_equal(f->outcome.same, 1);
    assert_string_equal(f->warnings, "");
    reload(f);
    assert_round(f, 0, 0, 1);
}

static void a_change_under_the_same_serial_is_served_with_a_warning(void **state)
{
    struct fixture *f = *state;
    replace(f, "com", zone_of(7, 1, ""));
    add_zone(f, "example.com", "com");
    reload(f);
    const struct zone *old = entry_of(f, "example.com")->zone;
    replace(f, "com", zone_of(7, 2, ""));
    reload(f);
    assert_true(f->well);
    assert_round(f, 1, 0, 0);
    assert_ptr_not_equal(entry_of(f, "example.com")->zone, old);
    assert_contains(f->warnings, "the content changed, but the serial is still 7");
}

/* RFC 1982 section 3.2 */
static void a_lower_serial_is_served_with_a_warning(void **state)
{
    struct fixture *f = *state;
    replace(f, "com", zone_of(4294967295u, 1, ""));
    add_zone(f, "example.com", "com");
    reload(f);
    replace(f, "com", zone_of(5, 1, "")); /* greater: serials wrap */
    reload(f);
    assert_string_equal(f->warnings, "");
    replace(f, "com", zone_of(4, 1, ""));
    reload(f);
    assert_contains(f->warnings, "the serial went back from 5 to 4");
    assert_string_equal(served(f, "example.com"), "4");
}

static void a_broken_text_keeps_the_last_good_version(void **state)
{
    struct fixture *f = *state;
    replace(f, "com", zone_of(1, 1, ""));
    add_zone(f, "example.com", "com");
    reload(f);
    replace(f, "com", zone_of(2, 1, "www 3600 A 192.0.2.256\n"));
    reload(f);
    assert_false(f->well);
    assert_round(f, 0, 1, 0);
    assert_string_equal(served(f, "example.com"), "1");
    assert_int_equal(roster_zone_state(entry_of(f, "example.com")), ROSTER_STALE);
    assert_int_equal(maintain_totals(f->maintain).stale, 1);
    assert_contains(failure_of(f, "example.com"), "com:4:");
    assert_contains(failure_of(f, "example.com"), "error:");
    assert_contains(failure_of(f, "example.com"), "^");

    reload(f); /* nothing changed, and it isn't well for that */
    assert_false(f->well);

    replace(f, "com", zone_of(3, 1, "www 3600 A 192.0.2.25\n"));
    reload(f);
    assert_true(f->well);
    assert_string_equal(served(f, "example.com"), "3");
    assert_string_equal(failure_of(f, "example.com"), "");
}

static void a_zone_broken_from_the_start_answers_servfail_and_others_are_served(void **state)
{
    struct fixture *f = *state;
    replace(f, "com", "this is no zone\n");
    replace(f, "net", zone_of(1, 1, ""));
    add_zone(f, "example.com", "com");
    add_zone(f, "example.net", "net");
    add_zone(f, "example.org", "org");
    reload(f);
    assert_false(f->well);
    assert_round(f, 1, 2, 0);
    assert_string_equal(served(f, "example.com"), "servfail");
    assert_string_equal(served(f, "example.org"), "servfail");
    assert_string_equal(served(f, "example.net"), "1");
    assert_int_equal(maintain_totals(f->maintain).failed, 2);
    replace(f, "com", zone_of(1, 1, ""));
    reload(f);
    assert_string_equal(served(f, "example.com"), "1");
}

static void a_file_that_vanished_is_a_failure_and_its_zone_stays(void **state)
{
    struct fixture *f = *state;
    replace(f, "com", zone_of(1, 1, ""));
    add_zone(f, "example.com", "com");
    reload(f);
    assert_int_equal(unlink(path_of(f, "com")), 0);
    reload(f);
    assert_false(f->well);
    assert_string_equal(served(f, "example.com"), "1");
    assert_contains(failure_of(f, "example.com"), "No such file");
}

static void a_changed_include_reloads_the_zone(void **state)
{
    struct fixture *f = *state;
    replace(f, "part", "www 3600 A 192.0.2.7\n");
    replace(f, "com", zone_of(1, 1, "$INCLUDE part\n"));
    add_zone(f, "example.com", "com");
    reload(f);
    assert_true(f->well);
    reload(f);
    assert_round(f, 0, 0, 1);
    replace(f, "part", "www 3600 A 192.0.2.8\n");
    reload(f);
    assert_round(f, 1, 0, 0);
    assert_contains(f->warnings, "the serial is still 1");
    assert_int_equal(unlink(path_of(f, "part")), 0);
    reload(f);
    assert_false(f->well);
    assert_string_equal(served(f, "example.com"), "1");
    replace(f, "part", "www 3600 A 192.0.2.9\n");
    reload(f);
    assert_true(f->well);
    assert_round(f, 1, 0, 0);
}

static void files_of_a_zone_dir_come_and_go(void **state)
{
    struct fixture *f = *state;
    add_zone_dir(f);
    replace(f, "Example.COM.zone", zone_of(1, 1, ""));
    replace(f, "notes.txt", "no zone");
    assert_int_equal(mkdir(path_of(f, "folder.zone"), 0755), 0);
    reload(f);
    assert_true(f->well);
    assert_round(f, 1, 0, 0);
    assert_string_equal(served(f, "example.com"), "1");

    replace(f, "example.net.zone", zone_of(2, 1, ""));
    reload(f);
    assert_round(f, 1, 0, 1);
    assert_int_equal(f->outcome.fresh, 1);
    assert_string_equal(served(f, "example.net"), "2");

    assert_int_equal(unlink(path_of(f, "Example.COM.zone")), 0);
    reload(f);
    assert_true(f->well);
    assert_int_equal(f->outcome.gone, 1);
    assert_string_equal(served(f, "example.com"), "refused");
    assert_string_equal(served(f, "example.net"), "2");
    assert_null(entry_of(f, "example.com"));
}

/* More files than are looked at together, and not a multiple of that. */
static void of_many_files_in_a_zone_dir_those_that_changed_are_loaded(void **state)
{
    enum { FILES = 77 };
    struct fixture *f = *state;
    char file[FILES][32];
    add_zone_dir(f);
    for (unsigned i = 0; i < FILES; i++) {
        snprintf(file[i], sizeof file[i], "z%u.example.zone", i);
        replace(f, file[i], zone_of(1, 1, i == 3 ? "$INCLUDE more\n" : ""));
    }
    replace(f, "more", "a 60 A 192.0.2.2\n");
    replace(f, "a..b.zone", zone_of(1, 1, ""));
    reload(f);
    assert_round(f, FILES, 0, 0);

    overwrite(f, file[0], zone_of(2, 1, ""));
    replace(f, file[42], zone_of(3, 1, ""));
    replace(f, "more", "a 60 A 192.0.2.3\n");
    assert_int_equal(unlink(path_of(f, file[76])), 0);
    reload(f);
    assert_round(f, 3, 0, FILES - 4);
    assert_int_equal(f->outcome.gone, 1);
    assert_string_equal(served(f, "z0.example"), "2");
    assert_string_equal(served(f, "z42.example"), "3");
    assert_string_equal(served(f, "z76.example"), "refused");
    reload(f);
    assert_round(f, 0, 0, FILES - 1);
}

/* The same file by another path: the folder of that name is what counts. */
static void a_zone_that_moves_to_another_zone_dir_is_loaded_from_there(void **state)
{
    struct fixture *f = *state;
    add_zone_dir(f);
    replace(f, "example.com.zone", zone_of(1, 1, ""));
    reload(f);
    assert_int_equal(mkdir(path_of(f, "sub"), 0755), 0);
    write_text(path_of(f, "sub/example.com.zone"), zone_of(2, 1, ""));
    free(f->config.zone_dir[0]);
    f->config.zone_dir[0] = strdup(path_of(f, "sub"));
    reload(f);
    assert_round(f, 1, 0, 0);
    assert_string_equal(served(f, "example.com"), "2");
    assert_string_equal(entry_of(f, "example.com")->path, path_of(f, "sub/example.com.zone"));
}

static void planning_ends_soon_once_it_is_cancelled(void **state)
{
    struct fixture *f = *state;
    add_zone_dir(f);
    replace(f, "example.com.zone", zone_of(1, 1, ""));
    const atomic_bool cancel = true;
    for (unsigned by_name = 0; by_name < 2; by_name++) {
        struct plan plan;
        assert_int_equal(plan_all(&plan, 1, &f->config, maintain_roster(f->maintain), &cancel),
                         -ECANCELED);
        assert_int_equal(plan.jobs, 0);
        plan_fini(&plan);
        add_zone(f, "example.com", "example.com.zone");
    }
}

static void a_zone_dir_that_cant_be_read_takes_no_zone_away(void **state)
{
    struct fixture *f = *state;
    add_zone_dir(f);
    replace(f, "example.com.zone", zone_of(1, 1, ""));
    reload(f);
    char moved[80];
    snprintf(moved, sizeof moved, "%s.away", f->folder);
    assert_int_equal(rename(f->folder, moved), 0);
    reload(f);
    assert_false(f->well);
    assert_int_equal(f->outcome.gone, 0);
    assert_string_equal(served(f, "example.com"), "1");
    assert_int_equal(rename(moved, f->folder), 0);
    reload(f);
    assert_true(f->well);
}

static void a_zone_configured_by_name_comes_before_one_of_a_zone_dir(void **state)
{
    struct fixture *f = *state;
    add_zone_dir(f);
    replace(f, "example.com.zone", zone_of(1, 1, ""));
    replace(f, "other", zone_of(2, 1, ""));
    add_zone(f, "example.com", "other");
    reload(f);
    assert_round(f, 1, 0, 0);
    assert_string_equal(served(f, "example.com"), "2");
}

static void a_zone_that_is_configured_no_more_is_gone(void **state)
{
    struct fixture *f = *state;
    replace(f, "com", zone_of(1, 1, ""));
    add_zone(f, "example.com", "com");
    reload(f);
    free(f->config.zone[0].file);
    f->config.zones = 0;
    reload(f);
    assert_int_equal(f->outcome.gone, 1);
    assert_string_equal(served(f, "example.com"), "refused");
}

static void a_zone_whose_file_is_another_now_is_loaded_from_there(void **state)
{
    struct fixture *f = *state;
    replace(f, "one", zone_of(1, 1, ""));
    replace(f, "two", zone_of(2, 1, ""));
    add_zone(f, "example.com", "one");
    reload(f);
    free(f->config.zone[0].file);
    f->config.zone[0].file = strdup(path_of(f, "two"));
    reload(f);
    assert_string_equal(served(f, "example.com"), "2");
    assert_string_equal(entry_of(f, "example.com")->path, path_of(f, "two"));
    reload(f);
    assert_round(f, 0, 0, 1);
}

static void one_zone_alone_can_be_reloaded(void **state)
{
    struct fixture *f = *state;
    replace(f, "com", zone_of(1, 1, ""));
    replace(f, "net", zone_of(1, 1, ""));
    add_zone(f, "example.com", "com");
    add_zone(f, "example.net", "net");
    reload(f);
    replace(f, "com", zone_of(2, 1, ""));
    replace(f, "net", zone_of(2, 1, ""));
    reload_one(f, "example.net");
    assert_round(f, 1, 0, 0);
    assert_string_equal(served(f, "example.com"), "1");
    assert_string_equal(served(f, "example.net"), "2");
    reload_one(f, "example.net");
    assert_round(f, 0, 0, 1);
    reload_one(f, "example.org");
    assert_int_equal(f->outcome.err, -ENOENT);
    assert_false(f->well);
}

static void an_old_version_stays_as_long_as_a_reader_holds_it(void **state)
{
    struct fixture *f = *state;
    replace(f, "com", zone_of(1, 1, ""));
    add_zone(f, "example.com", "com");
    reload(f);
    const struct zone *old = entry_of(f, "example.com")->zone;
    store_enter(f->store, 0);
    replace(f, "com", zone_of(2, 1, ""));
    reload(f);
    assert_int_equal(old->version.serial, 1); /* AddressSanitizer watches */
    assert_true(store_reclaim(f->store) > 0);
    store_leave(f->store, 0);
    assert_int_equal(store_reclaim(f->store), 0);
}

static void a_cancelled_round_changes_nothing(void **state)
{
    struct fixture *f = *state;
    replace(f, "com", zone_of(1, 1, ""));
    add_zone(f, "example.com", "com");
    reload(f);
    replace(f, "com", zone_of(2, 1, ""));
    assert_int_equal(maintain_all(f->maintain, &f->config, keep_outcome, f), 0);
    maintain_cancel(f->maintain);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(f->outcome.err, -ECANCELED);
    assert_string_equal(served(f, "example.com"), "1");
    reload(f);
    assert_string_equal(served(f, "example.com"), "2");
}

/* A zone that dnssec-signzone signed until 2090, with `from` replaced by `to`. */
static void write_signed(const struct fixture *f, const char *file, const char *from,
                         const char *to)
{
    static char text[32768], changed[33024];
    FILE *in = fopen("../rfc/zones/nsec.zone", "r");
    assert_non_null(in);
    text[fread(text, 1, sizeof text - 1, in)] = '\0';
    fclose(in);
    const char *found = strstr(text, from);
    assert_non_null(found);
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)(found - text), text, to,
             found + strlen(from));
    replace(f, file, changed);
}

static void a_signed_zone_that_doesnt_verify_keeps_its_last_version(void **state)
{
    struct fixture *f = *state;
    f->config.verify = VERIFY_DNSSEC;
    write_signed(f, "signed", "", "");
    replace(f, "com", zone_of(1, 1, ""));
    add_zone(f, "s.test", "signed");
    add_zone(f, "example.com", "com");
    reload(f);
    assert_true(f->well);
    assert_string_equal(served(f, "s.test"), "1");
    assert_string_equal(served(f, "example.com"), "1"); /* unsigned: nothing to verify */

    write_signed(f, "signed", "hostmaster.s.test. 1 7200", "hostmaster.s.test. 2 7200");
    reload(f);
    assert_false(f->well);
    assert_string_equal(served(f, "s.test"), "1");
    assert_int_equal(roster_zone_state(entry_of(f, "s.test")), ROSTER_STALE);
    assert_contains(failure_of(f, "s.test"),
                    "error: the SOA RRset of s.test.: the signature by key");

    f->config.verify = VERIFY_OFF;
    reload(f);
    assert_true(f->well);
    assert_string_equal(served(f, "s.test"), "2");

    /* What is served already is verified once that is asked for. */
    f->config.verify = VERIFY_DNSSEC;
    reload(f);
    assert_string_equal(served(f, "s.test"), "2");
    assert_contains(failure_of(f, "s.test"), "doesn't verify");
}

static void a_digest_that_doesnt_fit_is_refused_when_it_is_verified(void **state)
{
    struct fixture *f = *state;
    char digest[160];
    snprintf(digest, sizeof digest, "@ 3600 ZONEMD 1 1 1 %096d\n", 0);
    replace(f, "com", zone_of(1, 1, digest));
    add_zone(f, "example.com", "com");
    reload(f);
    assert_string_equal(served(f, "example.com"), "1");
    f->config.verify = VERIFY_ZONEMD;
    reload(f);
    assert_string_equal(served(f, "example.com"), "1");
    assert_contains(failure_of(f, "example.com"),
                    "error: ZONEMD with hash algorithm 1: its digest isn't that of the zone");
}

static void what_one_zone_must_have_verified_must_be_there(void **state)
{
    struct fixture *f = *state;
    replace(f, "com", zone_of(1, 1, ""));
    replace(f, "net", zone_of(1, 1, ""));
    add_zone(f, "example.com", "com");
    f->config.zone[0].verify = VERIFY_DNSSEC;
    f->config.zone[0].verify_own = true;
    add_zone(f, "example.net", "net");
    f->config.zone[1].verify = VERIFY_ZONEMD;
    f->config.zone[1].verify_own = true;
    reload(f);
    assert_string_equal(served(f, "example.com"), "servfail");
    assert_contains(failure_of(f, "example.com"), "error: the zone isn't signed");
    assert_contains(failure_of(f, "example.net"), "error: the zone has no ZONEMD");
    f->config.zone[0].verify = VERIFY_OFF;
    reload(f);
    assert_string_equal(served(f, "example.com"), "1");
}

static int64_t expiry_of_all(const struct fixture *f)
{
    return maintain_totals(f->maintain).signatures_expire;
}

static void the_soonest_expiry_of_all_zones_is_known_and_warned_of(void **state)
{
    struct fixture *f = *state;
    replace(f, "com", zone_of(1, 1, ""));
    add_zone(f, "example.com", "com");
    reload(f);
    assert_int_equal(expiry_of_all(f), 0);

    write_signed(f, "signed", "20900101000000", "20260201000000");
    add_zone(f, "s.test", "signed");
    reload(f);
    assert_int_equal(expiry_of_all(f), 1769904000);
    assert_true(f->well);
    assert_contains(f->warnings, "signatures have expired");

    write_signed(f, "signed", "", "");
    reload(f);
    assert_int_equal(expiry_of_all(f), INT64_C(3786912000));
    assert_null(strstr(f->warnings, "expire"));

    free(f->config.zone[--f->config.zones].file);
    reload(f);
    assert_int_equal(expiry_of_all(f), 0);
}

#define maintain_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        maintain_test(zones_are_served_after_the_first_round),
        maintain_test(a_round_publishes_the_answers_configuration),
        maintain_test(only_changed_files_are_loaded_again),
        maintain_test(a_touched_file_that_says_the_same_is_no_new_version),
        maintain_test(a_change_under_the_same_serial_is_served_with_a_warning),
        maintain_test(a_lower_serial_is_served_with_a_warning),
        maintain_test(a_broken_text_keeps_the_last_good_version),
        maintain_test(a_zone_broken_from_the_start_answers_servfail_and_others_are_served),
        maintain_test(a_file_that_vanished_is_a_failure_and_its_zone_stays),
        maintain_test(a_changed_include_reloads_the_zone),
        maintain_test(files_of_a_zone_dir_come_and_go),
        maintain_test(of_many_files_in_a_zone_dir_those_that_changed_are_loaded),
        maintain_test(a_zone_that_moves_to_another_zone_dir_is_loaded_from_there),
        maintain_test(planning_ends_soon_once_it_is_cancelled),
        maintain_test(a_zone_dir_that_cant_be_read_takes_no_zone_away),
        maintain_test(a_zone_configured_by_name_comes_before_one_of_a_zone_dir),
        maintain_test(a_zone_that_is_configured_no_more_is_gone),
        maintain_test(a_zone_whose_file_is_another_now_is_loaded_from_there),
        maintain_test(one_zone_alone_can_be_reloaded),
        maintain_test(an_old_version_stays_as_long_as_a_reader_holds_it),
        maintain_test(a_cancelled_round_changes_nothing),
        maintain_test(a_signed_zone_that_doesnt_verify_keeps_its_last_version),
        maintain_test(a_digest_that_doesnt_fit_is_refused_when_it_is_verified),
        maintain_test(what_one_zone_must_have_verified_must_be_there),
        maintain_test(the_soonest_expiry_of_all_zones_is_known_and_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
