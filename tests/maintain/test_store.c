/* test_store.c -- readers see whole snapshots, and old ones as long as they hold them */
#include "server/base/store.h"

#include "zone/lookup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct snapshot snapshot_of(const struct snapshot *like, uint16_t payload)
{
    struct snapshot snapshot = *like;
    snapshot.answer.udp_payload_max = payload;
    return snapshot;
}

static void a_store_begins_with_no_zones(void **state)
{
    (void)state;
    struct store *store = store_new(1);
    const struct snapshot *snapshot = store_enter(store, 0);
    struct name name;
    uint8_t key[NAME_KEY_MAX];
    assert_int_equal(name_from_string(&name, "example.com"), NAME_OK);
    struct lookup lookup = {.qname = &name, .key = key, .qtype = 1};
    lookup.symbols = (uint16_t)name_key(key, name.wire, name.octets);
    view_find(&snapshot->view, &lookup, 1);
    assert_int_equal(lookup.outcome, OUTCOME_NO_ZONE);
    store_leave(store, 0);
    store_free(store);
}

static void a_reader_keeps_its_snapshot_until_it_leaves(void **state)
{
    (void)state;
    struct store *store = store_new(1);
    const struct snapshot *first = store_enter(store, 0);
    const struct snapshot next = snapshot_of(first, 1400);
    assert_int_equal(store_publish(store, &next), 0);
    assert_int_equal(first->answer.udp_payload_max, 0);
    assert_int_equal(store_reclaim(store), 1);
    store_leave(store, 0);
    assert_int_equal(store_reclaim(store), 0);
    assert_int_equal(store_enter(store, 0)->answer.udp_payload_max, 1400);
    store_leave(store, 0);
    store_free(store);
}

static void set_true(void *what)
{
    *(bool *)what = true;
}

static void what_is_retired_outlives_the_readers_of_older_snapshots(void **state)
{
    (void)state;
    struct store *store = store_new(2);
    bool freed = false;
    const struct snapshot next = snapshot_of(store_enter(store, 1), 1);
    assert_int_equal(store_publish(store, &next), 0);
    store_retire(store, set_true, &freed);
    store_enter(store, 0);
    store_reclaim(store);
    assert_false(freed);
    store_leave(store, 1);
    assert_int_equal(store_reclaim(store), 0);
    assert_true(freed);
    store_leave(store, 0);
    store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_store_begins_with_no_zones),
        cmocka_unit_test(a_reader_keeps_its_snapshot_until_it_leaves),
        cmocka_unit_test(what_is_retired_outlives_the_readers_of_older_snapshots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
