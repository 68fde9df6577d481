/* scan_name.c -- names in master files, straight to wire */
#include "zone/scan_name.h"

#include <string.h>

/* A name without escapes, as nearly all are. Returns 0 where it's for name_from_text() to say what
 * is the matter, or to read it after all. */
static size_t plain(const uint8_t *text, size_t len, const struct name *origin, uint8_t *out)
{
    if (len == 0 || len >= NAME_OCTETS_MAX)
        return 0;
    uint8_t *label = out;
    uint8_t *to = out + 1;
    for (const uint8_t *at = text, *end = text + len; at < end; at++, to++) {
        *to = *at;
        if (*at != '.')
            continue;
        const size_t octets = (size_t)(to - label) - 1;
        if (octets - 1 >= LABEL_OCTETS_MAX)
            return 0;
        *label = (uint8_t)octets;
        label = to;
    }
    if (to - label == 1) { /* it ends in a dot */
        *label = 0;
        return (size_t)(to - out);
    }
    const size_t octets = (size_t)(to - label) - 1;
    if (octets > LABEL_OCTETS_MAX)
        return 0;
    *label = (uint8_t)octets;
    const size_t total = (size_t)(to - out) + origin->octets;
    if (total > NAME_OCTETS_MAX)
        return 0;
    memcpy(to, origin->wire, origin->octets);
    return total;
}

size_t scan_name(struct scanner *scanner, const struct token *token, const struct name *origin,
                 const char *what, uint8_t *out)
{
    if (token->len == 1 && token->at[0] == '@') {
        memcpy(out, origin->wire, origin->octets);
        return origin->octets;
    }
    const size_t octets = token->escaped ? 0 : plain(token->at, token->len, origin, out);
    if (octets != 0 && token->kind == TOKEN_WORD)
        return octets;
    if (token->kind == TOKEN_QUOTED) {
        scanner_refuse(scanner, token->at, token->len, "the %s is a name; it takes no quotes", what);
        return 0;
    }

    struct name name;
    size_t where = 0;
    const enum name_error error
        = name_from_text(&name, (const char *)token->at, token->len, origin, &where);
    if (error != NAME_OK) {
        if (where >= token->len)
            where = token->len - 1;
        scanner_refuse(scanner, token->at + where, token->len - where, "the %s: %s", what,
                       name_strerror(error));
        return 0;
    }
    memcpy(out, name.wire, name.octets);
    return name.octets;
}
