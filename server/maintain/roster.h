/* roster.h -- the zones that are to be served: where each comes from and how it's doing
 * A hash table by name. The main loop alone changes it; a round's planner may read it meanwhile
 * (see plan.h). Small per zone, since there may be a hundred thousand: about 120 octets beside
 * the name, the path, and what zonefile_load() remembers of the files. */
#ifndef PHAROS_SERVER_MAINTAIN_ROSTER_H
#define PHAROS_SERVER_MAINTAIN_ROSTER_H

#include "zone/zone.h"
#include "zone/zonefile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum roster_state {
    ROSTER_SERVED, /* the newest text */
    ROSTER_STALE,  /* an older version: the newest text was refused or is gone */
    ROSTER_FAILED, /* never loaded: answered with SERVFAIL */
};

/* "served", "stale", "failed" */
const char *roster_state_text(enum roster_state state);

struct roster_zone {
    struct roster_zone *next; /* of its bucket */
    const struct zone *zone;  /* what is served; owned; NULL until its first round is over */
    struct sources sources;   /* the files of the last load, also where it failed */
    char *path;               /* owned; the zone's own file */
    char *failure;            /* owned; the notes of the last load, where it failed; or NULL */
    time_t loaded;            /* when `zone` was loaded, seconds since 1970 */
    uint32_t round;           /* the planner's: the last round in which it was wanted */
    uint8_t from_dir;         /* found in a zone-dir, not configured by name */
    uint8_t verify;           /* enum config_verify: what is verified when it's loaded */
    uint8_t verify_must;      /* what is to be verified must be there */
    uint8_t octets;           /* of `wire` */
    uint8_t wire[];           /* its name, lower case */
};

/* When the first signatures of what is served expire, in seconds since 1970; 0: it has none. */
int64_t roster_zone_expiry(const struct roster_zone *zone);

/* What a zone's state follows from. */
enum roster_state roster_zone_state(const struct roster_zone *zone);

/* NULL out of memory. `path` is copied, `name` must be in lower case. */
struct roster_zone *roster_zone_new(const struct name *name, const char *path, bool from_dir);

/* Frees all but `zone`, which readers may hold still. */
void roster_zone_free(struct roster_zone *zone);

/* The name as people write it: without the final dot, the root as ".". Returns `text`. */
const char *roster_name_text(const uint8_t *wire, char text[NAME_TEXT_MAX]);

struct roster;

struct roster *roster_new(void);

/* Frees all entries, but not their versions. */
void roster_free(struct roster *roster);

size_t roster_count(const struct roster *roster);
struct roster_zone *roster_find(const struct roster *roster, const struct name *name);

/* Has the memory fetched in which roster_find() will look: first where it begins, then, once that is there,
 * what stands first there. */
void roster_prefetch(const struct roster *roster, const struct name *name);
void roster_prefetch_zone(const struct roster *roster, const struct name *name);

/* Takes an entry whose name isn't in it yet (asserted). Returns 0 or -ENOMEM. */
int roster_insert(struct roster *roster, struct roster_zone *zone);

/* Makes room for so many entries, so that inserting them can't fail. */
int roster_reserve(struct roster *roster, size_t count);

/* Takes an entry out, which becomes the caller's. */
void roster_remove(struct roster *roster, struct roster_zone *zone);

/* The entry after `zone` in no particular order, the first for NULL; NULL at the end. */
struct roster_zone *roster_next(const struct roster *roster, const struct roster_zone *zone);

#endif
