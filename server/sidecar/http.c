/* http.c -- see http.h */
#include "server/sidecar/http.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BACKLOG = 64 };

/* A connection that libmicrohttpd has. */
struct visitor {
    int fd; /* -1: a free place */
    uint64_t since_ms;
};

struct http {
    struct MHD_Daemon *daemon;
    http_write *write;
    void *arg;

    pthread_mutex_t lock; /* of `visitor` */
    struct visitor visitor[HTTP_CONNECTIONS_MAX];

    /* The daemon's thread's. */
    struct {
        struct MHD_Response *response; /* NULL: none yet */
        uint64_t made_ms;
    } metrics[HTTP_CLASSIC + 1];
};

static const char *const content_types[HTTP_PAGES] = {
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
    "text/plain; version=0.0.4; charset=utf-8", "text/plain; charset=utf-8",
    "text/plain; charset=utf-8"};

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Takes `text` over, which free() frees. NULL: out of memory. */
static struct MHD_Response *make_response(char *text, size_t octets, const char *type)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(octets, text, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(text);
        return NULL;
    }
    if (MHD_add_response_header(response, "Content-Type", type) == MHD_YES
        && MHD_add_response_header(response, "Cache-Control", "no-store") == MHD_YES
        && MHD_add_response_header(response, "X-Content-Type-Options", "nosniff") == MHD_YES
        && MHD_add_response_header(response, "Connection", "close") == MHD_YES)
        return response;
    MHD_destroy_response(response);
    return NULL;
}

static struct MHD_Response *make_page(struct http *http, enum http_page page, unsigned *status)
{
    char *text = NULL;
    size_t octets = 0;
    FILE *to = open_memstream(&text, &octets);
    if (to == NULL)
        return NULL;
    *status = http->write(http->arg, page, to);
    if (fclose(to) != 0) {
        free(text);
        return NULL;
    }
    return make_response(text, octets, content_types[page]);
}

static struct MHD_Response *make_text(const char *text)
{
    char *copy = strdup(text);
    return copy == NULL ? NULL : make_response(copy, strlen(copy), "text/plain; charset=utf-8");
}

/* A response is counted by its users, so readers of the one before keep it. */
static struct MHD_Response *fresh_metrics(struct http *http, enum http_page page)
{
    const uint64_t now = now_ms();
    struct MHD_Response *kept = http->metrics[page].response;
    if (kept != NULL && now - http->metrics[page].made_ms < HTTP_FRESH_MS)
        return kept;
    unsigned status = MHD_HTTP_OK;
    struct MHD_Response *made = make_page(http, page, &status);
    if (made == NULL)
        return kept;
    if (kept != NULL)
        MHD_destroy_response(kept);
    http->metrics[page].response = made;
    http->metrics[page].made_ms = now;
    return made;
}

static enum MHD_Result send_and_drop(struct MHD_Connection *connection, unsigned status,
                                     struct MHD_Response *response)
{
    if (response == NULL)
        return MHD_NO;
    const enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result refuse_method(struct MHD_Connection *connection)
{
    struct MHD_Response *response = make_text("GET and HEAD are all there is\n");
    if (response != NULL)
        MHD_add_response_header(response, "Allow", "GET, HEAD");
    return send_and_drop(connection, MHD_HTTP_METHOD_NOT_ALLOWED, response);
}

static enum http_page metrics_format(struct MHD_Connection *connection)
{
    const char *accept =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
    if (accept == NULL || strstr(accept, "application/openmetrics-text") != NULL)
        return HTTP_OPENMETRICS;
    return strstr(accept, "text/plain") != NULL || strstr(accept, "text/html") != NULL
               ? HTTP_CLASSIC
               : HTTP_OPENMETRICS;
}

static enum MHD_Result send_page(struct http *http, struct MHD_Connection *connection,
                                 const char *url)
{
    unsigned status = MHD_HTTP_OK;
    if (strcmp(url, "/metrics") == 0) {
        struct MHD_Response *metrics = fresh_metrics(http, metrics_format(connection));
        return metrics == NULL ? MHD_NO : MHD_queue_response(connection, MHD_HTTP_OK, metrics);
    }
    const bool health = strcmp(url, "/healthz") == 0;
    if (!health && strcmp(url, "/readyz") != 0)
        return send_and_drop(connection, MHD_HTTP_NOT_FOUND,
                             make_text("there are /metrics, /healthz and /readyz\n"));
    struct MHD_Response *page = make_page(http, health ? HTTP_HEALTHZ : HTTP_READYZ, &status);
    return send_and_drop(connection, status, page);
}

/* Called once the head is there, for pieces of a body, and at the end. To answer the first call, as anything
 * but GET and HEAD is, ends the connection before its body. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_octets, void **mark)
{
    (void)version, (void)upload;
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return refuse_method(connection);
    if (*mark == NULL || *upload_octets != 0) {
        *mark = arg;
        *upload_octets = 0; /* whatever a GET brings along */
        return MHD_YES;
    }
    return send_page(arg, connection, url);
}

