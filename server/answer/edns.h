/* edns.h -- the OPT pseudo-RR of requests and responses (RFC 6891) */
#ifndef PHAROS_SERVER_ANSWER_EDNS_H
#define PHAROS_SERVER_ANSWER_EDNS_H

#include "server/answer/packet.h"
#include "server/base/answer_config.h"

enum edns_option { EDNS_OPTION_NSID = 3, EDNS_OPTION_EDE = 15 };

/* INFO-CODEs of extended errors (RFC 8914). */
enum ede { EDE_NONE = -1, EDE_NOT_READY = 14, EDE_NOT_AUTHORITATIVE = 20 };

/* What the OPT of a request says. Options that we don't know are ignored (section 6.1.2). */
struct edns {
    bool present;
    bool dnssec_ok; /* DO, RFC 3225 */
    bool nsid;      /* asked for, RFC 5001 */
    bool instance;  /* EDNS_OPTION_INSTANCE, asked for */
    uint8_t version;
    uint16_t payload; /* the requester's, octets; 512 at least */
};

/* Reads the OPT whose owner and type have been read: from its class to the end of its RDATA.
 * Returns false where an option is cut off or the RDATA is; then `edns` may be half filled. */
bool edns_read(struct edns *edns, struct reader *r);

/* Octets that edns_write() may need for the answer to such a request: 0 without OPT. */
size_t edns_room(const struct edns *edns, const struct answer_config *config);

/* Appends the OPT to the additional section, where the request had one. The caller has seen to
 * the room: p->limit isn't looked at. Options go with answers to well-formed requests only. */
void edns_write(struct packet *p, const struct edns *edns, const struct answer_config *config,
                uint16_t rcode, enum ede ede);

/* What we send over UDP at most and announce. */
uint16_t edns_payload(const struct answer_config *config);

#endif
