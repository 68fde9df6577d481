/* targets.c -- NS and MX records whose targets are to be looked at in the finished zone */
#include "zone/targets.h"

#include "zone/stored.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { PLACE_MAX = 3 * 5 }; /* octets */

/* A record's place: lines after the last one's, and column and file where those differ, as bit 0 tells. */
static uint8_t *put_place(uint8_t *to, const struct record *record, const struct record *last)
{
    const bool differs = record->column != last->column || record->file != last->file;
    const uint64_t lines = varint_fold(record->line - last->line);
    to = varint_put(to, lines << 1 | differs);
    return differs ? varint_put(varint_put(to, record->column), record->file) : to;
}

static const uint8_t *get_place(const uint8_t *at, struct record *record)
{
    uint64_t value;
    at = varint_get(at, &value);
    record->line += varint_unfold((uint32_t)(value >> 1));
    if ((value & 1) == 0)
        return at;
    at = varint_get(at, &value);
    record->column = (uint16_t)value;
    at = varint_get(at, &value);
    record->file = (uint16_t)value;
    return at;
}

int targets_add(struct targets *targets, uint32_t node, const struct gathering *gathering,
                const struct rrset *rrset)
{
    assert(node >= targets->node && (rrset->type == RRTYPE_NS || rrset->type == RRTYPE_MX));
    struct varint_list *list = &targets->list;
    if (varint_list_room(list, VARINT_MAX + rrset->count * PLACE_MAX) != 0)
        return -ENOMEM;
    const uint64_t distance = node - targets->node;
    uint8_t *to = list->octet + list->octets;
    to = varint_put(to, distance << 1 | (rrset->type == RRTYPE_MX));
    for (size_t i = 0; i < rrset->count; i++) {
        const struct record *record = gathering->record[rrset->first + i];
        to = put_place(to, record, &targets->last);
        targets->last = *record;
    }
    list->octets = (size_t)(to - list->octet);
    targets->node = node;
    return 0;
}

void targets_fini(struct targets *targets)
{
    varint_list_fini(&targets->list);
    *targets = (struct targets){0};
}

int targets_check(const struct targets *targets, const struct reporter *reporter,
                  const struct zone *zone)
{
    if (targets->list.octets == 0)
        return 0;
    uint8_t *rdata = malloc(STORED_RDATA_MAX);
    if (rdata == NULL)
        return -ENOMEM;
    const uint8_t *at = targets->list.octet, *end = at + targets->list.octets;
    uint32_t reference = 0;
    struct record record = {0};
    while (at < end) {
        uint64_t value;
        at = varint_get(at, &value);
        reference += (uint32_t)(value >> 1);
        const struct node *node = zone_node(zone, reference);
        const struct block *block = node_block(node, (value & 1) != 0 ? RRTYPE_MX : RRTYPE_NS);
        struct stored rr = stored_first(node, block);
        for (unsigned i = 0; i < block->count; i++, rr = stored_next(&rr)) {
            at = get_place(at, &record);
            record.type = rr.type;
            record.rdata_octets = stored_rdata(&rr, &zone->apex, rdata);
            record.rdata = rdata;
            check_target(reporter, zone, &record);
        }
    }
    free(rdata);
    return 0;
}
