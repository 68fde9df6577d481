/* store.c -- see store.h */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct store *store_new(size_t slots)
{
    struct store *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return NULL;
    s->slot = calloc(slots, sizeof(*s->slot));
    if (s->slot == NULL) {
        free(s);
        return NULL;
    }
    s->slots = slots;
    s->revision = 1;
    for (size_t i = 0; i < slots; i++)
        snprintf(s->slot[i].name, sizeof(s->slot[i].name), "n%zu", i);
    return s;
}

void store_free(struct store *s)
{
    if (s == NULL)
        return;
    free(s->slot);
    free(s->lease);
    free(s);
}

struct store_slot *store_find(const struct store *s, const char *name)
{
    const unsigned long number = strtoul(name + 1, NULL, 10);
    return number < s->slots ? &s->slot[number] : NULL;
}

static struct store_lease *find_lease(const struct store *s, int64_t id)
{
    for (size_t i = 0; i < s->leases; i++) {
        if (s->lease[i].id == id)
            return &s->lease[i];
    }
    return NULL;
}

static void end_lease(struct store *s, struct store_lease *lease)
{
    const int64_t id = lease->id;
    *lease = s->lease[--s->leases];
    s->revision++;
    for (size_t i = 0; i < s->slots; i++) {
        struct store_slot *slot = &s->slot[i];
        if (slot->health.lease == id)
            slot->health = (struct store_key){0};
        if (slot->up.lease == id)
            slot->up = (struct store_key){0};
    }
}

void store_pass(struct store *s, uint64_t now_ms)
{
    for (size_t i = 0; i < s->leases;) {
        if (s->lease[i].ends_ms <= now_ms)
            end_lease(s, &s->lease[i]);
        else
            i++;
    }
}

static void grant(struct store *s, struct fleet_reply *reply, uint64_t now_ms)
{
    if (s->leases == s->room) {
        const size_t room = s->room * 2 + 16;
        struct store_lease *more = realloc(s->lease, room * sizeof(*more));
        if (more == NULL) {
            s->hurt = true;
            return;
        }
        s->lease = more;
        s->room = room;
    }
    reply->lease = ++s->last_lease;
    s->lease[s->leases++] = (struct store_lease){reply->lease, now_ms + 1000 * FLEET_LEASE_S};
}

static void renew(struct store *s, int64_t id, struct fleet_reply *reply, uint64_t now_ms)
{
    struct store_lease *lease = find_lease(s, id);
    if (lease == NULL)
        return;
    lease->ends_ms = now_ms + 1000 * FLEET_LEASE_S;
    reply->ttl_s = FLEET_LEASE_S;
}

static void list(struct fleet_reading *r, enum fleet_key key, const char *name,
                 const struct store_key *is, int64_t since)
{
    r->count += is->revision != 0;
    if (is->revision == 0 || is->revision <= since)
        return;
    struct fleet_entry *e = &r->entry[r->entries++];
    *e = (struct fleet_entry){.key = key, .badness = is->badness, .revision = is->revision};
    memcpy(e->name, name, sizeof(e->name));
}

static void read_keys(struct store *s, int64_t since, struct fleet_reading *r)
{
    *r = (struct fleet_reading){.whole = since == 0, .revision = s->revision};
    r->entry = malloc((3 * s->slots + 1) * sizeof(*r->entry));
    if (r->entry == NULL) {
        s->hurt = true;
        return;
    }
    const struct store_key generation = {.revision = s->generation};
    list(r, FLEET_KEY_GENERATION, s->slot[0].name, &generation, since);
    for (size_t i = 0; i < s->slots; i++) {
        const struct store_slot *slot = &s->slot[i];
        list(r, FLEET_KEY_MEMBER, slot->name, &slot->member, since);
        list(r, FLEET_KEY_HEALTH, slot->name, &slot->health, since);
        list(r, FLEET_KEY_UP, slot->name, &slot->up, since);
    }
}

static bool holds(const struct store *s, const struct fleet_request *r)
{
    if (store_find(s, r->name)->health.revision != r->own)
        return false;
    if (r->peers != 0 && s->generation != r->generation)
        return false;
    for (size_t i = 0; i < r->peers; i++) {
        const struct store_slot *peer = store_find(s, r->peer[i]);
        if (peer->up.revision == 0 || peer->up.badness > r->level)
            return false;
    }
    return true;
}

static void write_keys(struct store *s, const struct fleet_request *r,
                       struct fleet_reply *reply)
{
    if (s->full || find_lease(s, r->lease) == NULL) {
        reply->result = s->full ? FLEET_REFUSED : FLEET_LEASE_GONE;
        return;
    }
    reply->held = holds(s, r);
    if (!reply->held) {
        read_keys(s, r->since, &reply->reading);
        return;
    }
    struct store_slot *slot = store_find(s, r->name);
    const struct store_key fresh = {++s->revision, r->lease, r->badness};
    reply->revision = s->revision;
    slot->health = fresh;
    if (r->route == FLEET_ROUTE_IN)
        slot->up = fresh;
    if (r->route == FLEET_ROUTE_OUT)
        slot->up = (struct store_key){0};
    if (r->join)
        slot->member.revision = s->revision;
    if (r->recount)
        s->generation = s->revision;
}

struct fleet_reply store_answer(struct store *s, const struct fleet_request *r, uint64_t now_ms)
{
    struct fleet_reply reply = {.result = FLEET_DONE};
    struct store_lease *lease;
    switch (r->ask) {
    case FLEET_GRANT:
        if (s->full)
            reply.result = FLEET_REFUSED;
        else
            grant(s, &reply, now_ms);
        break;
    case FLEET_RENEW:
        renew(s, r->lease, &reply, now_ms);
        break;
    case FLEET_REVOKE:
        lease = find_lease(s, r->lease);
        if (lease != NULL)
            end_lease(s, lease);
        break;
    case FLEET_READ:
        read_keys(s, r->since, &reply.reading);
        break;
    case FLEET_WRITE:
        write_keys(s, r, &reply);
        break;
    }
    return reply;
}

void store_reply_fini(struct fleet_reply *reply)
{
    free(reply->reading.entry);
    reply->reading.entry = NULL;
}

unsigned store_announcers(const struct store *s)
{
    unsigned count = 0;
    for (size_t i = 0; i < s->slots; i++)
        count += s->slot[i].up.revision != 0;
    return count;
}
