/* flood_questions.c -- the queries that bench_flood asks */
#include "bench/flood.h"

#include "zone/name.h"
#include "zone/rrtype.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_OCTETS = 2048, EDNS_PAYLOAD = 1232, GROWTH = 1024 };

static void fail(const char *path, unsigned long line, const char *why)
{
    fprintf(stderr, "bench_flood: %s:%lu: %s\n", path, line, why);
    exit(2);
}

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* A query with EDNS, as resolvers ask. Returns its octets. */
static size_t encode(uint8_t wire[QUESTION_OCTETS_MAX], const struct name *name, uint16_t type,
                     int dnssec_ok)
{
    memset(wire, 0, QUESTION_OCTETS_MAX);
    put16(wire + 4, 1);  /* QDCOUNT */
    put16(wire + 10, 1); /* ARCOUNT */
    memcpy(wire + 12, name->wire, name->octets);
    uint8_t *at = wire + 12 + name->octets;
    put16(at, type);
    put16(at + 2, 1); /* IN */
    at += 4;
    put16(at + 1, 41); /* OPT at the root */
    put16(at + 3, EDNS_PAYLOAD);
    put16(at + 7, dnssec_ok ? 0x8000 : 0);
    return (size_t)(at + 11 - wire);
}

static void append(struct questions *questions, const uint8_t *wire, size_t octets)
{
    if (questions->count % GROWTH == 0) {
        const size_t size = (questions->count + GROWTH) * sizeof(*questions->question);
        questions->question = realloc(questions->question, size);
    }
    uint8_t *copy = malloc(octets);
    if (questions->question == NULL || copy == NULL) {
        fprintf(stderr, "bench_flood: out of memory\n");
        exit(1);
    }
    memcpy(copy, wire, octets);
    questions->question[questions->count++] =
        (struct question){.octets = (uint16_t)octets, .wire = copy};
}

void questions_read(struct questions *questions, const char *path, int do_all)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    *questions = (struct questions){.count = 0};
    char line[LINE_MAX_OCTETS];
    for (unsigned long number = 1; fgets(line, sizeof(line), file) != NULL; number++) {
        char *rest = NULL;
        const char *owner = strtok_r(line, " \t\r\n", &rest);
        if (owner == NULL || owner[0] == '#')
            continue;
        const char *mnemonic = strtok_r(NULL, " \t\r\n", &rest);
        const char *flag = strtok_r(NULL, " \t\r\n", &rest);
        struct name name;
        uint16_t type = 0;
        const enum name_error error = name_from_string(&name, owner);
        if (error != NAME_OK)
            fail(path, number, name_strerror(error));
        if (mnemonic == NULL || !rrtype_from_text(mnemonic, strlen(mnemonic), &type))
            fail(path, number, "not a type");
        if (flag != NULL && strcmp(flag, "+do") != 0)
            fail(path, number, "only +do may follow");
        uint8_t wire[QUESTION_OCTETS_MAX];
        append(questions, wire, encode(wire, &name, type, do_all || flag != NULL));
    }
    fclose(file);
    if (questions->count == 0)
        fail(path, 1, "no questions");
}
