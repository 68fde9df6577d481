/* rdata_field.c -- fields of RDATA with a text form of their own */
#include "zone/rdata_field.h"

#include "zone/notes.h"
#include "zone/rrtype.h"
#include "zone/scan_name.h"
#include "zone/svcb.h"
#include "zone/ttl.h"
#include "zone/wire.h"

#include <string.h>
#include <strings.h>

/* Words for numbers, in any case. */
struct mnemonic {
    const char *text;
    uint16_t number;
};

static const struct mnemonic algorithms[] = {
    {"RSAMD5", 1},
    {"DH", 2},
    {"DSA", 3},
    {"RSASHA1", 5},
    {"DSA-NSEC3-SHA1", 6},
    {"NSEC3DSA", 6},
    {"RSASHA1-NSEC3-SHA1", 7},
    {"NSEC3RSASHA1", 7},
    {"RSASHA256", 8},
    {"RSASHA512", 10},
    {"ECC-GOST", 12},
    {"ECDSAP256SHA256", 13},
    {"ECDSAP384SHA384", 14},
    {"ED25519", 15},
    {"ED448", 16},
    {"INDIRECT", 252},
    {"PRIVATEDNS", 253},
    {"PRIVATEOID", 254},
    {NULL, 0},
};

static const struct mnemonic certificates[] = {
    {"PKIX", 1},   {"SPKI", 2},    {"PGP", 3},   {"IPKIX", 4}, {"ISPKI", 5}, {"IPGP", 6},
    {"ACPKIX", 7}, {"IACPKIX", 8}, {"URI", 253}, {"OID", 254}, {NULL, 0},
};

/* RFC 7218 */
static const struct mnemonic usages[] = {
    {"PKIX-TA", 0}, {"PKIX-EE", 1},    {"DANE-TA", 2},
    {"DANE-EE", 3}, {"PrivCert", 255}, {NULL, 0},
};
static const struct mnemonic selectors[] = {
    {"Cert", 0},
    {"SPKI", 1},
    {"PrivSel", 255},
    {NULL, 0},
};
static const struct mnemonic matchings[] = {
    {"Full", 0}, {"SHA2-256", 1}, {"SHA2-512", 2}, {"PrivMatch", 255}, {NULL, 0},
};

static bool read_mnemonic(struct rdata_text *text, const struct mnemonic *mnemonic,
                          size_t octets, const char *what)
{
    uint32_t number;
    bool found = rdata_text_number(&text->token, (1u << (8 * octets)) - 1, &number);
    for (; !found && mnemonic->text != NULL; mnemonic++) {
        found =
            text->token.len == strlen(mnemonic->text)
            && strncasecmp((const char *)text->token.at, mnemonic->text, text->token.len) == 0;
        number = mnemonic->number;
    }
    if (!found)
        return rdata_text_refuse(text, "the %s is a mnemonic or a number up to %u", what,
                                 (1u << (8 * octets)) - 1);
    uint8_t wire[2];
    wire_put16(wire, (uint16_t)number);
    return rdata_text_put(text, wire + 2 - octets, octets);
}

static bool read_type_number(struct rdata_text *text, uint16_t *type)
{
    const char *word = (const char *)text->token.at;
    if (text->token.kind == TOKEN_WORD && rrtype_from_text(word, text->token.len, type))
        return true;
    rdata_text_refuse(text, "no such type");
    const char *nearest = notes_nearest(word, text->token.len, rrtype_mnemonics);
    if (nearest != NULL)
        scanner_hint(text->scanner, "did you mean %s?", nearest);
    return false;
}

static bool read_type(struct rdata_text *text)
{
    uint16_t type;
    uint8_t wire[2];
    if (!read_type_number(text, &type))
        return false;
    wire_put16(wire, type);
    return rdata_text_put(text, wire, sizeof wire);
}

