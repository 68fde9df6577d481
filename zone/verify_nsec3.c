/* verify_nsec3.c -- whether a zone's chain of NSEC3 proves what it should
 * The names are hashed and sorted, and then held against the chain. */
#include "zone/verify_chain.h"

#include "zone/canonical.h"
#include "zone/nsec3.h"
#include "zone/rrtype.h"
#include "zone/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RR_FIXED = 12,   /* in a block: owner pointer, type, class, TTL, RDLENGTH */
    NSEC3_FIXED = 5, /* before the salt */
    OPT_OUT = 1,     /* RFC 5155 section 3.1.2.1 */
};

/* A name that is to have an NSEC3, or may have one. */
struct expected {
    uint8_t hash[NSEC3_HASH_OCTETS];
    uint32_t node;
    bool may_lack; /* with opt-out */
};

/* An NSEC3 of the chain. */
struct link {
    uint8_t hash[NSEC3_HASH_OCTETS];
    uint8_t next[NSEC3_HASH_OCTETS];
    uint8_t flags;
    uint32_t node;
    const uint8_t *bitmap;
    size_t bitmap_octets;
};

struct nsec3_check {
    struct chain chain;
    struct nsec3_params params;
    struct expected *expected;
    size_t expecteds;
    struct link *link;
    size_t links;
};

/* Five bits a digit (RFC 4648 section 7). False for what is no hash's label. */
static bool hash_of_label(const uint8_t *label, uint8_t hash[NSEC3_HASH_OCTETS])
{
    if (label[0] != NSEC3_LABEL)
        return false;
    for (unsigned i = 0; i < NSEC3_HASH_OCTETS / 5; i++) {
        uint64_t bits = 0;
        for (unsigned j = 0; j < 8; j++) {
            const uint8_t c = label[1 + 8 * i + j];
            const bool digit = c >= '0' && c <= '9';
            if (!digit && (c < 'a' || c > 'v'))
                return false;
            bits = bits << 5 | (uint64_t)(digit ? c - '0' : c - 'a' + 10);
        }
        for (unsigned j = 0; j < 5; j++)
            hash[5 * i + j] = (uint8_t)(bits >> (32 - 8 * j));
    }
    return true;
}

/* The NSEC3 of the chain at a node, or NULL: one RR of it must have the chain's parameters. */
static const uint8_t *own_rdata(const struct nsec3_check *check, const struct node *node,
                                size_t *octets)
{
    const struct block *block = node_block(node, RRTYPE_NSEC3);
    const uint8_t *found = NULL, *at = block == NULL ? NULL : block_wire(block);
    char owner[NAME_TEXT_MAX];
    for (unsigned i = 0; block != NULL && i < block->count; i++) {
        const uint8_t *rdata = at + RR_FIXED;
        const size_t count = wire_get16(rdata - 2);
        struct nsec3_params params;
        at = rdata + count;
        if (!nsec3_params_read(&params, rdata, count)
            || !nsec3_params_equal(&params, &check->params))
            continue;
        if (found != NULL)
            chain_say(&check->chain, "%s has more than one NSEC3 of the chain",
                      chain_owner(&check->chain, node, owner));
        found = rdata;
        *octets = count;
    }
    return found;
}

