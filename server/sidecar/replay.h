/* replay.h -- would yesterday have been another day with these thresholds?
 * Judges recorded observations anew by a configuration and prints each decision with its reasons. The
 * simulated route follows the simulated decisions; what the server did, and what operators said, stays as
 * it was recorded. */
#ifndef PHAROS_SERVER_SIDECAR_REPLAY_H
#define PHAROS_SERVER_SIDECAR_REPLAY_H

#include "server/base/config.h"

#include <stdio.h>

/* Reads records from `from` (named `name` in messages). Lines that are none, as a full disk leaves them, are
 * passed over and counted on `errors`, the first of them by its place. Returns 0, -ENOMEM, or -EBADMSG for
 * a file without any record that has something else in it. */
int replay(FILE *from, const char *name, const struct config_route *route, FILE *to,
           FILE *errors);

#endif