/* RFC 4034 section 4.1.2: windows of 256 types, those in use alone, without trailing zeros. */
static bool read_bitmap(struct rdata_text *text)
{
    uint8_t bits[256][32];
    bool used[256];
    unsigned highest = 0;
    used[0] = false; /* nearly all have this one alone */
    do {
        uint16_t type;
        if (!read_type_number(text, &type))
            return false;
        const unsigned window = type >> 8;
        for (; highest < window; highest++)
            used[highest + 1] = false;
        if (!used[window])
            memset(bits[window], 0, sizeof bits[window]);
        used[window] = true;
        bits[window][(type & 0xff) / 8] |= (uint8_t)(0x80 >> (type % 8));
    } while (rdata_text_take(text));
    if (!text->ahead)
        return false;

    for (unsigned window = 0; window <= highest; window++) {
        if (!used[window])
            continue;
        uint8_t octets = sizeof bits[window];
        while (bits[window][octets - 1] == 0)
            octets--;
        const uint8_t head[2] = {(uint8_t)window, octets};
        if (!rdata_text_put(text, head, sizeof head)
            || !rdata_text_put(text, bits[window], octets))
            return false;
    }
    return true;
}

static bool read_period(struct rdata_text *text, const char *what)
{
    uint32_t seconds;
    const enum ttl_error error =
        ttl_from_text((const char *)text->token.at, text->token.len, &seconds);
    if (error == TTL_TOO_LARGE)
        return rdata_text_refuse(text, "the %s is above 4294967295 seconds", what);
    if (error != TTL_OK)
        return rdata_text_refuse(text, "the %s is a time: seconds, or units such as 1h30m",
                                 what);
    uint8_t wire[4];
    wire_put32(wire, seconds);
    return rdata_text_put(text, wire, sizeof wire);
}

static unsigned two_digits(const uint8_t *at)
{
    return (unsigned)(at[0] - '0') * 10 + (unsigned)(at[1] - '0');
}

/* Days from 1970-01-01 to a date of the Gregorian calendar. */
static int64_t days(unsigned year, unsigned month, unsigned day)
{
    static const unsigned before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    const unsigned full = month > 2 ? year : year - 1; /* years whose February is over */
    return (int64_t)(year - 1970) * 365 + full / 4 - full / 100 + full / 400 - 477
           + before[month - 1] + day - 1;
}

/* RFC 4034 section 3.2: YYYYMMDDHHmmSS, or seconds since 1970 in at most ten digits. */
static bool read_time(struct rdata_text *text, const char *what)
{
    const uint8_t *at = text->token.at;
    uint32_t seconds;
    if (text->token.len == 14) {
        for (size_t i = 0; i < 14; i++) {
            if (at[i] < '0' || at[i] > '9')
                return rdata_text_refuse(text, "the %s is a time: YYYYMMDDHHmmSS", what);
        }
        const unsigned year = two_digits(at) * 100 + two_digits(at + 2);
        const unsigned month = two_digits(at + 4), day = two_digits(at + 6);
        const unsigned hour = two_digits(at + 8), minute = two_digits(at + 10);
        const unsigned second = two_digits(at + 12);
        if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23
            || minute > 59 || second > 60)
            return rdata_text_refuse(text, "the %s is no date and time", what);
        /* Times are compared in serial arithmetic, so they wrap (RFC 4034 section 3.1.5). */
        seconds =
            (uint32_t)(days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second);
    } else if (!rdata_text_number(&text->token, UINT32_MAX, &seconds)) {
        return rdata_text_refuse(text, "the %s is a time: YYYYMMDDHHmmSS", what);
    }
    uint8_t wire[4];
    wire_put32(wire, seconds);
    return rdata_text_put(text, wire, sizeof wire);
}

