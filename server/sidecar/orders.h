/* orders.h -- RUN-DIR/sidecar.sock: what operators ask and say
 * A connection brings one line (route_request.h) and gets "ok OCTETS\n" or "failed OCTETS\n" with so many
 * octets of text after it; then it's closed. At most ORDERS_CLIENTS_MAX at a time, ORDERS_PATIENCE_MS each.
 * For one loop's thread. */
#ifndef PHAROS_SERVER_SIDECAR_ORDERS_H
#define PHAROS_SERVER_SIDECAR_ORDERS_H

#include "server/sidecar/route_request.h"

#include <stdio.h>
#include <uv.h>

enum { ORDERS_CLIENTS_MAX = 16, ORDERS_PATIENCE_MS = 2000 };

struct orders;

/* Carries a request out and writes its text. Returns whether all went well. */
typedef bool orders_carry_out(void *arg, const struct route_request *request, FILE *to);

/* Listens at `path`. An old socket that nobody listens at is replaced. Returns 0 or a negative errno:
 * -EADDRINUSE where somebody answers there. */
int orders_open(struct orders **out, uv_loop_t *loop, const char *path,
                orders_carry_out *carry_out, void *arg);

/* Ends all connections, removes the socket and frees once the loop has turned. NULL is harmless. */
void orders_close(struct orders *orders);

#endif
