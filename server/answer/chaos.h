/* chaos.h -- questions about the server itself, in class CH (RFC 4892)
 * id.server and hostname.bind give the identity, version.bind and version.server the version,
 * as one TXT RR with TTL 0. */
#ifndef PHAROS_SERVER_ANSWER_CHAOS_H
#define PHAROS_SERVER_ANSWER_CHAOS_H

#include "server/answer/request.h"

/* Answers a question of class CH. Returns the RCODE: REFUSED for other names and for what isn't
 * configured. */
uint16_t chaos_answer(struct packet *p, const struct request *request,
                      const struct answer_config *config);

#endif
