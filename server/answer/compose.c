#include "server/answer/compose.h"

#include "zone/rrtype.h"

#include <assert.h>

enum { SERVICES_MAX = 8 }; /* whose hosts' addresses come along: most RRsets have one or two */

/* --- common --- */

static struct owner owner_of(const struct query *q, const struct zone *zone,
                             const struct node *node, bool wildcard)
{
    return (struct owner){
        .spot = {.name = &q->request.qname, .at = q->name_at},
        .octets = (uint8_t)(node->owner_octets + zone->apex.octets),
        .wildcard = wildcard,
    };
}

static struct owner matched(const struct query *q, const struct lookup *l)
{
    return owner_of(q, l->zone, l->node, l->wildcard);
}

/* Appends a block that the answer can't do without: TC where it doesn't fit (RFC 2181 section
 * 9). */
static bool require(struct query *q, enum section section, const struct block *block,
                    const struct owner *owner, unsigned parts)
{
    if (!place_block(&q->packet, section, block, owner, parts)) {
        q->packet.truncated = true;
        return false;
    }
    return true;
}

/* --- proofs (RFC 4035 section 3.1.3, RFC 5155 section 7.2) --- */

static bool is_noted(const struct query *q, const struct block *block)
{
    for (unsigned i = 0; i < q->proofs; i++)
        if (q->proof[i].block == block)
            return true;
    return false;
}

/* An owner in the denial's zone, but for its labels. */
static struct foreign foreign_owner(const struct query *q, const struct denial *denial)
{
    const struct name *apex = &denial->lookup->zone->apex;
    const struct spot spot = {.name = &q->request.qname, .at = q->name_at};
    const size_t skip = (size_t)q->request.qname.octets - apex->octets;
    return (struct foreign){.apex = apex, .apex_at = place_suffix(&q->packet, &spot, skip)};
}

static void set_labels(struct foreign *owner, const struct node *node)
{
    owner->labels = node_owner(node);
    owner->octets = node->owner_octets;
}

/* Keeps what proves for the authority section, which begins when the chain of aliases is at its end. */
static void note_proofs(struct query *q, const struct denial *denial)
{
    const struct foreign owner = foreign_owner(q, denial);
    for (unsigned i = 0; i < denial->count; i++) {
        const struct block *block = denial->block[i];
        if (block == NULL || block->count == 0 || q->proofs == PROOFS_MAX || is_noted(q, block))
            continue;
        struct proof *proof = &q->proof[q->proofs++];
        proof->block = block;
        proof->owner = owner;
        set_labels(&proof->owner, denial->node[i]);
    }
}

/* Writes the proof of a name that no alias led to: its records are different ones. */
static void put_denial(struct query *q, struct denial *denial)
{
    denial_complete(denial);
    struct foreign owner = foreign_owner(q, denial);
    for (unsigned i = 0; i < denial->count && !q->packet.truncated; i++) {
        const struct block *block = denial->block[i];
        if (block == NULL || block->count == 0)
            continue;
        set_labels(&owner, denial->node[i]);
        q->packet.truncated = !place_foreign(&q->packet, SECTION_AUTHORITY, block, &owner);
    }
}

/* Writes what was kept: all of it is required (RFC 4035 section 3.1.3). */
static void put_proofs(struct query *q)
{
    for (unsigned i = 0; i < q->proofs && !q->packet.truncated; i++) {
        const struct proof *proof = &q->proof[i];
        q->packet.truncated =
            !place_foreign(&q->packet, SECTION_AUTHORITY, proof->block, &proof->owner);
    }
    q->proofs = 0;
    if (q->denial != NULL)
        put_denial(q, q->denial);
    q->denial = NULL;
}

/* --- negative answers (RFC 2308) --- */

/* Nearly always all of it lies ready, or all but one RRset. */
static bool put_ready(struct query *q, const struct zone *zone, struct denial *denial)
{
    if (denial != NULL && denial->apex_ready) {
        denial->apex_ready =
            !place_ready(&q->packet, zone, READY_APEX, &q->request.qname, NULL, NULL);
        return !denial->apex_ready;
    }
    const enum ready_extent extent = q->request.edns.dnssec_ok ? READY_SIGNED : READY_SOA;
    return place_ready(&q->packet, zone, extent, &q->request.qname, NULL, NULL);
}

