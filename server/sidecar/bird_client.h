/* bird_client.h -- a connection to BIRD's control socket, one command at a time
 * Connects, and again whenever it's lost; asks BIRD to tell what it writes to its log, so that a
 * reconfiguration is known at once. A command without its whole reply after BIRD_TIMEOUT_MS ends the
 * connection. For one loop's thread. */
#ifndef PHAROS_SERVER_SIDECAR_BIRD_CLIENT_H
#define PHAROS_SERVER_SIDECAR_BIRD_CLIENT_H

#include "server/sidecar/bird_reply.h"

#include <uv.h>

enum { BIRD_COMMAND_MAX = 96, BIRD_TIMEOUT_MS = 1000, BIRD_RETRY_MS = 100 };

struct bird_client {
    /* The caller's. None is called from within a call of the caller's. */
    const char *path;
    void (*ready)(struct bird_client *client); /* connected anew: commands can be said */
    void (*heard)(struct bird_client *client, const struct bird_line *line); /* of the reply */
    void (*done)(struct bird_client *client, int err); /* the command is: 0, -ETIMEDOUT, or
                                                          what ended the connection */
    void (*noticed)(struct bird_client *client);       /* protocols may have changed */
    void *data;

    /* For the caller: why there's no connection, or why the last one ended; a negative errno, or 0. */
    int lost;

    /* Private. */
    uv_loop_t *loop;
    uv_timer_t timer; /* of the command, or until the next attempt to connect */
    uv_pipe_t *pipe;  /* NULL: none */
    uv_connect_t *connect;
    enum { BIRD_AWAY, BIRD_GREETING, BIRD_ECHO, BIRD_IDLE, BIRD_BUSY } state;
    struct bird_reader reader;
    char octets[4096]; /* as received */
};

/* Begins to connect. Returns 0 or a negative errno. */
int bird_client_start(struct bird_client *client, uv_loop_t *loop);

/* Says a command, without its newline; one that was said before is over by then. Returns 0, -ENOTCONN or
 * -EBUSY; after 0 done() is called once. */
int bird_client_say(struct bird_client *client, const char *command);

/* Ends all, without a word; the handles close with the loop's next turns. */
void bird_client_stop(struct bird_client *client);

#endif
