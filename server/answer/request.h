/* request.h -- what a client's octets ask
 * RFC 1035 section 4.1 with RFC 6891. The octets are hostile; reading them neither fails nor
 * allocates, it ends in one of three fates. */
#ifndef PHAROS_SERVER_ANSWER_REQUEST_H
#define PHAROS_SERVER_ANSWER_REQUEST_H

#include "server/answer/edns.h"

enum request_fate {
    REQUEST_SILENT, /* shorter than a header, or a response: answering could make a loop */
    REQUEST_HEADER, /* no question to give back: the answer is a header with `rcode` */
    REQUEST_ASKED,  /* the question is read; `rcode` may be settled all the same */
};

struct request {
    uint16_t rcode;  /* NOERROR, or what the answer must say without any look-up */
    uint16_t qtype;  /* host order */
    uint16_t qclass; /* host order */
    struct edns edns;
    struct name qname; /* lower case; in the octets it stands at QNAME_AT */
};

/* Reads a request. What settles `rcode`:
 *
 *     NOTIMP   an opcode other than QUERY (header only, since its format isn't known to us)
 *     FORMERR  QDCOUNT 0, or above 1 (RFC 9619); a name that is compressed, too long or cut
 * off; RRs in answer or authority (the latter is legal in IXFR); RRs cut off; a second OPT, one
 * not at the root or with a broken option; a TSIG that isn't last BADVERS  an EDNS version
 * above 0 NOTAUTH  a TSIG, since there are no keys (RFC 8945 section 5.2.1; without a TSIG in
 * the answer, for which there is no key to name)
 *
 * Octets after the last record are ignored. */
enum request_fate request_read(struct request *request, const uint8_t *octets, size_t len);

#endif
