/* fleet.c -- see fleet.h */
#include "server/sidecar/fleet.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

void fleet_init(struct fleet *f, const char *name, unsigned keep, uint64_t seed)
{
    assert(strlen(name) <= FLEET_NAME_MAX);
    *f = (struct fleet){.keep = keep, .random = seed | 1, .must_read_all = true};
    memcpy(f->name, name, strlen(name) + 1);
}

void fleet_fini(struct fleet *f)
{
    fleet_view_fini(&f->view);
}

/* Half of `ms` at least, and up to all of it: nodes that met the same fault don't come back together. */
static uint64_t jitter(struct fleet *f, uint64_t ms)
{
    f->random ^= f->random << 13;
    f->random ^= f->random >> 7;
    f->random ^= f->random << 17;
    return ms - f->random % (ms / 2 + 1);
}

/* Rounded down, so that a node counts as bad from GUARD_BADNESS_BAD on in the store as well, which is a whole
 * number of levels. */
static unsigned level_of(unsigned badness)
{
    return badness / FLEET_LEVEL * FLEET_LEVEL;
}

static struct fleet_node self_of(const struct fleet *f)
{
    const struct fleet_node *self = fleet_view_find(&f->view, f->name);
    return self != NULL ? *self : (struct fleet_node){0};
}

static uint64_t read_every_ms(const struct fleet *f)
{
    return FLEET_READ_MS * (uint64_t)(1 + f->view.nodes / FLEET_READ_NODES);
}

static bool is_reachable(const struct fleet *f, uint64_t now_ms)
{
    return f->heard_ms != 0 && now_ms - f->heard_ms <= FLEET_AWAY_MS + read_every_ms(f);
}

static bool has_view(const struct fleet *f)
{
    return f->view.revision != 0 && !f->must_read && !f->must_read_all;
}

/* What is to become of this node's `up` key: a leave that was granted is out already. */
static enum fleet_route route_of(const struct fleet *f)
{
    return f->granted ? FLEET_ROUTE_OUT : f->told;
}

static bool differs(const struct fleet *f, const struct fleet_node *self)
{
    if (self->member == 0 || self->health == 0 || !f->health_leased)
        return true;
    if (route_of(f) == FLEET_ROUTE_IN)
        return self->up == 0 || !f->up_leased;
    return route_of(f) == FLEET_ROUTE_OUT && self->up != 0;
}

/* Others wait for some changes of badness, and not for the rest. */
static bool reports(const struct fleet *f, const struct fleet_node *self, uint64_t now_ms)
{
    const bool same = self->badness == f->level
                      && (route_of(f) != FLEET_ROUTE_IN || self->up_badness == f->level);
    const bool matters =
        (self->badness >= GUARD_BADNESS_BAD) != (f->level >= GUARD_BADNESS_BAD);
    return !same && (matters || now_ms - f->reported_ms >= FLEET_REPORT_MS);
}

/* Claims of other shards count on a registration that goes by no claim. */
static bool is_loss(const struct fleet *f, const struct fleet_node *self)
{
    return f->counts.shards > 1 && f->told == FLEET_ROUTE_OUT && self->up != 0;
}

static void prepare_write(const struct fleet *f, struct fleet_request *r)
{
    const struct fleet_node self = self_of(f);
    *r = (struct fleet_request){.ask = FLEET_WRITE,
                                .lease = f->lease,
                                .since = f->view.revision,
                                .name = f->name,
                                .own = self.health,
                                .generation = f->view.generation,
                                .level = f->level,
                                .badness = f->level,
                                .route = route_of(f),
                                .join = self.member == 0,
                                .recount = self.member == 0 || is_loss(f, &self)};
}

/* Registers, tells how it does, or takes the registration away. */
static bool next_write(const struct fleet *f, struct fleet_request *r, uint64_t now_ms)
{
    const struct fleet_node self = self_of(f);
    if (now_ms < f->write_not_before_ms || !(differs(f, &self) || reports(f, &self, now_ms)))
        return false;
    prepare_write(f, r);
    return true;
}

static size_t choose(const struct fleet *f, const char *peer[FLEET_PEERS_MAX])
{
    const struct fleet_shard shard = fleet_view_shard(&f->view, f->name, f->keep);
    return fleet_view_choose(&f->view, &shard, f->name, f->level, peer);
}

/* A node that isn't a member yet joins first, so that N counts it. That too few others announce is said
 * only of a fresh reading. */
static bool next_claim(struct fleet *f, struct fleet_request *r, uint64_t now_ms)
{
    if (!f->leaving || f->granted || self_of(f).member == 0 || now_ms < f->write_not_before_ms)
        return false;
    prepare_write(f, r);
    r->peers = choose(f, r->peer);
    r->route = FLEET_ROUTE_OUT;
    if (r->peers != 0 && f->tries < FLEET_TRIES)
        return true;
    if (now_ms - f->read_ms > FLEET_FRESH_MS && !f->said_stay) {
        f->must_read = true;
        return false;
    }
    f->said_stay = true;
    return false;
}

