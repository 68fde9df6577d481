/* edns.h -- the OPT pseudo-RR of requests and responses (RFC 6891) */
#ifndef PHAROS_SERVER_ANSWER_EDNS_H
#define PHAROS_SERVER_ANSWER_EDNS_H

#include "server/answer/cookie.h"
#include "server/answer/packet.h"
#include "server/base/answer_config.h"
#include "zone/rrtype.h"

enum {
    OPT_OCTETS = 11,        /* without options, the root label included */
    OPT_RDLENGTH_AT = 9,    /* in there */
    OPT_DO = 0x8000,        /* of its TTL's lower half */
    EDNS_PAYLOAD_MIN = 512, /* section 6.2.3: less counts as this */
};

enum edns_option {
    EDNS_OPTION_NSID = 3,            /* RFC 5001 */
    EDNS_OPTION_SUBNET = 8,          /* RFC 7871 */
    EDNS_OPTION_COOKIE = 10,         /* RFC 7873 */
    EDNS_OPTION_KEEPALIVE = 11,      /* RFC 7828 */
    EDNS_OPTION_EDE = 15,            /* RFC 8914 */
    EDNS_OPTION_REPORT_CHANNEL = 18, /* RFC 9567 */
    EDNS_OPTION_ZONEVERSION = 19,    /* RFC 9660 */
};

/* INFO-CODEs of extended errors (RFC 8914; INVALID_QUERY_TYPE: RFC 9824). */
enum ede {
    EDE_NONE = -1,
    EDE_OTHER = 0,
    EDE_NOT_READY = 14,
    EDE_NOT_AUTHORITATIVE = 20,
    EDE_NOT_SUPPORTED = 21,
    EDE_INVALID_DATA = 24,
    EDE_INVALID_QUERY_TYPE = 30,
};

/* Options of a request that its answer has something to say to. */
enum edns_asked {
    EDNS_ASKED_NSID = 1,
    EDNS_ASKED_ZONEVERSION = 2,
    EDNS_ASKED_INSTANCE = 4,
    EDNS_ASKED_KEEPALIVE = 8,
    EDNS_ASKED_SUBNET = 16,
    EDNS_ASKED_COOKIE = 32,
};

/* What the OPT of a request says. Options that we don't know are ignored (section 6.1.2), and
 * so is one that comes a second time. */
struct edns {
    bool present;
    bool dnssec_ok; /* DO, RFC 3225 */
    uint8_t asked;  /* enum edns_asked, or'ed */
    uint8_t version;
    uint16_t payload;      /* the requester's, octets; 512 at least; set where present */
    uint8_t subnet_octets; /* set with EDNS_ASKED_SUBNET, as is `subnet` */
    uint8_t cookie_octets; /* set with EDNS_ASKED_COOKIE, as is `cookie` */
    const uint8_t *subnet; /* the option's data, borrowed from the request */
    const uint8_t *cookie; /* the option's data, borrowed from the request */
};

static inline void edns_init(struct edns *edns)
{
    edns->present = false;
    edns->dnssec_ok = false;
    edns->asked = 0;
    edns->version = 0;
}

/* Reads the OPT whose owner and type have been read: from its class to the end of its RDATA.
 * Returns false where an option is cut off or the RDATA is, or where an option we know isn't
 * what it should be: a COOKIE of another length (RFC 7873 section 5.2.2), a SUBNET that is
 * broken (RFC 7871 section 7.1.2). Then nothing is asked for, and it's present unless the RDATA
 * was cut off: the answer has an OPT too (section 6.1.1). Options of a version above 0 aren't
 * looked at. */
bool edns_read(struct edns *edns, struct reader *r);

/* A payload size that is said, at least what it counts as. */
static inline uint16_t edns_at_least(uint16_t said)
{
    return said < EDNS_PAYLOAD_MIN ? EDNS_PAYLOAD_MIN : said;
}

/* Reads the OPT_OCTETS at `opt` if they are an OPT of version 0 without options, as that of nearly
 * all queries is. Otherwise returns false and leaves `edns` as it was. */
static inline bool edns_read_plain(struct edns *edns, const uint8_t *opt)
{
    const uint32_t owner_and_type = wire_get32(opt) >> 8; /* 8 and 16 bits */
    const uint8_t version = opt[6];
    if (owner_and_type != RRTYPE_OPT || version != 0 || wire_get16(opt + OPT_RDLENGTH_AT) != 0)
        return false;
    edns->present = true;
    edns->dnssec_ok = (opt[7] & OPT_DO >> 8) != 0;
    edns->payload = edns_at_least(wire_get16(opt + 3));
    return true;
}

/* What the options of an answer say. */
struct edns_answer {
    enum ede ede;
    const uint8_t *cookie;   /* COOKIE_OCTETS of them; NULL: none */
    const struct zone *zone; /* whose version ZONEVERSION tells; NULL: none */
    bool question;           /* the message has one */
    size_t limit;            /* octets of the message, for options that nobody asked for */
};

/* Octets that the options asked for may need in the answer. */
size_t edns_options_room(const struct edns *edns, const struct answer_config *config);

/* Octets that OPT and options may need for the answer to such a request: 0 without OPT. */
static inline size_t edns_room(const struct edns *edns, const struct answer_config *config)
{
    if (!edns->present)
        return 0;
    return edns->asked == 0 ? OPT_OCTETS : OPT_OCTETS + edns_options_room(edns, config);
}

/* Forgets what was asked for, the least needed first, until edns_room() is at most `octets`, or
 * the OPT alone is left. */
void edns_shrink(struct edns *edns, const struct answer_config *config, size_t octets);

/* What we send over UDP at most and announce. */
static inline uint16_t edns_payload(const struct answer_config *config)
{
    return edns_at_least(config->udp_payload_max);
}

/* Appends the OPT to the additional section, where the request had one. The caller has seen to
 * the room: p->limit isn't looked at. */
static inline void edns_write(struct packet *p, const struct edns *edns,
                              const struct answer_config *config, uint16_t rcode)
{
    if (!edns->present)
        return;
    uint8_t *at = p->octets + p->len;
    at[0] = 0; /* the root name */
    wire_put16(at + 1, RRTYPE_OPT);
    wire_put16(at + 3, edns_payload(config));
    wire_put32(at + 5, (uint32_t)(rcode >> 4) << 24 | (edns->dnssec_ok ? OPT_DO : 0));
    wire_put16(at + OPT_RDLENGTH_AT, 0);
    p->len += OPT_OCTETS;
    p->count[SECTION_ADDITIONAL]++;
}

/* Appends options to the OPT that edns_write() has written just before. */
void edns_write_options(struct packet *p, const struct edns *edns,
                        const struct answer_config *config, const struct edns_answer *answer);

#endif
