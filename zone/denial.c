/* denial.c -- the proofs that go with what a look-up found
 * All searches that the look-ups of a batch want are made together. */
#include "zone/denial.h"

#include "zone/nsec3.h"
#include "zone/rrtype.h"

#include <assert.h>

uint16_t zone_denial_type(const struct zone *zone)
{
    if (zone->nsec3_params != 0)
        return RRTYPE_NSEC3;
    return zone->nsec ? RRTYPE_NSEC : 0;
}

static bool has_ds(const struct node *node)
{
    const struct block *ds = node_block(node, RRTYPE_DS);
    return ds != NULL && ds->count > 0;
}

bool denial_needed(const struct lookup *lookup)
{
    if (zone_denial_type(lookup->zone) == 0)
        return false;
    switch (lookup->outcome) {
    case OUTCOME_REFERRAL:
        return !has_ds(lookup->node);
    case OUTCOME_NODATA:
    case OUTCOME_NXDOMAIN:
        return true;
    case OUTCOME_ANSWER:
    case OUTCOME_CNAME:
        return lookup->wildcard;
    default:
        return false;
    }
}

static void add_known(struct denial *denial, const struct node *node, const struct block *block)
{
    for (unsigned i = 0; i < denial->count; i++)
        if (denial->node[i] == node)
            return;
    if (denial->count == DENIAL_NODES_MAX)
        return;
    denial->node[denial->count] = node;
    denial->block[denial->count++] = block;
}

static void add_node(struct denial *denial, const struct node *node)
{
    if (node != NULL)
        add_known(denial, node, node_block(node, zone_denial_type(denial->lookup->zone)));
}

enum { HASH_LABEL_AT = 64 }; /* in the room for a key, behind that of a hash */

_Static_assert((int)NSEC3_LABEL < HASH_LABEL_AT
                   && HASH_LABEL_AT + (int)NSEC3_LABEL <= (int)NAME_KEY_MAX,
               "key and label have room");

/* Where the searches of a batch are gathered. */
struct plan {
    struct search *search;        /* the next one */
    uint8_t (*key)[NAME_KEY_MAX]; /* room for its key */
    const struct zone *hashing;   /* whose parameters are read */
    struct nsec3_params params;
};

static struct search *add_search(struct plan *plan, const struct zone *zone, uint32_t root,
                                 const uint8_t *key, size_t symbols)
{
    struct search *search = plan->search++;
    plan->key++;
    search->zone = zone;
    search->root = root;
    search->key = key;
    search->symbols = (uint16_t)symbols;
    search->label = NULL;
    search->from = 0;
    return search;
}

/* Whether the apex is the closest encloser, whose proofs are known. */
static bool is_below_apex(const struct lookup *lookup)
{
    return (lookup->encloser->flags & NODE_APEX) != 0 && lookup->zone->apex_wildcard != 0;
}

void denial_complete(struct denial *denial)
{
    if (!denial->apex_ready)
        return;
    const struct zone *zone = denial->lookup->zone;
    denial->apex_ready = false;
    if (zone->nsec3_params != 0)
        add_node(denial, zone_node(zone, zone->nsec3_apex));
    if (zone->apex_wildcard_block != 0)
        add_known(denial, zone_node(zone, zone->apex_wildcard),
                  zone_block(zone, zone->apex_wildcard_block));
}

/* Adds what denies the next closer name, if it isn't among what is ready. The hash of that name may be there though the
 * name isn't. */
static void add_closer(struct denial *denial)
{
    const struct search *found = denial->found;
    const struct zone *zone = denial->lookup->zone;
    const struct node *node = found->node;
    const bool hashed = found->label != NULL;
    denial->collision = hashed && found->exact;
    if (node == NULL || node == zone_node(zone, zone->apex_wildcard)
        || (hashed && node == zone_node(zone, zone->nsec3_apex)))
        return;
    denial->node[0] = node;
    denial->block[0] = node_block(node, hashed ? RRTYPE_NSEC3 : RRTYPE_NSEC);
    denial->count = 1;
}

