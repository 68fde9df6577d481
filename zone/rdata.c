/* rdata.c -- what RDATA of each type consists of */
#include "zone/rdata.h"

#include "zone/name.h"
#include "zone/rrtype.h"
#include "zone/svcb.h"
#include "zone/wire.h"

/* Numbers of types that only this table speaks of. */
enum {
    TYPE_MD = 3,
    TYPE_MF = 4,
    TYPE_MB = 7,
    TYPE_MG = 8,
    TYPE_MR = 9,
    TYPE_WKS = 11,
    TYPE_MINFO = 14,
    TYPE_RP = 17,
    TYPE_AFSDB = 18,
    TYPE_X25 = 19,
    TYPE_ISDN = 20,
    TYPE_RT = 21,
    TYPE_NSAP = 22,
    TYPE_NSAP_PTR = 23,
    TYPE_SIG = 24,
    TYPE_PX = 26,
    TYPE_GPOS = 27,
    TYPE_LOC = 29,
    TYPE_NXT = 30,
    TYPE_EID = 31,
    TYPE_NIMLOC = 32,
    TYPE_ATMA = 34,
    TYPE_KX = 36,
    TYPE_CERT = 37,
    TYPE_APL = 42,
    TYPE_IPSECKEY = 45,
    TYPE_DHCID = 49,
    TYPE_SMIMEA = 53,
    TYPE_HIP = 55,
    TYPE_NINFO = 56,
    TYPE_RKEY = 57,
    TYPE_TALINK = 58,
    TYPE_CDS = 59,
    TYPE_CDNSKEY = 60,
    TYPE_OPENPGPKEY = 61,
    TYPE_CSYNC = 62,
    TYPE_ZONEMD = 63,
    TYPE_DSYNC = 66,
    TYPE_HHIT = 67,
    TYPE_BRID = 68,
    TYPE_SPF = 99,
    TYPE_NID = 104,
    TYPE_L32 = 105,
    TYPE_L64 = 106,
    TYPE_LP = 107,
    TYPE_EUI48 = 108,
    TYPE_EUI64 = 109,
    TYPE_URI = 256,
    TYPE_AVC = 258,
    TYPE_AMTRELAY = 260,
    TYPE_RESINFO = 261,
    TYPE_WALLET = 262,
    TYPE_CLA = 263,
    TYPE_TA = 32768,
    TYPE_DLV = 32769,
};

#define FIELDS(name) static const struct rdata_field name[]

FIELDS(a) = {{RDATA_IP4, "address"}, {RDATA_END, 0}};
FIELDS(aaaa) = {{RDATA_IP6, "address"}, {RDATA_END, 0}};
FIELDS(one_name) = {{RDATA_NAME, "target"}, {RDATA_END, 0}};
FIELDS(two_names) = {{RDATA_NAME, "first name"}, {RDATA_NAME, "second name"}, {RDATA_END, 0}};
FIELDS(soa) = {{RDATA_NAME, "primary server"}, {RDATA_NAME, "mailbox"},
               {RDATA_U32, "serial"},          {RDATA_PERIOD, "refresh"},
               {RDATA_PERIOD, "retry"},        {RDATA_PERIOD, "expire"},
               {RDATA_PERIOD, "minimum"},      {RDATA_END, 0}};
FIELDS(mx) = {{RDATA_U16, "preference"}, {RDATA_NAME, "exchange"}, {RDATA_END, 0}};
FIELDS(preferred) = {{RDATA_U16, "preference"}, {RDATA_NAME, "target"}, {RDATA_END, 0}};
FIELDS(px) = {{RDATA_U16, "preference"},
              {RDATA_NAME, "first name"},
              {RDATA_NAME, "second name"},
              {RDATA_END, 0}};
FIELDS(strings) = {{RDATA_STRINGS, "text"}, {RDATA_END, 0}};
FIELDS(hinfo) = {{RDATA_STRING, "CPU"}, {RDATA_STRING, "operating system"}, {RDATA_END, 0}};
FIELDS(x25) = {{RDATA_STRING, "address"}, {RDATA_END, 0}};
FIELDS(isdn) = {{RDATA_STRING, "address"}, {RDATA_STRING_LAST, "subaddress"}, {RDATA_END, 0}};
FIELDS(gpos) = {{RDATA_STRING, "longitude"},
                {RDATA_STRING, "latitude"},
                {RDATA_STRING, "altitude"},
                {RDATA_END, 0}};
