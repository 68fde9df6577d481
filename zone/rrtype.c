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

bool rrtype_from_text(const char *text, size_t len, uint16_t *type)
{
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
