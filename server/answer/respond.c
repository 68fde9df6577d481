#include "server/answer/respond.h"

#include "server/answer/chaos.h"
#include "server/answer/compose.h"
#include "zone/rrtype.h"

#include <assert.h>
#include <stdlib.h>

/* Queries carry what only their own steps touch; look-ups and keys lie apart, since the search
 * walks them over and over. */
struct respond_scratch {
    struct lookup lookup[RESPOND_BATCH_MAX];
    struct query *asked[RESPOND_BATCH_MAX];    /* which query lookup[i] is for */
    struct query *referred[RESPOND_BATCH_MAX]; /* queries that want sibling glue */
    size_t referrals;
    struct query query[RESPOND_BATCH_MAX];
    struct denial *proof[RESPOND_BATCH_MAX]; /* what proves lookup[i], or NULL */
    struct denial denial[RESPOND_BATCH_MAX];
    struct denial_scratch denial_scratch;
    uint8_t key[RESPOND_BATCH_MAX][NAME_KEY_MAX];
    struct name server[RESPOND_BATCH_MAX]; /* names of sibling servers */
    uint32_t server_at[RESPOND_BATCH_MAX];
};

struct respond_scratch *respond_scratch_new(void)
{
    return calloc(1, sizeof(struct respond_scratch));
}

void respond_scratch_free(struct respond_scratch *scratch)
{
    free(scratch);
}

/* --- one query, before and after the look-up --- */

/* The greatest answer that the requester, the transport, the configuration and the buffer
 * allow. */
static size_t answer_limit(const struct exchange *e, const struct edns *edns,
                           const struct answer_config *config)
{
    size_t limit = MESSAGE_MAX;
    if (e->transport == TRANSPORT_UDP) {
        limit = UDP_PLAIN_MAX;
        if (edns->present) {
            const size_t ours = edns_payload(config);
            limit = edns->payload < ours ? edns->payload : ours;
        }
    }
    return limit < e->answer_max ? limit : e->answer_max;
}

/* What few queries need stays out of the functions that all of them pass through, which then have fewer
 * registers to save. */
#define SELDOM __attribute__((noinline, cold))

/* Checks the request's TSIG and sees to the room for the answer's, of the `left` octets that
 * answer and OPT may have. */
SELDOM static size_t authenticate(struct query *q, const struct exchange *e,
                                  const struct answer_config *config, uint64_t now, size_t left)
{
    struct request *request = &q->request;
    const uint16_t rcode =
        tsig_check(&q->tsig, config->keys, e->query, request->tsig_at, e->query_octets, now);
    if (rcode != RCODE_NOERROR)
        q->rcode = rcode;
    if (rcode == RCODE_FORMERR)
        request->rcode = rcode;

    /* The TSIG and the OPT are what an answer must have; only that of a key which isn't ours
     * can be too long for it. */
    static const struct edns least = {.present = true};
    const size_t opt = request->edns.present ? edns_room(&least, config) : 0;
    if (tsig_room(&q->tsig) + opt > left)
        q->tsig.present = false;
    left -= tsig_room(&q->tsig);
    edns_shrink(&request->edns, config, left);
    return left;
}

/* Judges the request's COOKIE and bakes the answer's (RFC 7873 section 5.2). */
static void take_cookie(struct query *q, const struct exchange *e,
                        const struct answer_config *config, uint64_t now)
{
    struct request *request = &q->request;
    struct edns *edns = &request->edns;
    if (config->cookies == COOKIE_POLICY_OFF || config->cookie_secrets == 0
        || e->client_octets == 0) {
        edns->asked &= (uint8_t)~EDNS_ASKED_COOKIE;
        if (!q->question)
            q->rcode = request->rcode = RCODE_FORMERR;
        return;
    }
    const enum cookie_verdict verdict = cookie_answer(
        config, now, edns->cookie, edns->cookie_octets, e->client, e->client_octets, q->cookie);
    /* Who can sign, or speaks TCP, has shown that the address isn't forged. */
    const bool refused =
        q->question ? config->cookies == COOKIE_POLICY_REQUIRE && verdict != COOKIE_VALID
                          && e->transport == TRANSPORT_UDP && !tsig_signed(&q->tsig)
                    : verdict == COOKIE_BAD;
    if (refused && q->rcode == RCODE_NOERROR)
        q->rcode = RCODE_BADCOOKIE;
}

