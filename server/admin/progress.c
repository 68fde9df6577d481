/* progress.c -- how far a long load is */
#include "server/admin/progress.h"

#include "server/base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    TICK_MS = 500,
    SILENT_MS = 2000,
    LOG_EVERY_MS = 5000,
    EXTEND_US = 30000000, /* what each word to the service manager asks for */
};

struct progress {
    uv_timer_t timer;
    struct server *server;
    bool terminal; /* standard error is one */
    bool shown;
    uint64_t begin_ms, logged_ms;
};

static void show(struct progress *progress, uint64_t now)
{
    double share;
    size_t zones;
    uint64_t rrs;
    if (!maintain_progress(progress->server->maintain, &share, &zones, &rrs))
        return;
    const double seconds = (double)(now - progress->begin_ms) / 1000;
    const double rate = (double)rrs / seconds;
    /* What is read is still to be built, which takes about as long. */
    const char *building = share >= 1 ? ", building" : "";
    if (progress->terminal) {
        fprintf(stderr, "\rloading %zu zone%s: %3.0f %%, %.0f RRs a second, %.0f s%s\033[K",
                zones, zones == 1 ? "" : "s", share * 100, rate, seconds, building);
        progress->shown = true;
    } else if (now - progress->logged_ms >= LOG_EVERY_MS || progress->logged_ms == 0) {
        log_info("loading %zu zone%s: %.0f %%, %" PRIu64 " RRs, %.0f a second, %.0f s%s", zones,
                 zones == 1 ? "" : "s", share * 100, rrs, rate, seconds, building);
        progress->logged_ms = now;
    }
}

static void tick(uv_timer_t *timer)
{
    struct progress *progress = timer->data;
    const uint64_t now = uv_now(progress->server->loop);
    if (now - progress->begin_ms < SILENT_MS)
        return;
    notify_send(&progress->server->notify, "EXTEND_TIMEOUT_USEC=%d", EXTEND_US);
    show(progress, now);
}

struct progress *progress_new(struct server *server)
{
    struct progress *progress = calloc(1, sizeof *progress);
    if (progress == NULL)
        return NULL;
    progress->server = server;
    progress->terminal = isatty(STDERR_FILENO) == 1 && server->config.log_file == NULL;
    progress->timer.data = progress;
    uv_timer_init(server->loop, &progress->timer);
    return progress;
}

void progress_watch(struct progress *progress)
{
    if (progress == NULL || uv_is_active((uv_handle_t *)&progress->timer))
        return;
    uv_update_time(progress->server->loop);
    progress->begin_ms = uv_now(progress->server->loop);
    progress->logged_ms = 0;
    uv_timer_start(&progress->timer, tick, TICK_MS, TICK_MS);
}

void progress_stop(struct progress *progress)
{
    uv_timer_stop(&progress->timer);
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = false;
}

static void closed(uv_handle_t *handle)
{
    free(handle->data);
}

void progress_close(struct progress *progress)
{
    if (progress != NULL)
        uv_close((uv_handle_t *)&progress->timer, closed);
}
