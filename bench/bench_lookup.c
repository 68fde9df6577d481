/* bench_lookup.c -- what a look-up costs, one at a time and in staged batches
 * Builds a zone of N delegations straight from records (no text), then asks names of it
 * uniformly, or names below them, or names that don't exist. Prints ns a look-up, medians of
 * rounds that take turns, and octets an RR. */
#include "zone/lookup.h"
#include "zone/rrtype.h"
#include "zone/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCHES = 4, ROUNDS = 7, QUESTIONS = 1 << 20, WIDEST = 64 };

static const unsigned widths[BATCHES] = {1, 8, 32, 64};

static uint64_t random_state = 42;

static uint64_t random_next(void)
{
    uint64_t x = random_state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The name of delegation `index`: 5 to 24 letters that look like words, 23.5 octets a name with
 * ".example". */
static void owner_of(uint64_t index, struct name *name)
{
    static const char syllables[16][3] = {"ba", "co", "di", "fu", "ge", "ha", "jo", "ki",
                                          "lu", "me", "na", "po", "ri", "su", "te", "vo"};
    uint64_t mixed = index * UINT64_C(0x9e3779b97f4a7c15);
    const unsigned pairs = 4 + (unsigned)(mixed >> 60) % 5;
    unsigned len = 1;
    for (unsigned i = 0; i < pairs; i++, mixed = mixed << 4 | mixed >> 60) {
        memcpy(name->wire + len, syllables[mixed >> 60], 2);
        len += 2;
    }
    len += (unsigned)sprintf((char *)name->wire + len, "%llx", (unsigned long long)index);
    name->wire[0] = (uint8_t)(len - 1);
    memcpy(name->wire + len, "\7example", 9);
    name->octets = (uint8_t)(len + 9);
}

static void add(struct builder *builder, const struct name *owner, uint16_t type,
                const uint8_t *rdata, size_t octets)
{
    if (builder_add(builder, owner, type, 86400, rdata, (uint16_t)octets, (struct place){0})
        != 0)
        abort();
}

static struct zone *make_zone(uint64_t names)
{
    struct name apex, owner;
    name_from_string(&apex, "example");
    struct builder *builder = builder_new(&apex);
    static const uint8_t soa[] = "\1a\0\1b\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5";
    add(builder, &apex, RRTYPE_SOA, soa, 6 + 20);
    add(builder, &apex, RRTYPE_NS, (const uint8_t *)"\2ns\4host", 9);
    for (uint64_t i = 0; i < names; i++) {
        uint8_t rdata[64];
        owner_of(i, &owner);
        for (unsigned server = 1; server <= 2; server++) {
            const int len = sprintf((char *)rdata + 1, "ns%u", server);
            rdata[0] = (uint8_t)len;
            const int host =
                sprintf((char *)rdata + 1 + len + 1, "host%u", (unsigned)(i * 7 % 5000));
            rdata[1 + len] = (uint8_t)host;
            memcpy(rdata + 1 + len + 1 + host, "\3net", 5);
            add(builder, &owner, RRTYPE_NS, rdata, (size_t)(1 + len + 1 + host + 5));
        }
        if (i % 2 == 0) { /* every other one has a server of its own, with glue */
            struct name server = {.octets = (uint8_t)(owner.octets + 3), .wire = "\2ns"};
            memcpy(server.wire + 3, owner.wire, owner.octets);
            add(builder, &owner, RRTYPE_NS, server.wire, server.octets);
            add(builder, &server, RRTYPE_A, (const uint8_t[]){192, 0, 2, (uint8_t)i}, 4);
        }
    }
    struct notes notes;
    notes_init(&notes);
    struct zone *zone = NULL;
    if (builder_finish(builder, &zone, &notes) != 0) {
        notes_print(&notes, stderr);
        exit(1);
    }
    notes_fini(&notes);
    builder_free(builder);
    return zone;
}

struct question {
    struct name qname;
    uint8_t key[NAME_KEY_MAX];
    size_t symbols;
};

enum kind { EXACT, BELOW, MISSING, KINDS };

static const char *const kind_words[KINDS] = {"at a cut", "below a cut", "missing"};

static void ask(struct question *question, enum kind kind, uint64_t names)
{
    struct name owner;
    owner_of(random_next() % names, &owner);
    if (kind == MISSING)
        owner.wire[1 + random_next() % owner.wire[0]] = 'q';
    if (kind == BELOW) {
        memcpy(question->qname.wire, "\3www", 4);
        memcpy(question->qname.wire + 4, owner.wire, owner.octets);
        question->qname.octets = (uint8_t)(owner.octets + 4);
    } else {
        question->qname = owner;
    }
    question->symbols = name_key(question->key, question->qname.wire, question->qname.octets);
}

static double run(const struct zone *zone, const struct question *questions, unsigned width)
{
    static struct lookup lookups[WIDEST];
    const uint64_t start = now_ns();
    for (size_t done = 0; done < QUESTIONS; done += width) {
        for (unsigned i = 0; i < width; i++) {
            const struct question *question = &questions[done + i];
            lookups[i].qname = &question->qname;
            lookups[i].key = question->key;
            lookups[i].symbols = (uint16_t)question->symbols;
            lookups[i].qtype = RRTYPE_A;
            lookups[i].zone = zone;
        }
        zone_lookup(lookups, width);
    }
    return (double)(now_ns() - start) / QUESTIONS;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    const uint64_t names = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    if (names == 0 || names > 100000000) {
        fprintf(stderr, "usage: %s [NAMES]\n", argv[0]);
        return 2;
    }
    const uint64_t start = now_ns();
    struct zone *zone = make_zone(names);
    printf("%llu delegations, %llu RRs, %.1f octets an RR, %.1f a name; built in %.2f s\n",
           (unsigned long long)names, (unsigned long long)zone->rrs,
           (double)zone->arena.used / (double)zone->rrs,
           (double)zone->arena.used / (double)zone->names, (double)(now_ns() - start) / 1e9);

    struct question *questions = malloc(QUESTIONS * sizeof *questions);
    if (questions == NULL)
        return 1;
    printf("ns a look-up, median of %d rounds; batches of", ROUNDS);
    for (unsigned i = 0; i < BATCHES; i++)
        printf(" %u", widths[i]);
    printf("\n");
    for (enum kind kind = EXACT; kind < KINDS; kind++) {
        for (size_t i = 0; i < QUESTIONS; i++)
            ask(&questions[i], kind, names);
        double taken[BATCHES][ROUNDS];
        for (unsigned round = 0; round < ROUNDS; round++)
            for (unsigned i = 0; i < BATCHES; i++)
                taken[i][round] = run(zone, questions, widths[i]);
        printf("%-12s", kind_words[kind]);
        for (unsigned i = 0; i < BATCHES; i++) {
            qsort(taken[i], ROUNDS, sizeof taken[i][0], compare);
            printf(" %6.0f", taken[i][ROUNDS / 2]);
        }
        printf("\n");
    }
    free(questions);
    zone_free(zone);
    return 0;
}
