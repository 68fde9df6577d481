/* ttl.c -- times to live as text */
#include "zone/ttl.h"

static uint32_t unit_seconds(char unit)
{
    switch (unit) {
    case 'w':
    case 'W':
        return 604800;
    case 'd':
    case 'D':
        return 86400;
    case 'h':
    case 'H':
        return 3600;
    case 'm':
    case 'M':
        return 60;
    case 's':
    case 'S':
        return 1;
    default:
        return 0;
    }
}

enum ttl_error ttl_from_text(const char *text, size_t len, uint32_t *seconds)
{
    uint64_t sum = 0;
    size_t i = 0;
    do {
        uint64_t number = 0;
        const size_t digits = i;
        for (; i < len && text[i] >= '0' && text[i] <= '9'; i++) {
            number = number * 10 + (uint64_t)(text[i] - '0');
            if (number > UINT32_MAX)
                number = (uint64_t)UINT32_MAX + 1; /* and stays too large, whatever follows */
        }
        if (i == digits)
            return TTL_MALFORMED;
        uint32_t unit = 1;
        if (i < len && (unit = unit_seconds(text[i++])) == 0)
            return TTL_MALFORMED;
        sum += number * unit;
        if (sum > UINT32_MAX)
            sum = (uint64_t)UINT32_MAX + 1;
    } while (i < len);
    if (sum > UINT32_MAX)
        return TTL_TOO_LARGE;
    *seconds = (uint32_t)sum;
    return TTL_OK;
}
