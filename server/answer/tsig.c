#include "server/answer/tsig.h"

#include "server/answer/hmac.h"
#include "zone/rrtype.h"

#include <assert.h>
#include <openssl/crypto.h>

enum {
    CLASS_ANY = 255,
    FUDGE = 300, /* seconds, recommended by section 10 */
    TIME_OCTETS = 6,
    /* time signed, fudge, MAC size, original ID, error, other length */
    RDATA_FIXED = TIME_OCTETS + 10,
    MAC_OCTETS_MIN = 10, /* section 5.2.2.1 */
    ARCOUNT_AT = 10,
};

static const struct {
    uint8_t octets;
    const char *wire;
} algorithm_name[TSIG_ALGORITHMS] = {
    [TSIG_HMAC_SHA1] = {11, "\11hmac-sha1"},     [TSIG_HMAC_SHA224] = {13, "\13hmac-sha224"},
    [TSIG_HMAC_SHA256] = {13, "\13hmac-sha256"}, [TSIG_HMAC_SHA384] = {13, "\13hmac-sha384"},
    [TSIG_HMAC_SHA512] = {13, "\13hmac-sha512"},
};

static void put48(uint8_t *at, uint64_t value)
{
    wire_put16(at, (uint16_t)(value >> 32));
    wire_put32(at + 2, (uint32_t)value);
}

static uint64_t get48(const uint8_t *at)
{
    return (uint64_t)wire_get16(at) << 32 | wire_get32(at + 2);
}

/* Reads the name at `at`, which may be compressed: pointers aim backwards, each further than
 * the one before. Returns where it ends, or 0 where it's no name. */
static size_t read_name(struct name *name, const uint8_t *message, size_t octets, size_t at)
{
    size_t written = 0, end = 0, before = at;
    while (at < octets) {
        const size_t label = 1u + message[at];
        if (label > 0xc0) {
            const size_t target =
                octets - at < 2 ? octets : wire_get16(message + at) & POINTER_MAX;
            if (target >= before)
                return 0;
            end = end == 0 ? at + 2 : end;
            at = before = target;
            continue;
        }
        if (label > 1 + LABEL_OCTETS_MAX || label > octets - at
            || label > NAME_OCTETS_MAX - written)
            return 0;
        memcpy(name->wire + written, message + at, label);
        written += label;
        at += label;
        if (label == 1) {
            name->octets = (uint8_t)written;
            name_lower(name->wire, written);
            return end == 0 ? at : end;
        }
    }
    return 0;
}

static bool read_rdata(struct tsig *t, const uint8_t *rdata, size_t octets)
{
    const size_t name = name_check(rdata, octets);
    if (name == 0)
        return false;
    name_from_wire(&t->algorithm, rdata, true);
    struct reader r = reader_of(rdata, octets);
    reader_take(&r, name);
    const uint8_t *time = reader_take(&r, TIME_OCTETS);
    t->fudge = reader_16(&r);
    t->mac_octets = reader_16(&r);
    t->mac = reader_take(&r, t->mac_octets);
    t->id = reader_16(&r);
    reader_16(&r); /* the error means nothing in a request, but is signed: it stays in place */
    t->other_octets = reader_16(&r);
    t->other = reader_take(&r, t->other_octets);
    if (r.failed || reader_left(&r) != 0)
        return false;
    t->time = get48(time);
    return true;
}

static bool read_tsig(struct tsig *t, const uint8_t *request, size_t at, size_t octets)
{
    const size_t end = read_name(&t->name, request, octets, at);
    if (end == 0)
        return false;
    struct reader r = reader_of(request, octets);
    r.at = end;
    const uint8_t *fixed = reader_take(&r, RR_FIXED_OCTETS);
    if (fixed == NULL || wire_get16(fixed) != RRTYPE_TSIG || wire_get16(fixed + 2) != CLASS_ANY
        || wire_get32(fixed + 4) != 0)
        return false;
    const uint16_t rdata_octets = wire_get16(fixed + 8);
    const uint8_t *rdata = reader_take(&r, rdata_octets);
    return rdata != NULL && read_rdata(t, rdata, rdata_octets);
}

/* Section 4.3.3: what the MAC covers beside the message. */
static void digest_variables(struct hmac *hmac, const struct tsig *t, uint64_t time,
                             uint16_t fudge, uint16_t error, const uint8_t *other,
                             uint16_t other_octets)
{
    static const uint8_t class_and_ttl[6] = {0, CLASS_ANY};
    uint8_t fixed[TIME_OCTETS + 6];
    put48(fixed, time);
    wire_put16(fixed + 6, fudge);
    wire_put16(fixed + 8, error);
    wire_put16(fixed + 10, other_octets);
    hmac_update(hmac, t->name.wire, t->name.octets);
    hmac_update(hmac, class_and_ttl, sizeof class_and_ttl);
    hmac_update(hmac, t->algorithm.wire, t->algorithm.octets);
    hmac_update(hmac, fixed, sizeof fixed);
    hmac_update(hmac, other, other_octets);
}

/* The error field of the request's TSIG, just before its other length. */
static uint16_t request_error(const struct tsig *t)
{
    return wire_get16(t->other - 4);
}

static bool mac_is_good(const struct tsig *t, const struct tsig_key *key,
                        const uint8_t *request, size_t at)
{
    struct hmac hmac;
    uint8_t header[HEADER_OCTETS], mac[HMAC_OCTETS_MAX];
    memcpy(header, request, sizeof header);
    wire_put16(header, t->id);
    wire_put16(header + ARCOUNT_AT, (uint16_t)(wire_get16(header + ARCOUNT_AT) - 1));
    hmac_init(&hmac, key);
    hmac_update(&hmac, header, sizeof header);
    hmac_update(&hmac, request + HEADER_OCTETS, at - HEADER_OCTETS);
    digest_variables(&hmac, t, t->time, t->fudge, request_error(t), t->other, t->other_octets);
    hmac_final(&hmac, mac);
    return CRYPTO_memcmp(mac, t->mac, t->mac_octets) == 0;
}

