/* announcer.c -- pharos-announcer: holds the kernel lease of the route
 * No policy, no configuration file, nothing from the network; CAP_NET_ADMIN alone. */
#include "server/base/descriptors.h"
#include "server/sidecar/confine.h"
#include "server/sidecar/hand.h"
#include "server/sidecar/lease.h"

#include <errno.h>
#include <getopt.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEASE_SECONDS_MIN = 2, LEASE_SECONDS_MAX = 3600 };

struct announcer {
    struct lease lease;
    struct hand hand;
    const char *pulse;
    const char *control;
    const char *user;
};

static const char usage[] =
    "pharos-announcer --address ADDRESS... --interface NAME --pulse PATH --control PATH\n"
    "                 [--drain-interface NAME] [--lease SECONDS] [--user NAME]\n"
    "\n"
    "  --address ADDRESS  service address to announce, IPv4 or IPv6; up to 16 of them\n"
    "  --interface NAME   the marker interface whose addresses the routing daemon announces\n"
    "  --drain-interface NAME  the one whose addresses it announces with lower preference\n"
    "  --pulse PATH       pulse.sock of pharosd\n"
    "  --control PATH     unix socket to listen at, for the lines up, drain, down and get\n"
    "  --lease SECONDS    how long the kernel keeps the addresses unrenewed (10)\n"
    "  --user NAME        run as this user\n"
    "\n"
    "Exits 0 when told to stop (the lease is left to run out), 1 on a failure, 2 for a "
    "mistake\n"
    "on the command line.\n";

static void apply(struct hand *hand, enum hand_route route)
{
    static const enum lease_place place[] = {LEASE_NOWHERE, LEASE_DRAIN, LEASE_UP};
    hand_report(hand, route, lease_set(hand->driver.data, place[route]));
}

static int mistake(const char *what, const char *about)
{
    fprintf(stderr, "pharos-announcer: %s%s\nTry pharos-announcer --help\n", what, about);
    return 2;
}

static int set_interface(char interface[IF_NAMESIZE], const char *name)
{
    if (*name == '\0' || strlen(name) >= IF_NAMESIZE)
        return mistake("no name for an interface: ", name);
    strcpy(interface, name);
    return 0;
}

static int set_seconds(struct lease *lease, const char *text)
{
    char *end;
    const unsigned long seconds = strtoul(text, &end, 10);
    if (*end != '\0' || seconds < LEASE_SECONDS_MIN || seconds > LEASE_SECONDS_MAX)
        return mistake("a lease has 2 to 3600 seconds, not ", text);
    lease->seconds = (uint32_t)seconds;
    return 0;
}

static int set_option(struct announcer *a, int option)
{
    switch (option) {
    case 'a':
        if (lease_add_address(&a->lease, optarg) != 0)
            return mistake("no address, or one too many: ", optarg);
        return 0;
    case 'i':
        return set_interface(a->lease.interface[LEASE_UP], optarg);
    case 'd':
        return set_interface(a->lease.interface[LEASE_DRAIN], optarg);
    case 'l':
        return set_seconds(&a->lease, optarg);
    case 'p':
        a->pulse = optarg;
        return 0;
    case 'c':
        a->control = optarg;
        return 0;
    case 'u':
        a->user = optarg;
        return 0;
    case 'h':
        fputs(usage, stdout);
        exit(EXIT_SUCCESS);
    default:
        return mistake("", "see above");
    }
}

static int read_options(struct announcer *a, int argc, char **argv)
{
    static const struct option options[] = {{"address", required_argument, NULL, 'a'},
                                            {"interface", required_argument, NULL, 'i'},
                                            {"drain-interface", required_argument, NULL, 'd'},
                                            {"lease", required_argument, NULL, 'l'},
                                            {"pulse", required_argument, NULL, 'p'},
                                            {"control", required_argument, NULL, 'c'},
                                            {"user", required_argument, NULL, 'u'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        const int status = set_option(a, option);
        if (status != 0)
            return status;
    }
    if (optind < argc)
        return mistake("unexpected: ", argv[optind]);
    if (a->lease.addresses == 0 || a->lease.interface[LEASE_UP][0] == '\0' || a->pulse == NULL
        || a->control == NULL)
        return mistake("needed are ", "--address, --interface, --pulse and --control");
    return 0;
}

static int start(struct announcer *a, uv_loop_t *loop)
{
    int err = confine(a->user, CAP_NET_ADMIN);
    if (err == 0)
        err = lease_open(&a->lease);
    if (err != 0)
        return err;
    static const enum hand_route found[] = {HAND_UP, HAND_DRAIN, HAND_DOWN};
    const int place = lease_look(&a->lease);
    if (place < 0)
        return place;
    const unsigned quarter_ms = a->lease.seconds * 1000 / 4;
    const struct hand_driver driver = {.apply = apply,
                                       .data = &a->lease,
                                       .refreshes = true,
                                       .drains = a->lease.interface[LEASE_DRAIN][0] != '\0',
                                       .refresh_ms = quarter_ms < 1000 ? quarter_ms : 1000};
    return hand_start(&a->hand, loop, &driver, found[place], a->pulse, a->control);
}

int main(int argc, char **argv)
{
    if (descriptors_reserve() != 0)
        return EXIT_FAILURE;
    static struct announcer a = {.lease = {.seconds = 10}};
    const int status = read_options(&a, argc, argv);
    if (status != 0)
        return status;
    uv_loop_t *loop = uv_default_loop();
    const int err = start(&a, loop);
    if (err != 0) {
        hand_say("can't start: %s", uv_strerror(err));
        return EXIT_FAILURE;
    }
    hand_say("announcing on %s, route %s", a.lease.interface[LEASE_UP],
             hand_route_to_text(a.hand.route));
    hand_run(&a.hand);
    hand_say("stopped; the route is left %s%s", hand_route_to_text(a.hand.route),
             a.hand.route != HAND_DOWN ? " until its lease ends" : "");
    hand_stop(&a.hand);
    uv_run(loop, UV_RUN_NOWAIT);
    uv_run(loop, UV_RUN_NOWAIT);
    return EXIT_SUCCESS;
}
