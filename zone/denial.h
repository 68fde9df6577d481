/* denial.h -- the proofs that go with what a look-up found
 * Which NSEC or NSEC3 records an answer from a signed zone must bring: RFC 4035 section 3.1.3 and RFC 5155
 * section 7.2. */
#ifndef PHAROS_ZONE_DENIAL_H
#define PHAROS_ZONE_DENIAL_H

#include "zone/lookup.h"
#include "zone/ready.h"
#include "zone/search.h"

enum {
    DENIAL_BATCH_MAX = 64,
    DENIAL_NODES_MAX = 3,    /* closest encloser, next closer name, wildcard */
    DENIAL_SEARCHES_MAX = 3, /* of one look-up at a time */
};

/* The nodes whose NSEC (or NSEC3) RRsets are the proof, each once. */
struct denial {
    const struct lookup *lookup; /* borrowed, with its zone, key and outcome */
    bool collision; /* the hash of a name that isn't there is that of an NSEC3 of the zone: nothing
                     * proves it, and the answer is SERVFAIL (RFC 5155 section 7.2.9) */
    bool
        apex_ready; /* to the proof belongs what the zone has ready for names below its apex (READY_APEX), and
                      * that isn't among the nodes */
    uint8_t count;
    const struct node *node[DENIAL_NODES_MAX];
    const struct block *block[DENIAL_NODES_MAX]; /* of each its NSEC or NSEC3, or NULL */

    /* The search's own. */
    const struct search *found;
    uint8_t searches; /* from there on */
};

/* The memory that a caller lends; nothing in it outlives a call. */
struct denial_scratch {
    struct search search[DENIAL_BATCH_MAX * DENIAL_SEARCHES_MAX];
    uint8_t key[DENIAL_BATCH_MAX * DENIAL_SEARCHES_MAX][NAME_KEY_MAX];
};

/* Whether a look-up's answer needs a proof, if DNSSEC is asked for and its zone has any. */
bool denial_needed(const struct lookup *lookup);

/* Finds the proofs of up to DENIAL_BATCH_MAX look-ups for which one is needed. Where a zone lacks a record that it
 * should have, so does the proof. */
void zone_deny(struct denial *denials, size_t count, struct denial_scratch *scratch);

/* Adds to the nodes what is ready, where that can't be used. */
void denial_complete(struct denial *denial);

/* The type of the records that prove: NSEC, NSEC3, or 0 for a zone that has none. */
uint16_t zone_denial_type(const struct zone *zone);

#endif
