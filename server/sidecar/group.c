/* group.c -- see group.h */
#include "server/sidecar/group.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRIVER_SILENT_MS = 3 * ROUTE_CLIENT_ASK_MS };

/* A SERVFAIL of a zone that isn't loaded is true where others are served; any other one is a fault. */
static void on_probe(struct prober *prober, unsigned path, enum probe_result result,
                     uint64_t us)
{
    struct group *group = prober->data;
    if (result == PROBE_UNKNOWN || (result == PROBE_NOT_LOADED && group->signals.zones_failed))
        return;
    struct observation *o = &group->gathered;
    const unsigned bad = result == PROBE_WELL ? 0 : 1;
    const unsigned tcp = path & 1;
    o->probes_failed += bad;
    if (bad == 0)
        o->probe_latency[pulse_bucket(us / (tcp != 0 ? PROBE_TCP_FACTOR : 1))]++;
    o->sample.tcp += tcp;
    o->sample.tcp_bad += tcp & bad;
    *(bad == 0 ? &o->sample.paths : &o->sample.paths_bad) |= UINT32_C(1) << path;
}

static bool add_qname(struct group *group, const struct name *name)
{
    if (group->prober.qnames == GROUP_QNAMES_MAX)
        return false;
    group->qname[group->prober.qnames++] = *name;
    return true;
}

/* NAME.zone in a folder, as pharosd takes them. */
static void add_folder(struct group *group, const char *path)
{
    DIR *folder = opendir(path);
    if (folder == NULL)
        return;
    bool room = true;
    for (struct dirent *entry; room && (entry = readdir(folder)) != NULL;) {
        char *dot = strrchr(entry->d_name, '.');
        struct name name;
        if (dot == NULL || strcmp(dot, ".zone") != 0)
            continue;
        *dot = '\0';
        if (name_from_string(&name, entry->d_name) == NAME_OK)
            room = add_qname(group, &name);
    }
    closedir(folder);
}

/* The zones that count for the group, as many as there's room for; the root, whose refusal is an answer
 * as well, where none is known. */
static void find_qnames(struct group *group, const struct config *config,
                        const struct config_group *is)
{
    const struct name root = {.octets = 1};
    group->prober.qname = group->qname;
    group->prober.qnames = 0;
    for (size_t i = 0; i < is->zones; i++)
        add_qname(group, &is->zone[i]);
    for (size_t i = 0; is->zones == 0 && i < config->zones; i++)
        add_qname(group, &config->zone[i].name);
    for (size_t i = 0; is->zones == 0 && i < config->zone_dirs; i++)
        add_folder(group, config->zone_dir[i]);
    if (group->prober.qnames == 0)
        add_qname(group, &root);
}

void group_configure(struct group *group, const struct config *config,
                     const struct config_group *is)
{
    const struct config_route *route = &config->route;
    group->verdict.limits = route->thresholds;
    group->floor_ms = route->late_ms;
    group->probe_floor_ms = route->probe_late_ms;
    group->expiry_ms = route->thresholds.expiry_ms;
    group->own_guard.type =
        route->fleet.etcds == 0 && route->without_fleet == WITHOUT_FLEET_WITHDRAW
            ? &guard_withdraw
            : &guard_stay;
    find_qnames(group, config, is);
}

void group_guard(struct group *group, struct guard *guard)
{
    group->guard = guard != NULL ? guard : &group->own_guard;
    group->told = FLEET_UNTOLD;
}

uint64_t group_late_us(const struct group *group)
{
    return usual_late_us(&group->usual, group->floor_ms * UINT64_C(1000));
}

uint64_t group_probe_late_us(const struct group *group)
{
    return usual_probe_late_us(&group->usual, group->floor_ms * UINT64_C(1000),
                               group->probe_floor_ms * UINT64_C(1000));
}

/* A probe isn't waited for any longer than it may take. */
static void limit_probes(struct group *group)
{
    group->prober.late_ms = (unsigned)((group_probe_late_us(group) + 999) / 1000);
}