/* NSEC */

static void set_fork(struct search *search, uint32_t from, size_t fork, bool after)
{
    search->from = from;
    search->fork = (uint16_t)fork;
    search->after = after;
}

/* Where the name's key forks off below the closest encloser: in the label of the next closer name, from the label that
 * the nearest leaf has there. Octets that have one symbol each, as the name's have, are in the order of their symbols,
 * which no other octet begins with. */
static void set_fork_of_label(struct search *search, const struct lookup *lookup)
{
    const struct name *qname = lookup->qname;
    const size_t apex = lookup->zone->apex.octets, same = lookup->encloser->owner_octets;
    const uint8_t *ours = qname->wire + qname->octets - apex - lookup->closer;
    const uint8_t *theirs = node_owner(lookup->nearest_node);
    size_t left = lookup->nearest_node->owner_octets;
    if (left == same) { /* the encloser itself, which comes before what is below it */
        set_fork(search, lookup->below, lookup->shared, true);
        return;
    }
    for (; left - 1 - theirs[0] != same; theirs += 1 + theirs[0])
        left -= 1u + theirs[0];
    const size_t shorter = ours[0] < theirs[0] ? ours[0] : theirs[0];
    size_t at = 1;
    while (at <= shorter && ours[at] == theirs[at])
        at++;
    const bool after = at <= shorter ? ours[at] > theirs[at] : ours[0] > theirs[0];
    set_fork(search, lookup->below, lookup->shared + at - 1, after);
}

/* For the NSEC at or before a name of the zone. */
static void search_name(struct plan *plan, const struct lookup *lookup)
{
    const struct zone *zone = lookup->zone;
    const size_t symbols = (size_t)lookup->symbols - zone->apex_symbols;
    struct search *search =
        add_search(plan, zone, zone->version.root, lookup->key + zone->apex_symbols, symbols);
    if (lookup->encloser == NULL)
        return;
    if (lookup->below == 0)
        set_fork(search, lookup->nearest, lookup->shared, true);
    else if (symbols == (size_t)lookup->qname->octets - zone->apex.octets)
        set_fork_of_label(search, lookup);
}

/* For the NSEC at or before the wildcard below the closest encloser, whose key the name's begins
 * with. */
static void search_wildcard(struct plan *plan, const struct lookup *lookup)
{
    const struct zone *zone = lookup->zone;
    uint8_t *key = *plan->key;
    memcpy(key, lookup->key + zone->apex_symbols, lookup->shared);
    memcpy(key + lookup->shared, name_asterisk, NAME_ASTERISK_SYMBOLS);
    struct search *search = add_search(plan, zone, zone->version.root, key,
                                       (size_t)lookup->shared + NAME_ASTERISK_SYMBOLS);
    if (lookup->below == 0)
        set_fork(search, lookup->nearest, lookup->shared, true);
    else if (!trie_has(trie_cell_at(&zone->arena, lookup->below), name_asterisk[0]))
        set_fork(search, lookup->below, lookup->shared, true);
}

static bool has_nsec(const struct node *node)
{
    const struct block *nsec = node_block(node, RRTYPE_NSEC);
    return nsec != NULL && nsec->count > 0;
}

static void plan_nsec(struct plan *plan, struct denial *denial)
{
    const struct lookup *lookup = denial->lookup;
    const bool nodata =
        lookup->outcome == OUTCOME_NODATA || lookup->outcome == OUTCOME_REFERRAL;
    /* The name's own NSEC tells its types, or that of the wildcard that stands for it does. */
    if (nodata && has_nsec(lookup->node))
        add_node(denial, lookup->node);
    else if (nodata && lookup->wildcard) /* an empty non-terminal that is a wildcard */
        search_wildcard(plan, lookup);
    else if (nodata && lookup->outcome == OUTCOME_NODATA)
        search_name(plan, lookup);
    /* No closer name exists. */
    if (lookup->wildcard || lookup->outcome == OUTCOME_NXDOMAIN)
        search_name(plan, lookup);
    if (lookup->outcome == OUTCOME_NXDOMAIN && is_below_apex(lookup))
        denial->apex_ready = true;
    else if (lookup->outcome == OUTCOME_NXDOMAIN)
        search_wildcard(plan, lookup);
}

