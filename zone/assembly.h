/* assembly.h -- from sorted records to nodes in an arena
 * The builder's inner part. Owners come in canonical order, so every ancestor comes before its
 * descendants: the path from the apex to the last node tells where empty non-terminals are missing and
 * what a cut or DNAME occludes. One thread at a time. */
#ifndef PHAROS_ZONE_ASSEMBLY_H
#define PHAROS_ZONE_ASSEMBLY_H

#include "zone/check.h"
#include "zone/leaves.h"
#include "zone/rrset.h"
#include "zone/targets.h"

enum { NOWHERE = -1 };

/* An owner on its way into the zone. */
struct owner {
    struct name name;  /* absolute, lower case */
    uint8_t octets;    /* of the labels before the apex */
    int labels;        /* before the apex */
    size_t first, end; /* its runs */
};

struct assembly {
    const struct records *records; /* sorted; borrowed */
    struct reporter reporter;
    struct zone *zone; /* borrowed */
    struct compiler *compiler;
    struct gathering gathering, glue;
    struct leaves leaves, nsec3_leaves;
    struct targets targets; /* to be looked at in the finished zone */

    /* The path to the last node: by labels before the apex, references. */
    uint32_t path[NAME_LABELS_MAX + 1];
    int depth;        /* labels of the last node; NOWHERE at first */
    struct name last; /* its owner */
    int cut_depth;    /* labels of the cut on the path, or NOWHERE */
    int dname_depth;
};

/* Begins a zone of no nodes in `zone`, whose arena is ready. Returns 0 or -ENOMEM; assembly_fini() is due
 * in any case. */
int assembly_init(struct assembly *assembly, const struct records *records, struct zone *zone,
                  struct reporter reporter);
void assembly_fini(struct assembly *assembly);

/* Appends the owner of the runs `first` to `end` - 1, with the empty non-terminals above it, and checks its
 * RRsets. Returns 0 or -ENOMEM; what is wrong with the records is reported. */
int assembly_add(struct assembly *assembly, size_t first, size_t end);

/* In place of the apex, for a zone without records there: says what it lacks. */
void assembly_miss_apex(struct assembly *assembly);

/* Reads from the apex, whose node is known, and the tries what holds for the zone as a whole, and appends the
 * record of its version (conclude.c); `previous` is the reference of the one before, or 0. Returns 0 or -ENOMEM. */
int zone_conclude(struct zone *zone, uint32_t previous);

/* The assembly's own parts. */

/* Appends the block laid out last to the node appended last. Returns 0 or -ENOMEM. */
int assembly_append_block(struct assembly *assembly, uint32_t node);

/* Where the servers of an NS RRset stand (delegation.c): enum block_flag, or'ed. */
uint8_t assembly_server_flags(const struct assembly *assembly, const struct owner *owner,
                              const struct rrset *ns);

/* Appends the block of the glue for the NS block that was appended last; `*all` tells if each server at or below the
 * owner has an address. Returns 0 or -ENOMEM. */
int assembly_append_glue(struct assembly *assembly, uint32_t node, const struct owner *owner,
                         const struct rrset *ns, bool *all);

/* Keeps the parameters of the NSEC3 chain that is used (chain.c), from the apex's records. Returns 0 or
 * -ENOMEM. */
int assembly_read_params(struct assembly *assembly);

/* Whether the NSEC3 RRset gathered belongs to that chain. While a zone is hashed anew it has two. */
bool assembly_in_chain(const struct assembly *assembly);

#endif
