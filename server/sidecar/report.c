/* report.c -- see report.h */
#include "server/sidecar/report.h"

#include <time.h>

const char *report_time(uint64_t wall_ms, char text[40])
{
    const time_t seconds = (time_t)(wall_ms / 1000);
    struct tm tm = {0};
    gmtime_r(&seconds, &tm);
    const size_t len = strftime(text, 40, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text + len, 40 - len, ".%03uZ", (unsigned)(wall_ms % 1000));
    return text;
}

static const char *bool_text(bool value)
{
    return value ? "true" : "false";
}

/* Reasons are our own words; an escape is for the case that they aren't. */
static void put_string(FILE *to, const char *text)
{
    fputc('"', to);
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\' || c < ' ' || c > '~')
            fprintf(to, "\\u%04x", c);
        else
            fputc(c, to);
    }
    fputc('"', to);
}

void report_decision(FILE *to, const struct decision *d)
{
    char time[40];
    fprintf(
        to,
        "\"time\":\"%s\",\"from\":\"%s\",\"to\":\"%s\",\"wish\":\"%s\",\"loud\":%s,\"why\":",
        report_time(d->wall_ms, time), verdict_state_to_text(d->before),
        verdict_state_to_text(d->after), wish_to_text(d->wish), bool_text(d->loud));
    put_string(to, d->why);
}

void report_signals(FILE *to, const struct group *group)
{
    const struct symptoms *y = &group->verdict.symptoms;
    const struct tally *t = &y->recent;
    const struct sample *s = &group->record.observation.sample;
    fprintf(to,
            "{\"server\":\"%s\",\"window_ms\":%u,\"answers\":%u,\"late\":%u,\"drops\":%u,"
            "\"probes\":%u,\"probes_bad\":%u,\"tcp\":%u,\"tcp_bad\":%u,\"workers\":%u,"
            "\"stuck\":%u,\"dead_paths\":%u,\"expiring\":%u,\"late_us\":%llu,"
            "\"probe_late_us\":%llu,\"rate\":%u,\"usual_rate\":%.0f,\"badness\":%u}",
            health_to_text(s->health), group->verdict.limits.window_ms, t->answers, t->late,
            t->drops, t->probes, t->bad, t->tcp, t->tcp_bad, s->workers, s->stuck,
            (unsigned)__builtin_popcount(y->dead_paths), s->expiring,
            (unsigned long long)group_late_us(group),
            (unsigned long long)group_probe_late_us(group), group->verdict.absorb.rate,
            group->verdict.absorb.usual, group->verdict.badness);
}

void report_guard(FILE *to, const struct group *group)
{
    const struct guard_view *view = &group->record.observation.sample.fleet;
    fprintf(to,
            "{\"guard\":\"%s\",\"answer\":\"%s\",\"fleet\":%s,\"reachable\":%s,\"members\":%u,"
            "\"announcers\":%u,\"bad\":%u,\"keep\":%u}",
            group->guard->type->name,
            guard_answer_to_text(group->record.observation.sample.guard),
            bool_text(view->fleet), bool_text(view->reachable), view->members, view->announcers,
            view->bad, view->keep);
}

void report_thresholds(FILE *to, const struct group *group)
{
    const struct thresholds *l = &group->verdict.limits;
    fprintf(to,
            "{\"late_us\":%llu,\"probe_late_us\":%llu,\"window_ms\":%u,\"bad_percent\":%u,"
            "\"samples\":%u,"
            "\"slow_ms\":%u,\"near_percent\":%u,\"slow_near_ms\":%u,\"path_dead_ms\":%u,"
            "\"expiry_ms\":%u,\"drain_ms\":%u,\"clean_ms\":%u,\"flood\":%u,\"cycles\":%u}",
            (unsigned long long)group_late_us(group),
            (unsigned long long)group_probe_late_us(group), l->window_ms, l->bad_percent,
            l->samples_min, l->slow_ms, l->near_percent, l->slow_near_ms, l->path_dead_ms,
            l->expiry_ms, l->drain_ms, l->clean_ms, l->flood_factor, l->cycles);
}

/* From the oldest that's kept on. */
static const struct decision *kept_decision(const struct group *group, unsigned index)
{
    const unsigned first =
        group->decisions > GROUP_DECISIONS ? group->decisions - GROUP_DECISIONS : 0;
    return first + index < group->decisions
               ? &group->decision[(first + index) % GROUP_DECISIONS]
               : NULL;
}

