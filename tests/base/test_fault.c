/* test_fault.c -- memory is brought when it's touched, and who can't have it is told */
#include "server/base/fault.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { PAGE = 4096, PAGES = 8 };

/* A range whose pages hold 42 once they're brought, but for one that is damaged. */
struct memory {
    uint8_t *base;
    int range;
    int damaged;
    atomic_int calls;
};

static bool bring(void *context, const void *at)
{
    struct memory *memory = context;
    const size_t page = (size_t)((const uint8_t *)at - memory->base) / PAGE;
    atomic_fetch_add(&memory->calls, 1);
    if ((int)page == memory->damaged)
        return false;
    uint8_t *whole = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (whole == MAP_FAILED)
        return false;
    memset(whole, 42, PAGE);
    /* In one step: another thread that reads the page meanwhile sees none of it or all. */
    return mremap(whole, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, memory->base + page * PAGE)
           != MAP_FAILED;
}

/* In the test itself: cmocka puts handlers of its own around that. */
static struct memory *begin(void)
{
    struct memory *memory = calloc(1, sizeof *memory);
    assert_non_null(memory);
    memory->base = mmap(NULL, PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(memory->base != MAP_FAILED);
    memory->damaged = 3;
    memory->range = fault_watch(memory->base, PAGES * PAGE, bring, memory);
    assert_true(memory->range >= 0);
    return memory;
}

static void end(struct memory *memory)
{
    fault_unwatch(memory->range);
    munmap(memory->base, PAGES * PAGE);
    free(memory);
}

static uint8_t read_at(const struct memory *memory, size_t page)
{
    return *(const volatile uint8_t *)(memory->base + page * PAGE + 7);
}

static void what_is_touched_is_brought_once(void **state)
{
    (void)state;
    struct memory *memory = begin();
    assert_int_equal(read_at(memory, 1), 42);
    assert_int_equal(read_at(memory, 1), 42);
    assert_int_equal(atomic_load(&memory->calls), 1);
    assert_int_equal(read_at(memory, 7), 42);
    assert_int_equal(atomic_load(&memory->calls), 2);
    end(memory);
}

struct reading {
    const struct memory *memory;
    size_t page;
    int got;
};

static void read_page(void *context)
{
    struct reading *reading = context;
    reading->got = -1;
    reading->got = read_at(reading->memory, reading->page);
}

static void who_is_guarded_is_told_of_what_cannot_be_brought(void **state)
{
    (void)state;
    struct memory *memory = begin();
    for (unsigned time = 0; time < 3; time++) { /* the signal isn't left blocked */
        struct reading damaged = {.memory = memory, .page = 3};
        assert_false(fault_guard(read_page, &damaged));
        assert_int_equal(damaged.got, -1);
        struct reading whole = {.memory = memory, .page = time};
        assert_true(fault_guard(read_page, &whole));
        assert_int_equal(whole.got, 42);
    }
    end(memory);
}

static void others_read_zeros(void **state)
{
    (void)state;
    struct memory *memory = begin();
    assert_int_equal(read_at(memory, 3), 0);
    assert_int_equal(read_at(memory, 4), 42);
    end(memory);
}

static void *read_all(void *context)
{
    const struct memory *memory = context;
    for (size_t page = 0; page < PAGES; page++) {
        struct reading reading = {.memory = memory, .page = page};
        const bool whole = fault_guard(read_page, &reading);
        if (whole != (page != 3) || (whole && reading.got != 42))
            return (void *)1;
    }
    return NULL;
}

static void several_threads_may_touch_it(void **state)
{
    enum { THREADS = 4 };
    (void)state;
    struct memory *memory = begin();
    pthread_t thread[THREADS];
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, read_all, memory), 0);
    for (unsigned i = 0; i < THREADS; i++) {
        void *failed;
        pthread_join(thread[i], &failed);
        assert_null(failed);
    }
    end(memory);
}

/* Runs in a child; returns the signal that ended it. */
static int ended_by(void (*run)(void))
{
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit none = {0};
        setrlimit(RLIMIT_CORE, &none);
        close(STDERR_FILENO);
        signal(SIGSEGV, SIG_DFL); /* not cmocka's */
        begin();
        run();
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status) == 0 ? 0 : -1;
}

static void touch_elsewhere(void)
{
    *(volatile uint8_t *)(uintptr_t)PAGE = 1;
}

static void send_it(void)
{
    raise(SIGSEGV);
}

/* By a signal, or as a sanitizer ends it. */
static void a_fault_elsewhere_ends_the_process_as_ever(void **state)
{
    (void)state;
    struct memory *memory = begin();
    assert_int_not_equal(ended_by(touch_elsewhere), 0);
    assert_int_not_equal(ended_by(send_it), 0);
    end(memory);
}

static void only_so_many_ranges_are_watched(void **state)
{
    (void)state;
    struct memory *memory = begin();
    int range[FAULT_RANGES_MAX];
    unsigned count = 0;
    static uint8_t anywhere[16];
    while (count < FAULT_RANGES_MAX
           && (range[count] = fault_watch(anywhere, sizeof anywhere, bring, memory)) >= 0)
        count++;
    assert_int_equal(count, FAULT_RANGES_MAX - 1);
    assert_int_equal(range[count], -ENOSPC);
    while (count > 0)
        fault_unwatch(range[--count]);
    assert_true(fault_watching());
    end(memory);
    assert_false(fault_watching());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_touched_is_brought_once),
        cmocka_unit_test(who_is_guarded_is_told_of_what_cannot_be_brought),
        cmocka_unit_test(others_read_zeros),
        cmocka_unit_test(several_threads_may_touch_it),
        cmocka_unit_test(a_fault_elsewhere_ends_the_process_as_ever),
        cmocka_unit_test(only_so_many_ranges_are_watched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