static enum compose_next negative(struct query *q, const struct lookup *l, uint16_t rcode)
{
    q->rcode = rcode;
    const struct zone *zone = l->zone;
    if (q->name_at == QNAME_AT && put_ready(q, zone, q->denial))
        return COMPOSE_DONE;
    const struct owner owner = {.spot = {.name = &q->request.qname, .at = q->name_at},
                                .octets = zone->apex.octets};
    if (!place_with_ttl(&q->packet, SECTION_AUTHORITY, zone_block(zone, zone->soa), &owner,
                        compose_parts(q), zone->negative_ttl))
        q->packet.truncated = true;
    return COMPOSE_DONE;
}

/* --- referrals --- */

struct cut {
    const struct block *ns, *glue, *ds;
};

static struct cut find_cut(const struct node *node)
{
    struct cut cut = {0};
    const struct block *block = node_first(node);
    for (unsigned i = 0; i < node->blocks && block->type <= RRTYPE_DS;
         i++, block = block_next(block)) {
        if (block->type == RRTYPE_NS)
            cut.ns = block;
        else if (block->type == BLOCK_GLUE)
            cut.glue = block;
        else if (block->type == RRTYPE_DS && block->count != 0 && block->sig_count != 0)
            cut.ds = block; /* unsigned it proves nothing, and resolvers expect none */
    }
    return cut;
}

/* The NS RRset of the cut, then what DO asks for, then the glue. Glue of in-domain servers that
 * doesn't fit sets TC: without it the child may be out of reach (RFC 9471 section 3.1). */
static enum compose_next referral(struct query *q, const struct lookup *l)
{
    struct packet *p = &q->packet;
    const struct cut cut = find_cut(l->node);
    assert(cut.ns != NULL && !l->wildcard); /* NS at a wildcard delegates nothing */
    const struct owner owner = matched(q, l);

    const uint32_t ns_at = p->len;
    if (!require(q, SECTION_AUTHORITY, cut.ns, &owner, PART_RRS))
        return COMPOSE_DONE;
    if (cut.ds != NULL && q->request.edns.dnssec_ok
        && !require(q, SECTION_AUTHORITY, cut.ds, &owner, compose_parts(q)))
        return COMPOSE_DONE;
    put_proofs(q);
    if (p->truncated)
        return COMPOSE_DONE;
    if (cut.glue != NULL && !place_glue(p, cut.glue, cut.ns, ns_at, &owner)) {
        p->truncated = true;
        return COMPOSE_DONE;
    }
    if ((cut.ns->flags & BLOCK_SIBLING) == 0)
        return COMPOSE_DONE;
    q->siblings = (struct siblings){
        .zone = l->zone, .count = cut.ns->count, .rrs_at = ns_at, .cut_octets = owner.octets};
    return COMPOSE_SIBLINGS;
}

/* --- aliases --- */

/* Goes on with `target`, which stands at message offset `at`: unless it was there before, or
 * there were too many; then the answer is what was found so far. */
static enum compose_next follow(struct query *q, size_t at, const struct name *target)
{
    if (q->aliases == ALIASES_MAX)
        return COMPOSE_DONE;
    q->alias_at[q->aliases++] = (uint16_t)q->name_at;
    for (unsigned i = 0; i < q->aliases; i++)
        if (packet_name_is(&q->packet, q->alias_at[i], target))
            return COMPOSE_DONE;
    q->name_at = (uint32_t)at;
    q->request.qname = *target;
    q->child_side = false;
    return COMPOSE_FOLLOW;
}

static enum compose_next cname(struct query *q, const struct lookup *l)
{
    const struct owner owner = matched(q, l);
    const uint32_t at = q->packet.len;
    if (!require(q, SECTION_ANSWER, l->block, &owner, compose_parts(q)))
        return COMPOSE_DONE;

    struct name target;
    const size_t target_at = packet_rdata(&q->packet, at);
    packet_read_name(&q->packet, target_at, &target);
    return follow(q, target_at, &target);
}