FIELDS(hex) = {{RDATA_HEX, "data"}, {RDATA_END, 0}};
FIELDS(base64) = {{RDATA_BASE64, "data"}, {RDATA_END, 0}};
FIELDS(any_octets) = {{RDATA_OCTETS, "data"}, {RDATA_END, 0}};
FIELDS(wks) = {
    {RDATA_IP4, "address"}, {RDATA_U8, "protocol"}, {RDATA_OCTETS, "ports"}, {RDATA_END, 0}};
FIELDS(loc) = {{RDATA_LOC, "location"}, {RDATA_END, 0}};
FIELDS(apl) = {{RDATA_APL, "prefixes"}, {RDATA_END, 0}};
FIELDS(hip) = {{RDATA_HIP, "identity"}, {RDATA_NAMES, "rendezvous server"}, {RDATA_END, 0}};
FIELDS(nxt) = {{RDATA_NAME, "next name"}, {RDATA_OCTETS, "types"}, {RDATA_END, 0}};
FIELDS(srv) = {{RDATA_U16, "priority"},
               {RDATA_U16, "weight"},
               {RDATA_U16, "port"},
               {RDATA_NAME, "target"},
               {RDATA_END, 0}};
FIELDS(naptr) = {{RDATA_U16, "order"},
                 {RDATA_U16, "preference"},
                 {RDATA_STRING, "flags"},
                 {RDATA_STRING, "service"},
                 {RDATA_STRING, "regular expression"},
                 {RDATA_NAME, "replacement"},
                 {RDATA_END, 0}};
FIELDS(cert) = {{RDATA_CERTIFICATE, "certificate type"},
                {RDATA_U16, "key tag"},
                {RDATA_ALGORITHM, "algorithm"},
                {RDATA_BASE64, "certificate"},
                {RDATA_END, 0}};
FIELDS(ds) = {{RDATA_U16, "key tag"},
              {RDATA_ALGORITHM, "algorithm"},
              {RDATA_U8, "digest type"},
              {RDATA_HEX, "digest"},
              {RDATA_END, 0}};
FIELDS(sshfp) = {{RDATA_U8, "algorithm"},
                 {RDATA_U8, "fingerprint type"},
                 {RDATA_HEX, "fingerprint"},
                 {RDATA_END, 0}};
FIELDS(ipseckey) = {{RDATA_U8, "precedence"},          {RDATA_U8, "gateway type"},
                    {RDATA_U8, "algorithm"},           {RDATA_GATEWAY, "gateway"},
                    {RDATA_BASE64_LAST, "public key"}, {RDATA_END, 0}};
FIELDS(amtrelay) = {{RDATA_U8, "precedence"},
                    {RDATA_DISCOVERY, "discovery bit"},
                    {RDATA_GATEWAY, "relay"},
                    {RDATA_END, 0}};
FIELDS(rrsig) = {{RDATA_TYPE, "type covered"}, {RDATA_ALGORITHM, "algorithm"},
                 {RDATA_U8, "labels"},         {RDATA_PERIOD, "original TTL"},
                 {RDATA_TIME, "expiration"},   {RDATA_TIME, "inception"},
                 {RDATA_U16, "key tag"},       {RDATA_NAME, "signer"},
                 {RDATA_BASE64, "signature"},  {RDATA_END, 0}};
FIELDS(nsec) = {{RDATA_NAME, "next name"}, {RDATA_BITMAP, "types"}, {RDATA_END, 0}};
FIELDS(dnskey) = {{RDATA_U16, "flags"},
                  {RDATA_U8, "protocol"},
                  {RDATA_ALGORITHM, "algorithm"},
                  {RDATA_BASE64, "public key"},
                  {RDATA_END, 0}};
FIELDS(key) = {{RDATA_U16, "flags"},
               {RDATA_U8, "protocol"},
               {RDATA_ALGORITHM, "algorithm"},
               {RDATA_BASE64_LAST, "public key"},
               {RDATA_END, 0}};
FIELDS(nsec3) = {{RDATA_U8, "hash algorithm"},
                 {RDATA_U8, "flags"},
                 {RDATA_U16, "iterations"},
                 {RDATA_SALT, "salt"},
                 {RDATA_HASH, "next hashed owner"},
                 {RDATA_BITMAP_LAST, "types"},
                 {RDATA_END, 0}};
