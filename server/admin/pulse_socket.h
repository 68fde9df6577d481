/* pulse_socket.h -- RUN-DIR/pulse.sock: hands the pulse over and hears the announcers
 * Whoever connects gets PULSE_HELLO and the memfd of the pulse (SCM_RIGHTS), and keeps the connection:
 * its end tells that the process died. An announcer says lines: "announcer" once, then "up" and "down"
 * whenever its route has changed. Other lines are ignored; lines that are too long end the connection.
 * Who may connect is for the folder's rights to say. All functions are for the loop's thread,
 * except where said otherwise. */
#ifndef PHAROS_SERVER_ADMIN_PULSE_SOCKET_H
#define PHAROS_SERVER_ADMIN_PULSE_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

enum {
    PULSE_SOCKET_CLIENTS_MAX = 32, /* more are turned away */
    PULSE_SOCKET_STRANGER_MAX =
        8, /* of them of one user who is neither root nor the server's */
};

struct pulse_socket;

/* Listens; run-dir's lock is held, so that an old socket there is nobody's. `memfd` is borrowed until
 * the close. Returns 0 or a negative errno. */
int pulse_socket_open(struct pulse_socket **out, uv_loop_t *loop, const char *run_dir,
                      int memfd);

/* Calls back once when every announcer that is connected has said that its route is down (a first
 * time now, where none is connected), or after `timeout_ms`. `withdrawn` tells which. Set
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
