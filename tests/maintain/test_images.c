/* test_images.c -- what is served after a restart, whatever became of the images meanwhile
 * A restart here is another struct maintain over the same folders. */
#include "server/maintain/maintain.h"

#include "server/base/fault.h"
#include "server/maintain/image_folder.h"
#include "server/maintain/image_packs.h"
#include "zone/lookup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { NAMES = 60000 }; /* of the large zone: its arena takes some megabytes */

struct fixture {
    char folder[64];
    uv_loop_t loop;
    struct store *store;
    struct maintain *maintain;
    struct config config;
    struct image_settings settings;
    size_t from_images, from_text; /* of the last round's zones */
    struct name wanted;            /* the last one whose text was asked for; octets 0: none */
    char failure[512];
};

static const char *path_of(const struct fixture *f, const char *file)
{
    static char path[4][400];
    static unsigned next;
    char *to = path[next++ % 4];
    snprintf(to, sizeof path[0], "%s/%s", f->folder, file);
    return to;
}

static const char *image_of(const struct fixture *f, const char *file)
{
    char name[300];
    snprintf(name, sizeof name, "state/images/%s", file);
    return path_of(f, name);
}

static void write_zone(const struct fixture *f, const char *file, unsigned serial,
                       unsigned names)
{
    FILE *to = fopen(path_of(f, ".new"), "w");
    assert_non_null(to);
    fprintf(to,
            "@ 3600 SOA ns hostmaster %u 7200 900 1209600 300\n@ 3600 NS ns\n"
            "ns 3600 A 192.0.2.1\n",
            serial);
    for (unsigned i = 0; i < names; i++)
        fprintf(to, "host-number-%u 60 A 192.0.2.%u\n", i, i % 256);
    assert_int_equal(fclose(to), 0);
    assert_int_equal(rename(path_of(f, ".new"), path_of(f, file)), 0);
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

static void drop_last_zone(struct fixture *f)
{
    free(f->config.zone[--f->config.zones].file);
}

static void keep_outcome(void *context, const struct maintain_outcome *outcome)
{
    struct fixture *f = context;
    f->from_images = f->from_text = 0;
    assert_int_equal(outcome->err, 0);
    for (size_t i = 0; i < outcome->jobs; i++) {
        f->from_images += outcome->job[i].from_image;
        f->from_text += outcome->job[i].err == 0 && !outcome->job[i].from_image;
    }
}

static void want(void *context, const struct name *name)
{
    struct fixture *f = context;
    f->wanted = *name;
}

/* A round without the background's work that it asks for. */
static void load_only(struct fixture *f)
{
    assert_int_equal(maintain_all(f->maintain, &f->config, keep_outcome, f), 0);
    while (maintain_busy(f->maintain))
        uv_run(&f->loop, UV_RUN_ONCE);
}

/* Up to the last image written or verified. */
static void settle(struct fixture *f)
{
    assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
}

static void load(struct fixture *f)
{
    load_only(f);
    settle(f);
}

static void start(struct fixture *f)
{
    uv_loop_init(&f->loop);
    f->store = store_new(1);
    f->maintain = maintain_new(&f->loop, f->store, 2);
    assert_non_null(f->maintain);
    f->wanted.octets = 0;
    f->settings.folder = path_of(f, "state");
    assert_int_equal(maintain_keep_images(f->maintain, &f->settings, want, f), 0);
}

static void stop(struct fixture *f)
{
    struct image_status status;
    assert_true(maintain_images(f->maintain, &status));
    snprintf(f->failure, sizeof f->failure, "%s", status.failure == NULL ? "" : status.failure);
    maintain_close(f->maintain);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    maintain_free(f->maintain);
    store_free(f->store);
    assert_int_equal(uv_loop_close(&f->loop), 0);
}

static void restart(struct fixture *f)
{
    stop(f);
    start(f);
}

/* What a reader sees of a name: "SERIAL", "SERIAL nothing", "servfail", "refused"; "fault" where the zone's
 * memory can't be had. */
struct seeing {
    struct fixture *f;
    const char *name;
    char seen[32];
};

static void see(void *context)
{
    struct seeing *seeing = context;
    struct name name;
    uint8_t key[NAME_KEY_MAX];
    assert_int_equal(name_from_string(&name, seeing->name), NAME_OK);
    const struct snapshot *snapshot = store_enter(seeing->f->store, 0);
    struct lookup lookup = {.qname = &name, .key = key, .qtype = 1};
    lookup.symbols = (uint16_t)name_key(key, name.wire, name.octets);
    view_find(&snapshot->view, &lookup, 1);
    zone_lookup(&lookup, 1);
    if (lookup.zone == NULL)
        snprintf(seeing->seen, sizeof seeing->seen, "refused");
    else if (!zone_loaded(lookup.zone))
        snprintf(seeing->seen, sizeof seeing->seen, "servfail");
    else
        snprintf(seeing->seen, sizeof seeing->seen, "%u%s", lookup.zone->version.serial,
                 lookup.outcome == OUTCOME_ANSWER ? "" : " nothing");
}

static const char *served(struct fixture *f, const char *name)
{
    static struct seeing seeing;
    seeing = (struct seeing){.f = f, .name = name};
    if (!fault_guard(see, &seeing))
        snprintf(seeing.seen, sizeof seeing.seen, "fault");
    store_leave(f->store, 0);
    return seeing.seen;
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

static unsigned count_files(const struct fixture *f, const char *ending)
{
    DIR *dir = opendir(path_of(f, "state/images"));
    assert_non_null(dir);
    unsigned count = 0;
    for (const struct dirent *file; (file = readdir(dir)) != NULL;) {
        const size_t len = strlen(file->d_name), tail = strlen(ending);
        count += len > tail && strcmp(file->d_name + len - tail, ending) == 0;
    }
    closedir(dir);
    return count;
}

static void change_octet(const char *path, off_t at)
{
    const int fd = open(path, O_RDWR);
    uint8_t octet;
    assert_true(fd >= 0);
    if (at < 0)
        at += lseek(fd, 0, SEEK_END);
    assert_int_equal(pread(fd, &octet, 1, at), 1);
    octet ^= 1;
    assert_int_equal(pwrite(fd, &octet, 1, at), 1);
    close(fd);
}

/* Damages all of a body but for what a commit says of it. */
static void damage_body(const char *path)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    for (off_t at = status.st_size / 4; at < status.st_size; at += 1000)
        change_octet(path, at);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    snprintf(f->folder, sizeof f->folder, "/tmp/pharos-images-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    assert_int_equal(mkdir(path_of(f, "state"), 0700), 0);
    config_init(&f->config);
    write_zone(f, "a.zone", 1, 3);
    add_zone(f, "a.example", "a.zone");
    start(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    stop(f);
    config_fini(&f->config);
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", f->folder);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

static void add_large(struct fixture *f)
{
    write_zone(f, "large.zone", 7, NAMES);
    add_zone(f, "large.example", "large.zone");
}

/* --- restarts --- */

static void zones_come_from_images_when_their_files_did_not_change(void **state)
{
    struct fixture *f = *state;
    add_large(f);
    load(f);
    assert_int_equal(f->from_text, 2);
    for (unsigned time = 0; time < 3; time++) {
        restart(f);
        load(f);
        assert_int_equal(f->from_images, 2);
        assert_string_equal(served(f, "host-number-2.a.example"), "1");
        assert_string_equal(served(f, "host-number-9.a.example"), "1 nothing");
        assert_string_equal(served(f, "host-number-59999.large.example"), "7");
    }
    assert_int_equal(count_files(f, ".image"), 1);
    assert_int_equal(count_files(f, ".pack"), 1);
    assert_int_equal(count_files(f, ".trial"), 0);
}

static void a_changed_file_is_read_as_text(void **state)
{
    struct fixture *f = *state;
    add_large(f);
    load(f);
    restart(f);
    write_zone(f, "a.zone", 2, 1);
    write_zone(f, "large.zone", 8, NAMES);
    load(f);
    assert_int_equal(f->from_text, 2);
    assert_string_equal(served(f, "host-number-0.a.example"), "2");
    restart(f);
    load(f);
    assert_int_equal(f->from_images, 2);
    assert_string_equal(served(f, "host-number-0.a.example"), "2");
    assert_string_equal(served(f, "ns.large.example"), "8");
}

static void a_zone_whose_included_file_changed_is_read_as_text(void **state)
{
    struct fixture *f = *state;
    write_zone(f, "a.zone", 1, 0);
    FILE *to = fopen(path_of(f, "a.zone"), "a");
    fputs("$INCLUDE more.inc\n", to);
    fclose(to);
    to = fopen(path_of(f, "more.inc"), "w");
    fputs("www 60 A 192.0.2.1\n", to);
    fclose(to);
    load(f);
    restart(f);
    load(f);
    assert_int_equal(f->from_images, 1);
    restart(f);
    to = fopen(path_of(f, "more.inc"), "a");
    fputs("mail 60 A 192.0.2.1\n", to);
    fclose(to);
    load(f);
    assert_int_equal(f->from_text, 1);
    assert_string_equal(served(f, "mail.a.example"), "1");
}

static void a_file_that_was_only_touched_is_an_image_again_at_the_next_start(void **state)
{
    struct fixture *f = *state;
    add_large(f);
    load(f);
    write_zone(f, "a.zone", 1, 3);
    write_zone(f, "large.zone", 7, NAMES);
    load(f);
    restart(f);
    load(f);
    assert_int_equal(f->from_images, 2);
}

static void what_was_not_verified_is_not_taken_where_it_must_be(void **state)
{
    struct fixture *f = *state;
    load(f);
    restart(f);
    f->config.verify = VERIFY_ZONEMD;
    load(f);
    assert_int_equal(f->from_images, 0);
    restart(f);
    load(f);
    assert_int_equal(f->from_images, 1);
}

/* What the round loaded first is being written when it's over, and what is left of earlier starts is
 * removed. */
static void images_are_written_while_other_zones_are_loaded(void **state)
{
    static const char *const files[] = {"b.zone", "c.zone", "d.zone", "e.zone"};
    struct fixture *f = *state;
    for (unsigned i = 0; i < 4; i++) {
        char apex[32];
        snprintf(apex, sizeof apex, "large-%u.example", i);
        write_zone(f, files[i], i, NAMES / 2);
        add_zone(f, apex, files[i]);
    }
    fclose(fopen(image_of(f, "gone.example.image.new"), "w"));
    load(f);
    assert_int_equal(count_files(f, ".image"), 4);
    assert_int_equal(count_files(f, ".new"), 0);
    restart(f);
    assert_string_equal(f->failure, "");
    load(f);
    assert_int_equal(f->from_images, 5);
}

/* --- trials --- */

static void a_large_zone_answers_before_its_image_is_verified(void **state)
{
    struct fixture *f = *state;
    add_large(f);
    load(f);
    restart(f);
    f->settings.eager_octets = 1;
    restart(f);
    load_only(f);
    assert_int_equal(f->from_images, 2);
    assert_string_equal(served(f, "host-number-59999.large.example"), "7");
    assert_string_equal(served(f, "host-number-60000.large.example"), "7 nothing");
    settle(f);
    assert_string_equal(served(f, "host-number-31415.large.example"), "7");
    assert_int_equal(count_files(f, ".trial"), 0);
    assert_int_equal(f->wanted.octets, 0);
}

/* The touch of a damaged part, or the sweep, whichever is first. */
static void a_damaged_image_costs_one_zone_its_answers_until_the_text_is_read(void **state)
{
    struct fixture *f = *state;
    add_large(f);
    load(f);
    f->settings.eager_octets = 1;
    restart(f);
    damage_body(image_of(f, "large.example.image"));
    load_only(f);
    assert_int_equal(f->from_images, 2);
    assert_string_equal(served(f, "host-number-1.large.example"), "fault");
    assert_string_equal(served(f, "host-number-1.a.example"), "1");
    settle(f);
    assert_string_equal(served(f, "host-number-1.large.example"), "servfail");
    assert_string_equal(served(f, "host-number-1.a.example"), "1");
    assert_true(is_there(image_of(f, "large.example.image.damaged")));
    assert_false(is_there(image_of(f, "large.example.image")));

    assert_true(f->wanted.octets > 0);
    assert_int_equal(maintain_one(f->maintain, &f->wanted, keep_outcome, f), 0);
    settle(f);
    assert_string_equal(served(f, "host-number-1.large.example"), "7");
    restart(f);
    load(f);
    assert_int_equal(f->from_images, 2);
    assert_string_equal(served(f, "host-number-1.large.example"), "7");
}

static void an_image_truncated_while_it_is_on_trial_is_as_damaged(void **state)
{
    struct fixture *f = *state;
    add_large(f);
    load(f);
    f->settings.eager_octets = 1;
    restart(f);
    struct stat status;
    assert_int_equal(stat(image_of(f, "large.example.image"), &status), 0);
    assert_int_equal(truncate(image_of(f, "large.example.image"), status.st_size / 4), 0);
    load_only(f);
    assert_string_equal(served(f, "host-number-1.large.example"), "fault");
    settle(f);
    assert_string_equal(served(f, "host-number-1.large.example"), "servfail");
    assert_true(f->wanted.octets > 0);
}

static void a_verified_zone_needs_its_image_no_more(void **state)
{
    struct fixture *f = *state;
    add_large(f);
    load(f);
    f->settings.eager_octets = 1;
    restart(f);
    load(f);
    assert_int_equal(truncate(image_of(f, "large.example.image"), 0), 0);
    for (unsigned i = 0; i < NAMES; i += 1111) {
        char name[64];
        snprintf(name, sizeof name, "host-number-%u.large.example", i);
        assert_string_equal(served(f, name), "7");
    }
}

static void an_image_that_was_on_trial_when_the_server_died_is_not_used(void **state)
{
    struct fixture *f = *state;
    add_large(f);
    load(f);
    f->settings.eager_octets = 1;
    restart(f);
    fclose(fopen(image_of(f, "large.example.trial"), "w"));
    load(f);
    assert_int_equal(f->from_text, 1);
    assert_string_equal(served(f, "host-number-1.large.example"), "7");
    assert_int_equal(count_files(f, ".trial"), 0);
    restart(f);
    load(f);
    assert_int_equal(f->from_images, 2);
}

static void a_server_that_stops_during_a_trial_uses_the_image_again(void **state)
{
    struct fixture *f = *state;
    add_large(f);
    load(f);
    f->settings.eager_octets = 1;
    for (unsigned time = 0; time < 5; time++) {
        restart(f);
        load_only(f);
        assert_int_equal(f->from_images, 2);
    }
    restart(f);
    assert_int_equal(count_files(f, ".trial"), 0);
}

static void a_zone_on_trial_may_be_replaced(void **state)
{
    struct fixture *f = *state;
    add_large(f);
    load(f);
    f->settings.eager_octets = 1;
    restart(f);
    load_only(f);
    write_zone(f, "large.zone", 8, NAMES);
    load(f);
    assert_string_equal(served(f, "host-number-1.large.example"), "8");
    drop_last_zone(f);
    load(f);
    assert_string_equal(served(f, "host-number-1.large.example"), "refused");
    assert_int_equal(count_files(f, ".image"), 0);
}

/* --- damage and leftovers --- */

static void damaged_images_and_packs_are_set_aside(void **state)
{
    struct fixture *f = *state;
    add_large(f);
    load(f);
    restart(f);
    damage_body(image_of(f, "large.example.image"));
    change_octet(image_of(f, "00000001.pack"), -100);
    load(f);
    assert_int_equal(f->from_text, 2);
    assert_int_equal(count_files(f, ".damaged"), 2);
    assert_string_equal(served(f, "host-number-1.a.example"), "1");
    restart(f);
    load(f);
    assert_int_equal(f->from_images, 2);
}

static void images_of_zones_that_went_are_removed(void **state)
{
    struct fixture *f = *state;
    add_large(f);
    load(f);
    assert_true(is_there(image_of(f, "large.example.image")));
    fclose(fopen(image_of(f, "other.example.image"), "w"));
    fclose(fopen(image_of(f, "large.example.image.new"), "w"));
    restart(f);
    load(f);
    assert_false(is_there(image_of(f, "other.example.image")));
    assert_int_equal(count_files(f, ".new"), 0);
    drop_last_zone(f);
    load(f);
    assert_false(is_there(image_of(f, "large.example.image")));
}

static void files_that_others_may_write_are_not_used(void **state)
{
    struct fixture *f = *state;
    add_large(f);
    load(f);
    restart(f);
    chmod(image_of(f, "large.example.image"), 0666);
    assert_int_equal(rename(image_of(f, "00000001.pack"), path_of(f, "kept")), 0);
    assert_int_equal(symlink(path_of(f, "kept"), image_of(f, "00000001.pack")), 0);
    load(f);
    assert_int_equal(f->from_text, 2);
}

static void folder_and_files_are_the_servers_alone(void **state)
{
    struct fixture *f = *state;
    struct stat status;
    add_large(f);
    load(f);
    assert_int_equal(stat(path_of(f, "state/images"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0700);
    assert_int_equal(stat(image_of(f, "large.example.image"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(stat(image_of(f, "00000001.pack"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
}

static void packs_are_made_one_before_they_are_many(void **state)
{
    struct fixture *f = *state;
    write_zone(f, "b.zone", 5, 1);
    add_zone(f, "b.example", "b.zone");
    for (unsigned serial = 1; serial <= 40; serial++) {
        write_zone(f, "a.zone", serial, 3);
        load(f);
        assert_in_range(count_files(f, ".pack"), 1, 16);
    }
    restart(f);
    load(f);
    assert_int_equal(f->from_images, 2);
    assert_string_equal(served(f, "host-number-1.a.example"), "40");
    assert_string_equal(served(f, "ns.b.example"), "5");
}

static void a_file_with_nearly_the_name_of_a_pack_is_none(void **state)
{
    static const char *const names[] = {"-1.pack", "+7.pack", " 8.pack", "9.packs", "0.pack"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        fclose(fopen(image_of(f, names[i]), "w"));
    load(f);
    restart(f);
    load(f);
    assert_int_equal(f->from_images, 1);
    assert_true(is_there(image_of(f, "00000001.pack")));
}

/* Each zone's would cost a system call. */
static void images_that_are_not_there_are_not_asked_for(void **state)
{
    struct fixture *f = *state;
    char name[64];
    load(f);
    stop(f);
    for (unsigned i = 0; i < 1000; i += 2) {
        snprintf(name, sizeof name, "zone-%u.example.image", i);
        fclose(fopen(image_of(f, name), "w"));
    }
    const int folder = image_folder_open(path_of(f, "state"));
    assert_true(folder >= 0);
    struct image_packs *packs = image_packs_read(folder);
    assert_non_null(packs);
    assert_int_equal(image_packs_count(packs), 1);
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "zone-%u.example.image", i);
        assert_int_equal(image_packs_file(packs, name), i % 2 == 0);
    }
    assert_false(image_packs_file(packs, "00000001.pack"));
    image_packs_free(packs);
    close(folder);
    start(f);
}

static void one_server_writes_at_a_time(void **state)
{
    struct fixture *f = *state;
    load(f);
    struct fixture other = *f;
    start(&other);
    write_zone(f, "a.zone", 2, 3);
    load(&other);
    assert_string_equal(served(&other, "host-number-1.a.example"), "2");
    stop(&other);
    assert_non_null(strstr(other.failure, "another pharosd"));
    assert_int_equal(count_files(f, ".pack"), 1);
}

/* As in an upgrade, while the old one has its images on trial. */
static void a_trial_of_a_server_that_runs_says_nothing_against_the_image(void **state)
{
    struct fixture *f = *state;
    add_large(f);
    load(f);
    f->settings.eager_octets = 1;
    restart(f);
    load_only(f);
    assert_int_equal(count_files(f, ".trial"), 1);
    struct fixture other = *f;
    start(&other);
    load(&other);
    assert_int_equal(other.from_images, 2);
    assert_string_equal(served(&other, "host-number-1.large.example"), "7");
    stop(&other);
    assert_true(is_there(image_of(f, "large.example.image")));
    assert_int_equal(count_files(f, ".trial"), 1);
    settle(f);
    assert_string_equal(served(f, "host-number-1.large.example"), "7");
    assert_int_equal(count_files(f, ".trial"), 0);
}

/* --- the world fails --- */

static void without_a_folder_zones_are_served_all_the_same(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(rmdir(path_of(f, "state/images")), -1); /* the lock is in it */
    stop(f);
    assert_int_equal(rename(path_of(f, "state"), path_of(f, "gone")), 0);
    fclose(fopen(path_of(f, "state"), "w"));
    start(f);
    load(f);
    assert_string_equal(served(f, "host-number-1.a.example"), "1");
    stop(f);
    assert_non_null(strstr(f->failure, "Not a directory"));
    assert_int_equal(unlink(path_of(f, "state")), 0);
    assert_int_equal(rename(path_of(f, "gone"), path_of(f, "state")), 0);
    start(f);
}

static void a_full_disk_costs_nothing_but_the_image(void **state)
{
    struct fixture *f = *state;
    add_large(f);
    load(f);
    struct rlimit was, limit;
    getrlimit(RLIMIT_FSIZE, &was);
    signal(SIGXFSZ, SIG_IGN);
    write_zone(f, "large.zone", 8, NAMES);
    limit = was;
    limit.rlim_cur = 100 * 1000;
    setrlimit(RLIMIT_FSIZE, &limit);
    load(f);
    struct image_status status;
    maintain_images(f->maintain, &status);
    setrlimit(RLIMIT_FSIZE, &was);
    assert_non_null(status.failure);
    assert_non_null(strstr(status.failure, "large.example.image"));
    assert_string_equal(served(f, "host-number-1.large.example"), "8");
    assert_int_equal(count_files(f, ".new"), 0);
    load(f); /* the next round tries again */
    maintain_images(f->maintain, &status);
    assert_null(status.failure);
    restart(f);
    load(f);
    assert_int_equal(f->from_images, 2);
    assert_string_equal(served(f, "host-number-1.large.example"), "8");
}

/* The child is killed as soon as the file is seen that it writes: at another moment of its life each time. */
static void killed_while_it_writes(struct fixture *f, unsigned time)
{
    stop(f);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        start(f);
        load(f);
        _exit(0);
    }
    unsigned seen = 0;
    int status;
    pid_t ended = 0;
    while (seen <= time * 3 && (ended = waitpid(child, &status, WNOHANG)) == 0)
        seen += count_files(f, ".new") > 0 || seen > 0;
    if (ended == 0) {
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
    }
    start(f);
}

static void a_server_killed_while_it_writes_loses_nothing(void **state)
{
    struct fixture *f = *state;
    add_large(f);
    for (unsigned time = 0; time < 10; time++) {
        char answer[16];
        write_zone(f, "large.zone", 100 + time, NAMES);
        killed_while_it_writes(f, time);
        load(f);
        snprintf(answer, sizeof answer, "%u", 100 + time);
        assert_string_equal(served(f, "host-number-1.large.example"), answer);
        assert_int_equal(count_files(f, ".new"), 0);
        assert_int_equal(count_files(f, ".damaged"), 0);
    }
}

/* --- names --- */

static void assert_file_name(const char *zone, const char *file)
{
    struct name apex, back;
    char name[IMAGE_NAME_MAX];
    assert_int_equal(name_from_string(&apex, zone), NAME_OK);
    assert_true(image_name(name, &apex, ".image"));
    assert_string_equal(name, file);
    assert_true(image_name_apex(name, ".image", &back));
    assert_true(name_equal(apex.wire, back.wire));
}

static void names_of_zones_become_names_of_files_and_back(void **state)
{
    (void)state;
    struct name apex;
    char name[IMAGE_NAME_MAX];
    assert_file_name("example.com", "example.com.image");
    assert_file_name(".", "@.image");
    assert_file_name("0/25.2.0.192.in-addr.arpa", "0%2f25.2.0.192.in-addr.arpa.image");
    assert_file_name("a\\.b.example", "a%5c.b.example.image");
    assert_file_name("\\@.example", "%5c%40.example.image");
    assert_file_name("_tcp.example", "_tcp.example.image");
    assert_false(image_name_apex("example.com.image.new", ".image", &apex));
    assert_false(image_name_apex(".image", ".image", &apex));
    assert_false(image_name_apex("a..b.image", ".image", &apex));
    assert_false(image_name_apex("EXAMPLE.image", ".image", &apex));
    char longest[256];
    memset(longest, 'x', sizeof longest);
    for (size_t i = 60; i < 240; i += 60)
        longest[i] = '.';
    longest[239] = '\0';
    assert_int_equal(name_from_string(&apex, longest), NAME_OK);
    assert_false(image_name(name, &apex, ".image"));
}

int main(void)
{
#define image_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        image_test(zones_come_from_images_when_their_files_did_not_change),
        image_test(a_changed_file_is_read_as_text),
        image_test(a_zone_whose_included_file_changed_is_read_as_text),
        image_test(a_file_that_was_only_touched_is_an_image_again_at_the_next_start),
        image_test(what_was_not_verified_is_not_taken_where_it_must_be),
        image_test(images_are_written_while_other_zones_are_loaded),
        image_test(a_large_zone_answers_before_its_image_is_verified),
        image_test(a_damaged_image_costs_one_zone_its_answers_until_the_text_is_read),
        image_test(an_image_truncated_while_it_is_on_trial_is_as_damaged),
        image_test(a_verified_zone_needs_its_image_no_more),
        image_test(an_image_that_was_on_trial_when_the_server_died_is_not_used),
        image_test(a_server_that_stops_during_a_trial_uses_the_image_again),
        image_test(a_zone_on_trial_may_be_replaced),
        image_test(damaged_images_and_packs_are_set_aside),
        image_test(images_of_zones_that_went_are_removed),
        image_test(files_that_others_may_write_are_not_used),
        image_test(folder_and_files_are_the_servers_alone),
        image_test(packs_are_made_one_before_they_are_many),
        image_test(a_file_with_nearly_the_name_of_a_pack_is_none),
        image_test(images_that_are_not_there_are_not_asked_for),
        image_test(one_server_writes_at_a_time),
        image_test(a_trial_of_a_server_that_runs_says_nothing_against_the_image),
        image_test(without_a_folder_zones_are_served_all_the_same),
        image_test(a_full_disk_costs_nothing_but_the_image),
        image_test(a_server_killed_while_it_writes_loses_nothing),
        cmocka_unit_test(names_of_zones_become_names_of_files_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
