/* addresses.c -- the addresses of servers and services, for the additional section */
#include "server/answer/compose.h"

#include "zone/rrtype.h"

enum { PRIORITY_OCTETS = 2 }; /* before the target in SVCB and HTTPS */

/* Where the RR at `rr_at` names the host whose addresses are wanted; 0: nowhere. A service whose
 * target is the root is at the RR's own owner, an alias to the root leads nowhere (RFC 9460
 * section 2.5). */
static size_t host_at(const struct query *q, size_t rr_at)
{
    const size_t rdata = packet_rdata(&q->packet, rr_at);
    if (!q->siblings.services)
        return rdata;
    const uint8_t *octets = q->packet.octets + rdata;
    if (octets[PRIORITY_OCTETS] != 0)
        return rdata + PRIORITY_OCTETS;
    return wire_get16(octets) != 0 ? rr_at : 0;
}

static size_t next_rr(const struct packet *p, size_t rr_at)
{
    const size_t rdata = packet_rdata(p, rr_at);
    return rdata + wire_get16(p->octets + rdata - 2);
}

/* Services may share a host, which servers can't. */
static bool is_repeated(const struct query *q, size_t rr_at, const struct name *name)
{
    for (size_t at = q->siblings.rrs_at; at < rr_at; at = next_rr(&q->packet, at)) {
        const size_t host = host_at(q, at);
        if (host != 0 && packet_name_is(&q->packet, host, name))
            return true;
    }
    return false;
}

bool compose_sibling(const struct query *q, uint32_t *at, struct name *name, uint32_t *spot_at)
{
    const struct packet *p = &q->packet;
    const size_t rr_at = *at;
    *at = (uint32_t)next_rr(p, rr_at);
    const size_t host = host_at(q, rr_at);
    if (host == 0)
        return false;
    *spot_at = (uint32_t)host;
    packet_read_name(p, host, name);

    if (!name_at_or_below(name, &q->siblings.zone->apex))
        return false;
    if (q->siblings.services)
        return !is_repeated(q, rr_at, name);
    if (q->siblings.cut_octets == 0)
        return true;
    const struct name *qname = &q->request.qname;
    struct name cut = {.octets = q->siblings.cut_octets};
    memcpy(cut.wire, qname->wire + qname->octets - cut.octets, cut.octets);
    return !name_at_or_below(name, &cut);
}

void compose_addresses(struct query *q, const struct node *node, const struct spot *server)
{
    static const uint16_t types[] = {RRTYPE_A, RRTYPE_AAAA};
    /* Glue is for referrals alone; elsewhere it would be data of another zone. */
    const unsigned hidden =
        q->siblings.services ? NODE_BELOW_DNAME | NODE_CUT | NODE_BELOW_CUT : NODE_BELOW_DNAME;
    if ((node->flags & hidden) != 0)
        return;
    const struct owner owner = {.spot = *server, .octets = server->name->octets};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        const struct block *block = node_block(node, types[i]);
        if (block == NULL || block->count == 0)
            continue;
        /* Where both don't fit, the RRset may go without its RRSIG: RFC 4035 section 3.1.1. */
        if (!place_block(&q->packet, SECTION_ADDITIONAL, block, &owner, compose_parts(q)))
            place_block(&q->packet, SECTION_ADDITIONAL, block, &owner, PART_RRS);
    }
}
