/* trie.c -- a copy-on-write qp-trie in an arena */
#include "zone/trie.h"

#include <assert.h>
#include <errno.h>

/* Branches have distinct, ascending offsets along a path. */
enum { DEPTH_MAX = NAME_KEY_MAX + 1 };

static void put_cell(struct arena *arena, uint32_t at, struct trie_cell cell)
{
    uint8_t *octets = arena_edit(arena, at);
    memcpy(octets, &cell.word, sizeof cell.word);
    memcpy(octets + sizeof cell.word, &cell.reference, sizeof cell.reference);
}

static uint32_t append_cells(struct arena *arena, unsigned count)
{
    return arena_append(arena, (size_t)count * TRIE_CELL);
}

static struct trie_cell leaf_of(uint32_t value, bool mark)
{
    return (struct trie_cell){.word = mark ? TRIE_MARK : 0, .reference = value};
}

/* Some leaf whose key agrees with `key` at least as far as any other's does. */
static struct trie_cell nearest_leaf(const struct trie *trie, const uint8_t *key, size_t len)
{
    struct trie_cell cell = trie_cell_at(trie->arena, trie->root);
    while (trie_is_branch(cell)) {
        const uint8_t symbol = trie_symbol(key, len, trie_offset(cell));
        const unsigned rank = trie_has(cell, symbol) ? trie_rank(cell, symbol) : 0;
        cell = trie_cell_at(trie->arena, trie_twig(cell, rank));
    }
    return cell;
}

/* Where two keys first differ, and by which symbols. */
struct fork {
    bool same;
    unsigned offset;
    uint8_t ours, theirs;
};

static struct fork fork_of(const uint8_t *ours, size_t ours_len, const uint8_t *theirs,
                           size_t theirs_len)
{
    const size_t longer = ours_len > theirs_len ? ours_len : theirs_len;
    for (size_t i = 0; i < longer; i++) {
        const uint8_t a = trie_symbol(ours, ours_len, i),
                      b = trie_symbol(theirs, theirs_len, i);
        if (a != b)
            return (struct fork){.offset = (unsigned)i, .ours = a, .theirs = b};
    }
    return (struct fork){.same = true, .offset = (unsigned)longer};
}

static struct fork fork_at_leaf(const struct trie *trie, struct trie_cell leaf,
                                const uint8_t *key, size_t len)
{
    uint8_t theirs[NAME_KEY_MAX];
    return fork_of(key, len, theirs, trie->key_of(trie->context, leaf.reference, theirs));
}

uint32_t trie_get(const struct trie *trie, const uint8_t *key, size_t len)
{
    if (trie->root == 0)
        return 0;
    const struct trie_cell leaf = nearest_leaf(trie, key, len);
    return fork_at_leaf(trie, leaf, key, len).same ? leaf.reference : 0;
}

/* Makes the twigs of the branch at `at`, a cell that may be written, writable as well. */
static bool own_twigs(struct trie *trie, uint32_t at)
{
    struct trie_cell branch = trie_cell_at(trie->arena, at);
    if (branch.reference >= trie->shared)
        return true;
    const unsigned count = trie_twigs(branch);
    const uint32_t copy = append_cells(trie->arena, count);
    if (copy == 0)
        return false;
    memcpy(arena_edit(trie->arena, copy), arena_at(trie->arena, branch.reference),
           (size_t)count * TRIE_CELL);
    trie->garbage += (size_t)count * TRIE_CELL;
    branch.reference = copy;
    put_cell(trie->arena, at, branch);
    return true;
}

static bool own_root(struct trie *trie)
{
    if (trie->root >= trie->shared)
        return true;
    const uint32_t copy = append_cells(trie->arena, 1);
    if (copy == 0)
        return false;
    put_cell(trie->arena, copy, trie_cell_at(trie->arena, trie->root));
    trie->garbage += TRIE_CELL;
    trie->root = copy;
    return true;
}

/* The writable cells from the root down to the one that a change concerns. */
struct path {
    unsigned depth;
    uint32_t at[DEPTH_MAX];
};

/* Descends along `key` through all branches below `offset`, copying what readers may see. */
static bool own_path(struct trie *trie, const uint8_t *key, size_t len, unsigned offset,
                     struct path *path)
{
    if (!own_root(trie))
        return false;
    path->at[0] = trie->root;
    path->depth = 1;
    for (;;) {
        const uint32_t at = path->at[path->depth - 1];
        if (!trie_is_branch(trie_cell_at(trie->arena, at))
            || trie_offset(trie_cell_at(trie->arena, at)) >= offset)
            return true;
        if (!own_twigs(trie, at))
            return false;
        const struct trie_cell branch = trie_cell_at(trie->arena, at);
        const uint8_t symbol = trie_symbol(key, len, trie_offset(branch));
        assert(trie_has(branch, symbol));
        path->at[path->depth++] = trie_twig(branch, trie_rank(branch, symbol));
    }
}

