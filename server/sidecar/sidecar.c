/* sidecar.c -- pharos-sidecar: watches, decides, and tells the route's driver
 * Its death changes nothing: the driver keeps the last word. */
#include "server/base/descriptors.h"
#include "server/base/notify.h"
#include "server/sidecar/audit.h"
#include "server/sidecar/clock_step.h"
#include "server/sidecar/confine.h"
#include "server/sidecar/exporter.h"
#include "server/sidecar/falls.h"
#include "server/sidecar/fleet_guard.h"
#include "server/sidecar/group.h"
#include "server/sidecar/operator.h"
#include "server/sidecar/orders.h"
#include "server/sidecar/replay.h"
#include "server/sidecar/report.h"
#include "server/sidecar/sidecar_options.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SIGNALS = 4 };

struct sidecar {
    int argc;
    char **argv;
    struct sidecar_options options;
    char pulse_path[4096];
    char orders_path[4096];
    uv_loop_t *loop;
    struct watch watch;
    struct clock_step clock;
    struct operator_words words;
    char falls_path[KEEP_PATH_MAX];
    unsigned falls_kept; /* the groups' falls that are in the file */
    bool falls_told;     /* that they can't be kept */
    struct orders *orders;
    struct audit audit, record;
    struct exporter *exporter;
    struct group *group[GROUPS_MAX];
    size_t groups;
    struct fleet_guards *fleet; /* NULL: there's none */
    struct group *gone;         /* with a configuration: their last probes may be under way */
    uv_signal_t signal[SIGNALS];
    struct notify notify;
};

static const char *state_dir(const struct sidecar *s)
{
    const struct config *config = &s->options.config;
    return config->state_dir != NULL ? config->state_dir : config->run_dir;
}

