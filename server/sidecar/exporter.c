/* exporter.c -- see exporter.h */
#include "server/sidecar/exporter.h"

#include "server/base/log.h"
#include "server/sidecar/http.h"
#include "server/sidecar/inventory_client.h"
#include "server/sidecar/metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    COPY_MS = 200,            /* so old may a picture be */
    LOOK_AFTER_MS = 1000,     /* connections, and whether to ask or to listen */
    LISTEN_AGAIN_MS = 5000,   /* where the address was taken */
    ASK_AGAIN_MS = 60 * 1000, /* an inventory in which nothing seems to have changed */
    ASK_FAILED_MS = 10 * 1000,
};

/* What an inventory was asked for: another one is due when this has changed. */
struct occasion {
    uint8_t instance[INSTANCE_OCTETS];
    uint64_t reloads;
    uint32_t zones, failed, stale;
};

/* What the page is made of; under `lock`. */
struct shared {
    struct metrics metrics;
    char *inventory; /* owned; NULL: none */
    size_t octets;
};

struct exporter {
    uv_loop_t *loop;
    struct config_metrics config;
    char control_path[4096];
    struct http *http; /* NULL: isn't listening */
    bool told_address; /* the log has that it can't */
    bool told_inventory;
    uint64_t copied_ms, looked_ms, listened_ms, asked_ms;
    struct metrics metrics;
    struct occasion asked_for;
    struct inventory_question *question; /* NULL: none is under way */
    bool inventory_failed;
    uv_mutex_t lock;
    struct shared shared;
};

static uint64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* A copy of one's own, in the thread that serves it, so that the lock is held for a moment only.
 * Returns NULL, out of memory; to be freed with its inventory. */
static struct shared *copy_shared(struct exporter *x)
{
    struct shared *copy = malloc(sizeof *copy);
    if (copy == NULL)
        return NULL;
    uv_mutex_lock(&x->lock);
    *copy = x->shared;
    copy->inventory = copy->inventory == NULL ? NULL : malloc(copy->octets + 1);
    if (copy->inventory != NULL)
        memcpy(copy->inventory, x->shared.inventory, copy->octets + 1);
    else
        copy->metrics.inventory_at = 0;
    uv_mutex_unlock(&x->lock);
    return copy;
}

static bool write_health(const struct metrics *m, FILE *to)
{
    const uint64_t now = monotonic_ms();
    const bool alive = now < m->now_ms + METRICS_STILL_MS;
    if (alive)
        fputs("alive\n", to);
    else if (m->now_ms == 0)
        fputs("no tick yet\n", to);
    else
        fprintf(to, "the sidecar stands still for %llu ms\n",
                (unsigned long long)(now - m->now_ms));
    return alive;
}

static unsigned write_page(void *arg, enum http_page page, FILE *to)
{
    bool well = true;
    struct shared *s = copy_shared(arg);
    if (s == NULL)
        return 503;
    if (page == HTTP_HEALTHZ) {
        well = write_health(&s->metrics, to);
    } else if (page == HTTP_READYZ) {
        well = write_health(&s->metrics, to);
        well = metrics_ready(to, &s->metrics) && well;
    } else {
        struct exposition e = {.to = to, .classic = page == HTTP_CLASSIC};
        metrics_write(&e, &s->metrics, s->inventory != NULL ? s->inventory : "",
                      s->inventory != NULL ? s->octets : 0);
    }
    free(s->inventory);
    free(s);
    return well ? 200 : 503;
}

/* A reader that holds the lock is left to it: the next tick comes soon. */
static void hand_over(struct exporter *x, uint64_t now_ms)
{
    if (now_ms - x->copied_ms < COPY_MS || uv_mutex_trylock(&x->lock) != 0)
        return;
    x->shared.metrics = x->metrics;
    uv_mutex_unlock(&x->lock);
    x->copied_ms = now_ms;
}

static void keep_inventory(struct exporter *x, char *text, size_t octets)
{
    uv_mutex_lock(&x->lock);
    char *old = x->shared.inventory;
    x->shared.inventory = text;
    x->shared.octets = octets;
    uv_mutex_unlock(&x->lock);
    free(old);
    x->metrics.inventory_at = text != NULL ? (int64_t)time(NULL) : 0;
}

static void on_inventory(void *arg, char *text, size_t octets, int err)
{
    struct exporter *x = arg;
    x->question = NULL;
    x->inventory_failed = err != 0;
    if (err != 0 && !x->told_inventory)
        log_warning("metrics: pharosd's zones aren't known: %s: %s", x->control_path,
                    uv_strerror(err));
    x->told_inventory = err != 0;
    if (err == 0)
        keep_inventory(x, text, octets);
}

