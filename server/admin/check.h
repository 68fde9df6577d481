/* check.h -- pharosd --check-config */
#ifndef PHAROS_SERVER_ADMIN_CHECK_H
#define PHAROS_SERVER_ADMIN_CHECK_H

#include "server/base/config.h"

/* Loads all zones as the server would, prints what is wrong with them on standard error and a
 * closing line on standard output. Returns the status to exit with. */
int check_zones(const struct config *config, unsigned threads);

#endif
