/* maintain.h -- keeps the served zones as their files are
 * In rounds: plan (what is new, changed, gone), load on the pool's threads, publish all of it
 * with one swap of a pointer. What can't be loaded never takes good data away: the last good
 * version goes on being served, and a zone that has none is answered with SERVFAIL.
 *
 * All functions are the main loop's. Its pool should have `threads` threads
 * (UV_THREADPOOL_SIZE). */
#ifndef PHAROS_SERVER_MAINTAIN_MAINTAIN_H
#define PHAROS_SERVER_MAINTAIN_MAINTAIN_H

#include "server/base/config.h"
#include "server/base/store.h"
#include "server/maintain/image_store.h"
#include "server/maintain/plan.h"
#include "server/maintain/roster.h"

#include <uv.h>

/* What became of a round. Everything is borrowed, for the call. */
struct maintain_outcome {
    int err; /* 0; -ENOMEM, -ECANCELED, or -ENOENT: no such zone. Then the rest may be 0 */
    size_t loaded; /* zones with a new version, new zones among them */
    size_t same;   /* files that changed and say the same */
    size_t fresh;  /* zones that weren't served before */
    size_t gone;   /* zones that aren't served any more */
    size_t unchanged;
    size_t refused; /* zones whose text couldn't be loaded; roster_zone.failure tells why */
    const struct job *job;
    size_t jobs;
    struct roster_zone *const *gone_entry; /* `gone` of them; without versions */
    const struct notes *notes;             /* about zone-dirs */
    double seconds;
};

/* True where all that was asked for was done. */
bool maintain_well(const struct maintain_outcome *outcome);

struct maintain_totals {
    size_t zones, stale, failed; /* `zones` counts all */
    int64_t signatures_expire; /* the soonest of all signatures, seconds since 1970; 0: none */
};

typedef void maintain_done(void *context, const struct maintain_outcome *outcome);

struct maintain;

/* `store` is borrowed and needs to outlive it. NULL: out of memory. */
struct maintain *maintain_new(uv_loop_t *loop, struct store *store, unsigned threads);

/* Has the first round, before which nothing is served, load on so many threads instead. */
void maintain_first_threads(struct maintain *maintain, unsigned threads);

/* Keeps images of zones, to be called before the first round. Where the image of a zone that is served was found
 * damaged the zone is answered with SERVFAIL, and `want` is called, on the main loop, to have its text loaded by
 * maintain_one(). Returns 0 or -ENOMEM; a folder that can't be used is logged. */
int maintain_keep_images(struct maintain *maintain, const struct image_settings *settings,
                         void (*want)(void *context, const struct name *name), void *context);

/* False where none are kept. */
bool maintain_images(const struct maintain *maintain, struct image_status *status);

/* Starts a round over all zones; publishes config->answer as well. `config` is borrowed until
 * `done` is called, which is never before this returns. Returns 0, or -EBUSY during a round. */
int maintain_all(struct maintain *maintain, const struct config *config, maintain_done *done,
                 void *context);

/* A round for one zone, from the file it had last; its outcome is -ENOENT where it isn't
 * served. */
int maintain_one(struct maintain *maintain, const struct name *name, maintain_done *done,
                 void *context);

bool maintain_busy(const struct maintain *maintain);

/* Has the round that is under way end soon, with -ECANCELED and nothing published. */
void maintain_cancel(struct maintain *maintain);

/* How far the round is that is under way, 0 to 1; false where there's none or it plans still.
 */
bool maintain_progress(struct maintain *maintain, double *share, size_t *zones, uint64_t *rrs);

struct maintain_totals maintain_totals(const struct maintain *maintain);
const struct roster *maintain_roster(const struct maintain *maintain);
const struct directory *maintain_directory(const struct maintain *maintain);

/* Ends its use of the loop; no round may be under way. To be followed by a turn of the loop. */
void maintain_close(struct maintain *maintain);

/* Frees all zones: when no reader is left. */
void maintain_free(struct maintain *maintain);

#endif
