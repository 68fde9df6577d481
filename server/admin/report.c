/* report.c -- what the server says about itself */
#include "server/admin/report.h"

#include "server/admin/json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ZONES_LISTED_MAX = 20, /* more are counted only: `pharosctl zones` has them all */
    NOTE_OCTETS_MAX = 16 * 1024,
};

static const char *state_text(const struct server *server)
{
    return server->stopping ? "draining" : server->answering ? "serving" : "starting";
}

static const char *time_text(time_t at, char text[32])
{
    struct tm tm;
    gmtime_r(&at, &tm);
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return text;
}

static const char *bool_text(bool value)
{
    return value ? "true" : "false";
}

static void indented(FILE *to, const char *text)
{
    fputs("    ", to);
    for (; *text != '\0'; text++) {
        fputc(*text, to);
        if (*text == '\n')
            fputs("    ", to);
    }
    fputc('\n', to);
}

static void failures_text(FILE *to, const struct roster *roster)
{
    char name[NAME_TEXT_MAX];
    size_t listed = 0;
    for (const struct roster_zone *zone = roster_next(roster, NULL); zone != NULL;
         zone = roster_next(roster, zone)) {
        if (zone->failure == NULL)
            continue;
        if (listed++ == ZONES_LISTED_MAX) {
            fputs("and more: see pharosctl zones\n", to);
            return;
        }
        if (roster_zone_state(zone) == ROSTER_STALE)
            fprintf(to,
                    "zone %s: stale: serial %" PRIu32
                    " is served, the newest text is refused\n",
                    roster_name_text(zone->wire, name), zone->zone->version.serial);
        else
            fprintf(to, "zone %s: failed: answered with SERVFAIL\n",
                    roster_name_text(zone->wire, name));
        indented(to, zone->failure);
    }
}

static void failures_json(FILE *to, const struct roster *roster)
{
    char name[NAME_TEXT_MAX];
    size_t listed = 0;
    for (const struct roster_zone *zone = roster_next(roster, NULL); zone != NULL;
         zone = roster_next(roster, zone)) {
        if (zone->failure == NULL || listed == ZONES_LISTED_MAX)
            continue;
        fputs(listed++ == 0 ? "{\"zone\":" : ",{\"zone\":", to);
        json_string(to, roster_name_text(zone->wire, name));
        fprintf(to, ",\"state\":\"%s\",\"notes\":", roster_state_text(roster_zone_state(zone)));
        json_string(to, zone->failure);
        fputc('}', to);
    }
}

static void hex(FILE *to, const uint8_t *octets, size_t count)
{
    for (size_t i = 0; i < count; i++)
        fprintf(to, "%02x", octets[i]);
}

static void images_json(FILE *to, const struct server *server)
{
    struct image_status images;
    if (!maintain_images(server->maintain, &images))
        return;
    fprintf(to, ",\"images\":{\"used\":%zu,\"on_trial\":%zu,\"written\":%zu,\"writing\":%s",
            images.used, images.trials, images.written, bool_text(images.writing));
    if (images.failure != NULL) {
        fputs(",\"failure\":", to);
        json_string(to, images.failure);
    }
    fputc('}', to);
}

static void images_text(FILE *to, const struct server *server)
{
    struct image_status images;
    if (!maintain_images(server->maintain, &images))
        return;
    fprintf(to, "images: %zu zone%s came from them, %zu on trial, %zu written%s\n", images.used,
            images.used == 1 ? "" : "s", images.trials, images.written,
            images.writing ? "; writing" : "");
    if (images.failure != NULL)
        fprintf(to, "images: can't be written: %s\n", images.failure);
}

