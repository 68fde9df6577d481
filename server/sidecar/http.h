/* http.h -- a few pages over HTTP/1.1, by libmicrohttpd in a thread of its own
 * Own thread, since a page of some thousand lines and its slow readers shan't cost the sidecar's loop a
 * tick. It takes GET and HEAD alone; whoever may connect is hostile: at most HTTP_CONNECTIONS_MAX
 * connections, HTTP_CONNECTIONS_CLIENT_MAX from an address, HTTP_REQUEST_OCTETS_MAX octets of request, one
 * request each, HTTP_PATIENCE_MS for all of it from accept to the last octet. Nothing is logged for
 * what clients do. A page of metrics is made at most once in HTTP_FRESH_MS, however many ask. */
#ifndef PHAROS_SERVER_SIDECAR_HTTP_H
#define PHAROS_SERVER_SIDECAR_HTTP_H

#include "server/base/address.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
    HTTP_CONNECTIONS_MAX = 32,
    HTTP_CONNECTIONS_CLIENT_MAX = 8,
    HTTP_REQUEST_OCTETS_MAX = 16 * 1024,
    HTTP_PATIENCE_MS = 10000,
    HTTP_FRESH_MS = 100,
};

enum http_page {
    HTTP_OPENMETRICS, /* /metrics */
    HTTP_CLASSIC,     /* /metrics for who accepts text/plain or text/html and no OpenMetrics */
    HTTP_HEALTHZ,
    HTTP_READYZ,
    HTTP_PAGES
};

/* Writes a page, in the server's thread. Returns its HTTP status: 200, or 503. */
typedef unsigned http_write(void *arg, enum http_page page, FILE *to);

struct http;

/* False where the sidecar was built without libmicrohttpd. */
bool http_possible(void);

/* Listens and answers from now on; `*bound` is where, with the port that the kernel gave for port 0.
 * Returns 0 or a negative errno. */
int http_open(struct http **out, const struct address *listen, http_write *write, void *arg,
              struct address *bound);

/* Ends connections whose time is over; to be called each second or so, from any one thread. Never waits. */
void http_sweep(struct http *http);

/* Ends all, and waits for the thread. NULL is harmless. */
void http_close(struct http *http);

#endif
