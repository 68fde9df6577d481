/* assembly.c -- from sorted records to nodes in an arena */
#include "zone/assembly.h"

#include "zone/rrtype.h"
#include "zone/wire.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int assembly_init(struct assembly *assembly, const struct records *records, struct zone *zone,
                  struct reporter reporter)
{
    *assembly = (struct assembly){
        .records = records,
        .reporter = reporter,
        .zone = zone,
        .compiler = compiler_new(),
        .depth = NOWHERE,
        .cut_depth = NOWHERE,
        .dname_depth = NOWHERE,
    };
    return assembly->compiler == NULL ? -ENOMEM : 0;
}

void assembly_fini(struct assembly *assembly)
{
    compiler_free(assembly->compiler);
    gathering_fini(&assembly->gathering);
    gathering_fini(&assembly->glue);
    leaves_fini(&assembly->leaves);
    leaves_fini(&assembly->nsec3_leaves);
    targets_fini(&assembly->targets);
}

/* Appends a node without blocks. Returns its reference, or 0. */
static uint32_t append_node(struct assembly *assembly, const uint8_t *owner, uint8_t octets,
                            uint8_t flags)
{
    struct arena *arena = &assembly->zone->arena;
    const uint32_t at = arena_append(arena, sizeof(struct node) + octets);
    if (at == 0)
        return 0;
    struct node *node = arena_edit(arena, at);
    *node = (struct node){.flags = flags, .owner_octets = octets};
    if (octets > 0)
        memcpy(node + 1, owner, octets);
    return at;
}

static struct node *edit_node(struct assembly *assembly, uint32_t node)
{
    return arena_edit(&assembly->zone->arena, node);
}