SELDOM static void take_options(struct query *q, const struct exchange *e,
                                const struct answer_config *config, uint64_t now)
{
    struct edns *edns = &q->request.edns;
    if (e->transport == TRANSPORT_UDP) /* RFC 7828 section 3.2.1 */
        edns->asked &= (uint8_t)~EDNS_ASKED_KEEPALIVE;
    if ((edns->asked & EDNS_ASKED_COOKIE) != 0)
        take_cookie(q, e, config, now);
}

/* Copies a header, or a header and a question: in pieces of which the last two overlap, since compilers
 * make `rep movs` of what is short for a copy, and that starts slowly. */
static void copy_start(uint8_t *to, const uint8_t *from, size_t octets)
{
    enum { PIECE = 16 };
    if (octets < PIECE) {
        memcpy(to, from, HEADER_OCTETS);
        return;
    }
    for (size_t at = 0; at < octets - PIECE; at += PIECE)
        memcpy(to + at, from + at, PIECE);
    memcpy(to + octets - PIECE, from + octets - PIECE, PIECE);
}

/* Begins the answer with what comes back as it came: header and question, case and all. */
static void begin(struct query *q, struct exchange *e, const struct answer_config *config,
                  uint64_t now)
{
    struct packet *p = &q->packet;
    q->exchange = e;
    p->octets = e->answer;
    p->len = HEADER_OCTETS;
    p->truncated = false;
    memset(p->count, 0, sizeof p->count);
    if (q->question)
        p->len += (uint32_t)q->request.qname.octets + 4;
    copy_start(p->octets, e->query, p->len);

    struct edns *edns = &q->request.edns;
    size_t limit = answer_limit(e, edns, config);
    q->rcode = q->request.rcode;
    q->tsig.present = false;
    if (q->request.tsig_at != 0)
        limit = p->len + authenticate(q, e, config, now, limit - p->len);
    if (edns->asked != 0)
        take_options(q, e, config, now);
    p->limit = (uint32_t)(limit - edns_room(edns, config));

    q->name_at = QNAME_AT;
    q->zone = NULL;
    q->ede = EDE_NONE;
    q->authoritative = false;
    q->child_side = false;
    q->aliases = 0;
    q->dnames = 0;
    q->proofs = 0;
}

/* Options go with answers to well-formed requests: the answer to broken octets stays smaller
 * than they are. */
SELDOM static void put_options(struct query *q, const struct answer_config *config)
{
    const struct edns *edns = &q->request.edns;
    if (!edns->present || q->request.rcode != RCODE_NOERROR)
        return;
    const struct edns_answer answer = {
        .ede = q->ede,
        .cookie = (edns->asked & EDNS_ASKED_COOKIE) != 0 ? q->cookie : NULL,
        .zone = q->zone,
        .question = q->question,
        .limit = q->packet.limit + edns_room(edns, config)};
    edns_write_options(&q->packet, edns, config, &answer);
}

static void finish(struct query *q, const struct answer_config *config, uint64_t now)
{
    struct packet *p = &q->packet;
    const struct edns *edns = &q->request.edns;
    edns_write(p, edns, config, q->rcode);
    if ((edns->asked | config->report_channel.octets) != 0 || q->ede != EDE_NONE)
        put_options(q, config);

    uint8_t *header = p->octets;
    /* RA, Z and AD are clear; CD is copied, as RFC 4035 section 3.1.6 has it. */
    unsigned bits = wire_get16(header + 2) & (HEADER_OPCODE | HEADER_RD | HEADER_CD);
    bits |= HEADER_QR | (q->rcode & 0xfu);
    if (q->authoritative)
        bits |= HEADER_AA;
    if (p->truncated)
        bits |= HEADER_TC;
    wire_put16(header + 2, (uint16_t)bits);
    wire_put16(header + 4, q->question ? 1 : 0);
    for (size_t i = 0; i < 3; i++)
        wire_put16(header + 6 + 2 * i, p->count[i]);
    if (q->tsig.present)
        tsig_write(p, &q->tsig, now);

    struct exchange *e = q->exchange;
    e->answer_octets = p->len;
    e->rcode = q->rcode;
    e->ede = (int16_t)q->ede;
    e->truncated = p->truncated;
}

enum { QTYPE_NXNAME = 128 };

/* What may be asked of zones. NOERROR means: look it up. Types that are no data (RFC 6895
 * section 3.1): those that make no question are FORMERR, transfers are refused, other queries
 * that nobody implements are NOTIMP (RFC 8906 section 3.1.3). */
