/* generate.c -- $GENERATE, as BIND has it
 *
 *     $GENERATE start-stop[/step] lhs [ttl] [class] type rhs
 *
 * In lhs and rhs, "$" stands for the number, "${offset[,width[,base]]}" for the number plus offset in
 * one of the bases d, o, x, X and, by nibbles with dots, n and N; "$$" and "\$" are a dollar sign. An
 * rhs that is one quoted string loses its quotes. Each record is written out as text and read like any
 * other, so every type will do. */
#include "zone/master.h"
#include "zone/rrtype.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { LINE_OCTETS = 8192, TEMPLATE_OCTETS = 4096, WIDTH_MAX = 255 };

struct range {
    uint32_t start, stop, step;
};

/* A directive, taken apart. */
struct job {
    struct range range;
    struct token lhs;
    struct master_head head;
    char rhs[TEMPLATE_OCTETS]; /* words joined by blanks */
    size_t rhs_len;
    const uint8_t *rhs_at; /* where it is in the file, for mistakes */
    size_t rhs_width;
};

struct line {
    char *text;
    size_t len, size;
};

static bool put(struct line *line, const char *text, size_t len)
{
    if (len > line->size - line->len)
        return false;
    memcpy(line->text + line->len, text, len);
    line->len += len;
    return true;
}

/* Reads digits from `*at`. */
static bool read_number(const uint8_t **at, const uint8_t *end, uint32_t max, uint32_t *number)
{
    uint64_t value = 0;
    const uint8_t *start = *at;
    for (; *at < end && **at >= '0' && **at <= '9'; ++*at) {
        value = value * 10 + (uint64_t)(**at - '0');
        if (value > max)
            return false;
    }
    *number = (uint32_t)value;
    return *at != start;
}

static bool read_range(struct master *master, const struct token *token, struct range *range)
{
    const uint8_t *at = token->at, *end = at + token->len;
    range->step = 1;
    const bool good =
        token->kind == TOKEN_WORD && read_number(&at, end, INT32_MAX, &range->start) && at < end
        && *at++ == '-' && read_number(&at, end, INT32_MAX, &range->stop)
        && (at == end || (*at++ == '/' && read_number(&at, end, INT32_MAX, &range->step)))
        && at == end && range->step > 0;
    if (!good)
        return scanner_refuse(&master->scanner, token->at, token->len,
                              "a range is start-stop or start-stop/step");
    if (range->start > range->stop)
        return scanner_refuse(&master->scanner, token->at, token->len,
                              "the range ends before it starts");
    if ((range->stop - range->start) / range->step >= MASTER_GENERATED_MAX)
        return scanner_refuse(&master->scanner, token->at, token->len,
                              "one $GENERATE makes at most %d records", MASTER_GENERATED_MAX);
    return true;
}

/* "{offset[,width[,base]]}" */
struct modifier {
    int64_t offset;
    uint32_t width;
    char base;
};

static bool read_modifier(const uint8_t **at, const uint8_t *end, struct modifier *modifier)
{
    const uint8_t *p = *at + 1; /* behind the brace */
    const bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    uint32_t offset;
    if (!read_number(&p, end, INT32_MAX, &offset))
        return false;
    modifier->offset = negative ? -(int64_t)offset : (int64_t)offset;
    if (p < end && *p == ',') {
        p++;
        if (!read_number(&p, end, WIDTH_MAX, &modifier->width))
            return false;
        if (end - p >= 2 && *p == ',') {
            modifier->base = (char)p[1];
            p += 2;
        }
    }
    if (p == end || *p != '}' || strchr("doxXnN", modifier->base) == NULL)
        return false;
    *at = p + 1;
    return true;
}

/* Nibbles from the lowest on, parted by dots; `width` counts digits and dots. */
static bool put_nibbles(struct line *line, uint32_t value, uint32_t width, const char *digits)
{
    do {
        if (!put(line, &digits[value & 0xf], 1))
            return false;
        value >>= 4;
        width -= width > 0;
        if (width > 0 || value != 0) {
            if (!put(line, ".", 1))
                return false;
            width -= width > 0;
        }
    } while (width > 0 || value != 0);
    return true;
}

static bool put_number(struct line *line, uint32_t number, const struct modifier *modifier)
{
    const int64_t sum = (int64_t)number + modifier->offset;
    if (sum < 0 || sum > UINT32_MAX)
        return false;
    const uint32_t value = (uint32_t)sum;
    const int width = (int)modifier->width;
    char text[WIDTH_MAX + 1];
    int len;
    switch (modifier->base) {
    case 'n':
        return put_nibbles(line, value, modifier->width, "0123456789abcdef");
    case 'N':
        return put_nibbles(line, value, modifier->width, "0123456789ABCDEF");
    case 'o':
        len = snprintf(text, sizeof text, "%0*o", width, value);
        break;
    case 'x':
        len = snprintf(text, sizeof text, "%0*x", width, value);
        break;
    case 'X':
        len = snprintf(text, sizeof text, "%0*X", width, value);
        break;
    default:
        len = snprintf(text, sizeof text, "%0*u", width, value);
        break;
    }
    return len > 0 && (size_t)len < sizeof text && put(line, text, (size_t)len);
}

