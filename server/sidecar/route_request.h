/* route_request.h -- what an operator asks the sidecar
 * One line of words with single spaces between: a command, a group's name or none for all, and "json".
 * pharosctl checks it before it sends, the sidecar when it comes. */
#ifndef PHAROS_SERVER_SIDECAR_ROUTE_REQUEST_H
#define PHAROS_SERVER_SIDECAR_ROUTE_REQUEST_H

#include "server/base/config.h"

#include <stdbool.h>
#include <stddef.h>

/* The sidecar's socket in run-dir. */
#define ROUTE_SOCKET "sidecar.sock"

enum { ROUTE_LINE_MAX = 128 };

enum route_command {
    ROUTE_COMMAND_SHOW,
    ROUTE_COMMAND_DRAIN,
    ROUTE_COMMAND_UNDRAIN,
    ROUTE_COMMAND_HOLD,
    ROUTE_COMMAND_RELEASE,
    ROUTE_COMMAND_FORCE_UP,
    ROUTE_COMMAND_FORCE_DOWN,
};

struct route_request {
    enum route_command command;
    bool json;
    char group[GROUP_NAME_MAX + 1]; /* "": all */
};

/* Whether a line's first word is one of these commands. */
bool route_request_is(const char *line);

/* Returns NULL, or what is wrong. `line` has no newline. */
const char *route_request_parse(struct route_request *request, const char *line);

#endif
