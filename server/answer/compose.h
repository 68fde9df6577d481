/* compose.h -- from what the zones say about a name to the sections of the answer
 * RFC 1034 section 4.3.2 from where the look-up is done: answers, aliases, referrals, negative
 * answers. Aliases are followed by the caller, who looks the next name up together with those
 * of other questions. */
#ifndef PHAROS_SERVER_ANSWER_COMPOSE_H
#define PHAROS_SERVER_ANSWER_COMPOSE_H

#include "server/answer/place.h"
#include "server/answer/request.h"
#include "server/answer/tsig.h"
#include "zone/denial.h"
#include "zone/lookup.h"

enum { ALIASES_MAX = 16 };

/* The servers' names of a referral that may have addresses elsewhere in the zone, or those of an apex, or
 * the targets of SVCB and HTTPS RRs. */
struct siblings {
    const struct zone *zone;
    uint16_t count;     /* RRs */
    uint32_t rrs_at;    /* message offset of the first of them */
    uint8_t cut_octets; /* of the cut's name, a suffix of the name looked up; 0: no cut's servers */
    bool services;      /* SVCB or HTTPS, not NS */
};

/* An RRset that proves, to be written when the answer section is complete. */
struct proof {
    const struct block *block;
    struct foreign owner;
};

enum { PROOFS_MAX = ALIASES_MAX + 1 + DENIAL_NODES_MAX };

struct exchange; /* server/answer/respond.h */

/* A question on its way to its answer. */
struct query {
    struct request request; /* `qname` becomes the alias's target when one is followed */
    struct packet packet;
    struct exchange *exchange; /* to which the answer goes; borrowed */
    const struct zone *zone;   /* the closest to the name that was asked for; NULL: none, or not
                                * looked up */
    uint32_t name_at;          /* message offset of the name that is looked up now */
    enum ede ede;
    uint16_t rcode;
    bool question; /* the answer has one */
    bool authoritative;
    bool child_side; /* DS is looked up where the name may be an apex, not above it */
    uint8_t aliases; /* followed so far */
    uint8_t dnames;  /* of those, whose DNAME is in the answer */
    uint8_t proofs;  /* of the aliases' */

    uint8_t cookie[COOKIE_OCTETS]; /* where edns.asked has EDNS_ASKED_COOKIE */
    struct tsig tsig;

    /* The names that aliases had, against loops, and the DNAMEs in the answer. */
    uint16_t alias_at[ALIASES_MAX];
    uint16_t dname_at[ALIASES_MAX]; /* message offsets */
    const struct block *dname[ALIASES_MAX];

    /* What proves the last name looked up; NULL: nothing, or it's noted or written. */
    struct denial *denial;
    struct proof proof[PROOFS_MAX]; /* of the aliases before it */

    struct siblings siblings; /* set with COMPOSE_SIBLINGS */
};

enum compose_next {
    COMPOSE_DONE,
    COMPOSE_FOLLOW,   /* look request.qname up (an alias's target, or once more), and compose again */
    COMPOSE_SIBLINGS, /* look up the addresses of siblings.count servers */
};

/* The parts of a block (enum part) that the requester wants. */
static inline unsigned compose_parts(const struct query *q)
{
    return q->request.edns.dnssec_ok ? PART_RRS | PART_SIGNATURES : PART_RRS;
}

/* Writes what `lookup` found. `denial` is the proof that goes with it, or NULL where none is asked for or
 * needed; it may be completed. `config` isn't kept. */
enum compose_next compose(struct query *q, const struct lookup *lookup, struct denial *denial,
                          const struct answer_config *config);

/* The name in the RR at message offset `*at`, which moves to the next RR. Returns false where no
 * address is to be looked up for it: it's at or below the cut, whose glue the referral has, or
 * out of the zone, or an earlier RR has it too. `spot_at` is where the name stands. */
bool compose_sibling(const struct query *q, uint32_t *at, struct name *name, uint32_t *spot_at);

/* Appends the addresses that the node of a sibling server has, as far as they fit (they aren't
 * required: RFC 9471 section 3.2). */
void compose_addresses(struct query *q, const struct node *node, const struct spot *server);

#endif
