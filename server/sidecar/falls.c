/* falls.c -- see falls.h */
#include "server/sidecar/falls.h"

#include "server/sidecar/keep.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Until the year 5138: sums of times stay far from what 64 bits have. */
static const uint64_t wall_max_ms = UINT64_C(100) * 1000 * 1000 * 1000 * 1000;

/* What is being read; `failed` once it's no such file. */
struct scan {
    const char *at, *end;
    bool failed;
};

static bool take(struct scan *s, char wanted)
{
    if (s->failed || s->at == s->end || *s->at != wanted)
        return false;
    s->at++;
    return true;
}

/* A space and a number. */
static uint64_t take_number(struct scan *s, uint64_t max)
{
    uint64_t value = 0;
    s->failed = s->failed || !take(s, ' ') || s->at == s->end || *s->at < '0' || *s->at > '9';
    while (!s->failed && s->at < s->end && *s->at >= '0' && *s->at <= '9') {
        value = value * 10 + (uint64_t)(*s->at++ - '0');
        s->failed = value > max;
    }
    return s->failed ? 0 : value;
}

static void take_name(struct scan *s, char name[GROUP_NAME_MAX + 1])
{
    size_t octets = 0;
    while (s->at<s->end && * s->at> ' ' && octets < GROUP_NAME_MAX)
        name[octets++] = *s->at++;
    name[octets] = '\0';
    s->failed = s->failed || octets == 0;
}

static void take_falls(struct scan *s, struct falls_entry *e)
{
    while (!s->failed && s->at < s->end && *s->at == ' ') {
        const uint64_t at_ms = take_number(s, wall_max_ms);
        s->failed = s->failed || e->falls == CYCLES_FALLS
                    || (e->falls != 0 && at_ms < e->fall_ms[e->falls - 1]);
        if (!s->failed)
            e->fall_ms[e->falls++] = at_ms;
    }
}

/* A line, without the group's name. */
static void take_entry(struct scan *s, struct falls_entry *e)
{
    e->penalty = take_number(s, FALLS_PENALTY_MAX);
    e->fell_ms = take_number(s, wall_max_ms);
    e->away_ms = take_number(s, wall_max_ms);
    e->until_ms = take_number(s, wall_max_ms);
    take_falls(s, e);
    s->failed = s->failed || !take(s, '\n') || e->until_ms < e->fell_ms;
}

int falls_parse(struct falls *falls, const char *text, size_t octets)
{
    struct scan s = {.at = text, .end = text + octets};
    falls->count = 0;
    while (!s.failed) {
        struct falls_entry entry = {0};
        take_name(&s, entry.group);
        /* A group may have that name as well: its line has more. */
        struct scan rest = s;
        if (strcmp(entry.group, "end") == 0 && take_number(&rest, GROUPS_MAX) == falls->count
            && take(&rest, '\n') && rest.at == rest.end)
            return 0;
        take_entry(&s, &entry);
        s.failed =
            s.failed || falls->count == GROUPS_MAX || falls_find(falls, entry.group) != NULL;
        if (!s.failed)
            falls->entry[falls->count++] = entry;
    }
    falls->count = 0;
    return -EBADMSG;
}

int falls_load(struct falls *falls, const char *path)
{
    char text[FALLS_TEXT_MAX];
    size_t octets = 0;
    falls->count = 0;
    const int err = keep_read(path, text, sizeof(text), &octets);
    return err != 0 ? err : falls_parse(falls, text, octets);
}

static void write_number(FILE *to, uint64_t number)
{
    fprintf(to, " %llu", (unsigned long long)number);
}

static void write_entry(FILE *to, const struct falls_entry *e)
{
    fputs(e->group, to);
    write_number(to, e->penalty);
    write_number(to, e->fell_ms);
    write_number(to, e->away_ms);
    write_number(to, e->until_ms);
    for (unsigned i = 0; i < e->falls; i++)
        write_number(to, e->fall_ms[i]);
    fputc('\n', to);
}

