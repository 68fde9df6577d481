/* rrsets.h -- an answer's RRs put into RRsets, each with the signatures over it
 * Messages are read by ldns, which verifies the signatures too, with OpenSSL. */
#ifndef PHAROS_TESTS_DIFFERENTIAL_RRSETS_H
#define PHAROS_TESTS_DIFFERENTIAL_RRSETS_H

#include "tests/differential/labels.h"

#include <ldns/ldns.h>

enum { RRSETS_MAX = 1024 };

struct rrset {
    ldns_pkt_section section;
    struct labels owner;
    uint16_t type;
    ldns_rr_list *rrs;        /* none where only the signatures were asked for */
    ldns_rr_list *signatures; /* the RRs of both lists are the packet's */
    bool used;                /* by the way from the question to the answer's end */
};

struct rrsets {
    size_t count;
    struct rrset each[RRSETS_MAX];
};

/* Takes a packet apart. `rrsets` borrows from `packet`; free it with rrsets_clear(). Returns
 * NULL, or in words what can't be. */
const char *rrsets_read(struct rrsets *rrsets, const ldns_pkt *packet);
void rrsets_clear(struct rrsets *rrsets);

/* The first RRset of a section (LDNS_SECTION_ANY: of any) with this owner (NULL: any) and type,
 * or NULL. */
struct rrset *rrsets_find(struct rrsets *rrsets, ldns_pkt_section section,
                          const struct labels *owner, uint16_t type);

/* Verifies all signatures of an RRset, of which there must be one, with the keys of the zone at
 * `apex`, but for their time. Returns NULL, or in words what is wrong. */
const char *rrset_verify(const struct rrset *rrset, const struct labels *apex,
                         const ldns_rr_list *keys);

/* The zone that signs, from the RRset's first signature; there must be one. */
void rrset_signer(const struct rrset *rrset, struct labels *apex);

/* How many labels the signatures count: of the owner, or of the wildcard's parent where it made
 * the RRset (RFC 4034 section 3.1.3). There must be a signature. */
size_t rrset_signed_labels(const struct rrset *rrset);

/* Labels of the owner as signatures count them: a leading `*` isn't one. */
size_t rrset_labels(const struct rrset *rrset);

#endif
