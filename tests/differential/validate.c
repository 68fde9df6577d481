/* validate.c -- judges a stream of answers
 *
 *   validate <LINES
 *
 * Each line is a word and what follows it, all octets in hexadecimal, names in wire form:
 *
 *   zone APEX                            a zone that is served
 *   key APEX RDATA                       a DNSKEY of it; a zone without is unsigned
 *   cut APEX NAME                        a name below the apex that has NS
 *   answer TAG LIMIT QUESTION MESSAGE    an answer, at most LIMIT (decimal) octets, to judge
 *
 * An answer gets a line: "TAG good KIND" or "TAG bad REASON". Exit status 2 for lines that are
 * none of these. */
#include "tests/differential/validator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OCTETS_MAX = 65535 };

struct octets {
    size_t count;
    uint8_t each[OCTETS_MAX];
};

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Hexadecimal digits in pairs, at least one; returns false for what is none. */
static bool read_octets(struct octets *octets, const char *word)
{
    octets->count = 0;
    for (; word != NULL && *word != '\0'; word += 2) {
        const int high = digit(word[0]), low = high < 0 ? -1 : digit(word[1]);
        if (low < 0 || octets->count == OCTETS_MAX)
            return false;
        octets->each[octets->count++] = (uint8_t)(high << 4 | low);
    }
    return octets->count > 0;
}

static bool judge(struct validator *v, char **words)
{
    static struct octets question, message;
    struct opinion opinion;
    const char *tag = strtok_r(NULL, " ", words), *limit = strtok_r(NULL, " ", words);
    if (limit == NULL || !read_octets(&question, strtok_r(NULL, " ", words))
        || !read_octets(&message, strtok_r(NULL, " ", words)))
        return false;
    validator_judge(v, question.each, question.count, message.each, message.count,
                    strtoul(limit, NULL, 10), &opinion);
    printf("%s %s %s\n", tag, opinion.good ? "good" : "bad",
           opinion.good ? opinion.kind : opinion.why);
    return fflush(stdout) == 0;
}

static bool obey(struct validator *v, char *line)
{
    static struct octets name, rdata; /* or a name below */
    char *words;
    const char *verb = strtok_r(line, " ", &words);
    if (verb == NULL)
        return false;
    if (strcmp(verb, "answer") == 0)
        return judge(v, &words);
    if (!read_octets(&name, strtok_r(NULL, " ", &words)))
        return false;
    if (strcmp(verb, "zone") == 0)
        return validator_zone(v, name.each, name.count);
    if (!read_octets(&rdata, strtok_r(NULL, " ", &words)))
        return false;
    if (strcmp(verb, "cut") == 0)
        return validator_cut(v, name.each, name.count, rdata.each, rdata.count);
    return strcmp(verb, "key") == 0
           && validator_key(v, name.each, name.count, rdata.each, rdata.count);
}

int main(void)
{
    struct validator *v = validator_new();
    char *line = NULL;
    size_t room = 0;
    ssize_t octets;
    int status = v == NULL ? 2 : 0;
    while (status == 0 && (octets = getline(&line, &room, stdin)) > 0) {
        if (line[octets - 1] == '\n')
            line[octets - 1] = '\0';
        if (!obey(v, line)) {
            fprintf(stderr, "validate: a line that is none: %.60s\n", line);
            status = 2;
        }
    }
    free(line);
    if (v != NULL)
        validator_free(v);
    return status;
}
