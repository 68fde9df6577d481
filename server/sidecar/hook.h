/* hook.h -- a command that announces and withdraws: HOOK up|drain|down ADDRESS...
 * One run at a time. A run that fails, or lasts too long and is killed, is tried again with growing
 * pauses; a wish for another state ends a run under way. What a run that failed or was ended has started is
 * killed with it. For one loop's thread. */
#ifndef PHAROS_SERVER_SIDECAR_HOOK_H
#define PHAROS_SERVER_SIDECAR_HOOK_H

#include "server/sidecar/hand.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum {
    HOOK_ADDRESSES_MAX = 16,
    HOOK_TIMEOUT_MS = 10000,
    HOOK_PAUSE_FIRST_MS = 500,
    HOOK_PAUSE_MAX_MS = 30000,
};

struct hook {
    /* The caller's, before hook_start(). */
    const char *path;
    char *address[HOOK_ADDRESSES_MAX + 1]; /* ends with NULL; borrowed */
    unsigned timeout_ms;
    unsigned pause_max_ms; /* between attempts */
    void (*finished)(struct hook *hook, enum hand_route route,
                     int err); /* err: 0 or a negative errno */
    void *data;

    /* Private. */
    uv_loop_t *loop;
    uv_process_t process;
    uv_timer_t timer; /* of the run, or of the pause after it */
    bool running;
    enum hand_route running_route;
    bool exited_well;
    enum hand_route wanted_route;
    bool wanted; /* still to be reached */
    bool pausing;
    unsigned pause_ms;
};

void hook_start(struct hook *hook, uv_loop_t *loop);

/* Wants `route`. To be repeated at will: what runs or waits already goes on. */
void hook_want(struct hook *hook, enum hand_route route);

/* Lets a run go on by itself; closes all else. */
void hook_stop(struct hook *hook);

#endif
