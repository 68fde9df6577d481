/* builder.c -- makes a zone of records
 * Gathers them, has the sorted ones assembled into nodes, and puts the tries over those. */
#include "zone/assembly.h"
#include "zone/rrtype.h"
#include "zone/upsert.h"
#include "zone/zone.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct builder {
    struct records records;       /* of an update: those that are new */
    struct difference difference; /* `zone` NULL: it's no update */
    size_t runs_max;              /* of an update */
    bool keep_open;
    const struct assembly *assembly; /* under way, or NULL */
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
    difference_fini(&builder->difference);
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

int builder_update(struct builder *builder, const struct zone *before)
{
    if (!upsert_possible(before))
        return -ENOTSUP;
    builder->runs_max = upsert_names_max(before);
    return difference_init(&builder->difference, before);
}

void builder_keep_open(struct builder *builder)
{
    builder->keep_open = true;
}

int builder_add(struct builder *builder, const struct name *owner, uint16_t type, uint32_t ttl,
                const uint8_t *rdata, uint16_t rdata_octets, struct place place)
{
    if (builder->difference.zone != NULL) {
        if (difference_note(&builder->difference, owner, type, ttl, rdata, rdata_octets))
            return 0;
        if (builder->records.runs > builder->runs_max)
            return -E2BIG;
    }
    const struct record record = {
        .ttl = ttl,
        .type = type,
        .rdata_octets = rdata_octets,
        .line = place.line,
        .column = place.column < UINT16_MAX ? (uint16_t)place.column : UINT16_MAX,
        .file = (uint16_t)place.file,
        .rdata = rdata,
    };
    return records_add(&builder->records, owner, &record);
}

static int build_trie(struct zone *zone, const struct leaves *leaves, uint32_t *root)
{
    struct trie_builder *trie = trie_builder_new(&zone->arena);
    if (trie == NULL)
        return -ENOMEM;
    int err = 0;
    for (struct leaf leaf = leaves_first(leaves); err == 0 && leaf.node != 0;
         leaf = leaves_next(leaves, &leaf)) {
        uint8_t key[NAME_KEY_MAX];
        const size_t len = zone_key_of(zone, leaf.node, key);
        err = trie_builder_add(trie, key, len, leaf.node, leaf.mark);
    }
    if (err == 0)
        err = trie_builder_finish(trie, root);
    trie_builder_free(trie);
    return err;
}

size_t builder_octets(const struct builder *builder)
{
    size_t octets = records_octets(&builder->records);
    const struct assembly *assembly = builder->assembly;
    if (assembly != NULL)
        octets += assembly->zone->arena.used + assembly->leaves.list.capacity
                  + assembly->nsec3_leaves.list.capacity + assembly->targets.list.capacity;
    return octets;
}

void builder_watch(struct builder *builder, bool (*stop)(void *context), void *context)
{
    builder->stop = stop;
    builder->context = context;
}

/* Assembles the nodes of all owners, or as many as it takes to have told enough mistakes. */
static int assemble(struct builder *builder, struct assembly *assembly)
{
    enum { WATCH_EVERY = 4096, AHEAD = 16 };
    struct records *records = &builder->records;
    if (records->runs == 0
        || *(const uint8_t *)arena_at(&records->scratch, records->run[0].at) != 0)
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
        records_release(records, first, end);
        first = end;
        if (builder->stop != NULL && ++owners % WATCH_EVERY == 0
            && builder->stop(builder->context))
            return -ECANCELED;
    }
    return err;
}

static int finish_zone(struct builder *builder, struct zone *zone, struct assembly *assembly)
{
    zone->apex_node = assembly->path[0];
    records_release_all(&builder->records);
    int err = build_trie(zone, &assembly->leaves, &zone->version.root);
    if (err == 0)
        err = build_trie(zone, &assembly->nsec3_leaves, &zone->version.nsec3_root);
    if (err != 0)
        return err;
    err = targets_check(&assembly->targets, &assembly->reporter, zone);
    if (err == 0)
        err = zone_conclude(zone, 0);
    if (err != 0)
        return err;
    return builder->keep_open ? arena_seal_open(&zone->arena) : arena_seal(&zone->arena);
}

static int build(struct builder *builder, struct zone *zone, struct notes *notes)
{
    const size_t errors = notes->errors;
    const struct reporter reporter = {
        .notes = notes, .file = builder->file, .files = builder->files};
    struct assembly assembly;
    int err = assembly_init(&assembly, &builder->records, zone, reporter);
    builder->assembly = &assembly;
    builder->records.heir = &zone->arena;
    if (err == 0)
        err = assemble(builder, &assembly);
    if (err == 0 && notes->errors == errors)
        err = finish_zone(builder, zone, &assembly);
    if (err == 0 && notes->errors > errors)
        err = -EBADMSG;
    builder->assembly = NULL;
    builder->records.heir = NULL;
    assembly_fini(&assembly);
    return err;
}

static int update(struct builder *builder, struct zone **out, struct notes *notes)
{
    const struct reporter reporter = {
        .notes = notes, .file = builder->file, .files = builder->files};
    const int err = records_sort(&builder->records);
    return err != 0 ? err : upsert(out, &builder->difference, &builder->records, &reporter);
}

int builder_finish(struct builder *builder, struct zone **out, struct notes *notes)
{
    if (builder->difference.zone != NULL)
        return update(builder, out, notes);
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
