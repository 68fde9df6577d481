/* config_route.c -- the keys of the configuration's section `route` */
#include "server/base/config_internal.h"

#include "server/base/values.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { METRICS_PORT = 9253 };

static void read_group_name(struct reading *reading, const struct item *item,
                            const struct key *key, void *into)
{
    const char *text = value_word(reading, item, key);
    if (text == NULL)
        return;
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    if (text[strspn(text, allowed)] != '\0')
        schema_error(reading, item, "a group's name has letters, digits, - and _ alone");
    else
        value_text(reading, item, key, into);
}

static void read_group_address(struct reading *reading, const struct item *item,
                               const struct key *key, void *into)
{
    struct config_group *group = into;
    struct address address;
    if (!value_address(reading, item, key, false, DNS_PORT, &address))
        return;
    for (size_t i = 0; i < group->addresses; i++) {
        if (address_equal(&group->address[i], &address)) {
            schema_error(reading, item, "\"%s\" is listed before", item->text);
            return;
        }
    }
    struct address *more = array_more(&group->address, group->addresses, sizeof *more);
    if (more == NULL) {
        schema_no_memory(reading);
        return;
    }
    *more = address;
    group->addresses++;
}

static void read_group_addresses(struct reading *reading, const struct item *item,
                                 const struct key *key, void *into)
{
    schema_list(reading, item, key, "[192.0.2.53, \"2001:db8::53\"]", read_group_address, into);
}

static void read_group_zone(struct reading *reading, const struct item *item,
                            const struct key *key, void *into)
{
    struct config_group *group = into;
    struct name name;
    if (!config_read_name(reading, item, key, "zone", &name))
        return;
    struct name *more = array_more(&group->zone, group->zones, sizeof *more);
    if (more == NULL) {
        schema_no_memory(reading);
        return;
    }
    *more = name;
    group->zones++;
}

/* The word "all", or a list of names. */
static void read_group_zones(struct reading *reading, const struct item *item,
                             const struct key *key, void *into)
{
    static const char *const choices[] = {"all", NULL};
    const struct key all = {.name = key->name, .max = key->max, .choices = choices};
    unsigned choice;
    if (item->kind == ITEM_LIST)
        schema_list(reading, item, key, "[example.com]", read_group_zone, into);
    else
        value_choice(reading, item, &all, &choice);
}

static void read_group(struct reading *reading, const struct item *item, const struct key *key,
                       void *into)
{
    static const struct key keys[] = {
        {.name = "name",
         .read = read_group_name,
         .offset = offsetof(struct config_group, name),
         .max = GROUP_NAME_MAX,
         .required = true},
        {.name = "addresses", .read = read_group_addresses, .required = true},
        {.name = "zones", .read = read_group_zones},
        {.name = NULL},
    };
    (void)key;
    struct config_route *route = into;
    struct config_group *group = array_more(&route->group, route->groups, sizeof *group);
    if (group == NULL) {
        schema_no_memory(reading);
        return;
    }
    route->groups++; /* at once: what is in it is freed with the rest */
    schema_map(reading, item, "a group", keys, group);
    for (size_t i = 0; group->name != NULL && i + 1 < route->groups; i++) {
        const char *other = route->group[i].name;
        if (other != NULL && strcmp(other, group->name) == 0)
            schema_error(reading, item, "a second group named \"%s\"", group->name);
    }
}

static void read_groups(struct reading *reading, const struct item *item, const struct key *key,
                        void *into)
{
    schema_list(reading, item, key, "[{name: any, addresses: [192.0.2.53]}]", read_group, into);
}

/* The first of enum route_driver is for none configured. */
static void read_driver(struct reading *reading, const struct item *item, const struct key *key,
                        void *into)
{
    unsigned choice;
    const size_t errors = reading->notes->errors;
    value_choice(reading, item, key, &choice);
    if (reading->notes->errors == errors)
        *(enum route_driver *)into = (enum route_driver)(choice + ROUTE_DRIVER_LEASE);
}

static void read_metrics_listen(struct reading *reading, const struct item *item,
                                const struct key *key, void *into)
{
    struct address address;
    if (value_address(reading, item, key, true, METRICS_PORT, &address))
        *(struct address *)into = address;
}

static const char *const metrics_zones_choices[] = {"bad", "all", NULL};

