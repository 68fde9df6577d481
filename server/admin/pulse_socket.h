/* pulse_socket.h -- RUN-DIR/pulse.sock: hands the pulse over and hears the announcers
 * Whoever connects gets PULSE_HELLO and the memfd of the pulse (SCM_RIGHTS), and keeps the connection:
 * its end tells that the process died. At an upgrade the hello comes once more, with the pulse of the
 * server that goes on: from there on that one counts, whatever becomes of the first. An announcer says lines: "announcer" once, then "up" and "down"
 * whenever its route has changed. Other lines are ignored; lines that are too long end the connection.
 * Who may connect is for the folder's rights to say. All functions are for the loop's thread,
 * except where said otherwise. */
#ifndef PHAROS_SERVER_ADMIN_PULSE_SOCKET_H
#define PHAROS_SERVER_ADMIN_PULSE_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

enum {
    PULSE_SOCKET_LINE_MAX = 64,
    PULSE_SOCKET_CLIENTS_MAX = 32, /* more are turned away */
    PULSE_SOCKET_STRANGER_MAX =
        8,                        /* of them of one user who is neither root nor the server's */
    PULSE_SOCKET_LOST_MS = 10000, /* the kernel's lease by default */
};

struct pulse_socket;

/* A watcher on its way from one server to the next. */
struct pulse_watcher {
    int fd;
    uid_t user; /* who connected */
    bool announcer;
    bool up;
    uint32_t filled; /* octets of `line`, which isn't whole yet */
    char line[PULSE_SOCKET_LINE_MAX];
};

/* Listens; run-dir's lock is held, so that an old socket there is nobody's. `memfd` is borrowed until
 * the close. Returns 0 or a negative errno. */
int pulse_socket_open(struct pulse_socket **out, uv_loop_t *loop, const char *run_dir,
                      int memfd);

/* The same with a listening socket from another process, which it owns if it returns 0. */
int pulse_socket_inherit(struct pulse_socket **out, uv_loop_t *loop, const char *run_dir,
                         int memfd, int listener);

/* The listening socket, borrowed. */
int pulse_socket_listener(const struct pulse_socket *ps);

/* A planned hand-over to another server: sends every watcher a hello with the memfd of that one's
 * pulse, which serves by now, and lets go of the watchers and of the listening socket, so that a
 * close leaves them alone. `each` may pass a watcher's descriptor on; it's borrowed. */
void pulse_socket_hand_over(struct pulse_socket *ps, int memfd,
                            void (*each)(void *context, const struct pulse_watcher *watcher),
                            void *context);

/* Goes on with a watcher that was handed over; its descriptor is owned, in any case. */
void pulse_socket_adopt(struct pulse_socket *ps, const struct pulse_watcher *watcher);

/* Calls back once when every announcer that is connected has said that its route is down (a first
 * time now, where none is connected), or after `timeout_ms`. `withdrawn` tells which. One whose connection
 * ended before it said so is waited for: until it's back and says it, or PULSE_SOCKET_LOST_MS after the end. Set
 * PULSE_DRAINING first: that is what the announcers act on. One call at a time; a close drops it. */
void pulse_socket_wait_withdrawn(struct pulse_socket *ps, unsigned timeout_ms,
                                 void (*callback)(void *arg, bool withdrawn), void *arg);

/* Announcers connected, and those of them that say up. */
void pulse_socket_count(const struct pulse_socket *ps, unsigned *announcers, unsigned *up);

/* For a fatal signal's handler: ends all connections at once, so that watchers needn't wait for the
 * core to be written. Async-signal-safe; any thread. The process must end after it. */
void pulse_socket_crash(const struct pulse_socket *ps);

/* Ends all connections, removes the socket and frees once the loop has turned. */
void pulse_socket_close(struct pulse_socket *ps);

#endif
