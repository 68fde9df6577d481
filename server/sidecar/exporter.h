/* exporter.h -- serves the sidecar's metrics: /metrics, /healthz, /readyz
 * Takes a picture each tick, hands a copy to the thread that serves it, and asks pharosd for what isn't in
 * the pulse. Whatever fails here, the route is watched all the same. For the sidecar's loop alone. */
#ifndef PHAROS_SERVER_SIDECAR_EXPORTER_H
#define PHAROS_SERVER_SIDECAR_EXPORTER_H

#include "server/base/config.h"
#include "server/sidecar/group.h"

struct exporter;

/* True where this build can serve what is configured. */
bool exporter_possible(const struct config_metrics *config);

/* Does nothing where `config` has no address. Returns NULL, out of memory. */
struct exporter *exporter_start(uv_loop_t *loop, const struct config_metrics *config,
                                const char *run_dir);

/* Takes over what has changed. */
void exporter_configure(struct exporter *exporter, const struct config_metrics *config);

/* A tick: after the groups have decided. */
void exporter_tick(struct exporter *exporter, const struct watch *watch,
                   struct group *const *group, size_t groups, uint64_t now_ms);

/* Ends the thread; handles close with the loop's next turns. NULL is harmless. */
void exporter_stop(struct exporter *exporter);

#endif
