#include "server/answer/chaos.h"

#include "zone/rrtype.h"

static bool is(const struct name *qname, const char *wire, size_t octets)
{
    return qname->octets == octets && memcmp(qname->wire, wire, octets) == 0;
}

/* The text that the name stands for; NULL where there's none. */
static const char *find_text(const struct name *qname, const struct answer_config *config,
                             uint8_t *octets)
{
    static const char id_server[] = "\2id\6server";
    static const char hostname_bind[] = "\10hostname\4bind";
    static const char version_server[] = "\7version\6server";
    static const char version_bind[] = "\7version\4bind";

    if (is(qname, id_server, sizeof id_server)
        || is(qname, hostname_bind, sizeof hostname_bind)) {
        *octets = config->identity_octets;
        return config->identity;
    }
    if (is(qname, version_server, sizeof version_server)
        || is(qname, version_bind, sizeof version_bind)) {
        *octets = config->version_octets;
        return config->version;
    }
    return NULL;
}

uint16_t chaos_answer(struct packet *p, const struct request *request,
                      const struct answer_config *config)
{
    uint8_t octets = 0;
    const char *text = find_text(&request->qname, config, &octets);
    if (text == NULL || octets == 0)
        return RCODE_REFUSED;
    if (request->qtype != RRTYPE_TXT && request->qtype != RRTYPE_ANY)
        return RCODE_NOERROR;

    const size_t rr_octets = 2u + RR_FIXED_OCTETS + 1u + octets;
    if (rr_octets > packet_room(p)) {
        p->truncated = true;
        return RCODE_NOERROR;
    }
    uint8_t *at = p->octets + p->len;
    wire_put16(at, POINTER_BITS | QNAME_AT);
    wire_put16(at + 2, RRTYPE_TXT);
    wire_put16(at + 4, CLASS_CH);
    wire_put32(at + 6, 0);
    wire_put16(at + 10, (uint16_t)(1u + octets));
    at[12] = octets; /* one character-string; an identity has 128 octets at most */
    memcpy(at + 13, text, octets);
    p->len += (uint32_t)rr_octets;
    p->count[SECTION_ANSWER]++;
    return RCODE_NOERROR;
}
