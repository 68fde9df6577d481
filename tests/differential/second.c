/* second.c -- what ldns makes of a denial */
#include "tests/differential/second.h"

static void collect(const struct rrsets *rrsets, const struct denials *denials,
                    ldns_rr_list *records, ldns_rr_list *signatures)
{
    for (size_t i = 0; i < rrsets->count; i++) {
        const struct rrset *rrset = &rrsets->each[i];
        struct labels signer;
        if (rrset->section != LDNS_SECTION_AUTHORITY
            || (rrset->type != LDNS_RR_TYPE_NSEC && rrset->type != LDNS_RR_TYPE_NSEC3)
            || ldns_rr_list_rr_count(rrset->signatures) == 0)
            continue;
        rrset_signer(rrset, &signer);
        if (!labels_equal(&signer, &denials->apex))
            continue;
        ldns_rr_list_push_rr_list(records, rrset->rrs);
        ldns_rr_list_push_rr_list(signatures, rrset->signatures);
    }
}

static ldns_rr *question(const struct labels *qname, uint16_t qtype)
{
    ldns_rr *rr = ldns_rr_new();
    ldns_rr_set_owner(rr, ldns_dname_new_frm_data(qname->octets, qname->wire));
    ldns_rr_set_type(rr, (ldns_rr_type)qtype);
    ldns_rr_set_class(rr, LDNS_RR_CLASS_IN);
    return rr;
}

static bool hashed(const struct denials *denials)
{
    return denials->count > 0 && denials->each[0].hashed;
}

/* Of the leak sanitizer, where it's linked in. */
extern void __lsan_disable(void) __attribute__((weak));
extern void __lsan_enable(void) __attribute__((weak));

/* ldns 1.8 never frees some of the names that it hashes on the way. */
static ldns_status verify_nsec3(ldns_rr *rr, ldns_rr_list *records, ldns_rr_list *signatures,
                                uint16_t qtype, bool name_error)
{
    if (__lsan_disable != NULL)
        __lsan_disable();
    const ldns_status status = ldns_dnssec_verify_denial_nsec3(
        rr, records, signatures, name_error ? LDNS_RCODE_NXDOMAIN : LDNS_RCODE_NOERROR,
        (ldns_rr_type)qtype, !name_error);
    if (__lsan_enable != NULL)
        __lsan_enable();
    return status;
}

static const char *ask(const struct rrsets *rrsets, const struct denials *denials,
                       const struct labels *qname, uint16_t qtype, bool name_error)
{
    ldns_rr_list *records = ldns_rr_list_new(), *signatures = ldns_rr_list_new();
    collect(rrsets, denials, records, signatures);
    ldns_rr *rr = question(qname, qtype);
    const ldns_status status = hashed(denials)
                                   ? verify_nsec3(rr, records, signatures, qtype, name_error)
                                   : ldns_dnssec_verify_denial(rr, records, signatures);
    ldns_rr_free(rr);
    ldns_rr_list_free(records);
    ldns_rr_list_free(signatures);
    return status == LDNS_STATUS_OK ? NULL : ldns_get_errorstr_by_id(status);
}

/* ldns 1.8 wants of every NSEC that it covers the wildcard of the name's parent too, which isn't
 * owed to an empty non-terminal and isn't the wildcard where more labels are missing. Of opt-out
 * it knows but DS at the name, and of DS not the wildcard. */
static bool understands(const struct denials *denials, uint16_t qtype, enum shown how)
{
    switch (how) {
    case SHOWN_ABSENT:
        return hashed(denials);
    case SHOWN_AT_NAME:
        return true;
    case SHOWN_WILDCARD:
        return hashed(denials) && qtype != LDNS_RR_TYPE_DS;
    case SHOWN_EMPTY:
    case SHOWN_OPT_OUT:
        break;
    }
    return false;
}

const char *second_opinion(const struct rrsets *rrsets, const struct denials *denials,
                           const struct labels *qname, uint16_t qtype, enum shown how)
{
    if (!understands(denials, qtype, how))
        return NULL;
    return ask(rrsets, denials, qname, qtype, how == SHOWN_ABSENT);
}
