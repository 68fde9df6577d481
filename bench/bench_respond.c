/* bench_respond.c -- what an answer costs, octets in to octets out, without a socket
 *
 *     bench_respond [-b BATCH] [-n ANSWERS] [-c nsec|nsec3] [-k KIND] [ZONE FILE]
 *
 * Asks a built-in zone, signed with a chain where -c names one and then with DO, or the zone in
 * FILE (with random names below its apex), in batches, and prints nanoseconds and instructions
 * (where the kernel lets us count them) an answer: median, least and greatest of 7 runs. KIND
 * is host, child or nothing; all of them where none is named. bench/instructions counts them
 * with callgrind. */
#include "bench/answer_zone.h"
#include "server/answer/respond.h"
#include "zone/rrtype.h"
#include "zone/wire.h"
#include "zone/zonefile.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

enum { RUNS = 7, QUERY = 600, NAMES = 4096 };

struct bench {
    struct answer_config config;
    struct view view;
    struct respond_scratch *scratch;
    size_t batch, answers;
    enum chain chain;
    const char *kind; /* NULL: all */
    int counter;      /* of instructions; -1: none */
    struct exchange exchange[RESPOND_BATCH_MAX];
    uint8_t query[NAMES][QUERY];
    size_t query_octets[NAMES];
    size_t queries;
    uint8_t answer[RESPOND_BATCH_MAX][4096];
};

static struct zone *load(const char *apex, const char *path, enum chain chain)
{
    struct name name;
    struct notes notes;
    struct zone *zone = NULL;
    if (name_from_string(&name, apex) != NAME_OK)
        return NULL;
    name_lower(name.wire, name.octets);
    notes_init(&notes);
    int err = -ENOMEM;
    if (path != NULL) {
        struct sources sources = {0};
        err = zonefile_load(&zone, path, &name, NULL, &sources, &notes);
        sources_fini(&sources);
    } else {
        size_t len = 0;
        char *text = answer_zone_text(chain, &len);
        if (text != NULL)
            err = zonefile_parse(&zone, "built-in", text, len, &name, &notes);
        free(text);
    }
    if (err != 0)
        notes_print(&notes, stderr);
    notes_fini(&notes);
    return err == 0 ? zone : NULL;
}

