/* control_request.h -- what a client asks the control socket
 * One line of words with single spaces between, at most CONTROL_LINE_MAX octets with its
 * newline:
 *
 *     status | zones | stats | stop | reload [NAME] | upgrade [SECONDS], then "json" where a
 * machine reads the answer; inventory | inventory-zones, for the sidecar's metrics
 *
 * The server answers "ok LENGTH" or "failed LENGTH" and a newline, LENGTH octets of text, and
 * ends the connection. */
#ifndef PHAROS_SERVER_ADMIN_CONTROL_REQUEST_H
#define PHAROS_SERVER_ADMIN_CONTROL_REQUEST_H

#include "zone/name.h"

#include <stdbool.h>
#include <stddef.h>

enum { CONTROL_LINE_MAX = NAME_TEXT_MAX + 64 };

/* In RUN-DIR. */
#define CONTROL_SOCKET "control.sock"

enum control_command {
    CONTROL_STATUS,
    CONTROL_ZONES,
    CONTROL_STATS,
    CONTROL_STOP,
    CONTROL_RELOAD,
    CONTROL_UPGRADE,
    CONTROL_INVENTORY,
    CONTROL_INVENTORY_ZONES,
};

enum { CONTROL_SECONDS = 300, CONTROL_SECONDS_MAX = 86400 };

struct control_request {
    enum control_command command;
    bool json;
    bool named;       /* for CONTROL_RELOAD: this zone only */
    struct name name; /* lower case */
    unsigned seconds; /* for CONTROL_UPGRADE: how long the new server may take to be ready */
};

/* Reads a line without its newline; any octets may come in. Returns NULL, or what is wrong in
 * words for people, which doesn't repeat the input. */
const char *control_request_parse(struct control_request *request, const char *line,
                                  size_t len);

#endif