int falls_save(const struct falls *falls, const char *path)
{
    char *text = NULL;
    size_t octets = 0;
    FILE *to = open_memstream(&text, &octets);
    if (to == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < falls->count; i++)
        write_entry(to, &falls->entry[i]);
    fprintf(to, "end %zu\n", falls->count);
    const int err = fclose(to) != 0 ? -ENOMEM : keep_write(path, text, octets, KEEP_UNSYNCED);
    free(text);
    return err;
}

const struct falls_entry *falls_find(const struct falls *falls, const char *group)
{
    for (size_t i = 0; i < falls->count; i++) {
        if (strcmp(falls->entry[i].group, group) == 0)
            return &falls->entry[i];
    }
    return NULL;
}

static uint64_t at_most(uint64_t value, uint64_t limit)
{
    return value < limit ? value : limit;
}

/* Monotonic times may lie before the machine's start, and so below 0: what is between them is right all the same. */
static uint64_t to_wall(uint64_t at_ms, uint64_t now_ms, uint64_t wall_ms)
{
    return at_most(wall_ms - (now_ms - at_ms), wall_max_ms);
}

void falls_add(struct falls *falls, const char *group, const struct holddown *h,
               const struct cycles *c, uint64_t now_ms, uint64_t wall_ms)
{
    if (h->penalty == 0 || falls->count == GROUPS_MAX)
        return;
    struct falls_entry *e = &falls->entry[falls->count++];
    *e = (struct falls_entry){.penalty = (uint64_t)(h->penalty * 1000) < FALLS_PENALTY_MAX
                                             ? (uint64_t)(h->penalty * 1000)
                                             : FALLS_PENALTY_MAX,
                              .fell_ms = to_wall(h->fell_ms, now_ms, wall_ms),
                              .away_ms = h->away_ms,
                              .until_ms = to_wall(h->until_ms, now_ms, wall_ms)};
    snprintf(e->group, sizeof(e->group), "%s", group);
    e->falls = cycles_list(c, e->fall_ms);
    for (unsigned i = 0; i < e->falls; i++)
        e->fall_ms[i] = to_wall(e->fall_ms[i], now_ms, wall_ms);
}

/* A time in the future counts as now. */
static uint64_t to_monotonic(uint64_t at_ms, uint64_t now_ms, uint64_t wall_ms)
{
    return now_ms - (at_ms < wall_ms ? wall_ms - at_ms : 0);
}

bool falls_restore(const struct falls_entry *e, const struct thresholds *limits,
                   struct holddown *h, struct cycles *c, uint64_t now_ms, uint64_t wall_ms)
{
    const uint64_t away_ms = at_most(e->away_ms, limits->holddown_max_ms);
    const uint64_t left_ms = e->until_ms > wall_ms ? e->until_ms - wall_ms : 0;
    bool past = e->fell_ms <= wall_ms && left_ms <= e->away_ms;
    *h = (struct holddown){.penalty = (double)e->penalty / 1000,
                           .fell_ms = to_monotonic(e->fell_ms, now_ms, wall_ms),
                           .away_ms = away_ms,
                           .until_ms = now_ms + at_most(left_ms, away_ms)};
    *c = (struct cycles){0};
    for (unsigned i = 0; i < e->falls; i++) {
        past = past && e->fall_ms[i] <= wall_ms;
        cycles_fall(c, to_monotonic(e->fall_ms[i], now_ms, wall_ms));
    }
    return past;
}

void falls_assume(const struct thresholds *limits, struct holddown *h, struct cycles *c,
                  uint64_t now_ms)
{
    *h = (struct holddown){0};
    *c = (struct cycles){0};
    for (unsigned i = 0; i < limits->cycles; i++) {
        holddown_fall(h, limits, now_ms);
        cycles_fall(c, now_ms);
    }
}
