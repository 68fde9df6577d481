/* second.h -- what ldns makes of a denial: a second opinion */
#ifndef PHAROS_TESTS_DIFFERENTIAL_SECOND_H
#define PHAROS_TESTS_DIFFERENTIAL_SECOND_H

#include "tests/differential/denial.h"
#include "tests/differential/rrsets.h"

/* Asks ldns whether the authority section denies a name, or its type, in the way of `how`. Returns
 * NULL where it says so, and for the ways that it doesn't understand; else its words. */
const char *second_opinion(const struct rrsets *rrsets, const struct denials *denials,
                           const struct labels *qname, uint16_t qtype, enum shown how);

#endif
