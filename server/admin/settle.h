/* settle.h -- what answers depend on that isn't in the configuration
 * The instance's id, and the cookie secret of a server that was given none: both are the
 * server's own and outlive reloads, and upgrades to another process: clients needn't fetch new
 * cookies, and who probes for the instance still finds it here. */
#ifndef PHAROS_SERVER_ADMIN_SETTLE_H
#define PHAROS_SERVER_ADMIN_SETTLE_H

#include "server/admin/server.h"

/* Draws the server's own cookie secret, or takes over those of the server before; the pulse is there by
 * then. Returns 0 or a negative errno. */
int settle_begin(struct server *server);

/* Fills in what `answer`, fresh from the configuration, lacks. */
void settle_answer(const struct server *server, struct answer_config *answer);

#endif
