/* closure.h -- which names a difference touches, and all that they own now
 * A node depends on its neighbours: on cuts and DNAMEs above it, names below it that keep it as an empty
 * non-terminal, a wildcard child, the addresses of the servers of its delegation. So with each name that changed
 * those are touched whose nodes may change with it, and those that the assembly of a touched one must see. */
#ifndef PHAROS_ZONE_CLOSURE_H
#define PHAROS_ZONE_CLOSURE_H

#include "zone/difference.h"
#include "zone/records.h"
#include "zone/touched.h"

struct closure {
    const struct difference *difference; /* borrowed */
    const struct records *added; /* sorted; borrowed: RRs that the file has in addition */
    size_t limit;                /* of touched names */
    struct touched touched;
    struct records
        records; /* of all touched names, sorted; those that the version before had are
                             * first, and of no file */
    uint8_t rdata[STORED_RDATA_MAX];
};

/* The closure must stay where it is. closure_fini() is due in any case. Returns 0, -ENOMEM, or -E2BIG beyond
 * `limit`. */
int closure_init(struct closure *closure, const struct difference *difference,
                 const struct records *added, size_t limit);
void closure_fini(struct closure *closure);

#endif
