/* metrics.c -- see metrics.h: the page, and what is about pharosd as a whole */
#include "server/sidecar/metrics.h"

#include "server/base/address.h"

#include <arpa/inet.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
    BUCKETS_JOINED = 2, /* of the pulse's, in one of the page's: two a power of two */
    BOUNDS = PULSE_BUCKETS / BUCKETS_JOINED,
};

static const char *const transports[PULSE_TRANSPORTS] = {"udp", "tcp"};

/* As RFC 6895 section 2.3 and its registry spell them. */
static const char *const rcode_names[PULSE_RCODES - 1] = {
    "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",    "REFUSED",       "YXDOMAIN",
    "YXRRSET", "NXRRSET", "NOTAUTH",  "NOTZONE",  "DSOTYPENI", [16] = "BADVERS"};

static const char *rcode_text(unsigned rcode, char text[16])
{
    if (rcode == PULSE_RCODES - 1)
        return "other";
    if (rcode_names[rcode] != NULL)
        return rcode_names[rcode];
    snprintf(text, 16, "RCODE%u", rcode);
    return text;
}

static void counter(struct exposition *e, const char *name, const char *help, uint64_t value)
{
    exposition_family(e, METRIC_COUNTER, name, NULL, help);
    exposition_value(e, NULL, value);
}

static void by_transport(struct exposition *e, const char *name, const char *help,
                         const uint64_t value[PULSE_TRANSPORTS])
{
    exposition_family(e, METRIC_COUNTER, name, NULL, help);
    for (unsigned i = 0; i < PULSE_TRANSPORTS; i++)
        exposition_value(e, LABELS({"transport", transports[i]}), value[i]);
}

/* RCODEs without a name are told once they were sent. */
static void write_rcodes(struct exposition *e, const struct metrics_server *s)
{
    char text[16];
    exposition_family(e, METRIC_COUNTER, "pharos_responses", NULL, "Answers by their RCODE.");
    for (unsigned i = 0; i < PULSE_RCODES; i++) {
        if (s->rcodes[i] != 0 || (i < PULSE_RCODES - 1 && rcode_names[i] != NULL))
            exposition_value(e, LABELS({"rcode", rcode_text(i, text)}), s->rcodes[i]);
    }
}

static void write_traffic(struct exposition *e, const struct metrics_server *s)
{
    by_transport(e, "pharos_queries", "Queries received.", s->queries);
    by_transport(e, "pharos_answers", "Answers sent.", s->answers);
    write_rcodes(e, s);
    counter(e, "pharos_truncated", "Answers with TC set.", s->truncated);
    counter(e, "pharos_unanswered", "Requests that get no answer.", s->silent);
    counter(e, "pharos_receive_drops",
            "Datagrams dropped by the kernel since a receive queue was full.", s->drops);
    exposition_family(e, METRIC_GAUGE, "pharos_tcp_connections", NULL, "TCP connections now.");
    exposition_value(e, NULL, s->tcp_open);
    counter(e, "pharos_tcp_accepted", "TCP connections accepted.", s->tcp_accepted);
    counter(e, "pharos_tcp_refused", "TCP connections closed for a limit.", s->tcp_refused);
    counter(e, "pharos_xdp_received", "Queries that came by AF_XDP.", s->xdp_received);
    counter(e, "pharos_xdp_odd", "Frames of AF_XDP dropped: a wrong checksum or source.",
            s->xdp_odd);
}

static void by_worker(struct exposition *e, const char *name, const char *help,
                      const uint64_t *value, unsigned workers)
{
    exposition_family(e, METRIC_COUNTER, name, NULL, help);
    for (unsigned i = 0; i < workers; i++) {
        char text[16];
        snprintf(text, sizeof text, "%u", i);
        exposition_value(e, LABELS({"worker", text}), value[i]);
    }
}

static void write_workers(struct exposition *e, const struct metrics_server *s)
{
    exposition_family(e, METRIC_GAUGE, "pharos_workers", NULL, "Threads that answer.");
    exposition_value(e, NULL, s->workers);
    exposition_family(e, METRIC_GAUGE, "pharos_workers_stuck", NULL,
                      "Workers whose heartbeat stands still.");
    exposition_value(e, NULL, s->stuck);
    by_worker(e, "pharos_worker_heartbeats", "Turns of a worker's loop.", s->heartbeat,
              s->workers);
    by_worker(e, "pharos_worker_queries", "Queries that a worker received.", s->worker_queries,
              s->workers);
}

void metrics_write_server(struct exposition *e, const struct metrics *metrics)
{
    static const char *const states[] = {"unknown", "away", "starting",
                                         "well",    "hung", "leaving"};
    const struct metrics_server *s = &metrics->server;
    exposition_family(e, METRIC_STATESET, "pharos_server_state", NULL,
                      "What pharosd is doing, as the sidecar sees it.");
    exposition_state(e, NULL, states, COUNT(states), (size_t)s->state);
    if (!s->seen)
        return;
    write_workers(e, s);
    write_traffic(e, s);
    counter(e, "pharos_reloads", "Reloads since pharosd began.", s->reloads);
}

