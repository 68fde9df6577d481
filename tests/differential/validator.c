/* validator.c -- what a validator with the zones' keys makes of an answer */
#include "tests/differential/validator.h"

#include "tests/differential/anchors.h"
#include "tests/differential/denial.h"
#include "tests/differential/rrsets.h"
#include "tests/differential/second.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    MESSAGE_OCTETS_MAX = 65535,
    HEADER_OCTETS = 12,
    ALIASES_OWED = 16,         /* a chain may be left off after as many */
    ALIASES_MAX = 64,          /* no answer has more */
    SIGNATURE_OCTETS_MIN = 94, /* an RRSIG of P-256 without its signer, the owner a pointer */
};

struct validator {
    struct anchors anchors;
    struct rrsets rrsets;
    struct denials denials;

    /* of the answer being judged */
    struct opinion *opinion;
    size_t octets, limit;
    unsigned rcode;
    uint16_t qtype;
    struct labels qname;      /* of QNAME and then of the aliases' targets */
    const struct anchor *end; /* the zone at which the way ended, or NULL */
    size_t aliases;
    struct labels passed[ALIASES_MAX];
};

struct validator *validator_new(void)
{
    return calloc(1, sizeof(struct validator));
}

void validator_free(struct validator *v)
{
    validator_clear(v);
    free(v);
}

void validator_clear(struct validator *v)
{
    anchors_clear(&v->anchors);
}

bool validator_zone(struct validator *v, const uint8_t *apex, size_t octets)
{
    return anchors_add(&v->anchors, apex, octets);
}

bool validator_key(struct validator *v, const uint8_t *apex, size_t apex_octets,
                   const uint8_t *rdata, size_t rdata_octets)
{
    return anchors_add_key(&v->anchors, apex, apex_octets, rdata, rdata_octets);
}

bool validator_cut(struct validator *v, const uint8_t *apex, size_t apex_octets,
                   const uint8_t *name, size_t name_octets)
{
    return anchors_add_cut(&v->anchors, apex, apex_octets, name, name_octets);
}

/* --- the opinion --- */

/* Adds a word to what the answer is. */
static void is_also(struct validator *v, const char *word)
{
    char *kind = v->opinion->kind;
    if (strstr(kind, word) == NULL)
        snprintf(kind + strlen(kind), sizeof v->opinion->kind - strlen(kind), "%s%s",
                 kind[0] != '\0' ? " " : "", word);
}

static bool bad(struct validator *v, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(v->opinion->why, sizeof v->opinion->why, format, arguments);
    va_end(arguments);
    return false;
}

static bool bad_rrset(struct validator *v, const struct rrset *rrset, const char *why)
{
    ldns_rdf *owner = ldns_dname_new_frm_data(rrset->owner.octets, rrset->owner.wire);
    char *name = ldns_rdf2str(owner), *type = ldns_rr_type2str((ldns_rr_type)rrset->type);
    bad(v, "%.200s %s: %s", name, type, why);
    ldns_rdf_deep_free(owner);
    free(name);
    free(type);
    return false;
}

/* --- signatures --- */

static bool has_signature(const struct rrset *rrset)
{
    return ldns_rr_list_rr_count(rrset->signatures) > 0;
}

/* Whether an RRset may be another zone's than the nearest: a zone has data where another one is
 * served, and addresses and denials come from it. */
static bool signer_decides(const struct rrset *rrset)
{
    return rrset->section == LDNS_SECTION_ADDITIONAL || rrset->type == LDNS_RR_TYPE_NSEC;
}

/* The zone that an RRset has to be of, or NULL. */
static const struct anchor *zone_of(const struct validator *v, const struct rrset *rrset)
{
    struct labels signer;
    if (signer_decides(rrset) && has_signature(rrset)) {
        rrset_signer(rrset, &signer);
        return labels_below(&rrset->owner, &signer) ? anchors_at(&v->anchors, &signer) : NULL;
    }
    if (rrset->section == LDNS_SECTION_ADDITIONAL && v->end != NULL
        && labels_below(&rrset->owner, &v->end->apex))
        return v->end;
    /* An alias at an apex can't be the zone's own: DS was asked for above it. */
    const bool above = rrset->type == LDNS_RR_TYPE_CNAME;
    return anchors_for(&v->anchors, &rrset->owner, above ? LDNS_RR_TYPE_DS : rrset->type);
}

