/* rdata_number.c -- numbers and addresses in RDATA, from text */
#include "zone/rdata_text.h"

#include <string.h>

bool rdata_text_number(const struct token *token, uint32_t max, uint32_t *number)
{
    uint64_t value = 0;
    if (token->len == 0 || token->len > 20)
        return false;
    for (size_t i = 0; i < token->len; i++) {
        const unsigned digit = (unsigned)token->at[i] - '0';
        if (digit > 9)
            return false;
        value = value * 10 + digit;
        if (value > max)
            return false;
    }
    *number = (uint32_t)value;
    return true;
}

bool rdata_text_ip4(const uint8_t *text, size_t len, uint8_t out[4])
{
    const uint8_t *at = text, *end = text + len;
    for (unsigned part = 0; part < 4; part++) {
        if (part > 0 && (at == end || *at++ != '.'))
            return false;
        unsigned value = 0, digits = 0;
        for (; at < end && *at >= '0' && *at <= '9'; at++, digits++) {
            /* A leading zero means octal to some. */
            if (digits > 0 && value == 0)
                return false;
            value = value * 10 + (unsigned)(*at - '0');
            if (value > 255)
                return false;
        }
        if (digits == 0)
            return false;
        out[part] = (uint8_t)value;
    }
    return at == end;
}

/* One more than the value of each digit, 0 for what is none. */
const uint8_t rdata_text_hex[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
    ['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
    ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12,
    ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

/* RFC 4291 section 2.2: groups, at most one "::", and maybe a dotted quad at the end. */
bool rdata_text_ip6(const uint8_t *text, size_t len, uint8_t out[16])
{
    uint8_t groups[16] = {0};
    size_t octets = 0;
    size_t gap = SIZE_MAX; /* where "::" stands */
    const uint8_t *at = text, *end = text + len;
    if (len >= 2 && at[0] == ':' && at[1] == ':') {
        gap = 0;
        at += 2;
    }
    while (at < end) {
        const uint8_t *group = at;
        unsigned value = 0;
        for (int d; at < end && at - group < 5 && (d = rdata_text_hex_digit(*at)) >= 0; at++)
            value = value << 4 | (unsigned)d;
        if (at < end && *at == '.') {
            if (octets > 12 || !rdata_text_ip4(group, (size_t)(end - group), groups + octets))
                return false;
            octets += 4;
            break;
        }
        if (at == group || at - group > 4 || octets == 16)
            return false;
        groups[octets++] = (uint8_t)(value >> 8);
        groups[octets++] = (uint8_t)value;
        if (at == end)
            break;
        if (*at++ != ':' || at == end)
            return false;
        if (*at == ':') {
            if (gap != SIZE_MAX)
                return false;
            gap = octets;
            at++;
        }
    }
    if (gap == SIZE_MAX ? octets != 16 : octets > 14)
        return false;
    if (gap == SIZE_MAX)
        gap = octets;
    memset(out, 0, 16);
    memcpy(out, groups, gap);
    memcpy(out + 16 - (octets - gap), groups + gap, octets - gap);
    return true;
}
