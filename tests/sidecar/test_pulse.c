/* test_pulse.c -- the shared memory, what a reader believes of it, and the death that it shows */
#include "server/base/pulse.h"
#include "server/sidecar/heartbeats.h"
#include "server/sidecar/signals.h"
#include "server/sidecar/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
/* cmocka wants some of the above */
#include <cmocka.h>

enum { WORKERS = 3 };

struct fixture {
    struct pulse *pulse;
    struct pulse_view view;
    int fd;
};

static int set_up(void **state)
{
    static struct fixture f;
    f.pulse = pulse_new(WORKERS, NULL, 0, &f.fd);
    *state = &f;
    return f.pulse == NULL ? -1 : pulse_map(&f.view, f.fd);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    pulse_unmap(&f->view);
    pulse_free(f->pulse);
    return close(f->fd);
}

static void a_latency_falls_into_the_bucket_whose_least_is_not_above_it(void **state)
{
    (void)state;
    for (unsigned i = 1; i < PULSE_BUCKETS; i++) {
        assert_true(pulse_bucket_us(i) > pulse_bucket_us(i - 1));
        assert_int_equal(pulse_bucket(pulse_bucket_us(i)), i);
        assert_int_equal(pulse_bucket(pulse_bucket_us(i) - 1), i - 1);
    }
    assert_int_equal(pulse_bucket(0), 0);
    assert_int_equal(pulse_bucket(UINT64_MAX), PULSE_BUCKETS - 1);
}

static void a_watcher_sees_what_the_server_writes(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(f->view.workers, WORKERS);
    assert_memory_equal(f->view.instance, f->pulse->instance, PULSE_INSTANCE);
    pulse_add(&f->pulse->worker[2].heartbeat, 7);
    assert_int_equal(atomic_load(&f->view.pulse->worker[2].heartbeat), 7);
}

static void two_pulses_have_different_instances(void **state)
{
    struct fixture *f = *state;
    int fd;
    struct pulse *other = pulse_new(1, NULL, 0, &fd);
    assert_non_null(other);
    assert_memory_not_equal(other->instance, f->pulse->instance, PULSE_INSTANCE);
    pulse_free(other);
    close(fd);
}

static void the_memory_can_not_be_made_shorter_under_a_reader(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ftruncate(f->fd, 4096), -1);
    assert_int_equal(errno, EPERM);
}