static bool read_salt(struct rdata_text *text, const char *what)
{
    uint8_t salt[256];
    salt[0] = 0;
    if (text->token.len == 1 && text->token.at[0] == '-')
        return rdata_text_put(text, salt, 1);
    if (text->token.len == 0 || text->token.len % 2 != 0 || text->token.len > 510)
        return rdata_text_refuse(text, "the %s is \"-\" or pairs of hexadecimal digits", what);
    for (size_t i = 0; i < text->token.len; i += 2) {
        const int high = rdata_text_hex_digit(text->token.at[i]);
        const int low = rdata_text_hex_digit(text->token.at[i + 1]);
        if (high < 0 || low < 0)
            return rdata_text_refuse(text, "the %s is \"-\" or pairs of hexadecimal digits",
                                     what);
        salt[++salt[0]] = (uint8_t)(high << 4 | low);
    }
    return rdata_text_put(text, salt, (size_t)salt[0] + 1);
}

/* One more than the value of each digit, 0 for what is none (RFC 4648 section 7). */
static const uint8_t base32_digits[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,
    ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14,
    ['E'] = 15, ['F'] = 16, ['G'] = 17, ['H'] = 18, ['I'] = 19, ['J'] = 20, ['K'] = 21,
    ['L'] = 22, ['M'] = 23, ['N'] = 24, ['O'] = 25, ['P'] = 26, ['Q'] = 27, ['R'] = 28,
    ['S'] = 29, ['T'] = 30, ['U'] = 31, ['V'] = 32, ['a'] = 11, ['b'] = 12, ['c'] = 13,
    ['d'] = 14, ['e'] = 15, ['f'] = 16, ['g'] = 17, ['h'] = 18, ['i'] = 19, ['j'] = 20,
    ['k'] = 21, ['l'] = 22, ['m'] = 23, ['n'] = 24, ['o'] = 25, ['p'] = 26, ['q'] = 27,
    ['r'] = 28, ['s'] = 29, ['t'] = 30, ['u'] = 31, ['v'] = 32,
};

/* RFC 5155 section 3.3: base32 with extended hex alphabet, no padding. */
static bool read_hash(struct rdata_text *text, const char *what)
{
    uint8_t hash[256];
    size_t octets = 0;
    unsigned bits = 0, count = 0;
    const size_t over = text->token.len % 8;
    if (text->token.len == 0 || text->token.len > 255 * 8 / 5 || over == 1 || over == 3
        || over == 6)
        return rdata_text_refuse(text, "the %s is no base32 of whole octets", what);
    for (size_t i = 0; i < text->token.len; i++) {
        const unsigned digit = base32_digits[text->token.at[i]];
        if (digit == 0)
            return scanner_refuse(text->scanner, text->token.at + i, 1,
                                  "the %s is written in base32: 0 to 9 and A to V", what);
        bits = bits << 5 | (digit - 1);
        count += 5;
        if (count >= 8) {
            count -= 8;
            hash[++octets] = (uint8_t)(bits >> count);
        }
    }
    hash[0] = (uint8_t)octets;
    return rdata_text_put(text, hash, octets + 1);
}

/* `groups` of `digits` hexadecimal digits, parted by `mark`. */
static bool read_groups(struct rdata_text *text, size_t groups, size_t digits, uint8_t mark,
                        const char *what)
{
    uint8_t out[8] = {0};
    const size_t wanted = groups * digits + groups - 1;
    bool good = text->token.len == wanted;
    size_t n = 0;
    for (size_t i = 0; good && i < wanted; i++) {
        if (i % (digits + 1) == digits) {
            good = text->token.at[i] == mark;
            continue;
        }
        const int d = rdata_text_hex_digit(text->token.at[i]);
        good = d >= 0;
        out[n / 2] = (uint8_t)(out[n / 2] << 4 | (d & 0xf));
        n++;
    }
    if (!good)
        return rdata_text_refuse(
            text, "the %s is %zu groups of %zu hexadecimal digits, parted by '%c'", what,
            groups, digits, mark);
    return rdata_text_put(text, out, n / 2);
}

