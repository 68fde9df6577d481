/* varint.h -- numbers in as few octets as they need
 * Seven bits an octet, the lowest first; all octets but the last have their highest bit set. For memory of our own
 * only: what is read must have been written. */
#ifndef PHAROS_ZONE_VARINT_H
#define PHAROS_ZONE_VARINT_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

enum { VARINT_MAX = 10 }; /* octets */

static inline uint8_t *varint_put(uint8_t *to, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *to++ = (uint8_t)(value | 0x80);
    *to++ = (uint8_t)value;
    return to;
}

static inline const uint8_t *varint_get(const uint8_t *at, uint64_t *value)
{
    uint64_t sum = *at & 0x7f;
    for (unsigned shift = 7; *at++ >= 0x80; shift += 7)
        sum |= (uint64_t)(*at & 0x7f) << shift;
    *value = sum;
    return at;
}

/* Differences of either sign: 0, -1, 1, -2 ... become 0, 1, 2, 3 ... */
static inline uint32_t varint_fold(uint32_t difference)
{
    return difference << 1 ^ (0 - (difference >> 31));
}

static inline uint32_t varint_unfold(uint32_t folded)
{
    return folded >> 1 ^ (0 - (folded & 1));
}

/* Octets that are appended to. Zeros are an empty list. */
struct varint_list {
    uint8_t *octet; /* owned */
    size_t octets, capacity;
};

static inline void varint_list_fini(struct varint_list *list)
{
    free(list->octet);
    *list = (struct varint_list){0};
}

/* Makes room for so many more octets. Returns 0 or -ENOMEM. */
static inline int varint_list_room(struct varint_list *list, size_t octets)
{
    if (octets <= list->capacity - list->octets)
        return 0;
    const size_t capacity = list->capacity * 2 + octets + 64;
    uint8_t *grown = realloc(list->octet, capacity);
    if (grown == NULL)
        return -ENOMEM;
    list->octet = grown;
    list->capacity = capacity;
    return 0;
}

#endif
