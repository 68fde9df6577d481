/* image_trials.h -- the zones that are on trial, or were: until they're replaced
 * The main loop's, where not said otherwise. */
#ifndef PHAROS_SERVER_MAINTAIN_IMAGE_TRIALS_H
#define PHAROS_SERVER_MAINTAIN_IMAGE_TRIALS_H

#include "server/maintain/background.h"
#include "zone/image.h"

/* A zone, its image's file, and who holds them. */
struct served;

/* The caller fills `folder` to `context` before image_trials_init(). */
struct image_trials {
    int folder;
    struct background *background; /* sweeps; it's woken when an image is found damaged */
    bool (*lost)(void *context, const struct zone *zone); /* as in image_store.h */
    void *context;

    uv_mutex_t mutex; /* of `first` */
    struct served *first;
};

/* Returns 0 or -ENOMEM. */
int image_trials_init(struct image_trials *trials);

/* When all zones are released. */
void image_trials_fini(struct image_trials *trials);

/* Begins a trial: the zone, the file and its descriptor are the trial's on success. Any number of threads.
 * Returns 0; -ENOSPC where the image is better read as a whole; -EEXIST where it was on trial when a server died,
 * and so was set aside; or -ENOMEM. */
int image_trials_begin(struct image_trials *trials, const struct image_file *file, int fd,
                       struct zone *zone);

/* Has the background verify those that it doesn't yet. */
void image_trials_sweep(struct image_trials *trials);

/* Tells `lost` of those that were found damaged. */
void image_trials_look(struct image_trials *trials);

/* What is held for a zone, or NULL. */
struct served *image_trials_find(struct image_trials *trials, const struct zone *zone);

/* Whether a zone of this name is among them; and those under way. */
bool image_trials_has(const struct image_trials *trials, const struct name *apex);
size_t image_trials_count(const struct image_trials *trials);

/* The zone isn't served any more, and nobody reads it but who holds it. */
void served_release(struct served *served);

/* For others who read the zone meanwhile: each hold needs its end. */
void served_hold(struct served *served);
void served_let_go(struct served *served);

#endif
