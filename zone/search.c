/* search.c -- the nodes at or before keys, a batch at a time
 * Down along the key, and where it forks off from all that's there, to the last marked leaf before it. Only the leaf tells
 * whether it forked off earlier, where branches leave symbols out; then, and where nothing before it was found below,
 * down once more, through cells that are in the cache now. Each stage goes one level a round through the whole batch,
 * as in lookup.c. */
#include "zone/search.h"

#include "zone/nsec3.h"
#include "zone/wire.h"

#include <assert.h>

enum { WIDTH = 64 };

static struct trie_cell cell_at(const struct search *search, uint32_t at)
{
    return trie_cell_of(search->octets + (size_t)at * ARENA_UNIT);
}

static void go_to(struct search *search, uint32_t at)
{
    search->at = at;
    __builtin_prefetch(search->octets + (size_t)at * ARENA_UNIT);
}

static void find(struct search *search, uint32_t value)
{
    search->node = (const void *)(search->octets + (size_t)value * ARENA_UNIT);
    __builtin_prefetch(search->node);
}

/* Searches that are still under way. */
struct group {
    struct search *search[WIDTH];
    size_t count;
};

static void add(struct group *group, struct search *search)
{
    group->search[group->count++] = search;
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
        if (is_marked(cell_at(search, twig))) {
            go_to(search, twig);
            return true;
        }
    }
    return false;
}

