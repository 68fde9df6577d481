/* ttl.h -- times to live as text: seconds, or numbers with units such as 1h30m */
#ifndef PHAROS_ZONE_TTL_H
#define PHAROS_ZONE_TTL_H

#include <stddef.h>
#include <stdint.h>

enum { TTL_MAX = 0x7fffffff }; /* RFC 2181 section 8 */

enum ttl_error { TTL_OK, TTL_MALFORMED, TTL_TOO_LARGE };

/* Reads a time: "3600", or numbers each with a unit of w, d, h, m or s in any case, which are added
 * up; a last number without a unit counts as seconds. Above 2^32 - 1 it's TTL_TOO_LARGE; the lower
 * limit of TTLs proper is the caller's to look at. `*seconds` is set with TTL_OK alone. */
enum ttl_error ttl_from_text(const char *text, size_t len, uint32_t *seconds);

#endif
