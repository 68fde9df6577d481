/* route_exec.c -- pharos-route-exec: a command of the site's in the announcer's place
 * The same lines over the same socket and the same dead man's rule as pharos-announcer (hand.h); what
 * announces is a hook, run as HOOK up|down ADDRESS..., with --drain also as HOOK drain ADDRESS... The last
 * state is kept in a file, so that its own restart changes no route and the state is applied again. */
#include "server/base/descriptors.h"
#include "server/sidecar/confine.h"
#include "server/sidecar/hand.h"
#include "server/sidecar/hook.h"
#include "server/sidecar/program.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct route_exec {
    struct hook hook;
    struct hand hand;
    struct program program;
    size_t addresses;
    const char *state;
    int kept; /* in `state`: an enum hand_route, or -1: not known */
    bool drains;
    unsigned repeat_ms; /* 0: a run that succeeded isn't repeated */
};

static const char usage[] =
    "pharos-route-exec --hook PATH --address ADDRESS... --pulse PATH --control PATH\n"
    "                  [--drain] [--repeat SECONDS] [--timeout SECONDS] [--state PATH] [--user "
    "NAME]\n"
    "\n"
    "  --hook PATH        run as PATH up|down ADDRESS...; exits 0 when it's done\n"
    "  --drain            the hook knows drain as well: announce with lower preference\n"
    "  --repeat SECONDS   run it again that often, so that what was lost or changed is put "
    "right\n"
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
static void keep_state(struct route_exec *r, enum hand_route route)
{
    if (r->kept == (int)route)
        return;
    const char *text = hand_route_to_text(route);
    const int fd = open(r->state, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    r->kept = fd >= 0 && dprintf(fd, "%s\n", text) > 0 ? (int)route : -1;
    if (r->kept == -1)
        hand_say("can't keep the state in %s: %s", r->state, strerror(errno));
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
    keep_state(r, route);
    hook_want(&r->hook, route);
}

static int add_address(struct route_exec *r, char *text)
{
    uint8_t octets[16];
    if (inet_pton(strchr(text, ':') != NULL ? AF_INET6 : AF_INET, text, octets) != 1
        || r->addresses == HOOK_ADDRESSES_MAX)
        return program_mistake(&r->program, "no address, or one too many: ", text);
    r->hook.address[r->addresses++] = text;
    return 0;
}

static int set_seconds(struct route_exec *r, const char *text, unsigned *into_ms)
{
    char *end;
    const unsigned long seconds = strtoul(text, &end, 10);
    if (*end != '\0' || seconds == 0 || seconds > 600)
        return program_mistake(&r->program, "a time has 1 to 600 seconds, not ", text);
    *into_ms = (unsigned)seconds * 1000;
    return 0;
}

static int set_option(void *arg, int option, char *text)
{
    struct route_exec *r = arg;
    switch (option) {
    case 'H':
        r->hook.path = text;
        return 0;
    case 'd':
        r->drains = true;
        return 0;
    case 's':
        r->state = text;
        return 0;
    case 't':
        return set_seconds(r, text, &r->hook.timeout_ms);
    case 'r':
        return set_seconds(r, text, &r->repeat_ms);
    default:
        return add_address(r, text);
    }
}

static int start(void *arg, uv_loop_t *loop)
{
    struct route_exec *r = arg;
    static char state[4096];
    if (r->state == NULL) {
        snprintf(state, sizeof(state), "%s.state", r->program.control);
        r->state = state;
    }
    const int err = confine(r->program.user, -1);
    if (err != 0)
        return err;
    const struct hand_driver driver = {.apply = apply,
                                       .data = r,
                                       .refreshes = r->repeat_ms != 0,
                                       .drains = r->drains,
                                       .refresh_ms = r->repeat_ms != 0 ? r->repeat_ms : 1000};
    if (r->repeat_ms != 0 && r->repeat_ms < HOOK_PAUSE_MAX_MS)
        r->hook.pause_max_ms = r->repeat_ms;
    hook_start(&r->hook, loop);
    return hand_start(&r->hand, loop, &driver, read_state(r->state), r->program.pulse,
                      r->program.control);
}

static void stop(void *arg)
{
    struct route_exec *r = arg;
    hook_stop(&r->hook);
}

int main(int argc, char **argv)
{
    if (descriptors_reserve() != 0)
        return EXIT_FAILURE;
    static const struct option options[] = {{"hook", required_argument, NULL, 'H'},
                                            {"drain", no_argument, NULL, 'd'},
                                            {"address", required_argument, NULL, 'a'},
                                            {"state", required_argument, NULL, 's'},
                                            {"timeout", required_argument, NULL, 't'},
                                            {"repeat", required_argument, NULL, 'r'},
                                            {NULL, 0, NULL, 0}};
    static struct route_exec r = {
        .hook = {.timeout_ms = HOOK_TIMEOUT_MS, .pause_max_ms = HOOK_PAUSE_MAX_MS}, .kept = -1};
    r.hook.finished = on_finished;
    r.hook.data = &r;
    r.program = (struct program){.name = "pharos-route-exec",
                                 .usage = usage,
                                 .options = options,
                                 .set = set_option,
                                 .arg = &r};
    const int status = program_read(&r.program, argc, argv);
    if (status != 0)
        return status;
    if (r.hook.path == NULL || r.addresses == 0)
        return program_mistake(&r.program, "needed are ", "--hook and --address");
    return program_run(&r.hand, start, stop, &r, "");
}
