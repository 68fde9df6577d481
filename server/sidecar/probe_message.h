/* probe_message.h -- the query that a probe asks, and what its answer is worth
 * An SOA query with an EDNS option (RFC 6891) that the server answers with its instance's id. Pure. */
#ifndef PHAROS_SERVER_SIDECAR_PROBE_MESSAGE_H
#define PHAROS_SERVER_SIDECAR_PROBE_MESSAGE_H

#include "server/base/answer_config.h"

#include <stddef.h>
#include <stdint.h>

enum {
    PROBE_EDNS_OPTION =
        65073, /* EDNS_OPTION_INSTANCE of server/answer, which isn't linked here */
    PROBE_EDE_NOT_READY = 14, /* likewise */
    PROBE_QUERY_MAX = 12 + 255 + 4 + 11 + 4,
    PROBE_ANSWER_MAX = 4096,
};

enum probe_answer {
    PROBE_ANSWER_OTHER,    /* no answer to this query: not a message, another id or question */
    PROBE_ANSWER_STRANGER, /* an answer of another server, or of one that bears no id */
    PROBE_ANSWER_WELL,
    PROBE_ANSWER_SERVFAIL,
    PROBE_ANSWER_NOT_LOADED, /* SERVFAIL too, since the zone isn't loaded: EDE 14 (RFC 8914) */
};

/* Writes the query for the SOA of `qname` (wire form, uncompressed, `octets` of it with the root
 * label); returns its octets. */
size_t probe_query(uint8_t query[PROBE_QUERY_MAX], uint16_t id, const uint8_t *qname,
                   size_t octets);

/* What `answer`, any octets, says to `query`. */
enum probe_answer probe_answer_read(const uint8_t *answer, size_t octets, const uint8_t *query,
                                    size_t query_octets,
                                    const uint8_t instance[INSTANCE_OCTETS]);

#endif
