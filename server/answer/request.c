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
static uint16_t read_additional(struct request *request, struct reader *r, unsigned count)
{
    struct edns *edns = &request->edns;
    size_t tsig_at = 0;
    for (unsigned i = 0; i < count; i++) {
        const size_t owner_at = r->at;
        skip_owner(r);
        const uint16_t type = reader_16(r);
        if (tsig_at != 0 || r->failed)
            return RCODE_FORMERR;
        if (type == RRTYPE_OPT) {
            if (edns->present || r->octets[owner_at] != 0 || !edns_read(edns, r))
                return RCODE_FORMERR;
            continue;
        }
        if (type == RRTYPE_TSIG)
            tsig_at = owner_at;
        reader_take(r, RR_FIXED_OCTETS - 4);
        reader_take(r, reader_16(r));
    }
    if (r->failed)
        return RCODE_FORMERR;
    request->tsig_at = (uint16_t)tsig_at;
    return edns->version > 0 ? RCODE_BADVERS : RCODE_NOERROR;
}

/* RFC 7873 section 5.4: a client that wants nothing but a cookie asks nothing. */
static enum request_fate bare_fate(struct request *request)
{
    if (request->rcode != RCODE_FORMERR && !request->notify
        && (request->edns.asked & EDNS_ASKED_COOKIE) != 0)
        return REQUEST_BARE;
    edns_init(&request->edns);
    request->tsig_at = 0;
    request->rcode = RCODE_FORMERR;
    return REQUEST_HEADER;
}

static bool read_question(struct request *request, struct reader *r)
{
    if (!read_qname(&request->qname, r))
        return false;
    const uint8_t *question = reader_take(r, 4);
    if (question == NULL)
        return false;
    request->qtype = wire_get16(question);
    request->qclass = wire_get16(question + 2);
    return true;
}

enum request_fate request_read(struct request *request, const uint8_t *octets, size_t len)
{
    if (len < HEADER_OCTETS)
        return REQUEST_SILENT;
    const uint16_t bits = wire_get16(octets + 2);
    if ((bits & HEADER_QR) != 0)
        return REQUEST_SILENT;

    edns_init(&request->edns);
    request->tsig_at = 0;
    request->rcode = RCODE_NOTIMP;
    request->notify = (bits & HEADER_OPCODE) == OPCODE_NOTIFY << HEADER_OPCODE_SHIFT;
    if ((bits & HEADER_OPCODE) != OPCODE_QUERY && !request->notify)
        return REQUEST_HEADER;

    request->rcode = RCODE_FORMERR;
    struct reader r = reader_of(octets, len);
    r.at = HEADER_OCTETS;
    const unsigned questions = wire_get16(octets + 4);
    const bool asked = questions == 1;
    if (questions > 1 || (asked && !read_question(request, &r)))
        return REQUEST_HEADER;

    const unsigned answers = wire_get16(octets + 6);
    const unsigned authorities = wire_get16(octets + 8);
    bool legal = true;
    if ((answers | authorities) != 0) {
        legal = asked && (request->notify || (answers == 0 && request->qtype == RRTYPE_IXFR));
        if (legal)
            skip_records(&r, answers + authorities);
    }
    if (legal && !r.failed)
        request->rcode = read_additional(request, &r, wire_get16(octets + 10));
    return asked ? REQUEST_ASKED : bare_fate(request);
}