FIELDS(nsec3param) = {{RDATA_U8, "hash algorithm"},
                      {RDATA_U8, "flags"},
                      {RDATA_U16, "iterations"},
                      {RDATA_SALT, "salt"},
                      {RDATA_END, 0}};
FIELDS(tlsa) = {{RDATA_USAGE, "usage"},
                {RDATA_SELECTOR, "selector"},
                {RDATA_MATCHING, "matching type"},
                {RDATA_HEX, "certificate association data"},
                {RDATA_END, 0}};
FIELDS(csync) = {
    {RDATA_U32, "serial"}, {RDATA_U16, "flags"}, {RDATA_BITMAP_LAST, "types"}, {RDATA_END, 0}};
FIELDS(zonemd) = {{RDATA_U32, "serial"},
                  {RDATA_U8, "scheme"},
                  {RDATA_U8, "hash algorithm"},
                  {RDATA_HEX, "digest"},
                  {RDATA_END, 0}};
FIELDS(svcb) = {{RDATA_U16, "priority"},
                {RDATA_NAME, "target"},
                {RDATA_SVCPARAMS, "parameters"},
                {RDATA_END, 0}};
FIELDS(dsync) = {{RDATA_TYPE, "type"},
                 {RDATA_U8, "scheme"},
                 {RDATA_U16, "port"},
                 {RDATA_NAME, "target"},
                 {RDATA_END, 0}};
FIELDS(ilnp64) = {{RDATA_U16, "preference"}, {RDATA_LABEL_64, "identifier"}, {RDATA_END, 0}};
FIELDS(l32) = {{RDATA_U16, "preference"}, {RDATA_IP4, "locator"}, {RDATA_END, 0}};
FIELDS(eui48) = {{RDATA_EUI48, "address"}, {RDATA_END, 0}};
FIELDS(eui64) = {{RDATA_EUI64, "address"}, {RDATA_END, 0}};
FIELDS(uri) = {
    {RDATA_U16, "priority"}, {RDATA_U16, "weight"}, {RDATA_TARGET, "target"}, {RDATA_END, 0}};
FIELDS(caa) = {{RDATA_U8, "flags"}, {RDATA_TAG, "tag"}, {RDATA_VALUE, "value"}, {RDATA_END, 0}};

