/* zonemd.c -- the message digest of a zone */
#include "zone/zonemd.h"

#include "zone/canonical.h"
#include "zone/rrtype.h"
#include "zone/wire.h"

#include <openssl/evp.h>

#include <errno.h>
#include <string.h>

enum { RR_FIXED = 12, ZONEMD_FIXED = 6, CLASS_IN = 1 };

/* A ZONEMD RR: section 2.2. */
struct zonemd {
    uint32_t serial;
    uint8_t scheme, algorithm;
    const uint8_t *digest;
    size_t octets;
};

struct digesting {
    EVP_MD_CTX *context;
    struct canonical list;
};

static const EVP_MD *hash_of(uint8_t algorithm)
{
    return algorithm == ZONEMD_SHA384 ? EVP_sha384() : EVP_sha512();
}

static int add_block(struct canonical *list, const struct name *owner, const struct node *node,
                     const struct block *block)
{
    if (block->type == BLOCK_GLUE) /* a copy of addresses that are elsewhere in the zone */
        return 0;
    if (block->type == RRTYPE_ZONEMD && (node->flags & NODE_APEX) != 0)
        return 0; /* section 3.3.1: neither the digest nor its signatures */
    const int err = canonical_add(list, block, owner, CANONICAL_RRS);
    return err != 0 ? err : canonical_add(list, block, owner, CANONICAL_SIGNATURES);
}

static int add_node(struct canonical *list, const struct name *owner, const struct node *node)
{
    if (node == NULL)
        return 0;
    int err = 0;
    const struct block *block = node_first(node);
    for (unsigned i = 0; err == 0 && i < node->blocks; i++, block = block_next(block))
        err = add_block(list, owner, node, block);
    return err;
}

static int digest_owner(void *context, const struct name *owner, const struct node *node,
                        const struct node *nsec3)
{
    struct digesting *digesting = context;
    struct canonical *list = &digesting->list;
    canonical_clear(list);
    int err = add_node(list, owner, node);
    if (err == 0)
        err = add_node(list, owner, nsec3);
    if (err != 0)
        return err;
    canonical_sort(list);
    for (size_t i = 0; i < list->count; i++) {
        const struct canonical_rr *rr = &list->rr[i];
        uint8_t fixed[10];
        wire_put16(fixed, rr->type);
        wire_put16(fixed + 2, CLASS_IN);
        wire_put32(fixed + 4, rr->ttl);
        wire_put16(fixed + 8, rr->octets);
        if (EVP_DigestUpdate(digesting->context, owner->wire, owner->octets) != 1
            || EVP_DigestUpdate(digesting->context, fixed, sizeof fixed) != 1
            || EVP_DigestUpdate(digesting->context, canonical_rdata(list, rr), rr->octets) != 1)
            return -ENOMEM;
    }
    return 0;
}

int zonemd_digest(const struct zone *zone, uint8_t algorithm, uint8_t digest[ZONEMD_OCTETS_MAX])
{
    struct digesting digesting = {.context = EVP_MD_CTX_new()};
    if (digesting.context == NULL)
        return -ENOMEM;
    unsigned octets = 0;
    int err = -ENOMEM;
    if (EVP_DigestInit_ex(digesting.context, hash_of(algorithm), NULL) == 1)
        err = canonical_walk(zone, digest_owner, &digesting);
    if (err == 0 && EVP_DigestFinal_ex(digesting.context, digest, &octets) != 1)
        err = -ENOMEM;
    EVP_MD_CTX_free(digesting.context);
    canonical_fini(&digesting.list);
    return err != 0 ? err : (int)octets;
}

/* The RR at `*at` of the block; `*at` moves on. The RDATA's form was checked when it was read. */
static struct zonemd read_zonemd(const struct block *block, size_t *at)
{
    const uint8_t *wire = block_wire(block) + *at, *rdata = wire + RR_FIXED;
    const size_t octets = wire_get16(rdata - 2);
    *at += RR_FIXED + octets;
    return (struct zonemd){.serial = wire_get32(rdata),
                           .scheme = rdata[4],
                           .algorithm = rdata[5],
                           .digest = rdata + ZONEMD_FIXED,
                           .octets = octets - ZONEMD_FIXED};
}

