/* builder.c -- makes a zone of records
 * Gathers them, has the sorted ones assembled into nodes, and puts the tries over those. */
#include "zone/assembly.h"
#include "zone/nsec3.h"
#include "zone/rrtype.h"
#include "zone/wire.h"
#include "zone/zone.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct builder {
    struct records records;
    char **file;
    size_t files;
    bool (*stop)(void *context); /* NULL: nobody watches */
    void *context;
};

struct builder *builder_new(const struct name *apex)
{
    struct builder *builder = calloc(1, sizeof *builder);
    if (builder != NULL && records_init(&builder->records, apex) != 0) {
        free(builder);
        return NULL;
    }
    return builder;
}

void builder_free(struct builder *builder)
{
    if (builder == NULL)
        return;
    records_fini(&builder->records);
    for (size_t i = 0; i < builder->files; i++)
        free(builder->file[i]);
    free(builder->file);
    free(builder);
}

int builder_file(struct builder *builder, const char *path)
{
    char **file = realloc(builder->file, (builder->files + 1) * sizeof *file);
    if (file == NULL)
        return -ENOMEM;
    builder->file = file;
    file[builder->files] = strdup(path);
    return file[builder->files] == NULL ? -ENOMEM : (int)builder->files++;
}

int builder_add(struct builder *builder, const struct name *owner, uint16_t type, uint32_t ttl,
                const uint8_t *rdata, uint16_t rdata_octets, struct place place)
{
    const struct record header = {
        .ttl = ttl,
        .type = type,
        .rdata_octets = rdata_octets,
        .line = place.line,
        .column = place.column < UINT16_MAX ? (uint16_t)place.column : UINT16_MAX,
        .file = (uint16_t)place.file,
    };
    return records_add(&builder->records, owner, &header, rdata);
}
static int build_trie(struct zone *zone, const struct leaves *leaves, uint32_t *root)
{
    struct trie_builder *trie = trie_builder_new(&zone->arena);
    if (trie == NULL)
        return -ENOMEM;
    int err = 0;
    for (size_t i = 0; err == 0 && i < leaves->count; i++) {
        const uint32_t node = (uint32_t)(leaves->leaf[i] >> 1);
        uint8_t key[NAME_KEY_MAX];
        const size_t len = zone_key_of(zone, node, key);
        err = trie_builder_add(trie, key, len, node, (leaves->leaf[i] & 1) != 0);
    }
    if (err == 0)
        err = trie_builder_finish(trie, root);
    trie_builder_free(trie);
    return err;
}

static size_t nsec3_key_of(const struct nsec3_params *params, const uint8_t *wire,
                           size_t octets, uint8_t key[NAME_KEY_MAX])
{
    uint8_t hash[NSEC3_HASH_OCTETS];
    nsec3_hash(params, wire, octets, hash);
    return nsec3_key(hash, key);
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
    const bool exists =
        (zone_node(zone, zone->apex_node)->flags & NODE_WILDCARD_CHILD) != 0;
    const bool hashed = trie_get(trie, key, symbols) != 0;
    return hashed == exists ? trie_predecessor(trie, key, symbols) : 0;
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
            zone->apex_wildcard = trie_predecessor(&trie, name_asterisk, NAME_ASTERISK_SYMBOLS);
        return;
    }
    const uint8_t *rdata = arena_at(&zone->arena, zone->nsec3_params);
    struct nsec3_params params;
    if (!nsec3_params_read(&params, rdata, 5u + rdata[4]))
        return;
    uint8_t key[NAME_KEY_MAX];
    const size_t symbols = nsec3_key_of(&params, zone->apex.wire, zone->apex.octets, key);
    zone->nsec3_apex = trie_get(&trie, key, symbols);
    zone->apex_wildcard = find_nsec3_wildcard(zone, &trie, &params);
}

/* What the SOA and the apex say of the zone as a whole. The SOA is there: check_owner() saw to
 * it. */
static void read_apex(struct zone *zone)
{
    const struct node *apex = zone_node(zone, zone->apex_node);
    const struct block *soa = node_block(apex, RRTYPE_SOA);
    const uint8_t *fixed = block_wire(soa) + soa->wire_octets - 20;
    const uint32_t ttl = wire_get32(block_wire(soa) + 6), minimum = wire_get32(fixed + 16);
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

static int append_version(struct zone *zone)
{
    const uint32_t at = arena_append(&zone->arena, sizeof zone->version);
    if (at == 0)
        return -ENOMEM;
    memcpy(arena_edit(&zone->arena, at), &zone->version, sizeof zone->version);
    return 0;
}

void builder_watch(struct builder *builder, bool (*stop)(void *context), void *context)
{
    builder->stop = stop;
    builder->context = context;
}

/* Assembles the nodes of all owners, or as many as it takes to have told enough mistakes. */
static int assemble(const struct builder *builder, struct assembly *assembly)
{
    enum { WATCH_EVERY = 4096, AHEAD = 16 };
    const struct records *records = assembly->records;
    if (records->runs == 0
        || *(const uint8_t *)arena_at(&records->scratch, records->run[0].owner) != 0)
        assembly_miss_apex(assembly); /* the rest is looked at all the same */
    int err = 0;
    size_t owners = 0, fetched = 0;
    for (size_t first = 0;
         err == 0 && first < records->runs && !notes_full(assembly->reporter.notes);) {
        /* Runs of a shuffled file lie all over the place. */
        for (; fetched < records->runs && fetched < first + AHEAD; fetched++)
            run_prefetch(records, &records->run[fetched]);
        const size_t end = records_group_end(records, first);
        err = assembly_add(assembly, first, end);
        first = end;
        if (builder->stop != NULL && ++owners % WATCH_EVERY == 0
            && builder->stop(builder->context))
            return -ECANCELED;
    }
    return err;
}

static int finish_zone(struct zone *zone, struct assembly *assembly)
{
    zone->apex_node = assembly->path[0];
    int err = build_trie(zone, &assembly->leaves, &zone->version.root);
    if (err == 0)
        err = build_trie(zone, &assembly->nsec3_leaves, &zone->version.nsec3_root);
    if (err != 0)
        return err;
    for (size_t i = 0; i < assembly->targets; i++)
        check_target(&assembly->reporter, zone, assembly->target[i]);
    read_apex(zone);
    err = append_version(zone);
    return err != 0 ? err : arena_seal(&zone->arena);
}

static int build(struct builder *builder, struct zone *zone, struct notes *notes)
{
    const size_t errors = notes->errors;
    const struct reporter reporter = {
        .notes = notes, .file = builder->file, .files = builder->files};
    struct assembly assembly;
    int err = assembly_init(&assembly, &builder->records, zone, reporter);
    if (err == 0)
        err = assemble(builder, &assembly);
    if (err == 0 && notes->errors == errors)
        err = finish_zone(zone, &assembly);
    if (err == 0 && notes->errors > errors)
        err = -EBADMSG;
    assembly_fini(&assembly);
    return err;
}

int builder_finish(struct builder *builder, struct zone **out, struct notes *notes)
{
    struct zone *zone = zone_new_empty(&builder->records.apex);
    if (zone == NULL)
        return -ENOMEM;
    int err = records_sort(&builder->records);
    if (err == 0)
        err = arena_init_small(&zone->arena);
    if (err == 0)
        err = build(builder, zone, notes);
    if (err == 0)
        *out = zone;
    else
        zone_free(zone);
    return err;
}
