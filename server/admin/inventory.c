/* inventory.c -- what the sidecar asks for its metrics: the zones, added up and some by name
 * Lines of words, which server/sidecar/inventory.h describes. */
#include "server/admin/report.h"

#include <inttypes.h>
#include <time.h>

enum {
    BAD_ZONES_MAX = 100, /* listed by `inventory` */
    ALL_ZONES_MAX = 10000,
};

struct sums {
    size_t count[ROSTER_FAILED + 1];
    uint64_t rrs, octets;
    time_t oldest, newest; /* when what is served was loaded; 0: nothing is */
};

static void add(struct sums *sums, const struct roster_zone *zone)
{
    const enum roster_state state = roster_zone_state(zone);
    sums->count[state]++;
    if (state == ROSTER_FAILED)
        return;
    sums->rrs += zone->zone->rrs;
    sums->octets += zone_octets(zone->zone);
    if (sums->oldest == 0 || zone->loaded < sums->oldest)
        sums->oldest = zone->loaded;
    if (zone->loaded > sums->newest)
        sums->newest = zone->loaded;
}

static struct sums add_up(const struct roster *roster)
{
    struct sums sums = {0};
    for (const struct roster_zone *zone = roster_next(roster, NULL); zone != NULL;
         zone = roster_next(roster, zone))
        add(&sums, zone);
    return sums;
}

static void zone_line(FILE *to, const struct roster_zone *zone)
{
    char name[NAME_TEXT_MAX];
    const enum roster_state state = roster_zone_state(zone);
    const bool served = state != ROSTER_FAILED;
    fprintf(to, "zone %s %s %" PRIu32 " %" PRIu64 " %zu %" PRId64 " %" PRId64 "\n",
            roster_name_text(zone->wire, name), roster_state_text(state),
            served ? zone->zone->version.serial : 0, served ? zone->zone->rrs : 0,
            served ? zone_octets(zone->zone) : 0, served ? (int64_t)zone->loaded : 0,
            roster_zone_expiry(zone));
}

/* Returns how many more may be listed. */
static size_t list(FILE *to, const struct roster *roster, bool bad, size_t room)
{
    for (const struct roster_zone *zone = roster_next(roster, NULL); room > 0 && zone != NULL;
         zone = roster_next(roster, zone)) {
        if ((roster_zone_state(zone) != ROSTER_SERVED) != bad)
            continue;
        zone_line(to, zone);
        room--;
    }
    return room;
}

static void write_inventory(FILE *to, const struct server *server, bool all)
{
    const struct roster *roster = maintain_roster(server->maintain);
    const struct sums sums = add_up(roster);
    fprintf(to, "started %" PRId64 "\n", (int64_t)server->started);
    if (server->last_reload.at != 0)
        fprintf(to, "reload %" PRId64 " %d %" PRIu64 "\n", (int64_t)server->last_reload.at,
                server->last_reload.well, (uint64_t)(server->last_reload.seconds * 1e6));
    fprintf(to, "zones %zu %zu %zu %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 "\n",
            sums.count[ROSTER_SERVED], sums.count[ROSTER_STALE], sums.count[ROSTER_FAILED],
            sums.rrs, sums.octets, (int64_t)sums.oldest, (int64_t)sums.newest);
    const size_t room = list(to, roster, true, all ? ALL_ZONES_MAX : BAD_ZONES_MAX);
    if (all)
        list(to, roster, false, room);
}

void report_inventory(FILE *to, const struct server *server, bool json)
{
    (void)json; /* lines are all that's asked for */
    write_inventory(to, server, false);
}

void report_inventory_zones(FILE *to, const struct server *server, bool json)
{
    (void)json;
    write_inventory(to, server, true);
}
