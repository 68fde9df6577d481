/* image_packs.h -- the small zones that packs hold, by name, while a server starts */
#ifndef PHAROS_SERVER_MAINTAIN_IMAGE_PACKS_H
#define PHAROS_SERVER_MAINTAIN_IMAGE_PACKS_H

#include "zone/image.h"

struct image_packs;

/* Reads and verifies the packs of the folder; damaged ones are set aside and logged, others that can't be used
 * are left out. Never NULL but out of memory. */
struct image_packs *image_packs_read(int folder);
void image_packs_free(struct image_packs *packs);

/* The zone of this apex. Returns as image_read_piece(), or -ENOENT. Any number of threads. */
int image_packs_load(const struct image_packs *packs, const struct name *apex,
                     struct zone **zone, struct sources *sources,
                     struct image_demands *demands);

/* Whether a single image of this file name may have been in the folder; false: there's none. To ask the kernel
 * for each of a hundred thousand would cost a fifth of what loading their text does. Any number of threads. */
bool image_packs_file(const struct image_packs *packs, const char *name);

/* Packs that are in the folder, the greatest number among them (0: none), and octets of all their bodies. */
size_t image_packs_count(const struct image_packs *packs);
unsigned image_packs_last(const struct image_packs *packs);
uint64_t image_packs_octets(const struct image_packs *packs);

/* The number of a pack's file, or 0 for any other. */
unsigned image_pack_number(const char *name);

#endif
