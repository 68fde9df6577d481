/* sidecar.c -- pharos-sidecar: watches, decides, and tells the route's driver
 * Its death changes nothing: the driver keeps the last word. */
#include "server/base/descriptors.h"
#include "server/sidecar/confine.h"
#include "server/sidecar/probe.h"
#include "server/sidecar/route_client.h"
#include "server/sidecar/sidecar_options.h"
#include "server/sidecar/signals.h"
#include "server/sidecar/verdict.h"
#include "server/sidecar/watch.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIGNALS = 4 };

struct sidecar;

/* What has come in since the last tick. */
struct gathered {
    uint32_t probes, bad, tcp, tcp_bad, paths, paths_bad;
};

struct group {
    struct sidecar *sidecar;
    const struct config_group *config;
    char control[4096];
    struct prober prober;
    struct verdict verdict;
    struct route_client route;
    struct guard guard;
    struct gathered gathered;
};

struct sidecar {
    struct sidecar_options options;
    char pulse_path[4096];
    uv_loop_t *loop;
    struct watch watch;
    struct signals signals;
    struct group *group;
    size_t groups;
    uv_signal_t signal[SIGNALS];
};

static void on_probe(struct prober *prober, unsigned path, enum probe_result result)
{
    struct group *group = prober->data;
    const struct signals *signals = &group->sidecar->signals;
    if (result == PROBE_SERVFAIL && signals->zones_failed != 0 && !signals->all_failed)
        result = PROBE_UNKNOWN; /* it may be the zone asked for; the others are served */
    if (result == PROBE_UNKNOWN)
        return;
    const unsigned bad = result == PROBE_WELL ? 0 : 1;
    const unsigned tcp = path & 1;
    struct gathered *g = &group->gathered;
    g->probes++;
    g->bad += bad;
    g->tcp += tcp;
    g->tcp_bad += tcp & bad;
    *(bad == 0 ? &g->paths : &g->paths_bad) |= UINT32_C(1) << path;
}

static enum health health_of(enum server server)
{
    switch (server) {
    case SERVER_AWAY:
        return HEALTH_GONE;
    case SERVER_HUNG:
        return HEALTH_HUNG;
    case SERVER_STARTING:
    case SERVER_LEAVING:
        return HEALTH_NOT_SERVING;
    case SERVER_WELL:
        return HEALTH_SERVING;
    default:
        return HEALTH_UNKNOWN;
    }
}

/* The guard is asked while the verdict wants to know, and told each tick how this node does. */
static enum guard_answer ask_guard(struct group *group)
{
    struct guard *guard = &group->guard;
    guard->type->report(guard, group->verdict.badness);
    if (verdict_asks(&group->verdict))
        return guard->type->ask(guard, group->verdict.badness);
    guard->type->cancel(guard);
    return GUARD_PENDING;
}

static struct sample sample_of(const struct sidecar *s, struct group *group)
{
    const struct gathered *g = &group->gathered;
    struct guard *guard = &group->guard;
    const unsigned paths = 2 * (unsigned)group->config->addresses;
    return (struct sample){
        .health = health_of(s->watch.server),
        .workers = s->watch.view.workers,
        .stuck = s->watch.beats.stuck,
        .answers = s->signals.answers,
        .late = s->signals.late,
        .probes = g->probes,
        .bad = g->bad,
        .tcp = g->tcp,
        .tcp_bad = g->tcp_bad,
        .datagrams = s->signals.answers + s->signals.drops,
        .drops = s->signals.drops,
        .paths = g->paths,
        .paths_bad = g->paths_bad,
        .paths_all = paths < 32 ? (UINT32_C(1) << paths) - 1 : UINT32_MAX,
        .route = group->route.route,
        .guard = ask_guard(group),
        .may_return = guard->type->may_return(guard, group->verdict.badness),
        .fleet = guard->type->view(guard),
    };
}

/* The driver is told of a new wish, and then the fleet. */
static void follow(struct sidecar *s, struct group *group, enum wish wish)
{
    struct guard *guard = &group->guard;
    memcpy(group->route.instance, s->watch.view.instance, INSTANCE_OCTETS);
    route_client_wish(&group->route, wish);
    if (wish == WISH_UP)
        guard->type->returned(guard);
    else if (wish != WISH_NOTHING)
        guard->type->withdrawn(guard, group->verdict.badness);
}

static void decide(struct sidecar *s, struct group *group, uint64_t now_ms)
{
    const enum verdict_state before = group->verdict.state;
    const enum wish wish = verdict_wish(&group->verdict);
    const struct sample sample = sample_of(s, group);
    group->gathered = (struct gathered){0};
    if (!verdict_step(&group->verdict, &sample, now_ms))
        return;
    if (verdict_wish(&group->verdict) != wish)
        follow(s, group, verdict_wish(&group->verdict));
    log_notice("%s: %s -> %s: %s", group->config->name, verdict_state_to_text(before),
               verdict_state_to_text(group->verdict.state), group->verdict.why);
}

/* Probes go out while the server says that it serves, though it may be stuck. */
static void direct_probers(struct sidecar *s)
{
    const bool active = s->watch.view.pulse != NULL
                        && (s->watch.server == SERVER_WELL || s->watch.server == SERVER_HUNG);
    for (size_t i = 0; i < s->groups; i++) {
        struct prober *prober = &s->group[i].prober;
        prober->active = active;
        memcpy(prober->instance, s->watch.view.instance, INSTANCE_OCTETS);
    }
}

