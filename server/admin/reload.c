/* reload.c -- one reload after the other */
#include "server/admin/reload.h"

#include "server/admin/progress.h"
#include "server/admin/round_log.h"
#include "server/admin/settle.h"
#include "server/base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WAITING_MAX = 64 };

struct waiting {
    struct waiting *next;
    bool all;
    struct name name; /* where not all */
    reload_done *done;
    void *context;
};

struct reload {
    struct server *server;
    struct waiting *queue; /* in order of arrival */
    size_t count;
    struct waiting *active; /* whom the one under way serves */
    bool first;

    uv_work_t reading;
    struct config config;
    struct notes notes;
    int err;
    char restart[sizeof((struct server *)NULL)->last_reload.restart];
};

/* The roster has the zones now. */
static void let_go_of_zones(struct config *config)
{
    for (size_t i = 0; i < config->zones; i++)
        free(config->zone[i].file);
    free(config->zone);
    config->zone = NULL;
    config->zones = 0;
}

static void next(struct reload *reload);

static void tell(struct reload *reload, const struct reload_result *result)
{
    struct server *server = reload->server;
    if (!reload->first) {
        server->last_reload.at = time(NULL);
        server->last_reload.well = result->ok;
        server->last_reload.seconds = result->outcome != NULL ? result->outcome->seconds : 0;
        atomic_fetch_add_explicit(&server->pulse->reloads, 1, memory_order_relaxed);
    }
    struct waiting *active = reload->active;
    reload->active = NULL;
    server->round_over(server);
    while (active != NULL) {
        struct waiting *told = active;
        active = told->next;
        if (told->done != NULL)
            told->done(told->context, result);
        free(told);
    }
    reload->first = false;
    next(reload);
}

static void round_over(void *context, const struct maintain_outcome *outcome)
{
    struct reload *reload = context;
    const struct reload_result result = {
        .ok = maintain_well(outcome), .outcome = outcome, .restart = reload->restart};
    round_log(outcome, reload->first);
    if (reload->first)
        let_go_of_zones(&reload->server->config);
    else
        config_fini(&reload->config);
    tell(reload, &result);
}

static void reading(uv_work_t *work)
{
    struct reload *reload = work->data;
    reload->err = options_config(reload->server->options, &reload->config, &reload->notes);
}

static bool differs(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a != b : strcmp(a, b) != 0;
}

static bool listen_differs(const struct config *a, const struct config *b)
{
    if (a->listens != b->listens)
        return true;
    for (size_t i = 0; i < a->listens; i++) {
        size_t j = 0;
        while (j < b->listens && !address_equal(&a->listen[i], &b->listen[j]))
            j++;
        if (j == b->listens)
            return true;
    }
    return false;
}

static bool xdp_differs(const struct config *a, const struct config *b)
{
    if (a->xdps != b->xdps)
        return true;
    for (size_t i = 0; i < a->xdps; i++) {
        size_t j = 0;
        while (j < b->xdps
               && (strcmp(a->xdp[i].interface, b->xdp[j].interface) != 0
                   || a->xdp[i].mode != b->xdp[j].mode))
            j++;
        if (j == b->xdps)
            return true;
    }
    return false;
}

/* What the new configuration asks for and a running server can't do. */
static void find_restart(struct reload *reload)
{
    const struct config *was = &reload->server->config;
    const struct config *is = &reload->config;
    const struct {
        const char *name;
        bool changed;
    } settings[] = {
        {"listen", listen_differs(was, is)},
        {"listen-xdp", xdp_differs(was, is)},
        {"workers", was->workers != is->workers},
        {"spread", was->spread != is->spread},
        {"busy-poll", was->busy_poll != is->busy_poll},
        {"user", differs(was->user, is->user)},
        {"run-dir", differs(was->run_dir, is->run_dir)},
        {"state-dir", differs(was->state_dir, is->state_dir)},
    };
    reload->restart[0] = '\0';
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        const size_t len = strlen(reload->restart);
        if (settings[i].changed)
            snprintf(reload->restart + len, sizeof reload->restart - len, "%sserver.%s",
                     len == 0 ? "" : ", ", settings[i].name);
    }
    if (reload->restart[0] != '\0')
        log_warning("these settings changed, and take a restart: %s", reload->restart);
    memcpy(reload->server->last_reload.restart, reload->restart, sizeof reload->restart);
}

