#include "server/answer/request.h"

#include "zone/rrtype.h"

/* Reads QNAME: labels without pointers, since there is nothing before it to point to. Returns
 * false where it's cut off or longer than a name may be. */
static bool read_qname(struct name *qname, struct reader *r)
{
    const uint8_t *start = r->octets + r->at;
    const size_t left = reader_left(r);
    size_t octets = 0;
    for (;;) {
        if (octets >= left || start[octets] > LABEL_OCTETS_MAX)
            return false;
        const size_t label = 1u + start[octets];
        octets += label;
        if (octets > NAME_OCTETS_MAX)
            return false;
        if (label == 1)
            break;
    }
    r->at += octets;
    qname->octets = (uint8_t)octets;
    memcpy(qname->wire, start, octets);
    name_lower(qname->wire, octets);
    return true;
}

/* Passes over an owner name in a later section. Where a pointer aims doesn't matter to us. */
static void skip_owner(struct reader *r)
{
    uint8_t len;
    while ((len = reader_8(r)) != 0) { /* the root label, or the end */
        if (len >= 0xc0) {
            reader_8(r);
            return;
        }
        if (len > LABEL_OCTETS_MAX) {
            r->failed = true;
            return;
        }
        reader_take(r, len);
    }
}

static void skip_records(struct reader *r, unsigned count)
{
    for (unsigned i = 0; i < count && !r->failed; i++) {
        skip_owner(r);
        reader_take(r, RR_FIXED_OCTETS - 2);
        reader_take(r, reader_16(r));
    }
}

/* Reads the additional section for its OPT and TSIG. Returns the RCODE that they settle. */
static uint16_t read_additional(struct edns *edns, struct reader *r, unsigned count)
{
    bool tsig = false;
    for (unsigned i = 0; i < count; i++) {
        const size_t owner_at = r->at;
        skip_owner(r);
        const uint16_t type = reader_16(r);
        if (tsig || r->failed)
            return RCODE_FORMERR;
        if (type == RRTYPE_OPT) {
            if (edns->present || r->octets[owner_at] != 0 || !edns_read(edns, r))
                return RCODE_FORMERR;
            continue;
        }
        tsig = type == RRTYPE_TSIG;
        reader_take(r, RR_FIXED_OCTETS - 4);
        reader_take(r, reader_16(r));
    }
    if (r->failed)
        return RCODE_FORMERR;
    if (edns->version > 0)
        return RCODE_BADVERS;
    return tsig ? RCODE_NOTAUTH : RCODE_NOERROR;
}

enum request_fate request_read(struct request *request, const uint8_t *octets, size_t len)
{
    if (len < HEADER_OCTETS)
        return REQUEST_SILENT;
    const uint16_t bits = wire_get16(octets + 2);
    if ((bits & HEADER_QR) != 0)
        return REQUEST_SILENT;

    request->edns = (struct edns){0};
    request->rcode = RCODE_NOTIMP;
    if ((bits & HEADER_OPCODE) != OPCODE_QUERY)
        return REQUEST_HEADER;

    request->rcode = RCODE_FORMERR;
    struct reader r = reader_of(octets, len);
    r.at = HEADER_OCTETS;
    if (wire_get16(octets + 4) != 1 || !read_qname(&request->qname, &r))
        return REQUEST_HEADER;
    const uint8_t *question = reader_take(&r, 4);
    if (question == NULL)
        return REQUEST_HEADER;
    request->qtype = wire_get16(question);
    request->qclass = wire_get16(question + 2);

    const unsigned answers = wire_get16(octets + 6);
    const unsigned authorities = wire_get16(octets + 8);
    if (answers != 0 || (authorities != 0 && request->qtype != RRTYPE_IXFR))
        return REQUEST_ASKED;
    if (authorities != 0)
        skip_records(&r, authorities);
    if (!r.failed)
        request->rcode = read_additional(&request->edns, &r, wire_get16(octets + 10));
    return REQUEST_ASKED;
}
