/* builder.c -- makes a zone of records
 * Owners come in canonical order, so every ancestor comes before its descendants: the path from
 * the apex to the last node tells where empty non-terminals are missing and what a cut or DNAME
 * occludes. */
#include "zone/check.h"
#include "zone/nsec3.h"
#include "zone/rrset.h"
#include "zone/rrtype.h"
#include "zone/wire.h"
#include "zone/zone.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NOWHERE = -1 };

/* References of nodes in canonical order, each with its mark in bit 0. */
struct leaves {
    uint64_t *leaf;
    size_t count, capacity;
};

struct builder {
    struct records records;
    char **file;
    size_t files;

    /* From here on for builder_finish() alone. */
    struct reporter reporter;
    size_t errors; /* noted before: not ours */
    struct zone *zone;
    struct compiler *compiler;
    struct gathering gathering, glue;
    struct leaves leaves, nsec3_leaves;
    const struct record *
        *target; /* NS and MX whose targets are to be looked at in the finished zone */
    size_t targets, target_capacity;

    /* The path to the last node: by labels before the apex, references. */
    uint32_t path[NAME_LABELS_MAX + 1];
    int depth;        /* labels of the last node; NOWHERE at first */
    struct name last; /* its owner */
    int cut_depth;    /* labels of the cut on the path, or NOWHERE */
    int dname_depth;
};

