/* metrics_look.c -- takes the picture: see metrics.h */
#include "server/sidecar/metrics.h"

#include <string.h>

static uint64_t load(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit((_Atomic uint64_t *)counter, memory_order_relaxed);
}

static void add_worker(struct metrics_server *to, unsigned index,
                       const struct pulse_worker *from)
{
    to->heartbeat[index] = load(&from->heartbeat);
    to->worker_queries[index] = 0;
    for (unsigned i = 0; i < PULSE_TRANSPORTS; i++) {
        const uint64_t queries = load(&from->queries[i]);
        to->worker_queries[index] += queries;
        to->queries[i] += queries;
        to->answers[i] += load(&from->answers[i]);
    }
    for (unsigned i = 0; i < PULSE_RCODES; i++)
        to->rcodes[i] += load(&from->rcodes[i]);
    to->truncated += load(&from->truncated);
    to->silent += load(&from->silent);
    to->drops += load(&from->drops);
    to->tcp_open += load(&from->tcp_open);
    to->tcp_accepted += load(&from->tcp_accepted);
    to->tcp_refused += load(&from->tcp_refused);
    to->xdp_received += load(&from->xdp_received);
    to->xdp_odd += load(&from->xdp_odd);
}

static void look_at_server(struct metrics_server *to, const struct watch *watch)
{
    const struct pulse *pulse = watch->view.pulse;
    *to = (struct metrics_server){.state = watch->server, .seen = pulse != NULL};
    if (pulse == NULL)
        return;
    to->workers = watch->view.workers;
    to->stuck = watch->beats.stuck;
    for (unsigned i = 0; i < to->workers; i++)
        add_worker(to, i, &pulse->worker[i]);
    to->zones = atomic_load_explicit(&pulse->zones, memory_order_relaxed);
    to->zones_failed = atomic_load_explicit(&pulse->zones_failed, memory_order_relaxed);
    to->zones_stale = atomic_load_explicit(&pulse->zones_stale, memory_order_relaxed);
    to->reloads = load(&pulse->reloads);
    to->signatures_expire =
        atomic_load_explicit(&pulse->signatures_expire, memory_order_relaxed);
}

static void look_at_zones(struct metrics_group *to, const struct group *group,
                          const struct watch *watch)
{
    to->zones_known = watch->view.pulse != NULL && group->map.group >= 0;
    if (!to->zones_known)
        return;
    const struct pulse_group *from = &watch->view.pulse->group[group->map.group];
    to->zones = atomic_load_explicit(&from->zones, memory_order_relaxed);
    to->zones_failed = atomic_load_explicit(&from->failed, memory_order_relaxed);
    to->expires = atomic_load_explicit(&from->expires, memory_order_relaxed);
    to->signatures_expire =
        atomic_load_explicit(&from->signatures_expire, memory_order_relaxed);
}

/* A place that another group has now begins at nothing. */
static void look_at_group(struct metrics_group *to, const struct group *group,
                          const struct watch *watch, uint64_t now_ms)
{
    const struct verdict *v = &group->verdict;
    const struct sample *s = &group->record.observation.sample;
    const bool same = strcmp(to->name, group->name) == 0;
    *to = (struct metrics_group){
        .state = v->state,
        .route = group->route.route,
        .progress = group->route.progress,
        .wish = verdict_wish(v),
        .word = v->word,
        .since_ms = v->since_ms,
        .late_us = group_late_us(group),
        .badness = v->badness,
        .bad_pulse = v->symptoms.pulse,
        .bad_probe = v->symptoms.probe,
        .dead_paths = (unsigned)__builtin_popcount(v->symptoms.dead_paths),
        .paths = 2 * (unsigned)group->prober.addresses,
        .rate = v->absorb.rate,
        .usual_rate = v->absorb.usual,
        .falls = cycles_count(&v->cycles, &v->limits, now_ms),
        .decisions = group->decisions,
        .granted = group->granted,
        .refused = group->refused,
        .hold_down_ms = holddown_left(&v->holddown, now_ms),
        .fleet = s->fleet,
        .probes = (same ? to->probes : 0) + s->probes,
        .probes_bad = (same ? to->probes_bad : 0) + s->bad,
    };
    memcpy(to->name, group->name, sizeof(to->name));
    look_at_zones(to, group, watch);
}

void metrics_look(struct metrics *metrics, const struct watch *watch,
                  struct group *const *group, size_t groups, uint64_t now_ms)
{
    metrics->now_ms = now_ms;
    metrics->ticks++;
    metrics->ticks_late += watch->view.pulse != NULL && !watch->beats.on_time;
    look_at_server(&metrics->server, watch);
    if (watch->view.pulse != NULL)
        path_totals_read(&metrics->totals, &watch->view, now_ms);
    metrics->groups = groups;
    for (size_t i = 0; i < groups; i++)
        look_at_group(&metrics->group[i], group[i], watch, now_ms);
}
