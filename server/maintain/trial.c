/* trial.c -- a zone served from an image that isn't verified as a whole yet */
#include "server/maintain/trial.h"

#include "server/base/fault.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* A part of the arena on its way from the file: some of the file's chunks, which are no larger. */
struct part {
    const struct image_file *file;
    size_t index;
};

_Static_assert(ARENA_PART % IMAGE_CHUNK_MIN == 0, "a part is whole chunks");

static int read_part(void *context, void *to)
{
    const struct part *part = context;
    const struct image_file *file = part->file;
    const size_t each = ARENA_PART / file->chunk_octets;
    const size_t chunks = image_chunks(file->body_octets, file->chunk_octets);
    int err = 0;
    for (size_t i = 0; err == 0 && i < each && part->index * each + i < chunks; i++)
        err = image_chunk_read(file, part->index * each + i,
                               (uint8_t *)to + i * file->chunk_octets);
    return err;
}

static int bring_part(struct trial *trial, size_t index)
{
    if (atomic_load(&trial->here[index]))
        return 0;
    struct part part = {.file = &trial->file, .index = index};
    int err = arena_fill(&trial->zone->arena, index * ARENA_PART, read_part, &part);
    if (err == 0)
        atomic_store(&trial->here[index], 1);
    else if (atomic_load(&trial->here[index])) /* another thread was luckier */
        err = 0;
    int none = 0;
    if (err != 0 && atomic_compare_exchange_strong(&trial->err, &none, err))
        trial->alarm(trial->context);
    return err;
}

static bool bring(void *context, const void *at)
{
    struct trial *trial = context;
    const size_t offset = (size_t)((const uint8_t *)at - trial->zone->arena.base);
    return bring_part(trial, offset / ARENA_PART) == 0;
}

int trial_begin(struct trial *trial, struct zone *zone, const struct image_file *file, int fd)
{
    if (file->chunk_octets > ARENA_PART)
        return -ENOSPC;
    int err = arena_init_absent(&zone->arena, (size_t)file->body_octets);
    if (err != 0)
        return err;
    trial->zone = zone;
    trial->file = *file;
    trial->fd = fd;
    trial->parts = zone->arena.reserved / ARENA_PART;
    atomic_init(&trial->err, 0);
    trial->here = calloc(trial->parts, sizeof *trial->here);
    trial->range = trial->here == NULL
                       ? -ENOMEM
                       : fault_watch(zone->arena.base, zone->arena.reserved, bring, trial);
    if (trial->range >= 0)
        return 0;
    free(trial->here);
    arena_fini(&zone->arena);
    return trial->range;
}

int trial_sweep(struct trial *trial, bool (*stop)(void *context), void *context)
{
    for (size_t i = 0; i < trial->parts; i++) {
        if (stop(context))
            return -ECANCELED;
        const int err = bring_part(trial, i);
        if (err != 0)
            return err;
    }
    return 0;
}

void trial_end(struct trial *trial)
{
    fault_unwatch(trial->range);
    zone_free(trial->zone);
    image_file_fini(&trial->file);
    close(trial->fd);
    free(trial->here);
}