/* The socket hands the memfd to whoever may connect. */
static void nobody_but_the_server_can_write_to_it(void **state)
{
    struct fixture *f = *state;
    assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, f->fd, 0),
                     MAP_FAILED);
    assert_int_equal(errno, EPERM);
    assert_int_equal(mprotect(f->view.pulse, 4096, PROT_READ | PROT_WRITE), -1);
    assert_int_equal(pwrite(f->fd, "x", 1, 0), -1);
    assert_int_equal(fallocate(f->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096), -1);
    assert_int_equal(fcntl(f->fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
    pulse_add(&f->pulse->worker[0].heartbeat, 1); /* but it can */
}

static void what_is_no_pulse_is_refused(void **state)
{
    (void)state;
    struct pulse_view view;
    int pipe_fds[2];
    assert_int_equal(pipe(pipe_fds), 0);
    assert_int_equal(pulse_map(&view, pipe_fds[0]), -EBADMSG);
    close(pipe_fds[0]);
    close(pipe_fds[1]);

    const int unsealed = memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    assert_int_equal(ftruncate(unsealed, sizeof(struct pulse) + sizeof(struct pulse_worker)),
                     0);
    assert_int_equal(pulse_map(&view, unsealed), -EBADMSG);
    assert_int_equal(fcntl(unsealed, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
    assert_int_equal(pulse_map(&view, unsealed), -EBADMSG); /* all zero */
    close(unsealed);
    assert_null(view.pulse);
}

static void a_header_that_contradicts_the_memory_is_refused(void **state)
{
    struct fixture *f = *state;
    struct pulse_view view;
    static const struct {
        size_t at;
        uint32_t value;
        int err;
    } table[] = {
        {offsetof(struct pulse, magic), 1, -EBADMSG},
        {offsetof(struct pulse, layout), PULSE_LAYOUT + 1, -EPROTO},
        {offsetof(struct pulse, workers), 0, -EBADMSG},
        {offsetof(struct pulse, workers), WORKERS + 1, -EBADMSG},
        {offsetof(struct pulse, workers), WORKERS - 1, -EBADMSG},
        {offsetof(struct pulse, workers), UINT32_MAX, -EBADMSG},
        {offsetof(struct pulse, octets), 0, -EBADMSG},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        uint32_t *at = (void *)((char *)f->pulse + table[i].at);
        const uint32_t before = *at;
        *at = table[i].value;
        assert_int_equal(pulse_map(&view, f->fd), table[i].err);
        *at = before;
    }
    assert_int_equal(pulse_map(&view, f->fd), 0);
    pulse_unmap(&view);
}

static void a_later_change_of_the_header_does_not_reach_a_reader(void **state)
{
    struct fixture *f = *state;
    f->pulse->workers = UINT32_MAX;
    assert_int_equal(f->view.workers, WORKERS);
    struct heartbeats beats = {0};
    heartbeats_look(&beats, &f->view, 1000);
    f->pulse->workers = WORKERS;
}

static void a_slice_of_an_older_turn_of_the_ring_is_no_data(void **state)
{
    struct fixture *f = *state;
    struct pulse_slice_copy copy;
    const uint64_t ms = 1000 * PULSE_SLICE_MS;
    struct pulse_slice *slice = pulse_slice_now(pulse_rings(f->pulse, 0), ms);
    pulse_add32(&slice->latency[5], 9);
    assert_ptr_equal(pulse_slice_now(pulse_rings(f->pulse, 0), ms + PULSE_SLICE_MS - 1), slice);
    assert_true(pulse_slice_read(&copy, &f->view, 0, 0, 1000));
    assert_int_equal(copy.latency[5], 9);
    assert_false(pulse_slice_read(&copy, &f->view, 0, 0, 1000 + PULSE_SLICES));
    assert_int_equal(copy.latency[5], 0);

    const uint64_t turn_later = ms + (uint64_t)PULSE_SLICES * PULSE_SLICE_MS;
    assert_ptr_equal(pulse_slice_now(pulse_rings(f->pulse, 0), turn_later), slice);
    assert_int_equal(atomic_load(&slice->latency[5]), 0);
    assert_false(pulse_slice_read(&copy, &f->view, 0, 0, 1000));
}

/* A group with one address, counted for by the pulse's first. */
static const struct signals_map first = {.addresses = 1, .listen = {0}, .group = -1};

static struct observation look(struct signals *signals, const struct signals_map *map,
                               const struct fixture *f, uint64_t ms)
{
    struct observation o = {0};
    signals_read(signals, map, &f->view, &o, ms);
    observation_judge(&o, 20000, 50000);
    return o;
}

static void signals_add_each_finished_slice_once(void **state)
{
    struct fixture *f = *state;
    struct signals signals = {0};
    const uint64_t ms = 2000 * PULSE_SLICE_MS;
    for (unsigned i = 0; i < WORKERS; i++) {
        struct pulse_slice *slice = pulse_slice_now(pulse_rings(f->pulse, i), ms);
        pulse_add32(&slice->latency[pulse_bucket(100)], 10);
        pulse_add32(&slice->latency[pulse_bucket(30000)], 5);
        pulse_add32(&slice->queries, 17);
        pulse_add32(&slice->answers, 15);
        pulse_add32(&slice->drops, 1);
    }
    const struct observation o = look(&signals, &first, f, ms + PULSE_SLICE_MS);
    assert_int_equal(o.sample.answers, 15 * WORKERS);
    assert_int_equal(o.sample.late, 5 * WORKERS);
    assert_int_equal(o.sample.drops, WORKERS);
    assert_int_equal(o.sample.datagrams, 18 * WORKERS);
    assert_int_equal(o.sample.paths_served, 1);
    assert_int_equal(look(&signals, &first, f, ms + PULSE_SLICE_MS + 49).sample.answers, 0);
    assert_int_equal(look(&signals, &first, f, ms + 2 * PULSE_SLICE_MS).sample.answers, 0);
}

static void a_reader_who_slept_takes_what_the_ring_still_holds(void **state)
{
    struct fixture *f = *state;
    struct signals signals = {0};
    uint64_t ms = 3000 * PULSE_SLICE_MS;
    look(&signals, &first, f, ms);
    for (unsigned i = 0; i < 10; i++, ms += PULSE_SLICE_MS)
        pulse_add32(&pulse_slice_now(pulse_rings(f->pulse, 0), ms)->latency[0], 1);
    assert_int_equal(look(&signals, &first, f, ms).sample.answers, 10);
    /* Bounded, however long it slept; and a clock that went back. */
    assert_int_equal(look(&signals, &first, f, ms + 3600 * 1000).sample.answers, 0);
    look(&signals, &first, f, ms);
}

static void impossible_counts_are_clamped(void **state)
{
    struct fixture *f = *state;
    struct signals signals = {0};
    const uint64_t ms = 9000 * PULSE_SLICE_MS;
    struct pulse_slice *slice = pulse_slice_now(pulse_rings(f->pulse, 0), ms);
    memset((char *)slice + sizeof(slice->number), 0xff, sizeof(*slice) - sizeof(slice->number));
    const struct observation o = look(&signals, &first, f, ms + PULSE_SLICE_MS);
    assert_int_equal(o.sample.answers, PULSE_BUCKETS * SIGNALS_COUNT_MAX);
    assert_true(o.sample.late <= o.sample.answers);
    assert_int_equal(o.sample.drops, SIGNALS_COUNT_MAX);
    assert_int_equal(o.sample.datagrams, SIGNALS_COUNT_MAX);
}

static void servfail_counts_as_bad_but_for_that_of_some_zones_that_are_not_loaded(void **state)
{
    struct fixture *f = *state;
    static const struct {
        uint32_t zones, failed, servfails, not_loaded, late;
    } table[] = {
        {3, 0, 9, 9, 8}, /* of zones that aren't the group's */
        {3, 1, 9, 9, 0}, /* true, all of them */
        {3, 1, 9, 0, 8}, /* a fault: one zone that failed doesn't hide it */
        {3, 1, 9, 4, 5}, /* both */
        {100000, 1, 9, 2, 7}, {3, 1, 3, 9, 0}, /* more than there are */
        {3, 3, 9, 9, 8},                       /* nothing is served */
    };
    const struct signals_map map = {.addresses = 1, .group = 1};
    for (uint64_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct signals signals = {0};
        const uint64_t ms = (10000 + i) * PULSE_SLICE_MS;
        struct pulse_slice *slice = pulse_slice_now(pulse_rings(f->pulse, 0), ms);
        pulse_add32(&slice->latency[0], 8);
        pulse_add32(&slice->servfails, table[i].servfails);
        pulse_add32(&slice->not_loaded, table[i].not_loaded);
        atomic_store(&f->pulse->group[1].zones, table[i].zones);
        atomic_store(&f->pulse->group[1].failed, table[i].failed);
        assert_int_equal(look(&signals, &map, f, ms + PULSE_SLICE_MS).sample.late,
                         table[i].late);
    }
}

static struct address address_of(const char *text)
{
    struct address address;
    assert_null(address_from_text(&address, text, 53));
    return address;
}

static void each_group_sees_what_its_own_addresses_got(void **state)
{
    (void)state;
    const struct address listen[] = {address_of("192.0.2.53"), address_of("2001:db8::53"),
                                     address_of("0.0.0.0")};
    const struct address group[] = {address_of("2001:db8::53"), address_of("198.51.100.1"),
                                    address_of("198.51.100.2"), address_of("::1")};
    struct fixture f;
    struct signals_map map;
    f.pulse = pulse_new(2, listen, 3, &f.fd);
    assert_int_equal(pulse_map(&f.view, f.fd), 0);
    strcpy(f.pulse->group[4].name, "any");
    signals_find(&map, &f.view, "any", group, 4);
    assert_int_equal(map.group, 4);
    assert_int_equal(map.listen[0], 1);
    assert_int_equal(map.listen[1], 2); /* the wildcard's */
    assert_int_equal(map.listen[2], 2);
    assert_int_equal(map.listen[3], -1);

    const uint64_t ms = 700 * PULSE_SLICE_MS;
    for (unsigned path = 0; path < 6; path++) {
        struct pulse_slice *slice =
            pulse_slice_now(pulse_rings(f.pulse, 1) + path * PULSE_SLICES, ms);
        pulse_add32(&slice->latency[1], 1U << path);
        pulse_add32(&slice->answers, path == 3 ? 0 : 1);
    }
    struct signals signals = {0};
    const struct observation o = look(&signals, &map, &f, ms + PULSE_SLICE_MS);
    /* Both of IPv6's, and both of the wildcard's, which two addresses share, once. */
    assert_int_equal(o.latency[1], (1 << 2) + (1 << 3) + (1 << 4) + (1 << 5));
    assert_int_equal(o.sample.paths_served, 0x3d);

    /* What isn't told apart by address is everybody's. */
    pulse_add32(
        &pulse_slice_now(pulse_rings(f.pulse, 0) + 6 * PULSE_SLICES, ms + PULSE_SLICE_MS)
             ->answers,
        1);
    const struct observation any = look(&signals, &map, &f, ms + 2 * PULSE_SLICE_MS);
    assert_int_equal(any.sample.paths_served, 0x55);
    pulse_unmap(&f.view);
    pulse_free(f.pulse);
    close(f.fd);
}

static void zones_and_signatures_that_run_out_are_told_apart(void **state)
{
    struct fixture *f = *state;
    const struct signals_map map = {.addresses = 1, .group = 2};
    assert_int_equal(signals_expiring(&map, &f->view, INT64_MAX), 0); /* none known */
    atomic_store(&f->pulse->group[2].expires, 5000);
    atomic_store(&f->pulse->group[2].signatures_expire, 6000);
    assert_int_equal(signals_expiring(&map, &f->view, 4999), 0);
    assert_int_equal(signals_expiring(&map, &f->view, 5000), EXPIRING_ZONE);
    assert_int_equal(signals_expiring(&map, &f->view, 6000),
                     EXPIRING_ZONE | EXPIRING_SIGNATURES);
    assert_int_equal(signals_expiring(&first, &f->view, 6000), 0);
}

static void a_worker_is_stuck_after_ten_ticks_without_movement(void **state)
{
    struct fixture *f = *state;
    struct heartbeats beats = {0};
    uint64_t now = 5000;
    heartbeats_look(&beats, &f->view, now);
    while (now < 5000 + 10 * PULSE_TICK_MS) {
        assert_int_equal(beats.stuck, 0);
        pulse_add(&f->pulse->worker[1].heartbeat, (now - 5000) % PULSE_TICK_MS == 0);
        heartbeats_look(&beats, &f->view, now += HEARTBEATS_LOOK_MS);
        assert_true(beats.moved); /* once in a tick */
    }
    assert_int_equal(beats.stuck, WORKERS - 1);
    pulse_add(&f->pulse->worker[0].heartbeat, 1);
    heartbeats_look(&beats, &f->view, now += HEARTBEATS_LOOK_MS);
    assert_int_equal(beats.stuck, 1);
    heartbeats_look(&beats, &f->view, now += PULSE_TICK_MS - HEARTBEATS_LOOK_MS);
    assert_true(beats.moved);
    heartbeats_look(&beats, &f->view, now += HEARTBEATS_LOOK_MS);
    assert_false(beats.moved);
}

/* Looks that come 10 ms after each other's time don't add up to more than half a second. */
static void looks_that_are_not_quite_in_time_count_for_what_they_are(void **state)
{
    struct fixture *f = *state;
    struct heartbeats beats = {0};
    uint64_t now = 5000;
    do
        heartbeats_look(&beats, &f->view, now += HEARTBEATS_LOOK_MS + 10);
    while (beats.stuck == 0);
    assert_in_range(now - 5000 - (HEARTBEATS_LOOK_MS + 10), HEARTBEATS_STILL_MS,
                    HEARTBEATS_STILL_MS + HEARTBEATS_LOOK_MS + 10);
}

static void a_late_tick_is_not_held_against_the_workers(void **state)
{
    struct fixture *f = *state;
    struct heartbeats beats = {0};
    uint64_t now = 5000;
    heartbeats_look(&beats, &f->view, now);
    for (unsigned tick = 0; tick < 100; tick++) {
        heartbeats_look(&beats, &f->view, now += HEARTBEATS_LATE_MS + 1);
        assert_false(beats.on_time);
    }
    assert_int_equal(beats.stuck, 0);
}

/* Forks a child whose thread lives in the pulse, and waits until it does. */
static pid_t live_in_child(struct fixture *f)
{
    const pid_t child = fork();
    if (child == 0) {
        pulse_live(f->pulse, 0);
        for (;;)
            pause();
    }
    const struct timespec pause_1ms = {.tv_nsec = 1000000};
    for (int i = 0; i < 5000 && (*pulse_alive_word(&f->view, 0) & FUTEX_WAITERS) == 0; i++)
        nanosleep(&pause_1ms, NULL);
    assert_int_equal(*pulse_alive_word(&f->view, 0) & FUTEX_TID_MASK, (uint32_t)child);
    return child;
}

static void a_killed_server_is_noticed_by_its_mutex(void **state)
{
    struct fixture *f = *state;
    const pid_t child = live_in_child(f);
    assert_false(watch_wait_death(pulse_alive_word(&f->view, 0), 20));
    assert_int_equal(kill(child, SIGKILL), 0);
    int tries = 0;
    while (!watch_wait_death(pulse_alive_word(&f->view, 0), 1000))
        assert_true(tries++ < 5);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(watch_wait_death(pulse_alive_word(&f->view, 0), 0)); /* it stays dead */
}

static void every_watcher_notices_though_the_kernel_wakes_one(void **state)
{
    struct fixture *f = *state;
    enum { WATCHERS = 4, LIMIT_MS = 5000 };
    const pid_t child = live_in_child(f);
    pid_t watchers[WATCHERS];
    for (int i = 0; i < WATCHERS; i++) {
        watchers[i] = fork();
        if (watchers[i] == 0) /* one wait: who isn't woken in it says no */
            _exit(watch_wait_death(pulse_alive_word(&f->view, 0), LIMIT_MS) ? 0 : 1);
    }
    const struct timespec pause_1ms = {.tv_nsec = 1000000};
    for (int i = 0; i < 50; i++)
        nanosleep(&pause_1ms, NULL); /* most will wait by then; those who don't see it dead */
    assert_int_equal(kill(child, SIGKILL), 0);
    for (int i = 0; i < WATCHERS; i++) {
        int status;
        assert_int_equal(waitpid(watchers[i], &status, 0), watchers[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
}

/* Whatever stands in the word, a wait ends by its time. */
static void a_hostile_word_neither_hangs_nor_spins(void **state)
{
    struct fixture *f = *state;
    static const uint32_t words[] = {0, FUTEX_WAITERS, 1, FUTEX_TID_MASK,
                                     FUTEX_TID_MASK | FUTEX_WAITERS};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        atomic_store((_Atomic uint32_t *)(void *)&f->pulse->worker[0].alive, words[i]);
        assert_false(watch_wait_death(pulse_alive_word(&f->view, 0), 5));
    }
    atomic_store((_Atomic uint32_t *)(void *)&f->pulse->worker[0].alive, 0);
}

int main(void)
{
#define WITH_PULSE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_latency_falls_into_the_bucket_whose_least_is_not_above_it),
        WITH_PULSE(a_watcher_sees_what_the_server_writes),
        WITH_PULSE(two_pulses_have_different_instances),
        WITH_PULSE(the_memory_can_not_be_made_shorter_under_a_reader),
        WITH_PULSE(nobody_but_the_server_can_write_to_it),
        cmocka_unit_test(what_is_no_pulse_is_refused),
        WITH_PULSE(a_header_that_contradicts_the_memory_is_refused),
        WITH_PULSE(a_later_change_of_the_header_does_not_reach_a_reader),
        WITH_PULSE(a_slice_of_an_older_turn_of_the_ring_is_no_data),
        WITH_PULSE(signals_add_each_finished_slice_once),
        WITH_PULSE(a_reader_who_slept_takes_what_the_ring_still_holds),
        WITH_PULSE(impossible_counts_are_clamped),
        WITH_PULSE(servfail_counts_as_bad_but_for_that_of_some_zones_that_are_not_loaded),
        WITH_PULSE(each_group_sees_what_its_own_addresses_got),
        WITH_PULSE(zones_and_signatures_that_run_out_are_told_apart),
        WITH_PULSE(a_worker_is_stuck_after_ten_ticks_without_movement),
        WITH_PULSE(a_late_tick_is_not_held_against_the_workers),
        WITH_PULSE(looks_that_are_not_quite_in_time_count_for_what_they_are),
        WITH_PULSE(a_killed_server_is_noticed_by_its_mutex),
        WITH_PULSE(every_watcher_notices_though_the_kernel_wakes_one),
        WITH_PULSE(a_hostile_word_neither_hangs_nor_spins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
