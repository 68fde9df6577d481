#include "tests/zone/zone_text.h"
#include "zone/reading.h"
#include "zone/rrtype.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* That the answers are right is tests/answer/test_upsert.c's matter; here is when versions are made at all. */

static const char first[] = "@        3600 SOA ns hostmaster 1 7200 900 1209600 300\n"
                            "@        3600 NS  ns\n"
                            "ns       3600 A   192.0.2.1\n"
                            "child    3600 NS  ns.child\n"
                            "ns.child 3600 A   192.0.2.2\n"
                            "www      3600 CNAME ns\n";

static int add_file(void *context, const char *path)
{
    return builder_file(context, path);
}

static int add_record(void *context, const struct name *owner, uint16_t type, uint32_t ttl,
                      const uint8_t *rdata, uint16_t rdata_octets, struct place place)
{
    return builder_add(context, owner, type, ttl, rdata, rdata_octets, place);
}

/* What becomes of `text` after `before` (NULL: it's built whole, open for versions). */
static int make(struct zone **out, const struct zone *before, const char *text)
{
    const struct name apex = name_of("example.");
    struct builder *builder = builder_new(&apex);
    assert_non_null(builder);
    builder_keep_open(builder);
    if (before != NULL)
        assert_int_equal(builder_update(builder, before), 0);
    const struct reading_sink sink = {
        .file = add_file, .record = add_record, .context = builder};
    struct notes notes;
    notes_init(&notes);
    int err = reading_parse("test", text, strlen(text), &apex, &sink, &notes);
    if (err == 0)
        err = builder_finish(builder, out, &notes);
    notes_fini(&notes);
    builder_free(builder);
    return err;
}

static struct zone *made(const struct zone *before, const char *text)
{
    struct zone *zone = NULL;
    assert_int_equal(make(&zone, before, text), 0);
    assert_non_null(zone);
    return zone;
}

static void a_version_shares_the_arena_and_counts_the_names_that_changed(void **state)
{
    (void)state;
    struct zone *zone = made(NULL, first);
    assert_int_equal(zone->changed, 0);
    struct zone *next = made(zone, "@        3600 SOA ns hostmaster 2 7200 900 1209600 300\n"
                                   "@        3600 NS  ns\n"
                                   "ns       3600 A   192.0.2.1\n"
                                   "child    3600 NS  ns.child\n"
                                   "ns.child 3600 A   192.0.2.22\n"
                                   "new      3600 A   192.0.2.3\n");
    /* The apex, the server's address, what is new, and what is gone. */
    assert_int_equal(next->changed, 4);
    assert_ptr_equal(next->arena.base, zone->arena.base);
    assert_int_equal(next->version.previous, zone->version_at);
    assert_int_equal(((const struct version *)arena_at(&next->arena, zone->version_at))->serial,
                     1);
    zone_free(zone);
    assert_int_equal(next->version.serial, 2);
    assert_int_equal(next->names, 5);
    zone_free(next);
}

static void the_same_in_another_order_is_no_new_version(void **state)
{
    (void)state;
    struct zone *zone = made(NULL, first), *next = NULL;
    assert_int_equal(make(&next, zone,
                          "WWW      3600 CNAME ns\n"
                          "ns.child 3600 A   192.0.2.2\n"
                          "@        3600 NS  ns\n"
                          "child    3600 NS  ns.child\n"
                          "@        3600 NS  ns ; twice\n"
                          "ns       3600 A   192.0.2.1\n"
                          "@        3600 SOA ns hostmaster 1 7200 900 1209600 300\n"),
                     -EALREADY);
    assert_null(next);
    zone_free(zone);
}

static void what_is_wrong_is_left_to_the_building_of_all_of_it(void **state)
{
    (void)state;
    struct zone *zone = made(NULL, first), *next = NULL;
    char text[1024];
    snprintf(text, sizeof text, "%swww 60 A 192.0.2.9\n", first);
    assert_int_equal(make(&next, zone, text), -E2BIG);                   /* a CNAME and more */
    assert_int_equal(make(&next, zone, "www 60 A 192.0.2.9\n"), -E2BIG); /* no apex */
    assert_null(next);

    /* The arena has what was for nothing in it now, and goes on. */
    snprintf(text, sizeof text, "%sn 60 A 192.0.2.9\n", first);
    next = made(zone, text);
    assert_int_equal(next->changed, 1);
    zone_free(next);
    zone_free(zone);
}