static bool known(const struct zonemd *zonemd)
{
    return zonemd->scheme == ZONEMD_SCHEME_SIMPLE
           && (zonemd->algorithm == ZONEMD_SHA384 || zonemd->algorithm == ZONEMD_SHA512);
}

/* Whether another RR of the block has the same scheme and algorithm: then neither counts. */
static bool is_doubled(const struct block *block, const struct zonemd *zonemd)
{
    unsigned alike = 0;
    size_t at = 0;
    for (unsigned i = 0; i < block->count; i++) {
        const struct zonemd other = read_zonemd(block, &at);
        alike += other.scheme == zonemd->scheme && other.algorithm == zonemd->algorithm;
    }
    return alike > 1;
}

/* What became of the RRs of a ZONEMD RRset. */
struct tally {
    unsigned good;
    unsigned failed;
    unsigned unknown;
    struct notes *notes;
    const char *file;
};

static void fail(struct tally *tally, const struct zonemd *zonemd, const char *why)
{
    tally->failed++;
    notes_add(tally->notes, SEVERITY_ERROR, tally->file, 0, 0, 1, NULL, 0,
              "ZONEMD with hash algorithm %u: %s", zonemd->algorithm, why);
}

static int try_one(struct tally *tally, const struct zone *zone, const struct block *block,
                   const struct zonemd *zonemd)
{
    if (!known(zonemd)) {
        tally->unknown++;
        return 0;
    }
    if (is_doubled(block, zonemd)) {
        fail(tally, zonemd, "there are several of it, so none counts");
        return 0;
    }
    if (zonemd->serial != zone->version.serial) {
        fail(tally, zonemd, "its serial isn't that of the SOA");
        return 0;
    }
    uint8_t digest[ZONEMD_OCTETS_MAX];
    const int octets = zonemd_digest(zone, zonemd->algorithm, digest);
    if (octets < 0)
        return octets;
    if (zonemd->octets == (size_t)octets && memcmp(zonemd->digest, digest, zonemd->octets) == 0)
        tally->good++;
    else
        fail(tally, zonemd, "its digest isn't that of the zone");
    return 0;
}

static int try_all(struct tally *tally, const struct zone *zone, const struct block *block)
{
    int err = 0;
    size_t at = 0;
    const struct notes before = *tally->notes;
    for (unsigned i = 0; err == 0 && i < block->count; i++) {
        const struct zonemd zonemd = read_zonemd(block, &at);
        err = try_one(tally, zone, block, &zonemd);
    }
    /* RFC 8976 section 4: one that fits is enough, so the others are no errors. */
    if (tally->good > 0 && tally->failed > 0) {
        notes_rewind(tally->notes, &before);
        notes_add(tally->notes, SEVERITY_WARNING, tally->file, 0, 0, 1, NULL, 0,
                  "%u of %u ZONEMD records don't fit the zone", tally->failed, block->count);
    }
    return err;
}

int zonemd_verify(const struct zone *zone, bool required, const char *file, struct notes *notes)
{
    const struct block *block = node_block(zone_node(zone, zone->apex_node), RRTYPE_ZONEMD);
    if (block == NULL || block->count == 0) {
        if (required)
            notes_add(notes, SEVERITY_ERROR, file, 0, 0, 1, NULL, 0,
                      "the zone has no ZONEMD, which is asked for");
        return required ? -EBADMSG : 0;
    }
    struct tally tally = {.notes = notes, .file = file};
    const int err = try_all(&tally, zone, block);
    if (err != 0)
        return err;
    if (tally.good == 0 && tally.failed == 0)
        notes_add(notes, required ? SEVERITY_ERROR : SEVERITY_WARNING, file, 0, 0, 1, NULL, 0,
                  "ZONEMD can't be verified: its scheme and hash algorithm aren't known here");
    return tally.good > 0 || (tally.failed == 0 && !required) ? 0 : -EBADMSG;
}
