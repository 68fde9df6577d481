/* load.h -- carries out the jobs of a plan, on as many threads as call it */
#ifndef PHAROS_SERVER_MAINTAIN_LOAD_H
#define PHAROS_SERVER_MAINTAIN_LOAD_H

#include "server/maintain/image_store.h"
#include "server/maintain/plan.h"

#include <stdatomic.h>

enum { LOAD_THREADS_MAX = 64 };

/* How far a thread is with the job in its hands. Written by it, read by the main loop. */
struct load_slot {
    _Alignas(64) _Atomic uint64_t octets;
    _Atomic uint64_t octets_total; /* of the files opened so far; 0: not known yet */
    _Atomic uint64_t rrs;
    const atomic_bool *cancel;
};

/* The jobs' common state; zeroed but for `plan` by load_init(). `signatures_warn_s` and `images`
 * are for the caller to set. */
struct load {
    struct plan *plan;
    int64_t signatures_warn_s; /* how long before they expire to warn of signatures */
    struct image_store *images; /* NULL: none */
    _Atomic size_t next; /* the job to take next */
    _Atomic size_t done;
    _Atomic uint64_t rrs; /* of jobs that are done */
    atomic_bool cancel;
    struct load_slot slot[LOAD_THREADS_MAX];
};

void load_init(struct load *load, struct plan *plan);

/* Takes jobs until none is left. Each of up to LOAD_THREADS_MAX threads has a slot of its own.
 * With `cancel` set the jobs that are left end soon with -ECANCELED. */
void load_run(struct load *load, unsigned slot);

/* All threads together: the share of the work that is done, 0 to 1, and the RRs read so far. */
double load_share(struct load *load, uint64_t *rrs);

#endif
