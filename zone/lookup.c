/* lookup.c -- what zones say about names, a batch at a time
 * Each stage touches one cache line of every question and prefetches the next one's, so that a
 * batch waits for memory about once a stage instead of once a question. */
#include "zone/lookup.h"
#include "zone/rrtype.h"

#include <assert.h>

enum { WIDTH = 64 }; /* questions walked together; more than the memory system can overlap */

/* A question's walk down one trie: all that a level needs. */
struct walk {
    const uint8_t *octets; /* of the arena */
    const uint8_t *key; /* from where this trie's keys begin */
    uint32_t symbols;
    uint32_t at;        /* the cell it has come to; a leaf, when it's done */
    uint32_t *boundary; /* where the next one is noted */
    uint32_t value;     /* the leaf's; 0: there was nothing to walk */
};

/* Field by field: a whole struct would be made beside its place first. */
static void walk_from(struct walk *walk, const struct arena *arena, uint32_t root,
                      struct lookup *lookup, uint32_t skip)
{
    walk->octets = arena_at(arena, 0);
    walk->key = lookup->key + skip;
    walk->symbols = lookup->symbols - skip;
    walk->at = root;
    walk->boundary = lookup->boundary;
}

static void prefetch(const struct arena *arena, uint32_t at)
{
    __builtin_prefetch(arena_at(arena, at));
}

/* Where the key says no twig is, the first one: at a label boundary that's the encloser's own
 * leaf. */
static uint32_t choose_twig(struct trie_cell branch, uint8_t symbol)
{
    return trie_twig(branch, trie_has(branch, symbol) ? trie_rank(branch, symbol) : 0);
}

/* Takes one step down from a branch. One at the end of a label of the question, or at the apex, is noted.
 * Those beyond the question's end are none of its labels', and there may be more of them than a
 * name has labels. */
static void step(struct walk *walk, struct trie_cell branch)
{
    const unsigned offset = trie_offset(branch), before = offset - 1;
    const uint8_t *key = walk->key;
    uint8_t symbol = 0;
    if (before < walk->symbols) { /* nearly always, offset 0 is the apex's alone */
        symbol = offset < walk->symbols ? key[offset] : 0;
        if (key[before] == 0)
            *walk->boundary++ = walk->at;
    } else if (offset == 0) {
        symbol = trie_symbol(key, walk->symbols, 0);
        *walk->boundary++ = walk->at;
    }
    walk->at = choose_twig(branch, symbol);
}

/* Walks all questions to a leaf, one level a round. */
static void walk_all(struct walk **walking, size_t count)
{
    while (count > 0) {
        size_t left = 0;
        for (size_t i = 0; i < count; i++) {
            struct walk *walk = walking[i];
            const uint8_t *octets = walk->octets;
            const struct trie_cell cell = trie_cell_of(octets + (size_t)walk->at * ARENA_UNIT);
            if (!trie_is_branch(cell)) {
                walk->value = cell.reference;
                __builtin_prefetch(octets + (size_t)walk->value * ARENA_UNIT);
                continue;
            }
            step(walk, cell);
            __builtin_prefetch(octets + (size_t)walk->at * ARENA_UNIT);
            walking[left++] = walk;
        }
        count = left;
    }
}

static uint64_t load8(const uint8_t *octets)
{
    uint64_t word;
    memcpy(&word, octets, sizeof word);
    return word;
}

/* memcmp() for the few octets of a name: in words, the last two of which overlap. */
static bool are_same(const uint8_t *a, const uint8_t *b, size_t octets)
{
    if (octets < 8)
        return memcmp(a, b, octets) == 0;
    for (size_t at = 0; at < octets - 8; at += 8)
        if (load8(a + at) != load8(b + at))
            return false;
    return load8(a + octets - 8) == load8(b + octets - 8);
}

static void set_depth(struct lookup *lookup, const struct walk *walk)
{
    assert(walk->boundary <= lookup->boundary + LOOKUP_DEPTH_MAX);
    lookup->depth = (uint16_t)(walk->boundary - lookup->boundary);
}

/* Directory. */

static const struct zone *zone_of(const struct arena *arena, uint32_t value)
{
    struct entry entry;
    memcpy(&entry, arena_at(arena, value), sizeof entry);
    return entry.zone;
}

