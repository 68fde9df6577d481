/* fleet_none.c -- there's no fleet without libcurl and jansson; see fleet_guard.h */
#include "server/sidecar/fleet_guard.h"

#include <errno.h>
#include <stdio.h>

bool fleet_guards_possible(void)
{
    return false;
}

int fleet_guards_open(struct fleet_guards **out, uv_loop_t *loop, const struct config *config,
                      char why[FLEET_WHY_MAX])
{
    (void)out;
    (void)loop;
    (void)config;
    snprintf(why, FLEET_WHY_MAX, "this program was built without libcurl");
    return -ENOTSUP;
}

struct guard *fleet_guards_add(struct fleet_guards *guards, const char *group)
{
    (void)guards;
    (void)group;
    return NULL;
}

void fleet_guards_close(struct fleet_guards *guards)
{
    (void)guards;
}
