#include "server/answer/edns.h"

#include "server/answer/respond.h"
#include "zone/rrtype.h"

enum {
    OPTION_OCTETS = 4, /* code and length */
    SUBNET_FIXED = 4, /* family, source and scope prefix lengths */
    KEEPALIVE_OCTETS = 2,
    ZONEVERSION_OCTETS = 6,
    ZONEVERSION_SOA_SERIAL = 0,
    EDE_OCTETS = 2,
};

/* --- requests --- */

/* RFC 7871 section 6: the address has as many octets as its prefix takes, and zeros beyond the
 * prefix; the scope of a query is 0. */
static bool subnet_sound(const uint8_t *data, size_t octets)
{
    enum { FAMILY_IP4 = 1, FAMILY_IP6 = 2 };
    if (octets < SUBNET_FIXED)
        return false;
    const unsigned family = wire_get16(data), prefix = data[2], scope = data[3];
    const unsigned longest = family == FAMILY_IP4 ? 32 : family == FAMILY_IP6 ? 128 : 0;
    if (prefix > longest || scope != 0 || octets - SUBNET_FIXED != (prefix + 7) / 8)
        return false;
    return prefix % 8 == 0 || (data[octets - 1] & (0xffu >> prefix % 8)) == 0;
}

static bool read_option(struct edns *edns, uint16_t code, const uint8_t *data, size_t octets)
{
    switch (code) {
    case EDNS_OPTION_NSID:
        edns->asked |= EDNS_ASKED_NSID;
        return true;
    case EDNS_OPTION_SUBNET:
        if (!subnet_sound(data, octets))
            return false;
        if ((edns->asked & EDNS_ASKED_SUBNET) == 0) {
            edns->asked |= EDNS_ASKED_SUBNET;
            edns->subnet = data;
            edns->subnet_octets = (uint8_t)octets;
        }
        return true;
    case EDNS_OPTION_COOKIE:
        if ((edns->asked & EDNS_ASKED_COOKIE) != 0)
            return true; /* RFC 7873 section 5.2: the first counts */
        if (!cookie_length_sound(octets))
            return false;
        edns->asked |= EDNS_ASKED_COOKIE;
        edns->cookie = data;
        edns->cookie_octets = (uint8_t)octets;
        return true;
    case EDNS_OPTION_KEEPALIVE:
        edns->asked |= EDNS_ASKED_KEEPALIVE;
        return true;
    case EDNS_OPTION_ZONEVERSION:
        edns->asked |= EDNS_ASKED_ZONEVERSION; /* what it may hold is ignored: RFC 9660, 3.2 */
        return true;
    case EDNS_OPTION_INSTANCE:
        edns->asked |= EDNS_ASKED_INSTANCE;
        return true;
    default:
        return true;
    }
}

bool edns_read(struct edns *edns, struct reader *r)
{
    const uint8_t *fixed = reader_take(r, RR_FIXED_OCTETS - 2);
    if (fixed == NULL)
        return false;
    const uint16_t payload = wire_get16(fixed);
    const uint32_t ttl = wire_get32(fixed + 2);
    const uint16_t rdata_octets = wire_get16(fixed + 6);

    edns->payload = edns_at_least(payload);
    edns->version = (uint8_t)(ttl >> 16);
    edns->dnssec_ok = (ttl & OPT_DO) != 0;

    const uint8_t *rdata = reader_take(r, rdata_octets);
    if (rdata == NULL)
        return false;
    edns->present = true;
    if (edns->version > 0) /* what its options look like isn't known (section 6.1.3) */
        return true;
    struct reader options = reader_of(rdata, rdata_octets);
    while (reader_left(&options) > 0) {
        const uint16_t code = reader_16(&options);
        const uint16_t octets = reader_16(&options);
        const uint8_t *data = reader_take(&options, octets);
        if (data == NULL || !read_option(edns, code, data, octets)) {
            edns->asked = 0; /* nothing is made of an OPT that is broken anywhere */
            return false;
        }
    }
    return true;
}

/* --- answers --- */

size_t edns_options_room(const struct edns *edns, const struct answer_config *config)
{
    const unsigned asked = edns->asked;
    size_t octets = 0;
    if ((asked & EDNS_ASKED_NSID) != 0 && config->identity_octets != 0)
        octets += OPTION_OCTETS + (size_t)config->identity_octets;
    if ((asked & EDNS_ASKED_ZONEVERSION) != 0)
        octets += OPTION_OCTETS + ZONEVERSION_OCTETS;
    if ((asked & EDNS_ASKED_INSTANCE) != 0)
        octets += OPTION_OCTETS + INSTANCE_OCTETS;
    if ((asked & EDNS_ASKED_KEEPALIVE) != 0)
        octets += OPTION_OCTETS + KEEPALIVE_OCTETS;
    if ((asked & EDNS_ASKED_SUBNET) != 0)
        octets += OPTION_OCTETS + (size_t)edns->subnet_octets;
    if ((asked & EDNS_ASKED_COOKIE) != 0)
        octets += OPTION_OCTETS + COOKIE_OCTETS;
    return octets;
}

