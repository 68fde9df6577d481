/* replay.c -- see replay.h */
#include "server/sidecar/replay.h"

#include "server/sidecar/record.h"
#include "server/sidecar/report.h"
#include "server/sidecar/usual.h"
#include "server/sidecar/verdict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct player {
    char group[GROUP_NAME_MAX + 1];
    struct verdict verdict;
    struct usual usual;
    uint64_t last_ms;
    uint64_t watched_ms, away_ms;
    unsigned samples, decisions, changes; /* the last: of the wish */
};

struct stage {
    const struct config_route *route;
    FILE *to;
    size_t players;
    struct player player[GROUPS_MAX];
};

/* NULL: there are more groups than can be. */
static struct player *find_player(struct stage *stage, const struct record *record)
{
    for (size_t i = 0; i < stage->players; i++) {
        if (strcmp(stage->player[i].group, record->group) == 0)
            return &stage->player[i];
    }
    if (stage->players == GROUPS_MAX)
        return NULL;
    struct player *p = &stage->player[stage->players++];
    memcpy(p->group, record->group, sizeof(p->group));
    verdict_init(&p->verdict, &stage->route->thresholds, record->now_ms);
    p->last_ms = record->now_ms;
    return p;
}

/* A driver that let go by itself did so in truth. */
static enum route route_of(const struct verdict *verdict, enum route recorded)
{
    const enum wish wish = verdict_wish(verdict);
    if (recorded == ROUTE_WITHDRAWN || recorded == ROUTE_FRESH || wish == WISH_NOTHING)
        return recorded;
    return wish == WISH_UP ? ROUTE_UP : wish == WISH_DRAIN ? ROUTE_DRAIN : ROUTE_DOWN;
}

/* A fleet's recorded numbers answer for it. */
static enum guard_answer guard_of(const struct stage *stage, const struct verdict *verdict,
                                  const struct guard_view *fleet)
{
    if (!verdict_asks(verdict))
        return GUARD_PENDING;
    if (!fleet->fleet)
        return stage->route->without_fleet == WITHOUT_FLEET_WITHDRAW ? GUARD_GRANTED
                                                                     : GUARD_STAY;
    return fleet->reachable && fleet->announcers > fleet->keep ? GUARD_GRANTED : GUARD_STAY;
}

static void count_time(struct player *p, uint64_t now_ms)
{
    if (now_ms > p->last_ms) {
        p->watched_ms += now_ms - p->last_ms;
        if (verdict_wish(&p->verdict) == WISH_DOWN || verdict_wish(&p->verdict) == WISH_DRAIN)
            p->away_ms += now_ms - p->last_ms;
    }
    p->last_ms = now_ms;
}

static void play(struct stage *stage, struct player *p, struct record *record)
{
    struct sample *s = &record->observation.sample;
    const uint64_t floor_us = stage->route->late_ms * UINT64_C(1000);
    const enum verdict_state before = p->verdict.state;
    const enum wish wish = verdict_wish(&p->verdict);
    count_time(p, record->now_ms);
    const uint64_t probe_floor_us = stage->route->probe_late_ms * UINT64_C(1000);
    observation_judge(&record->observation, usual_late_us(&p->usual, floor_us),
                      usual_probe_late_us(&p->usual, floor_us, probe_floor_us));
    s->route = route_of(&p->verdict, s->route);
    s->guard = guard_of(stage, &p->verdict, &s->fleet);
    p->samples++;
    if (verdict_step(&p->verdict, s, record->now_ms)) {
        char time[40];
        fprintf(stage->to, "%s %s: %s -> %s: %s\n", report_time(record->wall_ms, time),
                p->group, verdict_state_to_text(before),
                verdict_state_to_text(p->verdict.state), p->verdict.why);
        p->decisions++;
    }
    p->changes += verdict_wish(&p->verdict) != wish;
    if (p->verdict.state == VERDICT_UP && !p->verdict.symptoms.suspect)
        usual_learn(&p->usual, record->observation.latency, floor_us, record->now_ms);
}

/* False for what is no record. Time goes forward in a file; it begins anew with a machine's restart. */
static bool play_line(struct stage *stage, const char *line, size_t octets)
{
    struct record record;
    if (record_read(&record, line, octets) != 0)
        return false;
    struct player *p = find_player(stage, &record);
    if (p == NULL)
        return false;
    if (record.now_ms >= p->last_ms)
        play(stage, p, &record);
    else
        stage->players = (size_t)(p - stage->player);
    return true;
}

static int play_all(struct stage *stage, FILE *from, const char *name, FILE *errors)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t octets;
    unsigned good = 0, bad = 0;
    for (unsigned number = 1; (octets = getline(&line, &size, from)) >= 0; number++) {
        if (octets == 1 && line[0] == '\n')
            continue; /* after a write that failed */
        if (play_line(stage, line, (size_t)octets))
            good++;
        else if (bad++ == 0)
            fprintf(errors, "%s:%u: this is no recorded sample\n", name, number);
    }
    free(line);
    if (bad > 1)
        fprintf(errors, "%s: %u lines are no recorded samples\n", name, bad);
    return good == 0 && bad != 0 ? -EBADMSG : 0;
}

int replay(FILE *from, const char *name, const struct config_route *route, FILE *to,
           FILE *errors)
{
    struct stage *stage = calloc(1, sizeof(*stage));
    if (stage == NULL)
        return -ENOMEM;
    stage->route = route;
    stage->to = to;
    const int err = play_all(stage, from, name, errors);
    for (size_t i = 0; i < stage->players; i++) {
        const struct player *p = &stage->player[i];
        fprintf(
            to,
            "%s: %u samples, %u decisions, %u changes of the route; away for %.1f s of %.1f "
            "s\n",
            p->group, p->samples, p->decisions, p->changes, (double)p->away_ms / 1000,
            (double)p->watched_ms / 1000);
    }
    free(stage);
    return err;
}
