/* inventory_client.h -- asks pharosd for its inventory, now and then
 * Over RUN-DIR/control.sock, without ever waiting: at most INVENTORY_PATIENCE_MS and INVENTORY_OCTETS_MAX an
 * answer, one question at a time. For one loop's thread. */
#ifndef PHAROS_SERVER_SIDECAR_INVENTORY_CLIENT_H
#define PHAROS_SERVER_SIDECAR_INVENTORY_CLIENT_H

#include "server/sidecar/inventory.h"

#include <uv.h>

enum { INVENTORY_PATIENCE_MS = 5000 };

struct inventory_question;

/* `text`, which ends with a NUL beyond its octets, becomes the receiver's, to be freed; NULL with a negative
 * errno otherwise. */
typedef void inventory_told(void *arg, char *text, size_t octets, int err);

/* Asks; `told` is called once, later, unless it's cancelled. Returns NULL, out of memory. */
struct inventory_question *inventory_ask(uv_loop_t *loop, const char *path, bool all_zones,
                                         inventory_told *told, void *arg);

/* `told` isn't called any more. Not for one that has been told. NULL is harmless. */
void inventory_cancel(struct inventory_question *question);

#endif