static void read_link(struct nsec3_check *check, uint32_t reference)
{
    const struct chain *chain = &check->chain;
    const struct node *node = zone_node(chain->zone, reference);
    struct link *link = &check->link[check->links];
    size_t octets = 0;
    char owner[NAME_TEXT_MAX];
    const uint8_t *rdata = own_rdata(check, node, &octets);
    if (rdata == NULL)
        return; /* of another chain, to which or from which the zone is on its way */
    chain_owner(chain, node, owner);
    const size_t salt = rdata[4], hash_at = NSEC3_FIXED + salt;
    if (node->owner_octets != 1 + NSEC3_LABEL || !hash_of_label(node_owner(node), link->hash)) {
        chain_say(chain, "%s has an NSEC3, but is no hash of the zone", owner);
        return;
    }
    if (rdata[hash_at] != NSEC3_HASH_OCTETS) {
        chain_say(chain, "the NSEC3 of %s leads to a hash of %u octets, not %d", owner,
                  rdata[hash_at], NSEC3_HASH_OCTETS);
        return;
    }
    if ((rdata[1] & ~OPT_OUT) != 0)
        chain_say(chain, "the NSEC3 of %s has unknown flags: %u", owner, rdata[1]);
    memcpy(link->next, rdata + hash_at + 1, NSEC3_HASH_OCTETS);
    link->flags = rdata[1];
    link->node = reference;
    link->bitmap = rdata + hash_at + 1 + NSEC3_HASH_OCTETS;
    link->bitmap_octets = octets - (hash_at + 1 + NSEC3_HASH_OCTETS);
    check->links++;
}

static int read_links(struct nsec3_check *check)
{
    const struct zone *zone = check->chain.zone;
    uint32_t *node = NULL;
    size_t nodes = 0;
    int err = canonical_nodes(zone, zone->version.nsec3_root, &node, &nodes);
    if (err != 0)
        return err;
    check->link = malloc((nodes + 1) * sizeof *check->link);
    for (size_t i = 0; check->link != NULL && i < nodes && !notes_full(check->chain.notes); i++)
        read_link(check, node[i]);
    free(node);
    return check->link == NULL ? -ENOMEM : 0;
}

/* A delegation without DS. */
static bool is_insecure_cut(const struct node *node)
{
    const struct block *ds = node_block(node, RRTYPE_DS);
    return (node->flags & NODE_CUT) != 0 && (ds == NULL || ds->count == 0);
}

/* Whether `below` stands below `above`: relative owners, the apex having none. */
static bool is_below(const struct node *below, const struct node *above)
{
    const uint8_t *wire = node_owner(below);
    size_t octets = below->owner_octets;
    while (octets > above->owner_octets) {
        octets -= 1u + wire[0];
        wire += 1 + wire[0];
        if (octets == above->owner_octets)
            return memcmp(wire, node_owner(above), octets) == 0;
    }
    return false;
}

/* Names in canonical order: those below the one at `i` follow it. An empty non-terminal, or a name
 * that has nothing but stray signatures, may lack its NSEC3 where all that is below it may. */
static bool leads_to_insecure_only(const struct zone *zone, const uint32_t *node, size_t nodes,
                                   size_t i)
{
    const struct node *above = zone_node(zone, node[i]);
    for (size_t j = i + 1; j < nodes; j++) {
        const struct node *below = zone_node(zone, node[j]);
        if (!is_below(below, above))
            return true;
        if (!chain_occluded(below) && chain_owns_data(below) && !is_insecure_cut(below))
            return false;
    }
    return true;
}

static int compare_expected(const void *a, const void *b)
{
    return memcmp(((const struct expected *)a)->hash, ((const struct expected *)b)->hash,
                  NSEC3_HASH_OCTETS);
}

static int hash_names(struct nsec3_check *check)
{
    const struct zone *zone = check->chain.zone;
    uint32_t *node = NULL;
    size_t nodes = 0;
    const int err = canonical_nodes(zone, zone->version.root, &node, &nodes);
    if (err != 0)
        return err;
    check->expected = malloc((nodes + 1) * sizeof *check->expected);
    for (size_t i = 0; check->expected != NULL && i < nodes; i++) {
        const struct node *at = zone_node(zone, node[i]);
        if (chain_occluded(at))
            continue;
        struct expected *expected = &check->expected[check->expecteds++];
        struct name owner;
        zone_owner(zone, at, &owner);
        nsec3_hash(&check->params, owner.wire, owner.octets, expected->hash);
        expected->node = node[i];
        expected->may_lack =
            is_insecure_cut(at)
            || (!chain_owns_data(at) && leads_to_insecure_only(zone, node, nodes, i));
    }
    free(node);
    if (check->expected == NULL)
        return -ENOMEM;
    qsort(check->expected, check->expecteds, sizeof *check->expected, compare_expected);
    return 0;
}

