/* zone.h -- a version of a zone, and how one is built
 * A zone is immutable once built; any number of threads may read it. */
#ifndef PHAROS_ZONE_ZONE_H
#define PHAROS_ZONE_ZONE_H

#include "zone/arena.h"
#include "zone/name.h"
#include "zone/node.h"
#include "zone/notes.h"
#include "zone/signatures.h"
#include "zone/trie.h"

#include <stdint.h>

/* The record of a version in the zone's arena, each naming the one before. */
struct version {
    uint32_t root;       /* trie of owner names relative to the apex; leaves are nodes */
    uint32_t nsec3_root; /* trie of NSEC3 owners, relative too; 0 where there are none */
    uint32_t serial;
    uint32_t previous; /* reference of the previous struct version; 0: none kept */
};

/* Beside the arena's there are no pointers in it: images keep it octet by octet (zone/image.h). */
struct zone {
    struct arena arena;
    struct version version; /* root 0: not loaded yet; answered with SERVFAIL */
    struct name apex;       /* lower case */
    uint16_t apex_symbols;  /* of its key: where relative keys start */
    uint32_t apex_node;
    uint32_t soa;                    /* the block of the SOA */
    uint32_t negative_ttl;           /* min(SOA TTL, SOA MINIMUM), RFC 2308 section 3 */
    uint32_t refresh, retry, expire; /* seconds, from the SOA */
    uint64_t rrs, rrsets, names;     /* names that own RRs */
    bool signed_;                    /* the apex has a DNSKEY and an RRSIG */
    bool nsec;                       /* the apex has an NSEC */
    uint32_t nsec3_params;           /* RDATA of the NSEC3PARAM whose chain is used; 0: none */
    uint32_t nsec3_apex;             /* the NSEC3 of the apex; 0: none */
    uint32_t
        apex_wildcard; /* the node whose NSEC or NSEC3 is, or covers, the wildcard below the
                             * apex; 0: none */
    uint32_t apex_wildcard_block; /* that NSEC or NSEC3; 0: none */
    uint32_t ready;               /* what negative answers have in common (zone/ready.h) */
    struct signatures signatures;
    uint32_t version_at; /* the record of `version` */
    uint32_t
        changed; /* names in which it differs from the version before it in the same arena; 0:
                       * the arena was made for this version */
    unsigned holds; /* of zone_hold(); the main loop's */
};

/* A zone without data, for a name that should be served but couldn't be loaded. NULL: -ENOMEM.
 */
struct zone *zone_new_empty(const struct name *apex);

/* Has the zone outlive its next zone_free(), for somebody who reads it meanwhile and then frees it too. Like
 * zone_free() of a zone that was published, for one thread only. */
void zone_hold(const struct zone *zone);

void zone_free(struct zone *zone);

/* Whether two versions of a zone say the same, however their arenas came about. */
bool zone_same(const struct zone *a, const struct zone *b);

static inline bool zone_loaded(const struct zone *zone)
{
    return zone->version.root != 0;
}

/* The memory that a zone takes, in octets: itself and its arena. */
static inline size_t zone_octets(const struct zone *zone)
{
    return sizeof *zone + zone->arena.used;
}

static inline const struct node *zone_node(const struct zone *zone, uint32_t reference)
{
    return arena_at(&zone->arena, reference);
}

static inline const struct block *zone_block(const struct zone *zone, uint32_t reference)
{
    return arena_at(&zone->arena, reference);
}

/* A trie_key_of for both tries of a zone: `context` is the zone, values are nodes. */
size_t zone_key_of(const void *context, uint32_t value, uint8_t key[NAME_KEY_MAX]);

/* The full owner of a node of `zone`, absolute, lower case. */
void zone_owner(const struct zone *zone, const struct node *node, struct name *owner);

/* Where a record was read; `file` indexes builder_file(). */
struct place {
    uint32_t file;
    uint32_t line;
    uint32_t column;
};

/* Gathers records in any order and makes a zone of them. One thread at a time.
 *
 *     builder_new -> builder_file, builder_add ... -> builder_finish -> builder_free */
struct builder;

/* Returns NULL out of memory. `apex` is copied. */
struct builder *builder_new(const struct name *apex);
void builder_free(struct builder *builder);

/* Before anything is added: makes the zone from the version `before`, which is borrowed and may be read
 * meanwhile, by its difference, in the same arena. What was added must be the zone as a whole still. Returns 0,
 * -ENOMEM, or -ENOTSUP where that version can't be gone on from. From then on builder_add() and builder_finish()
 * may return -E2BIG: it's for a builder without this; and builder_finish() -EALREADY: `before` has it all. */
int builder_update(struct builder *builder, const struct zone *before);

/* Lets versions be made of the zone even where it's so small that it isn't worth while. */
void builder_keep_open(struct builder *builder);

/* Registers a file's name for notes; returns its index, or -ENOMEM. */
int builder_file(struct builder *builder, const char *path);

/* Adds a record of class IN. `owner` is absolute, of any case; `rdata` is uncompressed wire
 * that has the form its type asks for (the reader saw to that). An owner outside the zone is
 * the caller's to refuse. Returns 0 or -ENOMEM. */
int builder_add(struct builder *builder, const struct name *owner, uint16_t type, uint32_t ttl,
                const uint8_t *rdata, uint16_t rdata_octets, struct place place);

/* Has `stop` called every few thousand owners while builder_finish() works; where it returns true, that is
 * abandoned and gives -ECANCELED. */
void builder_watch(struct builder *builder, bool (*stop)(void *context), void *context);

/* Octets of memory that it holds: of what was added and isn't built yet, and of the zone that is being built. */
size_t builder_octets(const struct builder *builder);

/* Sorts, checks and compiles what was added. Warnings and errors go to `notes`. On success
 * `*out` is the caller's, to be freed with zone_free(). Returns 0, -ENOMEM, or -EBADMSG where
 * the records are no zone; then `*out` is untouched. */
int builder_finish(struct builder *builder, struct zone **out, struct notes *notes);

#endif
