/* scanner.c -- the tokens of a master file */
#include "zone/scanner.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const uint8_t scanner_class[256] = {
    [' '] = SCANNER_CLEAR | SCANNER_BLANK,
    ['\t'] = SCANNER_CLEAR | SCANNER_BLANK,
    ['\n'] = SCANNER_CLEAR,
    ['\r'] = SCANNER_CLEAR,
    [';'] = SCANNER_CLEAR,
    ['('] = SCANNER_CLEAR,
    [')'] = SCANNER_CLEAR,
    ['"'] = SCANNER_CLEAR,
};

void scanner_init(struct scanner *scanner, const uint8_t *at, const uint8_t *end, bool last)
{
    *scanner = (struct scanner){.at = at, .end = end, .line = 1, .last = last};
    scanner_begin(scanner);
}

void scanner_again(struct scanner *scanner)
{
    scanner->at = scanner->record;
    scanner->line = scanner->record_line;
    scanner->starved = false;
    scanner_begin(scanner);
}

bool scanner_refuse(struct scanner *scanner, const uint8_t *at, size_t width,
                    const char *format, ...)
{
    struct mistake *mistake = &scanner->mistake;
    mistake->later = mistake->at != NULL;
    if (mistake->later)
        return false;
    mistake->at = at;
    mistake->width = width;
    mistake->hint[0] = '\0';
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(mistake->message, sizeof mistake->message, format, arguments);
    va_end(arguments);
    return false;
}

bool scanner_hint(struct scanner *scanner, const char *format, ...)
{
    struct mistake *mistake = &scanner->mistake;
    if (mistake->later)
        return false;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(mistake->hint, sizeof mistake->hint, format, arguments);
    va_end(arguments);
    return false;
}

static enum token_kind ended(struct scanner *s, struct token *token, enum token_kind kind)
{
    token->kind = kind;
    token->at = s->at;
    token->len = 0;
    token->escaped = false;
    return kind;
}

static enum token_kind bad(struct scanner *s, struct token *token)
{
    return ended(s, token, TOKEN_BAD);
}

/* The text ends here. Whether that's the end of the file or of a piece is for the caller. */
static enum token_kind at_end(struct scanner *s, struct token *token)
{
    if (!s->last) {
        s->starved = true;
        return bad(s, token);
    }
    if (s->depth == 0) {
        s->over = true;
        return ended(s, token, TOKEN_END);
    }
    s->depth = 0;
    /* Whatever else seemed wrong since the parenthesis was opened follows from this. */
    s->mistake.at = NULL;
    scanner_refuse(s, s->opening, 1, "this parenthesis is never closed");
    return bad(s, token);
}

/* Moves to the newline that ends a comment, or to the end. */
static void skip_comment(struct scanner *s)
{
    const uint8_t *newline = memchr(s->at, '\n', (size_t)(s->end - s->at));
    s->at = newline == NULL ? s->end : newline;
}

static enum token_kind quoted(struct scanner *s, struct token *token)
{
    const uint8_t *opening = s->at++;
    token->at = s->at;
    token->kind = TOKEN_QUOTED;
    token->escaped = false;
    for (;; s->at++) {
        const uint8_t c = *s->at;
        if (c == '"')
            break;
        if (s->at == s->end && !s->last) {
            s->starved = true;
            return bad(s, token);
        }
        if (s->at == s->end || c == '\n') {
            scanner_refuse(s, opening, 1, "this quoted string is not closed on its line");
            scanner_hint(s, "write a quote in a string as \\\" and a newline as \\010");
            return bad(s, token);
        }
        if (c == '\\') {
            token->escaped = true;
            if (s->at + 1 != s->end && s->at[1] != '\n')
                s->at++;
        } else if (c == '\0') {
            scanner_refuse(s, s->at, 1, "an octet 0 in the text");
            scanner_hint(s, "write it as \\000");
            s->at++;
            return bad(s, token);
        }
    }
    token->len = (size_t)(s->at - token->at);
    s->at++;
    return TOKEN_QUOTED;
}