/* An owner on its way into the zone. */
struct owner {
    struct name name;  /* absolute, lower case */
    uint8_t octets;    /* of the labels before the apex */
    int labels;        /* before the apex */
    size_t first, end; /* its runs */
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

static void forget_work(struct builder *builder)
{
    zone_free(builder->zone);
    compiler_free(builder->compiler);
    gathering_fini(&builder->gathering);
    gathering_fini(&builder->glue);
    free(builder->leaves.leaf);
    free(builder->nsec3_leaves.leaf);
    free(builder->target);
    builder->zone = NULL;
    builder->compiler = NULL;
    builder->leaves = builder->nsec3_leaves = (struct leaves){0};
    builder->target = NULL;
}

void builder_free(struct builder *builder)
{
    if (builder == NULL)
        return;
    forget_work(builder);
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

static int push_leaf(struct leaves *leaves, uint32_t node, bool mark)
{
    if (leaves->count == leaves->capacity) {
        const size_t capacity = leaves->capacity == 0 ? 64 : leaves->capacity * 2;
        uint64_t *leaf = realloc(leaves->leaf, capacity * sizeof *leaf);
        if (leaf == NULL)
            return -ENOMEM;
        leaves->leaf = leaf;
        leaves->capacity = capacity;
    }
    leaves->leaf[leaves->count++] = (uint64_t)node << 1 | mark;
    return 0;
}

static int push_target(struct builder *builder, const struct record *record)
{
    if (builder->targets == builder->target_capacity) {
        const size_t capacity =
            builder->target_capacity == 0 ? 64 : builder->target_capacity * 2;
        const struct record **target =
            realloc(builder->target, capacity * sizeof *builder->target);
        if (target == NULL)
            return -ENOMEM;
        builder->target = target;
        builder->target_capacity = capacity;
    }
    builder->target[builder->targets++] = record;
    return 0;
}

/* Appends a node without blocks. Returns its reference, or 0. */
static uint32_t append_node(struct builder *builder, const uint8_t *owner, uint8_t octets,
                            uint8_t flags)
{
    struct arena *arena = &builder->zone->arena;
    const uint32_t at = arena_append(arena, sizeof(struct node) + octets);
    if (at == 0)
        return 0;
    struct node *node = arena_edit(arena, at);
    *node = (struct node){.flags = flags, .owner_octets = octets};
    if (octets > 0)
        memcpy(node + 1, owner, octets);
    return at;
}

static struct node *edit_node(struct builder *builder, uint32_t node)
{
    return arena_edit(&builder->zone->arena, node);
}

/* Appends the block laid out last to the node appended last. */
static int append_block(struct builder *builder, uint32_t node)
{
    if (compiled_append(builder->compiler, &builder->zone->arena) == 0)
        return -ENOMEM;
    edit_node(builder, node)->blocks++;
    return 0;
}

/* The octets of the first `labels` labels. */
static uint8_t octets_of(const uint8_t *wire, int labels)
{
    unsigned octets = 0;
    for (; labels > 0; labels--)
        octets += 1u + wire[octets];
    return (uint8_t)octets;
}

/* Labels before the apex that the owner shares with the last node. */
static int shared_depth(const struct builder *builder, const struct owner *owner)
{
    if (builder->depth == NOWHERE)
        return NOWHERE;
    const uint8_t *a = builder->last.wire, *b = owner->name.wire;
    int a_labels = builder->depth, b_labels = owner->labels, shared = 0;
    for (; a_labels > b_labels; a_labels--)
        a += 1 + a[0];
    for (; b_labels > a_labels; b_labels--)
        b += 1 + b[0];
    for (; a_labels > 0; a_labels--) {
        const bool same = label_equal(a, b);
        shared = same ? shared + 1 : 0;
        a += 1 + a[0];
        b += 1 + b[0];
    }
    return shared;
}

/* Flags that an owner has from what stands above it. */
static uint8_t occlusion(const struct builder *builder)
{
    return (uint8_t)((builder->cut_depth != NOWHERE ? NODE_BELOW_CUT : 0)
                     | (builder->dname_depth != NOWHERE ? NODE_BELOW_DNAME : 0));
}

/* Puts a node on the path and among the leaves. */
static int enter_node(struct builder *builder, uint32_t node, int depth, bool mark)
{
    builder->path[depth] = node;
    builder->depth = depth;
    return push_leaf(&builder->leaves, node, mark);
}

/* Leaves the last node's path and appends the empty non-terminals down to the owner's parent.
 */
static int descend(struct builder *builder, const struct owner *owner)
{
    const int shared = shared_depth(builder, owner);
    if (shared < builder->cut_depth)
        builder->cut_depth = NOWHERE;
    if (shared < builder->dname_depth)
        builder->dname_depth = NOWHERE;
    for (int depth = shared + 1; depth < owner->labels; depth++) {
        const uint8_t skipped = octets_of(owner->name.wire, owner->labels - depth);
        const uint8_t *wire = owner->name.wire + skipped;
        const uint8_t flags =
            (uint8_t)(NODE_EMPTY | occlusion(builder) | (depth == 0 ? NODE_APEX : 0));
        const uint32_t node =
            append_node(builder, wire, (uint8_t)(owner->octets - skipped), flags);
        if (node == 0)
            return -ENOMEM;
        const int err = enter_node(builder, node, depth, false);
        if (err != 0)
            return err;
        if (wire[0] == 1 && wire[1] == '*' && depth > 0)
            edit_node(builder, builder->path[depth - 1])->flags |= NODE_WILDCARD_CHILD;
    }
    builder->last = owner->name;
    return 0;
}

static bool has(const struct gathering *gathering, uint16_t type)
{
    const struct rrset *rrset = gathering_find(gathering, type);
    return rrset != NULL && rrset->count > 0;
}

static uint8_t flags_of(const struct builder *builder, const struct owner *owner)
{
    const struct gathering *gathering = &builder->gathering;
    const bool wildcard = owner->name.wire[0] == 1 && owner->name.wire[1] == '*';
    const uint8_t above = occlusion(builder);
    uint8_t flags = above;
    if (owner->labels == 0)
        flags |= NODE_APEX;
    if (has(gathering, RRTYPE_CNAME))
        flags |= NODE_CNAME;
    if (above == 0 && !wildcard && owner->labels > 0 && has(gathering, RRTYPE_NS))
        flags |= NODE_CUT;
    if (above == 0 && !wildcard && has(gathering, RRTYPE_DNAME))
        flags |= NODE_DNAME;
    return flags;
}

/* Where a name server's name stands relative to the NS records' owner. */
enum station { STATION_OUTSIDE, STATION_SIBLING, STATION_IN_DOMAIN };

static enum station station_of(const struct builder *builder, const struct owner *owner,
                               const struct name *server)
{
    if (name_at_or_below(server, &owner->name))
        return STATION_IN_DOMAIN;
    return name_at_or_below(server, &builder->records.apex) ? STATION_SIBLING : STATION_OUTSIDE;
}

static uint8_t server_flags(struct builder *builder, const struct owner *owner,
                            const struct rrset *ns)
{
    uint8_t flags = 0;
    for (size_t i = 0; i < ns->count; i++) {
        struct name server;
        name_from_wire(&server, record_rdata(builder->gathering.record[ns->first + i]), true);
        const enum station station = station_of(builder, owner, &server);
        flags |= station == STATION_IN_DOMAIN ? BLOCK_IN_DOMAIN : 0;
        flags |= station == STATION_SIBLING ? BLOCK_SIBLING : 0;
    }
    return flags;
}

/* True where a name of the zone lies at or below a cut, and so is another zone's to answer for.
 */
static bool is_delegated(const struct builder *builder, const struct name *name)
{
    const struct records *records = &builder->records;
    const uint8_t *wire = name->wire;
    for (uint8_t octets = (uint8_t)(name->octets - records->apex.octets); octets > 0;) {
        const size_t first = records_find(records, wire, octets, 0);
        const size_t end = first < records->runs ? records_group_end(records, first) : first;
        for (size_t i = first; i < end; i++)
            for (const struct record *record = run_next(records, &records->run[i], NULL);
                 record != NULL; record = run_next(records, &records->run[i], record))
                if (record->type == RRTYPE_NS)
                    return true;
        octets = (uint8_t)(octets - 1 - wire[0]);
        wire += 1 + wire[0];
    }
    return false;
}

/* Adds the addresses of a server at or below the owner to the glue block. */
static int add_glue(struct builder *builder, const struct owner *owner,
                    const struct name *server, size_t index)
{
    const struct records *records = &builder->records;
    const uint8_t octets = (uint8_t)(server->octets - records->apex.octets);
    if (owner->labels == 0 && is_delegated(builder, server))
        return 0;
    const size_t first =
        records_find(records, server->wire, octets, owner->labels == 0 ? 0 : owner->first);
    if (first == records->runs)
        return 0;
    int err = gather(&builder->glue, records, first, records_group_end(records, first), true,
                     NULL, NULL);
    for (size_t i = 0; err == 0 && i < builder->glue.rrsets; i++)
        err =
            compile_glue_add(builder->compiler, &builder->glue, &builder->glue.rrset[i], index);
    return err == -EMSGSIZE ? 0 : err; /* glue beyond 64 KiB can't be sent anyway */
}

/* Appends the block of the glue for the NS block that was appended last. */
static int append_glue(struct builder *builder, uint32_t node, const struct owner *owner,
                       const struct rrset *ns)
{
    compile_glue_begin(builder->compiler);
    for (size_t i = 0; i < ns->count; i++) {
        struct name server;
        name_from_wire(&server, record_rdata(builder->gathering.record[ns->first + i]), true);
        if (station_of(builder, owner, &server) != STATION_IN_DOMAIN)
            continue;
        const int err = add_glue(builder, owner, &server, i);
        if (err != 0)
            return err;
    }
    return compiled_count(builder->compiler) == 0 ? 0 : append_block(builder, node);
}

static int remember_targets(struct builder *builder, const struct rrset *rrset)
{
    for (size_t i = 0; i < rrset->count; i++) {
        const int err = push_target(builder, builder->gathering.record[rrset->first + i]);
        if (err != 0)
            return err;
    }
    return 0;
}

/* What no answer shows needs no signature either, so those of occluded data don't count. */
static void note_signatures(struct builder *builder, uint32_t node, const struct rrset *rrset,
                            uint8_t flags)
{
    const uint8_t *rdata[UINT8_MAX]; /* a block has no more */
    if (rrset->sig_count == 0 || (flags & (NODE_BELOW_CUT | NODE_BELOW_DNAME)) != 0)
        return;
    for (size_t i = 0; i < rrset->sig_count; i++)
        rdata[i] = record_rdata(builder->gathering.record[rrset->sig_first + i]);
    signatures_add(&builder->zone->signatures, node, rrset->type, rdata, rrset->sig_count);
}

static int append_rrset(struct builder *builder, uint32_t node, const struct owner *owner,
                        const struct rrset *rrset, uint8_t flags)
{
    const bool delegates = rrset->type == RRTYPE_NS && (flags & (NODE_CUT | NODE_APEX)) != 0;
    const uint8_t block_flags = delegates ? server_flags(builder, owner, rrset) : 0;
    int err =
        compile_rrset(builder->compiler, &builder->gathering, rrset, &owner->name, block_flags);
    if (err == -EMSGSIZE) {
        char name[NAME_TEXT_MAX], type[RRTYPE_TEXT_MAX];
        name_to_text(owner->name.wire, name);
        rrtype_to_text(rrset->type, type);
        const size_t any = rrset->count > 0 ? rrset->first : rrset->sig_first;
        report(&builder->reporter, SEVERITY_ERROR, builder->gathering.record[any],
               "the %s RRset of %s, %zu records, is too large for a DNS message", type, name,
               rrset->count + rrset->sig_count);
        return 0;
    }
    if (err == 0) {
        note_signatures(builder, node, rrset, flags);
        err = append_block(builder, node);
    }
    if (err == 0 && (block_flags & BLOCK_IN_DOMAIN) != 0)
        err = append_glue(builder, node, owner, rrset);
    if (err == 0
        && ((block_flags & (BLOCK_IN_DOMAIN | BLOCK_SIBLING)) != 0 || rrset->type == RRTYPE_MX))
        err = remember_targets(builder, rrset);
    builder->zone->rrsets += (rrset->count > 0) + (uint64_t)(rrset->sig_count > 0);
    builder->zone->rrs += rrset->count + rrset->sig_count;
    return err;
}

/* NSEC3 RRsets live in a trie of their own: their owners are no names of the zone (RFC 5155
 * section 7.2.8). */
static int append_rrsets(struct builder *builder, uint32_t node, const struct owner *owner,
                         uint8_t flags, bool nsec3)
{
    for (size_t i = 0; i < builder->gathering.rrsets; i++) {
        const struct rrset *rrset = &builder->gathering.rrset[i];
        if ((rrset->type == RRTYPE_NSEC3) != nsec3)
            continue;
        const int err = append_rrset(builder, node, owner, rrset, flags);
        if (err != 0)
            return err;
    }
    return 0;
}

/* Whether an NSEC3 RRset belongs to the chain that is used. While a zone is hashed anew it has two. */
static bool is_in_chain(const struct builder *builder)
{
    const struct zone *zone = builder->zone;
    if (zone->nsec3_params == 0)
        return false;
    const uint8_t *rdata = arena_at(&zone->arena, zone->nsec3_params);
    struct nsec3_params used, own;
    const struct rrset *rrset = gathering_find(&builder->gathering, RRTYPE_NSEC3);
    if (!nsec3_params_read(&used, rdata, 5u + rdata[4]))
        return false;
    for (size_t i = 0; i < rrset->count; i++) {
        const struct record *record = builder->gathering.record[rrset->first + i];
        if (nsec3_params_read(&own, record_rdata(record), record->rdata_octets)
            && nsec3_params_equal(&used, &own))
            return true;
    }
    return false;
}

/* RFC 9276 section 3.2: above a limit, which was 150 and has come down since, validators take a
 * zone for unsigned or refuse its answers, and any number above 0 costs without a use. */
static void check_iterations(struct builder *builder, const struct record *record,
                             unsigned iterations)
{
    if (iterations > NSEC3_ITERATIONS_MAX)
        report(&builder->reporter, SEVERITY_WARNING, record,
               "NSEC3 WITH %u ITERATIONS: RESOLVERS WILL TREAT THIS ZONE AS UNSIGNED, OR FAIL TO "
               "RESOLVE ITS NAMES (RFC 9276 section 3.2): sign it with 0",
               iterations);
    else if (iterations > 0)
        report(&builder->reporter, SEVERITY_WARNING, record,
               "NSEC3 with %u iterations: there should be 0 (RFC 9276 section 3.1), and some "
               "resolvers treat more as unsigned",
               iterations);
}

/* Keeps the parameters of the first chain that is complete: flags 0 (RFC 5155 section 4). The apex comes
 * first, so all NSEC3 RRsets can be told by them. */
static int read_params(struct builder *builder)
{
    const struct rrset *rrset = gathering_find(&builder->gathering, RRTYPE_NSEC3PARAM);
    for (size_t i = 0; rrset != NULL && i < rrset->count; i++) {
        const struct record *record = builder->gathering.record[rrset->first + i];
        struct nsec3_params params;
        if (!nsec3_params_read(&params, record_rdata(record), record->rdata_octets)
            || record_rdata(record)[1] != 0)
            continue;
        const uint32_t at = arena_append(&builder->zone->arena, record->rdata_octets);
        if (at == 0)
            return -ENOMEM;
        memcpy(arena_edit(&builder->zone->arena, at), record_rdata(record), record->rdata_octets);
        builder->zone->nsec3_params = at;
        check_iterations(builder, record, params.iterations);
        return 0;
    }
    return 0;
}

static int append_nsec3(struct builder *builder, const struct owner *owner)
{
    const uint32_t node = append_node(builder, owner->name.wire, owner->octets, 0);
    if (node == 0)
        return -ENOMEM;
    const int err = append_rrsets(builder, node, owner, 0, true);
    return err != 0 ? err : push_leaf(&builder->nsec3_leaves, node, is_in_chain(builder));
}

static int append_owner(struct builder *builder, const struct owner *owner)
{
    int err = descend(builder, owner);
    if (err != 0)
        return err;
    const uint8_t flags = flags_of(builder, owner);
    check_owner(&builder->reporter, &builder->gathering, &owner->name, flags);
    const uint32_t node = append_node(builder, owner->name.wire, owner->octets, flags);
    if (node == 0)
        return -ENOMEM;
    const bool mark = occlusion(builder) == 0 && has(&builder->gathering, RRTYPE_NSEC);
    err = append_rrsets(builder, node, owner, flags, false);
    if (err == 0)
        err = enter_node(builder, node, owner->labels, mark);
    if (err != 0)
        return err;

    if ((flags & NODE_CUT) != 0)
        builder->cut_depth = owner->labels;
    if ((flags & NODE_DNAME) != 0)
        builder->dname_depth = owner->labels;
    if (owner->labels > 0 && owner->name.wire[0] == 1 && owner->name.wire[1] == '*')
        edit_node(builder, builder->path[owner->labels - 1])->flags |= NODE_WILDCARD_CHILD;
    builder->zone->names++;
    return 0;
}

static int add_group(struct builder *builder, size_t first, size_t end)
{
    const struct records *records = &builder->records;
    struct owner owner = {.first = first, .end = end};
    const uint8_t *wire = run_owner(records, &records->run[first], &owner.octets);
    memcpy(owner.name.wire, wire, owner.octets);
    memcpy(owner.name.wire + owner.octets, records->apex.wire, records->apex.octets);
    owner.name.octets = (uint8_t)(owner.octets + records->apex.octets);
    owner.labels = (int)(name_labels(owner.name.wire) - name_labels(records->apex.wire));

    int err = gather(&builder->gathering, records, first, end, false, check_remark,
                     &builder->reporter);
    if (err != 0)
        return err;
    if (owner.labels == 0)
        err = read_params(builder);
    const bool nsec3 = gathering_find(&builder->gathering, RRTYPE_NSEC3) != NULL;
    if (err == 0 && nsec3)
        err = append_nsec3(builder, &owner);
    /* The apex is a name of the zone whatever it has: what it lacks must be said. */
    const bool hashed_only = nsec3 && builder->gathering.rrsets == 1 && owner.labels > 0;
    if (err == 0 && !hashed_only)
        err = append_owner(builder, &owner);
    return err;
}

static int build_trie(struct builder *builder, const struct leaves *leaves, uint32_t *root)
{
    struct trie_builder *trie = trie_builder_new(&builder->zone->arena);
    if (trie == NULL)
        return -ENOMEM;
    int err = 0;
    for (size_t i = 0; err == 0 && i < leaves->count; i++) {
        const uint32_t node = (uint32_t)(leaves->leaf[i] >> 1);
        uint8_t key[NAME_KEY_MAX];
        const size_t len = zone_key_of(builder->zone, node, key);
        err = trie_builder_add(trie, key, len, node, (leaves->leaf[i] & 1) != 0);
    }
    if (err == 0)
        err = trie_builder_finish(trie, root);
    trie_builder_free(trie);
    return err;
}

/* The apex is the closest encloser of most names that don't exist, so its NSEC3 is kept at hand. */
static void find_nsec3_apex(struct zone *zone)
{
    if (zone->version.nsec3_root == 0)
        zone->nsec3_params = 0; /* parameters of a chain that isn't there */
    if (zone->nsec3_params == 0)
        return;
    const uint8_t *rdata = arena_at(&zone->arena, zone->nsec3_params);
    struct nsec3_params params;
    if (!nsec3_params_read(&params, rdata, 5u + rdata[4]))
        return;
    uint8_t hash[NSEC3_HASH_OCTETS], key[NAME_KEY_MAX];
    nsec3_hash(&params, zone->apex.wire, zone->apex.octets, hash);
    const struct trie trie = {.arena = &zone->arena,
                              .key_of = zone_key_of,
                              .context = zone,
                              .root = zone->version.nsec3_root};
    zone->nsec3_apex = trie_get(&trie, key, nsec3_key(hash, key));
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
    find_nsec3_apex(zone);
}

static int append_version(struct zone *zone)
{
    const uint32_t at = arena_append(&zone->arena, sizeof zone->version);
    if (at == 0)
        return -ENOMEM;
    memcpy(arena_edit(&zone->arena, at), &zone->version, sizeof zone->version);
    return 0;
}

static int build(struct builder *builder)
{
    const struct records *records = &builder->records;
    int err = records_sort(&builder->records);
    size_t first = 0;
    if (err == 0 && records->runs > 0
        && *(const uint8_t *)arena_at(&records->scratch, records->run[0].owner) == 0) {
        const size_t end = records_group_end(records, first);
        err = add_group(builder, first, end);
        first = end;
    } else if (err == 0) {
        /* No record at the apex: what it lacks is said, and the rest is looked at all the same.
         */
        builder->gathering.rrsets = 0;
        check_owner(&builder->reporter, &builder->gathering, &records->apex, NODE_APEX);
    }
    while (err == 0 && first < records->runs && !notes_full(builder->reporter.notes)) {
        const size_t end = records_group_end(records, first);
        err = add_group(builder, first, end);
        first = end;
    }
    if (err != 0 || builder->reporter.notes->errors > builder->errors)
        return err;

    struct zone *zone = builder->zone;
    zone->apex_node = builder->path[0];
    err = build_trie(builder, &builder->leaves, &zone->version.root);
    if (err == 0)
        err = build_trie(builder, &builder->nsec3_leaves, &zone->version.nsec3_root);
    if (err != 0)
        return err;
    for (size_t i = 0; i < builder->targets; i++)
        check_target(&builder->reporter, zone, builder->target[i]);
    read_apex(zone);
    return append_version(zone);
}

int builder_finish(struct builder *builder, struct zone **out, struct notes *notes)
{
    builder->errors = notes->errors;
    builder->reporter =
        (struct reporter){.notes = notes, .file = builder->file, .files = builder->files};
    builder->depth = builder->cut_depth = builder->dname_depth = NOWHERE;
    builder->zone = zone_new_empty(&builder->records.apex);
    builder->compiler = compiler_new();
    int err = builder->zone == NULL || builder->compiler == NULL
                  ? -ENOMEM
                  : arena_init_small(&builder->zone->arena);
    if (err == 0)
        err = build(builder);
    if (err == 0 && notes->errors > builder->errors)
        err = -EBADMSG;
    if (err == 0)
        err = arena_seal(&builder->zone->arena);
    if (err == 0) {
        *out = builder->zone;
        builder->zone = NULL;
    }
    forget_work(builder);
    return err;
}