static void status_json(FILE *to, const struct server *server)
{
    const struct maintain_totals totals = maintain_totals(server->maintain);
    char text[ADDRESS_TEXT_MAX], at[32];
    fprintf(to, "{\"ok\":true,\"version\":\"%s\",\"pid\":%ld,\"state\":\"%s\",\"instance\":\"",
            PHAROS_VERSION, (long)getpid(), state_text(server));
    hex(to, server->pulse->instance, PULSE_INSTANCE);
    fprintf(to, "\",\"started\":\"%s\",\"uptime_s\":%" PRIu64 ",\"workers\":%u,\"listen\":[",
            time_text(server->started, at), (uv_now(server->loop) - server->started_ms) / 1000,
            server->workers);
    for (size_t i = 0; i < server->config.listens; i++) {
        fputs(i == 0 ? "" : ",", to);
        json_string(to, address_to_text(front_address(server->front, i), text));
    }
    fprintf(to, "],\"zones\":{\"total\":%zu,\"served\":%zu,\"stale\":%zu,\"failed\":%zu}",
            totals.zones, totals.zones - totals.stale - totals.failed, totals.stale,
            totals.failed);
    if (totals.signatures_expire != 0)
        fprintf(to, ",\"signatures_expire\":\"%s\"",
                time_text((time_t)totals.signatures_expire, at));
    images_json(to, server);
    fprintf(to, ",\"loading\":%s,\"last_reload\":", bool_text(maintain_busy(server->maintain)));
    if (server->last_reload.at == 0)
        fputs("null", to);
    else
        fprintf(to, "{\"at\":\"%s\",\"ok\":%s,\"seconds\":%.3f}",
                time_text(server->last_reload.at, at), bool_text(server->last_reload.well),
                server->last_reload.seconds);
    fputs(",\"restart_needed_for\":", to);
    json_string(to, server->last_reload.restart);
    fputs(",\"failures\":[", to);
    failures_json(to, maintain_roster(server->maintain));
    fputs("]}\n", to);
}

static void status_text(FILE *to, const struct server *server)
{
    const struct maintain_totals totals = maintain_totals(server->maintain);
    const uint64_t uptime_s = (uv_now(server->loop) - server->started_ms) / 1000;
    char text[ADDRESS_TEXT_MAX], at[32];
    fprintf(to, "pharosd %s, process %ld, %s for %" PRIu64 " h %" PRIu64 " min %" PRIu64 " s\n",
            PHAROS_VERSION, (long)getpid(), state_text(server), uptime_s / 3600,
            uptime_s / 60 % 60, uptime_s % 60);
    fprintf(to, "workers: %u, instance ", server->workers);
    hex(to, server->pulse->instance, PULSE_INSTANCE);
    fputc('\n', to);
    for (size_t i = 0; i < server->config.listens; i++)
        fprintf(to, "listening on %s (udp, tcp)\n",
                address_to_text(front_address(server->front, i), text));
    fprintf(to, "zones: %zu, of which %zu served, %zu stale, %zu failed%s\n", totals.zones,
            totals.zones - totals.stale - totals.failed, totals.stale, totals.failed,
            maintain_busy(server->maintain) ? "; loading" : "");
    if (totals.signatures_expire != 0)
        fprintf(to, "signatures: the first expire at %s%s\n",
                time_text((time_t)totals.signatures_expire, at),
                totals.signatures_expire < time(NULL) ? ": THEY HAVE EXPIRED" : "");
    images_text(to, server);
    if (server->last_reload.at != 0)
        fprintf(to, "last reload: %s, %.3f s, %s\n", time_text(server->last_reload.at, at),
                server->last_reload.seconds,
                server->last_reload.well ? "well" : "with failures");
    if (server->last_reload.restart[0] != '\0')
        fprintf(to, "takes a restart: %s\n", server->last_reload.restart);
    failures_text(to, maintain_roster(server->maintain));
}

void report_status(FILE *to, const struct server *server, bool json)
{
    (json ? status_json : status_text)(to, server);
}

/* When a zone's first signatures expire. */
static const char *expiry_text(const struct roster_zone *zone, char text[32])
{
    const int64_t expiry = roster_zone_expiry(zone);
    return expiry == 0 ? "-" : time_text((time_t)expiry, text);
}

/* How many names changed with the version that is served, or that it was built whole. */
static const char *changed_text(const struct zone *zone, char text[16])
{
    if (zone->changed == 0)
        return "whole";
    snprintf(text, 16, "%" PRIu32, zone->changed);
    return text;
}

