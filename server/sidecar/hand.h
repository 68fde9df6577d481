/* hand.h -- the hand on the route: keeps the last word, and lets go when the server dies
 * What the announcer and the exec hook have in common. Over the control socket come lines, each
 * answered with one:
 *
 *     up [INSTANCE]  announce; refused unless the server is well (and is that instance, 32 hex digits)
 *     down           withdraw
 *     drain          announce with lower preference, where it's announced; a driver that can't do that
 *                    withdraws
 *     get            STATE REASON PROGRESS
 *
 * STATE is "up", "drain" or "down". REASON tells why: "start" (nobody has said a word yet), "taken-over" (found
 * up at the start), "word", or the dead man's: "server-away", "server-hung", "server-leaving",
 * "server-starting". PROGRESS is "applied", "pending" or "failing". The last word is kept
 * when who gave it goes away. After the dead man has acted the route stays down until the next "up". When
 * the server leaves on purpose, a driver that can drains for HAND_LEAVING_MS first.
 * For one loop's thread. */
#ifndef PHAROS_SERVER_SIDECAR_HAND_H
#define PHAROS_SERVER_SIDECAR_HAND_H

#include "server/base/notify.h"
#include "server/sidecar/control.h"
#include "server/sidecar/watch.h"

enum { HAND_LEAVING_MS = 500 };

enum hand_route { HAND_DOWN, HAND_DRAIN, HAND_UP };
enum hand_progress { HAND_PENDING, HAND_APPLIED, HAND_FAILING };

struct hand;

/* How a route is announced and withdrawn. apply() may come to an end later; it reports with
 * hand_report() in either case. It's called every `refresh_ms` while the wanted state isn't reached, and
 * if `refreshes` also after: so a lease is renewed, and what somebody changed is put right. */
struct hand_driver {
    void (*apply)(struct hand *hand, enum hand_route route);
    void *data;
    bool refreshes;
    bool drains; /* knows HAND_DRAIN; otherwise it's never told that */
    bool looks;  /* doesn't know yet what is announced; hand_found() will tell */
    unsigned refresh_ms;
};

struct hand {
    struct hand_driver driver;
    enum hand_route route; /* wanted */
    bool unknown;       /* the driver looks: nothing is applied, until a word or the dead man */
    const char *reason; /* of `route` */
    uint64_t wanted_ms; /* since when, by the loop's time */
    enum hand_progress progress;
    uint64_t refreshed_ms; /* when apply() was last called */
    struct watch watch;
    struct control *control;
    struct notify notify;
};

/* Begins with the state found (HAND_DOWN where the driver looks), and tells the service manager, whose watchdog each tick feeds. Returns 0 or a negative errno. */
int hand_start(struct hand *hand, uv_loop_t *loop, const struct hand_driver *driver,
               enum hand_route found, const char *pulse_path, const char *control_path);

/* What a driver that looked has found; without effect where a word or the dead man came first. */
void hand_found(struct hand *hand, enum hand_route found);

/* The driver's word about `route`: 0, or a negative errno. */
void hand_report(struct hand *hand, enum hand_route route, int err);

const char *hand_route_to_text(enum hand_route route);

/* Runs the loop until SIGTERM or SIGINT: what a program does between start and stop. SIGPIPE is ignored by
 * then. */
void hand_run(struct hand *hand);

/* Ends; the route stays as it is. */
void hand_stop(struct hand *hand);

/* The lines' meaning; for tests too. */
control_answer hand_answer;

/* A line for the log on standard error, with its time. */
void hand_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
