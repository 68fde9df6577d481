/* settle.h -- what answers depend on that isn't in the configuration
 * The instance's id, and the cookie secret of a server that was given none: both are the
 * process's own and outlive reloads. */
#ifndef PHAROS_SERVER_ADMIN_SETTLE_H
#define PHAROS_SERVER_ADMIN_SETTLE_H

#include "server/admin/server.h"

/* Draws the server's own cookie secret. Returns 0 or a negative errno. */
int settle_begin(struct server *server);

/* Fills in what `answer`, fresh from the configuration, lacks. */
void settle_answer(const struct server *server, struct answer_config *answer);

#endif
