/* gather.c -- from the records of an owner to its RRsets */
#include "zone/rrset.h"
#include "zone/rrtype.h"
#include "zone/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { INSERTION_MAX = 16 }; /* most owners have fewer records; above it qsort() */

static int grow(struct gathering *gathering)
{
    const size_t capacity =
        gathering->record_capacity == 0 ? 64 : gathering->record_capacity * 2;
    struct record *read = realloc(gathering->read, capacity * sizeof *read);
    if (read != NULL)
        gathering->read = read;
    const struct record **record =
        realloc(gathering->record, capacity * sizeof *gathering->record);
    if (record != NULL)
        gathering->record = record;
    if (read == NULL || record == NULL)
        return -ENOMEM;
    gathering->record_capacity = capacity;
    return 0;
}

/* Reads the records of a run. */
static int read_run(struct gathering *gathering, const struct records *records,
                    const struct run *run, bool addresses)
{
    struct run_reader reader;
    run_read(&reader, records, run);
    while (run_next(&reader)) {
        const struct record *record = &reader.record;
        if (addresses && record->type != RRTYPE_A && record->type != RRTYPE_AAAA)
            continue;
        if (gathering->records == gathering->record_capacity && grow(gathering) != 0)
            return -ENOMEM;
        gathering->read[gathering->records++] = *record;
    }
    return 0;
}

static int grow_rrsets(struct gathering *gathering)
{
    const size_t capacity = gathering->rrset_capacity == 0 ? 16 : gathering->rrset_capacity * 2;
    struct rrset *grown = realloc(gathering->rrset, capacity * sizeof *grown);
    if (grown == NULL)
        return -ENOMEM;
    gathering->rrset = grown;
    gathering->rrset_capacity = capacity;
    return 0;
}

static uint16_t set_type(const struct record *record)
{
    return rrset_type(record->type, record_rdata(record), record->rdata_octets);
}

/* NAPTR's name comes after two numbers and three strings (RFC 3403 section 4.1). */
static size_t naptr_name(const struct record *record)
{
    const uint8_t *rdata = record_rdata(record);
    size_t at = 4;
    for (int strings = 0; strings < 3 && at < record->rdata_octets; strings++)
        at += 1u + rdata[at];
    return at;
}

/* Octets at the front of RDATA before its names, where case doesn't count: the types of RFC 4034
 * section 6.2 that zone files have. SIZE_MAX: all octets count as they are. */
static size_t names_from(const struct record *record)
{
    enum {
        MD = 3,
        MF = 4,
        MB = 7,
        MG = 8,
        MR = 9,
        MINFO = 14,
        RP = 17,
        AFSDB = 18,
        RT = 21,
        PX = 26,
        KX = 36
    };
    switch (record->type) {
    case RRTYPE_NS:
    case RRTYPE_CNAME:
    case RRTYPE_PTR:
    case RRTYPE_DNAME:
    case MD:
    case MF:
    case MB:
    case MG:
    case MR:
    case MINFO:
    case RP:
        return 0;
    case RRTYPE_MX:
    case AFSDB:
    case RT:
    case PX:
    case KX:
        return 2;
    case RRTYPE_SRV:
        return 6;
    case RRTYPE_NAPTR:
        return naptr_name(record);
    default:
        return SIZE_MAX;
    }
}

static uint8_t lower(uint8_t octet)
{
    return octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet | 0x20) : octet;
}

/* RFC 4034 section 6.3. Length octets of labels are below 'A', so folding leaves them. */
static int compare_rdata(const struct record *a, const struct record *b)
{
    const uint8_t *x = record_rdata(a), *y = record_rdata(b);
    const size_t shorter =
        a->rdata_octets < b->rdata_octets ? a->rdata_octets : b->rdata_octets;
    const size_t from = names_from(a), exact = from < shorter ? from : shorter;
    int order = memcmp(x, y, exact);
    for (size_t i = exact; order == 0 && i < shorter; i++)
        order = lower(x[i]) - lower(y[i]);
    return order != 0 ? order : (int)a->rdata_octets - (int)b->rdata_octets;
}

