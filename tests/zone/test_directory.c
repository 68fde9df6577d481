#include "tests/zone/zone_text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct zone *empty_zone(const char *apex)
{
    const struct name name = name_of(apex);
    struct zone *zone = zone_new_empty(&name);
    assert_non_null(zone);
    return zone;
}

static const char *const apexes[] = {".",      "example", "sub.example", "a.b.sub.example",
                                     "exampl", "test"};
enum { APEXES = sizeof apexes / sizeof *apexes };

static const struct {
    const char *question, *apex; /* NULL: none */
} expectations[] = {
    {"example. A", "example."},
    {"www.example. A", "example."},
    {"sub.example. A", "sub.example."},
    {"www.sub.example. A", "sub.example."},
    {"b.sub.example. A", "sub.example."},
    {"x.b.sub.example. A", "sub.example."},
    {"x.a.b.sub.example. A", "a.b.sub.example."},
    {"sua.example. A", "example."},
    {"exampl. A", "exampl."},
    {"examplf. A", "."},
    {"examples. A", "."},
    {". A", "."},
    /* RFC 4035 section 3.1.4.1: DS is asked at the parent's side, where that is served */
    {"sub.example. DS", "example."},
    {"www.sub.example. DS", "sub.example."},
    {"a.b.sub.example. DS", "sub.example."},
    {"example. DS", "."},
    {". DS", "."},
};
enum { COUNT = sizeof expectations / sizeof *expectations };

static void questions_find_the_nearest_zone_at_or_above(void **state)
{
    (void)state;
    struct directory *directory = directory_new();
    struct zone *zones[APEXES];
    for (size_t i = 0; i < APEXES; i++) {
        zones[i] = empty_zone(apexes[i]);
        assert_int_equal(directory_put(directory, zones[i], NULL), 0);
    }
    struct arena *retired;
    const struct view view = directory_view(directory, &retired);
    assert_null(retired);
    static struct question questions[COUNT];
    static struct lookup lookups[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        question_init(&questions[i], expectations[i].question, NULL);
        lookups[i] = questions[i].lookup;
    }
    view_find(&view, lookups, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        assert_non_null(lookups[i].zone);
        assert_int_equal(lookups[i].outcome, OUTCOME_NO_DATA_LOADED);
        char text[NAME_TEXT_MAX];
        name_to_text(lookups[i].zone->apex.wire, text);
        if (strcmp(text, expectations[i].apex) != 0)
            fail_msg("%s: %s, not %s", expectations[i].question, text, expectations[i].apex);
    }
    for (size_t i = 0; i < APEXES; i++)
        zone_free(zones[i]);
    directory_free(directory);
}

static const struct zone *find(const struct view *view, const char *question_text)
{
    struct question question;
    question_init(&question, question_text, NULL);
    view_find(view, &question.lookup, 1);
    assert_int_equal(question.lookup.zone == NULL, question.lookup.outcome == OUTCOME_NO_ZONE);
    return question.lookup.zone;
}

static void without_a_zone_above_there_is_none(void **state)
{
    (void)state;
    struct directory *directory = directory_new();
    struct arena *retired;
    struct view view = directory_view(directory, &retired);
    assert_null(find(&view, "example. A"));
    struct zone *zone = empty_zone("sub.example");
    assert_int_equal(directory_put(directory, zone, NULL), 0);
    view = directory_view(directory, &retired);
    assert_null(find(&view, "example. A"));
    assert_null(find(&view, "sub.exampl. A"));
    assert_null(find(&view, ". A"));
    assert_ptr_equal(find(&view, "sub.example. DS"), zone);
    zone_free(zone);
    directory_free(directory);
}

static void a_view_stays_as_it_was_while_zones_come_and_go(void **state)
{
    (void)state;
    struct directory *directory = directory_new();
    struct zone *first = empty_zone("example"), *second = empty_zone("example");
    const struct zone *old = NULL;
    struct arena *retired;
    assert_int_equal(directory_put(directory, first, &old), 0);
    assert_null(old);
    const struct view before = directory_view(directory, &retired);
    assert_int_equal(directory_put(directory, second, &old), 0);
    assert_ptr_equal(old, first);
    const struct view between = directory_view(directory, &retired);
    assert_int_equal(directory_remove(directory, &first->apex, &old), 0);
    assert_ptr_equal(old, second);
    assert_int_equal(directory_remove(directory, &first->apex, &old), -ENOENT);
    const struct view after = directory_view(directory, &retired);
    assert_ptr_equal(find(&before, "example. A"), first);
    assert_ptr_equal(find(&between, "example. A"), second);
    assert_null(find(&after, "example. A"));
    assert_int_equal(directory_count(directory), 0);
    zone_free(first);
    zone_free(second);
    directory_free(directory);
}

static int count_zone(void *context, const struct zone *zone)
{
    (void)zone;
    *(size_t *)context += 1;
    return 0;
}

/* Ten thousand zones, each replaced again and again: the garbage goes, no zone does. */
static void an_arena_full_of_garbage_is_replaced(void **state)
{
    (void)state;
    enum { ZONES = 3000 };
    struct directory *directory = directory_new();
    struct zone **zones = malloc(ZONES * sizeof *zones);
    unsigned replaced = 0;
    for (unsigned i = 0; i < ZONES; i++) {
        char apex[64];
        snprintf(apex, sizeof apex, "zone-%u.example", i);
        zones[i] = empty_zone(apex);
    }
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < ZONES; i += 1 + round) {
            struct arena *retired;
            assert_int_equal(directory_put(directory, zones[i], NULL), 0);
            if (i % 10 == 0)
                directory_view(directory, &retired);
            else
                retired = NULL;
            replaced += retired != NULL;
            directory_arena_free(retired);
        }
    }
    assert_true(replaced > 0);
    struct arena *retired;
    const struct view view = directory_view(directory, &retired);
    directory_arena_free(retired);
    size_t count = 0;
    assert_int_equal(directory_walk(directory, count_zone, &count), 0);
    assert_int_equal(count, ZONES);
    assert_int_equal(directory_count(directory), ZONES);
    assert_ptr_equal(find(&view, "www.zone-2999.example. A"), zones[2999]);
    assert_ptr_equal(directory_get(directory, &zones[17]->apex), zones[17]);
    for (unsigned i = 0; i < ZONES; i++)
        zone_free(zones[i]);
    free(zones);
    directory_free(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_find_the_nearest_zone_at_or_above),
        cmocka_unit_test(without_a_zone_above_there_is_none),
        cmocka_unit_test(a_view_stays_as_it_was_while_zones_come_and_go),
        cmocka_unit_test(an_arena_full_of_garbage_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
