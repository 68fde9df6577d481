/* record.c -- see record.h */
#include "server/sidecar/record.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define OF(field) offsetof(struct record, field)

/* A 32-bit number, or a bool, that's at most `max`. */
static const struct field {
    const char *name;
    size_t offset;
    size_t octets;
    uint32_t max;
} fields[] = {
#define FIELD(name, field, max)                                                                \
    {                                                                                          \
        name, OF(observation.field), sizeof(((struct record *)0)->observation.field), max      \
    }
    FIELD("health", sample.health, HEALTH_SERVING),
    FIELD("workers", sample.workers, PULSE_WORKERS_MAX),
    FIELD("stuck", sample.stuck, PULSE_WORKERS_MAX),
    FIELD("datagrams", sample.datagrams, UINT32_MAX),
    FIELD("drops", sample.drops, UINT32_MAX),
    FIELD("servfails", servfails, UINT32_MAX),
    FIELD("probes_failed", probes_failed, UINT32_MAX),
    FIELD("tcp", sample.tcp, UINT32_MAX),
    FIELD("tcp_bad", sample.tcp_bad, UINT32_MAX),
    FIELD("paths", sample.paths, UINT32_MAX),
    FIELD("paths_bad", sample.paths_bad, UINT32_MAX),
    FIELD("paths_served", sample.paths_served, UINT32_MAX),
    FIELD("paths_all", sample.paths_all, UINT32_MAX),
    FIELD("expiring", sample.expiring, EXPIRING_ZONE | EXPIRING_SIGNATURES),
    FIELD("route", sample.route, ROUTE_WITHDRAWN),
    FIELD("guard", sample.guard, GUARD_STAY),
    FIELD("may_return", sample.may_return, GUARD_RETURN_NEEDED),
    FIELD("fleet", sample.fleet.fleet, 1),
    FIELD("reachable", sample.fleet.reachable, 1),
    FIELD("members", sample.fleet.members, UINT32_MAX),
    FIELD("announcers", sample.fleet.announcers, UINT32_MAX),
    FIELD("fleet_bad", sample.fleet.bad, UINT32_MAX),
    FIELD("keep", sample.fleet.keep, UINT32_MAX),
    FIELD("word", sample.word, OPERATOR_DOWN),
    FIELD("held", sample.held, WISH_DOWN),
#undef FIELD
};

enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

static uint32_t get(const struct record *record, const struct field *f)
{
    if (f->octets == 1)
        return *((const uint8_t *)record + f->offset);
    uint32_t value;
    memcpy(&value, (const char *)record + f->offset, sizeof(value));
    return value;
}

static void set(struct record *record, const struct field *f, uint32_t value)
{
    if (f->octets == 1)
        *((bool *)record + f->offset) = value != 0;
    else
        memcpy((char *)record + f->offset, &value, sizeof(value));
}

/* "12:5 13:1": five in bucket 12, one in 13. */
static void write_histogram(FILE *to, const char *name, const uint32_t latency[PULSE_BUCKETS])
{
    const char *before = NULL;
    for (unsigned i = 0; i < PULSE_BUCKETS; i++) {
        if (latency[i] == 0)
            continue;
        if (before == NULL)
            fprintf(to, ",\"%s\":\"", name);
        fprintf(to, "%s%u:%u", before == NULL ? "" : before, i, latency[i]);
        before = " ";
    }
    if (before != NULL)
        fputc('"', to);
}

int record_write(FILE *to, const struct record *record)
{
    fprintf(to, "{\"wall\":%llu,\"ms\":%llu,\"group\":\"%s\"",
            (unsigned long long)record->wall_ms, (unsigned long long)record->now_ms,
            record->group);
    for (size_t i = 0; i < FIELDS; i++) {
        const uint32_t value = get(record, &fields[i]);
        if (value != 0)
            fprintf(to, ",\"%s\":%u", fields[i].name, value);
    }
    write_histogram(to, "latency", record->observation.latency);
    write_histogram(to, "probe_latency", record->observation.probe_latency);
    return fputs("}\n", to) < 0 || ferror(to) ? -EIO : 0;
}

