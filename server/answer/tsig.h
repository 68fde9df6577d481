/* tsig.h -- messages signed with a shared secret (RFC 8945)
 * A request's TSIG is checked in the section's order: key, MAC, time. The answer to a request
 * whose MAC was good bears a TSIG of its own, errors too; the answer to any other says in an
 * unsigned one what is wrong. */
#ifndef PHAROS_SERVER_ANSWER_TSIG_H
#define PHAROS_SERVER_ANSWER_TSIG_H

#include "server/answer/packet.h"
#include "server/base/keyring.h"

/* RFC 8945 section 3; they are the TSIG's own error, the header says NOTAUTH. */
enum tsig_error { TSIG_BADSIG = 16, TSIG_BADKEY = 17, TSIG_BADTIME = 18 };

/* The TSIG of a request, and what its answer's has to say. */
struct tsig {
    bool present;               /* the answer gets one */
    uint16_t error;             /* 0 or enum tsig_error */
    uint16_t fudge;             /* seconds */
    uint16_t id;                /* original ID */
    uint64_t time;              /* signed at, seconds since 1970 */
    const struct tsig_key *key; /* that the answer is signed with; NULL: not signed */
    struct name name;           /* lower case */
    struct name algorithm;      /* lower case */
    const uint8_t *mac;         /* borrowed from the request */
    uint16_t mac_octets;
    const uint8_t *other; /* borrowed from the request */
    uint16_t other_octets;
};

/* Checks the TSIG at offset `at` of a request, which is its last record and was found whole
 * (`at` is where its owner begins). `keyring` may be NULL. Returns
 *
 *     NOERROR  the request is from somebody who has the key
 *     FORMERR  it's no TSIG; then the answer has none
 *     NOTAUTH  tsig->error tells why */
uint16_t tsig_check(struct tsig *tsig, const struct keyring *keyring, const uint8_t *request,
                    size_t at, size_t octets, uint64_t now);

/* Whether the request's MAC was good. */
static inline bool tsig_signed(const struct tsig *tsig)
{
    return tsig->present && tsig->key != NULL;
}

/* Octets that tsig_write() needs; 0 where the answer gets no TSIG. */
size_t tsig_room(const struct tsig *tsig);

/* Appends the answer's TSIG. The message is finished otherwise, its header included, whose
 * ARCOUNT goes up by one. The caller has seen to the room: p->limit isn't looked at. */
void tsig_write(struct packet *p, const struct tsig *tsig, uint64_t now);

#endif
