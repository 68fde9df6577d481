#include "server/answer/request.h"

#include "zone/rrtype.h"

enum { QUESTION_FIXED_OCTETS = 4 }; /* QTYPE and QCLASS */

/* The four counts of a header: one question, and no record or one additional. */
#define COUNTS_QUESTION         (UINT64_C(1) << 48)
#define COUNTS_QUESTION_AND_ONE (COUNTS_QUESTION | 1)

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
    bool sound = true;
    for (unsigned i = 0; i < count; i++) {
        const size_t owner_at = r->at;
        skip_owner(r);
        const uint16_t type = reader_16(r);
        if (tsig_at != 0 || r->failed)
            return RCODE_FORMERR;
        if (type == RRTYPE_OPT && !edns->present && r->octets[owner_at] == 0) {
            sound = edns_read(edns, r) && sound; /* a TSIG may follow, and be answered */
            continue;
        }
        if (type == RRTYPE_OPT)
            sound = false;
        if (type == RRTYPE_TSIG)
            tsig_at = owner_at;
        reader_take(r, RR_FIXED_OCTETS - 4);
        reader_take(r, reader_16(r));
    }
    if (r->failed)
        return RCODE_FORMERR;
    request->tsig_at = (uint16_t)tsig_at;
    if (!sound)
        return RCODE_FORMERR;
    return edns->version > 0 ? RCODE_BADVERS : RCODE_NOERROR;
}

/* RFC 7873 section 5.4: a client that wants nothing but a cookie asks nothing. */
__attribute__((noinline)) static enum request_fate bare_fate(struct request *request)
{
    if (request->rcode != RCODE_FORMERR && !request->notify
        && (request->edns.asked & EDNS_ASKED_COOKIE) != 0)
        return REQUEST_BARE;
    request->edns.asked = 0;
    if (request->rcode != RCODE_BADVERS)
        request->rcode = RCODE_FORMERR;
    return REQUEST_HEADER;
}

/* Reads what can be of a message whose format isn't ours. Where it has sections as others have them, its
 * OPT and TSIG are found, and answered (RFC 6891 section 6.1.1, RFC 8945 section 5.3). */
__attribute__((noinline, cold)) static enum request_fate
read_foreign(struct request *request, const uint8_t *octets, size_t len)
{
    struct reader r = reader_of(octets, len);
    r.at = HEADER_OCTETS;
    for (unsigned left = wire_get16(octets + 4); left > 0 && !r.failed; left--) {
        skip_owner(&r);
        reader_take(&r, QUESTION_FIXED_OCTETS);
    }
    skip_records(&r, (unsigned)wire_get16(octets + 6) + wire_get16(octets + 8));
    if (read_additional(request, &r, wire_get16(octets + 10)) == RCODE_BADVERS)
        request->rcode = RCODE_BADVERS;
    request->edns.asked = 0;
    return REQUEST_HEADER;
}

/* Reads what begins at `at`, behind the question if one is `asked`, and settles the RCODE. */
__attribute__((noinline)) static void read_records(struct request *request, const uint8_t *octets, size_t len, size_t at,
                         bool asked)
{
    struct reader r = reader_of(octets, len);
    r.at = at;
    const unsigned answers = wire_get16(octets + 6);
    const unsigned authorities = wire_get16(octets + 8);
    const bool legal =
        (answers | authorities) == 0
        || (asked && (request->notify || (answers == 0 && request->qtype == RRTYPE_IXFR)));
    skip_records(&r, answers + authorities);
    const uint16_t rcode = read_additional(request, &r, wire_get16(octets + 10));
    request->rcode = legal ? rcode : RCODE_FORMERR;
}

/* Reads the question; returns the offset of what follows it, or 0 where it's no question. QNAME has
 * labels without pointers, since there is nothing before it to point to. */
static size_t read_question(struct request *request, uint8_t room[NAME_KEY_MAX],
                            const uint8_t *octets, size_t len)
{
    const size_t name = name_read(&request->qname, room, &request->symbols,
                                  octets + HEADER_OCTETS, len - HEADER_OCTETS);
    const size_t at = HEADER_OCTETS + name;
    if (name == 0 || len - at < QUESTION_FIXED_OCTETS)
        return 0;
    request->qtype = wire_get16(octets + at);
    request->qclass = wire_get16(octets + at + 2);
    return at + QUESTION_FIXED_OCTETS;
}

/* What nearly all queries end with: nothing, or an OPT of version 0 without options. Returns false
 * where it's anything else, with nothing read. */
static bool read_common_end(struct request *request, const uint8_t *octets, size_t len,
                            size_t at)
{
    const uint64_t counts = wire_get64(octets + 4);
    if (counts == COUNTS_QUESTION)
        return true;
    return counts == COUNTS_QUESTION_AND_ONE && len - at >= OPT_OCTETS
           && edns_read_plain(&request->edns, octets + at);
}

enum request_fate request_read(struct request *request, uint8_t room[NAME_KEY_MAX],
                               const uint8_t *octets, size_t len)
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
        return read_foreign(request, octets, len);

    request->rcode = RCODE_FORMERR;
    const unsigned questions = wire_get16(octets + 4);
    if (questions > 1)
        return read_foreign(request, octets, len);
    const bool asked = questions == 1;
    const size_t at = asked ? read_question(request, room, octets, len) : HEADER_OCTETS;
    if (at == 0)
        return REQUEST_HEADER;
    if (asked && read_common_end(request, octets, len, at)) {
        request->rcode = RCODE_NOERROR;
        return REQUEST_ASKED;
    }
    read_records(request, octets, len, at, asked);
    return asked ? REQUEST_ASKED : bare_fate(request);
}
