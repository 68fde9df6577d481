/* report.h -- what the server says about itself, for people and (JSON) for machines
 * For the main loop only. JSON is one object and a newline. */
#ifndef PHAROS_SERVER_ADMIN_REPORT_H
#define PHAROS_SERVER_ADMIN_REPORT_H

#include "server/admin/server.h"

#include <stdio.h>

void report_status(FILE *to, const struct server *server, bool json);
void report_zones(FILE *to, const struct server *server, bool json);
void report_stats(FILE *to, const struct server *server, bool json);

/* For the sidecar's metrics: lines (server/sidecar/inventory.h), whatever `json` says. Those zones that
 * aren't well are listed, at most 100; or 10000 zones, those that aren't well first. */
void report_inventory(FILE *to, const struct server *server, bool json);
void report_inventory_zones(FILE *to, const struct server *server, bool json);

/* What a round did. `restart` names settings that take a restart, or is "". */
void report_round(FILE *to, const struct maintain_outcome *outcome, const char *restart,
                  bool json);

/* A reload that failed before there was a round: the configuration is refused. */
void report_refused(FILE *to, const struct notes *notes, bool json);

/* A plain sentence; `ok` is for machines. */
void report_text(FILE *to, const char *text, bool ok, bool json);

#endif
