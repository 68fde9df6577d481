/* base64.c -- octets from base64 */
#include "zone/base64.h"

#include "zone/wire.h"

#include <endian.h>
#include <string.h>

enum { BLOCK = 16, BLOCK_OUT = 12, BAD = 0x80 };

#define BAD4  BAD, BAD, BAD, BAD
#define BAD16 BAD4, BAD4, BAD4, BAD4

static const uint8_t digits[256] = {
    /* 0x00 */ BAD16,
    BAD16,
    /* 0x20 */ BAD4,
    BAD4,
    BAD,
    BAD,
    BAD,
    62,
    BAD,
    BAD,
    BAD,
    63,
    /* 0x30 */ 52,
    53,
    54,
    55,
    56,
    57,
    58,
    59,
    60,
    61,
    BAD,
    BAD,
    BAD4,
    /* 0x40 */ BAD,
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    10,
    11,
    12,
    13,
    14,
    /* 0x50 */ 15,
    16,
    17,
    18,
    19,
    20,
    21,
    22,
    23,
    24,
    25,
    BAD,
    BAD4,
    /* 0x60 */ BAD,
    26,
    27,
    28,
    29,
    30,
    31,
    32,
    33,
    34,
    35,
    36,
    37,
    38,
    39,
    40,
    /* 0x70 */ 41,
    42,
    43,
    44,
    45,
    46,
    47,
    48,
    49,
    50,
    51,
    BAD,
    BAD4,
    /* 0x80 */ BAD16,
    BAD16,
    BAD16,
    BAD16,
    BAD16,
    BAD16,
    BAD16,
    BAD16};

/* Sixteen octets in one register, on any machine that has such. */
typedef uint8_t lanes __attribute__((vector_size(BLOCK)));
typedef uint64_t halves __attribute__((vector_size(BLOCK)));

/* All ones where `from` <= the octet < `from` + `count`. */
static lanes within(lanes octets, uint8_t from, uint8_t count)
{
    return (lanes)(octets - from < count);
}

/* Eight digits, the first lowest, to six octets: they stand highest, in network order. */
static uint64_t pack(uint64_t eight)
{
    uint64_t w = be64toh(htole64(eight));
    w = (w & UINT64_C(0x003f003f003f003f)) | (w & UINT64_C(0x3f003f003f003f00)) >> 2;
    w = (w & UINT64_C(0x00000fff00000fff)) | (w & UINT64_C(0x0fff00000fff0000)) >> 4;
    w = (w & UINT64_C(0x0000000000ffffff)) | (w & UINT64_C(0x00ffffff00000000)) >> 8;
    return htobe64(w << 16);
}

/* Sixteen digits to twelve octets. False where there is another character among them. */
static bool decode_block(const uint8_t *text, uint8_t *out)
{
    lanes octets;
    memcpy(&octets, text, sizeof octets);
    const lanes upper = within(octets, 'A', 26), lower = within(octets, 'a', 26);
    const lanes number = within(octets, '0', 10);
    const lanes plus = within(octets, '+', 1), slash = within(octets, '/', 1);
    const halves good = (halves)(upper | lower | number | plus | slash);
    if ((good[0] & good[1]) != UINT64_MAX)
        return false;
    const lanes shift = (upper & (uint8_t) - 'A') | (lower & (26 - 'a' + 256))
                        | (number & (52 - '0')) | (plus & (62 - '+')) | (slash & (63 - '/'));
    const halves values = (halves)(octets + shift);
    const uint64_t first = pack(le64toh(values[0])), second = pack(le64toh(values[1]));
    memcpy(out, &first, BLOCK_OUT / 2);
    memcpy(out + BLOCK_OUT / 2, &second, BLOCK_OUT / 2);
    return true;
}

/* Whole groups of four digits, as many as there are of plain ones. Returns their digits. */
static size_t decode_groups(const uint8_t *text, size_t len, uint8_t *out)
{
    size_t at = 0;
    for (; len - at >= BLOCK && decode_block(text + at, out); at += BLOCK)
        out += BLOCK_OUT;
    for (; len - at >= 4; at += 4) {
        const uint32_t a = digits[text[at]], b = digits[text[at + 1]];
        const uint32_t c = digits[text[at + 2]], d = digits[text[at + 3]];
        if (((a | b | c | d) & BAD) != 0)
            break;
        const uint32_t bits = a << 18 | b << 12 | c << 6 | d;
        *out++ = (uint8_t)(bits >> 16);
        *out++ = (uint8_t)(bits >> 8);
        *out++ = (uint8_t)bits;
    }
    return at;
}

size_t base64_feed(struct base64 *state, const uint8_t *text, size_t len, uint8_t *out)
{
    size_t at = 0;
    if (state->digits % 4 == 0 && state->pads == 0 && !state->failed) {
        at = decode_groups(text, len, out);
        state->digits += at;
    }
    uint8_t *to = out + at / 4 * 3;
    for (; at < len; at++) {
        const uint8_t digit = digits[text[at]];
        if (digit == BAD || state->pads > 0) {
            if (text[at] == '=' && state->digits % 4 >= 2 && state->pads < 2) {
                state->pads++;
                continue;
            }
            state->failed = true;
            break;
        }
        state->bits = state->bits << 6 | digit;
        if (++state->digits % 4 == 0) {
            *to++ = (uint8_t)(state->bits >> 16);
            *to++ = (uint8_t)(state->bits >> 8);
            *to++ = (uint8_t)state->bits;
            state->bits = 0;
        }
    }
    return (size_t)(to - out);
}

/* Bits that no octet holds must be 0, else two texts would mean the same. */
ptrdiff_t base64_finish(const struct base64 *state, uint8_t *out)
{
    if (state->failed || (state->digits + state->pads) % 4 != 0)
        return -1;
    if (state->digits % 4 == 2 && (state->bits & 0xf) == 0) {
        out[0] = (uint8_t)(state->bits >> 4);
        return 1;
    }
    if (state->digits % 4 == 3 && (state->bits & 0x3) == 0) {
        out[0] = (uint8_t)(state->bits >> 10);
        out[1] = (uint8_t)(state->bits >> 2);
        return 2;
    }
    return state->digits % 4 == 0 ? 0 : -1;
}
