/* metrics_route.c -- the groups' part of the page: see metrics.h */
#include "server/sidecar/metrics.h"

#include <math.h>

#define STATES     (VERDICT_HOLD + 1)
#define ROUTES     (ROUTE_WITHDRAWN + 1)
#define PROGRESSES (PROGRESS_FAILING + 1)
#define WISHES     (WISH_DOWN + 1)
#define WORDS      (OPERATOR_DOWN + 1)

enum { NAMES_MAX = 16 };

_Static_assert(STATES <= NAMES_MAX && ROUTES <= NAMES_MAX && PROGRESSES <= NAMES_MAX
                   && WISHES <= NAMES_MAX && WORDS <= NAMES_MAX,
               "names fit");

/* Of a stateset: how many names, the name of each, the one that holds in a group. */
struct states {
    const char *family, *help;
    unsigned count;
    const char *(*name)(unsigned state);
    unsigned (*of)(const struct metrics_group *group);
};

static const char *state_name(unsigned state)
{
    return verdict_state_to_text((enum verdict_state)state);
}

static const char *route_name(unsigned route)
{
    return route_to_text((enum route)route);
}

static const char *progress_name(unsigned progress)
{
    return progress_to_text((enum progress)progress);
}

static const char *wish_name(unsigned wish)
{
    return wish_to_text((enum wish)wish);
}

static const char *word_name(unsigned word)
{
    return operator_word_to_text((enum operator_word)word);
}

static unsigned state_of(const struct metrics_group *group)
{
    return group->state;
}

static unsigned route_of(const struct metrics_group *group)
{
    return group->route;
}

static unsigned progress_of(const struct metrics_group *group)
{
    return group->progress;
}

static unsigned wish_of(const struct metrics_group *group)
{
    return group->wish;
}

static unsigned word_of(const struct metrics_group *group)
{
    return group->word;
}

static void write_states(struct exposition *e, const struct metrics *metrics)
{
    static const struct states sets[] = {
        {"pharos_route_state", "What the sidecar has decided about a group's route.", STATES,
         state_name, state_of},
        {"pharos_route_driver", "The route as its driver tells it.", ROUTES, route_name,
         route_of},
        {"pharos_route_progress", "How far the driver is with that.", PROGRESSES, progress_name,
         progress_of},
        {"pharos_route_wish", "What the driver was told.", WISHES, wish_name, wish_of},
        {"pharos_route_operator", "The operator's word.", WORDS, word_name, word_of},
    };
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        const char *names[NAMES_MAX];
        for (unsigned n = 0; n < sets[i].count; n++)
            names[n] = sets[i].name(n);
        exposition_family(e, METRIC_STATESET, sets[i].family, NULL, sets[i].help);
        for (size_t g = 0; g < metrics->groups; g++)
            exposition_state(e, LABELS({"group", metrics->group[g].name}), names, sets[i].count,
                             sets[i].of(&metrics->group[g]));
    }
}

enum number {
    ANNOUNCED,
    STATE_AGE,
    DECISIONS,
    GRANTED,
    REFUSED,
    FALLS,
    HOLD_DOWN,
    LATE,
    BADNESS,
    BAD_ANSWERS,
    BAD_PROBES,
    DEAD_PATHS,
    PROBES,
    PROBES_BAD,
    RATE,
    USUAL_RATE,
    FLEET,
    FLEET_REACHABLE,
    FLEET_MEMBERS,
    FLEET_ANNOUNCERS,
    FLEET_BAD,
    FLEET_KEEP,
    ZONES,
    ZONES_FAILED,
    ZONES_EXPIRE,
    SIGNATURES_EXPIRE,
    NUMBERS,
};

/* What isn't known is NAN, and no sample. */
static double known(bool is, double value)
{
    return is ? value : (double)NAN;
}

