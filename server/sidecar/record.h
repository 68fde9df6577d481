/* record.h -- observations as JSON lines: written by --record, read by --replay
 * An object a tick and group with unsigned numbers and plain strings; what is zero is left out. Reading
 * takes any octets: keys that it doesn't know are passed over, numbers beyond their range refused. */
#ifndef PHAROS_SERVER_SIDECAR_RECORD_H
#define PHAROS_SERVER_SIDECAR_RECORD_H

#include "server/base/config.h"
#include "server/sidecar/observation.h"

#include <stdio.h>

enum { RECORD_LINE_MAX = 8192 };

struct record {
    char group[GROUP_NAME_MAX + 1];
    uint64_t now_ms;  /* monotonic */
    uint64_t wall_ms; /* since 1970 */
    struct observation observation;
};

/* Writes one line. Returns 0 or a negative errno. */
int record_write(FILE *to, const struct record *record);

/* Reads one line, with or without its newline. Returns 0 or -EBADMSG. */
int record_read(struct record *record, const char *line, size_t octets);

#endif
