/* inventory.h -- the zones, as pharosd tells of them on its control socket
 * The answer to "inventory" or "inventory-zones", lines of words with single spaces between:
 *
 *     started UNIX-TIME
 *     reload UNIX-TIME 0|1 MICROSECONDS          the last one: whether all went well, how long it took
 *     zones SERVED STALE FAILED RRS OCTETS OLDEST NEWEST     the last two: when what's served was loaded
 *     zone NAME STATE SERIAL RRS OCTETS LOADED SIGNATURES-EXPIRE
 *
 * A time of 0 is none. Lines of other first words are for later versions. Foreign octets: whatever comes
 * is read within bounds, and a line that isn't right is passed over. Pure. */
#ifndef PHAROS_SERVER_SIDECAR_INVENTORY_H
#define PHAROS_SERVER_SIDECAR_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { INVENTORY_NAME_MAX = 1024, INVENTORY_OCTETS_MAX = 16 * 1024 * 1024 };

struct inventory {
    int64_t started;
    int64_t reload; /* 0: none yet */
    bool reload_well;
    uint64_t reload_us;
    bool zones; /* the rest is there */
    uint64_t served, stale, failed, rrs, octets;
    int64_t oldest, newest;
};

struct inventory_zone {
    char name[INVENTORY_NAME_MAX + 1]; /* printable ASCII */
    bool served;                       /* otherwise the numbers are 0 */
    bool stale;
    uint32_t serial;
    uint64_t rrs, octets;
    int64_t loaded, signatures_expire;
};

/* Reads all but the zones' own lines. */
void inventory_read(struct inventory *inventory, const char *text, size_t octets);

/* Reads the next zone's line at or after `*at`, and moves on behind it. False at the end. */
bool inventory_next(struct inventory_zone *zone, const char *text, size_t octets, size_t *at);

#endif