static void zone_text(FILE *to, const struct roster_zone *zone)
{
    char name[NAME_TEXT_MAX], at[32], expiry[32], changed[16];
    roster_name_text(zone->wire, name);
    if (zone->zone == NULL || !zone_loaded(zone->zone))
        fprintf(to, "%s failed - - - - - - %s\n", name, zone->path);
    else
        fprintf(to, "%s %s %" PRIu32 " %" PRIu64 " %zu %s %s %s %s\n", name,
                roster_state_text(roster_zone_state(zone)), zone->zone->version.serial,
                zone->zone->rrs, zone_octets(zone->zone), time_text(zone->loaded, at),
                changed_text(zone->zone, changed), expiry_text(zone, expiry), zone->path);
}

static void zone_json(FILE *to, const struct roster_zone *zone)
{
    char name[NAME_TEXT_MAX], at[32];
    fputs("{\"zone\":", to);
    json_string(to, roster_name_text(zone->wire, name));
    fprintf(to, ",\"state\":\"%s\",\"file\":", roster_state_text(roster_zone_state(zone)));
    json_string(to, zone->path);
    if (zone->zone != NULL && zone_loaded(zone->zone))
        fprintf(to,
                ",\"serial\":%" PRIu32 ",\"rrs\":%" PRIu64 ",\"octets\":%zu,\"loaded\":\"%s\""
                ",\"changed_names\":%" PRIu32,
                zone->zone->version.serial, zone->zone->rrs, zone_octets(zone->zone),
                time_text(zone->loaded, at), zone->zone->changed);
    if (roster_zone_expiry(zone) != 0)
        fprintf(to, ",\"signatures_expire\":\"%s\"",
                time_text((time_t)roster_zone_expiry(zone), at));
    if (zone->failure != NULL) {
        fputs(",\"notes\":", to);
        json_string(to, zone->failure);
    }
    fputc('}', to);
}

static int by_name(const void *a, const void *b)
{
    return name_compare((*(struct roster_zone *const *)a)->wire,
                        (*(struct roster_zone *const *)b)->wire);
}

/* All zones in canonical order; NULL out of memory. The caller frees the array. */
static const struct roster_zone **sorted(const struct roster *roster)
{
    const struct roster_zone **all = malloc((roster_count(roster) + 1) * sizeof *all);
    size_t count = 0;
    if (all == NULL)
        return NULL;
    for (const struct roster_zone *zone = roster_next(roster, NULL); zone != NULL;
         zone = roster_next(roster, zone))
        all[count++] = zone;
    qsort(all, count, sizeof *all, by_name);
    all[count] = NULL;
    return all;
}

void report_zones(FILE *to, const struct server *server, bool json)
{
    const struct roster_zone **all = sorted(maintain_roster(server->maintain));
    if (all == NULL) {
        report_text(to, "out of memory", false, json);
        return;
    }
    fputs(json ? "{\"ok\":true,\"zones\":[" : "", to);
    for (size_t i = 0; all[i] != NULL; i++) {
        fputs(json && i > 0 ? ",\n" : "", to);
        (json ? zone_json : zone_text)(to, all[i]);
    }
    fputs(json ? "]}\n" : "", to);
    free(all);
}

static void reload_line(FILE *to, const char *name, const struct zone *zone, double seconds)
{
    fprintf(to, "zone %s: serial %" PRIu32 ", %" PRIu64 " RRs, ", name, zone->version.serial,
            zone->rrs);
    if (zone->changed > 0)
        fprintf(to, "updated by difference, %" PRIu32 " %s changed", zone->changed,
                zone->changed == 1 ? "name" : "names");
    else
        fputs("loaded", to);
    fprintf(to, " in %.3f s\n", seconds);
}

static void reload_list_text(FILE *to, const struct maintain_outcome *outcome)
{
    char name[NAME_TEXT_MAX];
    size_t listed = 0;
    for (size_t i = 0; i < outcome->jobs; i++) {
        const struct roster_zone *zone = outcome->job[i].entry;
        if (outcome->job[i].same || listed++ >= ZONES_LISTED_MAX)
            continue;
        roster_name_text(zone->wire, name);
        if (zone->failure == NULL) {
            reload_line(to, name, zone->zone, outcome->job[i].seconds);
            continue;
        }
        if (zone->zone != NULL && zone_loaded(zone->zone))
            fprintf(to, "zone %s: refused; serial %" PRIu32 " is served on\n", name,
                    zone->zone->version.serial);
        else
            fprintf(to, "zone %s: refused; answered with SERVFAIL\n", name);
        indented(to, zone->failure);
    }
    for (size_t i = 0; i < outcome->gone && listed++ < ZONES_LISTED_MAX; i++)
        fprintf(to, "zone %s: gone, served no more\n",
                roster_name_text(outcome->gone_entry[i]->wire, name));
    if (listed > ZONES_LISTED_MAX)
        fputs("and more zones\n", to);
}