/* RFC 6742 section 2.1.2: groups may leave leading zeros out. */
static bool read_label64(struct rdata_text *text, const char *what)
{
    uint8_t out[8];
    const uint8_t *at = text->token.at, *end = at + text->token.len;
    for (size_t group = 0; group < 4; group++) {
        unsigned value = 0, digits = 0;
        if (group > 0 && (at == end || *at++ != ':'))
            return rdata_text_refuse(text, "the %s is four groups of hexadecimal digits", what);
        for (int d; at < end && digits < 5 && (d = rdata_text_hex_digit(*at)) >= 0;
             at++, digits++)
            value = value << 4 | (unsigned)d;
        if (digits == 0 || digits > 4)
            return rdata_text_refuse(text, "the %s is four groups of hexadecimal digits", what);
        wire_put16(out + 2 * group, (uint16_t)value);
    }
    if (at != end)
        return rdata_text_refuse(text, "the %s is four groups of hexadecimal digits", what);
    return rdata_text_put(text, out, sizeof out);
}

/* RFC 8777 section 4.3.1: the D bit, then the type of the relay as a field of its own. */
static bool read_discovery(struct rdata_text *text, const char *what)
{
    uint32_t bit, type;
    if (!rdata_text_number(&text->token, 1, &bit))
        return rdata_text_refuse(text, "the %s is 0 or 1", what);
    if (!rdata_text_want(text, "relay type"))
        return false;
    if (!rdata_text_number(&text->token, 127, &type))
        return rdata_text_refuse(text, "the relay type is a number from 0 to 127");
    const uint8_t octet = (uint8_t)(bit << 7 | type);
    return rdata_text_put(text, &octet, 1);
}

static bool read_gateway(struct rdata_text *text, const char *what)
{
    static const struct rdata_field by_type[] = {{RDATA_NAME, "gateway"},
                                                 {RDATA_IP4, "gateway"},
                                                 {RDATA_IP6, "gateway"},
                                                 {RDATA_NAME, "gateway"}};
    const unsigned type = text->out[1] & 0x7f;
    if (type > 3)
        return rdata_text_refuse(text, "gateway types go from 0 to 3, this record has %u",
                                 type);
    if (type != 0)
        return rdata_text_field(text, &by_type[type]);
    if (text->token.len == 1 && text->token.at[0] == '.')
        return true;
    return rdata_text_refuse(text, "the %s of type 0 is written as a dot", what);
}

bool rdata_field_special(struct rdata_text *text, const struct rdata_field *field)
{
    const char *what = field->what;
    switch (field->kind) {
    case RDATA_PERIOD:
        return read_period(text, what);
    case RDATA_TIME:
        return read_time(text, what);
    case RDATA_TYPE:
        return read_type(text);
    case RDATA_ALGORITHM:
        return read_mnemonic(text, algorithms, 1, what);
    case RDATA_CERTIFICATE:
        return read_mnemonic(text, certificates, 2, what);
    case RDATA_USAGE:
        return read_mnemonic(text, usages, 1, what);
    case RDATA_SELECTOR:
        return read_mnemonic(text, selectors, 1, what);
    case RDATA_MATCHING:
        return read_mnemonic(text, matchings, 1, what);
    case RDATA_SALT:
        return read_salt(text, what);
    case RDATA_HASH:
        return read_hash(text, what);
    case RDATA_LABEL_64:
        return read_label64(text, what);
    case RDATA_EUI48:
        return read_groups(text, 6, 2, '-', what);
    case RDATA_EUI64:
        return read_groups(text, 8, 2, '-', what);
    case RDATA_DISCOVERY:
        return read_discovery(text, what);
    case RDATA_GATEWAY:
        return read_gateway(text, what);
    case RDATA_BITMAP:
    case RDATA_BITMAP_LAST:
        return read_bitmap(text);
    case RDATA_SVCPARAMS:
        return svcb_from_text(text);
    default:
        return rdata_text_refuse(text, "the %s has no text form", what);
    }
}
