/* image_store.h -- the images of zones in state-dir: where they are, when they're written, whether they're used
 * In the folder "images" of state-dir:
 *
 *     NAME.image        a large zone
 *     NUMBER.pack       many small ones; of several of the same name that of the greatest number counts
 *     NAME.trial        NAME.image is on trial: whoever finds it at its start doesn't use that image
 *     *.new             being written
 *     *.damaged         what was set aside
 *     lock              held by the server that writes here
 *
 * All is written by the background's thread, one file at a time, after the zone is served. Nothing here ever
 * makes a zone fail: without an image its text is loaded. What goes wrong is logged, and told in the status. */
#ifndef PHAROS_SERVER_MAINTAIN_IMAGE_STORE_H
#define PHAROS_SERVER_MAINTAIN_IMAGE_STORE_H

#include "server/maintain/roster.h"
#include "zone/image.h"

#include <uv.h>

struct image_settings {
    const char *folder; /* state-dir */
    size_t pack_octets; /* arenas up to this size go into packs; 0: the default */
    size_t
        eager_octets; /* images up to this size are read as a whole before they're served; 0: default */
};

enum {
    IMAGE_PACK_OCTETS = 64 * 1024,
    /* About 20 ms: larger ones are served on trial, so that a start doesn't wait for them. */
    IMAGE_EAGER_OCTETS = 32 * 1024 * 1024,
};

struct image_status {
    size_t written;      /* images and packs, since the start */
    size_t used;         /* zones that came from one at the start */
    size_t trials;       /* under way */
    bool writing;        /* some are waiting or being written */
    const char *failure; /* the last one of writing, where nothing was written since; or NULL */
};

struct image_store;

/* `lost` is called on the main loop when it was found that the image of a zone that is on trial is damaged: the
 * zone isn't to be read any more, and its text to be loaded, without this image. Where it can't be dealt with
 * now it returns false, and is called again by image_store_look(). Returns NULL out of memory; where the
 * folder can't be used, that is logged, and the store keeps nothing. The main loop's, as all below where not
 * said otherwise. */
struct image_store *image_store_new(uv_loop_t *loop, const struct image_settings *settings,
                                    bool (*lost)(void *context, const struct zone *zone),
                                    void *context);

/* Reads the packs, for the loads that follow. Any one thread. */
void image_store_read_packs(struct image_store *store);

/* Looks for the zone of this apex whose text, read from `path`, hasn't changed, and that was to be verified as
 * it's to be now; with `good_at` not 0, whose signatures are all good then (seconds since 1970). Returns 0, or a negative errno that nobody needs to know. `*zone` is the caller's: see
 * image_store_ticket(). Any number of threads. */
int image_store_load(struct image_store *store, const struct name *apex, const char *path,
                     struct image_demands demands, int64_t good_at, struct zone **zone,
                     struct sources *sources);

/* When all loads of the first round are over: what is left of the packs is let go, and files that no zone of
 * the roster wants are removed, if `clean` says that the roster has all zones. */
void image_store_loaded(struct image_store *store, const struct roster *roster, bool clean);

/* Has a zone that was loaded from text written, and held meanwhile; small ones wait for
 * image_store_flush(). */
void image_store_want(struct image_store *store, const struct zone *zone,
                      const struct sources *sources, struct image_demands demands);

/* Ends a round: writes the small zones that are wanted, or all small zones where packs have become too many. */
void image_store_flush(struct image_store *store, const struct roster *roster);

/* The zone isn't served any more: its image is removed. */
void image_store_forget(struct image_store *store, const struct name *apex);

/* Tells of images on trial that were found damaged: see `lost`. To be called when a round is over. */
void image_store_look(struct image_store *store);

/* What image_store_release() frees for a zone that is on trial, or was; NULL for any other, which is freed with
 * zone_free(). */
void *image_store_ticket(struct image_store *store, const struct zone *zone);

/* Frees the zone of a ticket and all that belongs to it, when nobody reads it any more. */
void image_store_release(void *ticket);

struct image_status image_store_status(const struct image_store *store);

/* Ends its use of the loop: waits for the write or sweep under way, which ends soon. To be followed by a turn
 * of the loop, then, when all its zones are released, image_store_free(). */
void image_store_close(struct image_store *store);
void image_store_free(struct image_store *store);

#endif
