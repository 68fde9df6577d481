/* report.h -- groups for people and machines: `pharosctl route` and the audit log */
#ifndef PHAROS_SERVER_SIDECAR_REPORT_H
#define PHAROS_SERVER_SIDECAR_REPORT_H

#include "server/sidecar/group.h"

#include <stdio.h>

/* The members of a JSON object, without its braces: time, from, to, wish, loud, why. */
void report_decision(FILE *to, const struct decision *decision);

/* JSON objects. */
void report_signals(FILE *to, const struct group *group);
void report_guard(FILE *to, const struct group *group);
void report_thresholds(FILE *to, const struct group *group);
void report_group_json(FILE *to, const struct group *group, uint64_t now_ms);

/* Some lines. */
void report_group_text(FILE *to, const struct group *group, uint64_t now_ms);

/* "2026-01-02T03:04:05.678Z"; returns `text`. */
const char *report_time(uint64_t wall_ms, char text[40]);

#endif