static char *with_hosts(unsigned serial, unsigned begin, unsigned end)
{
    char *text = malloc(64 * (size_t)(end - begin) + 256);
    assert_non_null(text);
    int len = sprintf(text,
                      "@ 3600 SOA ns hostmaster %u 7200 900 1209600 300\n@ 3600 NS ns\n"
                      "ns 3600 A 192.0.2.1\n",
                      serial);
    for (unsigned i = begin; i < end; i++)
        len += sprintf(text + len, "h%u 60 A 10.0.%u.%u\n", i, i / 250 % 250, i % 250);
    return text;
}

static void where_many_names_changed_the_zone_is_built_whole(void **state)
{
    (void)state;
    char *before = with_hosts(1, 0, 2000), *few = with_hosts(2, 50, 2050);
    char *added = with_hosts(2, 0, 2400), *gone = with_hosts(2, 0, 1600);
    struct zone *zone = made(NULL, before), *next = NULL;
    assert_int_equal(make(&next, zone, added), -E2BIG);
    assert_int_equal(make(&next, zone, gone), -E2BIG);
    assert_null(next);
    next = made(zone, few);
    assert_int_equal(next->changed, 101);
    zone_free(next);
    zone_free(zone);
    free(before);
    free(few);
    free(added);
    free(gone);
}

static void a_chain_of_versions_ends_when_the_arena_has_grown_by_its_share(void **state)
{
    (void)state;
    char *text[2] = {with_hosts(1, 0, 60), with_hosts(2, 0, 60)};
    struct zone *zone = made(NULL, text[0]);
    const struct name apex = name_of("example.");
    unsigned versions = 0;
    for (;; versions++) {
        assert_in_range(versions, 0, 10000);
        struct builder *builder = builder_new(&apex);
        const int err = builder_update(builder, zone);
        builder_free(builder);
        if (err != 0) {
            assert_int_equal(err, -ENOTSUP);
            break;
        }
        struct zone *next = made(zone, text[(versions + 1) % 2]);
        zone_free(zone);
        zone = next;
    }
    assert_true(versions > 20);
    zone_free(zone);
    free(text[0]);
    free(text[1]);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int load(struct zone **out, const struct zone *before, const char *path,
                struct notes *notes)
{
    const struct name apex = name_of("example.");
    const struct zonefile_options options = {.before = before};
    struct sources sources = {0};
    const int err = zonefile_load(out, path, &apex, &options, &sources, notes);
    assert_int_equal(sources.count, 1);
    sources_fini(&sources);
    return err;
}

static void a_large_zone_is_reloaded_by_difference_or_whole_as_it_pays(void **state)
{
    (void)state;
    char path[] = "/tmp/pharos-upsert-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    char *text[] = {with_hosts(1, 0, 20000), with_hosts(2, 7, 20000),
                    with_hosts(3, 5000, 20000)};
    struct notes notes;
    notes_init(&notes);
    struct zone *zone[3] = {0}, *none = NULL;
    for (unsigned i = 0; i < 3; i++) {
        write_file(path, text[i]);
        assert_int_equal(load(&zone[i], i == 0 ? NULL : zone[i - 1], path, &notes), 0);
        assert_int_equal(zone[i]->version.serial, i + 1);
        assert_int_equal(load(&none, zone[i], path, &notes), -EALREADY);
    }
    assert_int_equal(zone[0]->changed, 0);
    assert_int_equal(zone[1]->changed, 8);
    assert_int_equal(zone[2]->changed, 0);

    /* A mistake is told with its place, and once. */
    write_file(
        path,
        "@ 3600 SOA ns hostmaster 4 7200 900 1209600 300\n@ 3600 NS ns\nns 60 A 192.0.2.1\n"
        "x 60 A 192.0.2.1\nx 60 CNAME ns\n");
    assert_int_equal(notes.count, 0);
    assert_int_equal(load(&none, zone[2], path, &notes), -EBADMSG);
    assert_int_equal(notes.count, 1);
    assert_int_equal(notes.note[0].line, 4);
    assert_null(none);
    notes_fini(&notes);
    for (unsigned i = 0; i < 3; i++) {
        zone_free(zone[i]);
        free(text[i]);
    }
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_version_shares_the_arena_and_counts_the_names_that_changed),
        cmocka_unit_test(the_same_in_another_order_is_no_new_version),
        cmocka_unit_test(what_is_wrong_is_left_to_the_building_of_all_of_it),
        cmocka_unit_test(where_many_names_changed_the_zone_is_built_whole),
        cmocka_unit_test(a_chain_of_versions_ends_when_the_arena_has_grown_by_its_share),
        cmocka_unit_test(a_large_zone_is_reloaded_by_difference_or_whole_as_it_pays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