/* NSEC3 */

static struct nsec3_params params_of(const struct zone *zone)
{
    const uint8_t *rdata = arena_at(&zone->arena, zone->nsec3_params);
    struct nsec3_params params;
    const bool read = nsec3_params_read(&params, rdata, 5u + rdata[4]);
    assert(read);
    (void)read;
    return params;
}

/* For the NSEC3 at or before the hash of a name: `octets` octets of it stand at `wire`, the root label
 * included. */
__attribute__((always_inline)) static inline void
search_hash(struct plan *plan, const struct zone *zone, const uint8_t *wire, size_t octets)
{
    if (plan->hashing != zone) {
        plan->hashing = zone;
        plan->params = params_of(zone);
    }
    uint8_t *key = *plan->key;
    uint8_t *label = key + HASH_LABEL_AT;
    const size_t symbols = nsec3_hashed_key(&plan->params, wire, octets, key, label);
    add_search(plan, zone, zone->version.nsec3_root, key, symbols)->label = label;
}

/* The suffix of QNAME that has one label more than the closest encloser: the next closer name. */
static const uint8_t *next_closer(const struct lookup *lookup, size_t *octets)
{
    const struct name *qname = lookup->qname;
    *octets = (size_t)lookup->closer + lookup->zone->apex.octets;
    return qname->wire + qname->octets - *octets;
}

/* For that of a node's name, or of the wildcard below it. */
__attribute__((noinline)) static void search_owner(struct plan *plan, const struct zone *zone,
                                                   const struct node *node, bool wildcard)
{
    uint8_t wire[2 + NAME_OCTETS_MAX] = {1, '*'};
    struct name name;
    zone_owner(zone, node, &name);
    memcpy(wire + 2, name.wire, name.octets);
    const size_t skip = wildcard ? 0 : 2;
    search_hash(plan, zone, wire + skip, 2u + name.octets - skip);
}

/* Whether the NSEC3s of the closest encloser and its wildcard needn't be searched for. */
static bool knows_encloser(const struct lookup *lookup)
{
    return is_below_apex(lookup) && lookup->zone->nsec3_apex != 0;
}

static void plan_nsec3(struct plan *plan, struct denial *denial)
{
    const struct lookup *lookup = denial->lookup;
    if (lookup->encloser == NULL) { /* the name exists, or its cut does */
        search_owner(plan, lookup->zone, lookup->node, false);
        return;
    }
    size_t octets;
    const uint8_t *closer = next_closer(lookup, &octets);
    search_hash(plan, lookup->zone, closer, octets);
    if (lookup->outcome == OUTCOME_ANSWER || lookup->outcome == OUTCOME_CNAME)
        return; /* RFC 5155 section 7.2.6: the next closer name alone */
    denial->apex_ready = knows_encloser(lookup);
    if (denial->apex_ready)
        return;
    search_owner(plan, lookup->zone, lookup->encloser, false);
    search_owner(plan, lookup->zone, lookup->encloser, true);
}

/* One search by itself, for the rare names that need another after the batch. */
static const struct node *find_hash(const struct zone *zone, const uint8_t *wire, size_t octets,
                                    bool *exact)
{
    const struct nsec3_params params = params_of(zone);
    uint8_t hash[NSEC3_HASH_OCTETS], key[NSEC3_LABEL + 1], label[NSEC3_LABEL];
    nsec3_hash(&params, wire, octets, hash);
    struct search search = {
        .zone = zone, .root = zone->version.nsec3_root, .key = key, .label = label};
    search.symbols = (uint16_t)nsec3_key(hash, key, label);
    zone_search(&search, 1);
    *exact = search.exact;
    return search.node;
}