static void fill_fleet(double value[NUMBERS], const struct guard_view *fleet)
{
    value[FLEET] = fleet->fleet;
    value[FLEET_REACHABLE] = known(fleet->fleet, fleet->reachable);
    value[FLEET_MEMBERS] = known(fleet->fleet, fleet->members);
    value[FLEET_ANNOUNCERS] = known(fleet->fleet, fleet->announcers);
    value[FLEET_BAD] = known(fleet->fleet, fleet->bad);
    value[FLEET_KEEP] = known(fleet->fleet, fleet->keep);
}

static void fill_zones(double value[NUMBERS], const struct metrics_group *g)
{
    value[ZONES] = known(g->zones_known, g->zones);
    value[ZONES_FAILED] = known(g->zones_known, g->zones_failed);
    value[ZONES_EXPIRE] = known(g->zones_known && g->expires != 0, (double)g->expires);
    value[SIGNATURES_EXPIRE] =
        known(g->zones_known && g->signatures_expire != 0, (double)g->signatures_expire);
}

/* A driver that fails to announce doesn't, and one that fails to withdraw may or may not. */
static double announced(const struct metrics_group *g)
{
    const bool up = g->route == ROUTE_UP || g->route == ROUTE_DRAIN;
    return known(g->route != ROUTE_UNKNOWN && (up || g->progress == PROGRESS_APPLIED),
                 up && g->progress == PROGRESS_APPLIED);
}

static void fill(double value[NUMBERS], const struct metrics_group *g, uint64_t now_ms)
{
    value[ANNOUNCED] = announced(g);
    value[STATE_AGE] = known(now_ms >= g->since_ms, (double)(now_ms - g->since_ms) / 1e3);
    value[DECISIONS] = g->decisions;
    value[GRANTED] = g->granted;
    value[REFUSED] = g->refused;
    value[FALLS] = g->falls;
    value[HOLD_DOWN] = (double)g->hold_down_ms / 1e3;
    value[LATE] = (double)g->late_us / 1e6;
    value[BADNESS] = (double)g->badness / GUARD_BADNESS_MAX;
    value[BAD_ANSWERS] = g->bad_pulse / 100.0;
    value[BAD_PROBES] = g->bad_probe / 100.0;
    value[DEAD_PATHS] = g->dead_paths;
    value[PROBES] = (double)g->probes;
    value[PROBES_BAD] = (double)g->probes_bad;
    value[RATE] = g->rate;
    value[USUAL_RATE] = g->usual_rate;
    fill_fleet(value, &g->fleet);
    fill_zones(value, g);
}

