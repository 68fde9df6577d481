/* flood_tcp.c -- queries over TCP, as many as the server can
 * A fixed number of connections, each with as many queries under way as there is room for;
 * what an epoll round makes room for on a connection leaves in one write. Or one query a
 * connection: connect, ask, read, close, connect again. */
#include "bench/flood.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    DEPTH_MAX = 1024, /* queries under way on a connection; a power of two */
    PREFIX = 2,
    READ_MAX = 128 * 1024,
    OUT_MAX = DEPTH_MAX * (PREFIX + QUESTION_OCTETS_MAX),
    EVENTS = 64,
    WAIT_MS = 10,
    SOURCES = 250, /* loopback addresses to ask from, or closed connections use up the ports */
};

#define SECOND_NS UINT64_C(1000000000)

/* A connection. */
struct line {
    int fd; /* -1: it couldn't be opened; tried again */
    uint16_t next_id;
    unsigned in_flight;
    bool waits_writable;
    size_t in_octets;            /* in `in`: the beginning of an answer */
    size_t out_at, out_octets;   /* in `out`: what the kernel didn't take */
    uint64_t sent_ns[DEPTH_MAX]; /* by id; 0: none under way */
    uint8_t in[PREFIX + 65536];
    uint8_t out[OUT_MAX];
};

