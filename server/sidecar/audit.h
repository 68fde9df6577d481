/* audit.h -- files of JSON lines: the decisions (route.audit) and the samples (--record)
 * Appended to, a line a write; opened again when told, after rotation. A line that couldn't be written whole,
 * now or by whoever wrote there before, is ended before the next one. */
#ifndef PHAROS_SERVER_SIDECAR_AUDIT_H
#define PHAROS_SERVER_SIDECAR_AUDIT_H

#include "server/sidecar/group.h"

#include <stdio.h>

struct audit {
    char *path; /* owned; NULL: nothing is written */
    FILE *file;
    bool told; /* that writing fails */
    bool torn; /* the file may end within a line */
};

/* Writes to `path` from now on; NULL: nowhere. Returns 0 or a negative errno, with all as it was. */
int audit_open(struct audit *audit, const char *path);

/* Opens the file again. */
void audit_reopen(struct audit *audit);
void audit_close(struct audit *audit);

/* A decision with the numbers behind it, and a tick's observation. */
void audit_decision(struct audit *audit, const struct group *group, const struct decision *d);
void audit_record(struct audit *audit, const struct group *group);

#endif
