/* scan_name.c -- names in master files, straight to wire */
#include "zone/scan_name.h"

#include <endian.h>
#include <string.h>

/* The octets of `word` that are dots, as 0x80 each, the first octet lowest. */
static uint64_t dots(uint64_t word)
{
    const uint64_t low = 0x7f7f7f7f7f7f7f7fu;
    const uint64_t other = word ^ 0x2e2e2e2e2e2e2e2eu;
    return ~(((other & low) + low) | other | low);
}

/* A name without escapes, as nearly all are, eight octets at a time: they're copied one place further,
 * and dots become length octets. Returns 0 where it's for name_from_text() to say what is the matter,
 * or to read it after all. */
static size_t plain(const uint8_t *text, size_t len, const struct name *origin, uint8_t *out)
{
    if (len == 0 || len >= NAME_OCTETS_MAX)
        return 0;
    size_t label = 0; /* where the length octet of the current label stands */
    for (size_t at = 0; at < len; at += 8) {
        uint64_t word;
        memcpy(&word, text + at, sizeof word); /* SCANNER_PAD octets follow the text */
        memcpy(out + 1 + at, &word, sizeof word);
        uint64_t found = dots(le64toh(word));
        if (len - at < 8)
            found &= ((uint64_t)1 << (8 * (len - at))) - 1;
        for (; found != 0; found &= found - 1) {
            const size_t dot = at + 1 + (size_t)__builtin_ctzll(found) / 8;
            const size_t octets = dot - label - 1;
            if (octets - 1 >= LABEL_OCTETS_MAX)
                return 0;
            out[label] = (uint8_t)octets;
            label = dot;
        }
    }
    if (label == len) { /* it ends in a dot */
        out[label] = 0;
        return len + 1;
    }
    const size_t octets = len - label;
    const size_t total = len + 1 + origin->octets;
    if (octets > LABEL_OCTETS_MAX || total > NAME_OCTETS_MAX)
        return 0;
    out[label] = (uint8_t)octets;
    memcpy(out + len + 1, origin->wire, origin->octets);
    return total;
}

size_t scan_name(struct scanner *scanner, const struct token *token, const struct name *origin,
                 const char *what, uint8_t *out)
{
    if (token->len == 1 && token->at[0] == '@') {
        memcpy(out, origin->wire, origin->octets);
        return origin->octets;
    }
    if (token->len == 0) { /* quotes with nothing between them */
        scanner_refuse(scanner, token->at, 1, "the %s: %s", what, name_strerror(NAME_EMPTY));
        return 0;
    }
    const size_t octets = token->escaped ? 0 : plain(token->at, token->len, origin, out);
    if (octets != 0)
        return octets;

    struct name name;
    size_t where = 0;
    const enum name_error error =
        name_from_text(&name, (const char *)token->at, token->len, origin, &where);
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