/* The DNAME of the answer that applies to a name, or NULL. */
static struct rrset *dname_above(struct validator *v, const struct labels *name)
{
    for (size_t i = 0; i < v->rrsets.count; i++) {
        struct rrset *rrset = &v->rrsets.each[i];
        if (rrset->type == LDNS_RR_TYPE_DNAME && rrset->section == LDNS_SECTION_ANSWER
            && ldns_rr_list_rr_count(rrset->rrs) == 1 && name->count > rrset->owner.count
            && labels_below(name, &rrset->owner))
            return rrset;
    }
    return NULL;
}

/* RFC 4035 section 3.1.1: without room an additional RRset may lose its signatures. */
static bool may_lack_signature(const struct validator *v, const struct rrset *rrset,
                               const struct anchor *zone)
{
    return rrset->section == LDNS_SECTION_ADDITIONAL
           && v->octets + SIGNATURE_OCTETS_MIN + zone->apex.octets > v->limit;
}

static bool check_foreign(struct validator *v, const struct rrset *rrset)
{
    if (has_signature(rrset))
        return bad_rrset(v, rrset, "signed, though it isn't the zone's own");
    if (rrset->section == LDNS_SECTION_ANSWER)
        return bad_rrset(v, rrset, "an answer from below a zone cut");
    if (rrset->section == LDNS_SECTION_AUTHORITY && rrset->type != LDNS_RR_TYPE_NS)
        return bad_rrset(v, rrset, "from below a zone cut");
    return true;
}

static bool check_rrset(struct validator *v, const struct rrset *rrset)
{
    const struct anchor *zone = zone_of(v, rrset);
    if (zone == NULL)
        return bad_rrset(v, rrset, "outside of all zones");
    if (!anchor_owns(zone, &rrset->owner, rrset->type))
        return check_foreign(v, rrset);
    if (!anchor_signed(zone))
        return !has_signature(rrset) || bad_rrset(v, rrset, "signed in an unsigned zone");
    if (!has_signature(rrset)) {
        const bool synthesised = rrset->type == LDNS_RR_TYPE_CNAME
                                 && rrset->section == LDNS_SECTION_ANSWER
                                 && dname_above(v, &rrset->owner) != NULL;
        return synthesised || may_lack_signature(v, rrset, zone)
               || bad_rrset(v, rrset, "not signed");
    }
    if (v->qtype == LDNS_RR_TYPE_RRSIG && ldns_rr_list_rr_count(rrset->rrs) == 0)
        return true; /* nothing to hold them against */
    const char *why = rrset_verify(rrset, &zone->apex, zone->keys);
    return why == NULL || bad_rrset(v, rrset, why);
}

static bool check_signatures(struct validator *v)
{
    for (size_t i = 0; i < v->rrsets.count; i++)
        if (!check_rrset(v, &v->rrsets.each[i]))
            return false;
    return true;
}

/* --- proofs --- */

static bool add_denial(struct denials *denials, const struct rrset *rrset)
{
    uint8_t rdata[1024];
    size_t octets = 0;
    const ldns_rr *rr = ldns_rr_list_rr(rrset->rrs, 0);
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        const ldns_rdf *rdf = ldns_rr_rdf(rr, i);
        if (octets + ldns_rdf_size(rdf) > sizeof rdata)
            return false;
        memcpy(rdata + octets, ldns_rdf_data(rdf), ldns_rdf_size(rdf));
        octets += ldns_rdf_size(rdf);
    }
    return denials_add(denials, rrset->type == LDNS_RR_TYPE_NSEC3, &rrset->owner, rdata,
                       octets);
}

static bool denies(const struct rrset *rrset)
{
    return rrset->section == LDNS_SECTION_AUTHORITY
           && (rrset->type == LDNS_RR_TYPE_NSEC || rrset->type == LDNS_RR_TYPE_NSEC3)
           && ldns_rr_list_rr_count(rrset->rrs) == 1 && has_signature(rrset)
           && rrset_signed_labels(rrset) == rrset_labels(rrset);
}

/* The records of one zone that deny something; none is the work of a wildcard. */
static struct denials *denials_of(struct validator *v, const struct anchor *zone)
{
    v->denials.apex = zone->apex;
    v->denials.cuts = zone->cuts;
    v->denials.cut_count = zone->cut_count;
    v->denials.count = 0;
    for (size_t i = 0; i < v->rrsets.count; i++) {
        const struct rrset *rrset = &v->rrsets.each[i];
        if (denies(rrset) && zone_of(v, rrset) == zone)
            add_denial(&v->denials, rrset);
    }
    return &v->denials;
}