static const struct rdata_shape shapes[] = {
    [RRTYPE_A] = {a, RDATA_TEXT_OWN},
    [RRTYPE_NS] = {one_name, RDATA_TEXT_OWN},
    [TYPE_MD] = {one_name, RDATA_TEXT_OWN},
    [TYPE_MF] = {one_name, RDATA_TEXT_OWN},
    [RRTYPE_CNAME] = {one_name, RDATA_TEXT_OWN},
    [RRTYPE_SOA] = {soa, RDATA_TEXT_OWN},
    [TYPE_MB] = {one_name, RDATA_TEXT_OWN},
    [TYPE_MG] = {one_name, RDATA_TEXT_OWN},
    [TYPE_MR] = {one_name, RDATA_TEXT_OWN},
    [TYPE_WKS] = {wks, RDATA_TEXT_LDNS},
    [RRTYPE_PTR] = {one_name, RDATA_TEXT_OWN},
    [RRTYPE_HINFO] = {hinfo, RDATA_TEXT_OWN},
    [TYPE_MINFO] = {two_names, RDATA_TEXT_OWN},
    [RRTYPE_MX] = {mx, RDATA_TEXT_OWN},
    [RRTYPE_TXT] = {strings, RDATA_TEXT_OWN},
    [TYPE_RP] = {two_names, RDATA_TEXT_OWN},
    [TYPE_AFSDB] = {preferred, RDATA_TEXT_OWN},
    [TYPE_X25] = {x25, RDATA_TEXT_OWN},
    [TYPE_ISDN] = {isdn, RDATA_TEXT_OWN},
    [TYPE_RT] = {preferred, RDATA_TEXT_OWN},
    [TYPE_NSAP] = {any_octets, RDATA_TEXT_LDNS},
    [TYPE_NSAP_PTR] = {one_name, RDATA_TEXT_OWN},
    [TYPE_SIG] = {rrsig, RDATA_TEXT_OWN},
    [RRTYPE_KEY] = {key, RDATA_TEXT_OWN},
    [TYPE_PX] = {px, RDATA_TEXT_OWN},
    [TYPE_GPOS] = {gpos, RDATA_TEXT_OWN},
    [RRTYPE_AAAA] = {aaaa, RDATA_TEXT_OWN},
    [TYPE_LOC] = {loc, RDATA_TEXT_LDNS},
    [TYPE_NXT] = {nxt, RDATA_TEXT_GENERIC},
    [TYPE_EID] = {hex, RDATA_TEXT_OWN},
    [TYPE_NIMLOC] = {hex, RDATA_TEXT_OWN},
    [RRTYPE_SRV] = {srv, RDATA_TEXT_OWN},
    [TYPE_ATMA] = {any_octets, RDATA_TEXT_LDNS},
    [RRTYPE_NAPTR] = {naptr, RDATA_TEXT_OWN},
    [TYPE_KX] = {preferred, RDATA_TEXT_OWN},
    [TYPE_CERT] = {cert, RDATA_TEXT_OWN},
    [RRTYPE_DNAME] = {one_name, RDATA_TEXT_OWN},
    [TYPE_APL] = {apl, RDATA_TEXT_LDNS},
    [RRTYPE_DS] = {ds, RDATA_TEXT_OWN},
    [RRTYPE_SSHFP] = {sshfp, RDATA_TEXT_OWN},
    [TYPE_IPSECKEY] = {ipseckey, RDATA_TEXT_OWN},
    [RRTYPE_RRSIG] = {rrsig, RDATA_TEXT_OWN},
    [RRTYPE_NSEC] = {nsec, RDATA_TEXT_OWN},
    [RRTYPE_DNSKEY] = {dnskey, RDATA_TEXT_OWN},
    [TYPE_DHCID] = {base64, RDATA_TEXT_OWN},
    [RRTYPE_NSEC3] = {nsec3, RDATA_TEXT_OWN},
    [RRTYPE_NSEC3PARAM] = {nsec3param, RDATA_TEXT_OWN},
    [RRTYPE_TLSA] = {tlsa, RDATA_TEXT_OWN},
    [TYPE_SMIMEA] = {tlsa, RDATA_TEXT_OWN},
    [TYPE_HIP] = {hip, RDATA_TEXT_LDNS},
    [TYPE_NINFO] = {strings, RDATA_TEXT_OWN},
    [TYPE_RKEY] = {dnskey, RDATA_TEXT_OWN},
    [TYPE_TALINK] = {two_names, RDATA_TEXT_OWN},
    [TYPE_CDS] = {ds, RDATA_TEXT_OWN},
    [TYPE_CDNSKEY] = {dnskey, RDATA_TEXT_OWN},
    [TYPE_OPENPGPKEY] = {base64, RDATA_TEXT_OWN},
    [TYPE_CSYNC] = {csync, RDATA_TEXT_OWN},
    [TYPE_ZONEMD] = {zonemd, RDATA_TEXT_OWN},
    [RRTYPE_SVCB] = {svcb, RDATA_TEXT_OWN},
    [RRTYPE_HTTPS] = {svcb, RDATA_TEXT_OWN},
    [TYPE_DSYNC] = {dsync, RDATA_TEXT_OWN},
    [TYPE_HHIT] = {base64, RDATA_TEXT_OWN},
    [TYPE_BRID] = {base64, RDATA_TEXT_OWN},
    [TYPE_SPF] = {strings, RDATA_TEXT_OWN},
    [TYPE_NID] = {ilnp64, RDATA_TEXT_OWN},
    [TYPE_L32] = {l32, RDATA_TEXT_OWN},
    [TYPE_L64] = {ilnp64, RDATA_TEXT_OWN},
    [TYPE_LP] = {preferred, RDATA_TEXT_OWN},
    [TYPE_EUI48] = {eui48, RDATA_TEXT_OWN},
    [TYPE_EUI64] = {eui64, RDATA_TEXT_OWN},
    [TYPE_URI] = {uri, RDATA_TEXT_OWN},
    [RRTYPE_CAA] = {caa, RDATA_TEXT_OWN},
    [TYPE_AVC] = {strings, RDATA_TEXT_OWN},
    [TYPE_AMTRELAY] = {amtrelay, RDATA_TEXT_OWN},
    [TYPE_RESINFO] = {strings, RDATA_TEXT_OWN},
    [TYPE_WALLET] = {strings, RDATA_TEXT_OWN},
    [TYPE_CLA] = {strings, RDATA_TEXT_OWN},
};