static const struct key metrics_keys[] = {
    {.name = "listen",
     .read = read_metrics_listen,
     .offset = offsetof(struct config_metrics, listen),
     .required = true},
    {.name = "zones",
     .read = value_choice,
     .offset = offsetof(struct config_metrics, zones),
     .choices = metrics_zones_choices},
    {.name = NULL},
};

static const char *const driver_choices[] = {"lease", "bird", "exec", "log", NULL};
static const char *const without_fleet_choices[] = {"stay", "withdraw", NULL};

/* Of struct thresholds. */
#define THRESHOLD(field) offsetof(struct thresholds, field)

static const struct key threshold_keys[] = {
    {.name = "window",
     .read = value_duration,
     .offset = THRESHOLD(window_ms),
     .min = 200,
     .max = THRESHOLDS_WINDOW_MAX_MS},
    {.name = "bad",
     .read = value_number,
     .offset = THRESHOLD(bad_percent),
     .min = 5,
     .max = 100},
    {.name = "samples",
     .read = value_number,
     .offset = THRESHOLD(samples_min),
     .min = 8,
     .max = 10000},
    {.name = "slow",
     .read = value_duration,
     .offset = THRESHOLD(slow_ms),
     .min = 100,
     .max = 60000},
    {.name = "near",
     .read = value_number,
     .offset = THRESHOLD(near_percent),
     .min = 5,
     .max = 100},
    {.name = "slow-near",
     .read = value_duration,
     .offset = THRESHOLD(slow_near_ms),
     .min = 100,
     .max = 60000},
    {.name = "path-dead",
     .read = value_duration,
     .offset = THRESHOLD(path_dead_ms),
     .min = 500,
     .max = 60000},
    {.name = "drain", .read = value_duration, .offset = THRESHOLD(drain_ms), .max = 600000},
    {.name = "clean",
     .read = value_duration,
     .offset = THRESHOLD(clean_ms),
     .min = 500,
     .max = THRESHOLDS_WINDOW_MAX_MS},
    {.name = "clean-bad", .read = value_number, .offset = THRESHOLD(clean_percent), .max = 50},
    {.name = "clean-samples",
     .read = value_number,
     .offset = THRESHOLD(clean_samples),
     .min = 1,
     .max = 10000},
    {.name = "flood",
     .read = value_number,
     .offset = THRESHOLD(flood_factor),
     .min = 2,
     .max = 1000},
    {.name = "expiry",
     .read = value_duration,
     .offset = THRESHOLD(expiry_ms),
     .min = 1000,
     .max = 86400000},
    {.name = "hold-down",
     .read = value_duration,
     .offset = THRESHOLD(holddown_first_ms),
     .min = 100,
     .max = 3600000},
    {.name = "hold-down-max",
     .read = value_duration,
     .offset = THRESHOLD(holddown_max_ms),
     .min = 1000,
     .max = 86400000},
    {.name = "cycles",
     .read = value_number,
     .offset = THRESHOLD(cycles),
     .min = 1,
     .max = THRESHOLDS_CYCLES_MAX},
    {.name = "cycles-in",
     .read = value_duration,
     .offset = THRESHOLD(cycles_ms),
     .min = 1000,
     .max = 86400000},
    {.name = NULL},
};

const struct key config_route_keys[] = {
    {.name = "driver",
     .read = read_driver,
     .offset = offsetof(struct config_route, driver),
     .required = true,
     .choices = driver_choices},
    {.name = "late",
     .read = value_duration,
     .offset = offsetof(struct config_route, late_ms),
     .min = 1,
     .max = 1000},
    {.name = "probe-late",
     .read = value_duration,
     .offset = offsetof(struct config_route, probe_late_ms),
     .min = 1,
     .max = 1000},
    {.name = "thresholds",
     .read = value_section,
     .offset = offsetof(struct config_route, thresholds),
     .keys = threshold_keys},
    {.name = "audit",
     .read = value_path,
     .offset = offsetof(struct config_route, audit),
     .max = PATH_MAX},
    {.name = "metrics",
     .read = value_section,
     .offset = offsetof(struct config_route, metrics),
     .keys = metrics_keys},
    {.name = "without-fleet",
     .read = value_choice,
     .offset = offsetof(struct config_route, without_fleet),
     .choices = without_fleet_choices},
    {.name = "fleet",
     .read = value_section,
     .offset = offsetof(struct config_route, fleet),
     .keys = config_fleet_keys},
    {.name = "groups", .read = read_groups, .required = true},
    {.name = NULL},
};
