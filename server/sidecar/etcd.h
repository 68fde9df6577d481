/* etcd.h -- asks etcd, over HTTP or HTTPS
 * Several endpoints are tried in turn: one that fails or refuses is left for the next one, and whoever asked
 * asks again (fleet.h has the back-off). Where a user is configured a token is fetched, and again when it
 * isn't taken any more. For one loop's thread; nothing here blocks: names of endpoints are looked up by a
 * thread of libcurl's, which may outlast the call. */
#ifndef PHAROS_SERVER_SIDECAR_ETCD_H
#define PHAROS_SERVER_SIDECAR_ETCD_H

#include "server/base/config.h"
#include "server/sidecar/etcd_message.h"

#include <uv.h>

enum { ETCD_TIMEOUT_MS = 2000, ETCD_CONNECT_MS = 1000, ETCD_PASSWORD_MAX = 256 };

struct etcd;

/* A question under way; the caller's storage, zeroed. It may not be moved. */
struct etcd_call {
    /* Called once; borrows `reply`. Not after etcd_drop(). */
    void (*answered)(struct etcd_call *call, const struct fleet_reply *reply);
    void *data;

    /* Private. */
    struct etcd *etcd;
    void *easy;    /* NULL: nothing is under way */
    void *headers; /* of libcurl's */
    struct fleet_request request;
    char prefix[ETCD_PREFIX_MAX + 1];
    struct etcd_text text, login_text;
    bool login;     /* this is under way, before the request */
    bool logged_in; /* again, for this request */
    char *body;
    size_t octets, room;
    char error[256];
};

/* The texts of `fleet` are borrowed as long as this lives. Returns 0 or a negative errno with a few words in `why`. */
int etcd_open(struct etcd **out, uv_loop_t *loop, const struct config_fleet *fleet,
              char why[ETCD_ERROR_MAX]);

/* All calls must have been dropped or answered. Frees once the loop has turned. */
void etcd_close(struct etcd *etcd);

/* Sends a request. Peers' names are used at once. Returns 0, or a negative errno without any answer. */
int etcd_ask(struct etcd *etcd, struct etcd_call *call, const struct fleet_request *request,
             const char *prefix);

/* Forgets a call that is under way, if it is. */
void etcd_drop(struct etcd_call *call);

#endif
