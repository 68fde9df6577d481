/* test_crash.c -- a crash ends the connections of the pulse's watchers, and nothing else does */
#include "server/admin/crash.h"
#include "server/base/fault.h"
#include "server/base/pulse.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include <cmocka.h>

enum { PAGE = 4096, LIMIT_S = 20 };

/* The parent's: the folder of the socket, and a watcher that is connected to it. */
struct fixture {
    char folder[64];
    int memfd;
    uv_loop_t loop;
    struct pulse_socket *socket;
    int watcher;
};

static int connect_to(const char *folder)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/pulse.sock", folder);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    snprintf(f->folder, sizeof(f->folder), "/tmp/pharos-crash-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    assert_int_equal(uv_loop_init(&f->loop), 0);
    f->memfd = memfd_create("pulse", MFD_CLOEXEC);
    assert_int_equal(pulse_socket_open(&f->socket, &f->loop, f->folder, f->memfd), 0);
    f->watcher = connect_to(f->folder);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    close(f->watcher);
    pulse_socket_close(f->socket);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    close(f->memfd);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    assert_int_equal(rmdir(f->folder), 0);
    free(f);
    return 0;
}

/* Whether the server's end was shut down; what it had sent before doesn't matter. */
static bool is_ended(int watcher)
{
    char octets[256];
    ssize_t got;
    do
        got = recv(watcher, octets, sizeof(octets), 0);
    while (got > 0);
    return got == 0;
}

static bool bring(void *context, const void *at)
{
    (void)at;
    return mprotect(context, PAGE, PROT_READ | PROT_WRITE) == 0;
}

static uint8_t *watch_page(void)
{
    uint8_t *page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED || fault_watch(page, PAGE, bring, page) < 0)
        _exit(2);
    return page;
}

/* Runs in a child; returns its status. One that hangs is ended by SIGALRM. */
static int run(void (*what)(struct fixture *f), struct fixture *f)
{
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
        setrlimit(RLIMIT_CORE, &(struct rlimit){0});
        close(STDERR_FILENO);
        for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
            signal(fatal[i], SIG_DFL); /* not cmocka's */
        alarm(LIMIT_S);
        what(f);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void touch_nowhere(void)
{
    *(volatile uint8_t *)(uintptr_t)PAGE = 1;
}

/* As in a server that took over: its images are on trial before the pulse's socket is its own. */
static void touch_what_was_watched_before(struct fixture *f)
{
    uint8_t *page = watch_page();
    crash_watch(f->socket);
    *(volatile uint8_t *)page = 1;
    if (is_ended(f->watcher))
        _exit(3);
}

static void memory_that_is_brought_later_is_no_crash(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(run(touch_what_was_watched_before, f), 0);
    assert_false(is_ended(f->watcher));
}

static void crash(struct fixture *f)
{
    crash_watch(f->socket);
    touch_nowhere();
}

static void crash_after_watching(struct fixture *f)
{
    watch_page();
    crash(f);
}

static void crash_between_watches(struct fixture *f)
{
    watch_page();
    crash_watch(f->socket);
    watch_page();
    touch_nowhere();
}

static void crash_after_watching_again(struct fixture *f)
{
    crash_watch(f->socket);
    crash_watch(NULL);
    watch_page();
    crash(f);
}

static void be_aborted(struct fixture *f)
{
    watch_page();
    crash_watch(f->socket);
    abort();
}

static void be_sent_a_fault(struct fixture *f)
{
    watch_page();
    crash_watch(f->socket);
    watch_page();
    raise(SIGSEGV);
    pause();
}

static void a_crash_is_told_and_ends_the_process(struct fixture *f, int number,
                                                 void (*what)(struct fixture *f))
{
    const int status = run(what, f);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), number);
    assert_true(is_ended(f->watcher));
}

static void a_crash_ends_the_connections_of_the_watchers(void **state)
{
    a_crash_is_told_and_ends_the_process(*state, SIGSEGV, crash);
}

static void a_crash_beside_watched_memory_does_too(void **state)
{
    a_crash_is_told_and_ends_the_process(*state, SIGSEGV, crash_after_watching);
}

static void handlers_that_were_put_before_each_other_do_not_go_in_circles(void **state)
{
    a_crash_is_told_and_ends_the_process(*state, SIGSEGV, crash_between_watches);
}

static void a_socket_that_is_opened_again_is_watched_again(void **state)
{
    a_crash_is_told_and_ends_the_process(*state, SIGSEGV, crash_after_watching_again);
}

static void an_abort_is_a_crash(void **state)
{
    a_crash_is_told_and_ends_the_process(*state, SIGABRT, be_aborted);
}

static void a_fault_that_was_sent_is_a_crash(void **state)
{
    a_crash_is_told_and_ends_the_process(*state, SIGSEGV, be_sent_a_fault);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(memory_that_is_brought_later_is_no_crash),
        TEST(a_crash_ends_the_connections_of_the_watchers),
        TEST(a_crash_beside_watched_memory_does_too),
        TEST(handlers_that_were_put_before_each_other_do_not_go_in_circles),
        TEST(a_socket_that_is_opened_again_is_watched_again),
        TEST(an_abort_is_a_crash),
        TEST(a_fault_that_was_sent_is_a_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