/* RFC 4035 section 5.3.4 */
static bool check_expansion(struct validator *v, const struct anchor *zone,
                            const struct rrset *rrset)
{
    if (!anchor_signed(zone) || !has_signature(rrset)
        || rrset_signed_labels(rrset) == rrset_labels(rrset))
        return true;
    is_also(v, "wildcard");
    const char *why =
        denials_no_closer(denials_of(v, zone), &rrset->owner, rrset_signed_labels(rrset));
    return why == NULL || bad_rrset(v, rrset, why);
}

/* --- the ends of the way --- */

static bool check_negative(struct validator *v, const struct anchor *zone,
                           const struct rrset *soa)
{
    const bool name_error = v->rcode == LDNS_RCODE_NXDOMAIN;
    is_also(v, name_error ? "name-error" : "nodata");
    if (!labels_equal(&soa->owner, &zone->apex))
        return bad_rrset(v, soa, "the SOA of another zone than the one that answers");
    if (!anchor_signed(zone)) {
        is_also(v, "unsigned");
        return true;
    }
    const struct denials *denials = denials_of(v, zone);
    is_also(v, denials->count > 0 && denials->each[0].hashed ? "nsec3" : "nsec");
    enum shown how;
    const char *why = name_error ? denials_name_error(denials, &v->qname, &how)
                                 : denials_no_data(denials, &v->qname, v->qtype, &how);
    if (why != NULL)
        return bad(v, "%s: %s", name_error ? "name error" : "no data", why);
    is_also(v,
            (const char *[]){"absent", "at-name", "empty", "by-wildcard", "by-opt-out"}[how]);
    why = second_opinion(&v->rrsets, denials, &v->qname, v->qtype, how);
    return why == NULL || bad(v, "ldns: %s", why);
}

static bool check_referral(struct validator *v, const struct anchor *zone, struct rrset *ns)
{
    is_also(v, "referral");
    if (ns->owner.count <= zone->apex.count || !labels_below(&v->qname, &ns->owner)
        || !labels_below(&ns->owner, &zone->apex) || v->rcode != LDNS_RCODE_NOERROR)
        return bad_rrset(v, ns, "a referral from elsewhere");
    if (v->qtype == LDNS_RR_TYPE_DS && labels_equal(&v->qname, &ns->owner))
        return bad_rrset(v, ns, "a referral where DS was asked for");
    if (!anchor_signed(zone)) {
        is_also(v, "unsigned");
        return true;
    }
    if (rrsets_find(&v->rrsets, LDNS_SECTION_AUTHORITY, &ns->owner, LDNS_RR_TYPE_DS) != NULL) {
        is_also(v, "secure");
        return true;
    }
    const struct denials *denials = denials_of(v, zone);
    is_also(v, denials->count > 0 && denials->each[0].hashed ? "nsec3" : "nsec");
    if (denials->count > 1)
        is_also(v, "opt-out");
    const char *why = denials_no_ds(denials, &ns->owner);
    return why == NULL || bad_rrset(v, ns, why);
}

/* Nothing in the answer goes on from here. */
static bool check_end(struct validator *v, const struct anchor *zone)
{
    if (zone == NULL) {
        is_also(v, "elsewhere");
        return v->rcode == LDNS_RCODE_NOERROR
               || bad(v, "the way leaves all zones, and the RCODE is %u", v->rcode);
    }
    struct rrset *soa = rrsets_find(&v->rrsets, LDNS_SECTION_AUTHORITY, NULL, LDNS_RR_TYPE_SOA);
    if (soa != NULL)
        return check_negative(v, zone, soa);
    struct rrset *ns = rrsets_find(&v->rrsets, LDNS_SECTION_AUTHORITY, NULL, LDNS_RR_TYPE_NS);
    if (ns != NULL)
        return check_referral(v, zone, ns);
    is_also(v, "cut-short");
    return v->aliases >= ALIASES_OWED || bad(v, "neither answer nor SOA nor referral");
}

/* --- the way --- */

/* RFC 6672 section 3.2: an alias that a DNAME made is followed, ANY too. */
static bool goes_on(struct validator *v, const struct rrset *rrset)
{
    return v->qtype == LDNS_RR_TYPE_ANY && rrset->type == LDNS_RR_TYPE_CNAME
           && !has_signature(rrset) && dname_above(v, &rrset->owner) != NULL;
}