/* Where in the message a DNAME of the chain stands already; 0: it doesn't, or it's none. */
static size_t dname_at(const struct query *q, const struct block *block)
{
    for (unsigned i = 0; i < q->dnames; i++)
        if (q->dname[i] == block)
            return q->dname_at[i];
    return 0;
}

/* Puts the DNAME into the answer, once even if it applies several times along a chain. Returns
 * the message offset of its RDATA, or 0 where it doesn't fit. */
static size_t put_dname(struct query *q, const struct lookup *l)
{
    const size_t there = dname_at(q, l->block);
    if (there != 0)
        return packet_rdata(&q->packet, there);

    const struct owner owner = owner_of(q, l->zone, l->node, false);
    const uint32_t at = q->packet.len;
    if (!require(q, SECTION_ANSWER, l->block, &owner, compose_parts(q)))
        return 0;
    if (q->dnames < ALIASES_MAX) {
        q->dname[q->dnames] = l->block;
        q->dname_at[q->dnames++] = (uint16_t)at;
    }
    return packet_rdata(&q->packet, at);
}

/* RFC 6672 section 3: the suffix is replaced, and a CNAME says so to those who don't know
 * DNAME. */
static enum compose_next dname(struct query *q, const struct lookup *l)
{
    const size_t suffix_at = put_dname(q, l);
    if (suffix_at == 0)
        return COMPOSE_DONE;

    const struct name *qname = &q->request.qname;
    const size_t owner_octets = (size_t)l->node->owner_octets + l->zone->apex.octets;
    const size_t prefix = qname->octets - owner_octets;
    struct name suffix;
    packet_read_name(&q->packet, suffix_at, &suffix);
    if (prefix + suffix.octets > NAME_OCTETS_MAX) {
        q->rcode = RCODE_YXDOMAIN;
        return COMPOSE_DONE;
    }
    struct name target = {.octets = (uint8_t)(prefix + suffix.octets)};
    memcpy(target.wire, qname->wire, prefix);
    memcpy(target.wire + prefix, suffix.wire, suffix.octets);

    const struct spot spot = {.name = qname, .at = q->name_at};
    const uint32_t ttl = wire_get32(block_wire(l->block) + 6);
    const uint32_t at = q->packet.len;
    if (!place_alias(&q->packet, &spot, prefix, suffix_at, &target, ttl)) {
        q->packet.truncated = true;
        return COMPOSE_DONE;
    }
    if (q->request.qtype == RRTYPE_CNAME)
        return COMPOSE_DONE;
    return follow(q, packet_rdata(&q->packet, at), &target);
}

/* --- answers --- */

/* Addresses of the apex's servers come along as far as there's room (RFC 9609 section 4 counts on it
 * at the root). With DNSSEC they come with their signatures, which the glue block hasn't; and RRset by
 * RRset where it doesn't fit whole. */
static enum compose_next apex_servers(struct query *q, const struct lookup *l,
                                      const struct owner *owner, uint32_t ns_at)
{
    const struct cut apex = find_cut(l->node);
    if (apex.glue == NULL || apex.ns != l->block)
        return COMPOSE_DONE;
    if (!q->request.edns.dnssec_ok || !l->zone->signed_) {
        put_proofs(q); /* of a signed zone's wildcard that led here: authority comes first */
        if (q->packet.truncated)
            return COMPOSE_DONE;
        if (place_glue(&q->packet, apex.glue, apex.ns, ns_at, owner))
            return COMPOSE_DONE;
    }
    q->siblings =
        (struct siblings){.zone = l->zone, .count = apex.ns->count, .rrs_at = ns_at};
    return COMPOSE_SIBLINGS;
}

/* ANY gets one RRset, the first (RFC 8482 section 4.1), or all where that is configured. */
static enum compose_next any(struct query *q, const struct lookup *l, bool full)
{
    const struct owner owner = matched(q, l);
    bool found = false;
    const struct block *block = node_first(l->node);
    for (unsigned i = 0; i < l->node->blocks && (full || !found);
         i++, block = block_next(block)) {
        if (block->type == BLOCK_GLUE || block->count == 0)
            continue;
        found = true;
        if (dname_at(q, block) != 0)
            continue;
        if (!require(q, SECTION_ANSWER, block, &owner, compose_parts(q)))
            return COMPOSE_DONE;
    }
    return found ? COMPOSE_DONE : negative(q, l, RCODE_NOERROR);
}

