/* fleet_simulation.c -- a whole fleet in one process: verdicts, fleets and a store that loses messages
 *
 *     fleet_simulation [NODES [KEEP [SEED]]]
 *
 * KEEP 0: half of the members. Nodes judge and claim with the functions that pharos-sidecar has; messages
 * to the store take their time, get lost before or after they're carried out, or are carried out long after
 * nobody waits for them. Ends with 1 where slowness took the fleet below K, or further below it than deaths
 * had taken it, where a registration outlives its route, or where the fleet isn't whole again when all is
 * well. */
#include "server/sidecar/verdict.h"
#include "store.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STEP_MS = 5,
    TIMEOUT_MS = 2000, /* of a request */
    WELL_MS = 25000,   /* enough for all to come back the first time */
    MESSAGES_MAX = 8,  /* of a node at once: one that's waited for, others are late */
    LATE_MS = 8000,    /* at most, of what nobody waits for any more */
};

/* A request on its way. */
struct message {
    struct fleet_request request;
    struct fleet_reply reply;
    uint64_t carry_out_ms, deliver_ms; /* 0: never, or done */
    bool waited, used;
};

struct node {
    struct verdict verdict;
    struct fleet fleet;
    enum route route;
    enum wish wish;
    int counted;   /* what the fleet was told: -1 nothing yet */
    unsigned sick; /* percent of its answers that are late */
    uint64_t sick_until, dead_until, cut_until;
    uint64_t gone_ms; /* when it last stopped announcing */
    bool gone_by_leave;
    bool let_go; /* by its claim */
    struct message message[MESSAGES_MAX];
};

struct plan {
    const char *name;
    unsigned ms;
    bool slow;          /* all are */
    bool blind;         /* verdicts don't see how many others are bad: the guard alone */
    bool away;          /* the store is, from 2 s before the slowness on */
    bool full;          /* the store takes no writes */
    bool lossy;         /* one message in eight is lost or late */
    unsigned partition; /* every so many'th is cut off from the store; 0: none */
    unsigned faults;    /* of each node in 100 s: slow, dead, cut off, sidecar restarted */
    bool slow_faults;   /* ... slow and cut off alone */
    bool rolling;       /* servers are restarted one after the other */
    bool well;          /* to recover; holds with all up at the end */
};

struct world {
    struct node *node;
    size_t nodes;
    struct store *store;
    unsigned keep;
    uint64_t now_ms, random;
    const struct plan *plan;
    uint64_t plan_ms;    /* into it */
    unsigned least;      /* that announced at any time */
    unsigned least_left; /* after any leave for slowness */
    unsigned leaves, refusals, claims, held, wrong;
};

static unsigned draw(struct world *w, unsigned below)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return (unsigned)((w->random >> 11) % below);
}

