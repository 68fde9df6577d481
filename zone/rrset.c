/* rrset.c -- from an RRset to its block
 * Names in RDATA of the types of RFC 1035 are compressed against the owner, which is QNAME when
 * the block is used, and against earlier names of the block. Only octets that are equal to the
 * letter are shared, so the zone's case comes through where it differs. */
#include "zone/rrset.h"
#include "zone/rrtype.h"
#include "zone/wire.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEADER = 12,
    QUESTION = 4,  /* QTYPE and QCLASS */
    OPT_ROOM = 11, /* an empty OPT RR should fit beside the largest RRset */
    WIRE_MAX = 65535,
    POINTER_MAX = 0x3fff,     /* RFC 1035 section 4.1.4 */
    RR_FIXED = 12,            /* owner pointer, type, class, TTL, RDLENGTH */
    TARGETS = 16,             /* earlier names that are remembered for compression */
    POINTERS = WIRE_MAX / 13, /* no RR is shorter than that and has a pointer */
};

/* A name that was written into the block. */
struct target {
    const uint8_t *name;
    uint16_t at; /* its first octet, from the block's start */
    uint8_t labels;
    uint8_t written; /* labels that stand there; the others are behind its pointer */
};

struct compiler {
    struct block block;
    size_t base; /* where the block stands: 16 + owner octets */
    const struct name *owner;
    const uint8_t *suffix; /* of the owner, against which names are compressed */
    uint8_t suffix_labels;
    uint8_t suffix_at; /* where it stands in a message */
    unsigned targets;
    struct target target[TARGETS]; /* a ring */
    uint16_t pointer[2 * POINTERS];
    uint16_t server[POINTERS]; /* of an NS block, for its glue */
    uint8_t wire[WIRE_MAX];
    size_t wire_octets;
    bool full;
};

struct compiler *compiler_new(void)
{
    return malloc(sizeof(struct compiler)); /* begin() sets what counts */
}

void compiler_free(struct compiler *compiler)
{
    free(compiler);
}

static uint8_t *take(struct compiler *compiler, size_t octets)
{
    const size_t room = WIRE_MAX - OPT_ROOM - compiler->base;
    if (compiler->full || octets > room - compiler->wire_octets) {
        compiler->full = true;
        return NULL;
    }
    uint8_t *at = compiler->wire + compiler->wire_octets;
    compiler->wire_octets += octets;
    return at;
}

static void put_octets(struct compiler *compiler, const uint8_t *octets, size_t count)
{
    uint8_t *at = take(compiler, count);
    if (at != NULL && count > 0)
        memcpy(at, octets, count);
}

static void put_pointer(struct compiler *compiler, size_t to)
{
    const size_t stands = compiler->wire_octets;
    uint8_t *at = take(compiler, 2);
    if (at == NULL)
        return;
    assert(to <= POINTER_MAX && compiler->block.npointers < 2 * POINTERS);
    wire_put16(at, (uint16_t)(0xc000 | to));
    compiler->pointer[compiler->block.npointers++] = (uint16_t)stands;
}

/* The labels, from the end, that two names share octet by octet. */
static unsigned shared_labels(const uint8_t *a, unsigned a_labels, const uint8_t *b,
                              unsigned b_labels)
{
    for (; a_labels > b_labels; a_labels--)
        a += 1 + a[0];
    for (; b_labels > a_labels; b_labels--)
        b += 1 + b[0];
    unsigned shared = 0;
    for (; a_labels > 0; a_labels--) {
        const bool same = label_equal(a, b);
        shared = same ? shared + 1 : 0;
        a += 1 + a[0];
        b += 1 + b[0];
    }
    return shared;
}

/* Octets of the first `labels` labels. */
static size_t octets_of(const uint8_t *name, unsigned labels)
{
    size_t octets = 0;
    for (; labels > 0; labels--)
        octets += 1u + name[octets];
    return octets;
}

/* What the tail of a name can be replaced by: a pointer `to`, for `labels` labels. */
struct match {
    unsigned labels;
    size_t to;
};

static struct match best_match(const struct compiler *compiler, const uint8_t *name,
                               unsigned labels)
{
    const uint8_t *suffix = compiler->suffix;
    struct match best = {
        .labels = shared_labels(name, labels, suffix, compiler->suffix_labels),
    };
    best.to = compiler->suffix_at + octets_of(suffix, compiler->suffix_labels - best.labels);
    const unsigned kept = compiler->targets < TARGETS ? compiler->targets : TARGETS;
    for (unsigned i = 0; i < kept && best.labels < labels; i++) {
        const struct target *target = &compiler->target[i];
        const unsigned shared = shared_labels(name, labels, target->name, target->labels);
        const unsigned skipped = target->labels - shared;
        const size_t to = compiler->base + target->at + octets_of(target->name, skipped);
        if (shared > best.labels && skipped < target->written && to <= POINTER_MAX)
            best = (struct match){.labels = shared, .to = to};
    }
    return best;
}

static void put_name(struct compiler *compiler, const uint8_t *name)
{
    const unsigned labels = name_labels(name);
    const struct match match = best_match(compiler, name, labels);
    const unsigned written = labels - match.labels;
    compiler->target[compiler->targets++ % TARGETS] = (struct target){
        .name = name,
        .at = (uint16_t)compiler->wire_octets,
        .labels = (uint8_t)labels,
        .written = (uint8_t)written,
    };
    put_octets(compiler, name, octets_of(name, written));
    if (match.labels > 0)
        put_pointer(compiler, match.to);
    else
        put_octets(compiler, (const uint8_t[]){0}, 1);
}

/* RDATA of types that RFC 1035 defines may be compressed, that of others may not (RFC 3597
 * section 4). */
