/* record.h -- a record as it was read, and as it's kept until the zone is built
 * Kept ones are small, since all of a zone's are there before the first node is made: each tells only in what it
 * differs from the one before it, and its RDATA lies behind that. */
#ifndef PHAROS_ZONE_RECORD_H
#define PHAROS_ZONE_RECORD_H

#include "zone/varint.h"

struct record {
    uint32_t ttl;
    uint32_t line;
    uint16_t type;
    uint16_t rdata_octets;
    uint16_t column; /* 65535: there or beyond */
    uint16_t file;
    const uint8_t *rdata; /* borrowed */
};

static inline const uint8_t *record_rdata(const struct record *record)
{
    return record->rdata;
}

enum { RECORD_PACKED_MAX = 6 * 5 }; /* octets of a kept record without its RDATA */

/* Which of its parts a record tells; the others are those of the record before. */
enum record_part { RECORD_HAS_PLACE = 1, RECORD_HAS_TTL = 2, RECORD_HAS_TYPE = 4 };

enum { RECORD_PARTS_BITS = 3 };

/* Writes what stands before the RDATA. `last` is the record before. Returns the end. */
static inline uint8_t *record_pack(uint8_t *to, const struct record *record,
                                   const struct record *last)
{
    const unsigned parts =
        (record->column != last->column || record->file != last->file ? RECORD_HAS_PLACE : 0)
        | (record->ttl != last->ttl ? RECORD_HAS_TTL : 0)
        | (record->type != last->type ? RECORD_HAS_TYPE : 0);
    const uint64_t lines = varint_fold(record->line - last->line);
    to = varint_put(to, lines << RECORD_PARTS_BITS | parts);
    if ((parts & RECORD_HAS_PLACE) != 0)
        to = varint_put(varint_put(to, record->column), record->file);
    if ((parts & RECORD_HAS_TTL) != 0)
        to = varint_put(to, record->ttl);
    if ((parts & RECORD_HAS_TYPE) != 0)
        to = varint_put(to, record->type);
    return varint_put(to, record->rdata_octets);
}

/* Reads one; `record` is the one before it and becomes this one. Returns the end of its RDATA. */
static inline const uint8_t *record_unpack(const uint8_t *at, struct record *record)
{
    uint64_t value;
    at = varint_get(at, &value);
    const unsigned parts = value & ((1 << RECORD_PARTS_BITS) - 1);
    record->line += varint_unfold((uint32_t)(value >> RECORD_PARTS_BITS));
    if ((parts & RECORD_HAS_PLACE) != 0) {
        at = varint_get(at, &value);
        record->column = (uint16_t)value;
        at = varint_get(at, &value);
        record->file = (uint16_t)value;
    }
    if ((parts & RECORD_HAS_TTL) != 0) {
        at = varint_get(at, &value);
        record->ttl = (uint32_t)value;
    }
    if ((parts & RECORD_HAS_TYPE) != 0) {
        at = varint_get(at, &value);
        record->type = (uint16_t)value;
    }
    at = varint_get(at, &value);
    record->rdata_octets = (uint16_t)value;
    record->rdata = at;
    return at + record->rdata_octets;
}

#endif
