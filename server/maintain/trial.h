/* trial.h -- a zone served from an image that isn't verified as a whole yet
 * Its arena is address space at first. Each part is read from the file and verified when it's touched, or when
 * the sweep comes by: no octet is seen before its checksum was found right, and the file is never mapped, so
 * that nothing that happens to it later can reach the zone. Where a part is damaged, whoever touches it is
 * told (server/base/fault.h), and the image as a whole is. */
#ifndef PHAROS_SERVER_MAINTAIN_TRIAL_H
#define PHAROS_SERVER_MAINTAIN_TRIAL_H

#include "zone/image.h"

#include <stdatomic.h>

struct trial {
    struct zone *zone;      /* owned */
    struct image_file file; /* owned */
    int fd;                 /* owned */
    int range;              /* of fault_watch() */
    size_t parts;
    _Atomic uint8_t *here; /* by part: it's in its place; never changes back */
    atomic_int err;        /* of the first part that couldn't be brought; 0: none */

    void (*alarm)(
        void *context); /* called once `err` is set: in a signal handler, of any thread */
    void *context;
};

/* Begins: the zone, which has no arena yet, the file and its descriptor become the trial's on success. `alarm`
 * and `context` are the caller's to set in the trial before. Returns 0, -ENOMEM, or -ENOSPC where so many are
 * under way already that the image is better read as a whole. Any thread. */
int trial_begin(struct trial *trial, struct zone *zone, const struct image_file *file, int fd);

/* Brings all parts that nobody touched. Returns 0 when the arena is complete, -ECANCELED where `stop` returned
 * true, or why a part couldn't be brought. One thread. */
int trial_sweep(struct trial *trial, bool (*stop)(void *context), void *context);

/* Frees the zone and all else, when nobody reads it any more. */
void trial_end(struct trial *trial);

#endif