/* The zone whose apex ends at a boundary branch, or NULL. */
static const struct zone *zone_at_boundary(const struct arena *arena, uint32_t boundary)
{
    const struct trie_cell branch = trie_cell_at(arena, boundary);
    if (!trie_has(branch, 0))
        return NULL;
    const struct trie_cell twig = trie_cell_at(arena, trie_twig(branch, 0));
    return trie_is_branch(twig) ? NULL : zone_of(arena, twig.reference);
}

/* Whether a zone is at or above the name, both lower case. The octets agree at the end, and a label begins
 * where they do: had the name a longer label there, its key would go on where the apex's ends. */
static inline bool is_above(const struct lookup *lookup, const struct zone *zone)
{
    const size_t symbols = zone->apex_symbols, octets = zone->apex.octets;
    const struct name *qname = lookup->qname;
    return symbols <= lookup->symbols && (symbols == 0 || lookup->key[symbols - 1] == 0)
           && octets <= qname->octets
           && are_same(qname->wire + qname->octets - octets, zone->apex.wire, octets);
}

/* The zone with the most labels among those whose apexes the walk has passed, the leaf's
 * included. DS at an apex is the business of the zone above. */
static const struct zone *choose_zone(const struct lookup *lookup, const struct arena *arena,
                                      const struct zone *leaf)
{
    const struct zone *first = is_above(lookup, leaf) ? leaf : NULL;
    const bool parent_side = lookup->qtype == RRTYPE_DS && !lookup->child_side;
    if (first != NULL && !(parent_side && first->apex_symbols == lookup->symbols))
        return first;
    for (unsigned i = lookup->depth; i-- > 0;) {
        const struct zone *zone = zone_at_boundary(arena, lookup->boundary[i]);
        if (zone == NULL || zone == leaf || !is_above(lookup, zone))
            continue;
        if (!(parent_side && zone->apex_symbols == lookup->symbols))
            return zone;
        first = zone;
    }
    return first;
}

static void find_some(const struct view *view, struct lookup *lookups, size_t count)
{
    struct walk walks[WIDTH], *walking[WIDTH];
    for (size_t i = 0; i < count; i++) {
        walk_from(&walks[i], view->arena, view->root, &lookups[i], 0);
        walking[i] = &walks[i];
    }
    walk_all(walking, count);
    const struct zone *leaf[WIDTH];
    for (size_t i = 0; i < count; i++) {
        set_depth(&lookups[i], &walks[i]);
        leaf[i] = zone_of(view->arena, walks[i].value);
        __builtin_prefetch(leaf[i]);
        __builtin_prefetch(&leaf[i]->apex);
    }
    for (size_t i = 0; i < count; i++) {
        struct lookup *lookup = &lookups[i];
        lookup->zone = choose_zone(lookup, view->arena, leaf[i]);
        if (lookup->zone == NULL)
            lookup->outcome = OUTCOME_NO_ZONE;
        else if (!zone_loaded(lookup->zone))
            lookup->outcome = OUTCOME_NO_DATA_LOADED;
        else
            prefetch(&lookup->zone->arena, lookup->zone->version.root);
    }
}

/* The same where there's but one zone, or none. */
static void find_only(const struct zone *only, struct lookup *lookups, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct lookup *lookup = &lookups[i];
        const bool found = only != NULL && is_above(lookup, only);
        lookup->zone = found ? only : NULL;
        lookup->outcome = found ? OUTCOME_NO_DATA_LOADED : OUTCOME_NO_ZONE;
    }
}

void view_find(const struct view *view, struct lookup *lookups, size_t count)
{
    if (view->root == 0) {
        find_only(NULL, lookups, count);
        return;
    }
    const struct trie_cell root = trie_cell_at(view->arena, view->root);
    if (!trie_is_branch(root)) {
        find_only(zone_of(view->arena, root.reference), lookups, count);
        return;
    }
    for (size_t done = 0; done < count; done += WIDTH)
        find_some(view, lookups + done, count - done < WIDTH ? count - done : WIDTH);
}

/* Zones. */

/* The node of the name that ends at a boundary branch. A branch stands there only if names fork
 * below that name, and then it has a node, if only an empty one. */
static const struct node *node_at_boundary(const struct zone *zone, uint32_t boundary)
{
    const struct trie_cell branch = trie_cell_at(&zone->arena, boundary);
    assert(trie_has(branch, 0));
    return zone_node(zone, trie_cell_at(&zone->arena, trie_twig(branch, 0)).reference);
}

static bool is_exact(const struct lookup *lookup, const struct node *node)
{
    return node->owner_octets == lookup->qname->octets - lookup->zone->apex.octets
           && are_same(node_owner(node), lookup->qname->wire, node->owner_octets);
}

