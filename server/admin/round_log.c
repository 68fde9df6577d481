/* round_log.c -- what a round of maintenance did, for the log */
#include "server/admin/round_log.h"

#include "server/base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ZONES_SINGLY_MAX = 100 };

static const char *how_loaded(const struct job *job, const struct zone *zone, char how[64])
{
    if (job->from_image)
        return "loaded from its image";
    if (zone->changed == 0)
        return "loaded";
    snprintf(how, 64, "updated by difference, %" PRIu32 " %s changed", zone->changed,
             zone->changed == 1 ? "name" : "names");
    return how;
}

static void log_job(const struct job *job, enum log_level level)
{
    char name[NAME_TEXT_MAX], how[64];
    const struct roster_zone *entry = job->entry;
    const struct zone *zone = entry->zone;
    roster_name_text(entry->wire, name);
    log_notes(&job->notes);
    if (entry->failure != NULL && zone != NULL && zone_loaded(zone))
        log_error("zone %s: refused; serial %" PRIu32 " is served on", name,
                  zone->version.serial);
    else if (entry->failure != NULL)
        log_error("zone %s: refused; answered with SERVFAIL", name);
    else if (job->same)
        log_line(level, "zone %s: the file changed, what it says didn't", name);
    else
        log_line(level, "zone %s: serial %" PRIu32 ", %" PRIu64 " RRs, %s in %.3f s", name,
                 zone->version.serial, zone->rrs, how_loaded(job, zone, how), job->seconds);
}

static void log_gone(const struct maintain_outcome *outcome)
{
    char name[NAME_TEXT_MAX];
    for (size_t i = 0; i < outcome->gone; i++)
        log_line(outcome->gone > ZONES_SINGLY_MAX ? LOG_LEVEL_DEBUG : LOG_LEVEL_NOTICE,
                 "zone %s: gone, served no more",
                 roster_name_text(outcome->gone_entry[i]->wire, name));
}

void round_log(const struct maintain_outcome *outcome, bool first)
{
    if (outcome->err == -ECANCELED || outcome->err == -ENOENT)
        return;
    if (outcome->err != 0) {
        log_error("can't %s zones: %s", first ? "load" : "reload", strerror(-outcome->err));
        return;
    }
    log_notes(outcome->notes);
    for (size_t i = 0; i < outcome->jobs; i++)
        log_job(&outcome->job[i],
                outcome->jobs > ZONES_SINGLY_MAX ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
    log_gone(outcome);
    log_info("%s: %zu loaded (%zu new), %zu refused, %zu gone, %zu unchanged, in %.3f s",
             first ? "start" : "reload", outcome->loaded, outcome->fresh, outcome->refused,
             outcome->gone, outcome->unchanged + outcome->same, outcome->seconds);
}