/* A word that holds an escape, or touches the end of the text. */
static enum token_kind word(struct scanner *s, struct token *token)
{
    token->at = s->at;
    token->kind = TOKEN_WORD;
    token->escaped = false;
    for (;; s->at++) {
        s->at = scan_word_end(s->at);
        if ((scanner_class[*s->at] & SCANNER_CLEAR) != 0)
            break;
        if (s->at == s->end) {
            if (s->last)
                break;
            s->starved = true;
            return bad(s, token);
        }
        if (*s->at == '\0') {
            scanner_refuse(s, s->at, 1, "an octet 0 in the text");
            scanner_hint(s, "write it as \\000");
            s->at++;
            return bad(s, token);
        }
        if (*s->at != '\\')
            continue;
        token->escaped = true;
        if (s->at + 1 == s->end && !s->last)
            continue; /* starved in the next round */
        if (s->at + 1 == s->end || s->at[1] == '\n' || s->at[1] == '\r') {
            scanner_refuse(s, s->at, 1, "a backslash with nothing after it");
            s->at++;
            return bad(s, token);
        }
        if (s->at[1] != '\0')
            s->at++;
    }
    token->len = (size_t)(s->at - token->at);
    return TOKEN_WORD;
}

static enum token_kind carriage_return(struct scanner *s, struct token *token)
{
    if (s->at + 1 == s->end && !s->last) {
        s->starved = true;
        return bad(s, token);
    }
    if (s->at[1] != '\n') {
        scanner_refuse(s, s->at, 1, "a carriage return that no newline follows");
        s->at++;
        return bad(s, token);
    }
    s->at++;
    return TOKEN_NEWLINE;
}

static enum token_kind closing(struct scanner *s, struct token *token)
{
    if (s->depth == 0) {
        scanner_refuse(s, s->at, 1, "this closing parenthesis has no opening one");
        s->at++;
        return bad(s, token);
    }
    s->depth--;
    s->at++;
    return TOKEN_NEWLINE;
}

enum token_kind scanner_special(struct scanner *s, struct token *token)
{
    for (;;) {
        s->at = scan_blanks_end(s->at);
        switch (*s->at) {
        case '\0':
            return s->at == s->end ? at_end(s, token) : word(s, token);
        case '\r':
            if (carriage_return(s, token) == TOKEN_BAD)
                return TOKEN_BAD;
            break;
        case '\n':
            ended(s, token, TOKEN_NEWLINE);
            s->at++;
            s->line++;
            if (s->depth == 0) {
                s->over = true;
                return TOKEN_NEWLINE;
            }
            break;
        case ';':
            skip_comment(s);
            break;
        case '(':
            if (s->depth++ == 0)
                s->opening = s->at;
            s->at++;
            break;
        case ')':
            if (closing(s, token) == TOKEN_BAD)
                return TOKEN_BAD;
            break;
        case '"':
            return quoted(s, token);
        default:
            return word(s, token);
        }
    }
}

void scanner_skip_record(struct scanner *s)
{
    struct token token;
    while (!s->over && !s->starved)
        scanner_next(s, &token);
}

struct spot scanner_spot(const struct scanner *s, const uint8_t *at)
{
    struct spot spot = {.line = s->record_line, .text = s->record};
    for (const uint8_t *newline;
         (newline = memchr(spot.text, '\n', (size_t)(at - spot.text))) != NULL;) {
        spot.text = newline + 1;
        spot.line++;
    }
    spot.column = (uint32_t)(at - spot.text) + 1;
    const uint8_t *newline = memchr(at, '\n', (size_t)(s->end - at));
    spot.len = (size_t)((newline == NULL ? s->end : newline) - spot.text);
    if (spot.len > 0 && spot.text[spot.len - 1] == '\r')
        spot.len--;
    return spot;
}

static int digit(uint8_t c)
{
    return c >= '0' && c <= '9' ? c - '0' : -1;
}

int scanner_octet(const uint8_t **at, const uint8_t *end)
{
    const uint8_t *p = *at;
    if (*p != '\\') {
        *at = p + 1;
        return *p;
    }
    if (end - p < 2)
        return -1;
    if (digit(p[1]) < 0) {
        *at = p + 2;
        return p[1];
    }
    if (end - p < 4 || digit(p[2]) < 0 || digit(p[3]) < 0)
        return -1;
    const int octet = digit(p[1]) * 100 + digit(p[2]) * 10 + digit(p[3]);
    if (octet > 255)
        return -1;
    *at = p + 4;
    return octet;
}

bool token_is(const struct token *token, const char *lower)
{
    if (token->kind != TOKEN_WORD || token->escaped || token->len != strlen(lower))
        return false;
    for (size_t i = 0; i < token->len; i++) {
        const uint8_t c = token->at[i];
        if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != (uint8_t)lower[i])
            return false;
    }
    return true;
}