struct group *group_new(const struct config *config, const struct config_group *is,
                        const char *control)
{
    struct group *group = calloc(1, sizeof(*group));
    if (group == NULL)
        return NULL;
    snprintf(group->name, sizeof(group->name), "%s", is->name);
    snprintf(group->control, sizeof(group->control), "%s", control);
    memcpy(group->address, is->address, is->addresses * sizeof(is->address[0]));
    group->prober.address = group->address;
    group->prober.addresses = is->addresses;
    group->prober.ended = on_probe;
    group->prober.data = group;
    group_guard(group, NULL);
    group->heard_ms = uv_hrtime() / 1000000;
    verdict_init(&group->verdict, &config->route.thresholds, uv_hrtime() / 1000000);
    group_configure(group, config, is);
    limit_probes(group);
    return group;
}

void group_control(struct group *group, const char *control)
{
    if (strcmp(group->control, control) == 0)
        return;
    snprintf(group->control, sizeof(group->control), "%s", control);
    route_client_reconnect(&group->route);
}

bool group_same(const struct group *group, const struct config_group *is, bool dry_run)
{
    if (!group->started || dry_run != (group->route.path == NULL)
        || strcmp(group->name, is->name) != 0 || group->prober.addresses != is->addresses)
        return false;
    for (size_t i = 0; i < is->addresses; i++) {
        if (!address_equal(&group->address[i], &is->address[i]))
            return false;
    }
    return true;
}

int group_start(struct group *group, uv_loop_t *loop, bool dry_run)
{
    const int err =
        route_client_start(&group->route, loop, group->name, dry_run ? NULL : group->control);
    if (err != 0)
        return err;
    group->started = true;
    return prober_start(&group->prober, loop);
}

void group_stop(struct group *group)
{
    if (!group->started)
        return;
    group->started = false;
    prober_stop(&group->prober);
    route_client_stop(&group->route);
}

