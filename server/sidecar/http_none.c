/* http_none.c -- in the place of http.c where the sidecar is built without libmicrohttpd */
#include "server/sidecar/http.h"

#include <errno.h>

bool http_possible(void)
{
    return false;
}

int http_open(struct http **out, const struct address *listen, http_write *write, void *arg,
              struct address *bound)
{
    (void)out, (void)listen, (void)write, (void)arg, (void)bound;
    return -EOPNOTSUPP;
}

/* Nothing was opened. */

void http_sweep(struct http *http)
{
    (void)http;
}

void http_close(struct http *http)
{
    (void)http;
}
