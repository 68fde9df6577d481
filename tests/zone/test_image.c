/* test_image.c -- zones come back from images as they went in */
#include "zone/image.h"

#include "tests/zone/zone_text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static const char text[] = "@ 3600 SOA ns hostmaster 7 7200 900 1209600 300\n"
                           "@ 3600 NS ns\n"
                           "ns 3600 A 192.0.2.1\n"
                           "*.wild 3600 TXT \"hello\"\n"
                           "child 3600 NS ns.child\n"
                           "ns.child 3600 A 192.0.2.2\n";

static char path_a[] = "/zones/a.zone", path_b[] = "/zones/b.inc";

static struct source source[] = {
    {.path = path_a, .mtime = {1, 2}, .ctime = {3, 4}, .size = 5, .inode = 6, .device = 7},
    {.path = path_b,
     .mtime = {-1, 999999999},
     .ctime = {8, 0},
     .size = 0,
     .inode = 9,
     .device = 1},
};
static const struct sources sources = {.source = source, .count = 2, .capacity = 2};
static const struct image_demands demands = {.verify = 2, .must = 1};

static void assert_sources(const struct sources *read)
{
    assert_int_equal(read->count, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct source *a = &read->source[i], *b = &source[i];
        assert_string_equal(a->path, b->path);
        assert_true(a->mtime.tv_sec == b->mtime.tv_sec && a->mtime.tv_nsec == b->mtime.tv_nsec);
        assert_true(a->ctime.tv_sec == b->ctime.tv_sec && a->ctime.tv_nsec == b->ctime.tv_nsec);
        assert_true(a->size == b->size && a->inode == b->inode && a->device == b->device);
    }
}

static void assert_same(const struct zone *a, const struct zone *b)
{
    assert_int_equal(a->arena.used, b->arena.used);
    assert_memory_equal(a->arena.base, b->arena.base, a->arena.used);
    assert_memory_equal(&a->apex, &b->apex, sizeof a->apex);
    assert_int_equal(a->version.serial, b->version.serial);
    assert_int_equal(a->version.root, b->version.root);
    assert_int_equal(a->rrs, b->rrs);
    assert_int_equal(a->negative_ttl, b->negative_ttl);
}

static enum outcome outcome_of(const struct zone *zone, const char *question)
{
    struct question asked;
    question_init(&asked, question, zone);
    zone_lookup(&asked.lookup, 1);
    return asked.lookup.outcome;
}

/* A zone with so many names that its arena takes several chunks. */
static struct zone *large_zone(void)
{
    enum { NAMES = 40000, LINE = 32 };
    char *long_text = malloc(sizeof text + NAMES * LINE);
    assert_non_null(long_text);
    size_t len = (size_t)sprintf(long_text, "%s", text);
    for (unsigned i = 0; i < NAMES; i++)
        len += (size_t)snprintf(long_text + len, LINE, "n%u 60 A 192.0.2.1\n", i);
    struct zone *zone = zone_of_text("example.", long_text);
    free(long_text);
    return zone;
}

static int image_of(const struct zone *zone)
{
    const int fd = memfd_create("image", MFD_CLOEXEC);
    assert_true(fd >= 0);
    const struct image_ops ops = image_ops_file(&fd);
    const size_t octets = image_about_octets(&sources);
    uint8_t *about = malloc(octets);
    assert_non_null(about);
    image_about(about, zone, &sources, demands);
    struct image_writer writer;
    assert_int_equal(image_create(&writer, &ops, zone->arena.used, (uint32_t)octets), 0);
    assert_int_equal(image_append_arena(&writer, &zone->arena, NULL, NULL), 0);
    assert_int_equal(image_commit(&writer, about, octets), 0);
    image_writer_fini(&writer);
    free(about);
    return fd;
}

static void round_trip(struct zone *zone)
{
    const int fd = image_of(zone);
    struct image_file file;
    struct zone *read;
    struct sources read_sources;
    struct image_demands read_demands;
    assert_int_equal(image_file_open(&file, fd), 0);
    assert_int_equal(image_about_read(file.about, file.about_octets, file.body_octets, &read,
                                      &read_sources, &read_demands),
                     0);
    assert_int_equal(image_read_arena(&file, read), 0);
    assert_same(read, zone);
    assert_sources(&read_sources);
    assert_int_equal(read_demands.verify, 2);
    assert_int_equal(read_demands.must, 1);
    assert_int_equal(outcome_of(read, "x.wild.example. TXT"), OUTCOME_ANSWER);
    assert_int_equal(outcome_of(read, "www.child.example. A"), OUTCOME_REFERRAL);
    assert_int_equal(outcome_of(read, "missing.example. A"), OUTCOME_NXDOMAIN);
    sources_fini(&read_sources);
    image_file_fini(&file);
    zone_free(read);
    zone_free(zone);
    close(fd);
}

static void a_small_zone_comes_back_from_its_image(void **state)
{
    (void)state;
    round_trip(zone_of_text("example.", text));
}

static void a_large_zone_comes_back_from_its_image(void **state)
{
    (void)state;
    round_trip(large_zone());
}

static void an_arena_with_a_damaged_octet_is_refused(void **state)
{
    (void)state;
    struct zone *zone = large_zone();
    const int fd = image_of(zone);
    struct image_file file;
    assert_int_equal(image_file_open(&file, fd), 0);
    const off_t at = (off_t)(file.body_at + 100001);
    uint8_t octet;
    assert_int_equal(pread(fd, &octet, 1, at), 1);
    octet ^= 4;
    assert_int_equal(pwrite(fd, &octet, 1, at), 1);
    struct zone read = {.rrs = 0};
    assert_int_equal(image_read_arena(&file, &read), -EBADMSG);
    assert_null(read.arena.base);
    image_file_fini(&file);
    zone_free(zone);
    close(fd);
}