static struct occasion occasion_of(const struct metrics_server *s, const struct watch *watch)
{
    struct occasion o;
    memset(&o, 0, sizeof o); /* it's compared as octets */
    memcpy(o.instance, watch->view.instance, sizeof o.instance);
    o.reloads = s->reloads;
    o.zones = s->zones;
    o.failed = s->zones_failed;
    o.stale = s->zones_stale;
    return o;
}

/* Only while it's served to somebody; what a dead server told is forgotten. */
static void ask_inventory(struct exporter *x, const struct watch *watch, uint64_t now_ms)
{
    if (watch->server == SERVER_AWAY || watch->server == SERVER_UNKNOWN) {
        x->asked_for = (struct occasion){0};
        if (x->metrics.inventory_at != 0)
            keep_inventory(x, NULL, 0);
        return;
    }
    const struct occasion o = occasion_of(&x->metrics.server, watch);
    const bool changed = memcmp(&o, &x->asked_for, sizeof o) != 0;
    const unsigned wait_ms = x->inventory_failed ? ASK_FAILED_MS : changed ? 0 : ASK_AGAIN_MS;
    if (watch->server != SERVER_WELL || x->question != NULL || now_ms - x->asked_ms < wait_ms)
        return;
    x->asked_for = o;
    x->asked_ms = now_ms;
    x->question = inventory_ask(x->loop, x->control_path, x->config.zones == METRICS_ZONES_ALL,
                                on_inventory, x);
}

static void try_to_listen(struct exporter *x, uint64_t now_ms)
{
    struct address bound;
    char text[ADDRESS_TEXT_MAX];
    if (x->listened_ms != 0 && now_ms - x->listened_ms < LISTEN_AGAIN_MS)
        return;
    x->listened_ms = now_ms;
    const int err = http_open(&x->http, &x->config.listen, write_page, x, &bound);
    if (err == 0)
        log_notice("metrics: serving /metrics, /healthz and /readyz at %s",
                   address_to_text(&bound, text));
    else if (!x->told_address)
        log_error("metrics: can't listen at %s: %s; tried again each %d s, the route is "
                  "watched all the same",
                  address_to_text(&x->config.listen, text), strerror(-err),
                  LISTEN_AGAIN_MS / 1000);
    x->told_address = err != 0;
}

void exporter_tick(struct exporter *x, const struct watch *watch, struct group *const *group,
                   size_t groups, uint64_t now_ms)
{
    if (x->config.listen.octets == 0)
        return;
    metrics_look(&x->metrics, watch, group, groups, now_ms);
    hand_over(x, now_ms);
    if (now_ms - x->looked_ms < LOOK_AFTER_MS)
        return;
    x->looked_ms = now_ms;
    if (x->http == NULL)
        try_to_listen(x, now_ms);
    else
        http_sweep(x->http);
    ask_inventory(x, watch, now_ms);
}

void exporter_configure(struct exporter *x, const struct config_metrics *config)
{
    const bool elsewhere =
        config->listen.octets != x->config.listen.octets
        || (config->listen.octets != 0 && !address_equal(&config->listen, &x->config.listen));
    x->config = *config;
    x->metrics.zones = config->zones;
    x->asked_for = (struct occasion){0};
    if (!elsewhere)
        return;
    http_close(x->http);
    x->http = NULL;
    x->listened_ms = x->looked_ms = 0;
    x->told_address = false;
}

bool exporter_possible(const struct config_metrics *config)
{
    return config->listen.octets == 0 || http_possible();
}

struct exporter *exporter_start(uv_loop_t *loop, const struct config_metrics *config,
                                const char *run_dir)
{
    struct exporter *x = calloc(1, sizeof *x);
    if (x == NULL)
        return NULL;
    if (uv_mutex_init(&x->lock) != 0) {
        free(x);
        return NULL;
    }
    x->loop = loop;
    x->config = *config;
    x->metrics.started = (int64_t)time(NULL);
    x->metrics.zones = config->zones;
    snprintf(x->control_path, sizeof x->control_path, "%s/control.sock", run_dir);
    return x;
}

void exporter_stop(struct exporter *x)
{
    if (x == NULL)
        return;
    inventory_cancel(x->question);
    http_close(x->http);
    uv_mutex_destroy(&x->lock);
    free(x->shared.inventory);
    free(x);
}
