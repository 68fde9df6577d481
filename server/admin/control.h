/* control.h -- RUN-DIR/control.sock: the operator's hand on the server
 * Speaks what control_request.h describes. Whoever may connect may do everything: the rights of
 * the folder and of the socket (its owner alone, under the usual umask) decide. Slow and silent
 * clients cost a descriptor and nothing else, and are closed after a time. For the main loop
 * only. */
#ifndef PHAROS_SERVER_ADMIN_CONTROL_H
#define PHAROS_SERVER_ADMIN_CONTROL_H

#include "server/admin/server.h"

enum {
    CONTROL_CLIENTS_MAX = 32, /* more are turned away */
    CONTROL_IDLE_MS = 10000,  /* for the request to come, and for the answer to be taken */
};

struct control;

/* Listens; run-dir's lock is held, so that an old socket there is nobody's. `server` is
 * borrowed. Returns 0 or a negative errno. */
int control_open(struct control **out, struct server *server, const char *run_dir);

/* The same with a listening socket from another process, which it owns in any case. */
int control_inherit(struct control **out, struct server *server, const char *run_dir,
                    int listener);

/* A descriptor of the listening socket, borrowed. */
int control_listener(const struct control *control);

/* Another server listens at the socket from now on: a close leaves it there. */
void control_hand_over(struct control *control);

/* Removes the socket and closes all clients, but those whose answers are on their way get them
 * where their sockets take them at once. Frees when the loop has turned. No reload may be under
 * way. */
void control_close(struct control *control);

#endif
