/* proofs.h -- what the NSEC and NSEC3 records of a reply prove, read by ldns */
#ifndef PHAROS_TESTS_RFC_PROOFS_H
#define PHAROS_TESTS_RFC_PROOFS_H

#include "tests/answer/ask.h"

/* A question and the claims that its reply must prove: "match NAME" (a record stands at the name, or at its
 * hash) and "cover NAME" (one shows that there's no such name), separated by blanks; "" for none. */
struct proof_case {
    const char *question;
    const char *rcode;
    const char *claims;
};

/* Adds the zone s.test from tests/rfc/zones/FILE, and with `more` records after those. */
void proofs_add_zone(struct server *server, const char *file);
void proofs_add_zone_with(struct server *server, const char *file, const char *more);

/* Asks with DO and fails the test unless each claim is proved by a record of the authority section with its
 * signature, no record is there that none of the claims needs, and none twice. */
void assert_proves(struct server *server, const struct proof_case *expected);

#endif
