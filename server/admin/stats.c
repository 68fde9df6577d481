/* stats.c -- the workers' counters, added up */
#include "server/admin/report.h"

#include <inttypes.h>

static uint64_t sum(const struct pulse *pulse, size_t offset)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < pulse->workers; i++) {
        const uint8_t *worker = (const uint8_t *)&pulse->worker[i];
        const _Atomic uint64_t *counter = (const void *)(worker + offset);
        total += atomic_load_explicit((_Atomic uint64_t *)counter, memory_order_relaxed);
    }
    return total;
}

static const struct {
    const char *name;
    size_t offset;
} counters[] = {
    {"queries_udp", offsetof(struct pulse_worker, queries[0])},
    {"queries_tcp", offsetof(struct pulse_worker, queries[1])},
    {"answers_udp", offsetof(struct pulse_worker, answers[0])},
    {"answers_tcp", offsetof(struct pulse_worker, answers[1])},
    {"truncated", offsetof(struct pulse_worker, truncated)},
    {"unanswered", offsetof(struct pulse_worker, silent)},
    {"receive_queue_drops", offsetof(struct pulse_worker, drops)},
    {"tcp_open", offsetof(struct pulse_worker, tcp_open)},
    {"tcp_accepted", offsetof(struct pulse_worker, tcp_accepted)},
    {"tcp_refused", offsetof(struct pulse_worker, tcp_refused)},
    {"xdp_received", offsetof(struct pulse_worker, xdp_received)},
    {"xdp_odd", offsetof(struct pulse_worker, xdp_odd)},
};

static const char *const rcode_names[PULSE_RCODES] = {
    "rcode_noerror", "rcode_formerr", "rcode_servfail", "rcode_nxdomain",
    "rcode_notimp",  "rcode_refused", "rcode_yxdomain"};

static void line(FILE *to, const char *name, uint64_t value, bool json)
{
    fprintf(to, json ? ",\"%s\":%" PRIu64 : "%s %" PRIu64 "\n", name, value);
}

void report_stats(FILE *to, const struct server *server, bool json)
{
    const struct pulse *pulse = server->pulse;
    fputs(json ? "{\"ok\":true" : "", to);
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
        line(to, counters[i].name, sum(pulse, counters[i].offset), json);
    for (size_t rcode = 0; rcode < PULSE_RCODES; rcode++) {
        const uint64_t value =
            sum(pulse, offsetof(struct pulse_worker, rcodes) + rcode * sizeof(uint64_t));
        char number[24];
        snprintf(number, sizeof number, "rcode_%zu", rcode);
        if (rcode_names[rcode] != NULL)
            line(to, rcode_names[rcode], value, json);
        else if (value > 0)
            line(to, rcode == PULSE_RCODES - 1 ? "rcode_other" : number, value, json);
    }
    const struct maintain_totals totals = maintain_totals(server->maintain);
    line(to, "zones", totals.zones, json);
    line(to, "zones_stale", totals.stale, json);
    line(to, "zones_failed", totals.failed, json);
    line(to, "signatures_expire", (uint64_t)totals.signatures_expire, json);
    line(to, "reloads", atomic_load_explicit(&pulse->reloads, memory_order_relaxed), json);
    fputs(json ? "}\n" : "", to);
}