static void prepare_read(const struct fleet *f, struct fleet_request *r)
{
    *r = (struct fleet_request){.ask = FLEET_READ,
                                .since = f->must_read_all ? 0 : f->view.revision};
}

/* The store takes no writes but lets leases end: that's how a dead server's registration goes. */
static bool next_revoke(const struct fleet *f, struct fleet_request *r)
{
    if (!f->refused || f->lease == 0 || f->told != FLEET_ROUTE_OUT || self_of(f).up == 0)
        return false;
    *r = (struct fleet_request){.ask = FLEET_REVOKE, .lease = f->lease};
    return true;
}

static bool next_lease(const struct fleet *f, struct fleet_request *r, uint64_t now_ms)
{
    *r = (struct fleet_request){.ask = f->lease == 0 ? FLEET_GRANT : FLEET_RENEW,
                                .lease = f->lease};
    return f->lease == 0 ? now_ms >= f->write_not_before_ms
                         : now_ms - f->renewed_ms >= FLEET_RENEW_MS;
}

static bool next_read(const struct fleet *f, struct fleet_request *r, uint64_t now_ms)
{
    prepare_read(f, r);
    return !has_view(f) || now_ms >= f->next_read_ms;
}

bool fleet_next(struct fleet *f, struct fleet_request *request, uint64_t now_ms)
{
    struct fleet_request *r = &f->asked;
    if (f->busy || now_ms < f->not_before_ms)
        return false;
    const bool settled = has_view(f) && f->lease != 0;
    if (!(settled && next_claim(f, r, now_ms)) && !next_revoke(f, r)
        && !(settled && now_ms - f->renewed_ms < 2 * FLEET_RENEW_MS && next_write(f, r, now_ms))
        && !next_lease(f, r, now_ms) && !next_read(f, r, now_ms))
        return false;
    f->busy = true;
    f->asked_ms = now_ms;
    *request = *r;
    return true;
}

/* The keys went with the lease, or will. */
static void lose_lease(struct fleet *f)
{
    f->lease = 0;
    f->health_leased = f->up_leased = false;
    f->must_read = true;
}

static void fail(struct fleet *f, uint64_t now_ms)
{
    const unsigned doublings = f->failures < 6 ? f->failures : 6;
    uint64_t wait_ms = (uint64_t)FLEET_BACKOFF_MS << doublings;
    if (wait_ms > FLEET_BACKOFF_MAX_MS)
        wait_ms = FLEET_BACKOFF_MAX_MS;
    f->failures++;
    f->not_before_ms = now_ms + jitter(f, wait_ms);
}

/* This node's own key has moved, and not by us. */
static void look_for_double(struct fleet *f, int64_t health_before)
{
    const int64_t health = self_of(f).health;
    if (!f->may_be_behind && f->health_leased && health_before != 0 && health != 0
        && health != health_before)
        f->doubles++;
    f->may_be_behind = false;
}

static void count(struct fleet *f)
{
    f->counts = fleet_view_count(&f->view, f->name, f->keep);
}

static void take(struct fleet *f, const struct fleet_reading *reading, uint64_t now_ms)
{
    const int64_t before = self_of(f).health;
    const int err = fleet_view_take(&f->view, reading);
    f->must_read = err != 0;
    f->must_read_all = err != 0;
    if (err != 0) {
        if (reading->whole)
            fail(f, now_ms); /* nothing that asking again at once would better */
        return;
    }
    look_for_double(f, before);
    count(f);
    f->read_ms = now_ms;
    f->next_read_ms = now_ms + jitter(f, read_every_ms(f));
    if (f->asked.ask == FLEET_READ) {
        f->said_stay = f->said_stay && f->leaving;
        f->tries = 0;
    }
}

/* The write has held: so this is what the store has of us now. */
static void take_own(struct fleet *f, int64_t revision, uint64_t now_ms)
{
    const struct fleet_request *r = &f->asked;
    struct fleet_node *self = fleet_view_need(&f->view, f->name);
    if (self == NULL) {
        f->must_read_all = true;
        return;
    }
    self->health = revision;
    self->badness = r->badness;
    f->health_leased = true;
    f->reported_ms = now_ms;
    if (r->join)
        self->member = revision;
    if (r->recount)
        f->view.generation = revision;
    if (r->route == FLEET_ROUTE_OUT)
        self->up = 0;
    if (r->route == FLEET_ROUTE_IN) {
        self->up = revision;
        self->up_badness = r->badness;
        f->up_leased = true;
    }
    count(f);
}