/* Writes a template out for one number. */
static bool expand(struct line *line, const uint8_t *at, const uint8_t *end, uint32_t number)
{
    while (at < end) {
        const uint8_t *start = at++;
        if (*start == '\\' && at < end)
            at++; /* an escape stays one */
        if (*start != '$' || (at < end && *at == '$')) {
            at += *start == '$';
            if (!put(line, (const char *)start, *start == '$' ? 1 : (size_t)(at - start)))
                return false;
            continue;
        }
        struct modifier modifier = {.base = 'd'};
        if (at < end && *at == '{' && !read_modifier(&at, end, &modifier))
            return false;
        if (!put_number(line, number, &modifier))
            return false;
    }
    return true;
}

/* Joins what follows the type. */
static bool read_rhs(struct master *master, struct job *job)
{
    struct line line = {.text = job->rhs, .size = sizeof job->rhs};
    struct token token, first = {.at = NULL};
    size_t count = 0;
    for (;;) {
        if (scanner_next(&master->scanner, &token) == TOKEN_BAD)
            return false;
        if (token_is_end(&token))
            break;
        const bool quoted = token.kind == TOKEN_QUOTED;
        if (count++ == 0)
            first = token;
        if (!put(&line, " ", line.len > 0) || !put(&line, "\"", quoted)
            || !put(&line, (const char *)token.at, token.len) || !put(&line, "\"", quoted))
            return scanner_refuse(&master->scanner, token.at, token.len, "this is too long");
        job->rhs_width = (size_t)(token.at + token.len - first.at);
    }
    if (count == 0)
        return scanner_refuse(&master->scanner, token.at, 1, "what to generate is missing");
    if (count == 1 && first.kind == TOKEN_QUOTED) {
        line.len = 0;
        put(&line, (const char *)first.at, first.len);
    }
    job->rhs_len = line.len;
    job->rhs_at = first.at;
    return true;
}

static bool read_job(struct master *master, struct job *job)
{
    struct token token;
    if (scanner_next(&master->scanner, &token) == TOKEN_BAD)
        return false;
    if (token_is_end(&token))
        return scanner_refuse(&master->scanner, token.at, 1, "the range is missing");
    if (!read_range(master, &token, &job->range)
        || scanner_next(&master->scanner, &job->lhs) == TOKEN_BAD)
        return false;
    if (job->lhs.kind != TOKEN_WORD)
        return scanner_refuse(&master->scanner, job->lhs.at, job->lhs.len,
                              "the owner to generate is missing");
    if (scanner_next(&master->scanner, &token) == TOKEN_BAD)
        return false;
    return master_read_head(master, &token, &job->head) && read_rhs(master, job);
}

/* Writes the record out for one number. False with a mistake recorded. */
static bool write_record(struct master *master, const struct job *job, uint32_t number,
                         struct line *line)
{
    char head[64], type[RRTYPE_TEXT_MAX];
    rrtype_to_text(job->head.type, type);
    const int head_len = job->head.has_ttl
                             ? snprintf(head, sizeof head, " %u IN %s ", job->head.ttl, type)
                             : snprintf(head, sizeof head, " IN %s ", type);
    const uint8_t *rhs = (const uint8_t *)job->rhs;
    line->len = 0;
    if (!expand(line, job->lhs.at, job->lhs.at + job->lhs.len, number)) {
        scanner_refuse(&master->scanner, job->lhs.at, job->lhs.len,
                       "for %u this can't be written out", number);
        return scanner_hint(&master->scanner,
                            "${offset,width,base}, base being d, o, x, X, n or N");
    }
    if (!put(line, head, (size_t)head_len) || !expand(line, rhs, rhs + job->rhs_len, number)
        || !put(line, "\n", 1)) {
        scanner_refuse(&master->scanner, job->rhs_at, job->rhs_width,
                       "for %u this can't be written out", number);
        return scanner_hint(&master->scanner,
                            "${offset,width,base}, base being d, o, x, X, n or N");
    }
    return true;
}

/* Reads the record in `line` as if it stood in the file. Returns what the sink returned, or -EBADMSG
 * after a mistake, which is noted already. */
static int read_generated(struct master *master, struct line *line, const struct spot *spot)
{
    const struct scanner outer = master->scanner;
    const size_t errors = master->notes->errors;
    memset(line->text + line->len, 0, SCANNER_PAD);
    scanner_init(&master->scanner, (const uint8_t *)line->text,
                 (const uint8_t *)line->text + line->len, true);
    master->generating = spot;
    int err = master_read_record(master);
    master->generating = NULL;
    master->scanner = outer;
    if (err == 0 && master->notes->errors != errors)
        err = -EBADMSG;
    return err;
}

bool master_generate(struct master *master, int *err)
{
    struct job job = {.rhs_len = 0};
    if (!read_job(master, &job))
        return false;
    char text[LINE_OCTETS + SCANNER_PAD];
    struct line line = {.text = text, .size = LINE_OCTETS};
    const struct spot spot = scanner_spot(&master->scanner, job.lhs.at);
    const size_t errors = master->notes->errors;
    for (uint64_t number = job.range.start; number <= job.range.stop;
         number += job.range.step) {
        if (master->generated++ >= master->generated_max)
            return scanner_refuse(&master->scanner, job.lhs.at, job.lhs.len,
                                  "too many records are generated");
        if (!write_record(master, &job, (uint32_t)number, &line))
            return false;
        *err = read_generated(master, &line, &spot);
        if (*err != 0)
            break;
    }
    /* One mistake of a directive is enough, and reading goes on behind it. */
    if (master->notes->errors != errors && !notes_full(master->notes))
        *err = 0;
    return true;
}
