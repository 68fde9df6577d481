/* pulse_groups.c -- see pulse_groups.h */
#include "server/admin/pulse_groups.h"

#include <stdio.h>

static void add(struct maintain_totals *sum, const struct roster_zone *zone)
{
    sum->zones++;
    if (zone == NULL || roster_zone_state(zone) == ROSTER_FAILED)
        sum->failed++;
    const int64_t expiry = zone == NULL ? 0 : roster_zone_expiry(zone);
    if (expiry != 0 && (sum->signatures_expire == 0 || expiry < sum->signatures_expire))
        sum->signatures_expire = expiry;
}

/* A zone that isn't served at all counts as one that failed. */
static struct maintain_totals sum_of(const struct config_group *group,
                                     const struct maintain *maintain)
{
    if (group->zones == 0)
        return maintain_totals(maintain);
    struct maintain_totals sum = {0};
    for (size_t i = 0; i < group->zones; i++)
        add(&sum, roster_find(maintain_roster(maintain), &group->zone[i]));
    return sum;
}

void pulse_groups_fill(struct pulse *pulse, const struct config_route *route,
                       const struct maintain *maintain)
{
    for (size_t i = 0; i < PULSE_GROUPS_MAX; i++) {
        struct pulse_group *to = &pulse->group[i];
        if (i >= route->groups) {
            to->name[0] = '\0';
            continue;
        }
        const struct maintain_totals sum = sum_of(&route->group[i], maintain);
        atomic_store_explicit(&to->zones, (uint32_t)sum.zones, memory_order_relaxed);
        atomic_store_explicit(&to->failed, (uint32_t)sum.failed, memory_order_relaxed);
        atomic_store_explicit(&to->signatures_expire, sum.signatures_expire,
                              memory_order_relaxed);
        snprintf(to->name, sizeof to->name, "%s", route->group[i].name);
    }
}
