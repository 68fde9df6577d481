/* signals.c -- see signals.h */
#include "server/sidecar/signals.h"

#include <netinet/in.h>
#include <string.h>

#define UDP_PATHS UINT32_C(0x55555555)

static bool is_wildcard(const struct pulse_address *a)
{
    static const uint8_t none[sizeof(a->octets)];
    return memcmp(a->octets, none, sizeof(none)) == 0;
}

/* The entry's octets are zero after an IPv4 address; whoever wrote otherwise isn't found. */
static int find_listen(const struct pulse_view *view, const struct address *address)
{
    struct pulse_address wanted = {.port = address_port(address)};
    const struct sockaddr *sockaddr = (const struct sockaddr *)&address->storage;
    uint8_t count;
    const uint8_t *octets = address_octets(sockaddr, &count);
    memcpy(wanted.octets, octets, count);
    int found = -1;
    for (unsigned i = 0; i < view->addresses; i++) {
        struct pulse_address one;
        memcpy(&one, &view->pulse->address[i], sizeof(one));
        if (one.family != sockaddr->sa_family || one.port != wanted.port)
            continue;
        if (memcmp(one.octets, wanted.octets, sizeof(one.octets)) == 0)
            return (int)i;
        if (is_wildcard(&one))
            found = (int)i;
    }
    return found;
}

static int find_group(const struct pulse_view *view, const char *name)
{
    for (int i = 0; i < PULSE_GROUPS_MAX; i++) {
        char one[PULSE_GROUP_NAME_MAX + 1];
        memcpy(one, view->pulse->group[i].name, sizeof(one));
        one[PULSE_GROUP_NAME_MAX] = '\0';
        if (strcmp(one, name) == 0)
            return i;
    }
    return -1;
}

void signals_find(struct signals_map *map, const struct pulse_view *view, const char *group,
                  const struct address *address, size_t addresses)
{
    *map = (struct signals_map){.addresses = (unsigned)addresses,
                                .group = find_group(view, group)};
    for (size_t i = 0; i < addresses; i++)
        map->listen[i] = find_listen(view, &address[i]);
}

static uint32_t at_most(uint32_t value, uint32_t limit)
{
    return value < limit ? value : limit;
}

/* The oldest slice that's worth a look: a slice may be turned over while a sleeper wakes up. */
static uint64_t first_slice(const struct signals *signals, uint64_t last)
{
    if (signals->read == 0 || signals->read > last)
        return last;
    const uint64_t oldest = last - (PULSE_SLICES - 4);
    return signals->read + 1 > oldest ? signals->read + 1 : oldest;
}

/* Whatever stands there, sums of sums fit into 32 bits. */
static void add_bounded(uint32_t *sum, uint32_t more)
{
    *sum = at_most(*sum + at_most(more, SIGNALS_COUNT_MAX), SIGNALS_COUNT_MAX);
}

static void add_slice(struct observation *o, const struct pulse_slice_copy *slice,
                      bool zones_failed)
{
    const uint32_t true_ones = zones_failed ? at_most(slice->not_loaded, slice->servfails) : 0;
    for (unsigned i = 0; i < PULSE_BUCKETS; i++)
        add_bounded(&o->latency[i], slice->latency[i]);
    add_bounded(&o->servfails, slice->servfails - true_ones);
    add_bounded(&o->sample.drops, slice->drops);
    add_bounded(&o->sample.datagrams, slice->drops);
}

/* True where something was answered on the path. */
static bool add_path(const struct signals *signals, struct observation *o,
                     const struct pulse_view *view, unsigned path, uint64_t first,
                     uint64_t last)
{
    bool answered = false;
    struct pulse_slice_copy slice;
    for (uint64_t number = first; number <= last; number++) {
        for (unsigned i = 0; i < view->workers; i++) {
            if (!pulse_slice_read(&slice, view, i, path, number))
                continue;
            add_slice(o, &slice, signals->zones_failed);
            if (path % 2 == 0)
                add_bounded(&o->sample.datagrams, slice.queries);
            answered = answered || slice.answers != 0;
        }
    }
    return answered;
}

/* Addresses that share a wildcard are counted once, and served together. */
static int same_before(const struct signals_map *map, unsigned address)
{
    for (unsigned i = 0; i < address; i++) {
        if (map->listen[i] == map->listen[address])
            return (int)i;
    }
    return -1;
}

static void read_zones(struct signals *signals, const struct signals_map *map,
                       const struct pulse_view *view)
{
    signals->zones_failed = false;
    if (map->group < 0)
        return;
    const struct pulse_group *group = &view->pulse->group[map->group];
    const uint32_t zones = atomic_load_explicit(&group->zones, memory_order_relaxed);
    const uint32_t failed = atomic_load_explicit(&group->failed, memory_order_relaxed);
    signals->zones_failed = failed != 0 && failed < zones;
}

void signals_read(struct signals *signals, const struct signals_map *map,
                  const struct pulse_view *view, struct observation *o, uint64_t now_ms)
{
    const uint64_t last = now_ms / PULSE_SLICE_MS - 1;
    read_zones(signals, map, view);
    const uint64_t first = first_slice(signals, last);
    for (unsigned i = 0; i < map->addresses; i++) {
        const int before = same_before(map, i);
        for (unsigned transport = 0; map->listen[i] >= 0 && transport < 2; transport++) {
            const uint32_t bit = UINT32_C(1) << (2 * i + transport);
            bool served;
            if (before >= 0)
                served = (o->sample.paths_served >> (2 * before + (int)transport) & 1) != 0;
            else
                served = add_path(signals, o, view, 2 * (unsigned)map->listen[i] + transport,
                                  first, last);
            o->sample.paths_served |= served ? bit : 0;
        }
    }
    /* Of no address: anybody's, and since it comes by UDP, all may have been served there. */
    if (add_path(signals, o, view, 2 * view->addresses, first, last))
        o->sample.paths_served |=
            UDP_PATHS & (uint32_t)((UINT64_C(1) << 2 * map->addresses) - 1);
    signals->read = last;
}

uint32_t signals_expiring(const struct signals_map *map, const struct pulse_view *view,
                          int64_t at_s)
{
    if (map->group < 0)
        return 0;
    const struct pulse_group *group = &view->pulse->group[map->group];
    const int64_t zone = atomic_load_explicit(&group->expires, memory_order_relaxed);
    const int64_t signature =
        atomic_load_explicit(&group->signatures_expire, memory_order_relaxed);
    return (zone != 0 && zone <= at_s ? EXPIRING_ZONE : 0U)
           | (signature != 0 && signature <= at_s ? EXPIRING_SIGNATURES : 0U);
}
