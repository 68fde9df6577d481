/* svcb.h -- the parameters of SVCB and HTTPS records (RFC 9460) */
#ifndef PHAROS_ZONE_SVCB_H
#define PHAROS_ZONE_SVCB_H

#include "zone/rdata_text.h"
#include "zone/wire.h"

/* Reads the parameters, to the end of the RDATA: keys ascending, each once, values of the known ones
 * well formed, those that `mandatory` lists present. */
bool svcb_check(struct reader *reader);

/* Reads the parameters' text to the end of the record, and sorts them. */
bool svcb_from_text(struct rdata_text *text);

#endif
