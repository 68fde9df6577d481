/* probe_message.c -- see probe_message.h */
#include "server/sidecar/probe_message.h"

#include "zone/wire.h"

enum {
    HEADER_OCTETS = 12,
    OPT_OCTETS = 11 + 4, /* with the option's empty head */
    TYPE_SOA = 6,
    TYPE_OPT = 41,
    CLASS_IN = 1,
    FLAG_QR = 0x80, /* in the third octet */
    RCODE_SERVFAIL = 2,
    OPTION_EDE = 15,
    PAYLOAD = 1232,
};

size_t probe_query(uint8_t query[PROBE_QUERY_MAX], uint16_t id, const uint8_t *qname,
                   size_t octets)
{
    memset(query, 0, HEADER_OCTETS);
    wire_put16(query, id);
    query[5] = 1;  /* QDCOUNT */
    query[11] = 1; /* ARCOUNT */
    uint8_t *at = query + HEADER_OCTETS;
    memcpy(at, qname, octets);
    at += octets;
    wire_put16(at, TYPE_SOA);
    wire_put16(at + 2, CLASS_IN);
    at += 4;
    memset(at, 0, OPT_OCTETS);
    wire_put16(at + 1, TYPE_OPT);
    wire_put16(at + 3, PAYLOAD);
    wire_put16(at + 9, 4);
    wire_put16(at + 11, PROBE_EDNS_OPTION);
    return (size_t)(at + OPT_OCTETS - query);
}

/* A pointer ends a name (RFC 1035 section 4.1.4); where to doesn't matter. */
static void skip_name(struct reader *r)
{
    for (;;) {
        const uint8_t octets = reader_8(r);
        if (octets >= 0xc0)
            reader_8(r);
        else
            reader_take(r, octets);
        if (octets == 0 || octets >= 0xc0 || r->failed)
            return;
    }
}

/* What the OPT says. */
struct told {
    bool instance;  /* that of the server that was asked */
    bool not_ready; /* the zone isn't loaded */
};

static struct told read_options(struct reader options, const uint8_t *instance)
{
    struct told told = {0};
    while (reader_left(&options) >= 4) {
        const uint16_t code = reader_16(&options);
        const uint16_t octets = reader_16(&options);
        const uint8_t *data = reader_take(&options, octets);
        if (data == NULL)
            break;
        if (code == PROBE_EDNS_OPTION)
            told.instance =
                octets == INSTANCE_OCTETS && memcmp(data, instance, INSTANCE_OCTETS) == 0;
        if (code == OPTION_EDE && octets >= 2 && wire_get16(data) == PROBE_EDE_NOT_READY)
            told.not_ready = true;
    }
    return told;
}

static struct told read_opt(struct reader *r, unsigned rrs, const uint8_t *instance)
{
    for (unsigned i = 0; i < rrs && !r->failed; i++) {
        skip_name(r);
        const uint16_t type = reader_16(r);
        reader_take(r, 6); /* class and TTL */
        const uint16_t octets = reader_16(r);
        const uint8_t *rdata = reader_take(r, octets);
        if (rdata != NULL && type == TYPE_OPT)
            return read_options(reader_of(rdata, octets), instance);
    }
    return (struct told){0};
}

enum probe_answer probe_answer_read(const uint8_t *answer, size_t octets, const uint8_t *query,
                                    size_t query_octets,
                                    const uint8_t instance[INSTANCE_OCTETS])
{
    const size_t head = query_octets - OPT_OCTETS; /* header and question */
    if (octets < head || memcmp(answer, query, 2) != 0 || (answer[2] & FLAG_QR) == 0
        || wire_get16(answer + 4) != 1
        || memcmp(answer + HEADER_OCTETS, query + HEADER_OCTETS, head - HEADER_OCTETS) != 0)
        return PROBE_ANSWER_OTHER;
    struct reader r = reader_of(answer, octets);
    reader_take(&r, head);
    const unsigned rrs =
        (unsigned)wire_get16(answer + 6) + wire_get16(answer + 8) + wire_get16(answer + 10);
    const struct told told = read_opt(&r, rrs, instance);
    if (!told.instance)
        return PROBE_ANSWER_STRANGER;
    if ((answer[3] & 0x0f) != RCODE_SERVFAIL)
        return PROBE_ANSWER_WELL;
    return told.not_ready ? PROBE_ANSWER_NOT_LOADED : PROBE_ANSWER_SERVFAIL;
}
