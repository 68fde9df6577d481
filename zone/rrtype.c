/* rrtype.c -- RR types: numbers and mnemonics */
#include "zone/rrtype.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The list of IANA, in the order of the mnemonics: they are searched by halves. */
const char *const rrtype_mnemonics[] = {
    "A",      "A6",    "AAAA",       "AFSDB",    "AMTRELAY", "ANY",    "APL",        "ATMA",
    "AVC",    "AXFR",  "BRID",       "CAA",      "CDNSKEY",  "CDS",    "CERT",       "CLA",
    "CNAME",  "CSYNC", "DHCID",      "DLV",      "DNAME",    "DNSKEY", "DOA",        "DS",
    "DSYNC",  "EID",   "EUI48",      "EUI64",    "GID",      "GPOS",   "HHIT",       "HINFO",
    "HIP",    "HTTPS", "IPN",        "IPSECKEY", "ISDN",     "IXFR",   "KEY",        "KX",
    "L32",    "L64",   "LOC",        "LP",       "MAILA",    "MAILB",  "MB",         "MD",
    "MF",     "MG",    "MINFO",      "MR",       "MX",       "NAPTR",  "NID",        "NIMLOC",
    "NINFO",  "NS",    "NSAP",       "NSAP-PTR", "NSEC",     "NSEC3",  "NSEC3PARAM", "NULL",
    "NXNAME", "NXT",   "OPENPGPKEY", "OPT",      "PTR",      "PX",     "RESINFO",    "RKEY",
    "RP",     "RRSIG", "RT",         "SIG",      "SINK",     "SMIMEA", "SOA",        "SPF",
    "SRV",    "SSHFP", "SVCB",       "TA",       "TALINK",   "TKEY",   "TLSA",       "TSIG",
    "TXT",    "UID",   "UINFO",      "UNSPEC",   "URI",      "WALLET", "WKS",        "X25",
    "ZONEMD", NULL,
};

static const uint16_t numbers[] = {
    1,   38, 28,    18,  260, 255, 42,  34,  258, 252, 68,  257, 60, 59,  37, 263,   5,
    62,  49, 32769, 39,  48,  259, 43,  66,  31,  108, 109, 102, 27, 67,  13, 55,    65,
    264, 45, 20,    251, 25,  36,  105, 106, 29,  107, 254, 253, 7,  3,   4,  8,     14,
    9,   15, 35,    104, 32,  56,  2,   22,  23,  47,  50,  51,  10, 128, 30, 61,    41,
    12,  26, 261,   57,  17,  46,  21,  24,  40,  53,  6,   99,  33, 44,  64, 32768, 58,
    249, 52, 250,   16,  101, 100, 103, 256, 262, 11,  19,  63,
};

enum { COUNT = sizeof numbers / sizeof *numbers };

_Static_assert(sizeof rrtype_mnemonics / sizeof *rrtype_mnemonics == COUNT + 1,
               "a number for each mnemonic");

/* Case-insensitive order of `text` and a NUL-terminated mnemonic in upper case. */
static int compare(const char *text, size_t len, const char *mnemonic)
{
    for (size_t i = 0; i < len; i++) {
        const char c = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A') : text[i];
        if (c != mnemonic[i] || c == '\0')
            return (unsigned char)c < (unsigned char)mnemonic[i] ? -1 : 1;
    }
    return mnemonic[len] == '\0' ? 0 : -1;
}

/* TYPE0 to TYPE65535; leading zeros are let pass. */
static bool from_number(const char *text, size_t len, uint16_t *type)
{
    if (len < 5 || len > 9 || strncasecmp(text, "TYPE", 4) != 0)
        return false;
    unsigned number = 0;
    for (size_t i = 4; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        number = number * 10 + (unsigned)(text[i] - '0');
    }
    if (number > UINT16_MAX)
        return false;
    *type = (uint16_t)number;
    return true;
}

/* A word of up to six octets, the first lowest. */
#define WORD(a, b, c, d, e, f) \
    ((uint64_t)(a) | (uint64_t)(b) << 8 | (uint64_t)(c) << 16 | (uint64_t)(d) << 24 \
     | (uint64_t)(e) << 32 | (uint64_t)(f) << 40)

/* The types that zones are made of, without a search; 0: it's another. */
static uint16_t common(const char *text, size_t len)
{
    uint64_t word = 0;
    if (len == 0 || len > 6 || text[len - 1] == '\0')
        return 0;
    for (size_t i = len; i > 0; i--)
        word = word << 8 | (uint8_t)text[i - 1];
    switch (word) {
    case WORD('A', 0, 0, 0, 0, 0):
        return RRTYPE_A;
    case WORD('N', 'S', 0, 0, 0, 0):
        return RRTYPE_NS;
    case WORD('D', 'S', 0, 0, 0, 0):
        return RRTYPE_DS;
    case WORD('M', 'X', 0, 0, 0, 0):
        return RRTYPE_MX;
    case WORD('S', 'O', 'A', 0, 0, 0):
        return RRTYPE_SOA;
    case WORD('T', 'X', 'T', 0, 0, 0):
        return RRTYPE_TXT;
    case WORD('A', 'A', 'A', 'A', 0, 0):
        return RRTYPE_AAAA;
    case WORD('N', 'S', 'E', 'C', 0, 0):
        return RRTYPE_NSEC;
    case WORD('N', 'S', 'E', 'C', '3', 0):
        return RRTYPE_NSEC3;
    case WORD('R', 'R', 'S', 'I', 'G', 0):
        return RRTYPE_RRSIG;
    case WORD('C', 'N', 'A', 'M', 'E', 0):
        return RRTYPE_CNAME;
    case WORD('D', 'N', 'S', 'K', 'E', 'Y'):
        return RRTYPE_DNSKEY;
    default:
        return 0;
    }
}

bool rrtype_from_text(const char *text, size_t len, uint16_t *type)
{
    const uint16_t known = common(text, len);
    if (known != 0) {
        *type = known;
        return true;
    }
    size_t low = 0, high = COUNT;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        const int order = compare(text, len, rrtype_mnemonics[middle]);
        if (order == 0) {
            *type = numbers[middle];
            return true;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return from_number(text, len, type);
}

size_t rrtype_to_text(uint16_t type, char text[RRTYPE_TEXT_MAX])
{
    for (size_t i = 0; i < COUNT; i++) {
        if (numbers[i] == type)
            return (size_t)snprintf(text, RRTYPE_TEXT_MAX, "%s", rrtype_mnemonics[i]);
    }
    return (size_t)snprintf(text, RRTYPE_TEXT_MAX, "TYPE%u", type);
}

bool rrtype_is_meta(uint16_t type)
{
    return type == 0 || type == RRTYPE_OPT || (type >= 128 && type <= 255);
}
