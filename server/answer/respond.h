/* respond.h -- request octets in, response octets out
 * The whole of what an authoritative server says, for a batch of requests at a time: parse all,
 * find their zones, walk all, compose each. No socket, no clock, no malloc: UDP, TCP, tests,
 * fuzzers and benchmarks call the same function. */
#ifndef PHAROS_SERVER_ANSWER_RESPOND_H
#define PHAROS_SERVER_ANSWER_RESPOND_H

#include "server/base/answer_config.h"
#include "zone/directory.h"
#include "zone/lookup.h"

enum {
    RESPOND_BATCH_MAX = 64,
    MESSAGE_MAX = 65535,
    UDP_PLAIN_MAX = 512, /* RFC 1035 section 4.2.1 */
    UDP_PAYLOAD_DEFAULT = 1232,
    /* EDNS option (of the range for local use, RFC 6891 section 9) by which a probe asks which
     * instance answers: empty in the request, the instance's 16 octets in the response. */
    EDNS_OPTION_INSTANCE = 65073,
};

enum transport { TRANSPORT_UDP, TRANSPORT_TCP };

/* One request and its response. */
struct exchange {
    const uint8_t *query; /* borrowed */
    size_t query_octets;
    enum transport transport;
    uint8_t client_octets; /* of the client's address: 4 or 16; 0: not known, then it gets no
                            * cookie */
    const uint8_t *client; /* borrowed */
    uint8_t *answer;       /* the caller's buffer; may not overlap the query */
    size_t answer_max; /* its octets: at least UDP_PLAIN_MAX; MESSAGE_MAX at most are used */

    size_t answer_octets; /* 0: say nothing */
    uint16_t rcode;       /* extended, of the answer; for the counters */
    int16_t ede;          /* enum ede, also where there was no OPT to say it in; likewise */
    bool truncated;       /* TC was set */
};

/* The memory a worker lends to respond(): about 200 KB, nothing in it outlives a call. */
struct respond_scratch;

struct respond_scratch *respond_scratch_new(void);
void respond_scratch_free(struct respond_scratch *scratch);

/* Answers up to RESPOND_BATCH_MAX requests, at `now` seconds since 1970. Any octets may come in.
 * Lifetime: the answers are copies; the view is needed during the call only.
 * Threads:  any number at once, each with a scratch of its own. */
void respond(const struct answer_config *config, const struct view *view, uint64_t now,
             struct exchange *exchanges, size_t count, struct respond_scratch *scratch);

/* Answers one request with SERVFAIL, or with what is wrong with it, without a look at any zone: for when
 * respond() couldn't be finished. That's a fault, and not EDE_NOT_READY, which is of zones that aren't
 * loaded. */
void respond_fail(const struct answer_config *config, uint64_t now, struct exchange *exchange,
                  struct respond_scratch *scratch);

#endif