static void hear_write(struct fleet *f, const struct fleet_reply *reply, uint64_t now_ms)
{
    const bool claim = f->asked.peers != 0;
    f->refused = false;
    if (reply->held) {
        take_own(f, reply->revision, now_ms);
        if (claim) {
            f->granted = f->leaving;
            f->said_stay = false;
        }
        return;
    }
    f->tries += claim;
    f->may_be_behind = false;
    take(f, &reply->reading, now_ms);
}

static void hear_done(struct fleet *f, const struct fleet_reply *reply, uint64_t now_ms)
{
    f->failures = 0;
    f->heard_ms = now_ms;
    switch (f->asked.ask) {
    case FLEET_GRANT:
        lose_lease(f);
        f->lease = reply->lease;
        f->renewed_ms = f->asked_ms;
        f->refused = false;
        break;
    case FLEET_RENEW:
        if (reply->ttl_s == 0)
            lose_lease(f);
        f->renewed_ms = f->asked_ms;
        break;
    case FLEET_REVOKE:
        lose_lease(f);
        break;
    case FLEET_READ:
        take(f, &reply->reading, now_ms);
        break;
    case FLEET_WRITE:
        hear_write(f, reply, now_ms);
        break;
    }
}

void fleet_hear(struct fleet *f, const struct fleet_reply *reply, uint64_t now_ms)
{
    assert(f->busy);
    f->busy = false;
    switch (reply->result) {
    case FLEET_DONE:
        hear_done(f, reply, now_ms);
        break;
    case FLEET_LOST:
        f->may_be_behind = f->may_be_behind || f->asked.ask == FLEET_WRITE;
        f->must_read = true;
        fail(f, now_ms);
        break;
    case FLEET_REFUSED:
        f->heard_ms = now_ms;
        f->failures = 0;
        f->refused = true;
        f->said_stay = f->leaving;
        f->write_not_before_ms = now_ms + jitter(f, FLEET_REFUSED_MS);
        if (f->asked.ask == FLEET_READ || f->asked.ask == FLEET_RENEW)
            fail(f, now_ms);
        break;
    case FLEET_LEASE_GONE:
        f->heard_ms = now_ms;
        lose_lease(f);
        break;
    }
}

enum guard_answer fleet_ask(struct fleet *f, unsigned badness)
{
    f->level = level_of(badness);
    f->leaving = true;
    return f->granted ? GUARD_GRANTED : f->said_stay ? GUARD_STAY : GUARD_PENDING;
}

void fleet_cancel(struct fleet *f)
{
    f->leaving = f->granted = f->said_stay = false;
    f->tries = 0;
}

void fleet_report(struct fleet *f, unsigned badness)
{
    f->level = level_of(badness);
}

void fleet_withdrawn(struct fleet *f, unsigned badness)
{
    fleet_cancel(f);
    f->level = level_of(badness);
    f->told = FLEET_ROUTE_OUT;
}

void fleet_returned(struct fleet *f)
{
    fleet_cancel(f);
    f->told = FLEET_ROUTE_IN;
}

/* Where announcers are missing, as many of the least sick come as they are; one more after each
 * FLEET_RETURN_MS, since the store doesn't know who can't, and for what other shards lack. */
enum guard_return fleet_may_return(struct fleet *f, unsigned badness, uint64_t now_ms)
{
    if (!is_reachable(f, now_ms) || !has_view(f) || route_of(f) != FLEET_ROUTE_OUT)
        return GUARD_RETURN_FREE;
    const struct fleet_shard shard = fleet_view_shard(&f->view, f->name, f->keep);
    if (shard.announcers >= shard.keep + shard.lack) {
        f->short_since_ms = 0;
        return GUARD_RETURN_FREE;
    }
    if (f->short_since_ms == 0)
        f->short_since_ms = now_ms;
    const uint32_t own = shard.announcers < shard.keep ? shard.keep - shard.announcers : 0;
    const uint64_t wanted = own + (now_ms - f->short_since_ms) / FLEET_RETURN_MS;
    if (fleet_view_rank(&f->view, &shard, f->name, level_of(badness)) < wanted)
        return GUARD_RETURN_NEEDED;
    return badness < GUARD_BADNESS_BAD ? GUARD_RETURN_FREE : GUARD_RETURN_WAIT;
}

struct guard_view fleet_guard_view(const struct fleet *f, uint64_t now_ms)
{
    const struct fleet_counts c = f->counts;
    return (struct guard_view){.fleet = true,
                               .reachable = is_reachable(f, now_ms),
                               .members = c.members,
                               .announcers = c.announcers,
                               .bad = c.bad,
                               .keep = c.keep};
}