static int compare_records(const struct record *a, const struct record *b)
{
    const uint16_t set_a = set_type(a), set_b = set_type(b);
    if (set_a != set_b)
        return set_a < set_b ? -1 : 1;
    if (a->type != b->type)
        return a->type == RRTYPE_RRSIG ? 1 : -1;
    return compare_rdata(a, b);
}

static int compare_for_qsort(const void *a, const void *b)
{
    const struct record *x = *(const struct record *const *)a;
    const struct record *y = *(const struct record *const *)b;
    const int order = compare_records(x, y);
    return order != 0 ? order : (x > y) - (x < y);
}

/* Of equals the first that was read comes first. Returns false where there are none. */
static bool sort(const struct record **record, size_t count)
{
    if (count > INSERTION_MAX) {
        qsort(record, count, sizeof *record, compare_for_qsort);
        return true; /* for all that's known */
    }
    bool equals = false;
    for (size_t i = 1; i < count; i++) {
        const struct record *moving = record[i];
        size_t at = i;
        int order = -1;
        for (; at > 0 && (order = compare_records(record[at - 1], moving)) > 0; at--)
            record[at] = record[at - 1];
        equals |= at > 0 && order == 0;
        record[at] = moving;
    }
    return equals;
}

/* Of equals the first stays. */
static void drop_duplicates(struct gathering *gathering, gather_remark *remark, void *context)
{
    size_t kept = 0;
    for (size_t i = 0; i < gathering->records; i++) {
        const struct record *record = gathering->record[i];
        if (kept > 0 && compare_records(gathering->record[kept - 1], record) == 0) {
            if (remark != NULL)
                remark(context, record, true);
            continue;
        }
        gathering->record[kept++] = record;
    }
    gathering->records = kept;
}

static void settle_ttl(const struct gathering *gathering, struct rrset *rrset,
                       gather_remark *remark, void *context)
{
    const bool bare = rrset->count == 0; /* signatures of nothing have only their own */
    const struct record *const *record =
        gathering->record + (bare ? rrset->sig_first : rrset->first);
    const size_t count = bare ? rrset->sig_count : rrset->count;
    rrset->ttl = record[0]->ttl;
    for (size_t i = 1; i < count; i++)
        if (record[i]->ttl < rrset->ttl)
            rrset->ttl = record[i]->ttl;
    for (size_t i = 0; remark != NULL && !bare && i < count; i++)
        if (record[i]->ttl != rrset->ttl)
            remark(context, record[i], false);
}

static int divide(struct gathering *gathering, gather_remark *remark, void *context)
{
    for (size_t at = 0; at < gathering->records;) {
        if (gathering->rrsets == gathering->rrset_capacity && grow_rrsets(gathering) != 0)
            return -ENOMEM;
        struct rrset *rrset = &gathering->rrset[gathering->rrsets++];
        *rrset = (struct rrset){.type = set_type(gathering->record[at]), .first = at};
        while (at < gathering->records && gathering->record[at]->type == rrset->type
               && rrset->type != RRTYPE_RRSIG)
            at++;
        rrset->count = at - rrset->first;
        rrset->sig_first = at;
        while (at < gathering->records && gathering->record[at]->type == RRTYPE_RRSIG
               && set_type(gathering->record[at]) == rrset->type)
            at++;
        rrset->sig_count = at - rrset->sig_first;
        settle_ttl(gathering, rrset, remark, context);
    }
    return 0;
}

int gather(struct gathering *gathering, const struct records *records, size_t first, size_t end,
           bool addresses, gather_remark *remark, void *context)
{
    gathering->records = 0;
    gathering->rrsets = 0;
    for (size_t i = first; i < end; i++) {
        const int err = read_run(gathering, records, &records->run[i], addresses);
        if (err != 0)
            return err;
    }
    for (size_t i = 0; i < gathering->records; i++)
        gathering->record[i] = &gathering->read[i];
    if (sort(gathering->record, gathering->records))
        drop_duplicates(gathering, remark, context);
    return divide(gathering, remark, context);
}

void gathering_fini(struct gathering *gathering)
{
    free(gathering->read);
    free(gathering->record);
    free(gathering->rrset);
    *gathering = (struct gathering){0};
}
