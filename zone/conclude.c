/* conclude.c -- what follows for a zone as a whole from its finished tries */
#include "zone/assembly.h"
#include "zone/nsec3.h"
#include "zone/ready.h"
#include "zone/rrtype.h"
#include "zone/wire.h"

#include <errno.h>
#include <string.h>

static size_t nsec3_key_of(const struct nsec3_params *params, const uint8_t *wire,
                           size_t octets, uint8_t key[NAME_KEY_MAX])
{
    uint8_t hash[NSEC3_HASH_OCTETS];
    nsec3_hash(params, wire, octets, hash);
    uint8_t label[NSEC3_LABEL];
    return nsec3_key(hash, key, label);
}

/* The NSEC3 of the apex's wildcard or what covers it. 0 where there's one though there is no such
 * wildcard, a collision of hashes that only a search can tell. */
static uint32_t find_nsec3_wildcard(const struct zone *zone, const struct trie *trie,
                                    const struct nsec3_params *params)
{
    const struct name *apex = &zone->apex;
    if (apex->octets + 2u > NAME_OCTETS_MAX)
        return 0;
    uint8_t wildcard[NAME_OCTETS_MAX] = {1, '*'}, key[NAME_KEY_MAX];
    memcpy(wildcard + 2, apex->wire, apex->octets);
    const size_t symbols = nsec3_key_of(params, wildcard, 2u + apex->octets, key);
    const bool exists = (zone_node(zone, zone->apex_node)->flags & NODE_WILDCARD_CHILD) != 0;
    const bool hashed = trie_get(trie, key, symbols) != 0;
    return hashed == exists ? trie_predecessor(trie, key, symbols) : 0;
}

static uint32_t reference_of(const struct zone *zone, const struct block *block)
{
    const uint8_t *base = arena_at(&zone->arena, 0);
    return (uint32_t)((size_t)((const uint8_t *)block - base) / ARENA_UNIT);
}

static void keep_apex_wildcard(struct zone *zone, uint32_t node, uint16_t type)
{
    const struct block *block = node == 0 ? NULL : node_block(zone_node(zone, node), type);
    zone->apex_wildcard = node;
    zone->apex_wildcard_block = block == NULL ? 0 : reference_of(zone, block);
}

/* The apex is the closest encloser of most names that don't exist, so what proves that is kept at
 * hand: its NSEC3, and the NSEC or NSEC3 that denies its wildcard. */
static void find_apex_proofs(struct zone *zone)
{
    struct trie trie = {.arena = &zone->arena,
                        .key_of = zone_key_of,
                        .context = zone,
                        .root = zone->version.nsec3_root};
    if (zone->version.nsec3_root == 0)
        zone->nsec3_params = 0; /* parameters of a chain that isn't there */
    if (zone->nsec3_params == 0) {
        trie.root = zone->version.root;
        if (zone->nsec)
            keep_apex_wildcard(
                zone, trie_predecessor(&trie, name_asterisk, NAME_ASTERISK_SYMBOLS),
                RRTYPE_NSEC);
        return;
    }
    const uint8_t *rdata = arena_at(&zone->arena, zone->nsec3_params);
    struct nsec3_params params;
    if (!nsec3_params_read(&params, rdata, 5u + rdata[4]))
        return;
    uint8_t key[NAME_KEY_MAX];
    const size_t symbols = nsec3_key_of(&params, zone->apex.wire, zone->apex.octets, key);
    zone->nsec3_apex = trie_get(&trie, key, symbols);
    keep_apex_wildcard(zone, find_nsec3_wildcard(zone, &trie, &params), RRTYPE_NSEC3);
}

/* What the SOA and the apex say of the zone as a whole. The SOA is there: check_owner() saw to
 * it. */
static void read_apex(struct zone *zone)
{
    const struct node *apex = zone_node(zone, zone->apex_node);
    const struct block *soa = node_block(apex, RRTYPE_SOA);
    const uint8_t *fixed = block_wire(soa) + soa->wire_octets - 20;
    const uint32_t ttl = wire_get32(block_wire(soa) + 6), minimum = wire_get32(fixed + 16);
    zone->soa = reference_of(zone, soa);
    zone->version.serial = wire_get32(fixed);
    zone->refresh = wire_get32(fixed + 4);
    zone->retry = wire_get32(fixed + 8);
    zone->expire = wire_get32(fixed + 12);
    zone->negative_ttl = ttl < minimum ? ttl : minimum;
    const struct block *keys = node_block(apex, RRTYPE_DNSKEY);
    const struct block *nsec = node_block(apex, RRTYPE_NSEC);
    zone->signed_ = soa->sig_count > 0 && keys != NULL && keys->count > 0;
    zone->nsec = nsec != NULL && nsec->count > 0;
    find_apex_proofs(zone);
}

int zone_conclude(struct zone *zone, uint32_t previous)
{
    read_apex(zone);
    zone->version.previous = previous;
    const int err = ready_make(zone);
    if (err != 0)
        return err;
    const uint32_t at = arena_append(&zone->arena, sizeof zone->version);
    if (at == 0)
        return -ENOMEM;
    memcpy(arena_edit(&zone->arena, at), &zone->version, sizeof zone->version);
    zone->version_at = at;
    return 0;
}
