/* config_check.c -- the last checks of a configuration, over all that was read */
#include "server/base/config_internal.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int compare_zones(const void *a, const void *b)
{
    const struct config_zone *x = *(const struct config_zone *const *)a;
    const struct config_zone *y = *(const struct config_zone *const *)b;
    if (x->name.octets != y->name.octets)
        return x->name.octets < y->name.octets ? -1 : 1;
    const int order = memcmp(x->name.wire, y->name.wire, x->name.octets);
    return order != 0 ? order : x->line < y->line ? -1 : x->line > y->line;
}

const struct config_zone **config_sorted_zones(const struct config *config)
{
    const struct config_zone **sorted = calloc(config->zones + 1, sizeof *sorted);
    if (sorted == NULL)
        return NULL;
    for (size_t i = 0; i < config->zones; i++)
        sorted[i] = &config->zone[i];
    qsort(sorted, config->zones, sizeof *sorted, compare_zones);
    return sorted;
}

bool config_zone_same(const struct config_zone *a, const struct config_zone *b)
{
    return a->name.octets == b->name.octets
           && memcmp(a->name.wire, b->name.wire, a->name.octets) == 0;
}

const struct address *config_cover(const struct config *config, const struct address *host)
{
    const struct address *wildcard = NULL;
    for (size_t i = 0; i < config->listens; i++) {
        const struct address *listen = &config->listen[i];
        if (address_same_host(listen, host))
            return listen;
        if (wildcard == NULL && address_is_wildcard(listen)
            && listen->storage.ss_family == host->storage.ss_family)
            wildcard = listen;
    }
    return wildcard;
}

/* A note of the configuration as a whole. */
#define note(config, notes, severity, ...)                                                     \
    notes_add(notes, severity, (config)->path, 0, 0, 1, NULL, 0, __VA_ARGS__)

static void check_listen(const struct config *config, struct notes *notes)
{
    if (config->listens == 0)
        notes_hint(note(config, notes, SEVERITY_ERROR, "no address to listen on"),
                   "--listen 127.0.0.1@5300, or server.listen in the configuration");
    for (size_t i = 0; i < config->listens; i++) {
        /* Port 0 is another one each time. */
        bool before = false;
        for (size_t j = 0; j < i && address_port(&config->listen[i]) != 0; j++)
            before |= address_equal(&config->listen[i], &config->listen[j]);
        if (before) {
            char text[ADDRESS_TEXT_MAX];
            note(config, notes, SEVERITY_ERROR, "%s is listened on twice",
                 address_to_text(&config->listen[i], text));
        }
    }
}

static int check_zones(const struct config *config, struct notes *notes)
{
    const struct config_zone **sorted = config_sorted_zones(config);
    if (sorted == NULL)
        return -ENOMEM;
    for (size_t i = 1; i < config->zones; i++) {
        if (!config_zone_same(sorted[i - 1], sorted[i]))
            continue;
        char text[NAME_TEXT_MAX];
        name_to_text(sorted[i]->name.wire, text);
        notes_add(notes, SEVERITY_ERROR, sorted[i]->line == 0 ? NULL : config->path,
                  sorted[i]->line, sorted[i]->column, sorted[i]->width, NULL, 0,
                  "zone %s is configured twice", text);
    }
    free(sorted);
    if (config->zones == 0 && config->zone_dirs == 0)
        notes_hint(note(config, notes, SEVERITY_WARNING, "no zone: everything is refused"),
                   "--zone NAME=FILE, or zones in the configuration");
    return 0;
}

/* RFC 9715 section 3.1: what is larger may be cut into fragments on its way, which get lost and can be forged. */
static void check_udp_size(const struct config *config, struct notes *notes)
{
    enum { WHOLE = 1400 };
    if (config->answer.udp_payload_max > WHOLE)
        notes_hint(
            note(config, notes, SEVERITY_WARNING,
                 "server.udp-size %u: answers above %d octets may be fragmented and lost "
                 "(RFC 9715)",
                 (unsigned)config->answer.udp_payload_max, WHOLE),
            "1232, the default, fits everywhere");
}

/* run-dir is made by the server where it's missing. */
static void check_run_dir(const struct config *config, struct notes *notes)
{
    struct stat status;
    if (config->run_dir != NULL && stat(config->run_dir, &status) == 0
        && !S_ISDIR(status.st_mode))
        note(config, notes, SEVERITY_ERROR, "server.run-dir %s: not a folder", config->run_dir);
}

static void check_folder(const struct config *config, const char *key, const char *path,
                         struct notes *notes)
{
    struct stat status;
    if (path == NULL)
        return;
    if (stat(path, &status) != 0)
        note(config, notes, SEVERITY_ERROR, "%s %s: %s", key, path, strerror(errno));
    else if (!S_ISDIR(status.st_mode))
        note(config, notes, SEVERITY_ERROR, "%s %s: not a folder", key, path);
}

static void check_user(const struct config *config, struct notes *notes)
{
    if (config->user == NULL)
        return;
    char buffer[16384];
    struct passwd entry, *found = NULL;
    getpwnam_r(config->user, &entry, buffer, sizeof buffer, &found);
    if (found == NULL)
        note(config, notes, SEVERITY_ERROR, "server.user: there's no user %s", config->user);
}

static void check_route(const struct config *config, struct notes *notes)
{
    const struct config_route *route = &config->route;
    if (route->driver != ROUTE_DRIVER_NONE && config->run_dir == NULL)
        notes_hint(
            note(config, notes, SEVERITY_WARNING,
                 "route without server.run-dir: the sidecar can't see how the server does"),
            "set server.run-dir");
    if (route->groups > GROUPS_MAX)
        note(config, notes, SEVERITY_ERROR, "route.groups: at most %d of them", GROUPS_MAX);
    for (size_t i = 0; i < route->groups; i++) {
        const struct config_group *group = &route->group[i];
        if (group->addresses == 0 || group->addresses > GROUP_ADDRESSES_MAX)
            note(config, notes, SEVERITY_ERROR, "group %s has %zu addresses: 1 to %d can be",
                 group->name, group->addresses, GROUP_ADDRESSES_MAX);
        for (size_t j = 0; j < group->addresses; j++) {
            char text[ADDRESS_TEXT_MAX];
            if (config_cover(config, &group->address[j]) == NULL)
                note(config, notes, SEVERITY_WARNING,
                     "group %s: no address of server.listen covers %s", group->name,
                     address_to_text(&group->address[j], text));
        }
    }
}

int config_check(const struct config *config, struct notes *notes)
{
    const size_t errors = notes->errors;
    check_listen(config, notes);
    const int err = check_zones(config, notes);
    if (err != 0)
        return err;
    check_udp_size(config, notes);
    check_run_dir(config, notes);
    check_folder(config, "server.state-dir", config->state_dir, notes);
    for (size_t i = 0; i < config->zone_dirs; i++)
        check_folder(config, "zone-dirs:", config->zone_dir[i], notes);
    check_user(config, notes);
    check_route(config, notes);
    config_fleet_check(config, notes);
    return notes->errors > errors ? -EINVAL : 0;
}