static void apply_config(struct reload *reload)
{
    struct server *server = reload->server;
    struct config *config = &reload->config;
    find_restart(reload);
    const int err =
        log_open("pharosd", config->log_level, config->log_format, config->log_file);
    if (err != 0)
        log_error("can't log to %s: %s; logging goes on as before",
                  config->log_file == NULL ? "standard error" : config->log_file,
                  strerror(-err));
    if (server->answering)
        front_limits(server->front, &config->limits);
    settle_answer(server, &config->answer);
    const struct config_route before = server->config.route;
    server->config.route = config->route; /* whose groups the pulse tells about */
    config->route = before;
}

static void refuse(struct reload *reload, int err)
{
    const struct maintain_outcome outcome = {.err = err};
    const struct reload_result result = {.outcome = &outcome, .restart = ""};
    tell(reload, &result);
}

static void read_over(uv_work_t *work, int status)
{
    (void)status;
    struct reload *reload = work->data;
    log_notes(&reload->notes);
    int err = reload->err;
    if (reload->server->stopping) { /* a round that begins now would hold up the end */
        config_fini(&reload->config);
        notes_fini(&reload->notes);
        refuse(reload, -ECANCELED);
        return;
    }
    if (err == 0) {
        apply_config(reload);
        err = maintain_all(reload->server->maintain, &reload->config, round_over, reload);
        if (err == 0) {
            notes_fini(&reload->notes);
            return;
        }
    }
    log_error("the configuration is refused; the one before stays");
    const struct reload_result result = {.refused = &reload->notes, .restart = ""};
    config_fini(&reload->config);
    tell(reload, &result);
    notes_fini(&reload->notes);
}

/* Takes the first of the queue and, where it's for all zones, everybody who wants that. */
static void take_active(struct reload *reload)
{
    const bool all = reload->queue->all;
    struct waiting **from = &reload->queue, **to = &reload->active;
    while (*from != NULL) {
        struct waiting *taken = *from;
        if (taken->all != all) {
            from = &taken->next;
            continue;
        }
        *from = taken->next;
        taken->next = NULL;
        *to = taken;
        to = &taken->next;
        reload->count--;
        if (!all)
            return;
    }
}

static void next(struct reload *reload)
{
    struct server *server = reload->server;
    if (reload->active != NULL || reload->queue == NULL || maintain_busy(server->maintain))
        return;
    take_active(reload);
    reload->restart[0] = '\0';
    if (server->stopping) {
        refuse(reload, -ECANCELED);
        return;
    }
    notify_reloading(&server->notify);
    progress_watch(server->progress);
    if (!reload->active->all) {
        config_init(&reload->config);
        const int err =
            maintain_one(server->maintain, &reload->active->name, round_over, reload);
        if (err != 0)
            refuse(reload, err);
        return;
    }
    notes_init(&reload->notes);
    reload->reading.data = reload;
    uv_queue_work(server->loop, &reload->reading, reading, read_over);
}

static struct waiting *enqueue(struct reload *reload, bool all, reload_done *done,
                               void *context)
{
    struct waiting *waiting = calloc(1, sizeof *waiting);
    if (waiting == NULL)
        return NULL;
    waiting->all = all;
    waiting->done = done;
    waiting->context = context;
    struct waiting **at = &reload->queue;
    while (*at != NULL)
        at = &(*at)->next;
    *at = waiting;
    reload->count++;
    return waiting;
}

int reload_request(struct reload *reload, const struct name *name, reload_done *done,
                   void *context)
{
    if (reload->count >= WAITING_MAX)
        return -EBUSY;
    struct waiting *waiting = enqueue(reload, name == NULL, done, context);
    if (waiting == NULL)
        return -ENOMEM;
    if (name != NULL)
        waiting->name = *name;
    next(reload);
    return 0;
}

int reload_first(struct reload *reload, reload_done *done, void *context)
{
    struct waiting *waiting = enqueue(reload, true, done, context);
    if (waiting == NULL)
        return -ENOMEM;
    reload->first = true;
    take_active(reload);
    return maintain_all(reload->server->maintain, &reload->server->config, round_over, reload);
}

bool reload_busy(const struct reload *reload)
{
    return reload->active != NULL || reload->queue != NULL;
}

struct reload *reload_new(struct server *server)
{
    struct reload *reload = calloc(1, sizeof *reload);
    if (reload != NULL)
        reload->server = server;
    return reload;
}

static void free_all(struct waiting *waiting)
{
    while (waiting != NULL) {
        struct waiting *freed = waiting;
        waiting = freed->next;
        free(freed);
    }
}

void reload_free(struct reload *reload)
{
    if (reload == NULL)
        return;
    free_all(reload->queue);
    free_all(reload->active);
    free(reload);
}
