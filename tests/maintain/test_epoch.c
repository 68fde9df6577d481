/* test_epoch.c -- what is retired is freed after its last reader, and not before */
#include "server/base/epoch.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void count_up(void *what)
{
    ++*(unsigned *)what;
}

static void what_nobody_reads_is_freed_at_once(void **state)
{
    (void)state;
    unsigned freed = 0;
    struct epoch *epoch = epoch_new(2);
    assert_non_null(epoch);
    epoch_retire(epoch, count_up, &freed);
    assert_int_equal(freed, 0);
    assert_int_equal(epoch_reclaim(epoch), 0);
    assert_int_equal(freed, 1);
    epoch_free(epoch);
}

static void a_reader_inside_holds_what_was_retired_after_it_entered(void **state)
{
    (void)state;
    unsigned freed = 0;
    struct epoch *epoch = epoch_new(2);
    epoch_enter(epoch, 1);
    epoch_retire(epoch, count_up, &freed);
    epoch_retire(epoch, count_up, &freed);
    assert_int_equal(epoch_reclaim(epoch), 2);
    assert_int_equal(freed, 0);
    epoch_leave(epoch, 1);
    assert_int_equal(epoch_reclaim(epoch), 0);
    assert_int_equal(freed, 2);
    epoch_free(epoch);
}

static void a_reader_that_came_later_holds_nothing_older(void **state)
{
    (void)state;
    unsigned freed = 0;
    struct epoch *epoch = epoch_new(2);
    epoch_enter(epoch, 0);
    epoch_retire(epoch, count_up, &freed);
    epoch_enter(epoch, 1);
    epoch_leave(epoch, 0);
    assert_int_equal(epoch_reclaim(epoch), 0);
    assert_int_equal(freed, 1);
    epoch_retire(epoch, count_up, &freed);
    assert_int_equal(epoch_reclaim(epoch), 1);
    epoch_leave(epoch, 1);
    epoch_free(epoch);
    assert_int_equal(freed, 2);
}

static void freeing_frees_all_that_is_retired(void **state)
{
    (void)state;
    unsigned freed = 0;
    struct epoch *epoch = epoch_new(1);
    for (unsigned i = 0; i < 1000; i++)
        epoch_retire(epoch, count_up, &freed);
    epoch_free(epoch);
    assert_int_equal(freed, 1000);
}

enum { READERS = 4, SWAPS = 20000 };

/* A published value whose two halves agree until it's freed. */
struct value {
    uint64_t a, b;
};

struct shared {
    struct epoch *epoch;
    _Atomic(struct value *) current;
    atomic_bool stop;
    _Atomic uint64_t torn, reads;
    _Atomic unsigned next;
};

static void free_value(void *what)
{
    struct value *value = what;
    value->a = 1;
    value->b = 0;
    free(value);
}

static void *read_on(void *context)
{
    struct shared *shared = context;
    const unsigned reader = atomic_fetch_add(&shared->next, 1);
    do {
        epoch_enter(shared->epoch, reader);
        const struct value *value = atomic_load(&shared->current);
        if (value->a != ~value->b)
            atomic_fetch_add(&shared->torn, 1);
        epoch_leave(shared->epoch, reader);
        atomic_fetch_add(&shared->reads, 1);
    } while (!atomic_load(&shared->stop));
    return NULL;
}

static struct value *value_new(uint64_t a)
{
    struct value *value = malloc(sizeof *value);
    assert_non_null(value);
    *value = (struct value){a, ~a};
    return value;
}

static void readers_never_see_what_was_freed(void **state)
{
    (void)state;
    struct shared shared = {.epoch = epoch_new(READERS)};
    atomic_store(&shared.current, value_new(0));
    pthread_t thread[READERS];
    for (unsigned i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, read_on, &shared), 0);
    for (uint64_t i = 1; i <= SWAPS || atomic_load(&shared.reads) < READERS; i++) {
        epoch_retire(shared.epoch, free_value, atomic_exchange(&shared.current, value_new(i)));
        if (i % 16 == 0)
            epoch_reclaim(shared.epoch);
    }
    atomic_store(&shared.stop, true);
    for (unsigned i = 0; i < READERS; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(atomic_load(&shared.torn), 0);
    assert_int_equal(epoch_reclaim(shared.epoch), 0);
    free(atomic_load(&shared.current));
    epoch_free(shared.epoch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_nobody_reads_is_freed_at_once),
        cmocka_unit_test(a_reader_inside_holds_what_was_retired_after_it_entered),
        cmocka_unit_test(a_reader_that_came_later_holds_nothing_older),
        cmocka_unit_test(freeing_frees_all_that_is_retired),
        cmocka_unit_test(readers_never_see_what_was_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
