/* notify.c -- tells the service manager how we are */
#include "server/base/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SEND_TRIES = 100 }; /* 10 ms between them */

/* An abstract address is written with '@' where the kernel wants a NUL. */
static socklen_t address_of(struct sockaddr_un *to, const char *path)
{
    const size_t len = strlen(path);
    if ((path[0] != '/' && path[0] != '@') || len < 2 || len >= sizeof to->sun_path)
        return 0;
    *to = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(to->sun_path, path, len);
    if (path[0] == '@')
        to->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

static uint64_t watchdog_ms(void)
{
    const char *usec = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");
    if (usec == NULL || (pid != NULL && strtoll(pid, NULL, 10) != getpid()))
        return 0;
    const unsigned long long asked = strtoull(usec, NULL, 10);
    if (asked == 0 || asked == UINT64_MAX)
        return 0;
    return asked < 2000 ? 1 : asked / 2000;
}

void notify_init(struct notify *notify)
{
    *notify = (struct notify){.fd = -1};
    const char *path = getenv("NOTIFY_SOCKET");
    if (path == NULL)
        return;
    notify->to_octets = address_of(&notify->to, path);
    if (notify->to_octets == 0)
        return;
    notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (notify->fd >= 0)
        notify->watchdog_ms = watchdog_ms();
}

void notify_fini(struct notify *notify)
{
    if (notify->fd >= 0)
        close(notify->fd);
    notify->fd = -1;
}

void notify_send(const struct notify *notify, const char *format, ...)
{
    if (notify->fd < 0)
        return;
    char text[1000];
    va_list arguments;
    va_start(arguments, format);
    const int len = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (len < 0)
        return;
    const size_t octets = (size_t)len < sizeof text ? (size_t)len : sizeof text - 1;
    sendto(notify->fd, text, octets, MSG_NOSIGNAL, (const struct sockaddr *)&notify->to,
           notify->to_octets);
}

void notify_feed(struct notify *notify, uint64_t now_ms)
{
    if (notify->watchdog_ms == 0
        || (notify->fed_ms != 0 && now_ms - notify->fed_ms < notify->watchdog_ms))
        return;
    notify->fed_ms = now_ms;
    notify_send(notify, "WATCHDOG=1");
}

void notify_send_fd(const struct notify *notify, int fd, const char *text)
{
    if (notify->fd < 0)
        return;
    union {
        struct cmsghdr first;
        char octets[CMSG_SPACE(sizeof(int))];
    } control = {.octets = {0}};
    struct sockaddr_un to = notify->to;
    struct iovec part = {.iov_base = (void *)(uintptr_t)text, .iov_len = strlen(text)};
    const struct msghdr message = {.msg_name = &to,
                                   .msg_namelen = notify->to_octets,
                                   .msg_iov = &part,
                                   .msg_iovlen = 1,
                                   .msg_control = &control,
                                   .msg_controllen = sizeof control};
    control.first.cmsg_level = SOL_SOCKET;
    control.first.cmsg_type = SCM_RIGHTS;
    control.first.cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(&control.first), &fd, sizeof fd);
    /* poll() knows nothing of the room at the other end of a socket that isn't connected. */
    for (int tries = 0; tries < SEND_TRIES; tries++) {
        if (sendmsg(notify->fd, &message, MSG_NOSIGNAL) >= 0 || errno != EAGAIN)
            return;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
}

void notify_reloading(const struct notify *notify)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const uint64_t usec = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
    notify_send(notify, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, usec);
}
