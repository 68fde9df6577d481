/* chain.c -- which NSEC3 chain of a zone is used */
#include "zone/assembly.h"
#include "zone/nsec3.h"
#include "zone/rrtype.h"

#include <errno.h>
#include <string.h>

/* Whether an NSEC3 RRset belongs to the chain that is used. While a zone is hashed anew it has two. */
bool assembly_in_chain(const struct assembly *assembly)
{
    const struct zone *zone = assembly->zone;
    if (zone->nsec3_params == 0)
        return false;
    const uint8_t *rdata = arena_at(&zone->arena, zone->nsec3_params);
    struct nsec3_params used, own;
    const struct rrset *rrset = gathering_find(&assembly->gathering, RRTYPE_NSEC3);
    if (!nsec3_params_read(&used, rdata, 5u + rdata[4]))
        return false;
    for (size_t i = 0; i < rrset->count; i++) {
        const struct record *record = assembly->gathering.record[rrset->first + i];
        if (nsec3_params_read(&own, record_rdata(record), record->rdata_octets)
            && nsec3_params_equal(&used, &own))
            return true;
    }
    return false;
}

/* RFC 9276 section 3.2: above a limit, which was 150 and has come down to 50, validators take a
 * zone for unsigned or refuse its answers, and any number above 0 costs without a use. */
static void check_iterations(struct assembly *assembly, const struct record *record,
                             unsigned iterations)
{
    if (iterations > NSEC3_ITERATIONS_REFUSED)
        report(&assembly->reporter, SEVERITY_ERROR, record,
               "NSEC3 with %u iterations: more than %d were never allowed (RFC 5155 section "
               "10.3), "
               "and a question would cost milliseconds",
               iterations, NSEC3_ITERATIONS_REFUSED);
    else if (iterations > NSEC3_ITERATIONS_MAX)
        report(
            &assembly->reporter, SEVERITY_WARNING, record,
            "NSEC3 WITH %u ITERATIONS: RESOLVERS WILL TREAT THIS ZONE AS UNSIGNED, OR FAIL TO "
            "RESOLVE ITS NAMES (RFC 9276 section 3.2): sign it with 0",
            iterations);
    else if (iterations > 0)
        report(&assembly->reporter, SEVERITY_WARNING, record,
               "NSEC3 with %u iterations: there should be 0 (RFC 9276 section 3.1), and some "
               "resolvers treat more as unsigned",
               iterations);
}

/* Keeps the parameters of the first chain that is complete: flags 0 (RFC 5155 section 4). The apex comes
 * first, so all NSEC3 RRsets can be told by them. */
int assembly_read_params(struct assembly *assembly)
{
    const struct rrset *rrset = gathering_find(&assembly->gathering, RRTYPE_NSEC3PARAM);
    for (size_t i = 0; rrset != NULL && i < rrset->count; i++) {
        const struct record *record = assembly->gathering.record[rrset->first + i];
        struct nsec3_params params;
        if (!nsec3_params_read(&params, record_rdata(record), record->rdata_octets)
            || record_rdata(record)[1] != 0)
            continue;
        const uint32_t at = arena_append(&assembly->zone->arena, record->rdata_octets);
        if (at == 0)
            return -ENOMEM;
        memcpy(arena_edit(&assembly->zone->arena, at), record_rdata(record),
               record->rdata_octets);
        assembly->zone->nsec3_params = at;
        check_iterations(assembly, record, params.iterations);
        return 0;
    }
    return 0;
}