/* Appends the block laid out last to the node appended last. */
int assembly_append_block(struct assembly *assembly, uint32_t node)
{
    if (compiled_append(assembly->compiler, &assembly->zone->arena) == 0)
        return -ENOMEM;
    edit_node(assembly, node)->blocks++;
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
static int shared_depth(const struct assembly *assembly, const struct owner *owner)
{
    if (assembly->depth == NOWHERE)
        return NOWHERE;
    const uint8_t *a = assembly->last.wire, *b = owner->name.wire;
    int a_labels = assembly->depth, b_labels = owner->labels, shared = 0;
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
static uint8_t occlusion(const struct assembly *assembly)
{
    return (uint8_t)((assembly->cut_depth != NOWHERE ? NODE_BELOW_CUT : 0)
                     | (assembly->dname_depth != NOWHERE ? NODE_BELOW_DNAME : 0));
}

/* Puts a node on the path and among the leaves. */
static int enter_node(struct assembly *assembly, uint32_t node, int depth, bool mark)
{
    assembly->path[depth] = node;
    assembly->depth = depth;
    return leaves_add(&assembly->leaves, node, mark);
}

/* Leaves the last node's path and appends the empty non-terminals down to the owner's parent.
 */
static int descend(struct assembly *assembly, const struct owner *owner)
{
    const int shared = shared_depth(assembly, owner);
    if (shared < assembly->cut_depth)
        assembly->cut_depth = NOWHERE;
    if (shared < assembly->dname_depth)
        assembly->dname_depth = NOWHERE;
    for (int depth = shared + 1; depth < owner->labels; depth++) {
        const uint8_t skipped = octets_of(owner->name.wire, owner->labels - depth);
        const uint8_t *wire = owner->name.wire + skipped;
        const uint8_t flags =
            (uint8_t)(NODE_EMPTY | occlusion(assembly) | (depth == 0 ? NODE_APEX : 0));
        const uint32_t node =
            append_node(assembly, wire, (uint8_t)(owner->octets - skipped), flags);
        if (node == 0)
            return -ENOMEM;
        const int err = enter_node(assembly, node, depth, false);
        if (err != 0)
            return err;
        if (wire[0] == 1 && wire[1] == '*' && depth > 0)
            edit_node(assembly, assembly->path[depth - 1])->flags |= NODE_WILDCARD_CHILD;
    }
    assembly->last.octets = owner->name.octets;
    memcpy(assembly->last.wire, owner->name.wire, owner->name.octets);
    return 0;
}

static bool has(const struct gathering *gathering, uint16_t type)
{
    const struct rrset *rrset = gathering_find(gathering, type);
    return rrset != NULL && rrset->count > 0;
}

static uint8_t flags_of(const struct assembly *assembly, const struct owner *owner)
{
    const struct gathering *gathering = &assembly->gathering;
    const bool wildcard = owner->name.wire[0] == 1 && owner->name.wire[1] == '*';
    const uint8_t above = occlusion(assembly);
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

/* What no answer shows needs no signature either, so those of occluded data don't count. */
static void note_signatures(struct assembly *assembly, uint32_t node, const struct rrset *rrset,
                            uint8_t flags)
{
    const uint8_t *rdata[UINT8_MAX]; /* a block has no more */
    if (rrset->sig_count == 0 || (flags & (NODE_BELOW_CUT | NODE_BELOW_DNAME)) != 0)
        return;
    for (size_t i = 0; i < rrset->sig_count; i++)
        rdata[i] = record_rdata(assembly->gathering.record[rrset->sig_first + i]);
    signatures_add(&assembly->zone->signatures, node, rrset->type, rdata, rrset->sig_count);
}

/* What a wildcard makes needs the proof that there's no closer name (RFC 4035 section 3.1.3.3). Where a long QNAME
 * leaves no room for that beside the RRset that was laid out last, the answer is truncated, over TCP too. */
static void check_proof_room(const struct assembly *assembly, const struct owner *owner,
                             const struct rrset *rrset)
{
    enum {
        MESSAGE = 65535,
        PROOF = 100
    }; /* an NSEC or NSEC3, roughly, without its signature */
    const struct name *name = &owner->name;
    if (rrset->sig_count == 0 || name->wire[0] != 1 || name->wire[1] != '*')
        return;
    const struct record *signature = assembly->gathering.record[rrset->sig_first];
    const size_t longer = (size_t)NAME_OCTETS_MAX - name->octets;
    if (compiled_octets(assembly->compiler) + longer + PROOF + signature->rdata_octets
        <= MESSAGE)
        return;
    char text[NAME_TEXT_MAX], type[RRTYPE_TEXT_MAX];
    name_to_text(name->wire, text);
    rrtype_to_text(rrset->type, type);
    report(&assembly->reporter, SEVERITY_WARNING, signature,
           "the %s RRset of %s, %zu records, leaves no room in a DNS message for the proof "
           "that an "
           "answer from a wildcard needs (RFC 4035 section 3.1.3.3)",
           type, text, rrset->count + rrset->sig_count);
}

static int append_rrset(struct assembly *assembly, uint32_t node, const struct owner *owner,
                        const struct rrset *rrset, uint8_t flags)
{
    const bool delegates = rrset->type == RRTYPE_NS && (flags & (NODE_CUT | NODE_APEX)) != 0;
    const uint8_t block_flags = delegates ? assembly_server_flags(assembly, owner, rrset) : 0;
    int err = compile_rrset(assembly->compiler, &assembly->gathering, rrset, &owner->name,
                            block_flags);
    if (err == -EMSGSIZE) {
        char name[NAME_TEXT_MAX], type[RRTYPE_TEXT_MAX];
        name_to_text(owner->name.wire, name);
        rrtype_to_text(rrset->type, type);
        const size_t any = rrset->count > 0 ? rrset->first : rrset->sig_first;
        report(&assembly->reporter, SEVERITY_ERROR, assembly->gathering.record[any],
               "the %s RRset of %s, %zu records, is too large for a DNS message", type, name,
               rrset->count + rrset->sig_count);
        return 0;
    }
    if (err == 0) {
        note_signatures(assembly, node, rrset, flags);
        check_proof_room(assembly, owner, rrset);
        err = assembly_append_block(assembly, node);
    }
    bool all = true;
    if (err == 0 && (block_flags & BLOCK_IN_DOMAIN) != 0)
        err = assembly_append_glue(assembly, node, owner, rrset, &all);
    /* A server whose address is known already needs no second look. */
    if (err == 0 && ((block_flags & BLOCK_SIBLING) != 0 || !all || rrset->type == RRTYPE_MX))
        err = targets_add(&assembly->targets, node, &assembly->gathering, rrset);
    assembly->zone->rrsets += (rrset->count > 0) + (uint64_t)(rrset->sig_count > 0);
    assembly->zone->rrs += rrset->count + rrset->sig_count;
    return err;
}

/* NSEC3 RRsets live in a trie of their own: their owners are no names of the zone (RFC 5155
 * section 7.2.8). */
static int append_rrsets(struct assembly *assembly, uint32_t node, const struct owner *owner,
                         uint8_t flags, bool nsec3)
{
    for (size_t i = 0; i < assembly->gathering.rrsets; i++) {
        const struct rrset *rrset = &assembly->gathering.rrset[i];
        if ((rrset->type == RRTYPE_NSEC3) != nsec3)
            continue;
        const int err = append_rrset(assembly, node, owner, rrset, flags);
        if (err != 0)
            return err;
    }
    return 0;
}
static int append_nsec3(struct assembly *assembly, const struct owner *owner)
{
    const uint32_t node = append_node(assembly, owner->name.wire, owner->octets, 0);
    if (node == 0)
        return -ENOMEM;
    const int err = append_rrsets(assembly, node, owner, 0, true);
    return err != 0 ? err
                    : leaves_add(&assembly->nsec3_leaves, node, assembly_in_chain(assembly));
}

static int append_owner(struct assembly *assembly, const struct owner *owner)
{
    int err = descend(assembly, owner);
    if (err != 0)
        return err;
    const uint8_t flags = flags_of(assembly, owner);
    check_owner(&assembly->reporter, &assembly->gathering, &owner->name, flags);
    const uint32_t node = append_node(assembly, owner->name.wire, owner->octets, flags);
    if (node == 0)
        return -ENOMEM;
    const bool mark = occlusion(assembly) == 0 && has(&assembly->gathering, RRTYPE_NSEC);
    err = append_rrsets(assembly, node, owner, flags, false);
    if (err == 0)
        err = enter_node(assembly, node, owner->labels, mark);
    if (err != 0)
        return err;

    if ((flags & NODE_CUT) != 0)
        assembly->cut_depth = owner->labels;
    if ((flags & NODE_DNAME) != 0)
        assembly->dname_depth = owner->labels;
    if (owner->labels > 0 && owner->name.wire[0] == 1 && owner->name.wire[1] == '*')
        edit_node(assembly, assembly->path[owner->labels - 1])->flags |= NODE_WILDCARD_CHILD;
    assembly->zone->names++;
    return 0;
}

int assembly_add(struct assembly *assembly, size_t first, size_t end)
{
    const struct records *records = assembly->records;
    struct owner owner;
    owner.first = first;
    owner.end = end;
    const uint8_t *wire = run_owner(records, &records->run[first], &owner.octets);
    memcpy(owner.name.wire, wire, owner.octets);
    memcpy(owner.name.wire + owner.octets, records->apex.wire, records->apex.octets);
    owner.name.octets = (uint8_t)(owner.octets + records->apex.octets);
    owner.labels = (int)(name_labels(owner.name.wire) - name_labels(records->apex.wire));

    int err = gather(&assembly->gathering, records, first, end, false, check_remark,
                     &assembly->reporter);
    if (err != 0)
        return err;
    if (owner.labels == 0)
        err = assembly_read_params(assembly);
    const bool nsec3 = gathering_find(&assembly->gathering, RRTYPE_NSEC3) != NULL;
    if (err == 0 && nsec3)
        err = append_nsec3(assembly, &owner);
    /* The apex is a name of the zone whatever it has: what it lacks must be said. */
    const bool hashed_only = nsec3 && assembly->gathering.rrsets == 1 && owner.labels > 0;
    if (err == 0 && !hashed_only)
        err = append_owner(assembly, &owner);
    return err;
}

void assembly_miss_apex(struct assembly *assembly)
{
    assembly->gathering.rrsets = 0;
    check_owner(&assembly->reporter, &assembly->gathering, &assembly->records->apex, NODE_APEX);
}
