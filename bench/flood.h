/* flood.h -- the parts of the generator: its questions and its result */
#ifndef PHAROS_BENCH_FLOOD_H
#define PHAROS_BENCH_FLOOD_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

enum { QUESTION_OCTETS_MAX = 12 + 255 + 4 + 11 };

/* A query in wire form, but for its id. */
struct question {
    uint16_t octets;
    const uint8_t *wire;
};

struct questions {
    struct question *question;
    size_t count;
};

/* Reads "NAME TYPE [+do]" a line; '#' begins a comment. `do_all` sets DO in every one. Ends the
 * program with a message where that fails. */
void questions_read(struct questions *questions, const char *path, int do_all);

enum { RESULT_BUCKETS = 1024, RESULT_RCODES = 16 };

struct result {
    uint64_t sent, answered, lost;
    uint64_t truncated;
    uint64_t rcodes[RESULT_RCODES];
    uint64_t octets; /* of answers */
    uint64_t begin_ns, end_ns;
    uint64_t last_answer_ns;
    uint64_t gap_ns;  /* the longest time without an answer */
    uint64_t late_ns; /* the longest that we ourselves were late to send */
    uint64_t latency_max_ns;
    uint64_t latency[RESULT_BUCKETS]; /* 16 a power of two */
    uint64_t server_ns;               /* CPU of the server; 0: not measured */
    uint64_t own_ns;
};

/* What flood_tcp() does. */
struct tcp_options {
    const struct sockaddr *target;
    socklen_t target_octets;
    unsigned connections;
    unsigned in_flight; /* on all connections together */
    int once;           /* one query a connection, however many may be in flight */
    uint64_t seed;      /* not 0 */
};

/* Asks by TCP until `result->end_ns`, which it then sets to when it ended. */
void flood_tcp(const struct tcp_options *options, const struct questions *questions,
               struct result *result);

void result_latency(struct result *result, uint64_t ns);
void result_print(const struct result *result, FILE *to);

/* CPU time of all threads of a process that live, in ns, as the scheduler counts it; 0 where it
 * can't be read. `pid` 0 is this process. */
uint64_t process_cpu_ns(long pid);

#endif
