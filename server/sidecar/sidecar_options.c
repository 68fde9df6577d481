/* sidecar_options.c -- see sidecar_options.h */
#include "server/sidecar/sidecar_options.h"

#include "server/sidecar/exporter.h"
#include "server/sidecar/fleet_guard.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_MISTAKE = 2, LATE_MS_MAX = 1000, PORT_DEFAULT = 53 };

static const char usage[] =
    "pharos-sidecar [-c FILE] [OPTION...]\n"
    "\n"
    "  -c, --config FILE             pharos.yaml; what follows goes over it\n"
    "  --run-dir DIR                 where pharosd's pulse.sock and the driver's socket are\n"
    "  --group NAME=ADDR[@PORT],...  service addresses that come and go together (repeatable)\n"
    "  --zone NAME                   a zone whose SOA is asked for (the first one configured)\n"
    "  --driver lease|bird|exec|log  log: a dry run\n"
    "  --control PATH                the driver's socket (DIR/announcer-NAME.sock; for the "
    "first\n"
    "                                group also DIR/announcer.sock)\n"
    "  --without-fleet stay|withdraw what to do when slow and no fleet is configured\n"
    "  --late MS                     an answer later than this is bad (20)\n"
    "  --record FILE                 write what is measured to FILE, for --replay\n"
    "  --replay FILE                 print what would have been decided about recorded "
    "samples\n"
    "  --log-level LEVEL             debug, info, notice, warning, error\n"
    "\n"
    "Exits 0 when told to stop (routes stay as they are), 1 on a failure, 2 for a mistake in "
    "the\n"
    "configuration or on the command line.\n";

static int mistake(const char *what, const char *about)
{
    fprintf(stderr, "pharos-sidecar: %s%s\nTry pharos-sidecar --help\n", what, about);
    return EXIT_MISTAKE;
}

static int no_memory(void)
{
    return mistake("out of memory", "");
}

static int add_address(struct config_group *group, const char *text)
{
    struct address *more = realloc(group->address, (group->addresses + 1) * sizeof(*more));
    if (more == NULL)
        return no_memory();
    group->address = more;
    const char *wrong = address_from_text(&more[group->addresses], text, PORT_DEFAULT);
    if (wrong != NULL) {
        fprintf(stderr, "pharos-sidecar: %s: %s\n", text, wrong);
        return EXIT_MISTAKE;
    }
    group->addresses++;
    return -1;
}

static int add_group(struct config_route *route, const char *text)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text)
        return mistake("a group is NAME=ADDRESS,..., not ", text);
    struct config_group *more = realloc(route->group, (route->groups + 1) * sizeof(*more));
    char *name = strndup(text, (size_t)(equals - text));
    char *list = strdup(equals + 1);
    if (more != NULL)
        route->group = more;
    if (more == NULL || name == NULL || list == NULL) {
        free(name);
        free(list);
        return no_memory();
    }
    struct config_group *group = &more[route->groups++];
    *group = (struct config_group){.name = name};
    int status = -1;
    char *rest = list;
    for (char *one; status == -1 && (one = strsep(&rest, ",")) != NULL;)
        status = add_address(group, one);
    free(list);
    return status;
}

static void drop_groups(struct config_route *route)
{
    for (size_t i = 0; i < route->groups; i++) {
        free(route->group[i].name);
        free(route->group[i].address);
        free(route->group[i].zone);
    }
    free(route->group);
    route->group = NULL;
    route->groups = 0;
}

static int set_zone(struct config *config, const char *text)
{
    struct name name;
    const enum name_error error = name_from_string(&name, text);
    if (error != NAME_OK) {
        fprintf(stderr, "pharos-sidecar: %s: %s\n", text, name_strerror(error));
        return EXIT_MISTAKE;
    }
    if (config->zones == 0) {
        config->zone = calloc(1, sizeof(*config->zone));
        if (config->zone == NULL)
            return no_memory();
        config->zones = 1;
    }
    config->zone[0].name = name;
    return -1;
}

static int set_late(struct config_route *route, const char *text)
{
    char *end;
    const unsigned long ms = strtoul(text, &end, 10);
    if (end == text || (*end != '\0' && strcmp(end, "ms") != 0) || ms == 0 || ms > LATE_MS_MAX)
        return mistake("late is 1 to 1000 ms, not ", text);
    route->late_ms = (unsigned)ms;
    return -1;
}

static int set_driver(struct config_route *route, const char *text)
{
    static const struct {
        const char *text;
        enum route_driver driver;
    } drivers[] = {{"lease", ROUTE_DRIVER_LEASE},
                   {"bird", ROUTE_DRIVER_BIRD},
                   {"exec", ROUTE_DRIVER_EXEC},
                   {"log", ROUTE_DRIVER_LOG}};
    for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
        if (strcmp(text, drivers[i].text) == 0) {
            route->driver = drivers[i].driver;
            return -1;
        }
    }
    return mistake("a driver is lease, bird, exec or log, not ", text);
}

