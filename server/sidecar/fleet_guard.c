/* fleet_guard.c -- see fleet_guard.h */
#include "server/sidecar/fleet_guard.h"

#include "server/base/log.h"
#include "server/sidecar/etcd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

struct fleet_guard {
    struct guard guard; /* first */
    struct fleet_guards *all;
    struct fleet fleet;
    struct etcd_call call;
    char prefix[ETCD_PREFIX_MAX + 1];
    unsigned doubles; /* that the log has */
};

struct fleet_guards {
    struct etcd *etcd;
    uv_loop_t *loop;
    unsigned keep;
    char name[FLEET_NAME_MAX + 1];
    char prefix[ETCD_PREFIX_MAX + 1];
    struct fleet_guard *guard[GROUPS_MAX];
    size_t guards;
};

static uint64_t clock_ms(void)
{
    return uv_hrtime() / 1000000;
}

static struct fleet_guard *of(struct guard *guard)
{
    return (struct fleet_guard *)guard;
}

/* Has the fleet say what it has to. */
static void speak(struct fleet_guard *g)
{
    struct fleet_request request;
    if (!fleet_next(&g->fleet, &request, clock_ms()))
        return;
    const struct fleet_reply lost = {.result = FLEET_LOST};
    if (etcd_ask(g->all->etcd, &g->call, &request, g->prefix) != 0)
        fleet_hear(&g->fleet, &lost, clock_ms());
}

static void on_answer(struct etcd_call *call, const struct fleet_reply *reply)
{
    struct fleet_guard *g = call->data;
    fleet_hear(&g->fleet, reply, clock_ms());
    if (g->fleet.doubles != g->doubles)
        log_warning("fleet: another sidecar registers as %s in %s: names must differ",
                    g->fleet.name, g->prefix);
    g->doubles = g->fleet.doubles;
    speak(g);
}

static enum guard_answer ask(struct guard *guard, unsigned badness)
{
    struct fleet_guard *g = of(guard);
    const enum guard_answer answer = fleet_ask(&g->fleet, badness);
    speak(g);
    return answer;
}

static void cancel(struct guard *guard)
{
    fleet_cancel(&of(guard)->fleet);
    speak(of(guard));
}

static void report(struct guard *guard, unsigned badness)
{
    fleet_report(&of(guard)->fleet, badness);
}

static void withdrawn(struct guard *guard, unsigned badness)
{
    fleet_withdrawn(&of(guard)->fleet, badness);
    speak(of(guard));
}

static void returned(struct guard *guard)
{
    fleet_returned(&of(guard)->fleet);
    speak(of(guard));
}

static enum guard_return may_return(struct guard *guard, unsigned badness)
{
    return fleet_may_return(&of(guard)->fleet, badness, clock_ms());
}

static struct guard_view view(const struct guard *guard)
{
    return fleet_guard_view(&((const struct fleet_guard *)guard)->fleet, clock_ms());
}

static const struct guard_type guard_fleet = {.name = "fleet",
                                              .ask = ask,
                                              .cancel = cancel,
                                              .report = report,
                                              .withdrawn = withdrawn,
                                              .returned = returned,
                                              .may_return = may_return,
                                              .view = view};

bool fleet_guards_possible(void)
{
    return true;
}

/* The name configured, or the server's identity, or the host's name: the first that can be one. */
static bool find_name(char name[FLEET_NAME_MAX + 1], const struct config *config)
{
    const struct answer_config *answer = &config->answer;
    char host[256] = "", identity[NSID_OCTETS_MAX + 1] = "";
    memcpy(identity, answer->identity, answer->identity_octets);
    gethostname(host, sizeof(host) - 1);
    const char *const from[] = {
        config->route.fleet.name != NULL ? config->route.fleet.name : identity, identity, host};
    for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
        if (!etcd_name_valid(from[i]))
            continue;
        memcpy(name, from[i], strlen(from[i]) + 1);
        return true;
    }
    return false;
}

int fleet_guards_open(struct fleet_guards **out, uv_loop_t *loop, const struct config *config,
                      char why[FLEET_WHY_MAX])
{
    const struct config_fleet *fleet = &config->route.fleet;
    struct fleet_guards *all = calloc(1, sizeof(*all));
    if (all == NULL) {
        snprintf(why, FLEET_WHY_MAX, "out of memory");
        return -ENOMEM;
    }
    all->loop = loop;
    all->keep = fleet->keep;
    /* Nobody may count on a node that only says what it would do. */
    snprintf(all->prefix, sizeof(all->prefix), "%.90s%s",
             fleet->prefix != NULL ? fleet->prefix : FLEET_PREFIX_DEFAULT,
             config->route.driver == ROUTE_DRIVER_LOG ? ".dry-run" : "");
    int err = -EINVAL;
    if (find_name(all->name, config))
        err = etcd_open(&all->etcd, loop, fleet, why);
    else
        snprintf(why, FLEET_WHY_MAX, "this node has no name; set route.fleet.name");
    if (err != 0) {
        free(all);
        return err;
    }
    log_notice("fleet: this node is %s under %s, %zu endpoint(s)", all->name, all->prefix,
               fleet->etcds);
    *out = all;
    return 0;
}

struct guard *fleet_guards_add(struct fleet_guards *all, const char *group)
{
    struct fleet_guard *g = calloc(1, sizeof(*g));
    if (g == NULL || all->guards == GROUPS_MAX) {
        free(g);
        return NULL;
    }
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
        seed = uv_hrtime();
    g->guard.type = &guard_fleet;
    g->all = all;
    snprintf(g->prefix, sizeof(g->prefix), "%.100s/%.32s", all->prefix, group);
    fleet_init(&g->fleet, all->name, all->keep, seed);
    g->call.answered = on_answer;
    g->call.data = g;
    all->guard[all->guards++] = g;
    return &g->guard;
}

void fleet_guards_close(struct fleet_guards *all)
{
    for (size_t i = 0; i < all->guards; i++) {
        etcd_drop(&all->guard[i]->call);
        fleet_fini(&all->guard[i]->fleet);
        free(all->guard[i]);
    }
    etcd_close(all->etcd);
    free(all);
}
