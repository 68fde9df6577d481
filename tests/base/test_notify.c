/* test_notify.c -- datagrams to the service manager, as sd_notify(3) has them */
#include "server/base/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Listens at `path`, '@' for abstract, and points NOTIFY_SOCKET there. */
static int manager(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_true(fd >= 0);
    memcpy(address.sun_path, path, strlen(path));
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    const socklen_t octets = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, octets), 0);
    setenv("NOTIFY_SOCKET", path, 1);
    return fd;
}

static void assert_received(int fd, const char *begin)
{
    char text[1024] = "";
    assert_true(recv(fd, text, sizeof text - 1, MSG_DONTWAIT) > 0);
    text[strlen(begin)] = '\0';
    assert_string_equal(text, begin);
}

static void say_and_hear(const char *path)
{
    struct notify notify;
    const int fd = manager(path);
    notify_init(&notify);
    notify_send(&notify, "READY=1\nSTATUS=%d zones", 7);
    assert_received(fd, "READY=1\nSTATUS=7 zones");
    notify_reloading(&notify);
    assert_received(fd, "RELOADING=1\nMONOTONIC_USEC=");
    notify_fini(&notify);
    close(fd);
}

static void a_socket_in_the_file_system_gets_word(void **state)
{
    (void)state;
    char folder[] = "/tmp/pharos-notify-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/socket", folder);
    say_and_hear(path);
    unlink(path);
    rmdir(folder);
}

static void an_abstract_socket_gets_word(void **state)
{
    (void)state;
    char path[64];
    snprintf(path, sizeof path, "@pharos-notify-%ld", (long)getpid());
    say_and_hear(path);
}

static void a_descriptor_travels_with_its_text(void **state)
{
    (void)state;
    char path[64];
    snprintf(path, sizeof path, "@pharos-notify-%ld", (long)getpid());
    struct notify notify;
    const int fd = manager(path);
    notify_init(&notify);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    notify_send_fd(&notify, ends[1], "FDSTORE=1\nFDNAME=a");
    char text[64] = "";
    struct iovec part = {text, sizeof text - 1};
    union {
        struct cmsghdr first;
        char octets[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    assert_true(recvmsg(fd, &message, MSG_DONTWAIT) > 0);
    assert_string_equal(text, "FDSTORE=1\nFDNAME=a");
    int got = -1;
    memcpy(&got, CMSG_DATA(&control.first), sizeof got);
    assert_int_equal(write(got, "x", 1), 1);
    assert_int_equal(read(ends[0], text, 1), 1);
    close(got);
    close(ends[0]);
    close(ends[1]);
    notify_fini(&notify);
    close(fd);
}

static void without_a_manager_nothing_is_sent(void **state)
{
    (void)state;
    static const char *const paths[] = {"relative", "", "@", "/"};
    struct notify notify;
    unsetenv("NOTIFY_SOCKET");
    notify_init(&notify);
    assert_int_equal(notify.fd, -1);
    notify_send(&notify, "READY=1");
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        setenv("NOTIFY_SOCKET", paths[i], 1);
        notify_init(&notify);
        assert_int_equal(notify.fd, -1);
    }
    char path[256];
    memset(path, 'a', sizeof path);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    setenv("NOTIFY_SOCKET", path, 1);
    notify_init(&notify);
    assert_int_equal(notify.fd, -1);
}

static void the_watchdog_is_fed_at_half_of_its_time(void **state)
{
    (void)state;
    char pid[24], path[64];
    struct notify notify;
    snprintf(path, sizeof path, "@pharos-watchdog-%ld", (long)getpid());
    const int fd = manager(path);
    setenv("WATCHDOG_USEC", "3000000", 1);
    unsetenv("WATCHDOG_PID");
    notify_init(&notify);
    assert_int_equal(notify.watchdog_ms, 1500);
    notify_fini(&notify);
    setenv("WATCHDOG_PID", "1", 1); /* meant for another process */
    notify_init(&notify);
    assert_int_equal(notify.watchdog_ms, 0);
    notify_fini(&notify);
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    setenv("WATCHDOG_PID", pid, 1);
    setenv("WATCHDOG_USEC", "nonsense", 1);
    notify_init(&notify);
    assert_int_equal(notify.watchdog_ms, 0);
    notify_fini(&notify);
    close(fd);
}

static void the_watchdog_is_fed_when_it_is_due(void **state)
{
    (void)state;
    char path[64];
    struct notify notify;
    snprintf(path, sizeof path, "@pharos-watchdog-%ld", (long)getpid());
    const int fd = manager(path);
    setenv("WATCHDOG_USEC", "3000000", 1);
    unsetenv("WATCHDOG_PID");
    notify_init(&notify);
    static const struct {
        uint64_t now_ms;
        bool fed;
    } ticks[] = {{5000, true}, {5050, false}, {6499, false}, {6500, true}, {9000, true}};
    for (size_t i = 0; i < sizeof ticks / sizeof ticks[0]; i++) {
        char text[16];
        notify_feed(&notify, ticks[i].now_ms);
        assert_int_equal(recv(fd, text, sizeof text, MSG_DONTWAIT) > 0, ticks[i].fed);
    }
    notify_fini(&notify);
    unsetenv("WATCHDOG_USEC");
    notify_init(&notify);
    char text[16];
    notify_feed(&notify, 5000);
    assert_int_equal(recv(fd, text, sizeof text, MSG_DONTWAIT), -1);
    notify_fini(&notify);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_socket_in_the_file_system_gets_word),
        cmocka_unit_test(an_abstract_socket_gets_word),
        cmocka_unit_test(a_descriptor_travels_with_its_text),
        cmocka_unit_test(without_a_manager_nothing_is_sent),
        cmocka_unit_test(the_watchdog_is_fed_at_half_of_its_time),
        cmocka_unit_test(the_watchdog_is_fed_when_it_is_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