static void wrong(struct world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void wrong(struct world *w, const char *format, ...)
{
    va_list args;
    if (w->wrong++ >= 10)
        return;
    va_start(args, format);
    printf("WRONG at %llu ms of \"%s\": ", (unsigned long long)w->plan_ms, w->plan->name);
    vprintf(format, args);
    printf("\n");
    va_end(args);
}

static bool announces(const struct node *n)
{
    return n->route == ROUTE_UP || n->route == ROUTE_DRAIN;
}

static bool is_up(const struct node *n)
{
    return n->route == ROUTE_UP;
}

static unsigned count_up(const struct world *w)
{
    unsigned count = 0;
    for (size_t i = 0; i < w->nodes; i++)
        count += is_up(&w->node[i]);
    return count;
}

static unsigned keep_of(const struct world *w)
{
    unsigned members = 0;
    for (size_t i = 0; i < w->nodes; i++)
        members += w->store->slot[i].member.revision != 0;
    return w->keep != 0 ? w->keep : (members + 1) / 2 == 0 ? 1 : (members + 1) / 2;
}

static bool is_registered(const struct world *w, size_t i)
{
    return w->store->slot[i].up.revision != 0;
}

/* Announcers, and registrations of those that died just now: a lease's time is granted to them. */
static bool is_counted(const struct world *w, size_t i)
{
    return is_up(&w->node[i]) || is_registered(w, i);
}

/* Of all shards: those that announce and aren't on their way out, and those that the store can't know to
 * have died. It hears of a dead server from the sidecar; a registration that ended with its lease, since its
 * node is cut off, isn't an announcer less. */
static unsigned count_staying(const struct world *w)
{
    unsigned count = 0;
    for (size_t i = 0; i < w->nodes; i++)
        count += is_registered(w, i) || (is_up(&w->node[i]) && !w->node[i].let_go);
    return count;
}

struct share {
    unsigned keep, left;
};

/* What is left of a node's shard, which is the whole of a small fleet, by its own knowledge of who is in
 * it. Without any, nothing is said. */
static struct share share_of(const struct world *w, const struct node *n,
                             bool (*is)(const struct world *w, size_t i))
{
    const struct fleet_view *view = &n->fleet.view;
    if (view->generation != w->store->generation)
        return (struct share){0};
    const struct fleet_shard shard = fleet_view_shard(view, n->fleet.name, w->keep);
    struct share share = {.keep = shard.keep};
    for (size_t i = 0; i < view->nodes; i++) {
        const struct fleet_node *other = &view->node[i];
        const size_t at = (size_t)(store_find(w->store, other->name) - w->store->slot);
        share.left += other->hash % shard.shards == shard.number && is(w, at);
    }
    return share;
}

static bool is_cut(const struct world *w, size_t i)
{
    const struct plan *p = w->plan;
    return w->node[i].cut_until > w->now_ms || p->away
           || (p->partition != 0 && i % p->partition == 0);
}

static void send(struct world *w, struct node *n, const struct fleet_request *request)
{
    struct message *m = NULL;
    for (size_t i = 0; i < MESSAGES_MAX && m == NULL; i++)
        m = n->message[i].used ? NULL : &n->message[i];
    if (m == NULL) /* the oldest late one is never carried out */
        m = &n->message[0];
    *m = (struct message){.request = *request, .used = true, .waited = true};
    for (size_t i = 0; i < request->peers; i++)
        m->request.peer[i] = store_find(w->store, request->peer[i])->name;
    m->request.name =
        store_find(w->store, request->name != NULL ? request->name : n->fleet.name)->name;
    m->carry_out_ms = w->now_ms + 1 + draw(w, 10);
    m->deliver_ms = m->carry_out_ms + 1 + draw(w, 10);
    const unsigned fate = w->plan->lossy ? draw(w, 24) : 24;
    if (is_cut(w, (size_t)(n - w->node)) || fate == 0)
        m->carry_out_ms = 0;
    else if (fate == 1) /* carried out late, with nobody waiting */
        m->carry_out_ms += TIMEOUT_MS + draw(w, LATE_MS);
    if (m->carry_out_ms == 0 || fate <= 2)
        m->deliver_ms = w->now_ms + TIMEOUT_MS;
    w->claims += request->peers != 0;
}

static void carry_out(struct world *w, struct node *n, struct message *m)
{
    const bool claim = m->request.peers != 0;
    struct fleet_reply reply = store_answer(w->store, &m->request, w->now_ms);
    m->carry_out_ms = 0;
    if (reply.held && m->request.route != FLEET_ROUTE_AS_IS)
        n->let_go = claim;
    if (claim && reply.held) {
        const struct share share = share_of(w, n, is_registered);
        if (share.left < share.keep)
            wrong(w, "a claim left %u registrations of %u", share.left, share.keep);
        const unsigned stay = count_staying(w);
        w->least_left = stay < w->least_left ? stay : w->least_left;
        if (stay < keep_of(w))
            wrong(w, "a claim left %u of the fleet's %u", stay, keep_of(w));
    }
    w->held += claim && reply.held;
    if (m->waited)
        m->reply = reply;
    else
        store_reply_fini(&reply);
    m->used = m->waited;
}

static void deliver(struct world *w, struct node *n, struct message *m, bool lost)
{
    if (lost)
        m->reply.result = FLEET_LOST;
    m->waited = false;
    m->deliver_ms = 0;
    m->used = m->carry_out_ms != 0;
    fleet_hear(&n->fleet, &m->reply, w->now_ms);
    store_reply_fini(&m->reply);
}

static void converse(struct world *w, struct node *n)
{
    struct fleet_request request;
    for (size_t i = 0; i < MESSAGES_MAX; i++) {
        struct message *m = &n->message[i];
        if (!m->used)
            continue;
        const bool lost = m->deliver_ms == n->fleet.asked_ms + TIMEOUT_MS;
        if (m->carry_out_ms != 0 && m->carry_out_ms <= w->now_ms)
            carry_out(w, n, m);
        if (m->waited && m->deliver_ms <= w->now_ms)
            deliver(w, n, m, lost);
    }
    if (fleet_next(&n->fleet, &request, w->now_ms))
        send(w, n, &request);
}

/* What pharos-sidecar's group does with guard and driver. */
static void tell(struct node *n)
{
    const int counted = n->wish == WISH_UP && n->route == ROUTE_UP;
    if (counted == n->counted || (n->wish == WISH_NOTHING && n->counted == -1))
        return;
    n->counted = counted;
    if (counted)
        fleet_returned(&n->fleet);
    else
        fleet_withdrawn(&n->fleet, n->verdict.badness);
}

static void set_route(struct world *w, struct node *n, enum route route, bool leave)
{
    if (is_up(n) && route != ROUTE_UP) {
        n->gone_ms = w->now_ms;
        n->gone_by_leave = leave;
    }
    n->route = route;
}

static struct sample observe(struct world *w, struct node *n)
{
    const bool alive = n->dead_until <= w->now_ms;
    struct sample s = {.health = alive ? HEALTH_SERVING : HEALTH_GONE,
                       .workers = 2,
                       .paths_all = 0xf,
                       .route = n->route};
    if (!alive)
        return s;
    s.answers = s.datagrams = 25;
    s.probes = 2;
    s.tcp = 1;
    const bool slow = w->plan->slow || n->sick_until > w->now_ms;
    s.late = slow ? 25 * n->sick / 100 : 0;
    s.bad = slow ? 1 + (draw(w, 100) < n->sick) : 0;
    s.tcp_bad = s.bad == 2;
    s.paths = s.bad == 2 ? 0 : s.bad == 1 ? 5U << draw(w, 2) : 0xf;
    s.paths_served = 0xf;
    return s;
}

static bool may_crash(const struct plan *p)
{
    return p->rolling || (p->faults != 0 && !p->slow_faults);
}

static void check_leave(struct world *w, const struct node *n)
{
    w->leaves++;
    /* The leaver's route is drained already here, and its registration gone. A server that died since
     * the claim has the same right to be away. */
    if (may_crash(w->plan))
        return;
    const struct share share = share_of(w, n, is_counted);
    if (share.left < share.keep)
        wrong(w, "%s left %u of %u for slowness", n->fleet.name, share.left, share.keep);
}

static void tick(struct world *w, struct node *n)
{
    struct sample s = observe(w, n);
    const enum verdict_state before = n->verdict.state;
    fleet_report(&n->fleet, n->verdict.badness);
    if (verdict_asks(&n->verdict))
        s.guard = fleet_ask(&n->fleet, n->verdict.badness);
    else
        fleet_cancel(&n->fleet);
    s.may_return = fleet_may_return(&n->fleet, n->verdict.badness, w->now_ms);
    s.fleet = fleet_guard_view(&n->fleet, w->now_ms);
    if (w->plan->blind)
        s.fleet.bad = 0;
    w->refusals += verdict_step(&n->verdict, &s, w->now_ms)
                   && n->verdict.state == VERDICT_SUSPECT && before == VERDICT_SUSPECT;
    if (verdict_asks(&n->verdict))
        fleet_ask(&n->fleet, n->verdict.badness);
    n->wish = verdict_wish(&n->verdict);
    const bool leaves = before == VERDICT_SUSPECT && n->verdict.state == VERDICT_DRAIN;
    if (n->wish == WISH_UP && s.health == HEALTH_SERVING)
        set_route(w, n, ROUTE_UP, false);
    else if (n->wish == WISH_DRAIN)
        set_route(w, n, ROUTE_DRAIN, leaves);
    else if (n->wish == WISH_DOWN)
        set_route(w, n, ROUTE_DOWN, false);
    tell(n);
    if (leaves)
        check_leave(w, n);
}

static void restart_sidecar(struct world *w, struct node *n)
{
    char name[FLEET_NAME_MAX + 1];
    memcpy(name, n->fleet.name, sizeof(name));
    fleet_fini(&n->fleet);
    for (size_t i = 0; i < MESSAGES_MAX; i++) {
        store_reply_fini(&n->message[i].reply);
        n->message[i].waited = false;
        n->message[i].deliver_ms = 0;
        n->message[i].used = n->message[i].carry_out_ms != 0;
    }
    fleet_init(&n->fleet, name, w->keep, w->random);
    verdict_init(&n->verdict, NULL, w->now_ms);
    n->counted = -1;
    n->wish = WISH_NOTHING;
}

static void kill_server(struct world *w, struct node *n, unsigned ms)
{
    n->dead_until = w->now_ms + ms;
    set_route(w, n, ROUTE_WITHDRAWN, false);
}

static void hurt(struct world *w, struct node *n)
{
    const bool gentle = w->plan->slow_faults;
    switch (draw(w, gentle ? 3 : 5)) {
    case 0:
    case 1:
        n->sick = 51 + draw(w, 50);
        n->sick_until = w->now_ms + 1000 + draw(w, 15000);
        break;
    case 2:
        n->cut_until = w->now_ms + 500 + draw(w, 20000);
        break;
    case 3:
        kill_server(w, n, 200 + draw(w, 8000));
        break;
    default:
        restart_sidecar(w, n);
    }
}

static void check_registrations(struct world *w)
{
    for (size_t i = 0; i < w->nodes; i++) {
        const struct node *n = &w->node[i];
        if (w->store->slot[i].up.revision == 0 || announces(n))
            continue;
        const uint64_t since_ms = w->now_ms - n->gone_ms;
        if (n->gone_by_leave || since_ms > 1000 * FLEET_LEASE_S + TIMEOUT_MS + LATE_MS)
            wrong(w, "%s is registered and has no route for %llu ms", n->fleet.name,
                  (unsigned long long)since_ms);
    }
}

static void check(struct world *w)
{
    const unsigned up = count_up(w);
    w->least = up < w->least ? up : w->least;
    if (!may_crash(w->plan) && !w->plan->well && up < keep_of(w))
        wrong(w, "%u of %u announce, and nobody died", up, keep_of(w));
    check_registrations(w);
}

static void inject(struct world *w)
{
    const struct plan *p = w->plan;
    const unsigned in_100s = 100 * 1000 / VERDICT_TICK_MS;
    for (size_t i = 0; i < w->nodes; i++) {
        if (p->faults != 0 && draw(w, in_100s) < p->faults)
            hurt(w, &w->node[i]);
    }
    if (p->rolling) {
        const size_t turn = (size_t)(w->plan_ms * w->nodes / p->ms);
        const uint64_t begins_ms = turn * p->ms / w->nodes;
        if (turn < w->nodes && w->plan_ms - begins_ms < VERDICT_TICK_MS)
            kill_server(w, &w->node[turn], 1000);
    }
}

static void run(struct world *w, const struct plan *plan)
{
    w->plan = plan;
    w->least = w->least_left = (unsigned)w->nodes;
    w->leaves = w->refusals = w->claims = w->held = 0;
    w->store->full = plan->full;
    for (w->plan_ms = 0; w->plan_ms < plan->ms; w->plan_ms += STEP_MS) {
        w->now_ms += STEP_MS;
        store_pass(w->store, w->now_ms);
        for (size_t i = 0; i < w->nodes; i++) {
            if (w->now_ms / STEP_MS % (VERDICT_TICK_MS / STEP_MS)
                == i % (VERDICT_TICK_MS / STEP_MS))
                tick(w, &w->node[i]);
            converse(w, &w->node[i]);
        }
        if (w->now_ms % VERDICT_TICK_MS != 0)
            continue;
        inject(w);
        check(w);
    }
    printf(
        "%-52s K %3u: %4u of %4zu at the end, never below %4u; %4u left for slowness, and %4u "
        "or more stayed; %5u of %5u claims held\n",
        plan->name, keep_of(w), count_up(w), w->nodes, w->least, w->leaves, w->least_left,
        w->held, w->claims);
}

/* All faults end, what was learnt of flapping is forgotten, and the fleet has to be whole again. */
static void recover(struct world *w)
{
    static const struct plan well = {.name = "all well", .ms = WELL_MS, .well = true};
    for (size_t i = 0; i < w->nodes; i++) {
        struct node *n = &w->node[i];
        n->sick_until = n->dead_until = n->cut_until = 0;
        n->sick = 51 + draw(w, 50);
        n->verdict.holddown = (struct holddown){0};
        n->verdict.cycles = (struct cycles){0};
    }
    run(w, &well);
    if (count_up(w) != w->nodes || store_announcers(w->store) != w->nodes)
        wrong(w, "%u announce and %u are registered, of %zu", count_up(w),
              store_announcers(w->store), w->nodes);
}

static const struct plan plans[] = {
    {.name = "all slow", .ms = 20000, .slow = true},
    {.name = "all slow, the guard alone", .ms = 20000, .slow = true, .blind = true},
    {.name = "the same, one message in eight lost or late",
     .ms = 30000,
     .slow = true,
     .blind = true,
     .lossy = true},
    {.name = "all slow, the store away",
     .ms = 20000,
     .slow = true,
     .blind = true,
     .away = true},
    {.name = "all slow, the store full",
     .ms = 20000,
     .slow = true,
     .blind = true,
     .full = true},
    {.name = "all slow, a third cut off from the store",
     .ms = 30000,
     .slow = true,
     .blind = true,
     .partition = 3},
    {.name = "slow and cut off at random",
     .ms = 60000,
     .faults = 10,
     .slow_faults = true,
     .lossy = true,
     .blind = true},
    {.name = "slow, dead, cut off, sidecars restarted",
     .ms = 60000,
     .faults = 10,
     .lossy = true,
     .blind = true},
    {.name = "rolling restarts, some slow",
     .ms = 60000,
     .rolling = true,
     .faults = 3,
     .slow_faults = true},
    {.name = "rolling restarts, all slow, the guard alone",
     .ms = 60000,
     .rolling = true,
     .slow = true,
     .blind = true},
};

static unsigned long argument(int argc, char **argv, int at, unsigned long otherwise)
{
    return at < argc ? strtoul(argv[at], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    static struct world w;
    w.nodes = argument(argc, argv, 1, 24);
    w.keep = (unsigned)argument(argc, argv, 2, 0);
    w.random = argument(argc, argv, 3, 1) * 0x9e3779b97f4a7c15 | 1;
    w.now_ms = 1000000;
    w.node = calloc(w.nodes, sizeof(*w.node));
    w.store = store_new(w.nodes);
    if (w.nodes == 0 || w.node == NULL || w.store == NULL)
        return 2;
    for (size_t i = 0; i < w.nodes; i++) {
        struct node *n = &w.node[i];
        fleet_init(&n->fleet, w.store->slot[i].name, w.keep, w.random + i * 7919);
        verdict_init(&n->verdict, NULL, w.now_ms);
        n->route = ROUTE_FRESH;
        n->counted = -1;
    }
    recover(&w);
    for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
        run(&w, &plans[i]);
        recover(&w);
    }
    for (size_t i = 0; i < w.nodes; i++) {
        fleet_fini(&w.node[i].fleet);
        for (size_t j = 0; j < MESSAGES_MAX; j++)
            store_reply_fini(&w.node[i].message[j].reply);
    }
    if (w.store->hurt)
        wrong(&w, "out of memory");
    store_free(w.store);
    free(w.node);
    printf("%u wrong\n", w.wrong);
    return w.wrong != 0;
}