static void put_rdata(struct compiler *compiler, const struct record *record)
{
    const uint8_t *rdata = record_rdata(record);
    switch (record->type) {
    case RRTYPE_NS:
    case RRTYPE_CNAME:
    case RRTYPE_PTR:
        put_name(compiler, rdata);
        return;
    case RRTYPE_MX:
        put_octets(compiler, rdata, 2);
        put_name(compiler, rdata + 2);
        return;
    case RRTYPE_SOA: {
        const size_t mname = name_check(rdata, record->rdata_octets);
        const size_t rname = name_check(rdata + mname, record->rdata_octets - mname);
        put_name(compiler, rdata);
        put_name(compiler, rdata + mname);
        put_octets(compiler, rdata + mname + rname, record->rdata_octets - mname - rname);
        return;
    }
    default:
        put_octets(compiler, rdata, record->rdata_octets);
    }
}

/* The 8 octets between an RR's owner and RDLENGTH, and room for that. Returns where RDATA
 * begins, or NULL. */
static uint8_t *put_fixed(struct compiler *compiler, uint16_t type, uint32_t ttl)
{
    uint8_t *at = take(compiler, RR_FIXED - 2);
    if (at == NULL)
        return NULL;
    wire_put16(at, type);
    wire_put16(at + 2, 1); /* class IN */
    wire_put32(at + 4, ttl);
    return at + RR_FIXED - 2;
}

static void put_record(struct compiler *compiler, const struct record *record, uint32_t ttl)
{
    put_octets(compiler, (const uint8_t[]){0xc0, HEADER}, 2);
    uint8_t *rdata = put_fixed(compiler, record->type, ttl);
    if (rdata == NULL)
        return;
    put_rdata(compiler, record);
    wire_put16(rdata - 2, (uint16_t)(compiler->wire + compiler->wire_octets - rdata));
}

static void begin(struct compiler *compiler, const struct name *owner, uint16_t type,
                  uint8_t flags)
{
    compiler->block = (struct block){.type = type, .flags = flags};
    compiler->owner = owner;
    /* In an answer from a wildcard other labels stand in the asterisk's place (RFC 4592). */
    const uint8_t skipped = owner->wire[0] == 1 && owner->wire[1] == '*' ? 2 : 0;
    compiler->suffix = owner->wire + skipped;
    compiler->suffix_labels = (uint8_t)name_labels(compiler->suffix);
    compiler->suffix_at = HEADER + skipped;
    compiler->base = HEADER + owner->octets + QUESTION;
    compiler->targets = 0;
    compiler->wire_octets = 0;
    compiler->full = false;
}

int compile_rrset(struct compiler *compiler, const struct gathering *gathering,
                  const struct rrset *rrset, const struct name *owner, uint8_t flags)
{
    begin(compiler, owner, rrset->type, flags);
    struct block *block = &compiler->block;
    if (rrset->sig_count > UINT8_MAX)
        return -EMSGSIZE;
    for (size_t i = 0; i < rrset->count && !compiler->full; i++) {
        const struct record *record = gathering->record[rrset->first + i];
        if (rrset->type == RRTYPE_NS)
            compiler->server[i] = (uint16_t)(compiler->wire_octets + RR_FIXED);
        put_record(compiler, record, rrset->ttl);
    }
    const size_t wire_octets = compiler->wire_octets;
    for (size_t i = 0; i < rrset->sig_count && !compiler->full; i++)
        put_record(compiler, gathering->record[rrset->sig_first + i], rrset->ttl);
    if (compiler->full)
        return -EMSGSIZE;
    block->count = (uint16_t)rrset->count;
    block->wire_octets = (uint16_t)wire_octets;
    block->sig_octets = (uint16_t)(compiler->wire_octets - wire_octets);
    block->sig_count = (uint8_t)rrset->sig_count;
    return 0;
}

void compile_glue_begin(struct compiler *compiler)
{
    begin(compiler, compiler->owner, BLOCK_GLUE, 0);
}

int compile_glue_add(struct compiler *compiler, const struct gathering *gathering,
                     const struct rrset *addresses, size_t index)
{
    assert(compiler->block.type == BLOCK_GLUE);
    const size_t to = compiler->base + compiler->server[index];
    for (size_t i = 0; i < addresses->count; i++) {
        const struct record *record = gathering->record[addresses->first + i];
        const size_t room = WIRE_MAX - OPT_ROOM - compiler->base - compiler->wire_octets;
        if (to > POINTER_MAX || room < (size_t)RR_FIXED + record->rdata_octets)
            return -EMSGSIZE;
        put_pointer(compiler, to);
        put_fixed(compiler, record->type, addresses->ttl);
        wire_put16(compiler->wire + compiler->wire_octets - 2, record->rdata_octets);
        put_octets(compiler, record_rdata(record), record->rdata_octets);
        compiler->block.count++;
        compiler->block.wire_octets = (uint16_t)compiler->wire_octets;
    }
    return 0;
}

uint32_t compiled_append(const struct compiler *compiler, struct arena *arena)
{
    const struct block *block = &compiler->block;
    const uint32_t at = arena_append(arena, block_octets(block));
    if (at == 0)
        return 0;
    uint8_t *to = arena_edit(arena, at);
    memcpy(to, block, sizeof *block);
    to += sizeof *block;
    memcpy(to, compiler->pointer, 2u * block->npointers);
    memcpy(to + 2u * block->npointers, compiler->wire,
           (size_t)block->wire_octets + block->sig_octets);
    return at;
}

size_t compiled_octets(const struct compiler *compiler)
{
    return compiler->base + compiler->wire_octets + OPT_ROOM;
}

uint16_t compiled_count(const struct compiler *compiler)
{
    return compiler->block.count;
}
