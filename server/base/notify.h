/* notify.h -- tells the service manager how we are: sd_notify(3)'s protocol
 * A datagram of VARIABLE=VALUE lines to the socket that NOTIFY_SOCKET names, in the file system
 * or abstract. Without that variable all of it does nothing. Failures are ignored: nobody could
 * act on them. Not for several threads at once. */
#ifndef PHAROS_SERVER_BASE_NOTIFY_H
#define PHAROS_SERVER_BASE_NOTIFY_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct notify {
    int fd; /* -1: nobody listens */
    struct sockaddr_un to;
    socklen_t to_octets;
    uint64_t watchdog_ms; /* how often to say WATCHDOG=1: half of what is asked for; 0: never */
    uint64_t fed_ms;      /* when notify_feed() last said it */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID from the environment. */
void notify_init(struct notify *notify);
void notify_fini(struct notify *notify);

/* Sends the text as printf() makes it, cut at 1000 octets. */
void notify_send(const struct notify *notify, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Says WATCHDOG=1 where it's due. To be called all the time by the loop that does the work, with its own
 * monotonic time: a loop that stands still says nothing. */
void notify_feed(struct notify *notify, uint64_t now_ms);

/* Sends a text with a descriptor, which stays the caller's. Waits for room, a second at most. */
void notify_send_fd(const struct notify *notify, int fd, const char *text);

/* RELOADING=1 with the time that systemd asks for; READY=1 ends it. */
void notify_reloading(const struct notify *notify);

#endif
