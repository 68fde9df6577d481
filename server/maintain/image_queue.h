/* image_queue.h -- which images are to be written, and when
 * Large zones have a file each. Small ones go into packs: one a round, of the zones that the round loaded, until
 * so many are out of date that all small zones are better written anew. What couldn't be written is tried again
 * at the next round, or after a minute. The main loop's. */
#ifndef PHAROS_SERVER_MAINTAIN_IMAGE_QUEUE_H
#define PHAROS_SERVER_MAINTAIN_IMAGE_QUEUE_H

#include "server/maintain/image_packs.h"
#include "server/maintain/image_trials.h"
#include "server/maintain/roster.h"

struct image_wanted;
struct write;

struct wants {
    struct image_wanted *wanted; /* each with its zone held */
    size_t count, capacity;
    /* What is said about them: a hundred thousand pieces of malloc's would leave holes in memory for good. */
    struct arena abouts;
};

/* The caller fills `folder` to `pack_octets` before image_queue_init(). */
struct image_queue {
    int folder;
    const char *folder_name; /* state-dir */
    struct background *background;
    struct image_trials *trials;
    size_t pack_octets; /* arenas up to this size go into packs */

    atomic_int lock;             /* -1: another server writes there */
    const struct roster *roster; /* NULL before the first round is over */
    size_t pack_files;
    unsigned pack_last;
    uint64_t pack_total, pack_base; /* octets of all packs, and of the last full one */
    struct write *writes;
    struct wants small;
    uv_timer_t retry;
    bool again; /* what couldn't be written is written all over */
    size_t written;
    char failure[256]; /* the last one, where nothing was written since; or "" */
};

void image_queue_init(struct image_queue *queue, uv_loop_t *loop);

/* Tries to become the one who writes. Returns 0, -EBUSY or what open() gave. */
int image_queue_lock(struct image_queue *queue);
bool image_queue_may_write(const struct image_queue *queue);

/* Whether this NAME.new is being written now, or will be. */
bool image_queue_writes(const struct image_queue *queue, const char *name);

/* The packs that are there already. */
void image_queue_found(struct image_queue *queue, const struct image_packs *packs);

/* As image_store_want(), image_store_flush() and image_store_forget(). */
void image_queue_want(struct image_queue *queue, const struct zone *zone,
                      const struct sources *sources, struct image_demands demands);
void image_queue_flush(struct image_queue *queue, const struct roster *roster);
void image_queue_forget(struct image_queue *queue, const struct name *apex);

/* Ends its use of the loop, before the background ends; and frees what is left, after that. */
void image_queue_close(struct image_queue *queue);
void image_queue_fini(struct image_queue *queue);

#endif