/* RRSIGs aren't RRsets of their own: all that the name has are the answer (RFC 4034 section 3).
 */
static enum compose_next rrsig(struct query *q, const struct lookup *l)
{
    const struct owner owner = matched(q, l);
    bool found = false;
    const struct block *block = node_first(l->node);
    for (unsigned i = 0; i < l->node->blocks; i++, block = block_next(block)) {
        if (block->sig_count == 0)
            continue;
        found = true;
        if (dname_at(q, block) != 0 && q->request.edns.dnssec_ok)
            continue;
        if (!require(q, SECTION_ANSWER, block, &owner, PART_SIGNATURES))
            return COMPOSE_DONE;
    }
    if (found)
        return COMPOSE_DONE;
    return l->outcome == OUTCOME_CNAME ? cname(q, l) : negative(q, l, RCODE_NOERROR);
}

/* The addresses of services come along as far as there's room (RFC 9460 section 4.1). */
static enum compose_next services(struct query *q, const struct lookup *l, uint32_t rrs_at)
{
    q->siblings = (struct siblings){.zone = l->zone, .rrs_at = rrs_at, .services = true};
    q->siblings.count = l->block->count < SERVICES_MAX ? l->block->count : SERVICES_MAX;
    return COMPOSE_SIBLINGS;
}

static enum compose_next answer(struct query *q, const struct lookup *l)
{
    if (l->block->count == 0) /* signatures of an RRset that isn't there */
        return negative(q, l, RCODE_NOERROR);
    if (dname_at(q, l->block) != 0) /* what led here is what was asked for */
        return COMPOSE_DONE;
    const struct owner owner = matched(q, l);
    const uint32_t at = q->packet.len;
    if (!require(q, SECTION_ANSWER, l->block, &owner, compose_parts(q)))
        return COMPOSE_DONE;
    if (l->block->type == RRTYPE_NS && (l->node->flags & NODE_APEX) != 0)
        return apex_servers(q, l, &owner, at);
    if (l->block->type == RRTYPE_SVCB || l->block->type == RRTYPE_HTTPS)
        return services(q, l, at);
    return COMPOSE_DONE;
}

/* The name is in no zone that we can speak for. Along a chain the answer is what was found: the
 * resolver asks for the target itself, and here or elsewhere gets the truth about it. */
static enum compose_next unknown(struct query *q, uint16_t rcode, enum ede ede)
{
    if (q->aliases == 0) {
        q->rcode = rcode;
        q->ede = ede;
    }
    return COMPOSE_DONE;
}

static enum compose_next compose_found(struct query *q, const struct lookup *l,
                                       const struct answer_config *config)
{
    if (l->outcome == OUTCOME_NO_ZONE)
        return unknown(q, RCODE_REFUSED, EDE_NOT_AUTHORITATIVE);
    if (l->outcome == OUTCOME_NO_DATA_LOADED)
        return unknown(q, RCODE_SERVFAIL, EDE_NOT_READY);
    if (l->outcome == OUTCOME_REFERRAL)
        return referral(q, l);

    q->authoritative =
        true; /* once set for the first name, it stays (RFC 1035 section 4.1.1) */
    if (q->request.qtype == RRTYPE_RRSIG
        && (l->outcome == OUTCOME_CNAME || l->outcome == OUTCOME_NODATA
            || l->outcome == OUTCOME_ANSWER))
        return rrsig(q, l);
    switch (l->outcome) {
    case OUTCOME_ANSWER:
        return l->block != NULL ? answer(q, l) : any(q, l, config->any_full);
    case OUTCOME_CNAME:
        return cname(q, l);
    case OUTCOME_DNAME:
        return dname(q, l);
    case OUTCOME_NXDOMAIN:
        return negative(q, l, RCODE_NXDOMAIN);
    default:
        return negative(q, l, RCODE_NOERROR);
    }
}

/* What can't be proved isn't said, nor what led there (RFC 5155 section 7.2.9). */
static enum compose_next unprovable(struct query *q)
{
    struct packet *p = &q->packet;
    p->len = (uint32_t)packet_skip_name(p, QNAME_AT) + 4; /* QTYPE and QCLASS */
    memset(p->count, 0, sizeof p->count);
    q->rcode = RCODE_SERVFAIL;
    q->ede = EDE_INVALID_DATA;
    q->authoritative = false;
    return COMPOSE_DONE;
}

