/* request.h -- what a client's octets ask
 * RFC 1035 section 4.1 with RFC 6891. The octets are hostile; reading them neither fails nor
 * allocates, it ends in one of four fates. */
#ifndef PHAROS_SERVER_ANSWER_REQUEST_H
#define PHAROS_SERVER_ANSWER_REQUEST_H

#include "server/answer/edns.h"

enum request_fate {
    REQUEST_SILENT, /* shorter than a header, or a response: answering could make a loop */
    REQUEST_HEADER, /* no question to give back: the answer is a header with `rcode`, and OPT and
                     * TSIG where they could be read; nothing that an option asked for */
    REQUEST_BARE,   /* no question, but a COOKIE, which is answered (RFC 7873 section 5.4) */
    REQUEST_ASKED,  /* the question is read; `rcode` may be settled all the same */
};

struct request {
    uint16_t rcode;   /* NOERROR, or what the answer must say without any look-up */
    uint16_t qtype;   /* host order */
    uint16_t qclass;  /* host order */
    uint16_t tsig_at; /* where the TSIG begins, the last record; 0: none */
    bool notify;      /* opcode NOTIFY, not QUERY */
    struct edns edns;
    uint16_t symbols;  /* of QNAME's key, see request_read() */
    struct name qname; /* lower case; in the octets it stands at QNAME_AT */
};

/* Reads a request. What settles `rcode`:
 *
 *     NOTIMP   an opcode other than QUERY and NOTIFY (without its question, since its format isn't
 *              known to us; so UPDATE gets what RFC 2136 section 3.1 has for those who don't do it)
 *     FORMERR  QDCOUNT 0 without a COOKIE, or above 1 (RFC 9619); a name that is compressed, too
 *              long or cut off; RRs in answer or authority (the latter is legal in IXFR, both are
 *              in NOTIFY); RRs cut off; a second OPT, one not at the root or with a broken
 *              option; a TSIG that isn't last
 *     BADVERS  an EDNS version above 0, whatever its options say and the opcode is
 *
 * An OPT whose RDATA is there is present whatever is wrong with it, and a TSIG that comes last is
 * found after a bad OPT as well: both are for answers with errors, too.
 *
 * Octets after the last record are ignored. Whether a TSIG is any good isn't looked at.
 *
 * `room` gets QNAME's key where the fate is REQUEST_ASKED, where name_read_key() tells, and may have been written to
 * otherwise. */
enum request_fate request_read(struct request *request, uint8_t room[NAME_KEY_MAX],
                               const uint8_t *octets, size_t len);

#endif
