/* cookie.h -- DNS cookies: who has answered from an address before can show it
 * RFC 7873, with the server cookie of RFC 9018, so that all servers of an anycast address that
 * share their secrets know each other's cookies. */
#ifndef PHAROS_SERVER_ANSWER_COOKIE_H
#define PHAROS_SERVER_ANSWER_COOKIE_H

#include "server/base/answer_config.h"

#include <stddef.h>

enum {
    COOKIE_CLIENT_OCTETS = 8,
    COOKIE_OCTETS = 24, /* client cookie and our server cookie */
};

enum cookie_verdict {
    COOKIE_NEW, /* a client cookie alone */
    COOKIE_BAD, /* with a server cookie that isn't ours, for another address, or too old */
    COOKIE_VALID,
};

/* Whether a COOKIE option may have so many octets (RFC 7873 section 5.2.2). */
static inline bool cookie_length_sound(size_t octets)
{
    return octets == COOKIE_CLIENT_OCTETS || (octets >= 16 && octets <= 40);
}

/* Judges a COOKIE of sound length from the client at `address` (4 or 16 octets), and writes the
 * one that goes into the answer. `now` is in seconds since 1970; config->cookie_secrets isn't
 * 0. */
enum cookie_verdict cookie_answer(const struct answer_config *config, uint64_t now,
                                  const uint8_t *cookie, size_t octets, const uint8_t *address,
                                  size_t address_octets, uint8_t answer[COOKIE_OCTETS]);

#endif
