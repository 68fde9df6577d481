/* round_log.h -- what a round of maintenance did, for the log */
#ifndef PHAROS_SERVER_ADMIN_ROUND_LOG_H
#define PHAROS_SERVER_ADMIN_ROUND_LOG_H

#include "server/maintain/maintain.h"

/* Zones of large rounds are logged one by one at debug level only; failures always are. `first`
 * says that this is the load at the start. */
void round_log(const struct maintain_outcome *outcome, bool first);

#endif
