/* directory.h -- from apexes to zones: the trie once more
 * A writer changes its directory and publishes views of it; readers search a view, whose zones
 * stay as they are while the view is held. Views share one arena: a change appends a few cells.
 */
#ifndef PHAROS_ZONE_DIRECTORY_H
#define PHAROS_ZONE_DIRECTORY_H

#include "zone/zone.h"

/* What readers see: immutable, borrowed while the reader's epoch is held. */
struct view {
    const struct arena *arena;
    uint32_t root; /* trie of apexes; leaves are struct entry */
};

/* A leaf of the directory. */
struct entry {
    const struct zone *zone;
};

struct directory;

struct directory *directory_new(void);
void directory_free(struct directory *directory);

/* Serves `zone` (borrowed) at its apex, in place of the one served there before, which is
 * returned in `*old` (NULL: none). Returns 0 or -ENOMEM. Nothing is seen by readers before the
 * next view. */
int directory_put(struct directory *directory, const struct zone *zone,
                  const struct zone **old);

/* Serves the apex no longer. Returns 0, -ENOENT or -ENOMEM. */
int directory_remove(struct directory *directory, const struct name *apex,
                     const struct zone **old);

/* The zone served at exactly `apex`, or NULL. */
const struct zone *directory_get(const struct directory *directory, const struct name *apex);

/* The present state, for readers. The arena behind it may be replaced by a denser one when much
 * of it is garbage: then `*retired` is the old one, to be freed with directory_arena_free()
 * after the last reader of an older view has left; otherwise NULL. */
struct view directory_view(struct directory *directory, struct arena **retired);
void directory_arena_free(struct arena *arena);

/* Zones in it, and a walk over them in canonical order of their apexes. */
size_t directory_count(const struct directory *directory);
int directory_walk(const struct directory *directory,
                   int (*visit)(void *context, const struct zone *zone), void *context);

#endif
