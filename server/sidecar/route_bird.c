/* route_bird.c -- pharos-route-bird: protocols of BIRD's in the lease's place
 * The same lines over the same socket and the same dead man's rule as pharos-announcer (hand.h); what
 * announces are protocols of BIRD's, enabled and disabled over its control socket. BIRD forgets that at
 * each "configure" and restart; so the words are said again at every notice of such, at every connection,
 * and twice a second. BIRD says whether anything changed by it. */
#include "server/base/descriptors.h"
#include "server/sidecar/bird_client.h"
#include "server/sidecar/confine.h"
#include "server/sidecar/program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PROTOCOLS_MAX = 16,
    NAME_MAX_OCTETS = 64,
    REFRESH_MS = 500,
    LOOK_MS = 900,    /* how long the start waits for what BIRD holds */
    NOTICES_MAX = 10, /* acted upon between two refreshes: so two that disagree don't spin */
};

struct protocol {
    const char *name;
    enum hand_route route; /* HAND_UP or HAND_DRAIN: enabled for this */
};

struct route_bird {
    struct bird_client bird;
    struct hand hand;
    struct program program;
    size_t protocols;
    struct protocol protocol[PROTOCOLS_MAX];
    bool drains;

    /* From the start on, until it's known or no longer of interest: what BIRD holds. */
    bool looking;
    bool waiting; /* the start, for that */
    enum hand_route found;

    /* The run of commands under way: for each step a protocol, first those to enable, then the others. */
    bool running;
    bool again; /* the wish, or BIRD, changed meanwhile */
    enum hand_route route;
    size_t step;
    unsigned expected[2]; /* codes: as it was, changed */
    bool fulfilled;       /* one of them came */
    int err;              /* the run's first */
    unsigned notices;
};

static const char usage[] =
    "pharos-route-bird --up NAME... --pulse PATH --control PATH\n"
    "                  [--drain NAME...] [--socket PATH] [--user NAME]\n"
    "\n"
    "  --up NAME       protocol of BIRD's that announces; up to 16 with those of --drain\n"
    "  --drain NAME    protocol of BIRD's that announces with lower preference\n"
    "  --socket PATH   BIRD's control socket (/run/bird/bird.ctl)\n"
    "  --pulse PATH    pulse.sock of pharosd\n"
    "  --control PATH  unix socket to listen at, for the lines up, drain, down and get\n"
    "  --user NAME     run as this user, who must be allowed to BIRD's socket\n"
    "\n"
    "Exits 0 when told to stop (the route is left as it is), 1 on a failure, 2 for a mistake "
    "on\n"
    "the command line.\n";

/* Make before break: what is to be enabled comes first. Returns the protocol of a step, or NULL. */
static const struct protocol *protocol_of(const struct route_bird *r, bool *enable)
{
    const size_t index = r->step % r->protocols;
    const struct protocol *protocol = &r->protocol[index];
    *enable = r->step < r->protocols;
    return *enable == (protocol->route == r->route) ? protocol : NULL;
}

static void finish(struct route_bird *r, int err)
{
    r->running = false;
    r->again = false;
    hand_report(&r->hand, r->route, err);
}

/* Says the next command of the run, if there is one. */
static void go_on(struct route_bird *r)
{
    char command[BIRD_COMMAND_MAX];
    const struct protocol *protocol = NULL;
    bool enable = false;
    if (r->again) {
        r->again = false;
        r->route = r->hand.route;
        r->step = 0;
        r->err = 0;
    }
    while (r->step < 2 * r->protocols && (protocol = protocol_of(r, &enable)) == NULL)
        r->step++;
    if (protocol == NULL) {
        finish(r, r->err);
        return;
    }
    snprintf(command, sizeof(command), "%s '%s'", enable ? "enable" : "disable",
             protocol->name);
    r->expected[0] = enable ? BIRD_ALREADY_ENABLED : BIRD_ALREADY_DISABLED;
    r->expected[1] = enable ? BIRD_ENABLED : BIRD_DISABLED;
    r->fulfilled = false;
    const int err = bird_client_say(&r->bird, command);
    if (err != 0)
        finish(r, err);
}

static void begin(struct route_bird *r)
{
    r->again = true;
    if (r->running)
        return;
    r->running = true;
    go_on(r);
}

static void apply(struct hand *hand, enum hand_route route)
{
    (void)route; /* hand->route: the run takes the newest */
    struct route_bird *r = hand->driver.data;
    r->notices = 0;
    r->looking = false;
    begin(r);
}

/* BIRD may have forgotten, or was asked something else. "Up" is for a living server alone, as in hand.c. */
static void begin_unasked(struct route_bird *r)
{
    if (!r->looking && r->hand.watch.loop != NULL
        && (r->hand.route == HAND_DOWN || r->hand.watch.server == SERVER_WELL))
        begin(r);
}

static void look_on(struct route_bird *r)
{
    char command[BIRD_COMMAND_MAX];
    if (r->step == r->protocols) {
        r->looking = r->waiting = false;
        hand_found(&r->hand, r->found);
        return;
    }
    snprintf(command, sizeof(command), "show protocols '%s'", r->protocol[r->step].name);
    (void)bird_client_say(&r->bird, command); /* connected just now, or after a reply */
}