struct rdata_shape rdata_shape(uint16_t type)
{
    if (type < sizeof shapes / sizeof *shapes && shapes[type].field != NULL)
        return shapes[type];
    if (type == TYPE_TA || type == TYPE_DLV)
        return shapes[RRTYPE_DS];
    return (struct rdata_shape){NULL, RDATA_TEXT_GENERIC};
}

size_t rdata_digest_octets(uint16_t type, uint8_t algorithm)
{
    switch (type) {
    case RRTYPE_DS:
    case TYPE_CDS:
    case TYPE_TA:
    case TYPE_DLV: /* SHA-1, SHA-256, GOST, SHA-384 */
        return algorithm == 1                     ? 20
               : algorithm == 2 || algorithm == 3 ? 32
               : algorithm == 4                   ? 48
                                                  : 0;
    case RRTYPE_SSHFP: /* SHA-1, SHA-256 */
        return algorithm == 1 ? 20 : algorithm == 2 ? 32 : 0;
    case TYPE_ZONEMD: /* SHA-384, SHA-512 */
        return algorithm == 1 ? 48 : algorithm == 2 ? 64 : 0;
    default:
        return 0;
    }
}

/* A string; `least` octets at least. */
static bool take_string(struct reader *r, size_t least)
{
    const uint8_t len = reader_8(r);
    return len >= least && reader_take(r, len) != NULL;
}

static bool take_tag(struct reader *r)
{
    const uint8_t len = reader_8(r);
    const uint8_t *tag = reader_take(r, len);
    if (len == 0 || tag == NULL)
        return false;
    for (size_t i = 0; i < len; i++) {
        const uint8_t c = tag[i] | 0x20;
        if (!(tag[i] >= '0' && tag[i] <= '9') && !(c >= 'a' && c <= 'z'))
            return false;
    }
    return true;
}

static bool take_name(struct reader *r)
{
    const size_t octets = r->failed ? 0 : name_check(r->octets + r->at, r->len - r->at);
    return octets != 0 && reader_take(r, octets) != NULL;
}

/* Windows in ascending order, of 1 to 32 octets, the last not 0. */
static bool take_bitmap(struct reader *r)
{
    int last = -1;
    while (reader_left(r) > 0) {
        const uint8_t window = reader_8(r);
        const uint8_t len = reader_8(r);
        const uint8_t *bits = reader_take(r, len);
        if (bits == NULL || len == 0 || len > 32 || window <= last || bits[len - 1] == 0)
            return false;
        last = window;
    }
    return true;
}

static bool take_apl(struct reader *r)
{
    while (reader_left(r) > 0) {
        const uint16_t family = reader_16(r);
        const uint8_t prefix = reader_8(r);
        const uint8_t len = reader_8(r) & 0x7f;
        const uint8_t *address = reader_take(r, len);
        if (address == NULL || (len > 0 && address[len - 1] == 0))
            return false;
        if ((family == 1 && (prefix > 32 || len > 4))
            || (family == 2 && (prefix > 128 || len > 16)))
            return false;
    }
    return true;
}

static bool take_hip(struct reader *r)
{
    const uint8_t tag_octets = reader_8(r);
    reader_8(r); /* the algorithm */
    const uint16_t key_octets = reader_16(r);
    return tag_octets != 0 && key_octets != 0 && reader_take(r, tag_octets) != NULL
           && reader_take(r, key_octets) != NULL;
}

static bool take_gateway(struct reader *r)
{
    switch (r->octets[1] & 0x7f) {
    case 0:
        return true;
    case 1:
        return reader_take(r, 4) != NULL;
    case 2:
        return reader_take(r, 16) != NULL;
    case 3:
        return take_name(r);
    default:
        return false;
    }
}

/* All that's left; `least` octets at least. */
static bool take_rest(struct reader *r, size_t least)
{
    const size_t left = reader_left(r);
    return left >= least && reader_take(r, left) != NULL;
}

static bool take_fixed(struct reader *r, size_t octets)
{
    return reader_take(r, octets) != NULL;
}

