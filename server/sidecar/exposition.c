/* exposition.c -- see exposition.h */
#include "server/sidecar/exposition.h"

#include <inttypes.h>

static const char *suffix_of(enum exposition_type type)
{
    return type == METRIC_COUNTER ? "_total" : type == METRIC_INFO ? "_info" : "";
}

/* The older format knows neither info nor stateset, and calls a family as its samples. */
void exposition_family(struct exposition *e, enum exposition_type type, const char *name,
                       const char *unit, const char *help)
{
    static const char *const types[] = {"gauge", "counter", "histogram", "info", "stateset"};
    static const char *const classics[] = {"gauge", "counter", "histogram", "gauge", "gauge"};
    const char *suffix = e->classic ? suffix_of(type) : "";
    e->family = name;
    e->type = type;
    fprintf(e->to, "# HELP %s%s %s\n", name, suffix, help);
    fprintf(e->to, "# TYPE %s%s %s\n", name, suffix, (e->classic ? classics : types)[type]);
    if (unit != NULL && !e->classic)
        fprintf(e->to, "# UNIT %s %s\n", name, unit);
}

static void put_label(FILE *to, char before, const char *name, const char *value)
{
    fprintf(to, "%c%s=\"", before, name);
    for (; *value != '\0'; value++) {
        if (*value == '\\' || *value == '"')
            fputc('\\', to);
        if (*value == '\n')
            fputs("\\n", to);
        else
            fputc(*value, to);
    }
    fputc('"', to);
}

/* The name and the labels, and a last one of its own. */
static void put_head(struct exposition *e, const char *suffix, const struct label *labels,
                     const char *name, const char *value)
{
    char before = '{';
    fprintf(e->to, "%s%s", e->family, suffix);
    for (; labels != NULL && labels->name != NULL; labels++) {
        put_label(e->to, before, labels->name, labels->value);
        before = ',';
    }
    if (name != NULL) {
        put_label(e->to, before, name, value);
        before = ',';
    }
    fputs(before == ',' ? "} " : " ", e->to);
}

void exposition_value(struct exposition *e, const struct label *labels, uint64_t value)
{
    put_head(e, suffix_of(e->type), labels, NULL, NULL);
    fprintf(e->to, "%" PRIu64 "\n", value);
}

void exposition_real(struct exposition *e, const struct label *labels, double value)
{
    put_head(e, suffix_of(e->type), labels, NULL, NULL);
    const bool whole = value >= 0 && value < 1e15 && value == (double)(uint64_t)value;
    fprintf(e->to, whole ? "%.0f\n" : "%.9g\n", value);
}

void exposition_state(struct exposition *e, const struct label *labels,
                      const char *const *states, size_t count, size_t holds)
{
    for (size_t i = 0; i < count; i++) {
        put_head(e, "", labels, e->family, states[i]);
        fputs(i == holds ? "1\n" : "0\n", e->to);
    }
}

void exposition_histogram(struct exposition *e, const struct label *labels, const double *bound,
                          const uint64_t *count, size_t bounds, double sum)
{
    uint64_t total = 0;
    for (size_t i = 0; i <= bounds; i++) {
        char text[32] = "+Inf";
        if (i < bounds)
            snprintf(text, sizeof text, "%g", bound[i]);
        total += count[i];
        put_head(e, "_bucket", labels, "le", text);
        fprintf(e->to, "%" PRIu64 "\n", total);
    }
    put_head(e, "_count", labels, NULL, NULL);
    fprintf(e->to, "%" PRIu64 "\n", total);
    put_head(e, "_sum", labels, NULL, NULL);
    fprintf(e->to, "%.9g\n", sum);
}

void exposition_end(struct exposition *e)
{
    if (!e->classic)
        fputs("# EOF\n", e->to);
}