static const char *host_of(const struct path_totals *totals, unsigned path,
                           char text[INET6_ADDRSTRLEN])
{
    const struct pulse_address *address = &totals->address[path / 2];
    if (path >= 2 * totals->addresses
        || (address->family != AF_INET && address->family != AF_INET6)
        || inet_ntop(address->family, address->octets, text, INET6_ADDRSTRLEN) == NULL)
        snprintf(text, INET6_ADDRSTRLEN, "other");
    return text;
}

/* What a path's samples are labelled with. */
struct path_names {
    char host[INET6_ADDRSTRLEN], port[8];
    const char *transport;
};

static struct path_names names_of(const struct path_totals *totals, unsigned path)
{
    struct path_names names;
    const bool known = path < 2 * totals->addresses;
    host_of(totals, path, names.host);
    names.port[0] = '\0';
    if (known)
        snprintf(names.port, sizeof names.port, "%u", (unsigned)totals->address[path / 2].port);
    names.transport = known ? transports[path % 2] : "other";
    return names;
}

#define PATH_LABELS(names)                                                                     \
    LABELS({"address", (names).host}, {"port", (names).port}, {"transport", (names).transport})

static void write_latency(struct exposition *e, const struct path_totals *totals, unsigned path)
{
    const struct path_names names = names_of(totals, path);
    const uint64_t *latency = totals->path[path].latency;
    double bound[BOUNDS], sum = 0;
    uint64_t count[BOUNDS + 1] = {0};
    for (unsigned i = 0; i < BOUNDS; i++)
        bound[i] = (double)pulse_bucket_us(BUCKETS_JOINED * i + 1) / 1e6;
    for (unsigned i = 0; i < PULSE_BUCKETS; i++) {
        const uint64_t from = pulse_bucket_us(i);
        const uint64_t to = i + 1 < PULSE_BUCKETS ? pulse_bucket_us(i + 1) : from;
        sum += (double)latency[i] * ((double)from + (double)to) / 2e6;
        count[(i + 1) / BUCKETS_JOINED] += latency[i];
    }
    exposition_histogram(e, PATH_LABELS(names), bound, count, BOUNDS, sum);
}

static void write_path_counter(struct exposition *e, const struct path_totals *totals,
                               const char *name, const char *help, size_t offset)
{
    exposition_family(e, METRIC_COUNTER, name, NULL, help);
    for (unsigned path = 0; path < 2 * totals->addresses + 1; path++) {
        const struct path_names names = names_of(totals, path);
        const uint8_t *total = (const uint8_t *)&totals->path[path];
        exposition_value(e, PATH_LABELS(names),
                         *(const uint64_t *)(const void *)(total + offset));
    }
}

void metrics_write_paths(struct exposition *e, const struct path_totals *totals)
{
    if (totals->addresses == 0)
        return;
    exposition_family(e, METRIC_HISTOGRAM, "pharos_answer_latency_seconds", "seconds",
                      "From the kernel's receive stamp to the answer's sending; the sum is "
                      "taken from the buckets' middles.");
    for (unsigned path = 0; path < 2 * totals->addresses + 1; path++)
        write_latency(e, totals, path);
    write_path_counter(e, totals, "pharos_address_queries", "Queries to an address.",
                       offsetof(struct path_total, queries));
    write_path_counter(e, totals, "pharos_address_answers", "Answers from an address.",
                       offsetof(struct path_total, answers));
    write_path_counter(e, totals, "pharos_address_servfails", "SERVFAILs from an address.",
                       offsetof(struct path_total, servfails));
    write_path_counter(e, totals, "pharos_address_receive_drops",
                       "Datagrams to an address that the kernel dropped.",
                       offsetof(struct path_total, drops));
}

static void write_self(struct exposition *e, const struct metrics *metrics)
{
    exposition_family(e, METRIC_INFO, "pharos_build", NULL, "The sidecar that writes this.");
    exposition_value(e, LABELS({"version", PHAROS_VERSION}), 1);
    exposition_family(e, METRIC_GAUGE, "pharos_sidecar_start_time_seconds", "seconds",
                      "When the sidecar began, since 1970.");
    exposition_value(e, NULL, (uint64_t)metrics->started);
    counter(e, "pharos_sidecar_ticks", "Ticks of 50 ms in which the sidecar decided.",
            metrics->ticks);
    counter(e, "pharos_sidecar_ticks_late", "Those that were late: the node's CPUs are busy.",
            metrics->ticks_late);
}

void metrics_write(struct exposition *e, const struct metrics *metrics, const char *inventory,
                   size_t octets)
{
    write_self(e, metrics);
    metrics_write_server(e, metrics);
    metrics_write_paths(e, &metrics->totals);
    metrics_write_route(e, metrics);
    metrics_write_zones(e, metrics, inventory, octets);
    exposition_end(e);
}
