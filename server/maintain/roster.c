/* roster.c -- the zones that are to be served */
#include "server/maintain/roster.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct roster {
    struct roster_zone **bucket;
    size_t buckets; /* a power of two */
    size_t count;
};

enum { BUCKETS_MIN = 16 };

const char *roster_state_text(enum roster_state state)
{
    switch (state) {
    case ROSTER_SERVED:
        return "served";
    case ROSTER_STALE:
        return "stale";
    case ROSTER_FAILED:
        break;
    }
    return "failed";
}

enum roster_state roster_zone_state(const struct roster_zone *zone)
{
    if (zone->zone == NULL || !zone_loaded(zone->zone))
        return ROSTER_FAILED;
    return zone->failure != NULL ? ROSTER_STALE : ROSTER_SERVED;
}

int64_t roster_zone_expiry(const struct roster_zone *zone)
{
    if (zone->zone == NULL || zone->zone->signatures.count == 0)
        return 0;
    return signatures_time(zone->zone->signatures.expiry, zone->loaded);
}

struct roster_zone *roster_zone_new(const struct name *name, const char *path, bool from_dir)
{
    struct roster_zone *zone = calloc(1, sizeof *zone + name->octets);
    if (zone == NULL)
        return NULL;
    zone->path = strdup(path);
    if (zone->path == NULL) {
        free(zone);
        return NULL;
    }
    zone->from_dir = from_dir;
    zone->octets = name->octets;
    memcpy(zone->wire, name->wire, name->octets);
    return zone;
}

void roster_zone_free(struct roster_zone *zone)
{
    if (zone == NULL)
        return;
    sources_fini(&zone->sources);
    free(zone->failure);
    free(zone->path);
    free(zone);
}

const char *roster_name_text(const uint8_t *wire, char text[NAME_TEXT_MAX])
{
    const size_t len = name_to_text(wire, text);
    if (len > 1)
        text[len - 1] = '\0';
    return text;
}

struct roster *roster_new(void)
{
    struct roster *roster = calloc(1, sizeof *roster);
    if (roster == NULL)
        return NULL;
    roster->bucket = calloc(BUCKETS_MIN, sizeof(struct roster_zone *));
    if (roster->bucket == NULL) {
        free(roster);
        return NULL;
    }
    roster->buckets = BUCKETS_MIN;
    return roster;
}

void roster_free(struct roster *roster)
{
    if (roster == NULL)
        return;
    for (size_t i = 0; i < roster->buckets; i++) {
        for (struct roster_zone *zone = roster->bucket[i], *next; zone != NULL; zone = next) {
            next = zone->next;
            roster_zone_free(zone);
        }
    }
    free(roster->bucket);
    free(roster);
}

size_t roster_count(const struct roster *roster)
{
    return roster->count;
}

/* FNV-1a. Names come from the operator, so nobody gains by making them collide. */
static size_t hash(const uint8_t *wire, size_t octets)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < octets; i++)
        h = (h ^ wire[i]) * UINT64_C(0x100000001b3);
    return (size_t)(h ^ h >> 32);
}

static struct roster_zone **bucket_of(const struct roster *roster, const uint8_t *wire,
                                      size_t octets)
{
    return &roster->bucket[hash(wire, octets) & (roster->buckets - 1)];
}

struct roster_zone *roster_find(const struct roster *roster, const struct name *name)
{
    struct roster_zone *zone = *bucket_of(roster, name->wire, name->octets);
    while (
        zone != NULL
        && (zone->octets != name->octets || memcmp(zone->wire, name->wire, name->octets) != 0))
        zone = zone->next;
    return zone;
}

void roster_prefetch(const struct roster *roster, const struct name *name)
{
    __builtin_prefetch(bucket_of(roster, name->wire, name->octets));
}

void roster_prefetch_zone(const struct roster *roster, const struct name *name)
{
    const struct roster_zone *zone = *bucket_of(roster, name->wire, name->octets);
    __builtin_prefetch(zone);
    __builtin_prefetch((const uint8_t *)zone + 64);
}

static void link_into(struct roster *roster, struct roster_zone *zone)
{
    struct roster_zone **at = bucket_of(roster, zone->wire, zone->octets);
    zone->next = *at;
    *at = zone;
}

int roster_reserve(struct roster *roster, size_t count)
{
    size_t buckets = roster->buckets;
    while (buckets < count)
        buckets *= 2;
    if (buckets == roster->buckets)
        return 0;
    struct roster grown = {.buckets = buckets};
    grown.bucket = calloc(buckets, sizeof(struct roster_zone *));
    if (grown.bucket == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < roster->buckets; i++) {
        for (struct roster_zone *zone = roster->bucket[i], *next; zone != NULL; zone = next) {
            next = zone->next;
            link_into(&grown, zone);
        }
    }
    free(roster->bucket);
    roster->bucket = grown.bucket;
    roster->buckets = grown.buckets;
    return 0;
}

int roster_insert(struct roster *roster, struct roster_zone *zone)
{
    if (roster->count >= roster->buckets && roster_reserve(roster, roster->buckets * 2) != 0)
        return -ENOMEM;
    link_into(roster, zone);
    roster->count++;
    return 0;
}

void roster_remove(struct roster *roster, struct roster_zone *zone)
{
    struct roster_zone **at = bucket_of(roster, zone->wire, zone->octets);
    while (*at != zone) {
        assert(*at != NULL);
        at = &(*at)->next;
    }
    *at = zone->next;
    zone->next = NULL;
    roster->count--;
}

struct roster_zone *roster_next(const struct roster *roster, const struct roster_zone *zone)
{
    size_t from = 0;
    if (zone != NULL) {
        if (zone->next != NULL)
            return zone->next;
        from = (hash(zone->wire, zone->octets) & (roster->buckets - 1)) + 1;
    }
    for (size_t i = from; i < roster->buckets; i++) {
        if (roster->bucket[i] != NULL)
            return roster->bucket[i];
    }
    return NULL;
}
