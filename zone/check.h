/* check.h -- what makes records a zone
 * The rules of RFC 1034, 1035, 2181, 6672 and others about which records may stand together. */
#ifndef PHAROS_ZONE_CHECK_H
#define PHAROS_ZONE_CHECK_H

#include "zone/rrset.h"

/* Where notes go, and the names of the files that places index. */
struct reporter {
    struct notes *notes;
    char **file; /* borrowed */
    size_t files;
};

void report(const struct reporter *reporter, enum severity severity,
            const struct record *record, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Checks the RRsets of one owner against each other. `flags` are its node's. */
void check_owner(const struct reporter *reporter, const struct gathering *gathering,
                 const struct name *owner, uint8_t flags);

/* Checks a name that an NS or MX record refers to, in the finished zone: no alias, and a name
 * server in the zone has an address. */
void check_target(const struct reporter *reporter, const struct zone *zone,
                  const struct record *record);

/* A gather_remark: duplicates, and TTLs that differ. `context` is a struct reporter. */
void check_remark(void *context, const struct record *record, bool duplicate);

#endif