/* Whether the answer has what was asked for at the name at hand. */
static bool arrived(struct validator *v)
{
    bool found = false;
    for (size_t i = 0; i < v->rrsets.count; i++) {
        struct rrset *rrset = &v->rrsets.each[i];
        const bool asked = v->qtype == LDNS_RR_TYPE_ANY || rrset->type == v->qtype
                           || (v->qtype == LDNS_RR_TYPE_RRSIG && has_signature(rrset)
                               && ldns_rr_list_rr_count(rrset->rrs) == 0);
        if (rrset->section != LDNS_SECTION_ANSWER || !asked || goes_on(v, rrset)
            || !labels_equal(&rrset->owner, &v->qname))
            continue;
        rrset->used = true;
        found = true;
    }
    return found;
}

static bool read_target(struct labels *target, const struct rrset *alias)
{
    const ldns_rdf *rdf = ldns_rr_rdf(ldns_rr_list_rr(alias->rrs, 0), 0);
    return labels_read(target, ldns_rdf_data(rdf), ldns_rdf_size(rdf)) != 0;
}

/* RFC 6672 section 5.3.1: what wasn't signed must be what the DNAME makes. */
static bool check_synthesis(struct validator *v, const struct anchor *zone, struct rrset *dname,
                            const struct rrset *cname)
{
    struct labels from, to, made;
    is_also(v, "dname");
    dname->used = true;
    if (!check_expansion(v, zone, dname))
        return false;
    if (!read_target(&to, dname) || !read_target(&from, cname)
        || !labels_substitute(&made, &cname->owner, &dname->owner, &to)
        || !labels_equal(&made, &from))
        return bad_rrset(v, cname, "not what the DNAME makes");
    return ldns_rr_ttl(ldns_rr_list_rr(cname->rrs, 0))
               == ldns_rr_ttl(ldns_rr_list_rr(dname->rrs, 0))
           || bad_rrset(v, cname, "its TTL isn't the DNAME's");
}

/* An RRset may be the work of a wildcard, or of a DNAME. */
static bool check_made(struct validator *v, const struct anchor *zone,
                       const struct rrset *rrset)
{
    struct rrset *dname = rrset->type != LDNS_RR_TYPE_CNAME || has_signature(rrset)
                              ? NULL
                              : dname_above(v, &rrset->owner);
    return dname != NULL ? check_synthesis(v, zone, dname, rrset)
                         : check_expansion(v, zone, rrset);
}

static bool check_arrival(struct validator *v, const struct anchor *zone)
{
    is_also(v, "answer");
    if (v->rcode != LDNS_RCODE_NOERROR)
        return bad(v, "an answer with RCODE %u", v->rcode);
    if (zone == NULL)
        return bad(v, "an answer from no zone");
    if (!anchor_signed(zone))
        is_also(v, "unsigned");
    for (size_t i = 0; i < v->rrsets.count; i++) {
        const struct rrset *rrset = &v->rrsets.each[i];
        if (rrset->section != LDNS_SECTION_ANSWER || !labels_equal(&rrset->owner, &v->qname))
            continue;
        if (!check_made(v, zone, rrset))
            return false;
    }
    return true;
}

static bool check_alias(struct validator *v, const struct anchor *zone, struct rrset *cname)
{
    is_also(v, "alias");
    cname->used = true;
    if (zone == NULL || ldns_rr_list_rr_count(cname->rrs) != 1)
        return bad_rrset(v, cname, "not one alias of a zone");
    return check_made(v, zone, cname);
}

static bool seen(const struct validator *v, const struct labels *name)
{
    for (size_t i = 0; i < v->aliases; i++)
        if (labels_equal(&v->passed[i], name))
            return true;
    return false;
}

/* RFC 6672 section 2.2: the name that the DNAME makes would be too long. */
static bool check_too_long(struct validator *v, const struct anchor *zone)
{
    struct labels to, made;
    struct rrset *dname = dname_above(v, &v->qname);
    is_also(v, "too-long");
    if (dname == NULL || zone == NULL || !read_target(&to, dname))
        return bad(v, "YXDOMAIN without a DNAME");
    dname->used = true;
    return (!labels_substitute(&made, &v->qname, &dname->owner, &to)
            || bad_rrset(v, dname, "YXDOMAIN for a name that isn't too long"))
           && check_expansion(v, zone, dname);
}

