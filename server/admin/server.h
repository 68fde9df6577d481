/* server.h -- the parts of a running pharosd, together
 * Plain data that main.c fills; the folder's modules read it. All of it is the main loop's. */
#ifndef PHAROS_SERVER_ADMIN_SERVER_H
#define PHAROS_SERVER_ADMIN_SERVER_H

#include "server/admin/options.h"
#include "server/admin/pulse_socket.h"
#include "server/base/notify.h"
#include "server/base/pulse.h"
#include "server/io/front.h"
#include "server/maintain/maintain.h"

#include <time.h>
#include <uv.h>

struct control;
struct progress;
struct reload;
struct takeover;
struct upgrade;

struct server {
    uv_loop_t *loop;
    const struct options *options;
    struct config config; /* as at the start, for what can't change while it runs; its zones are
                           * let go once they're in the roster */
    uint8_t cookie_secret[COOKIE_SECRET_OCTETS]; /* where the configuration has none */
    unsigned workers;
    unsigned threads; /* of the pool */
    int lock;         /* -1: no run-dir */
    int memfd;        /* of the pulse */
    struct pulse *pulse;
    struct store *store;
    struct front *front;
    struct maintain *maintain;
    struct pulse_socket *pulse_socket; /* NULL: no run-dir */
    struct control *control;           /* NULL: no run-dir */
    struct reload *reload;
    struct progress *progress;
    struct upgrade *upgrade;
    struct takeover *takeover; /* NULL: we weren't started to take over from another server, or
                                * have by now */
    struct notify notify;

    bool answering; /* the front was started */
    bool stopping;
    bool drained;
    bool handed_over;    /* another server goes on; ours ends */
    time_t started;      /* seconds since 1970 */
    uint64_t started_ms; /* of the loop's clock */

    struct {
        time_t at; /* 0: none yet */
        double seconds;
        bool well;
        char restart[128]; /* settings that changed but take a restart: "listen, user"; or "" */
    } last_reload;

    void (*stop)(struct server *server);       /* begins to drain */
    void (*round_over)(struct server *server); /* after each round of maintenance */
};

#endif
