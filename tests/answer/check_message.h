/* check_message.h -- a strict reading of a response
 * Knows nothing of zones: it says whether octets are a message that nobody could misread. Used
 * by tests and by the fuzzer. */
#ifndef PHAROS_TESTS_ANSWER_CHECK_MESSAGE_H
#define PHAROS_TESTS_ANSWER_CHECK_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

/* Checks a response to `query`: it has its ID, opcode, RD and question; counts are true and
 * nothing follows the last RR; every name ends, within 255 octets, and every pointer aims
 * backwards at a label that is the start of a name or of a part of one; the known types' RDATA
 * is exactly full; no RR comes twice; there is an OPT at the root, last but for a TSIG, only if
 * the query has an ARCOUNT; RA, Z and AD are clear; it has at most `limit` octets, and with FORMERR no
 * more than the query; with 65535, as over TCP, TC is clear: no zone of the tests has an answer
 * that is larger. Returns NULL, or what is wrong. Not for several threads at once. */
const char *check_message(const uint8_t *message, size_t octets, const uint8_t *query,
                          size_t query_octets, size_t limit);

#endif
