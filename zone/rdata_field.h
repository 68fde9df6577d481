/* rdata_field.h -- fields of RDATA with a text form of their own */
#ifndef PHAROS_ZONE_RDATA_FIELD_H
#define PHAROS_ZONE_RDATA_FIELD_H

#include "zone/rdata_text.h"

/* Reads the field whose first token was taken. False with a mistake recorded. */
bool rdata_field_special(struct rdata_text *text, const struct rdata_field *field);

#endif
