/* rrset.h -- from the records of an owner to its RRsets, and from an RRset to its block
 * One thread at a time; memory is kept from owner to owner. */
#ifndef PHAROS_ZONE_RRSET_H
#define PHAROS_ZONE_RRSET_H

#include "zone/records.h"
#include "zone/rrtype.h"
#include "zone/wire.h"

/* An RRset and its signatures: indexes into `record` of the gathering it's in. */
struct rrset {
    uint16_t type;
    uint32_t ttl; /* the lowest of its records (RFC 2181 section 5.2) */
    size_t first, count;
    size_t sig_first, sig_count; /* RRSIGs that cover `type`; `count` may be 0 beside them */
};

/* The records of one owner, by ascending type, in canonical order of their RDATA, without
 * duplicates. */
struct gathering {
    struct record *read;          /* in the order in which they were read */
    const struct record **record; /* in `read` */
    size_t records, record_capacity;
    struct rrset *rrset;
    size_t rrsets, rrset_capacity;
};

/* The type of the RRset to which an RR belongs: signatures go with what they cover. None covers type 0, which is
 * glue in a zone (BLOCK_GLUE). */
static inline uint16_t rrset_type(uint16_t type, const uint8_t *rdata, size_t octets)
{
    if (type != RRTYPE_RRSIG || octets < 2)
        return type;
    const uint16_t covered = wire_get16(rdata);
    return covered != BLOCK_GLUE ? covered : type;
}

/* Told of a duplicate that was dropped, or of a record whose TTL isn't its RRset's. */
typedef void gather_remark(void *context, const struct record *record, bool duplicate);

/* Gathers the runs `first` to `end` - 1, which have one owner. `remark` may be NULL. `types`
 * limits it to A and AAAA where `addresses` is set. Returns 0 or -ENOMEM. */
int gather(struct gathering *gathering, const struct records *records, size_t first, size_t end,
           bool addresses, gather_remark *remark, void *context);
void gathering_fini(struct gathering *gathering);

/* The RRset of a type, or NULL. */
static inline const struct rrset *gathering_find(const struct gathering *gathering,
                                                 uint16_t type)
{
    for (size_t i = 0; i < gathering->rrsets; i++)
        if (gathering->rrset[i].type == type)
            return &gathering->rrset[i];
    return NULL;
}

/* Where blocks are laid out before they go into the arena. About 400 KB: one a builder. */
struct compiler;

struct compiler *compiler_new(void);
void compiler_free(struct compiler *compiler);

/* Lays out the block of an RRset, owned by `owner` (absolute, lower case). Returns 0, or
 * -EMSGSIZE where it can't fit in a message. */
int compile_rrset(struct compiler *compiler, const struct gathering *gathering,
                  const struct rrset *rrset, const struct name *owner, uint8_t flags);

/* Begins a block of glue for the NS block compiled last, whose owner must still be there; adds
 * the addresses of its server `index`. Returns 0, or -EMSGSIZE where there's no room. */
void compile_glue_begin(struct compiler *compiler);
int compile_glue_add(struct compiler *compiler, const struct gathering *gathering,
                     const struct rrset *addresses, size_t index);

/* Appends the block laid out last to an arena. Returns its reference, or 0 out of memory. */
uint32_t compiled_append(const struct compiler *compiler, struct arena *arena);

/* Octets of a message that has its owner for the question, the block laid out last with its signatures
 * for the answer, and an OPT. */
size_t compiled_octets(const struct compiler *compiler);

/* RRs without signatures in the block laid out last. */
uint16_t compiled_count(const struct compiler *compiler);

#endif
