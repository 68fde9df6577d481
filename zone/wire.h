/* wire.h -- octets in network order, read and written
 * RFC 1035 section 2.3.2: integers in messages are big-endian. Everything here takes and gives
 * host order. */
#ifndef PHAROS_ZONE_WIRE_H
#define PHAROS_ZONE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t wire_get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t wire_get32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline uint64_t wire_get64(const uint8_t *at)
{
    return (uint64_t)wire_get32(at) << 32 | wire_get32(at + 4);
}

static inline void wire_put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline void wire_put32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
}

static inline void wire_put64(uint8_t *at, uint64_t value)
{
    wire_put32(at, (uint32_t)(value >> 32));
    wire_put32(at + 4, (uint32_t)value);
}

/* Reads a message from front to back. A read past the end marks the reader as failed and yields
 * zeros from then on, so a parser reads what it needs and checks `failed` once. */
struct reader {
    const uint8_t *octets; /* borrowed */
    size_t len;
    size_t at;
    bool failed;
};

static inline struct reader reader_of(const uint8_t *octets, size_t len)
{
    return (struct reader){.octets = octets, .len = len};
}

static inline size_t reader_left(const struct reader *r)
{
    return r->failed ? 0 : r->len - r->at;
}

/* Returns the next `count` octets, or NULL where there are not so many. */
static inline const uint8_t *reader_take(struct reader *r, size_t count)
{
    if (r->failed || count > r->len - r->at) {
        r->failed = true;
        return NULL;
    }
    const uint8_t *at = r->octets + r->at;
    r->at += count;
    return at;
}

static inline uint8_t reader_8(struct reader *r)
{
    const uint8_t *at = reader_take(r, 1);
    return at == NULL ? 0 : at[0];
}

static inline uint16_t reader_16(struct reader *r)
{
    const uint8_t *at = reader_take(r, 2);
    return at == NULL ? 0 : wire_get16(at);
}

static inline uint32_t reader_32(struct reader *r)
{
    const uint8_t *at = reader_take(r, 4);
    return at == NULL ? 0 : wire_get32(at);
}

#endif