/* DS belongs to the zone above, but that isn't the parent where there's a zone cut between them.
 * Then the zone itself, if it's served, says that it has none (RFC 4035 section 3.1.4.1). */
static bool may_be_apex(const struct query *q, const struct lookup *l)
{
    return q->request.qtype == RRTYPE_DS && !q->child_side
           && (size_t)l->node->owner_octets + l->zone->apex.octets < q->request.qname.octets;
}

/* Answers what most ask for: an RRset that lies ready, of the very name that was asked for, and nothing goes
 * with it. Returns false, with nothing written, where it's anything else. */
static bool answer_ready(struct query *q, const struct lookup *l)
{
    const struct block *block = l->block;
    const uint16_t qtype = q->request.qtype;
    if (block == NULL || block->count == 0 || block->npointers != 0 || l->wildcard
        || q->aliases != 0 || qtype == RRTYPE_NS || qtype == RRTYPE_RRSIG
        || qtype == RRTYPE_SVCB || qtype == RRTYPE_HTTPS)
        return false;
    struct packet *p = &q->packet;
    size_t octets = block->wire_octets;
    unsigned count = block->count;
    if (q->request.edns.dnssec_ok) {
        octets += block->sig_octets;
        count += block->sig_count;
    }
    if (octets > packet_room(p))
        return false;
    memcpy(p->octets + p->len, block_wire(block), octets);
    p->len += (uint32_t)octets;
    p->count[SECTION_ANSWER] = (uint16_t)count;
    q->authoritative = true;
    return true;
}

/* Denies the very name that was asked for where what negative answers have in common lies ready. Returns false, with
 * nothing written, where it's anything else. */
static bool answer_denied(struct query *q, const struct lookup *l, struct denial *denial)
{
    const struct node *node = NULL;
    const struct block *block = NULL;
    enum ready_extent extent = q->request.edns.dnssec_ok ? READY_SIGNED : READY_SOA;
    if (denial != NULL) {
        if (denial->collision || denial->count > 1)
            return false;
        if (denial->apex_ready)
            extent = READY_APEX;
        if (denial->count == 1 && denial->block[0] != NULL && denial->block[0]->count != 0) {
            node = denial->node[0];
            block = denial->block[0];
        }
    }
    if (q->aliases != 0
        || !place_ready(&q->packet, l->zone, extent, &q->request.qname, node, block))
        return false;
    q->rcode = l->outcome == OUTCOME_NXDOMAIN ? RCODE_NXDOMAIN : RCODE_NOERROR;
    q->authoritative = true;
    return true;
}

/* All else. */
__attribute__((noinline)) static enum compose_next
compose_any(struct query *q, const struct lookup *l, struct denial *denial,
            const struct answer_config *config)
{
    if (denial != NULL && denial->collision)
        return unprovable(q);
    if (l->outcome == OUTCOME_REFERRAL && may_be_apex(q, l)) {
        q->child_side = true;
        return COMPOSE_FOLLOW;
    }
    /* Noted, it's compared with what other names have noted; without an alias there's no need. */
    const bool noted = denial != NULL && (q->proofs != 0 || l->outcome == OUTCOME_CNAME);
    q->denial = noted ? NULL : denial;
    if (noted) {
        denial_complete(denial);
        note_proofs(q, denial);
    }
    const enum compose_next next = compose_found(q, l, config);
    if (next != COMPOSE_FOLLOW && (q->proofs != 0 || q->denial != NULL))
        put_proofs(q);
    return next;
}

enum compose_next compose(struct query *q, const struct lookup *l, struct denial *denial,
                          const struct answer_config *config)
{
    if (l->outcome == OUTCOME_ANSWER && answer_ready(q, l))
        return COMPOSE_DONE;
    if ((l->outcome == OUTCOME_NXDOMAIN || l->outcome == OUTCOME_NODATA)
        && answer_denied(q, l, denial))
        return COMPOSE_DONE;
    return compose_any(q, l, denial, config);
}
