/* arena.h -- the memory of a zone version: append-only, addressed by 32-bit references
 * A reference counts 4-octet units from the arena's start, so an arena holds up to 16 GiB and
 * can lie anywhere: in reserved address space, in a malloc'd piece, later in a file. Unit 0 is
 * a sentinel of zeros: reference 0 is "none" and harmless to read.
 *
 * One thread appends; any number read what was published to them. Nothing is overwritten once a
 * reader may see it. */
#ifndef PHAROS_ZONE_ARENA_H
#define PHAROS_ZONE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ARENA_UNIT = 4 };

#define ARENA_OCTETS_MAX ((size_t)UINT32_MAX * ARENA_UNIT)

struct arena_share; /* what the versions of a zone have together that lie in one arena */

struct arena {
    uint8_t *base;
    size_t used;      /* octets, a multiple of ARENA_UNIT */
    size_t committed; /* octets that may be written */
    size_t reserved;  /* octets of address space; 0: `base` is a malloc'd piece */
    bool grows;       /* the piece may become larger, elsewhere */
    bool sealed;      /* nothing can be appended though there's address space */
    size_t handed,
        handed_end; /* where memory that was another arena's begins and ends: no zeros are there */
    struct arena_share *share; /* NULL: nothing can be appended once it's sealed */
};

/* Reserves address space for up to `octets_max` octets; memory is committed as it is used, and pointers into
 * the arena stay valid. Returns 0 or -ENOMEM. */
int arena_init(struct arena *arena, size_t octets_max);

/* An arena that begins as a malloc'd piece and moves to address space of its own when it outgrows that: until
 * then appending may invalidate pointers into it. For what is mostly small and seldom huge. */
int arena_init_small(struct arena *arena);

/* The memory itself goes with the last of those that share it. Any thread. */
void arena_fini(struct arena *arena);

/* Appends `octets` octets, zeroed, rounded up to whole units. Returns their reference, or 0
 * where memory or references are exhausted. */
uint32_t arena_append(struct arena *arena, size_t octets);

/* Gives the memory between two places back to the system, where the arena has address space of its own: it reads
 * as zeros from then on. Both are multiples of the page's size, or the end of what is used. */
void arena_discard(struct arena *arena, size_t from, size_t to);

/* The same, of whole ARENA_PARTs of `arena`, but for the next ones that `heir` will need, if that has address space of
 * its own: memory that is there already takes the kernel no clearing. */
void arena_hand_over(struct arena *arena, size_t from, size_t to, struct arena *heir);

/* Gives back what isn't used. A small arena moves into a malloc'd piece, since a mapping each
 * would exceed the kernel's limit for many zones; nothing can be appended after. Large ones ask
 * for huge pages and are left out of core dumps; what is large enough for that to be worth while keeps address
 * space behind its end for arena_extend(). Returns 0, or -ENOMEM with the arena as it was. */
int arena_seal(struct arena *arena);

/* The same, and even a small arena can be extended. */
int arena_seal_open(struct arena *arena);

/* Begins `more`, which is `sealed` and what is appended to it from now on, in the same place: readers of
 * `sealed` see nothing of that. One at a time; before the next, and before anybody else reads `more`,
 * arena_settle() is due. Returns 0, or -ENOTSUP where it can't be extended. */
int arena_extend(struct arena *more, const struct arena *sealed);
void arena_settle(struct arena *more);

/* Octets that it had when it was sealed, before all extensions. 0: can't be extended. */
size_t arena_original(const struct arena *arena);

/* An arena of `octets` octets that are all there already but lie elsewhere: address space that can't be
 * touched before arena_fill() brought a part of it. Nothing can be appended. Returns 0 or -ENOMEM. */
int arena_init_absent(struct arena *arena, size_t octets);

enum { ARENA_PART = 2 * 1024 * 1024 }; /* octets; a huge page */

/* Brings the part that begins at `at`, a multiple of ARENA_PART: `read` writes it to memory that nobody sees
 * yet, and only when it returned 0 that memory appears in the arena, at once and for good. Two threads may
 * bring the same part at the same time. Returns what `read` returned, or -ENOMEM. Safe in signal handlers
 * where `read` is. */
int arena_fill(const struct arena *arena, size_t at, int (*read)(void *context, void *to),
               void *context);

static inline const void *arena_at(const struct arena *arena, uint32_t reference)
{
    return arena->base + (size_t)reference * ARENA_UNIT;
}

static inline void *arena_edit(struct arena *arena, uint32_t reference)
{
    return arena->base + (size_t)reference * ARENA_UNIT;
}

#endif
