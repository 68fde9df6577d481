/* trie.h -- a copy-on-write qp-trie in an arena
 * Maps the keys of name_key() to references. It's a radix tree over symbols that stores a
 * branch only where keys differ; the twigs of a branch lie side by side. Canonical order of
 * names is the order of its leaves, so it also gives predecessors and walks in order.
 *
 * A cell is 12 octets: a 64-bit word and a 32-bit reference, in host byte order.
 *
 *     branch  bit 0: 1; bits 1 to 47: which symbols 0 to 46 have a twig; bits 48 to 57: the key
 *             offset at which the twigs differ; bit 58: a leaf below is marked;
 *             reference: the first twig
 *     leaf    bit 0: 0; bit 58: marked; reference: the value, whose key the caller can compute
 *
 * A mark is the caller's: zones mark the nodes that have an NSEC RRset, so that the search for
 * a predecessor passes over all others in the depth of the trie.
 *
 * Writers append; a published root stays valid for its readers until the arena is freed. */
#ifndef PHAROS_ZONE_TRIE_H
#define PHAROS_ZONE_TRIE_H

#include "zone/arena.h"
#include "zone/name.h"

#include <stdbool.h>
#include <string.h>

enum { TRIE_CELL = 12 };

#define TRIE_BRANCH ((uint64_t)1)
#define TRIE_MARK   ((uint64_t)1 << 58)
#define TRIE_MAP    ((((uint64_t)1 << 47) - 1) << 1)

struct trie_cell {
    uint64_t word;
    uint32_t reference;
};

static inline struct trie_cell trie_cell_of(const uint8_t *octets)
{
    struct trie_cell cell;
    memcpy(&cell.word, octets, sizeof cell.word);
    memcpy(&cell.reference, octets + sizeof cell.word, sizeof cell.reference);
    return cell;
}

static inline struct trie_cell trie_cell_at(const struct arena *arena, uint32_t at)
{
    return trie_cell_of(arena_at(arena, at));
}

static inline bool trie_is_branch(struct trie_cell cell)
{
    return (cell.word & TRIE_BRANCH) != 0;
}

static inline unsigned trie_offset(struct trie_cell branch)
{
    return (unsigned)(branch.word >> 48) & 0x3ff;
}

static inline uint64_t trie_bit(uint8_t symbol)
{
    return (uint64_t)2 << symbol;
}

static inline bool trie_has(struct trie_cell branch, uint8_t symbol)
{
    return (branch.word & trie_bit(symbol)) != 0;
}

/* Twigs of `branch` whose symbol is below `symbol`. */
static inline unsigned trie_rank(struct trie_cell branch, uint8_t symbol)
{
    return (unsigned)__builtin_popcountll(branch.word & (trie_bit(symbol) - 1) & ~TRIE_BRANCH);
}

static inline unsigned trie_twigs(struct trie_cell branch)
{
    return (unsigned)__builtin_popcountll(branch.word & TRIE_MAP);
}

static inline uint32_t trie_twig(struct trie_cell branch, unsigned rank)
{
    return branch.reference + rank * (TRIE_CELL / ARENA_UNIT);
}

/* A symbol of a key that ends after `len` symbols: 0 from there on. */
static inline uint8_t trie_symbol(const uint8_t *key, size_t len, size_t offset)
{
    return offset < len ? key[offset] : 0;
}

/* Writes the key of the value that a leaf refers to; returns its symbols. Tries hold no keys.
 */
typedef size_t trie_key_of(const void *context, uint32_t value, uint8_t key[NAME_KEY_MAX]);

/* A trie and how to ask for its keys. `root` is the reference of the root cell; 0: no leaves.
 * After a root was published, set `shared` to the arena's end (used / ARENA_UNIT). */
struct trie {
    struct arena *arena;
    trie_key_of *key_of;
    const void *context;
    uint32_t root;
    uint32_t
        shared;     /* cells below this reference may be seen by readers: copied, not changed */
    size_t garbage; /* octets that no root made from now on reaches */
};

/* The value at `key`, or 0. */
uint32_t trie_get(const struct trie *trie, const uint8_t *key, size_t len);

/* Inserts or replaces the value (not 0) at `key`. Cells that readers may see are copied, not
 * changed; `trie->root` becomes the new root. Returns 0 or -ENOMEM (the trie as it was). */
int trie_put(struct trie *trie, const uint8_t *key, size_t len, uint32_t value, bool mark);

/* Takes `key` out. Returns 0, -ENOENT, or -ENOMEM (the trie as it was). */
int trie_remove(struct trie *trie, const uint8_t *key, size_t len);

/* The marked value with the greatest key below or at `key`; where there is none the greatest
 * marked of all, since NSEC chains are circular; 0 where none is marked. */
uint32_t trie_predecessor(const struct trie *trie, const uint8_t *key, size_t len);

/* Calls `visit` for each value in order until it returns non-zero, which is then returned. */
int trie_walk(const struct trie *trie, int (*visit)(void *context, uint32_t value),
              void *context);

/* The same for the values whose keys begin with `key`. */
int trie_walk_below(const struct trie *trie, const uint8_t *key, size_t len,
                    int (*visit)(void *context, uint32_t value), void *context);

/* Builds a trie from values that come in ascending order of their keys, laying related twigs
 * side by side: twice as dense and twice as fast to search as one made by trie_put(). */
struct trie_builder;

/* Returns NULL out of memory. The arena is borrowed. */
struct trie_builder *trie_builder_new(struct arena *arena);
void trie_builder_free(struct trie_builder *builder);

/* Adds a value whose key must be above the last one's (asserted). Returns 0 or -ENOMEM. */
int trie_builder_add(struct trie_builder *builder, const uint8_t *key, size_t len,
                     uint32_t value, bool mark);

/* Returns 0 and the root cell's reference in `*root` (0 where nothing was added), or -ENOMEM.
 */
int trie_builder_finish(struct trie_builder *builder, uint32_t *root);

#endif
