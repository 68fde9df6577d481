/* verify_rrsig.c -- whether an RRSIG fits an RRset
 * The octets that a signature covers are laid out here; ldns and OpenSSL do the sums. */
#include "zone/verify_rrsig.h"

#include "zone/rrtype.h"
#include "zone/signatures.h"
#include "zone/wire.h"

enum {
    CLASS_IN = 1,
    SAME_TAG_MAX =
        4, /* keys of one tag that are tried: collisions cost, and chance makes few */
};

unsigned rrsig_labels(const struct name *owner)
{
    const bool wildcard = owner->wire[0] == 1 && owner->wire[1] == '*';
    return name_labels(owner->wire) - (wildcard ? 1 : 0);
}

struct rrsig rrsig_read(const uint8_t *rdata, size_t octets)
{
    const struct rrsig_times times = rrsig_times(rdata);
    return (struct rrsig){.covered = wire_get16(rdata),
                          .algorithm = times.algorithm,
                          .labels = rdata[3],
                          .original_ttl = wire_get32(rdata + 4),
                          .expiry = times.expiry,
                          .inception = times.inception,
                          .tag = wire_get16(rdata + 16),
                          .rdata = rdata,
                          .octets = octets,
                          .signer_octets =
                              name_check(rdata + RRSIG_FIXED, octets - RRSIG_FIXED)};
}

/* Section 3.1.8.1: the RRSIG's RDATA but the signature, then the RRs with their original TTL.
 * */
static bool lay_out(struct rrsig_keys *keys, const struct name *owner,
                    const struct canonical *rrset, const struct rrsig *rrsig)
{
    ldns_buffer *to = keys->covered;
    struct name signer;
    name_from_wire(&signer, rrsig->rdata + RRSIG_FIXED, true);
    ldns_buffer_clear(to);
    size_t octets = RRSIG_FIXED + rrsig->signer_octets;
    for (size_t i = 0; i < rrset->count; i++)
        octets += (size_t)owner->octets + 10 + rrset->rr[i].octets;
    if (!ldns_buffer_reserve(to, octets))
        return false;
    ldns_buffer_write(to, rrsig->rdata, RRSIG_FIXED);
    ldns_buffer_write(to, signer.wire, signer.octets);
    for (size_t i = 0; i < rrset->count; i++) {
        const struct canonical_rr *rr = &rrset->rr[i];
        ldns_buffer_write(to, owner->wire, owner->octets);
        ldns_buffer_write_u16(to, rr->type);
        ldns_buffer_write_u16(to, CLASS_IN);
        ldns_buffer_write_u32(to, rrsig->original_ttl);
        ldns_buffer_write_u16(to, rr->octets);
        ldns_buffer_write(to, canonical_rdata(rrset, rr), rr->octets);
    }
    return true;
}

/* The signature as OpenSSL takes it: ECDSA's two numbers become DER. Returns false where they
 * can't be numbers of that curve. */
static bool convert_signature(struct rrsig_keys *keys, const struct rrsig *rrsig)
{
    const size_t before = RRSIG_FIXED + rrsig->signer_octets;
    const uint8_t *octets = rrsig->rdata + before;
    const size_t count = rrsig->octets - before;
    ldns_buffer_clear(keys->signature);
    if (!ldns_buffer_reserve(keys->signature, count + 16))
        return false;
    const bool p256 = rrsig->algorithm == LDNS_ECDSAP256SHA256;
    if (!p256 && rrsig->algorithm != LDNS_ECDSAP384SHA384) {
        ldns_buffer_write(keys->signature, octets, count);
        return true;
    }
    if (count != (p256 ? 64 : 96))
        return false;
    ldns_rdf *rdf = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_B64, count, octets);
    if (rdf == NULL)
        return false;
    const ldns_status status = ldns_convert_ecdsa_rrsig_rdf2asn1(keys->signature, rdf);
    ldns_rdf_deep_free(rdf);
    return status == LDNS_STATUS_OK;
}

static bool fits(struct rrsig_keys *keys, const struct name *owner,
                 const struct canonical *rrset, const struct rrsig *rrsig,
                 const struct zone_key *key)
{
    if (!lay_out(keys, owner, rrset, rrsig) || !convert_signature(keys, rrsig))
        return false;
    return ldns_verify_rrsig_buffers_raw(ldns_buffer_begin(keys->signature),
                                         ldns_buffer_position(keys->signature), keys->covered,
                                         (unsigned char *)(uintptr_t)key->key, key->octets,
                                         rrsig->algorithm)
           == LDNS_STATUS_OK;
}

static enum verdict try_keys(struct rrsig_keys *keys, const struct name *owner,
                             const struct canonical *rrset, const struct rrsig *rrsig)
{
    unsigned tried = 0;
    for (size_t i = 0; i < keys->count && tried < SAME_TAG_MAX; i++) {
        const struct zone_key *key = &keys->key[i];
        if (key->tag != rrsig->tag || key->algorithm != rrsig->algorithm
            || (key->revoked && rrsig->covered != RRTYPE_DNSKEY))
            continue;
        if (!key->known)
            return VERDICT_UNKNOWN;
        if (fits(keys, owner, rrset, rrsig, key))
            return VERDICT_GOOD;
        tried++;
    }
    return tried == 0 ? VERDICT_NO_KEY : VERDICT_BAD;
}

enum verdict rrsig_judge(struct rrsig_keys *keys, const struct name *owner,
                         const struct canonical *rrset, const struct rrsig *rrsig, int64_t at)
{
    const uint32_t now = (uint32_t)at;
    if (rrsig->signer_octets != keys->zone->apex.octets
        || !name_equal(rrsig->rdata + RRSIG_FIXED, keys->zone->apex.wire))
        return VERDICT_SIGNER;
    if (rrsig->labels != rrsig_labels(owner))
        return VERDICT_LABELS;
    if (serial_before(rrsig->expiry, now))
        return VERDICT_EXPIRED;
    if (serial_before(now, rrsig->inception))
        return VERDICT_EARLY;
    return try_keys(keys, owner, rrset, rrsig);
}
