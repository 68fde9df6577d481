/* arena.c -- the memory of a zone version */
#include "zone/arena.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    PIECE_FIRST = 4 * 1024,
    PIECE_MAX = 256 * 1024, /* up to here malloc'd, above a mapping of its own */
    PAGE = 4096,
    HUGE_PAGE = 2 * 1024 * 1024, /* also the least step by which memory is committed */
    HUGE_FROM = 4 * HUGE_PAGE,   /* rounding up to huge pages wastes little from here on */
    SHARED_FROM = 512 * 1024,    /* below, a zone is built anew in no time */
};

/* Of arenas in one place. What was appended counts as used even where it was for nothing: so it needs no
 * clearing, and nobody can be in the way of it. */
struct arena_share {
    atomic_uint holders;
    size_t original;
    size_t used, committed; /* by whoever extended it last */
};

static size_t round_up(size_t octets, size_t to)
{
    return (octets + to - 1) / to * to;
}

/* The sentinel. Its reference is 0, so the result of appending it says nothing. */
static int append_sentinel(struct arena *arena)
{
    arena_append(arena, ARENA_UNIT);
    if (arena->used != 0)
        return 0;
    arena_fini(arena);
    return -ENOMEM;
}

/* Address space of `octets` that begins at a multiple of ARENA_PART. NULL: none. */
static uint8_t *map_aligned(size_t octets, int protection)
{
    uint8_t *base = mmap(NULL, octets + ARENA_PART, protection,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return NULL;
    const size_t before = (ARENA_PART - (uintptr_t)base % ARENA_PART) % ARENA_PART;
    if (before > 0)
        munmap(base, before);
    if (before < ARENA_PART)
        munmap(base + before + octets, ARENA_PART - before);
    return base + before;
}

static int reserve(struct arena *arena, size_t octets_max)
{
    const size_t reserved = round_up(octets_max, HUGE_PAGE);
    uint8_t *base = map_aligned(reserved, PROT_NONE);
    if (base == NULL)
        return -ENOMEM;
    *arena = (struct arena){.base = base, .reserved = reserved};
    return 0;
}

int arena_init(struct arena *arena, size_t octets_max)
{
    if (octets_max > ARENA_OCTETS_MAX)
        octets_max = ARENA_OCTETS_MAX;
    if (octets_max > PIECE_MAX) {
        const int err = reserve(arena, octets_max);
        if (err != 0)
            return err;
    } else {
        octets_max = round_up(octets_max + ARENA_UNIT, ARENA_UNIT);
        *arena = (struct arena){.base = malloc(octets_max), .committed = octets_max};
        if (arena->base == NULL)
            return -ENOMEM;
    }
    return append_sentinel(arena);
}

int arena_init_small(struct arena *arena)
{
    *arena =
        (struct arena){.base = malloc(PIECE_FIRST), .committed = PIECE_FIRST, .grows = true};
    return arena->base == NULL ? -ENOMEM : append_sentinel(arena);
}

void arena_fini(struct arena *arena)
{
    if (arena->share != NULL && atomic_fetch_sub(&arena->share->holders, 1) > 1) {
        *arena = (struct arena){0};
        return;
    }
    free(arena->share);
    if (arena->reserved != 0)
        munmap(arena->base, arena->reserved);
    else
        free(arena->base);
    *arena = (struct arena){0};
}

/* Makes the first `octets` octets writable, and half as much again to do so seldom: not of an extension,
 * which mostly is small. */
static bool commit(struct arena *arena, size_t octets)
{
    if (octets > arena->reserved)
        return false;
    size_t committed = round_up(octets + (arena->share != NULL ? 0 : octets / 2), HUGE_PAGE);
    if (committed > arena->reserved)
        committed = arena->reserved;
    if (mprotect(arena->base, committed, PROT_READ | PROT_WRITE) != 0)
        return false;
    /* Only speed is lost where these fail. */
    if (committed >= HUGE_FROM)
        madvise(arena->base, committed, MADV_HUGEPAGE);
    madvise(arena->base, committed, MADV_DONTDUMP);
    arena->committed = committed;
    return true;
}

static bool move_to_mapping(struct arena *arena, size_t octets)
{
    struct arena mapping;
    if (reserve(&mapping, ARENA_OCTETS_MAX) != 0)
        return false;
    if (!commit(&mapping, octets)) {
        arena_fini(&mapping);
        return false;
    }
    memcpy(mapping.base, arena->base, arena->used);
    mapping.used = arena->used;
    free(arena->base);
    *arena = mapping;
    return true;
}

/* Makes a piece larger, or a mapping of it. */
static bool grow(struct arena *arena, size_t octets)
{
    if (!arena->grows)
        return false;
    if (octets <= PIECE_MAX) {
        const size_t committed = octets * 2 < PIECE_MAX ? octets * 2 : PIECE_MAX;
        uint8_t *piece = realloc(arena->base, committed);
        if (piece == NULL)
            return false;
        arena->base = piece;
        arena->committed = committed;
        return true;
    }
    return move_to_mapping(arena, octets);
}

static bool make_room(struct arena *arena, size_t octets)
{
    if (arena->sealed)
        return false;
    return octets <= arena->committed
           || (arena->reserved != 0 ? commit(arena, octets) : grow(arena, octets));
}

uint32_t arena_append(struct arena *arena, size_t octets)
{
    octets = round_up(octets, ARENA_UNIT);
    if (octets > ARENA_OCTETS_MAX - arena->used)
        return 0;
    if (!make_room(arena, arena->used + octets))
        return 0;
    const uint32_t reference = (uint32_t)(arena->used / ARENA_UNIT);
    /* Fresh mappings are zeros already. */
    if (arena->reserved == 0
        || (arena->used < arena->handed_end && arena->used + octets > arena->handed))
        memset(arena->base + arena->used, 0, octets);
    arena->used += octets;
    return reference;
}

void arena_discard(struct arena *arena, size_t from, size_t to)
{
    assert(from % PAGE == 0 && (to % PAGE == 0 || to == arena->used));
    if (arena->reserved != 0)
        madvise(arena->base + from, round_up(to, PAGE) - from, MADV_DONTNEED);
}

/* Where the next part lies that an heir hasn't touched, or 0 where it needs none soon. */
static size_t next_part(const struct arena *heir)
{
    enum { SOON = 8 * ARENA_PART };
    size_t at = round_up(heir->used, ARENA_PART);
    if (at < heir->handed_end)
        at = heir->handed_end;
    const bool room =
        heir->reserved != 0 && heir->share == NULL && at + ARENA_PART <= heir->reserved;
    return room && at < heir->used + SOON ? at : 0;
}

void arena_hand_over(struct arena *arena, size_t from, size_t to, struct arena *heir)
{
    for (; arena->reserved != 0 && from + ARENA_PART <= to; from += ARENA_PART) {
        const size_t at = next_part(heir);
        /* The mapping stays: nobody else's may lie there before the arena's end. */
        if (at == 0
            || mremap(arena->base + from, ARENA_PART, ARENA_PART,
                      MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, heir->base + at)
                   == MAP_FAILED)
            break;
        if (at > heir->handed_end)
            heir->handed = at;
        heir->handed_end = at + ARENA_PART;
    }
    if (from < to)
        arena_discard(arena, from, to);
}

/* What lies behind the end on its page reads as zeros, whoever's it was. */
static void clear_tail(struct arena *arena)
{
    const size_t end = round_up(arena->used, PAGE);
    if (arena->used < arena->handed_end && end > arena->handed)
        memset(arena->base + arena->used, 0, end - arena->used);
    arena->handed = arena->handed_end = 0;
}

static int move_to_piece(struct arena *arena)
{
    uint8_t *piece = malloc(arena->used);
    if (piece == NULL)
        return -ENOMEM;
    memcpy(piece, arena->base, arena->used);
    const size_t used = arena->used;
    arena_fini(arena);
    *arena = (struct arena){.base = piece, .used = used, .committed = used};
    return 0;
}

/* Has `keep` octets stay, and address space for half as much again behind them. Half is more than is
 * appended before a zone is built anew. */
static int keep_open(struct arena *arena, size_t keep)
{
    size_t reserved = round_up(keep + keep / 2, HUGE_PAGE);
    if (reserved > arena->reserved)
        reserved = arena->reserved;
    struct arena_share *share = malloc(sizeof *share);
    if (share == NULL)
        return -ENOMEM;
    if (keep < reserved
        && mmap(arena->base + keep, reserved - keep, PROT_NONE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0)
               == MAP_FAILED) {
        free(share);
        return -ENOMEM;
    }
    *share = (struct arena_share){
        .holders = 1, .original = arena->used, .used = arena->used, .committed = keep};
    arena->share = share;
    arena->sealed = true;
    arena->committed = arena->used;
    if (reserved < arena->reserved
        && munmap(arena->base + reserved, arena->reserved - reserved) == 0)
        arena->reserved = reserved;
    return 0;
}

int arena_seal(struct arena *arena)
{
    if (arena->reserved == 0) {
        uint8_t *piece = realloc(arena->base, arena->used);
        if (piece != NULL)
            arena->base = piece;
        arena->committed = arena->used;
        arena->grows = false;
        return 0;
    }
    if (arena->used <= PIECE_MAX)
        return move_to_piece(arena);

    clear_tail(arena);
    const size_t keep = round_up(arena->used, PAGE);
    if (arena->used >= SHARED_FROM)
        return keep_open(arena, keep);
    if (keep < arena->reserved && munmap(arena->base + keep, arena->reserved - keep) == 0)
        arena->reserved = keep;
    arena->committed = arena->used;
    return 0;
}

int arena_seal_open(struct arena *arena)
{
    if (arena->reserved == 0 && !move_to_mapping(arena, arena->used))
        return -ENOMEM;
    clear_tail(arena);
    return keep_open(arena, round_up(arena->used, PAGE));
}

int arena_extend(struct arena *more, const struct arena *sealed)
{
    struct arena_share *share = sealed->share;
    if (share == NULL)
        return -ENOTSUP;
    atomic_fetch_add(&share->holders, 1);
    *more = *sealed;
    more->used = share->used;
    more->committed = share->committed;
    more->sealed = false;
    return 0;
}

void arena_settle(struct arena *more)
{
    more->share->used = more->used;
    more->share->committed = more->committed;
    more->sealed = true;
}

size_t arena_original(const struct arena *arena)
{
    return arena->share == NULL ? 0 : arena->share->original;
}

int arena_init_absent(struct arena *arena, size_t octets)
{
    const size_t reserved = round_up(octets, ARENA_PART);
    uint8_t *base = octets > ARENA_OCTETS_MAX ? NULL : map_aligned(reserved, PROT_NONE);
    if (base == NULL)
        return -ENOMEM;
    *arena =
        (struct arena){.base = base, .used = octets, .committed = octets, .reserved = reserved};
    return 0;
}

int arena_fill(const struct arena *arena, size_t at, int (*read)(void *context, void *to),
               void *context)
{
    uint8_t *part = map_aligned(ARENA_PART, PROT_READ | PROT_WRITE);
    if (part == NULL)
        return -ENOMEM;
    madvise(part, ARENA_PART, MADV_HUGEPAGE);
    madvise(part, ARENA_PART, MADV_DONTDUMP);
    int err = read(context, part);
    /* Moving takes the place of what was there in one step: nobody sees less than the whole part. */
    if (err == 0
        && (mprotect(part, ARENA_PART, PROT_READ) != 0
            || mremap(part, ARENA_PART, ARENA_PART, MREMAP_MAYMOVE | MREMAP_FIXED,
                      arena->base + at)
                   == MAP_FAILED))
        err = -ENOMEM;
    if (err != 0)
        munmap(part, ARENA_PART);
    return err;
}
