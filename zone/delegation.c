/* delegation.c -- name servers, and the glue that goes with them */
#include "zone/assembly.h"

#include "zone/rrtype.h"

#include <errno.h>

/* Where a name server's name stands relative to the NS records' owner. */
enum station { STATION_OUTSIDE, STATION_SIBLING, STATION_IN_DOMAIN };

static enum station station_of(const struct assembly *assembly, const struct owner *owner,
                               const struct record *ns)
{
    const uint8_t *server = record_rdata(ns);
    if (wire_at_or_below(server, ns->rdata_octets, &owner->name))
        return STATION_IN_DOMAIN;
    return wire_at_or_below(server, ns->rdata_octets, &assembly->records->apex)
               ? STATION_SIBLING
               : STATION_OUTSIDE;
}

uint8_t assembly_server_flags(const struct assembly *assembly, const struct owner *owner,
                              const struct rrset *ns)
{
    uint8_t flags = 0;
    for (size_t i = 0; i < ns->count; i++) {
        const enum station station =
            station_of(assembly, owner, assembly->gathering.record[ns->first + i]);
        flags |= station == STATION_IN_DOMAIN ? BLOCK_IN_DOMAIN : 0;
        flags |= station == STATION_SIBLING ? BLOCK_SIBLING : 0;
    }
    return flags;
}

/* Whether an owner, without the apex, has records of a type. */
static bool has_type(const struct records *records, const uint8_t *owner, uint8_t octets,
                     uint16_t type)
{
    const size_t first = records_find(records, owner, octets, 0);
    const size_t end = first == records->runs ? first : records_group_end(records, first);
    for (size_t i = first; i < end; i++) {
        struct run_reader reader;
        run_read(&reader, records, &records->run[i]);
        while (run_next(&reader))
            if (reader.record.type == type)
                return true;
    }
    return false;
}

/* Whether a DNAME stands in the place of a name (RFC 6672 section 2.4). Below a cut there's none of this zone. */
static bool is_redirected(const struct records *records, const uint8_t *owner, uint8_t octets)
{
    uint8_t start[NAME_LABELS_MAX];
    unsigned labels = 0;
    for (unsigned at = 0; at < octets; at += 1u + owner[at])
        start[labels++] = (uint8_t)at;
    if (labels > 0 && has_type(records, owner + octets, 0, RRTYPE_DNAME))
        return true;
    while (labels > 1) {
        const uint8_t at = start[--labels], left = (uint8_t)(octets - at);
        if (has_type(records, owner + at, left, RRTYPE_NS))
            return false;
        if (has_type(records, owner + at, left, RRTYPE_DNAME))
            return true;
    }
    return false;
}

/* Adds the addresses of a server at or below the owner to the glue block; `*any` tells if there were. Those
 * of the apex's servers are needed below a cut too: the root's are there (RFC 9609 section 4). */
static int add_glue(struct assembly *assembly, const struct owner *owner,
                    const struct name *server, size_t index, bool *any)
{
    const struct records *records = assembly->records;
    const uint8_t octets = (uint8_t)(server->octets - records->apex.octets);
    *any = false;
    if (owner->labels == 0 && is_redirected(records, server->wire, octets))
        return 0;
    const size_t first =
        records_find(records, server->wire, octets, owner->labels == 0 ? 0 : owner->first);
    if (first == records->runs)
        return 0;
    int err = gather(&assembly->glue, records, first, records_group_end(records, first), true,
                     NULL, NULL);
    *any = assembly->glue.rrsets > 0;
    for (size_t i = 0; err == 0 && i < assembly->glue.rrsets; i++)
        err = compile_glue_add(assembly->compiler, &assembly->glue, &assembly->glue.rrset[i],
                               index);
    return err == -EMSGSIZE ? 0 : err; /* glue beyond 64 KiB can't be sent anyway */
}

/* Appends the block of the glue for the NS block that was appended last. */
int assembly_append_glue(struct assembly *assembly, uint32_t node, const struct owner *owner,
                         const struct rrset *ns, bool *all)
{
    *all = true;
    compile_glue_begin(assembly->compiler);
    for (size_t i = 0; i < ns->count; i++) {
        const struct record *record = assembly->gathering.record[ns->first + i];
        if (station_of(assembly, owner, record) != STATION_IN_DOMAIN)
            continue;
        struct name server;
        name_from_wire(&server, record_rdata(record), true);
        bool any;
        const int err = add_glue(assembly, owner, &server, i, &any);
        if (err != 0)
            return err;
        *all = *all && any;
    }
    return compiled_count(assembly->compiler) == 0 ? 0 : assembly_append_block(assembly, node);
}