static void notes_text(FILE *to, const struct notes *notes)
{
    char text[NOTE_OCTETS_MAX];
    for (size_t i = 0; i < notes->count; i++) {
        note_render(&notes->note[i], text, sizeof text);
        fprintf(to, "%s\n", text);
    }
}

static void notes_json(FILE *to, const struct notes *notes)
{
    char text[NOTE_OCTETS_MAX];
    fputc('[', to);
    for (size_t i = 0; i < notes->count; i++) {
        fputs(i == 0 ? "" : ",", to);
        note_render(&notes->note[i], text, sizeof text);
        json_string(to, text);
    }
    fputc(']', to);
}

static void round_json(FILE *to, const struct maintain_outcome *outcome, const char *restart)
{
    char name[NAME_TEXT_MAX];
    size_t listed = 0;
    fprintf(to,
            "{\"ok\":%s,\"loaded\":%zu,\"same\":%zu,\"new\":%zu,\"gone\":%zu,\"unchanged\":%zu,"
            "\"refused\":%zu,\"seconds\":%.3f,\"restart_needed_for\":",
            bool_text(maintain_well(outcome)), outcome->loaded, outcome->same, outcome->fresh,
            outcome->gone, outcome->unchanged, outcome->refused, outcome->seconds);
    json_string(to, restart);
    fputs(",\"failures\":[", to);
    for (size_t i = 0; i < outcome->jobs && listed < ZONES_LISTED_MAX; i++) {
        const struct roster_zone *zone = outcome->job[i].entry;
        if (zone->failure == NULL)
            continue;
        fputs(listed++ == 0 ? "{\"zone\":" : ",{\"zone\":", to);
        json_string(to, roster_name_text(zone->wire, name));
        fprintf(to, ",\"state\":\"%s\",\"notes\":", roster_state_text(roster_zone_state(zone)));
        json_string(to, zone->failure);
        fputc('}', to);
    }
    fputs("],\"notes\":", to);
    notes_json(to, outcome->notes);
    fputs("}\n", to);
}

static const char *round_error(int err)
{
    return err == -ENOENT ? "this zone isn't served; a reload without a name looks for new ones"
           : err == -ECANCELED ? "the server is stopping"
                               : strerror(-err);
}

void report_round(FILE *to, const struct maintain_outcome *outcome, const char *restart,
                  bool json)
{
    if (outcome->err != 0) {
        report_text(to, round_error(outcome->err), false, json);
        return;
    }
    if (json) {
        round_json(to, outcome, restart);
        return;
    }
    notes_text(to, outcome->notes);
    reload_list_text(to, outcome);
    if (restart[0] != '\0')
        fprintf(to, "takes a restart: %s\n", restart);
    fprintf(to, "%zu loaded (%zu new), %zu refused, %zu gone, %zu unchanged, in %.3f s\n",
            outcome->loaded, outcome->fresh, outcome->refused, outcome->gone,
            outcome->unchanged + outcome->same, outcome->seconds);
}

void report_refused(FILE *to, const struct notes *notes, bool json)
{
    static const char text[] = "the configuration is refused; the one before stays";
    if (!json) {
        notes_text(to, notes);
        fprintf(to, "%s\n", text);
        return;
    }
    fputs("{\"ok\":false,\"error\":", to);
    json_string(to, text);
    fputs(",\"notes\":", to);
    notes_json(to, notes);
    fputs("}\n", to);
}

void report_text(FILE *to, const char *text, bool ok, bool json)
{
    if (!json) {
        fprintf(to, "%s\n", text);
        return;
    }
    fprintf(to, "{\"ok\":%s,\"%s\":", bool_text(ok), ok ? "message" : "error");
    json_string(to, text);
    fputs("}\n", to);
}