/* Says anew for each branch of the path whether a leaf below it is marked. */
static void update_marks(struct trie *trie, const struct path *path)
{
    for (unsigned i = path->depth; i-- > 0;) {
        struct trie_cell cell = trie_cell_at(trie->arena, path->at[i]);
        if (!trie_is_branch(cell))
            continue;
        uint64_t mark = 0;
        for (unsigned rank = 0; rank < trie_twigs(cell); rank++)
            mark |= trie_cell_at(trie->arena, trie_twig(cell, rank)).word & TRIE_MARK;
        cell.word = (cell.word & ~TRIE_MARK) | mark;
        put_cell(trie->arena, path->at[i], cell);
    }
}

/* Turns the cell at `at` into a branch between what it held and `leaf`. */
static bool split(struct trie *trie, uint32_t at, struct fork fork, struct trie_cell leaf)
{
    const uint32_t twigs = append_cells(trie->arena, 2);
    if (twigs == 0)
        return false;
    const uint32_t second = twigs + TRIE_CELL / ARENA_UNIT;
    put_cell(trie->arena, fork.ours < fork.theirs ? twigs : second, leaf);
    put_cell(trie->arena, fork.ours < fork.theirs ? second : twigs,
             trie_cell_at(trie->arena, at));
    put_cell(trie->arena, at,
             (struct trie_cell){.word = TRIE_BRANCH | (uint64_t)fork.offset << 48
                                        | trie_bit(fork.ours) | trie_bit(fork.theirs),
                                .reference = twigs});
    return true;
}

/* Adds a twig to the branch at `at`. */
static bool graft(struct trie *trie, uint32_t at, uint8_t symbol, struct trie_cell leaf)
{
    struct trie_cell branch = trie_cell_at(trie->arena, at);
    const unsigned count = trie_twigs(branch), rank = trie_rank(branch, symbol);
    const uint32_t twigs = append_cells(trie->arena, count + 1);
    if (twigs == 0)
        return false;
    uint8_t *to = arena_edit(trie->arena, twigs);
    const uint8_t *from = arena_at(trie->arena, branch.reference);
    memcpy(to, from, (size_t)rank * TRIE_CELL);
    memcpy(to + (size_t)(rank + 1) * TRIE_CELL, from + (size_t)rank * TRIE_CELL,
           (size_t)(count - rank) * TRIE_CELL);
    trie->garbage += (size_t)count * TRIE_CELL;
    branch.word |= trie_bit(symbol);
    branch.reference = twigs;
    put_cell(trie->arena, trie_twig(branch, rank), leaf);
    put_cell(trie->arena, at, branch);
    return true;
}

int trie_put(struct trie *trie, const uint8_t *key, size_t len, uint32_t value, bool mark)
{
    assert(value != 0);
    const struct trie_cell leaf = leaf_of(value, mark);
    if (trie->root == 0) {
        const uint32_t root = append_cells(trie->arena, 1);
        if (root == 0)
            return -ENOMEM;
        put_cell(trie->arena, root, leaf);
        trie->root = root;
        return 0;
    }

    const struct fork fork = fork_at_leaf(trie, nearest_leaf(trie, key, len), key, len);
    struct path path;
    if (!own_path(trie, key, len, fork.same ? DEPTH_MAX : fork.offset, &path))
        return -ENOMEM;
    const uint32_t at = path.at[path.depth - 1];
    const struct trie_cell cell = trie_cell_at(trie->arena, at);
    bool done = true;
    if (fork.same)
        put_cell(trie->arena, at, leaf);
    else if (trie_is_branch(cell) && trie_offset(cell) == fork.offset)
        done = graft(trie, at, fork.ours, leaf);
    else
        done = split(trie, at, fork, leaf);
    if (!done)
        return -ENOMEM;
    update_marks(trie, &path);
    return 0;
}

int trie_remove(struct trie *trie, const uint8_t *key, size_t len)
{
    if (trie_get(trie, key, len) == 0)
        return -ENOENT;
    struct path path;
    if (!own_path(trie, key, len, DEPTH_MAX, &path))
        return -ENOMEM;
    if (path.depth == 1) {
        trie->root = 0;
        trie->garbage += TRIE_CELL;
        return 0;
    }

    const uint32_t at = path.at[path.depth - 2];
    struct trie_cell branch = trie_cell_at(trie->arena, at);
    const uint8_t symbol = trie_symbol(key, len, trie_offset(branch));
    const unsigned count = trie_twigs(branch), rank = trie_rank(branch, symbol);
    if (count == 2) {
        put_cell(trie->arena, at, trie_cell_at(trie->arena, trie_twig(branch, 1 - rank)));
        trie->garbage += 2 * TRIE_CELL;
    } else {
        uint8_t *gap = arena_edit(trie->arena, trie_twig(branch, rank));
        memmove(gap, gap + TRIE_CELL, (size_t)(count - rank - 1) * TRIE_CELL);
        trie->garbage += TRIE_CELL;
        branch.word &= ~trie_bit(symbol);
        put_cell(trie->arena, at, branch);
    }
    path.depth--;
    update_marks(trie, &path);
    return 0;
}

