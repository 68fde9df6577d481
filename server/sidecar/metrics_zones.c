/* metrics_zones.c -- the zones' part of the page: see metrics.h */
#include "server/sidecar/inventory.h"
#include "server/sidecar/metrics.h"

static void gauge(struct exposition *e, const char *name, const char *unit, const char *help,
                  uint64_t value)
{
    exposition_family(e, METRIC_GAUGE, name, unit, help);
    exposition_value(e, NULL, value);
}

/* A time that isn't known is no sample. */
static void at_time(struct exposition *e, const char *name, const char *help, int64_t at)
{
    exposition_family(e, METRIC_GAUGE, name, "seconds", help);
    if (at > 0)
        exposition_value(e, NULL, (uint64_t)at);
}

static void write_pulse(struct exposition *e, const struct metrics_server *s)
{
    const uint64_t bad = (uint64_t)s->zones_failed + s->zones_stale;
    exposition_family(
        e, METRIC_GAUGE, "pharos_zones", NULL,
        "Zones by state: served; stale, served though the newest text was refused; "
        "failed, answered with SERVFAIL.");
    exposition_value(e, LABELS({"state", "served"}), s->zones > bad ? s->zones - bad : 0);
    exposition_value(e, LABELS({"state", "stale"}), s->zones_stale);
    exposition_value(e, LABELS({"state", "failed"}), s->zones_failed);
    at_time(e, "pharos_signatures_expire_timestamp_seconds",
            "When the first signatures of all zones expire.", s->signatures_expire);
}

static void write_totals(struct exposition *e, const struct inventory *i)
{
    gauge(e, "pharos_zone_records", NULL, "Records of the zones that are served.", i->rrs);
    gauge(e, "pharos_zone_memory_bytes", "bytes", "Octets that the zones take.", i->octets);
    at_time(e, "pharos_zones_oldest_load_timestamp_seconds",
            "When the version that is served longest was loaded.", i->oldest);
    at_time(e, "pharos_zones_newest_load_timestamp_seconds",
            "When the version that is served shortest was loaded.", i->newest);
}

static void write_reload(struct exposition *e, const struct inventory *i)
{
    at_time(e, "pharos_server_start_time_seconds", "When pharosd began.", i->started);
    at_time(e, "pharos_last_reload_timestamp_seconds", "When the last reload ended.",
            i->reload);
    exposition_family(e, METRIC_GAUGE, "pharos_last_reload_success", NULL,
                      "1 where all that the last reload found is served.");
    if (i->reload != 0)
        exposition_value(e, NULL, i->reload_well);
    exposition_family(e, METRIC_GAUGE, "pharos_last_reload_duration_seconds", "seconds",
                      "How long the last reload took.");
    if (i->reload != 0)
        exposition_real(e, NULL, (double)i->reload_us / 1e6);
}

/* What is told of a zone by name. False: nothing. */
struct zone_family {
    const char *name, *unit, *help;
    bool (*value)(const struct inventory_zone *zone, uint64_t *value);
};

static bool is_bad(const struct inventory_zone *zone, uint64_t *value)
{
    *value = 1;
    return !zone->served || zone->stale;
}

static bool serial_of(const struct inventory_zone *zone, uint64_t *value)
{
    *value = zone->serial;
    return zone->served;
}

static bool loaded_of(const struct inventory_zone *zone, uint64_t *value)
{
    *value = (uint64_t)zone->loaded;
    return zone->served;
}

static bool expiry_of(const struct inventory_zone *zone, uint64_t *value)
{
    *value = (uint64_t)zone->signatures_expire;
    return zone->signatures_expire > 0;
}

static void write_zones(struct exposition *e, const char *text, size_t octets)
{
    static const struct zone_family families[] = {
        {"pharos_zone_bad", NULL, "Zones whose newest text isn't served, with their state.",
         is_bad},
        {"pharos_zone_serial", NULL, "Serials of the zones that are listed.", serial_of},
        {"pharos_zone_load_timestamp_seconds", "seconds",
         "When what is served of a zone was loaded.", loaded_of},
        {"pharos_zone_signatures_expire_timestamp_seconds", "seconds",
         "When a zone's first signatures expire.", expiry_of},
    };
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        const struct zone_family *family = &families[i];
        struct inventory_zone zone;
        exposition_family(e, METRIC_GAUGE, family->name, family->unit, family->help);
        for (size_t at = 0; inventory_next(&zone, text, octets, &at);) {
            const char *state = !zone.served ? "failed" : zone.stale ? "stale" : "served";
            uint64_t value;
            if (!family->value(&zone, &value))
                continue;
            if (i == 0)
                exposition_value(e, LABELS({"zone", zone.name}, {"state", state}), value);
            else
                exposition_value(e, LABELS({"zone", zone.name}), value);
        }
    }
}

void metrics_write_zones(struct exposition *e, const struct metrics *metrics, const char *text,
                         size_t octets)
{
    struct inventory inventory;
    if (metrics->server.seen)
        write_pulse(e, &metrics->server);
    if (metrics->inventory_at == 0)
        return;
    inventory_read(&inventory, text, octets);
    at_time(e, "pharos_inventory_timestamp_seconds",
            "When pharosd told what follows about its zones.", metrics->inventory_at);
    write_reload(e, &inventory);
    if (inventory.zones)
        write_totals(e, &inventory);
    write_zones(e, text, octets);
}