/* The NSEC3 of an ancestor, or what covers it; the apex's own is known. */
static const struct node *find_ancestor(const struct zone *zone, const uint8_t *wire,
                                        size_t octets, bool *exact)
{
    if (octets == zone->apex.octets && zone->nsec3_apex != 0) {
        *exact = true;
        return zone_node(zone, zone->nsec3_apex);
    }
    return find_hash(zone, wire, octets, exact);
}

/* The closest provable encloser of a name that has no NSEC3 of its own, as opt-out allows: the nearest
 * ancestor that has one, and what covers the name below that on the way (RFC 5155 section 7.2.1). `covering`
 * covers the name itself. Returns the octets of the encloser, at the end of the name. */
static size_t add_provable(struct denial *denial, const struct name *name,
                           const struct node *covering)
{
    const struct zone *zone = denial->lookup->zone;
    const uint8_t *wire = name->wire;
    size_t octets = name->octets;
    while (octets > zone->apex.octets) {
        octets -= 1u + wire[0];
        wire += 1 + wire[0];
        bool exact;
        const struct node *found = find_ancestor(zone, wire, octets, &exact);
        if (exact) {
            add_node(denial, found);
            break;
        }
        covering = found;
    }
    add_node(denial, covering);
    return octets;
}

__attribute__((noinline)) static void conclude_nsec3(struct denial *denial)
{
    const struct search *found = denial->found;
    const size_t count = denial->searches;
    const struct lookup *lookup = denial->lookup;
    struct name name;
    if (lookup->encloser == NULL) {
        if (found[0].exact) {
            add_node(denial, found[0].node);
            return;
        }
        zone_owner(lookup->zone, lookup->node, &name);
        add_provable(denial, &name, found[0].node);
    } else if (count == 1 || found[1].exact) {
        /* Of the next closer name, and in NXDOMAIN of the wildcard, no hash may be there. */
        denial->collision =
            found[0].exact || (lookup->outcome == OUTCOME_NXDOMAIN && found[2].exact);
        for (size_t i = 0; i < count; i++)
            add_node(denial, found[i].node);
    } else {
        /* The closest encloser is an empty non-terminal over unsigned delegations only: it has no NSEC3
         * either, and the wildcard in question is the provable encloser's. */
        zone_owner(lookup->zone, lookup->encloser, &name);
        const size_t octets = add_provable(denial, &name, found[1].node);
        uint8_t asterisk[2 + NAME_OCTETS_MAX];
        memcpy(asterisk, "\1*", 2);
        memcpy(asterisk + 2, name.wire + name.octets - octets, octets);
        bool exact;
        add_node(denial, find_hash(lookup->zone, asterisk, 2 + octets, &exact));
    }
}

static void conclude_nsec(struct denial *denial)
{
    for (size_t i = 0; i < denial->searches; i++)
        add_node(denial, denial->found[i].node);
}

void zone_deny(struct denial *denials, size_t count, struct denial_scratch *scratch)
{
    assert(count <= DENIAL_BATCH_MAX);
    struct plan plan = {.search = scratch->search, .key = scratch->key};
    for (size_t i = 0; i < count; i++) {
        struct denial *denial = &denials[i];
        denial->count = 0;
        denial->collision = false;
        denial->apex_ready = false;
        denial->found = plan.search;
        if (denial->lookup->zone->nsec3_params == 0)
            plan_nsec(&plan, denial);
        else
            plan_nsec3(&plan, denial);
        denial->searches = (uint8_t)(plan.search - denial->found);
        assert(denial->searches <= DENIAL_SEARCHES_MAX);
    }
    zone_search(scratch->search, (size_t)(plan.search - scratch->search));
    for (size_t i = 0; i < count; i++) {
        struct denial *denial = &denials[i];
        if (denial->apex_ready)
            add_closer(denial);
        else if (denial->lookup->zone->nsec3_params == 0)
            conclude_nsec(denial);
        else
            conclude_nsec3(denial);
    }
}
