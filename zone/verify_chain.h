/* verify_chain.h -- whether a zone's chains of NSEC and NSEC3 prove what they should
 * For zone/verify.c, and what verify_nsec.c and verify_nsec3.c share. */
#ifndef PHAROS_ZONE_VERIFY_CHAIN_H
#define PHAROS_ZONE_VERIFY_CHAIN_H

#include "zone/notes.h"
#include "zone/zone.h"

/* Each name's NSEC is there, names the next one and has the types that are there, and so round
 * to the apex (RFC 4034 section 4, RFC 4035 section 2.3). Errors are in `notes`. */
void verify_nsec(const struct zone *zone, const char *file, struct notes *notes);

/* The same for the chain of NSEC3 that the zone uses, empty non-terminals included; insecure
 * delegations, and empty non-terminals that lead to nothing else, may be left out where the NSEC3
 * before has the opt-out flag (RFC 5155 sections 6 and 7.1). Returns 0 or -ENOMEM; errors are in
 * `notes`. */
int verify_nsec3(const struct zone *zone, const char *file, struct notes *notes);

/* A chain that is looked at. */
struct chain {
    const struct zone *zone;
    const char *file;
    struct notes *notes;
};

/* Notes an error. */
void chain_say(const struct chain *chain, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The absolute owner of a node. Returns `text`. */
const char *chain_owner(const struct chain *chain, const struct node *node,
                        char text[NAME_TEXT_MAX]);

/* True for names that no answer shows: they aren't in chains. */
bool chain_occluded(const struct node *node);

/* True for names that own RRsets beside their own proof and signatures. */
bool chain_owns_data(const struct node *node);

/* The types at a node, as an NSEC or NSEC3 of it should list them. */
struct types {
    uint8_t bit[UINT16_MAX / 8 + 1]; /* type T is bit 7 - T % 8 of octet T / 8 */
};

/* What is at a node for a parent to list. */
void types_of(const struct node *node, struct types *types);

/* A bitmap as RFC 4034 section 4.1.2 has it. */
void types_read(const uint8_t *bitmap, size_t octets, struct types *types);

/* Tells where those listed aren't those that are there. `what` is whose: "NSEC of www.example." */
void chain_types(const struct chain *chain, const char *what, const struct types *is,
                 const struct types *listed);

#endif