static bool check_way(struct validator *v)
{
    for (v->aliases = 0; v->aliases < ALIASES_MAX;) {
        const struct anchor *zone = anchors_for(&v->anchors, &v->qname, v->qtype);
        v->end = zone;
        if (arrived(v))
            return check_arrival(v, zone);
        struct rrset *cname =
            rrsets_find(&v->rrsets, LDNS_SECTION_ANSWER, &v->qname, LDNS_RR_TYPE_CNAME);
        if (cname == NULL)
            return v->rcode == LDNS_RCODE_YXDOMAIN ? check_too_long(v, zone)
                                                   : check_end(v, zone);
        if (!check_alias(v, zone, cname))
            return false;
        v->passed[v->aliases++] = v->qname;
        if (!read_target(&v->qname, cname))
            return bad_rrset(v, cname, "no target");
        if (seen(v, &v->qname)) {
            is_also(v, "loop");
            return v->rcode == LDNS_RCODE_NOERROR || bad(v, "a loop with RCODE %u", v->rcode);
        }
    }
    return bad(v, "more aliases than any server follows");
}

static bool check_nothing_else(struct validator *v)
{
    for (size_t i = 0; i < v->rrsets.count; i++)
        if (v->rrsets.each[i].section == LDNS_SECTION_ANSWER && !v->rrsets.each[i].used)
            return bad_rrset(v, &v->rrsets.each[i], "nobody asked for it");
    return true;
}

/* --- the whole --- */

static bool is_meta(uint16_t qtype)
{
    return qtype == 0 || qtype == LDNS_RR_TYPE_OPT || (qtype >= 128 && qtype <= 254);
}

/* An answer that gives no data; that there's nothing to give is for the comparison to say. */
static bool check_refusal(struct validator *v)
{
    is_also(v, "refused");
    if (v->rrsets.count > 0)
        return bad(v, "RCODE %u with records", v->rcode);
    return is_meta(v->qtype) || anchors_for(&v->anchors, &v->qname, v->qtype) == NULL
           || bad(v, "RCODE %u for what a zone has to answer", v->rcode);
}

static bool judge_packet(struct validator *v, const ldns_pkt *packet)
{
    const char *why = rrsets_read(&v->rrsets, packet);
    if (why != NULL)
        return bad(v, "%s", why);
    if (ldns_pkt_tc(packet)) {
        if (v->limit >= MESSAGE_OCTETS_MAX && v->qtype != LDNS_RR_TYPE_ANY)
            return bad(v, "TC over TCP: nothing can be asked for again");
        is_also(v, "truncated");
        return true;
    }
    v->rcode = (unsigned)ldns_pkt_get_rcode(packet)
               | (unsigned)ldns_pkt_edns_extended_rcode(packet) << 4;
    if (v->rcode != LDNS_RCODE_NOERROR && v->rcode != LDNS_RCODE_NXDOMAIN
        && v->rcode != LDNS_RCODE_YXDOMAIN)
        return check_refusal(v);
    return check_way(v) && check_signatures(v) && check_nothing_else(v);
}

static bool read_question(struct validator *v, const uint8_t *question, size_t octets)
{
    const size_t name = labels_read(&v->qname, question, octets);
    if (name == 0 || octets != name + 4)
        return bad(v, "the question is none");
    v->qtype = (uint16_t)(question[name] << 8 | question[name + 1]);
    return true;
}

void validator_judge(struct validator *v, const uint8_t *question, size_t question_octets,
                     const uint8_t *message, size_t message_octets, size_t limit,
                     struct opinion *opinion)
{
    *opinion = (struct opinion){.good = false};
    v->opinion = opinion;
    v->octets = message_octets;
    v->limit = limit;
    if (!read_question(v, question, question_octets))
        return;
    if (message_octets < HEADER_OCTETS + question_octets
        || memcmp(message + HEADER_OCTETS, question, question_octets) != 0) {
        bad(v, "the answer is to another question");
        return;
    }
    ldns_pkt *packet = NULL;
    const ldns_status status = ldns_wire2pkt(&packet, message, message_octets);
    if (status != LDNS_STATUS_OK) {
        bad(v, "ldns can't read the message: %s", ldns_get_errorstr_by_id(status));
        return;
    }
    opinion->good = judge_packet(v, packet);
    rrsets_clear(&v->rrsets);
    ldns_pkt_free(packet);
}
