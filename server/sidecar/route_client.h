/* route_client.h -- tells the route's driver what the verdict wishes
 * Keeps a connection to the driver's control socket (hand.h has its lines), asks for its state every
 * second and gives the word again where the two differ, unless the driver has let go by itself of what it
 * had up for this wish: that's ROUTE_WITHDRAWN, and the verdict must answer it with another wish. A word
 * that was refused, as where the driver didn't find the server well for a moment, is given again sooner.
 * Without a path it's a dry run. For one loop's thread. */
#ifndef PHAROS_SERVER_SIDECAR_ROUTE_CLIENT_H
#define PHAROS_SERVER_SIDECAR_ROUTE_CLIENT_H

#include "server/base/answer_config.h"
#include "server/sidecar/control.h"
#include "server/sidecar/verdict.h"

#include <uv.h>

enum {
    ROUTE_CLIENT_ASK_MS = 1000,
    ROUTE_CLIENT_AGAIN_MS = 50, /* a word that was refused is given again after that */
};

/* How far the driver is with the route that it tells: only what's applied stands. */
enum progress { PROGRESS_UNKNOWN, PROGRESS_APPLIED, PROGRESS_PENDING, PROGRESS_FAILING };

struct route_client {
    enum route
        route; /* as last heard; ROUTE_UNKNOWN after a word was given, until it's asked again */
    enum progress progress; /* of that */
    enum wish wish;
    uint8_t instance[INSTANCE_OCTETS]; /* the server that "up" is for, now; by the caller */

    /* Private. */
    const char *name; /* for the log; borrowed */
    const char *path; /* borrowed; NULL: dry run */
    uv_loop_t *loop;
    uv_timer_t timer;
    uv_pipe_t *pipe; /* NULL: not connected */
    uv_connect_t connect;
    bool connected;
    bool told_away; /* the log has it */
    bool told_refused;
    bool told_failing;
    unsigned pending; /* answers still to come */
    bool overdue;     /* none of them came since the last round */
    bool asked;       /* the last that was said is "get" */
    bool seen_up;     /* since the wish changed */
    size_t filled;
    char line[CONTROL_LINE_MAX + 1];
};

int route_client_start(struct route_client *client, uv_loop_t *loop, const char *name,
                       const char *path);

/* A new wish; told at once. */
void route_client_wish(struct route_client *client, enum wish wish);

/* What is at the path may be another driver now. In a dry run there's none. */
void route_client_reconnect(struct route_client *client);

void route_client_stop(struct route_client *client);

/* What a state line of a driver means. One without PROGRESS is believed. */
enum route route_from_text(const char *line);
enum progress progress_from_text(const char *line);

const char *progress_to_text(enum progress progress);

#endif