static uint16_t qtype_rcode(uint16_t qtype)
{
    if (qtype - 1u < RRTYPE_OPT - 1u) /* nearly all */
        return RCODE_NOERROR;
    if (!rrtype_is_meta(qtype) || qtype == RRTYPE_ANY)
        return RCODE_NOERROR;
    switch (qtype) {
    case 0:
    case RRTYPE_OPT:
    case RRTYPE_TSIG:
    case QTYPE_NXNAME: /* RFC 9824 section 3.4 */
        return RCODE_FORMERR;
    case RRTYPE_AXFR:
    case RRTYPE_IXFR:
        return RCODE_REFUSED;
    default:
        return RCODE_NOTIMP;
    }
}

static enum ede qtype_ede(uint16_t rcode, uint16_t qtype)
{
    if (rcode == RCODE_FORMERR)
        return qtype == QTYPE_NXNAME ? EDE_INVALID_QUERY_TYPE : EDE_NONE;
    return EDE_NOT_SUPPORTED;
}

/* Answers what needs no look-up. Returns false where one is needed. */
static bool settle(struct query *q, const struct answer_config *config)
{
    struct request *request = &q->request;
    if (q->rcode != RCODE_NOERROR || !q->question)
        return true;
    if (request->notify) {
        request->qtype = RRTYPE_SOA; /* whatever changed, it's the zone that is looked for */
        q->rcode = request->qclass == CLASS_IN ? RCODE_NOERROR : RCODE_NOTAUTH;
        return q->rcode != RCODE_NOERROR;
    }
    if (request->qclass == CLASS_IN) {
        q->rcode = qtype_rcode(request->qtype);
        if (q->rcode == RCODE_NOERROR)
            return false;
        q->ede = qtype_ede(q->rcode, request->qtype);
        return true;
    }
    if (request->qclass == CLASS_CH) {
        q->rcode = chaos_answer(&q->packet, request, config);
        q->authoritative = q->rcode == RCODE_NOERROR;
        return true;
    }
    q->rcode = RCODE_REFUSED; /* class ANY too: we'd have to be authoritative for all of them */
    q->ede = EDE_NOT_AUTHORITATIVE;
    return true;
}

/* --- the batch --- */

/* Asks for a query's name, whose key is in the slot. */
static void ask(struct respond_scratch *s, size_t slot, struct query *q, const uint8_t *key)
{
    const struct request *request = &q->request;
    struct lookup *l = &s->lookup[slot];
    s->asked[slot] = q;
    l->qname = &request->qname;
    l->key = key;
    l->symbols = request->symbols;
    l->qtype = request->qtype;
    l->child_side = q->child_side;
    l->zone = NULL;
}

static void ask_first(struct respond_scratch *s, size_t slot, struct query *q)
{
    ask(s, slot, q, name_read_key(s->key[slot], q->request.symbols));
}

/* The same for the alias's target that request.qname has become. */
static void follow(struct respond_scratch *s, size_t slot, struct query *q)
{
    struct request *request = &q->request;
    request->symbols =
        (uint16_t)name_key(s->key[slot], request->qname.wire, request->qname.octets);
    ask(s, slot, q, s->key[slot]);
}

/* Reads all requests; returns how many look-ups they need. */
static size_t read_all(const struct answer_config *config, uint64_t now,
                       struct exchange *exchanges, size_t count, struct respond_scratch *s)
{
    size_t asked = 0;
    for (size_t i = 0; i < count; i++) {
        struct exchange *e = &exchanges[i];
        struct query *q = &s->query[i];
        assert(e->answer_max >= UDP_PLAIN_MAX);
        const enum request_fate fate =
            request_read(&q->request, s->key[asked], e->query, e->query_octets);
        if (fate == REQUEST_SILENT) {
            e->answer_octets = 0;
            e->rcode = RCODE_NOERROR;
            e->truncated = false;
            continue;
        }
        q->question = fate == REQUEST_ASKED;
        begin(q, e, config, now);
        if (settle(q, config))
            finish(q, config, now);
        else
            ask_first(s, asked++, q);
    }
    return asked;
}

/* Finds the proofs that those who asked for DNSSEC must get. */
static void prove_all(struct respond_scratch *s, size_t asked)
{
    size_t denials = 0;
    for (size_t i = 0; i < asked; i++) {
        const struct lookup *l = &s->lookup[i];
        s->proof[i] = NULL;
        if (!s->asked[i]->request.edns.dnssec_ok || l->zone == NULL || !zone_loaded(l->zone)
            || !denial_needed(l))
            continue;
        s->denial[denials].lookup = l;
        s->proof[i] = &s->denial[denials++];
    }
    if (denials > 0)
        zone_deny(s->denial, denials, &s->denial_scratch);
}

