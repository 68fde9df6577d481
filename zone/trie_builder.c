/* trie_builder.c -- a trie of sorted keys, from the bottom up in one pass
 * Branches under construction stand on a stack, from the one nearest to the root to the one
 * whose twigs are being gathered; their offsets ascend. A new key forks off its predecessor at
 * some offset: all open branches below that are complete then. */
#include "zone/trie.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

struct open_branch {
    uint64_t word;  /* offset and map so far */
    uint32_t first; /* index of its first twig in `twig` */
    uint8_t symbol; /* under which the subtree now in `last` is to hang */
};

struct trie_builder {
    struct arena *arena;
    struct open_branch open[NAME_KEY_MAX + 1];
    unsigned depth;
    struct trie_cell *twig; /* finished twigs of all open branches, each branch's in a row */
    size_t twigs, capacity;
    struct trie_cell last; /* the subtree that ends with the key added last */
    bool any;
    uint8_t key[NAME_KEY_MAX];
    size_t len;
};

struct trie_builder *trie_builder_new(struct arena *arena)
{
    struct trie_builder *builder = calloc(1, sizeof *builder);
    if (builder != NULL)
        builder->arena = arena;
    return builder;
}

void trie_builder_free(struct trie_builder *builder)
{
    if (builder != NULL)
        free(builder->twig);
    free(builder);
}

static int push_twig(struct trie_builder *builder, struct trie_cell cell)
{
    if (builder->twigs == builder->capacity) {
        const size_t capacity = builder->capacity == 0 ? 256 : builder->capacity * 2;
        struct trie_cell *twig = realloc(builder->twig, capacity * sizeof *twig);
        if (twig == NULL)
            return -ENOMEM;
        builder->twig = twig;
        builder->capacity = capacity;
    }
    builder->twig[builder->twigs++] = cell;
    return 0;
}

/* Hangs the last subtree under the innermost open branch. */
static int hang_last(struct trie_builder *builder)
{
    struct open_branch *branch = &builder->open[builder->depth - 1];
    branch->word |= trie_bit(branch->symbol) | (builder->last.word & TRIE_MARK);
    return push_twig(builder, builder->last);
}

/* Writes the twigs of the innermost open branch; the branch becomes the last subtree. */
static int close_branch(struct trie_builder *builder)
{
    const int err = hang_last(builder);
    if (err != 0)
        return err;
    const struct open_branch *branch = &builder->open[builder->depth - 1];
    const size_t count = builder->twigs - branch->first;
    const uint32_t at = arena_append(builder->arena, count * TRIE_CELL);
    if (at == 0)
        return -ENOMEM;
    uint8_t *octets = arena_edit(builder->arena, at);
    for (size_t i = 0; i < count; i++, octets += TRIE_CELL) {
        const struct trie_cell *cell = &builder->twig[branch->first + i];
        memcpy(octets, &cell->word, sizeof cell->word);
        memcpy(octets + sizeof cell->word, &cell->reference, sizeof cell->reference);
    }
    builder->last = (struct trie_cell){.word = branch->word, .reference = at};
    builder->twigs = branch->first;
    builder->depth--;
    return 0;
}

static unsigned offset_of(const struct open_branch *branch)
{
    return (unsigned)(branch->word >> 48) & 0x3ff;
}

/* Closes and opens branches so that the innermost one forks at `offset`, where the last key has
 * the symbol `before` and the next one `after`. */
static int fork_off(struct trie_builder *builder, unsigned offset, uint8_t before,
                    uint8_t after)
{
    while (builder->depth > 0 && offset_of(&builder->open[builder->depth - 1]) > offset) {
        const int err = close_branch(builder);
        if (err != 0)
            return err;
    }
    if (builder->depth == 0 || offset_of(&builder->open[builder->depth - 1]) < offset)
        builder->open[builder->depth++] = (struct open_branch){
            .word = TRIE_BRANCH | (uint64_t)offset << 48,
            .first = (uint32_t)builder->twigs,
            .symbol = before,
        };
    const int err = hang_last(builder);
    builder->open[builder->depth - 1].symbol = after;
    return err;
}

int trie_builder_add(struct trie_builder *builder, const uint8_t *key, size_t len,
                     uint32_t value, bool mark)
{
    assert(value != 0 && len <= NAME_KEY_MAX);
    size_t offset = 0;
    if (builder->any) {
        const size_t shorter = len < builder->len ? len : builder->len;
        while (offset < shorter && key[offset] == builder->key[offset])
            offset++;
        /* The end of a key counts as symbol 0, and so may its last symbols. */
        while (trie_symbol(key, len, offset)
               == trie_symbol(builder->key, builder->len, offset)) {
            assert(offset < len || offset < builder->len);
            offset++;
        }
        const uint8_t before = trie_symbol(builder->key, builder->len, offset);
        const uint8_t after = trie_symbol(key, len, offset);
        assert(before < after);
        const int err = fork_off(builder, (unsigned)offset, before, after);
        if (err != 0)
            return err;
    }
    builder->any = true;
    builder->last = (struct trie_cell){.word = mark ? TRIE_MARK : 0, .reference = value};
    memcpy(builder->key + offset, key + offset, len - offset);
    builder->len = len;
    return 0;
}

int trie_builder_finish(struct trie_builder *builder, uint32_t *root)
{
    *root = 0;
    if (!builder->any)
        return 0;
    while (builder->depth > 0) {
        const int err = close_branch(builder);
        if (err != 0)
            return err;
    }
    const uint32_t at = arena_append(builder->arena, TRIE_CELL);
    if (at == 0)
        return -ENOMEM;
    uint8_t *octets = arena_edit(builder->arena, at);
    memcpy(octets, &builder->last.word, sizeof builder->last.word);
    memcpy(octets + sizeof builder->last.word, &builder->last.reference,
           sizeof builder->last.reference);
    *root = at;
    return 0;
}