static int open_counter(void)
{
    struct perf_event_attr attr = {
        .type = PERF_TYPE_HARDWARE,
        .size = sizeof attr,
        .config = PERF_COUNT_HW_INSTRUCTIONS,
        .exclude_kernel = 1,
        .exclude_hv = 1,
    };
    return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static uint64_t instructions(const struct bench *b)
{
    uint64_t count = 0;
    if (b->counter >= 0 && read(b->counter, &count, sizeof count) != (ssize_t)sizeof count)
        return 0;
    return count;
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static size_t put_query(uint8_t *at, const struct name *name, uint16_t type, bool dnssec)
{
    memset(at, 0, 12);
    wire_put16(at + 4, 1);
    wire_put16(at + 10, 1);
    memcpy(at + 12, name->wire, name->octets);
    size_t len = 12u + name->octets;
    wire_put16(at + len, type);
    wire_put16(at + len + 2, 1);
    len += 4;
    memcpy(at + len, dnssec ? "\0\0\x29\4\xd0\0\0\x80\0\0\0" : "\0\0\x29\4\xd0\0\0\0\0\0\0",
           11);
    return len + 11;
}

/* Names with a number below `range` between the two words. */
struct kind {
    const char *word, *prefix, *suffix;
    unsigned range;
};

static const struct kind kinds[] = {
    {"host", "host", "", 1000},
    {"child", "www.child", "", 1000},
    {"nothing", "nothing", ".x", 1u << 30},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

static void make_queries(struct bench *b, const char *apex, const struct kind *kind)
{
    srandom(1);
    for (size_t i = 0; i < NAMES; i++) {
        char text[400];
        struct name name;
        snprintf(text, sizeof text, "%s%u%s.%s", kind->prefix, (unsigned)random() % kind->range,
                 kind->suffix, apex);
        if (name_from_string(&name, text) == NAME_OK)
            b->query_octets[i] =
                put_query(b->query[i], &name, RRTYPE_A, b->chain != CHAIN_NONE);
    }
    b->queries = NAMES;
}

/* All of an answer and nothing else, also where the linker inlines respond(): what
 * bench/instructions counts. */
__attribute__((noinline)) static void answer_batch(struct bench *b)
{
    respond(&b->config, &b->view, 0, b->exchange, b->batch, b->scratch);
}

static void run_once(struct bench *b)
{
    for (size_t done = 0; done < b->answers; done += b->batch) {
        for (size_t i = 0; i < b->batch; i++) {
            const size_t n = (done + i) % b->queries;
            b->exchange[i] = (struct exchange){.query = b->query[n],
                                               .query_octets = b->query_octets[n],
                                               .answer = b->answer[i],
                                               .answer_max = sizeof b->answer[i]};
        }
        answer_batch(b);
    }
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(struct bench *b, const char *what)
{
    double ns[RUNS], counted[RUNS];
    run_once(b);
    for (size_t i = 0; i < RUNS; i++) {
        const uint64_t start = now_ns(), before = instructions(b);
        run_once(b);
        counted[i] = (double)(instructions(b) - before) / (double)b->answers;
        ns[i] = (double)(now_ns() - start) / (double)b->answers;
    }
    qsort(ns, RUNS, sizeof ns[0], compare);
    qsort(counted, RUNS, sizeof counted[0], compare);
    printf("%-10s %4zu octets, RCODE %2u: %7.1f ns an answer (%.1f to %.1f)", what,
           b->exchange[0].answer_octets, b->exchange[0].rcode, ns[RUNS / 2], ns[0],
           ns[RUNS - 1]);
    if (b->counter >= 0)
        printf(", %.0f instructions", counted[RUNS / 2]);
    putchar('\n');
}

static bool serve(struct bench *b, struct directory *directory, const struct zone *zone)
{
    const struct zone *old;
    struct arena *retired;
    if (directory == NULL || b->scratch == NULL || directory_put(directory, zone, &old) != 0)
        return false;
    b->config = (struct answer_config){.udp_payload_max = UDP_PAYLOAD_DEFAULT};
    b->view = directory_view(directory, &retired);
    directory_arena_free(retired);
    return true;
}

static void print_workload(const struct bench *b, const struct zone *zone)
{
    struct utsname machine;
    uname(&machine);
    printf("%s %s, %ld CPUs; zone of %llu RRs; batches of %zu, %zu answers a run, EDNS, random "
           "names of "
           "%u queries\n",
           machine.machine, machine.release, sysconf(_SC_NPROCESSORS_ONLN),
           (unsigned long long)zone->rrs, b->batch, b->answers, (unsigned)NAMES);
}

/* Reads the options. Returns the index of the first argument after them, or -1. */
static int read_options(struct bench *b, int argc, char **argv)
{
    static const char *const chains[CHAINS] = {"none", "nsec", "nsec3"};
    b->batch = 32;
    b->answers = 1 << 20;
    for (int option; (option = getopt(argc, argv, "b:c:k:n:")) != -1;) {
        if (option == 'b')
            b->batch = strtoul(optarg, NULL, 10);
        else if (option == 'n')
            b->answers = strtoul(optarg, NULL, 10);
        else if (option == 'k')
            b->kind = optarg;
        else if (option != 'c')
            return -1;
        while (option == 'c' && b->chain < CHAINS && strcmp(chains[b->chain], optarg) != 0)
            b->chain++;
    }
    const bool sound = b->batch != 0 && b->batch <= RESPOND_BATCH_MAX && b->chain != CHAINS
                       && (argc == optind || argc == optind + 2);
    return sound ? optind : -1;
}

int main(int argc, char **argv)
{
    struct bench *b = calloc(1, sizeof *b);
    if (b == NULL)
        return 1;
    const int first = read_options(b, argc, argv);
    if (first < 0) {
        fprintf(stderr, "usage: %s [-b BATCH] [-n ANSWERS] [-c CHAIN] [-k KIND] [ZONE FILE]\n",
                argv[0]);
        return 2;
    }
    const char *apex = argc == first ? "example" : argv[first];
    struct zone *zone = load(apex, argc == first ? NULL : argv[first + 1], b->chain);
    struct directory *directory = directory_new();
    b->scratch = respond_scratch_new();
    b->counter = open_counter();
    if (zone == NULL || !serve(b, directory, zone))
        return 1;

    print_workload(b, zone);
    for (unsigned i = 0; i < KINDS; i++) {
        if (b->kind != NULL && strcmp(b->kind, kinds[i].word) != 0)
            continue;
        make_queries(b, apex, &kinds[i]);
        measure(b, kinds[i].word);
    }

    respond_scratch_free(b->scratch);
    directory_free(directory);
    zone_free(zone);
    free(b);
    return 0;
}
