/* rrsets.c -- an answer's RRs put into RRsets, each with the signatures over it */
#include "tests/differential/rrsets.h"

static bool read_dname(struct labels *name, const ldns_rdf *rdf)
{
    return labels_read(name, ldns_rdf_data(rdf), ldns_rdf_size(rdf)) != 0;
}

static struct rrset *rrset_for(struct rrsets *rrsets, ldns_pkt_section section,
                               const struct labels *owner, uint16_t type)
{
    struct rrset *rrset = rrsets_find(rrsets, section, owner, type);
    if (rrset != NULL || rrsets->count == RRSETS_MAX)
        return rrset;
    rrset = &rrsets->each[rrsets->count++];
    *rrset = (struct rrset){.section = section, .owner = *owner, .type = type};
    rrset->rrs = ldns_rr_list_new();
    rrset->signatures = ldns_rr_list_new();
    return rrset;
}

static const char *add_rr(struct rrsets *rrsets, ldns_pkt_section section, ldns_rr *rr)
{
    struct labels owner;
    if (!read_dname(&owner, ldns_rr_owner(rr)))
        return "an owner name is none";
    const bool signature = ldns_rr_get_type(rr) == LDNS_RR_TYPE_RRSIG;
    const uint16_t type = (uint16_t)(signature ? ldns_rdf2rr_type(ldns_rr_rrsig_typecovered(rr))
                                               : ldns_rr_get_type(rr));
    struct rrset *rrset = rrset_for(rrsets, section, &owner, type);
    if (rrset == NULL)
        return "more RRsets than the validator can hold";
    ldns_rr_list_push_rr(signature ? rrset->signatures : rrset->rrs, rr);
    return NULL;
}

const char *rrsets_read(struct rrsets *rrsets, const ldns_pkt *packet)
{
    const struct {
        ldns_pkt_section section;
        const ldns_rr_list *rrs;
    } sections[] = {{LDNS_SECTION_ANSWER, ldns_pkt_answer(packet)},
                    {LDNS_SECTION_AUTHORITY, ldns_pkt_authority(packet)},
                    {LDNS_SECTION_ADDITIONAL, ldns_pkt_additional(packet)}};
    rrsets->count = 0;
    for (size_t s = 0; s < sizeof sections / sizeof sections[0]; s++) {
        for (size_t i = 0; i < ldns_rr_list_rr_count(sections[s].rrs); i++) {
            const char *why =
                add_rr(rrsets, sections[s].section, ldns_rr_list_rr(sections[s].rrs, i));
            if (why != NULL)
                return why;
        }
    }
    return NULL;
}

void rrsets_clear(struct rrsets *rrsets)
{
    for (size_t i = 0; i < rrsets->count; i++) {
        ldns_rr_list_free(rrsets->each[i].rrs);
        ldns_rr_list_free(rrsets->each[i].signatures);
    }
    rrsets->count = 0;
}

struct rrset *rrsets_find(struct rrsets *rrsets, ldns_pkt_section section,
                          const struct labels *owner, uint16_t type)
{
    for (size_t i = 0; i < rrsets->count; i++) {
        struct rrset *rrset = &rrsets->each[i];
        if ((section == LDNS_SECTION_ANY || rrset->section == section) && rrset->type == type
            && (owner == NULL || labels_equal(&rrset->owner, owner)))
            return rrset;
    }
    return NULL;
}

void rrset_signer(const struct rrset *rrset, struct labels *apex)
{
    if (!read_dname(apex, ldns_rr_rrsig_signame(ldns_rr_list_rr(rrset->signatures, 0))))
        *apex = (struct labels){.octets = 1};
}

size_t rrset_signed_labels(const struct rrset *rrset)
{
    return ldns_rdf2native_int8(ldns_rr_rrsig_labels(ldns_rr_list_rr(rrset->signatures, 0)));
}

size_t rrset_labels(const struct rrset *rrset)
{
    const uint8_t *wire = rrset->owner.wire;
    const bool wildcard = wire[0] == 1 && wire[1] == '*';
    return (size_t)rrset->owner.count - (wildcard ? 1 : 0);
}

/* What a signature says of itself, before any mathematics. RFC 4035 section 5.3.1 */
static const char *check_signature(const struct rrset *rrset, const ldns_rr *signature,
                                   const struct labels *apex)
{
    struct labels signer;
    const uint32_t ttl = ldns_rr_ttl(signature);
    if (!read_dname(&signer, ldns_rr_rrsig_signame(signature)) || !labels_equal(&signer, apex))
        return "a signature is another zone's";
    const size_t labels = ldns_rdf2native_int8(ldns_rr_rrsig_labels(signature));
    if (labels > rrset_labels(rrset) || labels != rrset_signed_labels(rrset))
        return "a signature counts its labels wrongly";
    if (ttl > ldns_rdf2native_int32(ldns_rr_rrsig_origttl(signature)))
        return "a TTL is above the signed one";
    if (ttl != ldns_rr_ttl(ldns_rr_list_rr(rrset->rrs, 0)))
        return "a signature's TTL isn't its RRset's";
    return NULL;
}

const char *rrset_verify(const struct rrset *rrset, const struct labels *apex,
                         const ldns_rr_list *keys)
{
    if (ldns_rr_list_rr_count(rrset->rrs) == 0)
        return "signatures without their RRset";
    if (ldns_rr_list_rr_count(rrset->signatures) == 0)
        return "no signature";
    for (size_t i = 0; i < ldns_rr_list_rr_count(rrset->signatures); i++) {
        const ldns_rr *signature = ldns_rr_list_rr(rrset->signatures, i);
        const char *why = check_signature(rrset, signature, apex);
        if (why != NULL)
            return why;
        ldns_rr_list *good = ldns_rr_list_new();
        const ldns_status status =
            ldns_verify_rrsig_keylist_notime(rrset->rrs, signature, keys, good);
        ldns_rr_list_free(good);
        if (status != LDNS_STATUS_OK)
            return ldns_get_errorstr_by_id(status);
    }
    return NULL;
}
