/* plan.h -- what a round has to do: which zones are new, which changed, which are gone
 * Made by any one thread while the main loop leaves the roster as it is. Costs a stat() of
 * every file of every zone, and nothing else for zones that didn't change. */
#ifndef PHAROS_SERVER_MAINTAIN_PLAN_H
#define PHAROS_SERVER_MAINTAIN_PLAN_H

#include "server/base/config.h"
#include "server/maintain/roster.h"

#include <stdatomic.h>

/* One zone to be loaded, and what came of it. */
struct job {
    struct roster_zone *entry; /* borrowed from the roster or, where `fresh`, from the plan */
    char *path; /* owned; the file, where it isn't entry->path any more; or NULL */
    bool fresh; /* not in the roster yet */
    bool from_dir;
    uint8_t verify; /* as in struct roster_zone */
    uint8_t verify_must;

    /* What load.h fills in. */
    int err;           /* of zonefile_load(), or -EBADMSG where its zone didn't verify */
    bool same;         /* the text changed, what it says didn't: `zone` is NULL */
    bool from_image;   /* the zone comes from its image, since the text didn't change */
    struct zone *zone; /* owned; NULL where err isn't 0 */
    struct sources sources;
    struct notes notes;
    double seconds;
};

struct plan {
    struct roster
        *fresh; /* entries that are new; they belong to the plan until they're adopted */
    struct job *job;
    size_t jobs, jobs_capacity;
    struct roster_zone **gone; /* borrowed from the roster: no longer wanted */
    size_t gones, gones_capacity;
    size_t unchanged;
    struct notes notes; /* about zone-dirs */
    bool incomplete; /* a zone-dir couldn't be read: what came from one isn't gone for that */
    uint32_t round;
};

/* Compares what `config` wants with the roster. `round` differs from that of the last plan.
 * Returns 0, -ENOMEM, or -ECANCELED once another thread sets `cancel`; free with plan_fini() in any case. */
int plan_all(struct plan *plan, uint32_t round, const struct config *config,
             const struct roster *roster, const atomic_bool *cancel);

/* A plan for this one zone of the roster, as it was configured last. Returns 0 or -ENOMEM. */
int plan_one(struct plan *plan, struct roster_zone *entry);

void plan_fini(struct plan *plan);

#endif
