/* search.c -- the nodes at or before keys, a batch at a time
 * First down to the nearest leaf, which tells where the key forks off; then from there, mostly through
 * cells that are in the cache now, to the subtree that ends before the key; then to its last marked
 * leaf. Each stage goes one level a round through the whole batch, as in lookup.c. */
#include "zone/search.h"

#include <assert.h>

enum { WIDTH = 64 };

static const struct arena *arena_of(const struct search *search)
{
    return &search->zone->arena;
}

static void go_to(struct search *search, uint32_t at)
{
    search->at = at;
    __builtin_prefetch(arena_at(arena_of(search), at));
}

/* Searches that are still under way, by their index. */
struct group {
    uint8_t index[WIDTH];
    size_t count;
};

static void go_to_nearest(struct search *searches, struct group group)
{
    while (group.count > 0) {
        size_t left = 0;
        for (size_t i = 0; i < group.count; i++) {
            struct search *search = &searches[group.index[i]];
            const struct trie_cell cell = trie_cell_at(arena_of(search), search->at);
            if (!trie_is_branch(cell)) {
                search->value = cell.reference;
                __builtin_prefetch(zone_node(search->zone, cell.reference));
                continue;
            }
            const uint8_t symbol = trie_symbol(search->key, search->symbols, trie_offset(cell));
            go_to(search, trie_twig(cell, trie_has(cell, symbol) ? trie_rank(cell, symbol) : 0));
            group.index[left++] = group.index[i];
        }
        group.count = left;
    }
}

static bool is_marked(struct trie_cell cell)
{
    return (cell.word & TRIE_MARK) != 0;
}

/* Goes to the last marked of the first `ranks` twigs. */
static bool go_to_marked(struct search *search, struct trie_cell branch, unsigned ranks)
{
    while (ranks > 0) {
        const uint32_t twig = trie_twig(branch, --ranks);
        if (is_marked(trie_cell_at(arena_of(search), twig))) {
            go_to(search, twig);
            return true;
        }
    }
    return false;
}

/* The slow way, for the few whose predecessor lies far up and for those before the first. */
static void find_slowly(struct search *search)
{
    const struct trie trie = {.arena = (struct arena *)arena_of(search),
                              .key_of = zone_key_of,
                              .context = search->zone,
                              .root = search->root};
    search->value = trie_predecessor(&trie, search->key, search->symbols);
}

/* Goes to the subtree whose last marked leaf is the one wanted. Returns false where the search is over
 * already. */
static bool go_to_subtree(struct search *search)
{
    const struct arena *arena = arena_of(search);
    uint8_t key[NAME_KEY_MAX];
    const size_t len = zone_key_of(search->zone, search->value, key);
    size_t fork = 0;
    const size_t longer = len > search->symbols ? len : search->symbols;
    while (fork < longer
           && trie_symbol(key, len, fork) == trie_symbol(search->key, search->symbols, fork))
        fork++;
    if (fork == longer && is_marked(trie_cell_at(arena, search->at))) {
        search->exact = true;
        return false;
    }
    const size_t offset = fork == longer ? SIZE_MAX : fork;

    uint32_t passed[SEARCH_PASSED];
    unsigned depth = 0;
    search->at = search->root;
    struct trie_cell cell = trie_cell_at(arena, search->at);
    while (trie_is_branch(cell) && trie_offset(cell) < offset) {
        passed[depth++ % SEARCH_PASSED] = search->at;
        const uint8_t symbol = trie_symbol(search->key, search->symbols, trie_offset(cell));
        search->at = trie_twig(cell, trie_rank(cell, symbol));
        cell = trie_cell_at(arena, search->at);
    }
    if (trie_is_branch(cell) && trie_offset(cell) == offset) {
        const uint8_t symbol = trie_symbol(search->key, search->symbols, offset);
        if (go_to_marked(search, cell, trie_rank(cell, symbol)))
            return true;
    } else if (fork != longer && is_marked(cell)
               && trie_symbol(search->key, search->symbols, fork) > trie_symbol(key, len, fork)) {
        return true; /* the whole of it comes before the key */
    }
    for (unsigned i = 0; i < SEARCH_PASSED && i < depth; i++) {
        cell = trie_cell_at(arena, passed[(depth - 1 - i) % SEARCH_PASSED]);
        const uint8_t symbol = trie_symbol(search->key, search->symbols, trie_offset(cell));
        if (go_to_marked(search, cell, trie_rank(cell, symbol)))
            return true;
    }
    find_slowly(search);
    return false;
}

static void go_to_last(struct search *searches, struct group group)
{
    while (group.count > 0) {
        size_t left = 0;
        for (size_t i = 0; i < group.count; i++) {
            struct search *search = &searches[group.index[i]];
            const struct trie_cell cell = trie_cell_at(arena_of(search), search->at);
            assert(is_marked(cell));
            if (!trie_is_branch(cell)) {
                search->value = cell.reference;
                __builtin_prefetch(zone_node(search->zone, cell.reference));
                continue;
            }
            const bool found = go_to_marked(search, cell, trie_twigs(cell));
            assert(found);
            (void)found;
            group.index[left++] = group.index[i];
        }
        group.count = left;
    }
}

static void search_some(struct search *searches, size_t count)
{
    struct group all = {.count = 0}, last = {.count = 0};
    for (size_t i = 0; i < count; i++) {
        struct search *search = &searches[i];
        search->node = NULL;
        search->exact = false;
        search->value = 0;
        if (search->root == 0
            || !is_marked(trie_cell_at(arena_of(search), search->root)))
            continue;
        search->at = search->root;
        all.index[all.count++] = (uint8_t)i;
    }
    go_to_nearest(searches, all);
    for (size_t i = 0; i < all.count; i++)
        if (go_to_subtree(&searches[all.index[i]]))
            last.index[last.count++] = all.index[i];
    go_to_last(searches, last);
    for (size_t i = 0; i < all.count; i++) {
        struct search *search = &searches[all.index[i]];
        search->node = zone_node(search->zone, search->value);
    }
}

void zone_search(struct search *searches, size_t count)
{
    for (size_t done = 0; done < count; done += WIDTH)
        search_some(searches + done, count - done < WIDTH ? count - done : WIDTH);
}
