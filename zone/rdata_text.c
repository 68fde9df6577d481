/* rdata_text.c -- RDATA from the tokens of a master file to wire */
#include "zone/rdata_text.h"

#include "zone/notes.h"
#include "zone/rdata_field.h"
#include "zone/rrtype.h"
#include "zone/scan_name.h"
#include "zone/svcb.h"
#include "zone/wire.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool rdata_text_refuse(struct rdata_text *text, const char *format, ...)
{
    char message[sizeof text->scanner->mistake.message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return scanner_refuse(text->scanner, text->token.at, text->token.len, "%s", message);
}

bool rdata_text_want(struct rdata_text *text, const char *what)
{
    if (rdata_text_take(text))
        return true;
    if (!text->ahead)
        return false; /* a bad token */
    char type[RRTYPE_TEXT_MAX];
    rrtype_to_text(text->type, type);
    return scanner_refuse(text->scanner, text->after, 1, "the %s of this %s is missing", what,
                          type);
}

bool rdata_text_put(struct rdata_text *text, const uint8_t *octets, size_t count)
{
    if (count > RDATA_OCTETS_MAX - text->octets)
        return rdata_text_refuse(text, "the RDATA is longer than 65535 octets");
    memcpy(text->out + text->octets, octets, count);
    text->octets += count;
    return true;
}

/* What a field has written at the end of `out`; the room for it was there. */
static bool advance(struct rdata_text *text, size_t count)
{
    text->octets += count;
    if (text->octets > RDATA_OCTETS_MAX)
        return rdata_text_refuse(text, "the RDATA is longer than 65535 octets");
    return true;
}

static bool read_name(struct rdata_text *text, const char *what)
{
    const size_t octets =
        scan_name(text->scanner, &text->token, text->origin, what, text->out + text->octets);
    return octets != 0 && advance(text, octets);
}

static bool read_number(struct rdata_text *text, size_t octets, const char *what)
{
    const uint32_t max = octets == 4 ? UINT32_MAX : (1u << (8 * octets)) - 1;
    uint32_t number;
    if (!rdata_text_number(&text->token, max, &number))
        return rdata_text_refuse(text, "the %s is a number from 0 to %u", what, max);
    uint8_t wire[4];
    wire_put32(wire, number);
    return rdata_text_put(text, wire + 4 - octets, octets);
}

static bool read_ip4(struct rdata_text *text, const char *what)
{
    uint8_t *out = text->out + text->octets;
    if (rdata_text_ip4(text->token.at, text->token.len, out))
        return advance(text, 4);
    rdata_text_refuse(text, "the %s is no IPv4 address", what);
    uint8_t other[16];
    if (rdata_text_ip6(text->token.at, text->token.len, other) && text->type == RRTYPE_A)
        scanner_hint(text->scanner, "did you mean AAAA?");
    return false;
}

static bool read_ip6(struct rdata_text *text, const char *what)
{
    uint8_t *out = text->out + text->octets;
    if (rdata_text_ip6(text->token.at, text->token.len, out))
        return advance(text, 16);
    rdata_text_refuse(text, "the %s is no IPv6 address", what);
    uint8_t other[4];
    if (rdata_text_ip4(text->token.at, text->token.len, other) && text->type == RRTYPE_AAAA)
        scanner_hint(text->scanner, "did you mean A?");
    return false;
}

/* Copies a token's octets, escapes resolved, `max` at most. */
static bool read_octets(struct rdata_text *text, const char *what, size_t max, size_t *octets)
{
    uint8_t *out = text->out + text->octets;
    if (max > RDATA_OCTETS_MAX - text->octets)
        max = RDATA_OCTETS_MAX - text->octets;
    const uint8_t *at = text->token.at, *end = at + text->token.len;
    size_t count = 0;
    while (at < end) {
        const uint8_t *start = at;
        const int octet = scanner_octet(&at, end);
        if (octet < 0)
            return scanner_refuse(
                text->scanner, start, 1,
                "a bad escape: a backslash wants a character or three digits up "
                "to 255");
        if (count == max) {
            rdata_text_refuse(text, "the %s is longer than %zu octets", what, max);
            return text->type == RRTYPE_TXT
                   && scanner_hint(text->scanner,
                                   "write it as several quoted strings, side by side");
        }
        out[count++] = (uint8_t)octet;
    }
    *octets = count;
    return true;
}

/* RFC 1035 section 3.3: a length octet and octets. */
static bool read_string(struct rdata_text *text, const char *what)
{
    uint8_t *length = text->out + text->octets;
    if (!advance(text, 1))
        return false;
    size_t octets = 0;
    if (!read_octets(text, what, 255, &octets))
        return false;
    *length = (uint8_t)octets;
    return advance(text, octets);
}

static bool read_tag(struct rdata_text *text, const char *what)
{
    for (size_t i = 0; i < text->token.len; i++) {
        const uint8_t c = text->token.at[i] | 0x20;
        if ((text->token.at[i] < '0' || text->token.at[i] > '9') && (c < 'a' || c > 'z'))
            return rdata_text_refuse(text, "the %s holds letters and digits alone", what);
    }
    if (text->token.len == 0)
        return rdata_text_refuse(text, "the %s is empty", what);
    return read_string(text, what);
}

static bool read_rest_of_text(struct rdata_text *text, const struct rdata_field *field)
{
    if (field->kind == RDATA_TARGET && text->token.len == 0)
        return rdata_text_refuse(text, "the %s is empty", field->what);
    size_t octets = 0;
    return read_octets(text, field->what, RDATA_OCTETS_MAX, &octets) && advance(text, octets);
}

static bool read_strings(struct rdata_text *text, const char *what)
{
    do {
        if (!read_string(text, what))
            return false;
    } while (rdata_text_take(text));
    return text->ahead;
}

/* Hexadecimal digits of the token last taken. `half` carries a digit from token to token; -1: none. */
static bool read_hex_token(struct rdata_text *text, const char *what, int *half)
{
    const uint8_t *at = text->token.at, *end = at + text->token.len;
    if (text->token.len > 2 * (RDATA_OCTETS_MAX - text->octets))
        return rdata_text_refuse(text, "the RDATA is longer than 65535 octets");
    uint8_t *to = text->out + text->octets;
    for (; at < end; at++) {
        const int digit = rdata_text_hex_digit(*at);
        if (digit < 0)
            return scanner_refuse(text->scanner, at, 1,
                                  "the %s is written in hexadecimal digits", what);
        if (*half >= 0)
            *to++ = (uint8_t)(*half << 4 | digit);
        *half = *half >= 0 ? -1 : digit;
    }
    text->octets = (size_t)(to - text->out);
    return true;
}

static bool read_hex(struct rdata_text *text, const char *what)
{
    const size_t before = text->octets;
    int half = -1;
    do {
        if (!read_hex_token(text, what, &half))
            return false;
    } while (rdata_text_take(text));
    if (!text->ahead)
        return false;
    const uint8_t *last = text->after - (before < text->octets || half >= 0);
    if (half >= 0 || before == text->octets)
        return scanner_refuse(text->scanner, last, 1,
                              "the %s wants an even number of hexadecimal digits", what);
    const size_t digest = rdata_digest_octets(text->type, text->out[before - 1]);
    if (digest != 0 && text->octets - before != digest)
        return scanner_refuse(text->scanner, last, 1,
                              "the %s has %zu octets, but %zu belong to its type", what,
                              text->octets - before, digest);
    return true;
}

static bool read_base64(struct rdata_text *text, const char *what)
{
    struct base64 state = {0};
    const size_t before = text->octets;
    do {
        if (text->token.len > (RDATA_OCTETS_MAX - text->octets) / 3 * 4 + 4)
            return rdata_text_refuse(text, "the RDATA is longer than 65535 octets");
        const size_t octets =
            base64_feed(&state, text->token.at, text->token.len, text->out + text->octets);
        if (state.failed)
            return rdata_text_refuse(text, "the %s is no base64", what);
        if (!advance(text, octets))
            return false;
    } while (rdata_text_take(text));
    if (!text->ahead)
        return false;
    const ptrdiff_t octets = base64_finish(&state, text->out + text->octets);
    if (octets < 0 || text->octets + (size_t)octets == before)
        return scanner_refuse(text->scanner, text->after - 1, 1,
                              "the %s is cut off: base64 comes in groups of four", what);
    return advance(text, (size_t)octets);
}

bool rdata_text_field(struct rdata_text *text, const struct rdata_field *field)
{
    const char *what = field->what;
    switch (field->kind) {
    case RDATA_NAME:
        return read_name(text, what);
    case RDATA_U8:
        return read_number(text, 1, what);
    case RDATA_U16:
        return read_number(text, 2, what);
    case RDATA_U32:
        return read_number(text, 4, what);
    case RDATA_IP4:
        return read_ip4(text, what);
    case RDATA_IP6:
        return read_ip6(text, what);
    case RDATA_STRING:
    case RDATA_STRING_LAST:
        return read_string(text, what);
    case RDATA_STRINGS:
        return read_strings(text, what);
    case RDATA_TAG:
        return read_tag(text, what);
    case RDATA_VALUE:
    case RDATA_TARGET:
        return read_rest_of_text(text, field);
    case RDATA_HEX:
        return read_hex(text, what);
    case RDATA_BASE64:
    case RDATA_BASE64_LAST:
        return read_base64(text, what);
    default:
        return rdata_field_special(text, field);
    }
}

/* RFC 3597 section 5: after "\#" the number of octets, then hexadecimal digits. */
static bool read_generic(struct rdata_text *text)
{
    const struct token sign = text->token;
    uint32_t announced;
    if (!rdata_text_want(text, "length"))
        return false;
    if (!rdata_text_number(&text->token, RDATA_OCTETS_MAX, &announced))
        return rdata_text_refuse(text, "the length after \\# is a number from 0 to 65535");
    const struct token length = text->token;
    int half = -1;
    while (rdata_text_take(text)) {
        if (!read_hex_token(text, "data", &half))
            return false;
    }
    if (!text->ahead)
        return false;
    if (half >= 0 || text->octets != announced)
        return scanner_refuse(text->scanner, length.at, length.len,
                              "%u octets are announced, but %zu%s follow", announced,
                              text->octets, half >= 0 ? " and a half" : "");
    if (rdata_check(text->type, text->out, text->octets))
        return true;
    char type[RRTYPE_TEXT_MAX];
    rrtype_to_text(text->type, type);
    return scanner_refuse(text->scanner, sign.at, sign.len,
                          "these octets don't have the form of %s RDATA", type);
}

/* Fields that the end of the record may stand in place of. */
static bool may_be_missing(enum rdata_kind kind)
{
    switch (kind) {
    case RDATA_STRING_LAST:
    case RDATA_BITMAP_LAST:
    case RDATA_BASE64_LAST:
    case RDATA_SVCPARAMS:
        return true;
    default:
        return false;
    }
}

static bool read_fields(struct rdata_text *text, const struct rdata_field *field)
{
    for (; field->kind != RDATA_END; field++) {
        if (may_be_missing(field->kind)) {
            if (!rdata_text_peek(text))
                return false;
            if (token_is_end(&text->token))
                break;
        }
        if (!rdata_text_want(text, field->what) || !rdata_text_field(text, field))
            return false;
    }
    if (!rdata_text_peek(text))
        return false;
    if (token_is_end(&text->token))
        return true;
    char type[RRTYPE_TEXT_MAX];
    rrtype_to_text(text->type, type);
    rdata_text_refuse(text, "this is left over after the RDATA of %s", type);
    if (text->type == RRTYPE_CAA)
        scanner_hint(text->scanner, "a value with blanks is written in quotes");
    return false;
}

bool rdata_from_text(struct rdata_text *text)
{
    text->octets = 0;
    text->ahead = false;
    if (!rdata_text_peek(text))
        return false;
    const struct token *first = &text->token;
    if (first->escaped && first->kind == TOKEN_WORD && first->len == 2 && first->at[1] == '#') {
        text->ahead = false;
        text->after = first->at + 2;
        return read_generic(text);
    }
    const struct rdata_shape shape = rdata_shape(text->type);
    if (shape.text_by == RDATA_TEXT_OWN)
        return read_fields(text, shape.field);
    if (shape.text_by == RDATA_TEXT_LDNS)
        return rdata_ldns_from_text(text);
    char type[RRTYPE_TEXT_MAX];
    rrtype_to_text(text->type, type);
    rdata_text_refuse(text, "RDATA of %s is written in the generic form", type);
    return scanner_hint(text->scanner, "\\# LENGTH HEXADECIMAL (RFC 3597)");
}
