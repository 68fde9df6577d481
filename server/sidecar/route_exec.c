/* route_exec.c -- pharos-route-exec: a command of the site's in the announcer's place
 * The same lines over the same socket and the same dead man's rule as pharos-announcer (hand.h); what
 * announces is a hook, run as HOOK up|down ADDRESS... or, with --drain, drain It keeps its last state in a file, so that its
 * own restart changes no route and the state is applied again. */
#include "server/base/descriptors.h"
#include "server/sidecar/confine.h"
#include "server/sidecar/hand.h"
#include "server/sidecar/hook.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct route_exec {
    struct hook hook;
    struct hand hand;
    size_t addresses;
    const char *pulse;
    const char *control;
    const char *state;
    const char *user;
    bool drains;
};

static const char usage[] =
    "pharos-route-exec --hook PATH --address ADDRESS... --pulse PATH --control PATH\n"
    "                  [--drain] [--state PATH] [--timeout SECONDS] [--user NAME]\n"
    "\n"
    "  --hook PATH        run as PATH up|down ADDRESS...; exits 0 when it's done\n"
    "  --drain            the hook knows drain as well: announce with lower preference\n"
    "  --address ADDRESS  service address, IPv4 or IPv6; up to 16 of them\n"
    "  --pulse PATH       pulse.sock of pharosd\n"
    "  --control PATH     unix socket to listen at, for the lines up, drain, down and get\n"
    "  --state PATH       where the last state is kept over a restart (CONTROL.state)\n"
    "  --timeout SECONDS  how long a run of the hook may last (10)\n"
    "  --user NAME        run as this user\n"
    "\n"
    "Exits 0 when told to stop (the route is left as it is), 1 on a failure, 2 for a mistake "
    "on\n"
    "the command line.\n";

/* A file that isn't written whole reads as down: the sidecar says up again. */
static void keep_state(const char *path, enum hand_route route)
{
    const char *text = hand_route_to_text(route);
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0 || dprintf(fd, "%s\n", text) < 0)
        hand_say("can't keep the state in %s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
}

static enum hand_route read_state(const char *path)
{
    char text[8] = "";
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return HAND_DOWN;
    const ssize_t got = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (got > 0 && strcmp(text, "up\n") == 0)
        return HAND_UP;
    return got > 0 && strcmp(text, "drain\n") == 0 ? HAND_DRAIN : HAND_DOWN;
}

static void on_finished(struct hook *hook, enum hand_route route, int err)
{
    struct route_exec *r = hook->data;
    hand_report(&r->hand, route, err);
}

/* "up" is kept before the hook runs and "down" after it was wanted: what's found after a crash in
 * between is then at worst applied once more. */
static void apply(struct hand *hand, enum hand_route route)
{
    struct route_exec *r = hand->driver.data;
    keep_state(r->state, route);
    hook_want(&r->hook, route);
}

static int mistake(const char *what, const char *about)
{
    fprintf(stderr, "pharos-route-exec: %s%s\nTry pharos-route-exec --help\n", what, about);
    return 2;
}

static int add_address(struct route_exec *r, char *text)
{
    uint8_t octets[16];
    if (inet_pton(strchr(text, ':') != NULL ? AF_INET6 : AF_INET, text, octets) != 1
        || r->addresses == HOOK_ADDRESSES_MAX)
        return mistake("no address, or one too many: ", text);
    r->hook.address[r->addresses++] = text;
    return 0;
}

static int set_timeout(struct route_exec *r, const char *text)
{
    char *end;
    const unsigned long seconds = strtoul(text, &end, 10);
    if (*end != '\0' || seconds == 0 || seconds > 600)
        return mistake("a run may last 1 to 600 seconds, not ", text);
    r->hook.timeout_ms = (unsigned)seconds * 1000;
    return 0;
}

static int set_option(struct route_exec *r, int option)
{
    switch (option) {
    case 'H':
        r->hook.path = optarg;
        return 0;
    case 'd':
        r->drains = true;
        return 0;
    case 'a':
        return add_address(r, optarg);
    case 'p':
        r->pulse = optarg;
        return 0;
    case 'c':
        r->control = optarg;
        return 0;
    case 's':
        r->state = optarg;
        return 0;
    case 't':
        return set_timeout(r, optarg);
    case 'u':
        r->user = optarg;
        return 0;
    case 'h':
        fputs(usage, stdout);
        exit(EXIT_SUCCESS);
    default:
        return mistake("", "see above");
    }
}

static int read_options(struct route_exec *r, int argc, char **argv)
{
    static const struct option options[] = {
        {"hook", required_argument, NULL, 'H'},    {"drain", no_argument, NULL, 'd'},
        {"address", required_argument, NULL, 'a'}, {"pulse", required_argument, NULL, 'p'},
        {"control", required_argument, NULL, 'c'}, {"state", required_argument, NULL, 's'},
        {"timeout", required_argument, NULL, 't'}, {"user", required_argument, NULL, 'u'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        const int status = set_option(r, option);
        if (status != 0)
            return status;
    }
    if (optind < argc)
        return mistake("unexpected: ", argv[optind]);
    if (r->hook.path == NULL || r->addresses == 0 || r->pulse == NULL || r->control == NULL)
        return mistake("needed are ", "--hook, --address, --pulse and --control");
    return 0;
}

static int start(struct route_exec *r, uv_loop_t *loop)
{
    static char state[4096];
    if (r->state == NULL) {
        snprintf(state, sizeof(state), "%s.state", r->control);
        r->state = state;
    }
    const int err = confine(r->user, -1);
    if (err != 0)
        return err;
    const struct hand_driver driver = {
        .apply = apply, .data = r, .drains = r->drains, .refresh_ms = 1000};
    hook_start(&r->hook, loop);
    return hand_start(&r->hand, loop, &driver, read_state(r->state), r->pulse, r->control);
}

int main(int argc, char **argv)
{
    if (descriptors_reserve() != 0)
        return EXIT_FAILURE;
    static struct route_exec r = {.hook = {.timeout_ms = HOOK_TIMEOUT_MS}};
    r.hook.finished = on_finished;
    r.hook.data = &r;
    const int status = read_options(&r, argc, argv);
    if (status != 0)
        return status;
    uv_loop_t *loop = uv_default_loop();
    const int err = start(&r, loop);
    if (err != 0) {
        hand_say("can't start: %s", uv_strerror(err));
        return EXIT_FAILURE;
    }
    hand_say("announcing by %s, route %s", r.hook.path, hand_route_to_text(r.hand.route));
    hand_run(&r.hand);
    hand_say("stopped; the route is left %s", hand_route_to_text(r.hand.route));
    hook_stop(&r.hook);
    hand_stop(&r.hand);
    uv_run(loop, UV_RUN_NOWAIT);
    uv_run(loop, UV_RUN_NOWAIT);
    return EXIT_SUCCESS;
}