static void on_ready(struct bird_client *bird)
{
    struct route_bird *r = bird->data;
    if (!r->looking) {
        begin_unasked(r);
        return;
    }
    r->step = 0;
    r->found = HAND_DOWN;
    look_on(r);
}

static void on_heard(struct bird_client *bird, const struct bird_line *line)
{
    struct route_bird *r = bird->data;
    if (r->looking) {
        const enum hand_route route = r->protocol[r->step].route;
        if (bird_protocol_is_up(line) && route > r->found)
            r->found = route;
        return;
    }
    if (line->code == r->expected[0] || line->code == r->expected[1])
        r->fulfilled = true;
    if (line->code == r->expected[1] && r->route == r->hand.route
        && r->hand.progress == HAND_APPLIED)
        hand_say("BIRD had forgotten, put right: %s", line->text);
    if (line->code >= BIRD_FIRST_OF_ERRORS)
        hand_say("BIRD says: %s", line->text);
}

static void on_done(struct bird_client *bird, int err)
{
    struct route_bird *r = bird->data;
    if (r->looking) {
        r->step++;
        if (err == 0)
            look_on(r);
        return;
    }
    if (!r->running) { /* the look's, which was over before it */
        begin_unasked(r);
        return;
    }
    if (err != 0) {
        finish(r, err);
        return;
    }
    if (!r->fulfilled && r->err == 0)
        r->err = -EPROTO; /* the other protocols are told all the same */
    r->step++;
    go_on(r);
}

static void on_noticed(struct bird_client *bird)
{
    struct route_bird *r = bird->data;
    if (r->notices++ < NOTICES_MAX)
        begin_unasked(r);
}

/* A name stands between quotes in a command. */
static int add_protocol(struct route_bird *r, const char *name, enum hand_route route)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789_-.:";
    const size_t len = strlen(name);
    if (len == 0 || len > NAME_MAX_OCTETS || strspn(name, allowed) != len)
        return program_mistake(&r->program, "no name of a protocol: ", name);
    if (r->protocols == PROTOCOLS_MAX)
        return program_mistake(&r->program, "one protocol too many: ", name);
    r->protocol[r->protocols++] = (struct protocol){.name = name, .route = route};
    return 0;
}

static int set_option(void *arg, int option, char *text)
{
    struct route_bird *r = arg;
    switch (option) {
    case 'd':
        r->drains = true;
        return add_protocol(r, text, HAND_DRAIN);
    case 's':
        r->bird.path = text;
        return 0;
    default:
        return add_protocol(r, text, HAND_UP);
    }
}

static void on_look_over(uv_timer_t *timer)
{
    struct route_bird *r = timer->data;
    r->waiting = false;
    if (r->bird.lost == -ENOENT || r->bird.lost == -ECONNREFUSED)
        r->looking = false;
}

/* Finds the route that BIRD holds, so that a restart of this program doesn't change it. BIRD away holds
 * none; one that is there and silent may hold one, and is looked at when it speaks. */
static int look(struct route_bird *r, uv_loop_t *loop)
{
    uv_timer_t timer;
    const int err = bird_client_start(&r->bird, loop);
    if (err != 0)
        return err;
    timer.data = r;
    uv_timer_init(loop, &timer);
    uv_timer_start(&timer, on_look_over, LOOK_MS, 0);
    r->looking = r->waiting = true;
    while (r->waiting)
        uv_run(loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(loop, UV_RUN_NOWAIT); /* it's on this stack */
    return 0;
}

static int start(void *arg, uv_loop_t *loop)
{
    struct route_bird *r = arg;
    int err = confine(r->program.user, -1);
    if (err == 0)
        err = look(r, loop);
    if (err != 0)
        return err;
    const struct hand_driver driver = {.apply = apply,
                                       .data = r,
                                       .refreshes = true,
                                       .drains = r->drains,
                                       .looks = r->looking,
                                       .refresh_ms = REFRESH_MS};
    const enum hand_route found = r->looking ? HAND_DOWN : r->found; /* maybe of half a look */
    return hand_start(&r->hand, loop, &driver, found, r->program.pulse, r->program.control);
}

static void stop(void *arg)
{
    struct route_bird *r = arg;
    bird_client_stop(&r->bird);
}

int main(int argc, char **argv)
{
    if (descriptors_reserve() != 0)
        return EXIT_FAILURE;
    static const struct option options[] = {{"up", required_argument, NULL, 'U'},
                                            {"drain", required_argument, NULL, 'd'},
                                            {"socket", required_argument, NULL, 's'},
                                            {NULL, 0, NULL, 0}};
    static struct route_bird r = {.bird = {.path = "/run/bird/bird.ctl",
                                           .ready = on_ready,
                                           .heard = on_heard,
                                           .done = on_done,
                                           .noticed = on_noticed}};
    r.bird.data = &r;
    r.program = (struct program){.name = "pharos-route-bird",
                                 .usage = usage,
                                 .options = options,
                                 .set = set_option,
                                 .arg = &r};
    const int status = program_read(&r.program, argc, argv);
    if (status != 0)
        return status;
    bool ups = false;
    for (size_t i = 0; i < r.protocols; i++)
        ups = ups || r.protocol[i].route == HAND_UP;
    if (!ups)
        return program_mistake(&r.program, "needed is ", "--up");
    return program_run(&r.hand, start, stop, &r, "");
}