static void what_is_said_about_a_zone_is_refused_where_it_cannot_be(void **state)
{
    (void)state;
    struct zone *zone = zone_of_text("example.", text);
    const size_t octets = image_about_octets(&sources);
    uint8_t *about = malloc(octets);
    assert_non_null(about);
    struct zone *read;
    struct sources read_sources;
    struct image_demands read_demands;
    for (size_t cut = 0; cut < octets; cut++) {
        image_about(about, zone, &sources, demands);
        uint8_t *part = malloc(cut + 1); /* so that a sanitizer sees reads beyond */
        assert_non_null(part);
        memcpy(part, about, cut);
        assert_int_equal(
            image_about_read(part, cut, zone->arena.used, &read, &read_sources, &read_demands),
            -EBADMSG);
        free(part);
    }
    /* Its references don't lie in so short an arena. */
    image_about(about, zone, &sources, demands);
    assert_int_equal(image_about_read(about, octets, 8, &read, &read_sources, &read_demands),
                     -EBADMSG);
    free(about);
    zone_free(zone);
}

static void zones_come_back_from_a_pack(void **state)
{
    (void)state;
    enum { ZONES = 3 };
    static const char *const names[ZONES] = {"example.", "example.org.", "."};
    struct zone *zone[ZONES];
    const int fd = memfd_create("pack", MFD_CLOEXEC);
    assert_true(fd >= 0);
    const struct image_ops ops = image_ops_file(&fd);
    struct image_writer writer;
    assert_int_equal(image_create(&writer, &ops, 100000, 8), 0);
    for (size_t i = 0; i < ZONES; i++) {
        zone[i] = zone_of_text(names[i], text);
        const size_t octets = image_about_octets(&sources);
        uint8_t *said = malloc(octets);
        assert_non_null(said);
        image_about(said, zone[i], &sources, demands);
        assert_int_equal(image_append_piece(&writer, said, octets, &zone[i]->arena), 0);
        free(said);
    }
    assert_int_equal(image_commit(&writer, NULL, 0), 0);
    image_writer_fini(&writer);

    struct image_file file;
    assert_int_equal(image_file_open(&file, fd), 0);
    uint8_t *body = malloc(file.chunk_octets);
    assert_non_null(body);
    assert_int_equal(image_chunk_read(&file, 0, body), 0);
    size_t at = 0;
    struct image_piece piece;
    const uint8_t *about, *arena;
    for (size_t i = 0; i < ZONES; i++) {
        struct zone *read;
        struct sources read_sources;
        struct image_demands read_demands;
        struct name apex;
        assert_true(
            image_next_piece(body, (size_t)file.body_octets, &at, &piece, &about, &arena));
        assert_non_null(image_about_apex(about, piece.about_octets, &apex));
        assert_memory_equal(apex.wire, zone[i]->apex.wire, apex.octets);
        assert_int_equal(
            image_read_piece(&piece, about, arena, &read, &read_sources, &read_demands), 0);
        assert_same(read, zone[i]);
        assert_sources(&read_sources);
        sources_fini(&read_sources);
        zone_free(read);
        zone_free(zone[i]);
    }
    assert_false(image_next_piece(body, (size_t)file.body_octets, &at, &piece, &about, &arena));
    free(body);
    image_file_fini(&file);
    close(fd);
}

/* --- arenas that come in parts --- */

static int read_part(void *context, void *to)
{
    if (context == NULL)
        return -EIO;
    memset(to, *(const int *)context, ARENA_PART);
    return 0;
}

static void a_part_of_an_absent_arena_appears_when_it_is_brought(void **state)
{
    (void)state;
    struct arena arena;
    int value = 7;
    assert_int_equal(arena_init_absent(&arena, 3 * (size_t)ARENA_PART - 100), 0);
    assert_int_equal(arena_fill(&arena, ARENA_PART, read_part, &value), 0);
    assert_int_equal(arena.base[ARENA_PART], 7);
    assert_int_equal(arena.base[2 * (size_t)ARENA_PART - 1], 7);
    value = 8;
    assert_int_equal(arena_fill(&arena, 0, read_part, &value), 0);
    assert_int_equal(arena_fill(&arena, 2 * (size_t)ARENA_PART, read_part, &value), 0);
    assert_int_equal(arena_fill(&arena, ARENA_PART, read_part, NULL), -EIO);
    assert_int_equal(arena.base[0], 8);
    assert_int_equal(arena.base[ARENA_PART], 7);
    assert_int_equal(arena.base[arena.used - 1], 8);
    arena_fini(&arena);
}

static void a_held_zone_outlives_being_freed_once(void **state)
{
    (void)state;
    struct zone *zone = zone_of_text("example.", text);
    zone_hold(zone);
    zone_free(zone);
    assert_int_equal(outcome_of(zone, "ns.example. A"), OUTCOME_ANSWER);
    zone_free(zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_zone_comes_back_from_its_image),
        cmocka_unit_test(a_large_zone_comes_back_from_its_image),
        cmocka_unit_test(an_arena_with_a_damaged_octet_is_refused),
        cmocka_unit_test(what_is_said_about_a_zone_is_refused_where_it_cannot_be),
        cmocka_unit_test(zones_come_back_from_a_pack),
        cmocka_unit_test(a_part_of_an_absent_arena_appears_when_it_is_brought),
        cmocka_unit_test(a_held_zone_outlives_being_freed_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
