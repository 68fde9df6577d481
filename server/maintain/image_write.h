/* image_write.h -- writes images into their folder
 * Blocks, for as long as disks take; for the background's thread. */
#ifndef PHAROS_SERVER_MAINTAIN_IMAGE_WRITE_H
#define PHAROS_SERVER_MAINTAIN_IMAGE_WRITE_H

#include "zone/image.h"

/* Who may stop it. */
struct image_stop {
    bool (*stop)(void *context);
    void *context;
};

/* A zone to be written; what is said about it, as image_about() writes it. */
struct image_wanted {
    const struct zone *zone;
    void *owner;          /* of the zone; the caller's business */
    const uint8_t *about; /* borrowed */
    size_t about_octets;
};

/* Writes the image NAME. Where the one that is there begins as the arena does, the rest is appended to it and
 * committed; otherwise a new file takes its place when it's whole. Returns 0, -ENOMEM, -ECANCELED, or what the
 * file system gave; then what was there is as it was. */
int image_write(int folder, const char *name, const struct image_wanted *wanted,
                const struct image_stop *stop);

/* Writes the zones as the pack NAME. Returns as above. */
int image_write_pack(int folder, const char *name, const struct image_wanted *wanted,
                     size_t count, const struct image_stop *stop);

#endif