static int set_without_fleet(struct config_route *route, const char *text)
{
    if (strcmp(text, "stay") != 0 && strcmp(text, "withdraw") != 0)
        return mistake("without a fleet it's stay or withdraw, not ", text);
    route->without_fleet = *text == 's' ? WITHOUT_FLEET_STAY : WITHOUT_FLEET_WITHDRAW;
    return -1;
}

static int set_run_dir(struct config *config, const char *text)
{
    free(config->run_dir);
    config->run_dir = strdup(text);
    return config->run_dir == NULL ? no_memory() : -1;
}

static int load_file(struct config *config, const char *path)
{
    struct notes notes;
    notes_init(&notes);
    const int err = config_load(config, path, &notes);
    notes_print(&notes, stderr);
    if (err != 0 && notes.errors == 0)
        fprintf(stderr, "pharos-sidecar: %s: %s\n", path, strerror(-err));
    notes_fini(&notes);
    return err == 0 ? -1 : EXIT_MISTAKE;
}

/* The file is read in a first pass, so that the order on the command line doesn't matter. */
static int set_option(struct sidecar_options *o, int option, bool first_pass, bool *own_groups)
{
    if (option == '?')
        return mistake("", "see above");
    if (option == 'c')
        return first_pass ? load_file(&o->config, optarg) : -1;
    if (first_pass)
        return -1;
    switch (option) {
    case 'r':
        return set_run_dir(&o->config, optarg);
    case 'g':
        if (!*own_groups)
            drop_groups(&o->config.route);
        *own_groups = true;
        return add_group(&o->config.route, optarg);
    case 'z':
        return set_zone(&o->config, optarg);
    case 'd':
        return set_driver(&o->config.route, optarg);
    case 'f':
        return set_without_fleet(&o->config.route, optarg);
    case 'l':
        return set_late(&o->config.route, optarg);
    case 'v':
        return log_level_from_text(optarg, &o->config.log_level)
                   ? -1
                   : mistake("no level of the log: ", optarg);
    case 's':
        o->control = optarg;
        return -1;
    case 'R':
        o->record = optarg;
        return -1;
    case 'P':
        o->replay = optarg;
        return -1;
    default:
        fputs(usage, stdout);
        return EXIT_SUCCESS;
    }
}

static int read_pass(struct sidecar_options *o, int argc, char **argv, bool first_pass)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"run-dir", required_argument, NULL, 'r'},
                                            {"group", required_argument, NULL, 'g'},
                                            {"zone", required_argument, NULL, 'z'},
                                            {"driver", required_argument, NULL, 'd'},
                                            {"without-fleet", required_argument, NULL, 'f'},
                                            {"late", required_argument, NULL, 'l'},
                                            {"log-level", required_argument, NULL, 'v'},
                                            {"control", required_argument, NULL, 's'},
                                            {"record", required_argument, NULL, 'R'},
                                            {"replay", required_argument, NULL, 'P'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    bool own_groups = false;
    int option, status = -1;
    optind = 1;
    while (status == -1 && (option = getopt_long(argc, argv, "c:h", options, NULL)) != -1)
        status = set_option(o, option, first_pass, &own_groups);
    return status != -1 || optind == argc ? status : mistake("unexpected: ", argv[optind]);
}

static int check(const struct sidecar_options *o)
{
    const struct config *config = &o->config;
    if (o->replay != NULL)
        return -1; /* thresholds alone count, and they have defaults */
    if (config->run_dir == NULL)
        return mistake("needed is ", "server.run-dir, or --run-dir");
    if (config->route.groups == 0)
        return mistake("needed is ", "route.groups, or --group");
    if (config->route.groups > GROUPS_MAX)
        return mistake("too many groups: ", "16 can be");
    for (size_t i = 0; i < config->route.groups; i++) {
        if (config->route.group[i].addresses > GROUP_ADDRESSES_MAX)
            return mistake("too many addresses in group ", config->route.group[i].name);
    }
    if (config->route.driver == ROUTE_DRIVER_NONE)
        return mistake("needed is ", "route.driver, or --driver");
    if (!exporter_possible(&config->route.metrics))
        return mistake("route.metrics: ", "this pharos-sidecar is built without libmicrohttpd");
    if (config->route.fleet.etcds != 0 && !fleet_guards_possible())
        return mistake("route.fleet needs libcurl and jansson, ",
                       "and this program was built without them");
    if (o->control != NULL && config->route.groups > 1)
        return mistake("--control is for one group; ", "there are several");
    return -1;
}

int sidecar_options_read(struct sidecar_options *options, int argc, char **argv)
{
    *options = (struct sidecar_options){0};
    config_init(&options->config);
    int status = read_pass(options, argc, argv, true);
    if (status == -1)
        status = read_pass(options, argc, argv, false);
    return status == -1 ? check(options) : status;
}

void sidecar_options_fini(struct sidecar_options *options)
{
    config_fini(&options->config);
}