static const struct {
    enum exposition_type type;
    const char *family, *unit;
    const char *help;
} numbers[NUMBERS] = {
    [ANNOUNCED] = {METRIC_GAUGE, "pharos_route_announced", NULL,
                   "1 where the driver announces the route, also while it drains."},
    [STATE_AGE] = {METRIC_GAUGE, "pharos_route_state_age_seconds", "seconds",
                   "How long a group is in its state."},
    [DECISIONS] = {METRIC_COUNTER, "pharos_route_decisions", NULL,
                   "Decisions that were logged."},
    [GRANTED] = {METRIC_COUNTER, "pharos_route_leaves_granted", NULL,
                 "Leaves for slowness that the guard has granted."},
    [REFUSED] = {METRIC_COUNTER, "pharos_route_leaves_refused", NULL,
                 "Spells of slowness in which the guard said stay."},
    [FALLS] = {METRIC_GAUGE, "pharos_route_falls", NULL,
               "Withdrawals that count for route.thresholds.cycles."},
    [HOLD_DOWN] = {METRIC_GAUGE, "pharos_route_hold_down_seconds", "seconds",
                   "How long the route is held down at least."},
    [LATE] = {METRIC_GAUGE, "pharos_route_late_seconds", "seconds",
              "An answer that takes longer counts as bad."},
    [BADNESS] = {METRIC_GAUGE, "pharos_route_badness_ratio", "ratio",
                 "How sick the node calls itself; from 0.5 on it is suspect, 1 is dead."},
    [BAD_ANSWERS] = {METRIC_GAUGE, "pharos_route_bad_answers_ratio", "ratio",
                     "Share of answers that were late or lost in the last window."},
    [BAD_PROBES] = {METRIC_GAUGE, "pharos_route_bad_probes_ratio", "ratio",
                    "Share of probes that were bad in the last window."},
    [DEAD_PATHS] = {METRIC_GAUGE, "pharos_route_dead_paths", NULL,
                    "Addresses and transports that don't answer."},
    [PROBES] = {METRIC_COUNTER, "pharos_route_probes", NULL, "Probes that ended and count."},
    [PROBES_BAD] = {METRIC_COUNTER, "pharos_route_probes_bad", NULL, "Those that were bad."},
    [RATE] = {METRIC_GAUGE, "pharos_route_datagrams_per_second", NULL,
              "Datagrams that arrive now."},
    [USUAL_RATE] = {METRIC_GAUGE, "pharos_route_usual_datagrams_per_second", NULL,
                    "Datagrams that usually arrive."},
    [FLEET] = {METRIC_GAUGE, "pharos_fleet_configured", NULL,
               "1 where a fleet is asked before a slow node goes."},
    [FLEET_REACHABLE] = {METRIC_GAUGE, "pharos_fleet_reachable", NULL,
                         "1 where the fleet's store has answered lately."},
    [FLEET_MEMBERS] = {METRIC_GAUGE, "pharos_fleet_members", NULL, "Nodes of the fleet."},
    [FLEET_ANNOUNCERS] = {METRIC_GAUGE, "pharos_fleet_announcers", NULL,
                          "Nodes that announce the group."},
    [FLEET_BAD] = {METRIC_GAUGE, "pharos_fleet_bad", NULL,
                   "Other nodes that call themselves bad."},
    [FLEET_KEEP] = {METRIC_GAUGE, "pharos_fleet_keep", NULL,
                    "How many announcers slowness leaves at least."},
    [ZONES] = {METRIC_GAUGE, "pharos_group_zones", NULL, "Zones that count for a group."},
    [ZONES_FAILED] = {METRIC_GAUGE, "pharos_group_zones_failed", NULL,
                      "Those of them that couldn't be loaded."},
    [ZONES_EXPIRE] = {METRIC_GAUGE, "pharos_group_zones_expire_timestamp_seconds", "seconds",
                      "When the first of a group's zones expires by its SOA."},
    [SIGNATURES_EXPIRE] = {METRIC_GAUGE, "pharos_group_signatures_expire_timestamp_seconds",
                           "seconds", "When the first signatures of a group's zones expire."},
};

void metrics_write_route(struct exposition *e, const struct metrics *metrics)
{
    double value[GROUPS_MAX][NUMBERS];
    write_states(e, metrics);
    for (size_t g = 0; g < metrics->groups; g++)
        fill(value[g], &metrics->group[g], metrics->now_ms);
    for (size_t i = 0; i < NUMBERS; i++) {
        exposition_family(e, numbers[i].type, numbers[i].family, numbers[i].unit,
                          numbers[i].help);
        for (size_t g = 0; g < metrics->groups; g++) {
            if (!isnan(value[g][i]))
                exposition_real(e, LABELS({"group", metrics->group[g].name}), value[g][i]);
        }
    }
}

/* Between a word and the driver's answer the word counts. */
static bool group_ready(const struct metrics_group *g)
{
    return (g->route == ROUTE_UP && g->progress == PROGRESS_APPLIED)
           || (g->route == ROUTE_UNKNOWN && g->wish == WISH_UP);
}

bool metrics_ready(FILE *to, const struct metrics *metrics)
{
    bool ready = metrics->groups > 0;
    for (size_t i = 0; i < metrics->groups; i++) {
        const struct metrics_group *g = &metrics->group[i];
        ready = ready && group_ready(g);
        fprintf(to, "%s: %s: %s, route %s %s, wished %s\n", g->name,
                group_ready(g) ? "ready" : "not ready", verdict_state_to_text(g->state),
                route_to_text(g->route), progress_to_text(g->progress), wish_to_text(g->wish));
    }
    return ready;
}