static int64_t clock_us(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* CLOCK_MONOTONIC is what the pulse's slices and libuv's time go by. */
static struct group_tick look_at_clocks(struct sidecar *s)
{
    const int64_t before = clock_us(CLOCK_MONOTONIC);
    const int64_t wall = clock_us(CLOCK_REALTIME);
    const int64_t after = clock_us(CLOCK_MONOTONIC);
    return (struct group_tick){.watch = &s->watch,
                               .now_ms = (uint64_t)after / 1000,
                               .wall_ms = (uint64_t)wall / 1000,
                               .clock_stepped =
                                   clock_step_look(&s->clock, before, wall, after)};
}

static void tell(struct sidecar *s, const struct group *group, const struct decision *d)
{
    log_line(d->loud ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE, "%s: %s -> %s: %s", group->name,
             verdict_state_to_text(d->before), verdict_state_to_text(d->after), d->why);
    audit_decision(&s->audit, group, d);
}

/* The socket of a group's driver: the one with the group's name where it's there, and also where none is, unless
 * there's one group alone. The first group's may be without a name, so that a node with one group gets another
 * without a change to its driver. */
static void find_control(const struct sidecar_options *o, size_t index, char path[4096])
{
    const char *run_dir = o->config.run_dir;
    const struct config_route *route = &o->config.route;
    if (o->control != NULL) {
        snprintf(path, 4096, "%s", o->control);
        return;
    }
    snprintf(path, 4096, "%s/announcer-%s.sock", run_dir, route->group[index].name);
    if (index != 0 || access(path, F_OK) == 0)
        return;
    snprintf(path, 4096, "%s/announcer.sock", run_dir);
    if (route->groups > 1 && access(path, F_OK) != 0)
        snprintf(path, 4096, "%s/announcer-%s.sock", run_dir, route->group[index].name);
}

/* Drivers may come later, in either place: a route client connects to the path that it finds then. */
static void find_drivers(struct sidecar *s)
{
    if (s->groups != 0 && s->group[0]->route.route == ROUTE_UNKNOWN)
        find_control(&s->options, 0, s->group[0]->control);
}

static unsigned count_falls(const struct sidecar *s)
{
    unsigned falls = 0;
    for (size_t i = 0; i < s->groups; i++)
        falls += s->group[i]->verdict.falls;
    return falls;
}

/* Once the drivers have been told: nothing waits for a disk. What can't be written is tried again. */
static void keep_falls(struct sidecar *s, const struct group_tick *tick)
{
    if (count_falls(s) == s->falls_kept)
        return;
    struct falls falls = {0};
    for (size_t i = 0; i < s->groups; i++)
        falls_add(&falls, s->group[i]->name, &s->group[i]->verdict.holddown,
                  &s->group[i]->verdict.cycles, tick->now_ms, tick->wall_ms);
    const int err = falls_save(&falls, s->falls_path);
    if (err == 0)
        s->falls_kept = count_falls(s);
    if (err != 0 && !s->falls_told)
        log_error("can't keep falls and hold-downs in %s: %s; a restart forgets them",
                  s->falls_path, strerror(-err));
    s->falls_told = err != 0;
}

static void decide_all(struct sidecar *s)
{
    const struct group_tick tick = look_at_clocks(s);
    for (size_t i = 0; i < s->groups; i++) {
        struct group *group = s->group[i];
        group_meet(group, &s->watch);
        const struct decision *d =
            group_decide(group, &tick, operator_find(&s->words, group->name));
        if (d != NULL)
            tell(s, group, d);
        audit_record(&s->record, group);
    }
    keep_falls(s, &tick);
    exporter_tick(s->exporter, &s->watch, s->group, s->groups, tick.now_ms);
}

static void on_tick(struct watch *watch)
{
    struct sidecar *s = watch->data;
    find_drivers(s);
    decide_all(s);
    notify_feed(&s->notify, uv_now(s->loop));
}

static void on_server(struct watch *watch)
{
    log_notice("server: %s", server_to_text(watch->server));
    if (watch->server == SERVER_AWAY || watch->server == SERVER_HUNG)
        decide_all(watch->data);
}

static enum operator_word word_of(enum route_command command)
{
    switch (command) {
    case ROUTE_COMMAND_DRAIN:
        return OPERATOR_DRAIN;
    case ROUTE_COMMAND_HOLD:
        return OPERATOR_HOLD;
    case ROUTE_COMMAND_FORCE_UP:
        return OPERATOR_UP;
    case ROUTE_COMMAND_FORCE_DOWN:
        return OPERATOR_DOWN;
    default:
        return OPERATOR_NONE;
    }
}

/* "hold" keeps what is wished now, or else what the driver says that is. */
static enum wish held_of(const struct group *group)
{
    const enum wish wish = verdict_wish(&group->verdict);
    return wish == WISH_NOTHING && group->route.route == ROUTE_UP ? WISH_UP : wish;
}

static bool say_word(struct sidecar *s, struct group *group,
                     const struct route_request *request, FILE *to)
{
    const struct operator_entry is = operator_find(&s->words, group->name);
    const enum operator_word word = word_of(request->command);
    if (request->command == ROUTE_COMMAND_UNDRAIN && is.word != OPERATOR_DRAIN) {
        fprintf(to, "%s: isn't drained by an operator\n", group->name);
        return false;
    }
    const enum wish held = word == OPERATOR_HOLD ? held_of(group) : WISH_NOTHING;
    const int err = operator_say(&s->words, group->name, word, held);
    if (err != 0) {
        fprintf(to, "%s: can't keep that in %s, nothing is changed: %s\n", group->name,
                s->words.path, strerror(-err));
        return false;
    }
    return true;
}

static void show(const struct sidecar *s, const struct route_request *request, FILE *to)
{
    const uint64_t now_ms = (uint64_t)clock_us(CLOCK_MONOTONIC) / 1000;
    bool first = true;
    fputs(request->json ? "[" : "", to);
    for (size_t i = 0; i < s->groups; i++) {
        if (request->group[0] != '\0' && strcmp(request->group, s->group[i]->name) != 0)
            continue;
        if (request->json && !first)
            fputc(',', to);
        first = false;
        if (request->json)
            report_group_json(to, s->group[i], now_ms);
        else
            report_group_text(to, s->group[i], now_ms);
    }
    fputs(request->json ? "]\n" : "", to);
}

static bool carry_out(void *arg, const struct route_request *request, FILE *to)
{
    struct sidecar *s = arg;
    bool found = false, well = true;
    for (size_t i = 0; i < s->groups; i++) {
        if (request->group[0] != '\0' && strcmp(request->group, s->group[i]->name) != 0)
            continue;
        found = true;
        if (request->command != ROUTE_COMMAND_SHOW)
            well = say_word(s, s->group[i], request, to) && well;
    }
    if (!found) {
        fprintf(to, "there's no group %s\n", request->group);
        return false;
    }
    if (request->command != ROUTE_COMMAND_SHOW && well)
        decide_all(s);
    if (well)
        show(s, request, to);
    return well;
}

/* The guards of a configuration's fleet, if it has one. */
static int open_fleet(struct sidecar *s, const struct config *config,
                      struct fleet_guards **fleet)
{
    char why[FLEET_WHY_MAX];
    *fleet = NULL;
    if (config->route.fleet.etcds == 0)
        return 0;
    const int err = fleet_guards_open(fleet, s->loop, config, why);
    if (err != 0)
        log_error("route.fleet: %s", why);
    return err;
}

static void close_fleet(struct sidecar *s)
{
    for (size_t i = 0; i < s->groups; i++)
        group_guard(s->group[i], NULL);
    if (s->fleet != NULL)
        fleet_guards_close(s->fleet);
    s->fleet = NULL;
}

static void guard_groups(struct sidecar *s)
{
    for (size_t i = 0; s->fleet != NULL && i < s->groups; i++)
        group_guard(s->group[i], fleet_guards_add(s->fleet, s->group[i]->name));
}

static int add_group(struct sidecar *s, size_t index)
{
    char path[4096];
    find_control(&s->options, index, path);
    const struct config *config = &s->options.config;
    struct group *group = group_new(config, &config->route.group[index], path);
    if (group == NULL)
        return -ENOMEM;
    s->group[s->groups++] = group;
    return group_start(group, s->loop, s->options.config.route.driver == ROUTE_DRIVER_LOG);
}

/* Of a damaged file the worst is taken for true: else a node that comes and goes did so all the faster. */
static void restore_group(struct group *group, const struct falls *falls, int err,
                          uint64_t now_ms, uint64_t wall_ms)
{
    const struct falls_entry *entry = falls_find(falls, group->name);
    const struct thresholds *limits = &group->verdict.limits;
    struct holddown holddown;
    struct cycles cycles;
    if (err != 0)
        falls_assume(limits, &holddown, &cycles, now_ms);
    else if (entry == NULL)
        return;
    else if (!falls_restore(entry, limits, &holddown, &cycles, now_ms, wall_ms))
        log_warning("%s: falls in the future: the clock was set back, they count as now",
                    group->name);
    verdict_restore(&group->verdict, &holddown, &cycles);
}

static void restore_falls(struct sidecar *s)
{
    struct falls falls = {0};
    int err = keep_path(s->falls_path, state_dir(s), "route.falls");
    err = err != 0 ? err : falls_load(&falls, s->falls_path);
    if (err == -ENOENT)
        return;
    if (err != 0)
        log_error(
            "can't read falls and hold-downs in %s: %s; each group counts as one that has "
            "fallen %u times just now",
            s->falls_path, strerror(-err), s->options.config.route.thresholds.cycles);
    const uint64_t now_ms = (uint64_t)clock_us(CLOCK_MONOTONIC) / 1000;
    const uint64_t wall_ms = (uint64_t)clock_us(CLOCK_REALTIME) / 1000;
    for (size_t i = 0; i < s->groups; i++) /* the first tick writes it again, as it's taken */
        restore_group(s->group[i], &falls, err, now_ms, wall_ms);
}

static int start_groups(struct sidecar *s)
{
    const struct config_route *route = &s->options.config.route;
    int err = 0;
    for (size_t i = 0; err == 0 && i < route->groups; i++)
        err = add_group(s, i);
    restore_falls(s);
    guard_groups(s);
    return err;
}

/* The group that `is` describes, taken out of those there were; NULL: none is like that. */
static struct group *take_same(struct group *before[], size_t count,
                               const struct config_group *is, bool dry_run)
{
    for (size_t i = 0; i < count; i++) {
        struct group *group = before[i];
        if (group == NULL || !group_same(group, is, dry_run))
            continue;
        before[i] = NULL;
        return group;
    }
    return NULL;
}

/* Groups that are as they were go on with all that they know, their falls and hold-downs among it. Others
 * begin anew, and take their routes over as they find them. */
static void change_groups(struct sidecar *s)
{
    const struct config *config = &s->options.config;
    struct group *before[GROUPS_MAX];
    const size_t count = s->groups;
    int err = 0;
    memcpy(before, s->group, count * sizeof(before[0]));
    s->groups = 0;
    for (size_t i = 0; i < config->route.groups; i++) {
        const struct config_group *is = &config->route.group[i];
        struct group *group =
            take_same(before, count, is, config->route.driver == ROUTE_DRIVER_LOG);
        if (group == NULL) {
            err = err != 0 ? err : add_group(s, i);
            continue;
        }
        char path[4096];
        find_control(&s->options, i, path);
        group_configure(group, config, is);
        group_control(group, path);
        s->group[s->groups++] = group;
    }
    for (size_t i = 0; i < count; i++) {
        if (before[i] == NULL)
            continue;
        group_stop(before[i]);
        before[i]->next = s->gone;
        s->gone = before[i];
    }
    guard_groups(s);
    if (err != 0)
        log_error("can't start all groups: %s", uv_strerror(err));
}

static void open_audit(struct sidecar *s)
{
    const char *path = s->options.config.route.audit;
    const int err = audit_open(&s->audit, path);
    if (err != 0)
        log_error("can't write decisions to %s: %s", path, strerror(-err));
}

static void reload(struct sidecar *s)
{
    struct sidecar_options is;
    const int status = sidecar_options_read(&is, s->argc, s->argv);
    if (status != -1 || strcmp(is.config.run_dir, s->options.config.run_dir) != 0) {
        log_error("%s; the configuration before stays",
                  status != -1 ? "the new configuration is refused"
                               : "another run-dir wants a restart");
        sidecar_options_fini(&is);
        return;
    }
    struct fleet_guards *fleet;
    if (open_fleet(s, &is.config, &fleet) != 0) {
        log_error("the configuration before stays");
        sidecar_options_fini(&is);
        return;
    }
    close_fleet(s);
    sidecar_options_fini(&s->options);
    s->options = is;
    s->fleet = fleet;
    const struct config *config = &s->options.config;
    log_open("pharos-sidecar", config->log_level, config->log_format, NULL);
    open_audit(s);
    exporter_configure(s->exporter, &config->route.metrics);
    change_groups(s);
    log_notice("the configuration is read again: %zu group(s), late after %u ms", s->groups,
               config->route.late_ms);
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct sidecar *s = signal->data;
    switch (number) {
    case SIGUSR1:
        log_reopen();
        audit_reopen(&s->audit);
        audit_reopen(&s->record);
        break;
    case SIGHUP:
        reload(s);
        audit_reopen(&s->record);
        break;
    default:
        uv_stop(signal->loop);
    }
}

/* A node that was forced down may have been so: nothing is changed about any route until a person says what. */
static void load_words(struct sidecar *s)
{
    const struct config *config = &s->options.config;
    const int err = operator_load(&s->words, state_dir(s));
    if (err != 0)
        log_error(
            "can't read the operator's words in %s: %s; all routes are held as their "
            "drivers have them, until the next word: pharosctl release, if there was none",
            s->words.path, strerror(-err));
    for (size_t i = 0; err != 0 && i < config->route.groups; i++)
        operator_hold(&s->words, config->route.group[i].name);
    for (size_t i = 0; i < s->words.count; i++)
        log_warning("%s: the operator says %s, since before this start",
                    s->words.entry[i].group, operator_word_to_text(s->words.entry[i].word));
}

static int start(struct sidecar *s)
{
    const struct config *config = &s->options.config;
    int err = confine(geteuid() == 0 ? config->user : NULL, -1);
    if (err != 0)
        return err;
    load_words(s);
    open_audit(s);
    err = audit_open(&s->record, s->options.record);
    s->exporter = exporter_start(s->loop, &config->route.metrics, config->run_dir);
    if (err == 0)
        err = s->exporter == NULL ? -ENOMEM : open_fleet(s, config, &s->fleet);
    if (err == 0)
        err = start_groups(s);
    snprintf(s->orders_path, sizeof(s->orders_path), "%s/" ROUTE_SOCKET, config->run_dir);
    if (err == 0)
        err = orders_open(&s->orders, s->loop, s->orders_path, carry_out, s);
    if (err != 0)
        return err;
    snprintf(s->pulse_path, sizeof(s->pulse_path), "%s/pulse.sock", config->run_dir);
    s->watch.changed = on_server;
    s->watch.ticked = on_tick;
    s->watch.data = s;
    return watch_start(&s->watch, s->loop, s->pulse_path);
}

static void stop(struct sidecar *s)
{
    watch_stop(&s->watch);
    orders_close(s->orders);
    exporter_stop(s->exporter);
    close_fleet(s);
    for (size_t i = 0; i < s->groups; i++)
        group_stop(s->group[i]);
    for (int i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&s->signal[i], NULL);
    uv_run(s->loop, UV_RUN_DEFAULT); /* probes under way end by their deadlines */
    for (size_t i = 0; i < s->groups; i++)
        free(s->group[i]);
    while (s->gone != NULL) {
        struct group *next = s->gone->next;
        free(s->gone);
        s->gone = next;
    }
    audit_close(&s->audit);
    audit_close(&s->record);
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
        s->signal[i].data = s;
        uv_signal_start(&s->signal[i], on_signal, numbers[i]);
    }
    log_notice("watching %s: %zu group(s), late after %u ms, without a fleet: %s",
               s->pulse_path, s->groups, config->route.late_ms,
               config->route.without_fleet == WITHOUT_FLEET_WITHDRAW ? "withdraw" : "stay");
    notify_init(&s->notify);
    notify_send(&s->notify, "READY=1");
    uv_run(s->loop, UV_RUN_DEFAULT);
    notify_send(&s->notify, "STOPPING=1");
    notify_fini(&s->notify);
    stop(s);
    log_notice("stopped; routes stay as they are");
    return EXIT_SUCCESS;
}

static int run_replay(const struct sidecar_options *options)
{
    FILE *from = fopen(options->replay, "re");
    if (from == NULL) {
        fprintf(stderr, "pharos-sidecar: %s: %s\n", options->replay, strerror(errno));
        return EXIT_FAILURE;
    }
    const int err = replay(from, options->replay, &options->config.route, stdout, stderr);
    fclose(from);
    return err == 0 && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    if (descriptors_reserve() != 0)
        return EXIT_FAILURE;
    static struct sidecar s;
    signal(SIGPIPE, SIG_IGN);
    s.loop = uv_default_loop();
    s.argc = argc;
    s.argv = argv;
    int status = sidecar_options_read(&s.options, argc, argv);
    if (status == -1)
        status = s.options.replay != NULL ? run_replay(&s.options) : run(&s);
    sidecar_options_fini(&s.options);
    return status;
}