static bool take_field(struct reader *r, enum rdata_kind kind)
{
    switch (kind) {
    case RDATA_END:
        return true;
    case RDATA_NAME:
        return take_name(r);
    case RDATA_U8:
    case RDATA_ALGORITHM:
    case RDATA_USAGE:
    case RDATA_SELECTOR:
    case RDATA_MATCHING:
    case RDATA_DISCOVERY:
        return take_fixed(r, 1);
    case RDATA_U16:
    case RDATA_TYPE:
    case RDATA_CERTIFICATE:
        return take_fixed(r, 2);
    case RDATA_U32:
    case RDATA_PERIOD:
    case RDATA_TIME:
    case RDATA_IP4:
        return take_fixed(r, 4);
    case RDATA_EUI48:
        return take_fixed(r, 6);
    case RDATA_EUI64:
    case RDATA_LABEL_64:
        return take_fixed(r, 8);
    case RDATA_IP6:
        return take_fixed(r, 16);
    case RDATA_STRING:
    case RDATA_SALT:
        return take_string(r, 0);
    case RDATA_STRING_LAST:
        return reader_left(r) == 0 || take_string(r, 0);
    case RDATA_STRINGS:
        do {
            if (!take_string(r, 0))
                return false;
        } while (reader_left(r) > 0);
        return true;
    case RDATA_HASH:
        return take_string(r, 1);
    case RDATA_TAG:
        return take_tag(r);
    case RDATA_GATEWAY:
        return take_gateway(r);
    case RDATA_BITMAP:
        return reader_left(r) > 0 && take_bitmap(r);
    case RDATA_BITMAP_LAST:
        return take_bitmap(r);
    case RDATA_HEX:
    case RDATA_BASE64:
    case RDATA_TARGET:
        return take_rest(r, 1);
    case RDATA_BASE64_LAST:
    case RDATA_VALUE:
    case RDATA_OCTETS:
        return take_rest(r, 0);
    case RDATA_SVCPARAMS:
        return svcb_check(r);
    case RDATA_APL:
        return take_apl(r);
    case RDATA_LOC: {
        const uint8_t *version = reader_take(r, 16);
        return version != NULL && *version == 0;
    }
    case RDATA_HIP:
        return take_hip(r);
    case RDATA_NAMES:
        while (reader_left(r) > 0) {
            if (!take_name(r))
                return false;
        }
        return true;
    }
    return false;
}

/* Where the digest stands that rdata_digest_octets() speaks of; its algorithm is the octet before. */
static size_t digest_offset(uint16_t type)
{
    return type == RRTYPE_SSHFP ? 2 : type == TYPE_ZONEMD ? 6 : 4;
}

bool rdata_check(uint16_t type, const uint8_t *rdata, size_t octets)
{
    if (octets > RDATA_OCTETS_MAX)
        return false;
    const struct rdata_field *field = rdata_shape(type).field;
    if (field == NULL)
        return true;
    struct reader r = reader_of(rdata, octets);
    for (; field->kind != RDATA_END; field++) {
        if (!take_field(&r, field->kind))
            return false;
    }
    if (r.failed || r.at != octets)
        return false;
    const size_t offset = digest_offset(type);
    const size_t digest = octets > offset ? rdata_digest_octets(type, rdata[offset - 1]) : 0;
    return digest == 0 || octets - offset == digest;
}

bool rdata_next_name(uint16_t type, const uint8_t *rdata, size_t octets, size_t *at,
                     size_t *name_octets)
{
    const struct rdata_field *field = rdata_shape(type).field;
    if (field == NULL)
        return false;
    struct reader r = reader_of(rdata, octets);
    for (; field->kind != RDATA_END; field++) {
        const size_t before = r.at;
        const bool many = field->kind == RDATA_NAMES;
        const bool name = field->kind == RDATA_NAME
                          || (field->kind == RDATA_GATEWAY && (rdata[1] & 0x7f) == 3);
        if (many) {
            const size_t start = before > *at ? before : *at;
            *name_octets = start < octets ? name_check(rdata + start, octets - start) : 0;
            *at = start;
            return *name_octets != 0;
        }
        if (!take_field(&r, field->kind))
            return false;
        if (name && before >= *at) {
            *at = before;
            *name_octets = r.at - before;
            return true;
        }
    }
    return false;
}

bool rdata_may_compress(uint16_t type)
{
    switch (type) {
    case RRTYPE_NS:
    case TYPE_MD:
    case TYPE_MF:
    case RRTYPE_CNAME:
    case RRTYPE_SOA:
    case TYPE_MB:
    case TYPE_MG:
    case TYPE_MR:
    case RRTYPE_PTR:
    case TYPE_MINFO:
    case RRTYPE_MX:
        return true;
    default:
        return false;
    }
}
