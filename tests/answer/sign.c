#include "tests/answer/sign.h"

#include "zone/name.h"
#include "zone/wire.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_MAX = 70000 };

static size_t put_name(uint8_t *at, const char *text)
{
    struct name name;
    if (name_from_string(&name, text) != NAME_OK)
        abort();
    name_lower(name.wire, name.octets);
    memcpy(at, name.wire, name.octets);
    return name.octets;
}

static void put48(uint8_t *at, uint64_t time)
{
    wire_put16(at, (uint16_t)(time >> 32));
    wire_put32(at + 2, (uint32_t)time);
}

/* The MAC over a request's MAC (NULL: none), the message, and the variables. */
static size_t mac_of(const struct signing *how, const struct signature *request,
                     const uint8_t *message, size_t octets, const struct signature *s,
                     uint16_t fudge, uint8_t mac[64])
{
    static uint8_t input[INPUT_MAX];
    size_t at = 0;
    if (request != NULL) {
        wire_put16(input, (uint16_t)request->mac_octets);
        memcpy(input + 2, request->mac, request->mac_octets);
        at = 2 + request->mac_octets;
    }
    memcpy(input + at, message, octets);
    at += octets;
    at += put_name(input + at, how->key);
    memcpy(input + at, "\0\xff\0\0\0\0", 6);
    at += 6;
    at += put_name(input + at, how->algorithm);
    put48(input + at, s->time);
    wire_put16(input + at + 6, fudge);
    wire_put16(input + at + 8, s->error);
    wire_put16(input + at + 10, (uint16_t)s->other_octets);
    memcpy(input + at + 12, s->other, s->other_octets);
    at += 12 + s->other_octets;
    unsigned made = 0;
    const EVP_MD *hash = EVP_get_digestbyname(how->algorithm + strlen("hmac-"));
    if (hash == NULL
        || HMAC(hash, how->secret, (int)strlen(how->secret), input, at, mac, &made) == NULL)
        abort();
    return made;
}

size_t sign_request(uint8_t *message, size_t len, const struct signing *how,
                    struct signature *made)
{
    *made = (struct signature){.time = how->time, .error = how->error};
    uint8_t id[2];
    memcpy(id, message, 2);
    if (how->id_before != 0)
        wire_put16(message, how->id_before);
    made->mac_octets = mac_of(how, NULL, message, len, made, how->fudge, made->mac);
    if (how->mac_octets != 0)
        made->mac_octets = how->mac_octets;

    uint8_t *at = message + len;
    at += put_name(at, how->key);
    memcpy(at, "\0\xfa\0\xff\0\0\0\0", 8);
    uint8_t *rdlength = at + 8;
    at += 10;
    at += put_name(at, how->algorithm);
    put48(at, how->time);
    wire_put16(at + 6, how->fudge);
    wire_put16(at + 8, (uint16_t)made->mac_octets);
    memcpy(at + 10, made->mac, made->mac_octets);
    at += 10 + made->mac_octets;
    memcpy(at, message, 2);
    wire_put16(at + 2, how->error);
    wire_put16(at + 4, 0);
    at += 6;
    wire_put16(rdlength, (uint16_t)(at - rdlength - 2));
    memcpy(message, id, 2);
    wire_put16(message + 10, (uint16_t)(wire_get16(message + 10) + 1));
    return (size_t)(at - message);
}

/* Where the answer's TSIG begins: its owner and type, the last in the message. 0: nowhere. */
static size_t find(const uint8_t *message, size_t octets, const struct signing *how)
{
    uint8_t owner[300];
    const size_t len = put_name(owner, how->key);
    memcpy(owner + len, "\0\xfa\0\xff\0\0\0\0", 8);
    for (size_t at = octets; at-- > 12;)
        if (octets - at >= len + 8 && memcmp(message + at, owner, len + 8) == 0)
            return at;
    return 0;
}

const char *check_signed(const uint8_t *message, size_t octets, const struct signing *how,
                         const struct signature *request, bool unsigned_,
                         struct signature *found)
{
    const size_t at = find(message, octets, how);
    if (at == 0)
        return "no TSIG of the key";
    uint8_t algorithm[300], mac[64];
    static uint8_t copy[INPUT_MAX];
    const size_t name = put_name(algorithm, how->key);
    const size_t len = put_name(algorithm, how->algorithm);
    struct reader r = reader_of(message, octets);
    r.at = at + name + 10;
    const uint8_t *alg = reader_take(&r, len);
    const uint8_t *time = reader_take(&r, 6);
    const uint16_t fudge = reader_16(&r);
    *found = (struct signature){.mac_octets = reader_16(&r)};
    const uint8_t *bits = found->mac_octets <= 64 ? reader_take(&r, found->mac_octets) : NULL;
    const uint8_t *id = reader_take(&r, 2);
    found->error = reader_16(&r);
    found->other_octets = reader_16(&r);
    const uint8_t *other =
        found->other_octets <= 6 ? reader_take(&r, found->other_octets) : NULL;
    if (r.failed || bits == NULL || other == NULL || reader_left(&r) != 0
        || memcmp(alg, algorithm, len) != 0)
        return "the TSIG's RDATA is wrong";
    memcpy(found->mac, bits, found->mac_octets);
    memcpy(found->other, other, found->other_octets);
    found->time = (uint64_t)wire_get16(time) << 32 | wire_get32(time + 2);
    if (memcmp(id, message, 2) != 0)
        return "another original ID";
    if (unsigned_)
        return found->mac_octets == 0 ? NULL : "signed";
    memcpy(copy, message, at);
    wire_put16(copy + 10, (uint16_t)(wire_get16(copy + 10) - 1));
    const size_t whole = mac_of(how, request, copy, at, found, fudge, mac);
    if (found->mac_octets != whole || memcmp(mac, found->mac, whole) != 0)
        return "the MAC is wrong";
    return NULL;
}
