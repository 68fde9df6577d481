/* verify_nsec.c -- whether a zone's chain of NSEC proves what it should */
#include "zone/verify_chain.h"

#include "zone/rrtype.h"
#include "zone/wire.h"

#include <stdio.h>

enum { RR_FIXED = 12 }; /* in a block: owner pointer, type, class, TTL, RDLENGTH */

struct nsec_check {
    struct chain chain;
    const struct node *last; /* the name whose NSEC is to lead to the next one; NULL at first */
};

static void check_next(const struct chain *chain, const struct node *node,
                       const struct node *next)
{
    const struct block *block = node_block(node, RRTYPE_NSEC);
    char owner[NAME_TEXT_MAX], is[NAME_TEXT_MAX], should[NAME_TEXT_MAX];
    if (block == NULL || block->count != 1)
        return; /* said already */
    struct name expected;
    zone_owner(chain->zone, next, &expected);
    const uint8_t *rdata = block_wire(block) + RR_FIXED;
    if (name_equal(rdata, expected.wire))
        return;
    name_to_text(rdata, is);
    name_to_text(expected.wire, should);
    chain_say(chain, "the NSEC of %s leads to %s, not to %s", chain_owner(chain, node, owner),
              is, should);
}

static void check_nsec(const struct chain *chain, const struct node *node)
{
    char owner[NAME_TEXT_MAX], what[NAME_TEXT_MAX + 16];
    const struct block *block = node_block(node, RRTYPE_NSEC);
    chain_owner(chain, node, owner);
    if (block == NULL || block->count == 0) {
        chain_say(chain, "%s has no NSEC", owner);
        return;
    }
    if (block->count > 1) {
        chain_say(chain, "%s has more than one NSEC", owner);
        return;
    }
    const uint8_t *rdata = block_wire(block) + RR_FIXED;
    const size_t octets = wire_get16(rdata - 2), name = name_check(rdata, octets);
    struct types is, listed;
    types_of(node, &is);
    types_read(rdata + name, octets - name, &listed);
    snprintf(what, sizeof what, "NSEC of %s", owner);
    chain_types(chain, what, &is, &listed);
}

enum { STOP = 1 };

static int check_nsec_node(void *context, uint32_t value)
{
    struct nsec_check *check = context;
    const struct chain *chain = &check->chain;
    const struct node *node = zone_node(chain->zone, value);
    char owner[NAME_TEXT_MAX];
    if (notes_full(chain->notes))
        return STOP;
    if (chain_occluded(node) || !chain_owns_data(node)) {
        const struct block *nsec = node_block(node, RRTYPE_NSEC);
        if (nsec != NULL && nsec->count > 0)
            chain_say(chain, "%s has an NSEC, but nothing that it could prove",
                      chain_owner(chain, node, owner));
        return 0;
    }
    check_nsec(chain, node);
    if (check->last != NULL)
        check_next(chain, check->last, node);
    check->last = node;
    return 0;
}

void verify_nsec(const struct zone *zone, const char *file, struct notes *notes)
{
    struct nsec_check check = {.chain = {.zone = zone, .file = file, .notes = notes}};
    const struct trie trie = {.arena = (struct arena *)&zone->arena,
                              .key_of = zone_key_of,
                              .context = zone,
                              .root = zone->version.root};
    if (trie_walk(&trie, check_nsec_node, &check) == 0 && check.last != NULL)
        check_next(&check.chain, check.last, zone_node(zone, zone->apex_node));
}