/* The slow way, for the few whose predecessor lies far up and for those before the first. */
__attribute__((noinline, cold)) static void find_slowly(struct search *search)
{
    const struct trie trie = {.arena = (struct arena *)(uintptr_t)&search->zone->arena,
                              .key_of = zone_key_of,
                              .context = search->zone,
                              .root = search->root};
    const uint32_t value = trie_predecessor(&trie, search->key, search->symbols);
    search->node = value == 0 ? NULL : zone_node(search->zone, value);
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

__attribute__((noinline)) static struct parting part_from_key(const struct search *search)
{
    uint8_t key[NAME_KEY_MAX];
    const size_t len = name_key(key, node_owner(search->node), search->node->owner_octets);
    const size_t fork = find_fork(search->key, search->symbols, key, len);
    return (struct parting){fork, fork != SIZE_MAX
                                      && trie_symbol(search->key, search->symbols, fork)
                                             > trie_symbol(key, len, fork)};
}

static struct parting part_from_leaf(const struct search *search)
{
    const struct node *leaf = search->node;
    if (search->label != NULL && leaf->owner_octets == 1 + NSEC3_LABEL
        && node_owner(leaf)[0] == NSEC3_LABEL)
        return part_from_hash(search->label, node_owner(leaf) + 1);
    return part_from_key(search);
}

/* Twigs of a branch that come before the key's. */
static unsigned twigs_before(const struct search *search, struct trie_cell branch)
{
    return trie_rank(branch, trie_symbol(search->key, search->symbols, trie_offset(branch)));
}

/* Goes to the last marked twig before the key's of the branch where there is one. Returns false where the search is
 * over. */
static bool go_to_smaller(struct search *search, uint32_t branch)
{
    if (branch != 0) {
        const struct trie_cell cell = cell_at(search, branch);
        if (go_to_marked(search, cell, twigs_before(search, cell)))
            return true;
    }
    find_slowly(search);
    return false;
}

/* Goes to the subtree whose last marked leaf is the one wanted, from a cell below which all keys begin as this one
 * does, by where it forks off. Returns false where the search is over. */
static bool go_to_fork(struct search *search, uint32_t at, size_t fork, bool after)
{
    uint32_t smaller = 0;
    for (;;) {
        const struct trie_cell cell = cell_at(search, at);
        if (!trie_is_branch(cell) || trie_offset(cell) > fork) {
            if (!after || !is_marked(cell))
                break;
            go_to(search, at);
            return true;
        }
        const unsigned before = twigs_before(search, cell);
        if (before > 0)
            smaller = at;
        if (trie_offset(cell) == fork)
            break;
        at = trie_twig(cell, before);
    }
    return go_to_smaller(search, smaller);
}

/* How a search goes on downwards. */
enum course {
    COURSE_KEY, /* along the key */
    /* The branch lacks its symbol: */
    COURSE_LAST,  /* to the last marked leaf before it */
    COURSE_FIRST, /* there's none: to any, which tells whether the key forked off earlier */
};

static void step(struct search *search, struct trie_cell branch)
{
    if (search->course != COURSE_KEY) {
        const bool found =
            search->course == COURSE_LAST && go_to_marked(search, branch, trie_twigs(branch));
        if (!found)
            go_to(search, branch.reference);
        return;
    }
    const unsigned offset = trie_offset(branch);
    const uint8_t symbol = trie_symbol(search->key, search->symbols, offset);
    const unsigned before = trie_rank(branch, symbol);
    search->offset = (uint16_t)offset;
    if (trie_has(branch, symbol)) {
        if (before > 0)
            search->smaller = trie_twig(branch, before - 1);
        go_to(search, trie_twig(branch, before));
    } else if (go_to_marked(search, branch, before)) {
        search->course = COURSE_LAST;
    } else {
        search->course = COURSE_FIRST;
        go_to(search, branch.reference);
    }
}

static void go_along(struct group *group)
{
    while (group->count > 0) {
        size_t left = 0;
        for (size_t i = 0; i < group->count; i++) {
            struct search *search = group->search[i];
            const struct trie_cell cell = cell_at(search, search->at);
            if (!trie_is_branch(cell)) {
                find(search, cell.reference);
                continue;
            }
            step(search, cell);
            group->search[left++] = search;
        }
        group->count = left;
    }
}

/* Judges the leaf that was come to. Returns false where the search is over, and otherwise has gone to the subtree
 * whose last marked leaf is the one wanted. */
static bool go_on_from_leaf(struct search *search)
{
    const struct parting parting = part_from_leaf(search);
    const bool marked = is_marked(cell_at(search, search->at));
    if (parting.fork < search->offset)
        return go_to_fork(search, search->root, parting.fork, parting.after);
    search->exact = marked && parting.fork == SIZE_MAX;
    if (search->exact || (marked && parting.after))
        return false;
    const struct trie_cell smaller = cell_at(search, search->smaller);
    if (search->smaller == 0 || !is_marked(smaller))
        return go_to_fork(search, search->root, parting.fork, parting.after);
    if (!trie_is_branch(smaller)) {
        find(search, smaller.reference);
        return false;
    }
    go_to(search, search->smaller);
    return true;
}

static void go_to_last(struct group *group)
{
    while (group->count > 0) {
        size_t left = 0;
        for (size_t i = 0; i < group->count; i++) {
            struct search *search = group->search[i];
            const struct trie_cell cell = cell_at(search, search->at);
            assert(is_marked(cell));
            if (!trie_is_branch(cell)) {
                find(search, cell.reference);
                continue;
            }
            const bool found = go_to_marked(search, cell, trie_twigs(cell));
            assert(found);
            (void)found;
            group->search[left++] = search;
        }
        group->count = left;
    }
}

/* Begins a search. Returns false where there's nothing. */
static bool begin(struct search *search)
{
    search->octets = arena_at(&search->zone->arena, 0);
    search->node = NULL;
    search->at = search->root;
    search->smaller = 0;
    search->offset = 0;
    search->course = COURSE_KEY;
    search->exact = false;
    return search->root != 0;
}

static void search_some(struct search *searches, size_t count)
{
    struct group along, come, last;
    along.count = last.count = 0;
    for (size_t i = 0; i < count; i++) {
        struct search *search = &searches[i];
        if (!begin(search))
            continue;
        if (search->from == 0)
            add(&along, search);
        else if (go_to_fork(search, search->from, search->fork, search->after))
            add(&last, search);
    }
    memcpy(come.search, along.search, along.count * sizeof *along.search);
    come.count = along.count;
    go_along(&along);
    for (size_t i = 0; i < come.count; i++)
        if (go_on_from_leaf(come.search[i]))
            add(&last, come.search[i]);
    go_to_last(&last);
}

void zone_search(struct search *searches, size_t count)
{
    for (size_t done = 0; done < count; done += WIDTH)
        search_some(searches + done, count - done < WIDTH ? count - done : WIDTH);
}