/* The link's NSEC3 leads to the next one, and the last to the first. */
static void check_links(const struct nsec3_check *check)
{
    char owner[NAME_TEXT_MAX], next[NAME_TEXT_MAX];
    for (size_t i = 0; i < check->links && !notes_full(check->chain.notes); i++) {
        const struct link *link = &check->link[i];
        const struct link *other = &check->link[i + 1 < check->links ? i + 1 : 0];
        if (memcmp(link->next, other->hash, NSEC3_HASH_OCTETS) != 0)
            chain_say(
                &check->chain, "the NSEC3 of %s doesn't lead to %s",
                chain_owner(&check->chain, zone_node(check->chain.zone, link->node), owner),
                chain_owner(&check->chain, zone_node(check->chain.zone, other->node), next));
    }
}

static void check_match(const struct nsec3_check *check, const struct expected *expected,
                        const struct link *link)
{
    const struct node *node = zone_node(check->chain.zone, expected->node);
    char owner[NAME_TEXT_MAX], what[NAME_TEXT_MAX + 16];
    struct types is, listed;
    types_of(node, &is);
    types_read(link->bitmap, link->bitmap_octets, &listed);
    snprintf(what, sizeof what, "NSEC3 for %s", chain_owner(&check->chain, node, owner));
    chain_types(&check->chain, what, &is, &listed);
}

/* `covering` is the link before; NULL where there are none at all. */
static void check_lack(const struct nsec3_check *check, const struct expected *expected,
                       const struct link *covering)
{
    char owner[NAME_TEXT_MAX];
    chain_owner(&check->chain, zone_node(check->chain.zone, expected->node), owner);
    if (!expected->may_lack)
        chain_say(&check->chain, "%s has no NSEC3", owner);
    else if (covering == NULL || (covering->flags & OPT_OUT) == 0)
        chain_say(&check->chain, "%s has no NSEC3, and the one before has no opt-out flag",
                  owner);
}

/* Both are in the order of their hashes. */
static void check_names(const struct nsec3_check *check)
{
    size_t at = 0;
    char owner[NAME_TEXT_MAX];
    const struct chain *chain = &check->chain;
    for (size_t i = 0; i <= check->expecteds && !notes_full(chain->notes); i++) {
        const struct expected *expected = i < check->expecteds ? &check->expected[i] : NULL;
        int order = -1;
        while (at < check->links
               && (expected == NULL
                   || (order = memcmp(check->link[at].hash, expected->hash, NSEC3_HASH_OCTETS))
                          < 0)) {
            chain_say(chain, "%s is the hash of no name that is there",
                      chain_owner(chain, zone_node(chain->zone, check->link[at].node), owner));
            at++;
        }
        if (expected == NULL)
            return;
        if (at < check->links && order == 0)
            check_match(check, expected, &check->link[at++]);
        else
            check_lack(check, expected,
                       check->links == 0 ? NULL
                                         : &check->link[at > 0 ? at - 1 : check->links - 1]);
    }
}

int verify_nsec3(const struct zone *zone, const char *file, struct notes *notes)
{
    struct nsec3_check check = {.chain = {.zone = zone, .file = file, .notes = notes}};
    const uint8_t *rdata = arena_at(&zone->arena, zone->nsec3_params);
    nsec3_params_read(&check.params, rdata, (size_t)NSEC3_FIXED + rdata[4]);
    int err = read_links(&check);
    if (err == 0)
        err = hash_names(&check);
    if (err == 0 && !notes_full(notes)) {
        check_links(&check);
        check_names(&check);
    }
    free(check.link);
    free(check.expected);
    return err;
}