static void note_visitor(struct http *http, int from, int to)
{
    pthread_mutex_lock(&http->lock);
    for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
        if (http->visitor[i].fd != from)
            continue;
        http->visitor[i] = (struct visitor){.fd = to, .since_ms = now_ms()};
        break;
    }
    pthread_mutex_unlock(&http->lock);
}

/* The end of a connection is told before its descriptor is closed. */
static void on_connection(void *arg, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    (void)context;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info == NULL)
        return;
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        note_visitor(arg, -1, info->connect_fd);
    else
        note_visitor(arg, info->connect_fd, -1);
}

/* libmicrohttpd's own time-out begins anew with each octet. */
void http_sweep(struct http *http)
{
    const uint64_t now = now_ms();
    if (pthread_mutex_trylock(&http->lock) != 0)
        return;
    for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
        const struct visitor *visitor = &http->visitor[i];
        if (visitor->fd >= 0 && now - visitor->since_ms > HTTP_PATIENCE_MS)
            shutdown(visitor->fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&http->lock);
}

/* Returns a descriptor, or a negative errno. */
static int listen_at(const struct address *address, struct address *bound)
{
    const int one = 1;
    const int fd =
        socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    bool well = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0;
    if (address->storage.ss_family == AF_INET6)
        well = well && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) == 0;
    bound->octets = sizeof bound->storage;
    if (well && bind(fd, (const struct sockaddr *)&address->storage, address->octets) == 0
        && listen(fd, BACKLOG) == 0
        && getsockname(fd, (struct sockaddr *)&bound->storage, &bound->octets) == 0)
        return fd;
    const int err = -errno;
    close(fd);
    return err;
}

static struct MHD_Daemon *start_daemon(struct http *http, int fd)
{
    return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, on_request, http,
                            MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
                            (unsigned)HTTP_CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
                            (unsigned)HTTP_CONNECTIONS_CLIENT_MAX,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_REQUEST_OCTETS_MAX,
                            MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_PATIENCE_MS / 1000,
                            MHD_OPTION_NOTIFY_CONNECTION, on_connection, http, MHD_OPTION_END);
}

bool http_possible(void)
{
    return true;
}

int http_open(struct http **out, const struct address *listen, http_write *write, void *arg,
              struct address *bound)
{
    struct http *http = calloc(1, sizeof *http);
    if (http == NULL)
        return -ENOMEM;
    http->write = write;
    http->arg = arg;
    for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++)
        http->visitor[i].fd = -1;
    const int fd = listen_at(listen, bound);
    if (fd < 0) {
        free(http);
        return fd;
    }
    pthread_mutex_init(&http->lock, NULL);
    http->daemon = start_daemon(http, fd);
    if (http->daemon == NULL) {
        close(fd);
        pthread_mutex_destroy(&http->lock);
        free(http);
        return -ENOMEM;
    }
    *out = http;
    return 0;
}

void http_close(struct http *http)
{
    if (http == NULL)
        return;
    MHD_stop_daemon(http->daemon);
    for (size_t i = 0; i <= HTTP_CLASSIC; i++) {
        if (http->metrics[i].response != NULL)
            MHD_destroy_response(http->metrics[i].response);
    }
    pthread_mutex_destroy(&http->lock);
    free(http);
}