static const struct tsig_key *find_key(const struct tsig *t, const struct keyring *keyring)
{
    const struct tsig_key *key = keyring_find(keyring, &t->name);
    if (key == NULL)
        return NULL;
    const size_t octets = algorithm_name[key->algorithm].octets;
    const bool same =
        t->algorithm.octets == octets
        && memcmp(t->algorithm.wire, algorithm_name[key->algorithm].wire, octets) == 0;
    return same ? key : NULL; /* section 5.2.1: a key is for one algorithm */
}

/* Section 5.2.2.1: MACs may be cut off, to half and no less than 80 bits. */
static bool mac_length_sound(const struct tsig *t, const struct tsig_key *key)
{
    const size_t whole = hmac_octets(key->algorithm);
    return t->mac_octets <= whole && t->mac_octets >= MAC_OCTETS_MIN
           && t->mac_octets >= whole / 2;
}

static uint16_t refuse(struct tsig *t, enum tsig_error error)
{
    t->error = (uint16_t)error;
    return RCODE_NOTAUTH;
}

uint16_t tsig_check(struct tsig *tsig, const struct keyring *keyring, const uint8_t *request,
                    size_t at, size_t octets, uint64_t now)
{
    tsig->present = false;
    tsig->key = NULL;
    tsig->error = 0;
    if (!read_tsig(tsig, request, at, octets))
        return RCODE_FORMERR;
    const struct tsig_key *key = find_key(tsig, keyring);
    if (key != NULL && !mac_length_sound(tsig, key))
        return RCODE_FORMERR;

    tsig->present = true;
    if (key == NULL)
        return refuse(tsig, TSIG_BADKEY);
    if (!mac_is_good(tsig, key, request, at))
        return refuse(tsig, TSIG_BADSIG);
    tsig->key = key;
    const uint64_t off = now > tsig->time ? now - tsig->time : tsig->time - now;
    return off > tsig->fudge ? refuse(tsig, TSIG_BADTIME) : RCODE_NOERROR;
}

size_t tsig_room(const struct tsig *tsig)
{
    if (!tsig->present)
        return 0;
    size_t octets =
        (size_t)tsig->name.octets + RR_FIXED_OCTETS + tsig->algorithm.octets + RDATA_FIXED;
    if (tsig->key != NULL)
        octets += hmac_octets(tsig->key->algorithm);
    if (tsig->error == TSIG_BADTIME)
        octets += TIME_OCTETS;
    return octets;
}

/* The MAC of the answer as it is so far: section 5.3. Returns its octets. */
static size_t sign(const struct packet *p, const struct tsig *t, uint64_t time,
                   const uint8_t *other, uint16_t other_octets, uint8_t mac[HMAC_OCTETS_MAX])
{
    if (t->key == NULL)
        return 0;
    struct hmac hmac;
    uint8_t mac_octets[2];
    wire_put16(mac_octets, t->mac_octets);
    hmac_init(&hmac, t->key);
    hmac_update(&hmac, mac_octets, sizeof mac_octets);
    hmac_update(&hmac, t->mac, t->mac_octets);
    hmac_update(&hmac, p->octets, p->len);
    digest_variables(&hmac, t, time, FUDGE, t->error, other, other_octets);
    return hmac_final(&hmac, mac);
}

void tsig_write(struct packet *p, const struct tsig *tsig, uint64_t now)
{
    assert(tsig->present);
    /* Section 5.2.3: only BADTIME tells our time, beside the client's, so that a client whose
     * clock is off can check the answer. What isn't signed shows it neither. */
    const bool bad_time = tsig->error == TSIG_BADTIME;
    const uint64_t time = tsig->error != 0 ? tsig->time : now;
    const uint16_t other_octets = bad_time ? TIME_OCTETS : 0;
    uint8_t mac[HMAC_OCTETS_MAX], other[TIME_OCTETS];
    put48(other, now);
    const size_t mac_octets = sign(p, tsig, time, other, other_octets, mac);

    uint8_t *at = p->octets + p->len;
    memcpy(at, tsig->name.wire, tsig->name.octets);
    at += tsig->name.octets;
    wire_put16(at, RRTYPE_TSIG);
    wire_put16(at + 2, CLASS_ANY);
    wire_put32(at + 4, 0);
    wire_put16(at + 8,
               (uint16_t)(tsig->algorithm.octets + RDATA_FIXED + mac_octets + other_octets));
    at += RR_FIXED_OCTETS;
    memcpy(at, tsig->algorithm.wire, tsig->algorithm.octets);
    at += tsig->algorithm.octets;
    put48(at, time);
    wire_put16(at + 6, FUDGE);
    wire_put16(at + 8, (uint16_t)mac_octets);
    at += 10;
    memcpy(at, mac, mac_octets);
    at += mac_octets;
    memcpy(at, p->octets, 2); /* original ID */
    wire_put16(at + 2, tsig->error);
    wire_put16(at + 4, other_octets);
    memcpy(at + 6, other, other_octets);
    at += 6 + other_octets;

    p->len = (uint32_t)(at - p->octets);
    p->count[SECTION_ADDITIONAL]++;
    wire_put16(p->octets + ARCOUNT_AT, p->count[SECTION_ADDITIONAL]);
}