struct flood_tcp {
    const struct tcp_options *options;
    const struct questions *questions;
    struct result *result;
    uint64_t random;
    unsigned opened;
    unsigned depth; /* of a connection */
    int epoll;
    struct line *line;
    uint8_t read[sizeof(((struct line *)NULL)->in) + READ_MAX];
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static uint64_t next_random(struct flood_tcp *f)
{
    f->random ^= f->random >> 12;
    f->random ^= f->random << 25;
    f->random ^= f->random >> 27;
    return f->random * UINT64_C(2685821657736338717);
}

static void watch(struct flood_tcp *f, struct line *line, int operation)
{
    struct epoll_event event = {.events = EPOLLIN | (line->waits_writable ? EPOLLOUT : 0u),
                                .data.ptr = line};
    if (epoll_ctl(f->epoll, operation, line->fd, &event) != 0) {
        perror("bench_flood: epoll_ctl");
        exit(1);
    }
}

/* Asks from one of many loopback addresses, where the server is on one. */
static void choose_source(struct flood_tcp *f, int fd)
{
    if (f->options->target->sa_family != AF_INET)
        return;
    const struct sockaddr_in *to = (const struct sockaddr_in *)(const void *)f->options->target;
    if (ntohl(to->sin_addr.s_addr) >> 24 != 127)
        return;
    const int on = 1;
    const struct sockaddr_in from = {.sin_family = AF_INET,
                                     .sin_addr.s_addr =
                                         htonl(0x7f000100u + 1 + f->opened++ % SOURCES)};
    (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    (void)bind(fd, (const struct sockaddr *)&from, sizeof(from));
}

static void open_line(struct flood_tcp *f, struct line *line)
{
    const struct sockaddr *target = f->options->target;
    const int on = 1;
    line->in_flight = 0;
    line->in_octets = line->out_at = line->out_octets = 0;
    line->waits_writable = false;
    line->fd = socket(target->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (line->fd < 0)
        return;
    (void)setsockopt(line->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    choose_source(f, line->fd);
    if (connect(line->fd, target, f->options->target_octets) != 0 && errno != EINPROGRESS) {
        close(line->fd);
        line->fd = -1;
        return;
    }
    watch(f, line, EPOLL_CTL_ADD);
}

/* Closes it; what it has under way is lost. */
static void close_line(struct flood_tcp *f, struct line *line)
{
    f->result->lost += line->in_flight;
    line->in_flight = 0;
    if (line->fd >= 0)
        close(line->fd);
    line->fd = -1;
    memset(line->sent_ns, 0, sizeof(line->sent_ns));
}

/* Appends a query to what is to leave. */
static void append_query(struct flood_tcp *f, struct line *line, uint64_t now)
{
    const struct question *q = &f->questions->question[next_random(f) % f->questions->count];
    uint8_t *at = line->out + line->out_octets;
    const uint16_t id = line->next_id++;
    at[0] = (uint8_t)(q->octets >> 8);
    at[1] = (uint8_t)q->octets;
    memcpy(at + PREFIX, q->wire, q->octets);
    at[PREFIX] = (uint8_t)(id >> 8);
    at[PREFIX + 1] = (uint8_t)id;
    line->out_octets += PREFIX + q->octets;
    if (line->sent_ns[id % DEPTH_MAX] != 0) {
        f->result->lost++;
        line->in_flight--;
    }
    line->sent_ns[id % DEPTH_MAX] = now;
    line->in_flight++;
    f->result->sent++;
}

/* Writes what is to leave. Returns false where the connection is broken. */
static bool flush(struct flood_tcp *f, struct line *line)
{
    const ssize_t sent =
        send(line->fd, line->out + line->out_at, line->out_octets - line->out_at, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN)
        return false;
    line->out_at += sent > 0 ? (size_t)sent : 0;
    const bool left = line->out_at < line->out_octets;
    if (!left)
        line->out_at = line->out_octets = 0;
    if (left != line->waits_writable) {
        line->waits_writable = left;
        watch(f, line, EPOLL_CTL_MOD);
    }
    return true;
}

/* Asks as much as there is room for. Returns false where the connection is broken. */
static bool ask(struct flood_tcp *f, struct line *line, uint64_t now)
{
    if (line->out_octets == 0) {
        while (line->in_flight < f->depth)
            append_query(f, line, now);
    }
    return line->out_octets == 0 || flush(f, line);
}

static void take_answer(struct flood_tcp *f, struct line *line, const uint8_t *answer,
                        size_t octets, uint64_t now)
{
    if (octets < 12)
        return;
    const unsigned id = ((unsigned)answer[0] << 8 | answer[1]) % DEPTH_MAX;
    if (line->sent_ns[id] == 0)
        return;
    result_latency(f->result, now - line->sent_ns[id]);
    line->sent_ns[id] = 0;
    line->in_flight--;
    f->result->answered++;
    f->result->octets += octets;
    f->result->truncated += (answer[2] & 0x02) != 0;
    f->result->rcodes[answer[3] & 15]++;
}

/* Takes the whole answers that were read; keeps the beginning of the next. */
static void take_answers(struct flood_tcp *f, struct line *line, size_t octets, uint64_t now)
{
    const uint8_t *at = f->read;
    const uint8_t *end = at + octets;
    while (end - at >= PREFIX) {
        const size_t answer = (size_t)at[0] << 8 | at[1];
        if ((size_t)(end - at) < PREFIX + answer)
            break;
        take_answer(f, line, at + PREFIX, answer, now);
        at += PREFIX + answer;
    }
    line->in_octets = (size_t)(end - at);
    memcpy(line->in, at, line->in_octets);
}

/* Reads once. Returns false where the connection has ended. */
static bool read_answers(struct flood_tcp *f, struct line *line)
{
    memcpy(f->read, line->in, line->in_octets);
    const ssize_t octets = recv(line->fd, f->read + line->in_octets, READ_MAX, 0);
    if (octets < 0)
        return errno == EAGAIN;
    if (octets == 0)
        return false;
    const uint64_t now = now_ns();
    if (now - f->result->last_answer_ns > f->result->gap_ns)
        f->result->gap_ns = now - f->result->last_answer_ns;
    f->result->last_answer_ns = now;
    take_answers(f, line, line->in_octets + (size_t)octets, now);
    return true;
}

/* What an event asks for. A connection that has done its part, or broke, is made anew. */
static void serve(struct flood_tcp *f, struct line *line, uint32_t events)
{
    const unsigned before = line->in_flight;
    bool good = true;
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        good = read_answers(f, line);
    const bool done = f->options->once && before != 0 && line->in_flight == 0;
    if (good && !done)
        good = ask(f, line, now_ns());
    if (good && !done)
        return;
    close_line(f, line);
    open_line(f, line);
    if (line->fd >= 0 && !ask(f, line, now_ns()))
        close_line(f, line);
}

static void reopen_broken(struct flood_tcp *f)
{
    for (unsigned i = 0; i < f->options->connections; i++) {
        struct line *line = &f->line[i];
        if (line->fd >= 0)
            continue;
        open_line(f, line);
        if (line->fd >= 0 && !ask(f, line, now_ns()))
            close_line(f, line);
    }
}

/* Waits for the last answers, a second at most. */
static void run_out(struct flood_tcp *f)
{
    const uint64_t until = now_ns() + SECOND_NS;
    struct epoll_event event[EVENTS];
    unsigned left = 1;
    while (left != 0 && now_ns() < until) {
        const int count = epoll_wait(f->epoll, event, EVENTS, WAIT_MS);
        for (int i = 0; i < count; i++) {
            struct line *line = event[i].data.ptr;
            if (line->fd >= 0 && !read_answers(f, line))
                close_line(f, line);
        }
        left = 0;
        for (unsigned i = 0; i < f->options->connections; i++)
            left += f->line[i].in_flight;
    }
    for (unsigned i = 0; i < f->options->connections; i++)
        close_line(f, &f->line[i]);
}

void flood_tcp(const struct tcp_options *options, const struct questions *questions,
               struct result *result)
{
    struct flood_tcp *f = calloc(1, sizeof(*f));
    if (f != NULL)
        f->line = calloc(options->connections, sizeof(*f->line));
    if (f == NULL || f->line == NULL) {
        fprintf(stderr, "bench_flood: out of memory\n");
        exit(1);
    }
    f->options = options;
    f->questions = questions;
    f->result = result;
    f->random = options->seed;
    const unsigned share = options->in_flight / options->connections;
    f->depth = options->once || share == 0 ? 1 : share < DEPTH_MAX ? share : DEPTH_MAX;
    f->epoll = epoll_create1(EPOLL_CLOEXEC);
    for (unsigned i = 0; i < options->connections; i++)
        f->line[i].fd = -1;

    struct epoll_event event[EVENTS];
    reopen_broken(f);
    while (now_ns() < result->end_ns) {
        const int count = epoll_wait(f->epoll, event, EVENTS, WAIT_MS);
        for (int i = 0; i < count; i++)
            serve(f, event[i].data.ptr, event[i].events);
        reopen_broken(f);
    }
    result->end_ns = now_ns();
    run_out(f);
    close(f->epoll);
    free(f->line);
    free(f);
}
