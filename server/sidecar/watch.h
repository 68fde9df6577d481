/* watch.h -- is the server alive?
 * Keeps a connection to RUN-DIR/pulse.sock, maps the pulse that comes over it, and tells what becomes
 * of the server. A crash shows first by the robust mutex of worker 0 (a thread waits for it), then by
 * the end of the connection; a hang by heartbeats that stand still. For one loop's thread. */
#ifndef PHAROS_SERVER_SIDECAR_WATCH_H
#define PHAROS_SERVER_SIDECAR_WATCH_H

#include "server/sidecar/heartbeats.h"

#include <uv.h>

enum server {
    SERVER_UNKNOWN,  /* the watch has just begun */
    SERVER_AWAY,     /* crashed, or nobody is there */
    SERVER_STARTING, /* there, and not serving yet */
    SERVER_WELL,
    SERVER_HUNG,    /* no worker moves */
    SERVER_LEAVING, /* stops on purpose */
};

const char *server_to_text(enum server server);

struct watch_thread;

struct watch {
    enum server server;
    struct pulse_view view; /* view.pulse is NULL while there's none */
    struct heartbeats beats;

    /* Called when `server` has changed. */
    void (*changed)(struct watch *watch);
    /* Called every PULSE_TICK_MS, after the above; may be NULL. */
    void (*ticked)(struct watch *watch);
    void *data; /* the caller's */
    /* Told to the server at each connection; the caller may change it. */
    const char *greeting;

    /* Private. */
    const char *path;
    uv_loop_t *loop;
    uv_timer_t timer;
    uv_poll_t *poll; /* NULL: not connected */
    int fd;
    struct watch_thread *thread;
    unsigned looks; /* since the beginning or the connection, up to those that tell it is away */
    unsigned until_tick; /* looks */
};

/* Begins; `changed`, `ticked`, `data` and `greeting` are set by then. With a greeting the
 * watch waits for the mutex as well; with NULL it only reads. `path` is borrowed.
 * Returns 0 or a negative errno. */
int watch_start(struct watch *watch, uv_loop_t *loop, const char *path);

/* Tells the server a line, if it's connected. */
void watch_tell(struct watch *watch, const char *line);

/* Ends all; the handles close with the loop's next turns. */
void watch_stop(struct watch *watch);

/* Waits for at most `timeout_ms` for the owner of a robust futex to die. True: it's dead. Wakes the
 * other waiters then, since the kernel wakes one alone. The word may hold anything. */
bool watch_wait_death(_Atomic uint32_t *word, unsigned timeout_ms);

#endif