/* Probes go out while the server says that it serves, though it may be stuck. */
void group_meet(struct group *group, const struct watch *watch)
{
    group->prober.active = watch->view.pulse != NULL
                           && (watch->server == SERVER_WELL || watch->server == SERVER_HUNG);
    if (watch->view.pulse != NULL)
        signals_find(&group->map, &watch->view, group->name, group->address,
                     group->prober.addresses);
    else
        group->signals = (struct signals){0};
    memcpy(group->prober.instance, watch->view.instance, INSTANCE_OCTETS);
    memcpy(group->route.instance, watch->view.instance, INSTANCE_OCTETS);
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
static void ask_guard(struct group *group, struct sample *s)
{
    struct guard *guard = group->guard;
    const unsigned badness = group->verdict.badness;
    guard->type->report(guard, badness);
    if (verdict_asks(&group->verdict))
        s->guard = guard->type->ask(guard, badness);
    else
        guard->type->cancel(guard);
    s->may_return = guard->type->may_return(guard, badness);
    s->fleet = guard->type->view(guard);
}

static void read_pulse(struct group *group, const struct group_tick *tick)
{
    const struct watch *watch = tick->watch;
    struct observation *o = &group->gathered;
    if (watch->view.pulse == NULL)
        return;
    signals_read(&group->signals, &group->map, &watch->view, o, tick->now_ms);
    const uint64_t margin_s = group->expiry_ms / 1000;
    o->sample.expiring =
        signals_expiring(&group->map, &watch->view, (int64_t)(tick->wall_ms / 1000 + margin_s));
    if (tick->clock_stepped) {
        memset(o->latency, 0, sizeof(o->latency));
        o->servfails = 0;
        o->sample.drops = 0;
    }
}

static void fill_sample(struct group *group, const struct group_tick *tick,
                        struct operator_entry word)
{
    struct sample *s = &group->gathered.sample;
    const unsigned paths = 2 * (unsigned)group->prober.addresses;
    s->health = health_of(tick->watch->server);
    s->workers = tick->watch->view.workers;
    s->stuck = tick->watch->beats.stuck;
    s->paths_all = paths < 32 ? (UINT32_C(1) << paths) - 1 : UINT32_MAX;
    s->route = group->route.route;
    s->word = word.word;
    s->held = word.held;
    ask_guard(group, s);
}

/* Others count on a node while the driver says that it's announced, whoever wished so; where the driver
 * says nothing any more, or is at it still, not for long. One that is on its way out doesn't count, and
 * neither does one whose driver fails. */
static void tell_fleet(struct group *group, enum wish wish, uint64_t now_ms)
{
    struct guard *guard = group->guard;
    const enum route route = group->route.route;
    const enum progress progress = group->route.progress;
    const bool unsettled =
        route == ROUTE_UNKNOWN || (route == ROUTE_UP && progress == PROGRESS_PENDING);
    if (!unsettled)
        group->heard_ms = now_ms;
    const bool leaves = wish == WISH_DRAIN || wish == WISH_DOWN;
    const bool in = !leaves && route == ROUTE_UP && progress == PROGRESS_APPLIED;
    const bool waits = !leaves && unsettled && now_ms - group->heard_ms < DRIVER_SILENT_MS;
    if (waits || (int)group->told == (in ? FLEET_TOLD_IN : FLEET_TOLD_OUT))
        return;
    group->told = in ? FLEET_TOLD_IN : FLEET_TOLD_OUT;
    if (in)
        guard->type->returned(guard);
    else
        guard->type->withdrawn(guard, group->verdict.badness);
}

static void learn(struct group *group, uint64_t now_ms)
{
    if (group->verdict.state == VERDICT_UP && !group->verdict.symptoms.suspect)
        usual_learn(&group->usual, group->record.observation.latency,
                    group->floor_ms * UINT64_C(1000), now_ms);
    limit_probes(group);
}

/* What the guard has said, of all that is told. */
static void count_answers(struct group *group, enum verdict_state before)
{
    const enum verdict_state after = group->verdict.state;
    group->granted += before == VERDICT_SUSPECT && after == VERDICT_DRAIN
                      && group->record.observation.sample.guard == GUARD_GRANTED;
    group->refused += before == VERDICT_SUSPECT && after == VERDICT_SUSPECT;
}

static const struct decision *keep(struct group *group, enum verdict_state before,
                                   uint64_t wall_ms)
{
    struct decision *d = &group->decision[group->decisions++ % GROUP_DECISIONS];
    *d = (struct decision){.wall_ms = wall_ms,
                           .before = before,
                           .after = group->verdict.state,
                           .wish = verdict_wish(&group->verdict),
                           .loud = group->verdict.loud};
    memcpy(d->why, group->verdict.why, sizeof(d->why));
    return d;
}

const struct decision *group_decide(struct group *group, const struct group_tick *tick,
                                    struct operator_entry word)
{
    const enum verdict_state before = group->verdict.state;
    const enum wish wish = verdict_wish(&group->verdict);
    read_pulse(group, tick);
    fill_sample(group, tick, word);
    observation_judge(&group->gathered, group_late_us(group), group_probe_late_us(group));
    struct record *record = &group->record;
    *record = (struct record){
        .now_ms = tick->now_ms, .wall_ms = tick->wall_ms, .observation = group->gathered};
    memcpy(record->group, group->name, sizeof(record->group));
    group->gathered = (struct observation){0};
    const bool told = verdict_step(&group->verdict, &record->observation.sample, tick->now_ms);
    if (verdict_asks(&group->verdict)) /* at once: the next tick has the store's answer then */
        group->guard->type->ask(group->guard, group->verdict.badness);
    learn(group, tick->now_ms);
    if (verdict_wish(&group->verdict) != wish)
        route_client_wish(&group->route, verdict_wish(&group->verdict));
    tell_fleet(group, verdict_wish(&group->verdict), tick->now_ms);
    if (!told)
        return NULL;
    count_answers(group, before);
    return keep(group, before, tick->wall_ms);
}
