/* rdata_ldns.c -- text of rare types, read by ldns
 * ldns gets the words of one record, joined, and its result is checked like any octets from outside.
 * Its line is short: what doesn't fit can be written in the generic form. */
#include "zone/rdata_text.h"

#include "zone/rrtype.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <string.h>

enum { LINE_MAX_OCTETS = 8192 };

struct line {
    char text[LINE_MAX_OCTETS];
    size_t len;
};

static bool append(struct line *line, const char *text, size_t len)
{
    if (len >= sizeof line->text - line->len)
        return false;
    memcpy(line->text + line->len, text, len);
    line->len += len;
    line->text[line->len] = '\0';
    return true;
}

static bool append_token(struct line *line, const struct token *token)
{
    const bool quoted = token->kind == TOKEN_QUOTED;
    return append(line, quoted ? " \"" : " ", quoted ? 2 : 1)
           && append(line, (const char *)token->at, token->len)
           && (!quoted || append(line, "\"", 1));
}

/* Copies ldns's fields into one run of octets. */
static bool put_fields(struct rdata_text *text, const ldns_rr *rr)
{
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        const ldns_rdf *field = ldns_rr_rdf(rr, i);
        if (field == NULL || !rdata_text_put(text, ldns_rdf_data(field), ldns_rdf_size(field)))
            return false;
    }
    return true;
}

static bool convert(struct rdata_text *text, const struct line *line, const char *type)
{
    char origin_text[NAME_TEXT_MAX];
    name_to_text(text->origin->wire, origin_text);
    ldns_rdf *origin = ldns_dname_new_frm_str(origin_text);
    ldns_rr *rr = NULL;
    const ldns_status status = origin == NULL
                                   ? LDNS_STATUS_MEM_ERR
                                   : ldns_rr_new_frm_str(&rr, line->text, 0, origin, NULL);
    bool good = status == LDNS_STATUS_OK && rr != NULL;
    if (good) {
        good = put_fields(text, rr) && rdata_check(text->type, text->out, text->octets);
        ldns_rr_free(rr);
    }
    ldns_rdf_deep_free(origin);
    return good || rdata_text_refuse(text, "this is no RDATA of %s", type);
}

bool rdata_ldns_from_text(struct rdata_text *text)
{
    char type[RRTYPE_TEXT_MAX];
    const size_t type_len = rrtype_to_text(text->type, type);
    struct line line = {.len = 0};
    append(&line, ". 0 IN ", 7);
    append(&line, type, type_len);

    struct token all = {.at = NULL};
    while (rdata_text_take(text)) {
        const struct token token = text->token;
        if (all.at == NULL)
            all = token;
        if (!append_token(&line, &token))
            return rdata_text_refuse(text, "the text of this %s is too long; use \\#", type);
        all.len = (size_t)(token.at + token.len - all.at);
    }
    if (!text->ahead)
        return false;
    const struct token ahead = text->token;
    if (all.at == NULL && text->type != 42) /* APL alone may be empty */
        return scanner_refuse(text->scanner, text->after, 1, "the RDATA of this %s is missing",
                              type);
    if (all.at != NULL)
        text->token = all;
    const bool good = convert(text, &line, type);
    text->token = ahead;
    return good;
}