/* NOTIFY is answered to say that we don't listen to it: nobody is a primary of ours. A zone that
 * we don't have is NOTAUTH, one that we do have REFUSED. */
static enum compose_next notify(struct query *q, const struct lookup *l)
{
    const bool ours = l->zone != NULL && name_equal(l->zone->apex.wire, q->request.qname.wire);
    q->rcode = ours ? RCODE_REFUSED : RCODE_NOTAUTH;
    return COMPOSE_DONE;
}

static enum compose_next answer_query(struct query *q, const struct lookup *l,
                                      struct denial *proof, const struct answer_config *config)
{
    return q->request.notify ? notify(q, l) : compose(q, l, proof, config);
}

/* Composes what one round of look-ups found; returns how many more the next round needs. */
static size_t compose_all(const struct answer_config *config, uint64_t now, size_t asked,
                          struct respond_scratch *s)
{
    size_t again = 0;
    for (size_t i = 0; i < asked; i++) {
        struct query *q = s->asked[i];
        if (q->aliases == 0)
            q->zone = s->lookup[i].zone;
        switch (answer_query(q, &s->lookup[i], s->proof[i], config)) {
        case COMPOSE_DONE:
            finish(q, config, now);
            break;
        case COMPOSE_FOLLOW:
            follow(s, again++, q); /* never ahead of `i` */
            break;
        case COMPOSE_SIBLINGS:
            s->referred[s->referrals++] = q;
            break;
        }
    }
    return again;
}

/* Looks the gathered servers up and adds their addresses. */
static void add_addresses(struct respond_scratch *s, size_t servers)
{
    zone_find_exact(s->lookup, servers);
    for (size_t i = 0; i < servers; i++) {
        const struct spot server = {.name = &s->server[i], .at = s->server_at[i]};
        if (s->lookup[i].node != NULL)
            compose_addresses(s->asked[i], s->lookup[i].node, &server);
    }
}

static void add_siblings(const struct answer_config *config, uint64_t now,
                         struct respond_scratch *s)
{
    size_t servers = 0;
    for (size_t i = 0; i < s->referrals; i++) {
        struct query *q = s->referred[i];
        uint32_t at = q->siblings.rrs_at;
        for (unsigned rr = 0; rr < q->siblings.count; rr++) {
            struct name *name = &s->server[servers];
            if (!compose_sibling(q, &at, name, &s->server_at[servers]))
                continue;
            struct lookup *l = &s->lookup[servers];
            s->asked[servers] = q;
            l->qname = name;
            l->key = s->key[servers];
            l->symbols = (uint16_t)name_key(s->key[servers], name->wire, name->octets);
            l->qtype = RRTYPE_A;
            l->zone = q->siblings.zone;
            if (++servers == RESPOND_BATCH_MAX) {
                add_addresses(s, servers);
                servers = 0;
            }
        }
    }
    if (servers > 0)
        add_addresses(s, servers);
    for (size_t i = 0; i < s->referrals; i++)
        finish(s->referred[i], config, now);
}

void respond(const struct answer_config *config, const struct view *view, uint64_t now,
             struct exchange *exchanges, size_t count, struct respond_scratch *scratch)
{
    assert(count <= RESPOND_BATCH_MAX);
    scratch->referrals = 0;
    size_t asked = read_all(config, now, exchanges, count, scratch);
    while (asked > 0) {
        view_find(view, scratch->lookup, asked);
        zone_lookup(scratch->lookup, asked);
        prove_all(scratch, asked);
        asked = compose_all(config, now, asked, scratch);
    }
    if (scratch->referrals > 0)
        add_siblings(config, now, scratch);
}

void respond_fail(const struct answer_config *config, uint64_t now, struct exchange *exchange,
                  struct respond_scratch *scratch)
{
    struct query *q = &scratch->query[0];
    const enum request_fate fate =
        request_read(&q->request, scratch->key[0], exchange->query, exchange->query_octets);
    exchange->answer_octets = 0;
    if (fate == REQUEST_SILENT)
        return;
    q->question = fate == REQUEST_ASKED;
    begin(q, exchange, config, now);
    if (q->rcode == RCODE_NOERROR) {
        q->rcode = RCODE_SERVFAIL;
        q->ede = EDE_OTHER;
    }
    finish(q, config, now);
}
