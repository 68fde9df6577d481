/* scanner.h -- the tokens of a master file
 * RFC 1035 section 5.1: words and quoted strings, parted by blanks; a newline ends a record unless
 * parentheses are open; a semicolon starts a comment. Tokens are views of the text, escapes and
 * all, so nothing is copied or allocated.
 *
 * The text may come in pieces: where a token might go on in the next one, the scanner marks itself
 * `starved`, and the caller starts the record again with more text. Lines and columns aren't
 * counted along; they are computed from a token's address when a person must read of it.
 * One thread at a time. */
#ifndef PHAROS_ZONE_SCANNER_H
#define PHAROS_ZONE_SCANNER_H

#include "zone/scan_word.h"

#include <stdbool.h>

enum { SCANNER_PAD = 16 }; /* octets behind the text that may be read */

enum token_kind {
    TOKEN_NEWLINE, /* the end of a record */
    TOKEN_END,     /* the end of the text, which ends a record too */
    TOKEN_WORD,
    TOKEN_QUOTED, /* without its quotes */
    TOKEN_BAD,    /* scanner_refuse() told why, or `starved` */
};

struct token {
    const uint8_t *at;
    size_t len;
    enum token_kind kind;
    bool escaped; /* holds a backslash */
};

/* The first mistake of a record, until it's made a note. */
struct mistake {
    const uint8_t *at; /* NULL: none */
    size_t width;
    char message[256];
    char hint[256]; /* empty: none */
    bool later;     /* another one was met since, which no hint may be mistaken for */
};

struct scanner {
    const uint8_t *at;     /* what is read next */
    const uint8_t *end;    /* *end is 0, and SCANNER_PAD octets from it can be read */
    const uint8_t *record; /* start of the record: the start of a line */
    uint32_t record_line;
    uint32_t line;          /* of `at`, from 1 */
    unsigned depth;         /* open parentheses */
    const uint8_t *opening; /* the outermost of them */
    bool over;              /* the end of the record was read */
    bool last;              /* no text follows `end` */
    bool starved;           /* a token wants more text than there is */
    struct mistake mistake;
};

enum {
    SCANNER_BLANK = 1, /* space and tab */
    SCANNER_CLEAR = 2, /* ends a word without a second look */
};

extern const uint8_t scanner_class[256];

/* Starts on a text of which `end - at` octets are there. */
void scanner_init(struct scanner *scanner, const uint8_t *at, const uint8_t *end, bool last);

/* Marks the start of a record, to which scanner_again() returns. */
static inline void scanner_begin(struct scanner *scanner)
{
    scanner->record = scanner->at;
    scanner->record_line = scanner->line;
    scanner->depth = 0;
    scanner->over = false;
    scanner->mistake.at = NULL;
}

void scanner_again(struct scanner *scanner);

/* What scanner_next() does where a word isn't plain. */
enum token_kind scanner_special(struct scanner *scanner, struct token *token);

/* Reads the next token. */
static inline enum token_kind scanner_next(struct scanner *scanner, struct token *token)
{
    const uint8_t *at = scanner->at;
    if (*at == ' ' || *at == '\t')
        at = scan_blanks_end(at + 1);
    const uint8_t *start = at;
    at = scan_word_end(at);
    if (at == start || (scanner_class[*at] & SCANNER_CLEAR) == 0) {
        scanner->at = start;
        return scanner_special(scanner, token);
    }
    token->at = start;
    token->len = (size_t)(at - start);
    token->kind = TOKEN_WORD;
    token->escaped = false;
    scanner->at = at;
    return TOKEN_WORD;
}

static inline bool token_is_text(const struct token *token)
{
    return token->kind == TOKEN_WORD || token->kind == TOKEN_QUOTED;
}

static inline bool token_is_end(const struct token *token)
{
    return token->kind == TOKEN_NEWLINE || token->kind == TOKEN_END;
}

/* Reads on to the end of the record, if it isn't read yet, over whatever is there. */
void scanner_skip_record(struct scanner *scanner);

/* Records a mistake, unless one is recorded already. Returns false, for `return scanner_refuse(...)`. */
bool scanner_refuse(struct scanner *scanner, const uint8_t *at, size_t width,
                    const char *format, ...) __attribute__((cold, format(printf, 4, 5)));

/* Adds a hint to the mistake just told to scanner_refuse(), if that was recorded. Returns false. */
bool scanner_hint(struct scanner *scanner, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Where an octet of the record stands. */
struct spot {
    uint32_t line, column;
    const uint8_t *text; /* its line */
    size_t len;          /* without the newline */
};

struct spot scanner_spot(const struct scanner *scanner, const uint8_t *at);

/* Reads one octet of a token from `*at`, taking \X and \DDD for what they stand for, and moves
 * `*at` on. Returns it, or -1 where the escape is broken. */
int scanner_octet(const uint8_t **at, const uint8_t *end);

/* Equality with a text in lower case, without regard to case. */
bool token_is(const struct token *token, const char *lower);

#endif
