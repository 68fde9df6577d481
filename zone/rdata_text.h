/* rdata_text.h -- RDATA from the tokens of a master file to wire */
#ifndef PHAROS_ZONE_RDATA_TEXT_H
#define PHAROS_ZONE_RDATA_TEXT_H

#include "zone/base64.h"
#include "zone/name.h"
#include "zone/rdata.h"
#include "zone/scanner.h"

/* Octets at `out`: the longest RDATA, and what one field may write beyond it before that is seen. */
enum { RDATA_ROOM = RDATA_OCTETS_MAX + 1024 };

struct rdata_text {
    struct scanner *scanner;
    const struct name *origin;
    uint8_t *out;  /* RDATA_ROOM octets, the caller's */
    size_t octets; /* written so far */
    uint16_t type;
    const uint8_t *after; /* the end of the last token, where a missing field is missing */
    struct token token;   /* the next one, if `ahead` */
    bool ahead;
};

/* Reads the RDATA of a record of `text->type`, and on to the end of the record. True with the wire
 * in `out` and its length in `octets`; false with a mistake recorded or the scanner starved. */
bool rdata_from_text(struct rdata_text *text);

/* The rest is for the readers of single fields and of odd types. */

/* The next token, be it the record's end. False where it's bad. */
static inline bool rdata_text_peek(struct rdata_text *text)
{
    if (!text->ahead) {
        if (scanner_next(text->scanner, &text->token) == TOKEN_BAD)
            return false;
        text->ahead = true;
    }
    return true;
}

/* True where a word or string follows; then it is in `text->token`, and used up. False at the end of
 * the record (which stays ahead) and where the token is bad. */
static inline bool rdata_text_take(struct rdata_text *text)
{
    if (!rdata_text_peek(text) || token_is_end(&text->token))
        return false;
    text->ahead = false;
    text->after = text->token.at + text->token.len;
    return true;
}

/* As above, but the end of the record is a mistake: `what` is missing. */
bool rdata_text_want(struct rdata_text *text, const char *what);

/* Records a mistake about the token last taken, and returns false. */
bool rdata_text_refuse(struct rdata_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Appends octets; false with a mistake recorded where the RDATA would be too long. */
bool rdata_text_put(struct rdata_text *text, const uint8_t *octets, size_t count);

/* Reads a decimal number that is the whole token; false (with nothing recorded) where it isn't one
 * or above `max`. */
bool rdata_text_number(const struct token *token, uint32_t max, uint32_t *number);

/* Dotted quads; eight groups. False (with nothing recorded) where the text is none. */
bool rdata_text_ip4(const uint8_t *text, size_t len, uint8_t out[4]);
bool rdata_text_ip6(const uint8_t *text, size_t len, uint8_t out[16]);

extern const uint8_t rdata_text_hex[256];

/* The value of a hexadecimal digit, or -1. */
static inline int rdata_text_hex_digit(uint8_t c)
{
    return rdata_text_hex[c] - 1;
}

/* Reads one field that isn't part of an odd type. */
bool rdata_text_field(struct rdata_text *text, const struct rdata_field *field);

/* Reads text that ldns knows how to read (rdata_ldns.c). */
bool rdata_ldns_from_text(struct rdata_text *text);

#endif