/* The value of the last marked leaf below a cell that is marked. */
static uint32_t last_marked(const struct arena *arena, struct trie_cell cell)
{
    assert((cell.word & TRIE_MARK) != 0);
    while (trie_is_branch(cell)) {
        unsigned rank = trie_twigs(cell);
        struct trie_cell twig;
        do
            twig = trie_cell_at(arena, trie_twig(cell, --rank));
        while ((twig.word & TRIE_MARK) == 0);
        cell = twig;
    }
    return cell.reference;
}

/* The value of the last marked leaf below the first `ranks` twigs of a branch, or 0. */
static uint32_t last_marked_before(const struct arena *arena, struct trie_cell branch,
                                   unsigned ranks)
{
    while (ranks > 0) {
        const struct trie_cell twig = trie_cell_at(arena, trie_twig(branch, --ranks));
        if ((twig.word & TRIE_MARK) != 0)
            return last_marked(arena, twig);
    }
    return 0;
}

uint32_t trie_predecessor(const struct trie *trie, const uint8_t *key, size_t len)
{
    if (trie->root == 0 || (trie_cell_at(trie->arena, trie->root).word & TRIE_MARK) == 0)
        return 0;
    const struct trie_cell nearest = nearest_leaf(trie, key, len);
    const struct fork fork = fork_at_leaf(trie, nearest, key, len);
    if (fork.same && (nearest.word & TRIE_MARK) != 0)
        return nearest.reference;

    /* Down to where the keys fork, remembering the branches that have smaller twigs. */
    const unsigned offset = fork.same ? DEPTH_MAX : fork.offset;
    uint32_t passed[DEPTH_MAX];
    unsigned depth = 0;
    struct trie_cell cell = trie_cell_at(trie->arena, trie->root);
    uint32_t at = trie->root;
    while (trie_is_branch(cell) && trie_offset(cell) < offset) {
        passed[depth++] = at;
        const uint8_t symbol = trie_symbol(key, len, trie_offset(cell));
        at = trie_twig(cell, trie_rank(cell, symbol));
        cell = trie_cell_at(trie->arena, at);
    }
    uint32_t found = 0;
    if (trie_is_branch(cell) && trie_offset(cell) == offset)
        found = last_marked_before(trie->arena, cell, trie_rank(cell, fork.ours));
    else if (!fork.same && fork.ours > fork.theirs && (cell.word & TRIE_MARK) != 0)
        found = last_marked(trie->arena, cell);
    while (found == 0 && depth > 0) {
        const struct trie_cell branch = trie_cell_at(trie->arena, passed[--depth]);
        const uint8_t symbol = trie_symbol(key, len, trie_offset(branch));
        found = last_marked_before(trie->arena, branch, trie_rank(branch, symbol));
    }
    return found != 0 ? found : last_marked(trie->arena, trie_cell_at(trie->arena, trie->root));
}

/* Recursion is bounded by the length of a key. */
static int walk(const struct arena *arena, struct trie_cell cell,
                int (*visit)(void *context, uint32_t value), void *context)
{
    if (!trie_is_branch(cell))
        return visit(context, cell.reference);
    int stop = 0;
    for (unsigned rank = 0; stop == 0 && rank < trie_twigs(cell); rank++)
        stop = walk(arena, trie_cell_at(arena, trie_twig(cell, rank)), visit, context);
    return stop;
}

int trie_walk(const struct trie *trie, int (*visit)(void *context, uint32_t value),
              void *context)
{
    return trie->root == 0
               ? 0
               : walk(trie->arena, trie_cell_at(trie->arena, trie->root), visit, context);
}

int trie_walk_below(const struct trie *trie, const uint8_t *key, size_t len,
                    int (*visit)(void *context, uint32_t value), void *context)
{
    if (trie->root == 0)
        return 0;
    struct trie_cell cell = trie_cell_at(trie->arena, trie->root);
    while (trie_is_branch(cell) && trie_offset(cell) < len) {
        const uint8_t symbol = key[trie_offset(cell)];
        if (!trie_has(cell, symbol))
            return 0;
        cell = trie_cell_at(trie->arena, trie_twig(cell, trie_rank(cell, symbol)));
    }
    /* All below here have as many symbols of `key` as one of them. */
    struct trie_cell leaf = cell;
    while (trie_is_branch(leaf))
        leaf = trie_cell_at(trie->arena, trie_twig(leaf, 0));
    uint8_t theirs[NAME_KEY_MAX];
    const size_t theirs_len = trie->key_of(trie->context, leaf.reference, theirs);
    for (size_t i = 0; i < len; i++)
        if (trie_symbol(theirs, theirs_len, i) != key[i])
            return 0;
    return walk(trie->arena, cell, visit, context);
}
