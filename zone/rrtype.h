/* rrtype.h -- RR types: numbers and mnemonics */
#ifndef PHAROS_ZONE_RRTYPE_H
#define PHAROS_ZONE_RRTYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rrtype {
    RRTYPE_A = 1,
    RRTYPE_NS = 2,
    RRTYPE_CNAME = 5,
    RRTYPE_SOA = 6,
    RRTYPE_PTR = 12,
    RRTYPE_HINFO = 13,
    RRTYPE_MX = 15,
    RRTYPE_TXT = 16,
    RRTYPE_KEY = 25,
    RRTYPE_AAAA = 28,
    RRTYPE_SRV = 33,
    RRTYPE_NAPTR = 35,
    RRTYPE_DNAME = 39,
    RRTYPE_OPT = 41,
    RRTYPE_DS = 43,
    RRTYPE_SSHFP = 44,
    RRTYPE_RRSIG = 46,
    RRTYPE_NSEC = 47,
    RRTYPE_DNSKEY = 48,
    RRTYPE_NSEC3 = 50,
    RRTYPE_NSEC3PARAM = 51,
    RRTYPE_TLSA = 52,
    RRTYPE_SVCB = 64,
    RRTYPE_HTTPS = 65,
    RRTYPE_TSIG = 250,
    RRTYPE_IXFR = 251,
    RRTYPE_AXFR = 252,
    RRTYPE_MAILB = 253,
    RRTYPE_MAILA = 254,
    RRTYPE_ANY = 255,
    RRTYPE_CAA = 257,
};

enum { RRTYPE_TEXT_MAX = 16 };

/* Reads a mnemonic of any case or TYPE12345 (RFC 3597 section 5). Returns false where it's neither. */
bool rrtype_from_text(const char *text, size_t len, uint16_t *type);

/* Writes the mnemonic, or TYPEn where there is none; NUL-terminated. Returns its length. */
size_t rrtype_to_text(uint16_t type, char text[RRTYPE_TEXT_MAX]);

/* True for types that no zone can hold: 0, OPT, and 128 to 255 (meta types and QTYPEs). */
bool rrtype_is_meta(uint16_t type);

/* All mnemonics, ending with NULL, for notes_nearest(). */
extern const char *const rrtype_mnemonics[];

#endif