static bool is_occluded(const struct node *node)
{
    return (node->flags & (NODE_BELOW_CUT | NODE_BELOW_DNAME)) != 0;
}

/* Octets that two names have in common at their ends, as far as whole labels are the same. Each
 * name is a node's owner or as much of a question's, without the apex. `*closer` gets those that `a` has with
 * one label more. */
static size_t shared_octets(const uint8_t *a, size_t a_octets, const uint8_t *b,
                            size_t b_octets, size_t *closer)
{
    const uint8_t *const a_end = a + a_octets, *const b_end = b + b_octets;
    const size_t shorter = a_octets < b_octets ? a_octets : b_octets;
    size_t same = 0;
    while (same < shorter && a_end[-1 - (ptrdiff_t)same] == b_end[-1 - (ptrdiff_t)same])
        same++;
    /* Down to where a label begins in both. */
    size_t left = a_octets, b_left = b_octets;
    while (left > same || left != b_left) {
        if (left >= b_left) {
            *closer = left;
            left -= 1u + a_end[-(ptrdiff_t)left];
        } else {
            b_left -= 1u + b_end[-(ptrdiff_t)b_left];
        }
    }
    return left;
}

/* Symbols of the key of the last `same` of the `octets` that a question has before its apex. */
static size_t suffix_symbols(const struct walk *walk, const uint8_t *wire, size_t octets,
                             size_t same)
{
    /* Every octet has one symbol at least (a length octet the zero that ends its label). */
    if (walk->symbols == octets || same == 0)
        return same;
    uint8_t key[NAME_KEY_MAX];
    return name_key(key, wire + octets - same, same);
}

/* Forgets the boundaries that the question doesn't share with the zone, and notes what's known of the closest
 * encloser, which is returned. */
static const struct node *find_encloser(struct lookup *lookup, const struct walk *walk,
                                        const struct node *leaf)
{
    const struct zone *zone = lookup->zone;
    const uint8_t *wire = lookup->qname->wire;
    const size_t octets = (size_t)lookup->qname->octets - zone->apex.octets;
    size_t closer = octets;
    const size_t same =
        shared_octets(wire, octets, node_owner(leaf), leaf->owner_octets, &closer);
    const size_t shared = suffix_symbols(walk, wire, octets, same);
    lookup->shared = (uint16_t)shared;
    lookup->closer = (uint8_t)closer;
    lookup->nearest = walk->at;
    lookup->nearest_node = leaf;

    uint32_t nearest = 0, offset = 0;
    for (; lookup->depth > 0; lookup->depth--) {
        nearest = lookup->boundary[lookup->depth - 1];
        offset = trie_offset(trie_cell_at(&zone->arena, nearest));
        if (offset <= shared)
            break;
    }
    lookup->below = 0;
    if (same == leaf->owner_octets && (lookup->depth == 0 || offset < shared))
        return leaf;
    assert(lookup->depth > 0);
    lookup->below = nearest;
    return node_at_boundary(zone, nearest);
}

/* The node that hides an occluded one: the first cut or DNAME below the apex, or a DNAME at it.
 */
static const struct node *find_occluder(const struct lookup *lookup)
{
    for (unsigned i = 0; i < lookup->depth; i++) {
        const struct node *node = node_at_boundary(lookup->zone, lookup->boundary[i]);
        if ((node->flags & (NODE_CUT | NODE_DNAME)) != 0 && !is_occluded(node))
            return node;
    }
    return NULL;
}

static void conclude(struct lookup *lookup, enum outcome outcome, const struct node *node,
                     const struct block *block)
{
    lookup->outcome = outcome;
    lookup->node = node;
    lookup->block = block;
}

/* The name is below a cut or a DNAME. */
static void conclude_above(struct lookup *lookup, const struct node *node)
{
    if ((node->flags & NODE_CUT) != 0)
        conclude(lookup, OUTCOME_REFERRAL, node, node_block(node, RRTYPE_NS));
    else
        conclude(lookup, OUTCOME_DNAME, node, node_block(node, RRTYPE_DNAME));
}

static bool has_signatures(const struct node *node)
{
    const struct block *block = node_first(node);
    for (unsigned i = 0; i < node->blocks; i++, block = block_next(block))
        if (block->sig_count > 0)
            return true;
    return false;
}

