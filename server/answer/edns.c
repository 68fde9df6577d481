#include "server/answer/edns.h"

#include "server/answer/respond.h"
#include "zone/rrtype.h"

enum {
    OPT_OCTETS = 11,
    OPTION_OCTETS = 4, /* code and length */
    OPT_DO = 0x8000,
};

static void read_option(struct edns *edns, uint16_t code)
{
    if (code == EDNS_OPTION_NSID)
        edns->nsid = true;
    else if (code == EDNS_OPTION_INSTANCE)
        edns->instance = true;
}

bool edns_read(struct edns *edns, struct reader *r)
{
    const uint8_t *fixed = reader_take(r, RR_FIXED_OCTETS - 2);
    if (fixed == NULL)
        return false;
    const uint16_t payload = wire_get16(fixed);
    const uint32_t ttl = wire_get32(fixed + 2);
    const uint16_t rdata_octets = wire_get16(fixed + 6);

    edns->payload = payload < UDP_PLAIN_MAX ? UDP_PLAIN_MAX : payload; /* section 6.2.3 */
    edns->version = (uint8_t)(ttl >> 16);
    edns->dnssec_ok = (ttl & OPT_DO) != 0;

    const uint8_t *rdata = reader_take(r, rdata_octets);
    if (rdata == NULL)
        return false;
    struct reader options = reader_of(rdata, rdata_octets);
    while (reader_left(&options) > 0) {
        const uint16_t code = reader_16(&options);
        if (reader_take(&options, reader_16(&options)) == NULL)
            return false;
        read_option(edns, code);
    }
    edns->present = !options.failed;
    return edns->present;
}

uint16_t edns_payload(const struct answer_config *config)
{
    return config->udp_payload_max < UDP_PLAIN_MAX ? UDP_PLAIN_MAX : config->udp_payload_max;
}

size_t edns_room(const struct edns *edns, const struct answer_config *config)
{
    if (!edns->present)
        return 0;
    size_t octets = OPT_OCTETS;
    if (edns->nsid && config->identity_octets != 0)
        octets += OPTION_OCTETS + (size_t)config->identity_octets;
    if (edns->instance)
        octets += OPTION_OCTETS + INSTANCE_OCTETS;
    return octets;
}

static uint8_t *put_option(uint8_t *at, uint16_t code, const void *data, size_t octets)
{
    wire_put16(at, code);
    wire_put16(at + 2, (uint16_t)octets);
    memcpy(at + OPTION_OCTETS, data, octets);
    return at + OPTION_OCTETS + octets;
}

static uint8_t *put_options(uint8_t *at, const struct edns *edns,
                            const struct answer_config *config, uint16_t rcode, enum ede ede)
{
    /* The answer to broken octets stays smaller than they are. */
    if (rcode == RCODE_FORMERR || rcode == RCODE_BADVERS)
        return at;
    if (edns->nsid && config->identity_octets != 0)
        at = put_option(at, EDNS_OPTION_NSID, config->identity, config->identity_octets);
    if (edns->instance)
        at = put_option(at, EDNS_OPTION_INSTANCE, config->instance, INSTANCE_OCTETS);
    if (ede != EDE_NONE) {
        uint8_t info[2];
        wire_put16(info, (uint16_t)ede);
        at = put_option(at, EDNS_OPTION_EDE, info, sizeof info);
    }
    return at;
}

void edns_write(struct packet *p, const struct edns *edns, const struct answer_config *config,
                uint16_t rcode, enum ede ede)
{
    if (!edns->present)
        return;
    uint8_t *at = p->octets + p->len;
    at[0] = 0; /* the root name */
    wire_put16(at + 1, RRTYPE_OPT);
    wire_put16(at + 3, edns_payload(config));
    wire_put32(at + 5, (uint32_t)(rcode >> 4) << 24 | (edns->dnssec_ok ? OPT_DO : 0));

    const uint8_t *end = put_options(at + OPT_OCTETS, edns, config, rcode, ede);
    wire_put16(at + 9, (uint16_t)(end - at - OPT_OCTETS));
    p->len += (uint32_t)(end - at);
    p->count[SECTION_ADDITIONAL]++;
}
