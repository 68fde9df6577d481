/* base64.h -- octets from base64 (RFC 4648 section 4), which may come in pieces */
#ifndef PHAROS_ZONE_BASE64_H
#define PHAROS_ZONE_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Begins as zeros. */
struct base64 {
    uint32_t bits;
    size_t digits, pads;
    bool failed;
};

/* Decodes a piece. Returns the octets written, at most (len + 3) / 4 * 3. */
size_t base64_feed(struct base64 *state, const uint8_t *text, size_t len, uint8_t *out);

/* Returns the octets written at the end, at most 2, or -1 where the whole was no base64. */
ptrdiff_t base64_finish(const struct base64 *state, uint8_t *out);

#endif