/* The node is the question's name, or the wildcard that stands for it. */
static void conclude_match(struct lookup *lookup, const struct node *node)
{
    const uint16_t qtype = lookup->qtype;
    if ((node->flags & NODE_CUT) != 0 && qtype != RRTYPE_DS) {
        conclude_above(lookup, node);
        return;
    }
    const struct block *block = node_block(node, qtype);
    if (block != NULL && block->count > 0 && qtype != BLOCK_GLUE) {
        conclude(lookup, OUTCOME_ANSWER, node, block);
    } else if ((qtype == RRTYPE_ANY && node->blocks > 0)
               || (qtype == RRTYPE_RRSIG && has_signatures(node))) {
        conclude(lookup, OUTCOME_ANSWER, node, NULL);
    } else if ((node->flags & NODE_CNAME) != 0) {
        conclude(lookup, OUTCOME_CNAME, node, node_block(node, RRTYPE_CNAME));
    } else {
        conclude(lookup, OUTCOME_NODATA, node, NULL);
    }
}

/* The child "*" of a name whose boundary branch is `own`: one that is known to exist. */
static const struct node *find_wildcard(const struct zone *zone, uint32_t own)
{
    struct trie_cell cell = trie_cell_at(&zone->arena, own);
    const unsigned from = trie_offset(cell);
    while (trie_is_branch(cell)) {
        const uint8_t symbol =
            trie_symbol(name_asterisk, NAME_ASTERISK_SYMBOLS, trie_offset(cell) - from);
        assert(trie_has(cell, symbol));
        cell = trie_cell_at(&zone->arena, trie_twig(cell, trie_rank(cell, symbol)));
    }
    return zone_node(zone, cell.reference);
}

static void conclude_miss(struct lookup *lookup, const struct walk *walk,
                          const struct node *leaf)
{
    const struct node *encloser = find_encloser(lookup, walk, leaf);
    if (is_occluded(encloser)) {
        conclude_above(lookup, find_occluder(lookup));
    } else if ((encloser->flags & (NODE_CUT | NODE_DNAME)) != 0) {
        conclude_above(lookup, encloser);
    } else if ((encloser->flags & NODE_WILDCARD_CHILD) != 0) {
        lookup->wildcard = true;
        lookup->encloser = encloser;
        conclude_match(lookup, find_wildcard(lookup->zone, lookup->below));
    } else {
        lookup->encloser = encloser;
        conclude(lookup, OUTCOME_NXDOMAIN, encloser, NULL);
    }
}

/* Walks to the leaves nearest to the questions; `walks[i].value` is 0 where a question has no
 * zone. */
static void walk_zones(struct lookup *lookups, struct walk *walks, size_t count)
{
    struct walk *walking[WIDTH];
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        const struct zone *zone = lookups[i].zone;
        walks[i].value = 0;
        if (zone == NULL || !zone_loaded(zone))
            continue;
        walk_from(&walks[i], &zone->arena, zone->version.root, &lookups[i], zone->apex_symbols);
        walking[left++] = &walks[i];
    }
    walk_all(walking, left);
}

static void look_some_up(struct lookup *lookups, size_t count)
{
    struct walk walks[WIDTH];
    walk_zones(lookups, walks, count);
    for (size_t i = 0; i < count; i++) {
        if (walks[i].value == 0)
            continue;
        struct lookup *lookup = &lookups[i];
        const struct node *leaf = zone_node(lookup->zone, walks[i].value);
        lookup->wildcard = false;
        lookup->encloser = NULL;
        set_depth(lookup, &walks[i]);
        if (!is_exact(lookup, leaf))
            conclude_miss(lookup, &walks[i], leaf);
        else if (is_occluded(leaf))
            conclude_above(lookup, find_occluder(lookup));
        else
            conclude_match(lookup, leaf);
    }
}

void zone_lookup(struct lookup *lookups, size_t count)
{
    for (size_t done = 0; done < count; done += WIDTH)
        look_some_up(lookups + done, count - done < WIDTH ? count - done : WIDTH);
}

void zone_find_exact(struct lookup *lookups, size_t count)
{
    for (size_t done = 0; done < count; done += WIDTH) {
        const size_t some = count - done < WIDTH ? count - done : WIDTH;
        struct walk walks[WIDTH];
        walk_zones(lookups + done, walks, some);
        for (size_t i = 0; i < some; i++) {
            struct lookup *lookup = &lookups[done + i];
            lookup->node = NULL;
            if (walks[i].value == 0)
                continue;
            const struct node *leaf = zone_node(lookup->zone, walks[i].value);
            lookup->node = is_exact(lookup, leaf) ? leaf : NULL;
        }
    }
}