void report_group_json(FILE *to, const struct group *group, uint64_t now_ms)
{
    const struct verdict *v = &group->verdict;
    const struct decision *d;
    fprintf(to,
            "{\"group\":\"%s\",\"state\":\"%s\",\"since_ms\":%llu,\"wish\":\"%s\","
            "\"route\":\"%s\",\"progress\":\"%s\",\"operator\":\"%s\",\"hold_down_ms\":%llu,"
            "\"falls\":%u,"
            "\"signals\":",
            group->name, verdict_state_to_text(v->state),
            (unsigned long long)(now_ms - v->since_ms), wish_to_text(verdict_wish(v)),
            route_to_text(group->route.route), progress_to_text(group->route.progress),
            operator_word_to_text(v->word),
            (unsigned long long)holddown_left(&v->holddown, now_ms),
            cycles_count(&v->cycles, &v->limits, now_ms));
    report_signals(to, group);
    fputs(",\"thresholds\":", to);
    report_thresholds(to, group);
    fputs(",\"guard\":", to);
    report_guard(to, group);
    fputs(",\"decisions\":[", to);
    for (unsigned i = 0; (d = kept_decision(group, i)) != NULL; i++) {
        fputs(i == 0 ? "{" : ",{", to);
        report_decision(to, d);
        fputc('}', to);
    }
    fputs("]}", to);
}

static void put_guard_text(FILE *to, const struct group *group)
{
    const struct guard_view *view = &group->record.observation.sample.fleet;
    if (!view->fleet)
        fprintf(to, "  guard       no fleet: %s when slow\n", group->guard->type->name);
    else
        fprintf(to, "  guard       %u of %u announce, %u must, %u others bad%s\n",
                view->announcers, view->members, view->keep, view->bad,
                view->reachable ? "" : "; THE STORE IS AWAY: no withdrawal for slowness");
}

static void put_route_text(FILE *to, const struct group *group, uint64_t now_ms)
{
    const struct verdict *v = &group->verdict;
    const unsigned s = (unsigned)((now_ms - v->since_ms) / 1000);
    const uint64_t left_ms = holddown_left(&v->holddown, now_ms);
    const enum progress progress = group->route.progress;
    fprintf(to, "%s: %s for %u s; route %s%s, wished %s\n", group->name,
            verdict_state_to_text(v->state), s, route_to_text(group->route.route),
            progress == PROGRESS_PENDING   ? " (pending)"
            : progress == PROGRESS_FAILING ? ", AND THE DRIVER FAILS"
                                           : "",
            wish_to_text(verdict_wish(v)));
    if (v->word != OPERATOR_NONE)
        fprintf(to, "  operator    %s; \"release\" ends it\n", operator_word_to_text(v->word));
    if (left_ms != 0 || cycles_count(&v->cycles, &v->limits, now_ms) != 0)
        fprintf(to, "  falls       %u in %u s of at most %u; held down %u s more\n",
                cycles_count(&v->cycles, &v->limits, now_ms), v->limits.cycles_ms / 1000,
                v->limits.cycles, (unsigned)(left_ms / 1000));
}

void report_group_text(FILE *to, const struct group *group, uint64_t now_ms)
{
    const struct verdict *v = &group->verdict;
    const struct sample *s = &group->record.observation.sample;
    const struct thresholds *l = &v->limits;
    const struct decision *d;
    char text[SYMPTOMS_TEXT_MAX], time[40];
    put_route_text(to, group, now_ms);
    fprintf(to, "  server      %s, %u of %u workers stuck\n", health_to_text(s->health),
            s->stuck, s->workers);
    fprintf(to, "  signals     %s in %u ms\n", symptoms_text(&v->symptoms, now_ms, text),
            l->window_ms);
    fprintf(to, "  datagrams   %u a second, usually %.0f\n", v->absorb.rate, v->absorb.usual);
    fprintf(to,
            "  thresholds  late after %.1f ms, probes after %.1f ms, bad from %u%% on, leaves "
            "after %u ms, drains "
            "%u ms\n",
            (double)group_late_us(group) / 1000, (double)group_probe_late_us(group) / 1000,
            l->bad_percent, l->slow_ms, l->drain_ms);
    put_guard_text(to, group);
    for (unsigned i = 0; (d = kept_decision(group, i)) != NULL; i++)
        fprintf(to, "  %s %s -> %s: %s\n", report_time(d->wall_ms, time),
                verdict_state_to_text(d->before), verdict_state_to_text(d->after), d->why);
}
