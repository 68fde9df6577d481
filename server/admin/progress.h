/* progress.h -- how far a long load is, for those who wait for it
 * From the third second on: a line that is written over on a terminal, a log line every few
 * seconds elsewhere, and in any case word to the service manager that it takes longer. */
#ifndef PHAROS_SERVER_ADMIN_PROGRESS_H
#define PHAROS_SERVER_ADMIN_PROGRESS_H

#include "server/admin/server.h"

struct progress;

/* `server` is borrowed. NULL out of memory. */
struct progress *progress_new(struct server *server);

/* A round begins; it's watched until it's over. NULL watches nothing. */
void progress_watch(struct progress *progress);

/* Ends the watching. A line on a terminal is wiped. */
void progress_stop(struct progress *progress);

/* Frees when the loop has turned. */
void progress_close(struct progress *progress);

#endif
