/* announcer.c -- pharos-announcer: holds the kernel lease of the route
 * No policy, no configuration file, nothing from the network; CAP_NET_ADMIN alone. */
#include "server/base/descriptors.h"
#include "server/sidecar/confine.h"
#include "server/sidecar/hand.h"
#include "server/sidecar/lease.h"
#include "server/sidecar/program.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEASE_SECONDS_MIN = 2, LEASE_SECONDS_MAX = 3600 };

struct announcer {
    struct lease lease;
    struct hand hand;
    struct program program;
};

static const char usage[] =
    "pharos-announcer --address ADDRESS... --interface NAME --pulse PATH --control PATH\n"
    "                 [--drain-interface NAME] [--break-first] [--lease SECONDS] [--user "
    "NAME]\n"
    "\n"
    "  --address ADDRESS  service address to announce, IPv4 or IPv6; up to 16 of them\n"
    "  --interface NAME   the marker interface whose addresses the routing daemon announces\n"
    "  --drain-interface NAME  the one whose addresses it announces with lower preference\n"
    "  --break-first      take them from the one before they stand on the other: for FRR\n"
    "  --pulse PATH       pulse.sock of pharosd\n"
    "  --control PATH     unix socket to listen at, for the lines up, drain, down and get\n"
    "  --lease SECONDS    how long at most the kernel keeps the addresses unrenewed (10)\n"
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

static int set_interface(struct announcer *a, enum lease_place place, const char *name)
{
    if (*name == '\0' || strlen(name) >= IF_NAMESIZE)
        return program_mistake(&a->program, "no name for an interface: ", name);
    strcpy(a->lease.interface[place], name);
    return 0;
}

static int set_seconds(struct announcer *a, const char *text)
{
    char *end;
    const unsigned long seconds = strtoul(text, &end, 10);
    if (*end != '\0' || seconds < LEASE_SECONDS_MIN || seconds > LEASE_SECONDS_MAX)
        return program_mistake(&a->program, "a lease has 2 to 3600 seconds, not ", text);
    a->lease.seconds = (uint32_t)seconds;
    return 0;
}

static int set_option(void *arg, int option, char *text)
{
    struct announcer *a = arg;
    switch (option) {
    case 'i':
        return set_interface(a, LEASE_UP, text);
    case 'd':
        return set_interface(a, LEASE_DRAIN, text);
    case 'b':
        a->lease.break_first = true;
        return 0;
    case 'l':
        return set_seconds(a, text);
    default:
        if (lease_add_address(&a->lease, text) != 0)
            return program_mistake(&a->program, "no address, or one too many: ", text);
        return 0;
    }
}

static int start(void *arg, uv_loop_t *loop)
{
    struct announcer *a = arg;
    int err = confine(a->program.user, CAP_NET_ADMIN);
    if (err == 0)
        err = lease_open(&a->lease);
    if (err != 0)
        return err;
    a->lease.seconds--; /* the kernel may be 0.25 s late: at most, not about */
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
    return hand_start(&a->hand, loop, &driver, found[place], a->program.pulse,
                      a->program.control);
}

int main(int argc, char **argv)
{
    if (descriptors_reserve() != 0)
        return EXIT_FAILURE;
    static const struct option options[] = {{"address", required_argument, NULL, 'a'},
                                            {"interface", required_argument, NULL, 'i'},
                                            {"drain-interface", required_argument, NULL, 'd'},
                                            {"break-first", no_argument, NULL, 'b'},
                                            {"lease", required_argument, NULL, 'l'},
                                            {NULL, 0, NULL, 0}};
    static struct announcer a = {.lease = {.seconds = 10}};
    a.program = (struct program){.name = "pharos-announcer",
                                 .usage = usage,
                                 .options = options,
                                 .set = set_option,
                                 .arg = &a};
    const int status = program_read(&a.program, argc, argv);
    if (status != 0)
        return status;
    if (a.lease.addresses == 0 || a.lease.interface[LEASE_UP][0] == '\0')
        return program_mistake(&a.program, "needed are ", "--address and --interface");
    return program_run(&a.hand, start, NULL, &a, " until its lease ends");
}
