/* place.h -- RRset blocks into messages
 * A block (zone/node.h) is laid out for a message whose QNAME is its owner and where it follows
 * the question; then placing it is one copy. Anywhere else its pointers move:
 *
 *     - into the owner's suffixes, by where the owner stands in this message: inside a longer
 * QNAME (referral, SOA, DNAME), or inside RDATA (the target of an alias, a name server's name);
 *     - into the block itself, by where the block stands.
 *
 * Where one of them would have to aim beyond 0x3FFF, the block is written RR by RR and names
 * are spelt out instead: longer, never wrong. */
#ifndef PHAROS_SERVER_ANSWER_PLACE_H
#define PHAROS_SERVER_ANSWER_PLACE_H

#include "server/answer/packet.h"
#include "zone/node.h"
#include "zone/ready.h"

/* A name in the message, and where: QNAME, or the target of an alias, or a server's name. */
struct spot {
    const struct name *name; /* lower case; borrowed */
    uint32_t at;             /* offset in the message */
};

/* Whose RRs they shall be. */
struct owner {
    struct spot spot;
    uint8_t octets; /* of the block's owner name, with the root label */
    bool wildcard;  /* the block's owner is a wildcard, in whose place `spot` itself comes;
                     * otherwise the owner is a suffix of `spot` */
};

enum part { PART_RRS = 1, PART_SIGNATURES = 2 };

/* Appends the `parts` (enum part, or'ed) of a block to a section. Returns false, with the
 * packet as it was, where there isn't the room. */
bool place_block(struct packet *p, enum section section, const struct block *block,
                 const struct owner *owner, unsigned parts);

/* Appends the glue of an NS block that place_block() put at message offset `ns_at`, all or
 * nothing. */
bool place_glue(struct packet *p, const struct block *glue, const struct block *ns,
                uint32_t ns_at, const struct owner *owner);

/* An owner that isn't in the message, but its apex is. */
struct foreign {
    const uint8_t *labels;   /* before the apex; in the block's node, so that there's more to read */
    size_t octets;           /* of those */
    const struct name *apex;
    size_t apex_at;          /* message offset */
};

/* Appends a block, with its signatures, of such an owner. Its RDATA has no pointers (that of NSEC
 * and NSEC3 never has: RFC 4034 section 4.1.1). Returns false where there isn't the room. */
bool place_foreign(struct packet *p, enum section section, const struct block *block,
                   const struct foreign *owner);

/* place_block() with another TTL: for the SOA of negative answers and its RRSIGs. */
bool place_with_ttl(struct packet *p, enum section section, const struct block *block,
                    const struct owner *owner, unsigned parts, uint32_t ttl);

/* Appends, to the authority section, what negative answers of a zone have in common, as far as `extent` tells, and a
 * block of NSEC or NSEC3 with its node, or NULLs. QNAME is in the zone. Returns false, with the packet as it was, where
 * there isn't the room for all or nothing lies ready. */
bool place_ready(struct packet *p, const struct zone *zone, enum ready_extent extent,
                 const struct name *qname, const struct node *node, const struct block *block);

/* Where the suffix of the spot's name that begins after `skip` octets stands in the message. */
size_t place_suffix(const struct packet *p, const struct spot *spot, size_t skip);

/* Appends the CNAME from `spot` that a DNAME implies (RFC 6672 section 3.1). The target is the
 * first `prefix` octets of the name at `spot`, then the name at message offset `suffix_at`,
 * `target` in all. Returns false where there isn't the room. */
bool place_alias(struct packet *p, const struct spot *spot, size_t prefix, size_t suffix_at,
                 const struct name *target, uint32_t ttl);

#endif
