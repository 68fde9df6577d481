/* search.c -- the nodes at or before keys, a batch at a time
 * First down to the nearest leaf, which tells where the key forks off; then back up, through cells that
 * are in the cache now, to the subtree that ends before the key; then to its last marked leaf. Each stage goes one level a round through the whole batch, as in lookup.c. */
#include "zone/search.h"

#include "zone/nsec3.h"
#include "zone/wire.h"

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
            search->passed[search->depth++ % SEARCH_PASSED] = search->at;
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

/* The offset at which two keys part: that of the first symbol that differs, a missing one counting as 0;
 * SIZE_MAX where none does. */
static size_t find_fork(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    const size_t shorter = a_len < b_len ? a_len : b_len, longer = a_len + b_len - shorter;
    size_t at = 0;
    for (; at + 8 <= shorter; at += 8) {
        const uint64_t differ = wire_get64(a + at) ^ wire_get64(b + at);
        if (differ != 0)
            return at + (unsigned)__builtin_clzll(differ) / 8;
    }
    while (at < longer && trie_symbol(a, a_len, at) == trie_symbol(b, b_len, at))
        at++;
    return at < longer ? at : SIZE_MAX;
}

/* Where the key parts from a leaf's, and whether it's the greater one there. */
struct parting {
    size_t fork; /* SIZE_MAX: nowhere */
    bool after;
};

/* Each octet of a hashed label has one symbol, which only that octet begins with, so the label parts
 * from any other owner where the keys do, and octets are in the order of their symbols. */
static struct parting part_from_hash(const uint8_t *label, const uint8_t *theirs)
{
    for (size_t at = 0; at < NSEC3_LABEL; at += 8) {
        const uint64_t a = wire_get64(label + at), b = wire_get64(theirs + at);
        if (a != b)
            return (struct parting){at + (unsigned)__builtin_clzll(a ^ b) / 8, a > b};
    }
    return (struct parting){.fork = SIZE_MAX};
}

static struct parting part_from_leaf(const struct search *search)
{
    const struct node *leaf = zone_node(search->zone, search->value);
    if (search->label != NULL && leaf->owner_octets == 1 + NSEC3_LABEL
        && node_owner(leaf)[0] == NSEC3_LABEL)
        return part_from_hash(search->label, node_owner(leaf) + 1);
    uint8_t key[NAME_KEY_MAX];
    const size_t len = zone_key_of(search->zone, search->value, key);
    const size_t fork = find_fork(search->key, search->symbols, key, len);
    return (struct parting){fork, fork != SIZE_MAX
                                      && trie_symbol(search->key, search->symbols, fork)
                                             > trie_symbol(key, len, fork)};
}

/* Goes back to the last branch that was passed. Returns false where none is left that is remembered;
 * `gone` counts how many steps back there were. */
static bool go_back(struct search *search, unsigned *gone)
{
    if (search->depth == 0 || *gone == SEARCH_PASSED)
        return false;
    ++*gone;
    search->at = search->passed[--search->depth % SEARCH_PASSED];
    return true;
}

/* Goes back to where the key forks off: to the first cell of the path that lies at or behind it. Returns
 * false where that isn't remembered. */
static bool go_to_fork(struct search *search, size_t fork, unsigned *gone)
{
    const struct arena *arena = arena_of(search);
    while (search->depth > 0) {
        if (*gone == SEARCH_PASSED)
            return false;
        const uint32_t before = search->passed[(search->depth - 1u) % SEARCH_PASSED];
        if (trie_offset(trie_cell_at(arena, before)) < fork)
            break;
        go_back(search, gone);
    }
    return true;
}

/* Goes to the subtree whose last marked leaf is the one wanted. Returns false where the search is over
 * already. */
static bool go_to_subtree(struct search *search)
{
    const struct arena *arena = arena_of(search);
    const struct parting parting = part_from_leaf(search);
    const size_t fork = parting.fork;
    if (fork == SIZE_MAX && is_marked(trie_cell_at(arena, search->at))) {
        search->exact = true;
        return false;
    }
    unsigned gone = 0;
    if (!go_to_fork(search, fork, &gone)) {
        find_slowly(search);
        return false;
    }
    struct trie_cell cell = trie_cell_at(arena, search->at);
    if (fork != SIZE_MAX) {
        const uint8_t symbol = trie_symbol(search->key, search->symbols, fork);
        if (trie_is_branch(cell) && trie_offset(cell) == fork) {
            if (go_to_marked(search, cell, trie_rank(cell, symbol)))
                return true;
        } else if (is_marked(cell) && parting.after) {
            return true; /* the whole of it comes before the key */
        }
    }
    while (go_back(search, &gone)) {
        cell = trie_cell_at(arena, search->at);
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
        search->depth = 0;
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
