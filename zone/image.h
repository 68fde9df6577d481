/* image.h -- zones as they lie in image files
 * What an image says about its zone ("about"): the zone but for its arena, how it was to be verified, and
 * the files it was read from, so that it's used only for what it was made of. An arena is an image's body
 * by itself, or, for small zones, many are one after the other: a pack.
 *
 * No function here trusts what it reads, though images come with checksums: those tell of damage. */
#ifndef PHAROS_ZONE_IMAGE_H
#define PHAROS_ZONE_IMAGE_H

#include "zone/image_file.h"
#include "zone/zone.h"
#include "zone/zonefile.h"

/* What was to be verified of a zone's text; numbers that mean something to the caller. */
struct image_demands {
    uint8_t verify, must;
};

/* Octets of what image_about() writes. */
size_t image_about_octets(const struct sources *sources);

/* Writes what an image says about `zone`. */
void image_about(uint8_t *to, const struct zone *zone, const struct sources *sources,
                 struct image_demands demands);

/* Reads it back. `*zone` has no arena; it and `sources` are the caller's. `body_octets` are those of its
 * arena. Returns 0, -ENOMEM, or -EBADMSG for what image_about() can't have written. */
int image_about_read(const uint8_t *about, size_t octets, uint64_t body_octets,
                     struct zone **zone, struct sources *sources,
                     struct image_demands *demands);

/* Appends an arena as a whole. Returns 0 or what image_append() gave. `stop` (may be NULL) is asked now and
 * then; where it returns true: -ECANCELED. */
int image_append_arena(struct image_writer *writer, const struct arena *arena,
                       bool (*stop)(void *context), void *context);

/* Reads and verifies the body into the zone's arena, where there's none yet. Returns 0, -ENOMEM, or what
 * image_chunk_read() gave, then without an arena. */
int image_read_arena(const struct image_file *file, struct zone *zone);

/* A zone in a pack: this, then what is said about it, then its arena, each rounded up to 8 octets. */
struct image_piece {
    uint32_t about_octets;
    uint32_t arena_octets;
};

/* Octets of a piece, all in all. */
size_t image_piece_octets(const struct image_piece *piece);

/* Appends a zone to a pack: what image_about() wrote about it, and its arena. Returns what image_append() gave. */
int image_append_piece(struct image_writer *writer, const uint8_t *about, size_t about_octets,
                       const struct arena *arena);

/* The piece that begins at `*at` of a pack's body, which lies in memory and was verified; `*at` moves to the
 * next. Returns false at the end, and where none fits there. */
bool image_next_piece(const uint8_t *body, size_t body_octets, size_t *at,
                      struct image_piece *piece, const uint8_t **about, const uint8_t **arena);

/* The apex that is spoken of in `about`, in wire form, or NULL. */
const struct name *image_about_apex(const uint8_t *about, size_t octets, struct name *apex);

/* The zone of a piece with an arena of its own. Returns as image_about_read(). */
int image_read_piece(const struct image_piece *piece, const uint8_t *about,
                     const uint8_t *arena, struct zone **zone, struct sources *sources,
                     struct image_demands *demands);

#endif
