/* fleet_guard.h -- the guard of a node whose fleet has a store
 * One connection to the store for all groups; each group has a guard, and keys of its own. Where this is
 * built without libcurl there's none to be had. For one loop's thread. */
#ifndef PHAROS_SERVER_SIDECAR_FLEET_GUARD_H
#define PHAROS_SERVER_SIDECAR_FLEET_GUARD_H

#include "server/base/config.h"
#include "server/sidecar/guard.h"

#include <uv.h>

enum { FLEET_WHY_MAX = 256 };

struct fleet_guards;

/* Whether a fleet can be had at all. */
bool fleet_guards_possible(void);

/* The texts of `config` are borrowed as long as this lives. Returns 0 or a negative errno with a few words in `why`. */
int fleet_guards_open(struct fleet_guards **out, uv_loop_t *loop, const struct config *config,
                      char why[FLEET_WHY_MAX]);

/* The guard of a group; it lives as long as the others do. NULL: out of memory. */
struct guard *fleet_guards_add(struct fleet_guards *guards, const char *group);

/* Nothing more goes to the store: registrations end with their lease. */
void fleet_guards_close(struct fleet_guards *guards);

#endif