void edns_shrink(struct edns *edns, const struct answer_config *config, size_t octets)
{
    for (unsigned wish = EDNS_ASKED_NSID; wish <= EDNS_ASKED_COOKIE; wish <<= 1)
        if (edns_room(edns, config) > octets)
            edns->asked &= (uint8_t)~wish;
}

static uint8_t *put_head(uint8_t *at, uint16_t code, size_t octets)
{
    wire_put16(at, code);
    wire_put16(at + 2, (uint16_t)octets);
    return at + OPTION_OCTETS;
}

static uint8_t *put_option(uint8_t *at, uint16_t code, const void *data, size_t octets)
{
    memcpy(put_head(at, code, octets), data, octets);
    return at + OPTION_OCTETS + octets;
}

/* As it came, with scope 0: the answer is the same for all (RFC 7871 section 7.2.1). */
static uint8_t *put_subnet(uint8_t *at, const struct edns *edns)
{
    return put_option(at, EDNS_OPTION_SUBNET, edns->subnet, edns->subnet_octets);
}

static uint8_t *put_zoneversion(uint8_t *at, const struct zone *zone)
{
    at = put_head(at, EDNS_OPTION_ZONEVERSION, ZONEVERSION_OCTETS);
    at[0] = (uint8_t)name_labels(zone->apex.wire);
    at[1] = ZONEVERSION_SOA_SERIAL;
    wire_put32(at + 2, zone->version.serial);
    return at + ZONEVERSION_OCTETS;
}

/* RFC 9567: not about the agent domain itself, whose errors nobody may report, lest reports
 * beget reports. */
static bool report_channel_wanted(const struct packet *p, const struct answer_config *config,
                                  const struct edns_answer *answer)
{
    if (config->report_channel.octets == 0 || !answer->question)
        return false;
    struct name qname;
    packet_read_name(p, QNAME_AT, &qname);
    return !name_at_or_below(&qname, &config->report_channel);
}

/* What was asked for, whose room was kept. */
static uint8_t *put_asked(uint8_t *at, const struct edns *edns,
                          const struct answer_config *config, const struct edns_answer *answer)
{
    const unsigned asked = edns->asked;
    if ((asked & EDNS_ASKED_NSID) != 0 && config->identity_octets != 0)
        at = put_option(at, EDNS_OPTION_NSID, config->identity, config->identity_octets);
    if ((asked & EDNS_ASKED_SUBNET) != 0)
        at = put_subnet(at, edns);
    if (answer->cookie != NULL)
        at = put_option(at, EDNS_OPTION_COOKIE, answer->cookie, COOKIE_OCTETS);
    if ((asked & EDNS_ASKED_KEEPALIVE) != 0) {
        at = put_head(at, EDNS_OPTION_KEEPALIVE, KEEPALIVE_OCTETS);
        wire_put16(at, config->tcp_idle_ds);
        at += KEEPALIVE_OCTETS;
    }
    if ((asked & EDNS_ASKED_ZONEVERSION) != 0 && answer->zone != NULL
        && zone_loaded(answer->zone))
        at = put_zoneversion(at, answer->zone);
    if ((asked & EDNS_ASKED_INSTANCE) != 0)
        at = put_option(at, EDNS_OPTION_INSTANCE, config->instance, INSTANCE_OCTETS);
    return at;
}

/* What nobody asked for, as far as there's room: never worth a truncation. */
static uint8_t *put_unasked(uint8_t *at, const struct packet *p,
                            const struct answer_config *config,
                            const struct edns_answer *answer)
{
    const uint8_t *end = p->octets + answer->limit;
    if (answer->ede != EDE_NONE && end - at >= OPTION_OCTETS + EDE_OCTETS) {
        at = put_head(at, EDNS_OPTION_EDE, EDE_OCTETS);
        wire_put16(at, (uint16_t)answer->ede);
        at += EDE_OCTETS;
    }
    if (report_channel_wanted(p, config, answer)
        && end - at >= OPTION_OCTETS + config->report_channel.octets)
        at = put_option(at, EDNS_OPTION_REPORT_CHANNEL, config->report_channel.wire,
                        config->report_channel.octets);
    return at;
}

void edns_write_options(struct packet *p, const struct edns *edns,
                        const struct answer_config *config, const struct edns_answer *answer)
{
    uint8_t *rdata = p->octets + p->len;
    const uint8_t *end = put_unasked(put_asked(rdata, edns, config, answer), p, config, answer);
    wire_put16(rdata - OPT_OCTETS + OPT_RDLENGTH_AT, (uint16_t)(end - rdata));
    p->len += (uint32_t)(end - rdata);
}
