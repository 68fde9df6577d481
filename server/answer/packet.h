/* packet.h -- a response under construction
 * Octets are appended from the front; sections follow one another, so the order of the calls is
 * the order of the sections. Nothing is written beyond `limit`, which leaves room for the OPT.
 */
#ifndef PHAROS_SERVER_ANSWER_PACKET_H
#define PHAROS_SERVER_ANSWER_PACKET_H

#include "zone/name.h"
#include "zone/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HEADER_OCTETS = 12,
    QNAME_AT = HEADER_OCTETS, /* the only question's name */
    POINTER_MAX = 0x3fff, /* how far a compression pointer reaches, RFC 1035 section 4.1.4 */
    POINTER_BITS = 0xc000,
    RR_FIXED_OCTETS = 10, /* type, class, TTL, RDLENGTH */
};

enum class { CLASS_IN = 1, CLASS_CH = 3 };

enum opcode { OPCODE_QUERY = 0, OPCODE_NOTIFY = 4 };

enum rcode {
    RCODE_NOERROR = 0,
    RCODE_FORMERR = 1,
    RCODE_SERVFAIL = 2,
    RCODE_NXDOMAIN = 3,
    RCODE_NOTIMP = 4,
    RCODE_REFUSED = 5,
    RCODE_YXDOMAIN = 6,
    RCODE_NOTAUTH = 9,
    RCODE_BADVERS = 16, /* the upper bits of this and what follows need an OPT */
    RCODE_BADCOOKIE = 23,
};

/* Bits of the header's second 16 bits. */
enum header_bit {
    HEADER_QR = 0x8000,
    HEADER_OPCODE = 0x7800,
    HEADER_OPCODE_SHIFT = 11,
    HEADER_AA = 0x0400,
    HEADER_TC = 0x0200,
    HEADER_RD = 0x0100,
    HEADER_CD = 0x0010,
};

enum section { SECTION_ANSWER, SECTION_AUTHORITY, SECTION_ADDITIONAL };

struct packet {
    uint8_t *octets;   /* borrowed */
    uint32_t len;      /* octets written */
    uint32_t limit;    /* octets that may be */
    uint16_t count[3]; /* RRs of each section */
    bool truncated;    /* something required didn't fit */
};

static inline size_t packet_room(const struct packet *p)
{
    return p->limit - p->len;
}

/* The offset of what follows the name at `at`, which a pointer may end. */
size_t packet_skip_name(const struct packet *p, size_t at);

/* The offset of the RDATA of the RR at `rr_at`. */
static inline size_t packet_rdata(const struct packet *p, size_t rr_at)
{
    return packet_skip_name(p, rr_at) + RR_FIXED_OCTETS;
}

/* Reads the name at `at`, decompressed and in lower case. */
void packet_read_name(const struct packet *p, size_t at, struct name *name);

/* Where the name at `at` goes on after its first `skip` octets (whole labels), counted without
 * compression: the offset of a label, never of a pointer. */
size_t packet_suffix(const struct packet *p, size_t at, size_t skip);

/* True where the name at `at` is `name`, which is in lower case. */
bool packet_name_is(const struct packet *p, size_t at, const struct name *name);

#endif
