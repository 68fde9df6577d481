/* json.c -- strings for machines */
#include "server/admin/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The octets of the well-formed UTF-8 sequence at `at` (RFC 3629 section 4), which ends in a
 * NUL at the latest; 0 where there's none. */
static size_t sequence(const uint8_t *at)
{
    const uint8_t first = at[0];
    const size_t octets = first < 0x80                     ? 1
                          : first >= 0xc2 && first <= 0xdf ? 2
                          : first >= 0xe0 && first <= 0xef ? 3
                          : first >= 0xf0 && first <= 0xf4 ? 4
                                                           : 0;
    for (size_t i = 1; i < octets; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    const bool overlong = (first == 0xe0 && at[1] < 0xa0) || (first == 0xf0 && at[1] < 0x90);
    const bool surrogate = first == 0xed && at[1] > 0x9f;
    const bool too_high = first == 0xf4 && at[1] > 0x8f;
    return overlong || surrogate || too_high ? 0 : octets;
}

void json_string(FILE *to, const char *text)
{
    const uint8_t *at = (const uint8_t *)text;
    fputc('"', to);
    while (*at != 0) {
        const size_t octets = sequence(at);
        if (octets == 0)
            fputs("\\ufffd", to);
        else if (*at == '"' || *at == '\\')
            fprintf(to, "\\%c", *at);
        else if (*at == '\n')
            fputs("\\n", to);
        else if (*at < 0x20 || *at == 0x7f)
            fprintf(to, "\\u%04x", *at);
        else
            fwrite(at, 1, octets, to);
        at += octets == 0 ? 1 : octets;
    }
    fputc('"', to);
}
