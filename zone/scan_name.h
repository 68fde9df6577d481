/* scan_name.h -- names in master files, straight to wire */
#ifndef PHAROS_ZONE_SCAN_NAME_H
#define PHAROS_ZONE_SCAN_NAME_H

#include "zone/name.h"
#include "zone/scanner.h"

enum {
    SCAN_NAME_ROOM = 768
}; /* octets that may be written at `out`, for a name of any length */

/* Turns a token into an absolute name at `out`; "@" stands for `origin`, which also completes a
 * relative name. Returns its octets, or 0 with a mistake recorded, which calls the name `what`. */
size_t scan_name(struct scanner *scanner, const struct token *token, const struct name *origin,
                 const char *what, uint8_t *out);

/* True where the token is an absolute name. Of one that's a name. */
static inline bool scan_name_is_absolute(const struct token *token)
{
    if (token->at[token->len - 1] != '.')
        return false;
    /* An even number of backslashes stands for themselves and leaves the dot alone. */
    size_t slashes = 0;
    while (slashes + 1 < token->len && token->at[token->len - 2 - slashes] == '\\')
        slashes++;
    return slashes % 2 == 0;
}

#endif
