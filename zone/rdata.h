/* rdata.h -- what RDATA of each type consists of
 * Types that this table doesn't know are octets (RFC 3597). All functions are pure. */
#ifndef PHAROS_ZONE_RDATA_H
#define PHAROS_ZONE_RDATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RDATA_OCTETS_MAX = 65535 };

/* One field of RDATA, in wire form and as text. */
enum rdata_kind {
    RDATA_END,
    RDATA_NAME, /* never compressed here */
    RDATA_U8,
    RDATA_U16,
    RDATA_U32,
    RDATA_PERIOD, /* 32 bits; as text a time with units */
    RDATA_TIME,   /* 32 bits; as text YYYYMMDDHHmmSS */
    RDATA_IP4,
    RDATA_IP6,
    RDATA_TYPE,        /* a type's number or mnemonic */
    RDATA_ALGORITHM,   /* of DNSSEC, 8 bits */
    RDATA_CERTIFICATE, /* the type of CERT, 16 bits */
    RDATA_USAGE,       /* of TLSA, 8 bits */
    RDATA_SELECTOR,    /* of TLSA, 8 bits */
    RDATA_MATCHING,    /* of TLSA, 8 bits */
    RDATA_STRING,      /* a length octet and octets */
    RDATA_STRING_LAST, /* the same, or nothing at all */
    RDATA_STRINGS,     /* one or more, to the end */
    RDATA_SALT,        /* as a string; hexadecimal as text, "-" for none */
    RDATA_HASH,        /* as a string, not empty; base32 as text */
    RDATA_TAG,         /* as a string, not empty, letters and digits */
    RDATA_LABEL_64,    /* 8 octets, as text four groups of hexadecimal digits (RFC 6742) */
    RDATA_EUI48,
    RDATA_EUI64,
    RDATA_DISCOVERY, /* of AMTRELAY: the D bit and the type of the gateway in an octet */
    RDATA_GATEWAY,   /* none, IPv4, IPv6 or a name: the second octet of the RDATA says which */
    RDATA_BITMAP,    /* of types, to the end (RFC 4034 section 4.1.2) */
    RDATA_BITMAP_LAST, /* the same, or nothing at all */
    RDATA_HEX,         /* one octet or more, to the end */
    RDATA_BASE64,      /* one octet or more, to the end */
    RDATA_BASE64_LAST, /* the same, or nothing at all */
    RDATA_VALUE,       /* text to the end, maybe empty (CAA) */
    RDATA_TARGET,      /* text to the end, not empty (URI) */
    RDATA_SVCPARAMS,   /* RFC 9460 section 2.2, to the end */
    RDATA_OCTETS,      /* any, to the end */
    RDATA_APL,         /* RFC 3123, to the end */
    RDATA_LOC,         /* RFC 1876 */
    RDATA_HIP,         /* RFC 8005: all but the rendezvous servers */
    RDATA_NAMES,       /* none or more, to the end */
};

struct rdata_field {
    enum rdata_kind kind;
    const char *what; /* for people */
};

/* Who reads the RDATA's text. */
enum rdata_text_by {
    RDATA_TEXT_OWN,     /* field by field */
    RDATA_TEXT_LDNS,    /* rare, and in a form of its own */
    RDATA_TEXT_GENERIC, /* \# alone */
};

struct rdata_shape {
    const struct rdata_field *field; /* ends with RDATA_END; NULL: any octets */
    enum rdata_text_by text_by;
};

/* Always gives one; types unknown are any octets, \# alone as text. */
struct rdata_shape rdata_shape(uint16_t type);

/* True where the octets have the form that `type` asks for: fields complete, names uncompressed
 * and well formed, nothing left over, digests as long as their type says. */
bool rdata_check(uint16_t type, const uint8_t *rdata, size_t octets);

/* Finds the names in RDATA that rdata_check() let pass. `*at` is where to look (0 at first); true
 * with `*at` the offset and `*name_octets` the length of the next name; the caller adds them up to
 * go on:
 *
 *     for (size_t at = 0, n; rdata_next_name(type, rdata, octets, &at, &n); at += n) */
bool rdata_next_name(uint16_t type, const uint8_t *rdata, size_t octets, size_t *at,
                     size_t *name_octets);

/* True for the types of RFC 1035, whose names may be compressed in messages (RFC 3597 section 4). */
bool rdata_may_compress(uint16_t type);

/* A digest's length where `type` (DS and its kin, SSHFP, ZONEMD) and the number of its algorithm
 * settle it; otherwise 0. */
size_t rdata_digest_octets(uint16_t type, uint8_t algorithm);

#endif