/* What is being read; `failed` once it's no such line. */
struct scan {
    const char *at, *end;
    bool failed;
};

struct text {
    const char *at;
    size_t octets;
};

static bool take(struct scan *s, char wanted)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r'))
        s->at++;
    if (s->failed || s->at == s->end || *s->at != wanted)
        return false;
    s->at++;
    return true;
}

/* A string without escapes, after its first quote. */
static struct text take_text(struct scan *s)
{
    const char *quote = memchr(s->at, '"', (size_t)(s->end - s->at));
    if (quote == NULL || memchr(s->at, '\\', (size_t)(quote - s->at)) != NULL) {
        s->failed = true;
        return (struct text){"", 0};
    }
    const struct text text = {s->at, (size_t)(quote - s->at)};
    s->at = quote + 1;
    return text;
}

static uint64_t take_number(struct scan *s, uint64_t max)
{
    uint64_t value = 0;
    const char *begin = s->at;
    while (s->at < s->end && *s->at >= '0' && *s->at <= '9') {
        const uint64_t digit = (uint64_t)(*s->at - '0');
        if (value > (max - digit) / 10) {
            s->failed = true;
            return 0;
        }
        value = value * 10 + digit;
        s->at++;
    }
    s->failed = s->failed || s->at == begin || value > max;
    return s->failed ? 0 : value;
}

static bool is(struct text text, const char *word)
{
    return text.octets == strlen(word) && memcmp(text.at, word, text.octets) == 0;
}

static void read_histogram(struct scan *outer, struct text text,
                           uint32_t latency[PULSE_BUCKETS])
{
    struct scan s = {.at = text.at, .end = text.at + text.octets};
    while (!s.failed && s.at < s.end) {
        const uint64_t bucket = take_number(&s, PULSE_BUCKETS - 1);
        s.failed = s.failed || !take(&s, ':');
        const uint64_t count = take_number(&s, UINT32_MAX);
        if (!s.failed)
            latency[bucket] = (uint32_t)count;
        take(&s, ' ');
    }
    outer->failed = outer->failed || s.failed;
}

static void read_text(struct scan *s, struct text key, struct record *record)
{
    const struct text value = take_text(s);
    if (is(key, "latency"))
        read_histogram(s, value, record->observation.latency);
    else if (is(key, "probe_latency"))
        read_histogram(s, value, record->observation.probe_latency);
    if (!is(key, "group"))
        return;
    s->failed = s->failed || value.octets == 0 || value.octets > GROUP_NAME_MAX;
    if (!s->failed)
        memcpy(record->group, value.at, value.octets);
}

static void read_number(struct scan *s, struct text key, struct record *record)
{
    const uint64_t value = take_number(s, UINT64_MAX / 16);
    if (is(key, "ms"))
        record->now_ms = value;
    else if (is(key, "wall"))
        record->wall_ms = value;
    for (size_t i = 0; i < FIELDS; i++) {
        if (!is(key, fields[i].name))
            continue;
        s->failed = s->failed || value > fields[i].max;
        set(record, &fields[i], (uint32_t)value);
    }
}

int record_read(struct record *record, const char *line, size_t octets)
{
    *record = (struct record){0};
    struct scan s = {.at = line, .end = line + octets};
    s.failed = !take(&s, '{');
    do {
        s.failed = s.failed || !take(&s, '"');
        if (s.failed)
            return -EBADMSG;
        const struct text key = take_text(&s);
        s.failed = s.failed || !take(&s, ':');
        if (take(&s, '"'))
            read_text(&s, key, record);
        else
            read_number(&s, key, record);
    } while (take(&s, ','));
    const bool whole = take(&s, '}') && !take(&s, '\0') && s.at == s.end;
    return s.failed || !whole || record->group[0] == '\0' || record->now_ms == 0 ? -EBADMSG : 0;
}