static void on_tick(struct watch *watch)
{
    struct sidecar *s = watch->data;
    const uint64_t now_ms = uv_hrtime() / 1000000;
    if (watch->view.pulse != NULL)
        signals_read(&s->signals, &watch->view,
                     s->options.config.route.late_ms * UINT64_C(1000), now_ms);
    else
        s->signals = (struct signals){0};
    for (size_t i = 0; i < s->groups; i++)
        decide(s, &s->group[i], now_ms);
    direct_probers(s);
}

static void on_server(struct watch *watch)
{
    struct sidecar *s = watch->data;
    log_notice("server: %s", server_to_text(watch->server));
    if (watch->server == SERVER_AWAY || watch->server == SERVER_HUNG) {
        for (size_t i = 0; i < s->groups; i++)
            decide(s, &s->group[i], uv_hrtime() / 1000000);
    }
}

static void set_control(struct sidecar *s, struct group *group)
{
    const char *run_dir = s->options.config.run_dir;
    if (s->options.control != NULL)
        snprintf(group->control, sizeof(group->control), "%s", s->options.control);
    else if (s->groups == 1)
        snprintf(group->control, sizeof(group->control), "%s/announcer.sock", run_dir);
    else
        snprintf(group->control, sizeof(group->control), "%s/announcer-%s.sock", run_dir,
                 group->config->name);
}

static int start_group(struct sidecar *s, struct group *group)
{
    const struct config *config = &s->options.config;
    const struct name root = {.octets = 1};
    const struct name *qname = config->zones > 0 ? &config->zone[0].name : &root;
    group->prober.address = group->config->address;
    group->prober.addresses = group->config->addresses;
    group->prober.late_ms = config->route.late_ms;
    memcpy(group->prober.qname, qname->wire, qname->octets);
    group->prober.qname_octets = qname->octets;
    group->prober.ended = on_probe;
    group->prober.data = group;
    verdict_init(&group->verdict, NULL, uv_hrtime() / 1000000);
    group->guard.type =
        config->route.without_fleet == WITHOUT_FLEET_WITHDRAW ? &guard_withdraw : &guard_stay;
    set_control(s, group);
    const bool dry = config->route.driver == ROUTE_DRIVER_LOG;
    const int err = route_client_start(&group->route, s->loop, group->config->name,
                                       dry ? NULL : group->control);
    return err != 0 ? err : prober_start(&group->prober, s->loop);
}

static int start(struct sidecar *s)
{
    const struct config *config = &s->options.config;
    const int err = confine(geteuid() == 0 ? config->user : NULL, -1);
    if (err != 0)
        return err;
    s->groups = config->route.groups;
    s->group = calloc(s->groups, sizeof(*s->group));
    if (s->group == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < s->groups; i++) {
        s->group[i].sidecar = s;
        s->group[i].config = &config->route.group[i];
        const int group_err = start_group(s, &s->group[i]);
        if (group_err != 0)
            return group_err;
    }
    snprintf(s->pulse_path, sizeof(s->pulse_path), "%s/pulse.sock", config->run_dir);
    s->watch.changed = on_server;
    s->watch.ticked = on_tick;
    s->watch.data = s;
    return watch_start(&s->watch, s->loop, s->pulse_path);
}

static void on_signal(uv_signal_t *signal, int number)
{
    if (number == SIGUSR1)
        log_reopen();
    else if (number == SIGHUP)
        log_notice("the configuration is read at the start only: restart me, no route changes "
                   "by that");
    else
        uv_stop(signal->loop);
}

static void stop(struct sidecar *s)
{
    watch_stop(&s->watch);
    for (size_t i = 0; i < s->groups; i++) {
        prober_stop(&s->group[i].prober);
        route_client_stop(&s->group[i].route);
    }
    for (int i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&s->signal[i], NULL);
    uv_run(s->loop, UV_RUN_DEFAULT); /* probes under way end by their deadlines */
    free(s->group);
}

static int run(struct sidecar *s)
{
    const struct config *config = &s->options.config;
    int err = log_open("pharos-sidecar", config->log_level, config->log_format, NULL);
    if (err == 0)
        err = start(s);
    if (err != 0) {
        log_error("can't start: %s", uv_strerror(err));
        return EXIT_FAILURE;
    }
    static const int numbers[SIGNALS] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP};
    for (int i = 0; i < SIGNALS; i++) {
        uv_signal_init(s->loop, &s->signal[i]);
        uv_signal_start(&s->signal[i], on_signal, numbers[i]);
    }
    log_notice("watching %s: %zu group(s), late after %u ms, without a fleet: %s",
               s->pulse_path, s->groups, config->route.late_ms,
               config->route.without_fleet == WITHOUT_FLEET_WITHDRAW ? "withdraw" : "stay");
    uv_run(s->loop, UV_RUN_DEFAULT);
    stop(s);
    log_notice("stopped; routes stay as they are");
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    if (descriptors_reserve() != 0)
        return EXIT_FAILURE;
    static struct sidecar s;
    signal(SIGPIPE, SIG_IGN);
    s.loop = uv_default_loop();
    int status = sidecar_options_read(&s.options, argc, argv);
    if (status == -1)
        status = run(&s);
    sidecar_options_fini(&s.options);
    return status;
}
