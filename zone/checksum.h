/* checksum.h -- tells damaged octets from whole ones, as fast as memory is read
 * 64 bits, against accidents, not against people: no secret goes into it. A change within one word is
 * always seen, any other but for one in 2^64. The value depends on the machine's byte order. Safe in
 * signal handlers. */
#ifndef PHAROS_ZONE_CHECKSUM_H
#define PHAROS_ZONE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of `count` octets. `seed` chains: that of what came before, or of where they stand. */
uint64_t checksum(uint64_t seed, const void *octets, size_t count);

#endif
