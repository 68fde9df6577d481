/* flood.c -- a generator of queries that costs less than what it measures
 * 32 datagrams a system call over 8 connected sockets. Without --rate a fixed number of queries
 * is in flight, which finds the server's limit; with it queries leave by the clock, whatever
 * comes back, and latency counts from when each should have left. --tcp asks over connections
 * (flood_tcp.c). One line of JSON on standard output. It only asks addresses that nobody else's server has: loopback and private ones. */
#include "bench/flood.h"

#include "server/base/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    SOCKETS = 8,
    BATCH = 32,
    IDS = 65536,
    ANSWER_MAX = 4096,
    BUFFER_OCTETS = 4 * 1024 * 1024,
};

#define SECOND_NS UINT64_C(1000000000)

/* A socket and its queries under way. */
struct lane {
    int fd;
    uint16_t next_id;
    unsigned in_flight;
    uint64_t heard_ns;     /* the last answer */
    uint64_t sent_ns[IDS]; /* by id, when the query left or should have; 0: none under way */
};

struct flood {
    struct questions questions;
    struct tcp_options tcp; /* connections 0: UDP */
    unsigned seconds;
    unsigned rate; /* queries a second; 0: as many as `in_flight` allows */
    unsigned in_flight;
    uint64_t random; /* state */
    struct lane *lane;
    struct result result;
    struct mmsghdr sending[BATCH], receiving[BATCH];
    struct iovec query_part[BATCH], answer_part[BATCH];
    uint8_t query[BATCH][QUESTION_OCTETS_MAX];
    uint8_t answer[BATCH][ANSWER_MAX + 192];
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

/* xorshift64*: the order is random, and the same for the same seed. */
static uint64_t next_random(struct flood *f)
{
    f->random ^= f->random >> 12;
    f->random ^= f->random << 25;
    f->random ^= f->random >> 27;
    return f->random * UINT64_C(2685821657736338717);
}

static void prepare(struct flood *f)
{
    for (unsigned i = 0; i < BATCH; i++) {
        f->query_part[i].iov_base = f->query[i];
        f->answer_part[i] = (struct iovec){f->answer[i], ANSWER_MAX};
        f->sending[i].msg_hdr.msg_iov = &f->query_part[i];
        f->sending[i].msg_hdr.msg_iovlen = 1;
        f->receiving[i].msg_hdr.msg_iov = &f->answer_part[i];
        f->receiving[i].msg_hdr.msg_iovlen = 1;
    }
}

/* Sends `count` queries; query i should have left `step_ns` * i after `due_ns`. */
static void send_queries(struct flood *f, struct lane *lane, unsigned count, uint64_t due_ns,
                         uint64_t step_ns)
{
    for (unsigned i = 0; i < count; i++) {
        const struct question *q = &f->questions.question[next_random(f) % f->questions.count];
        memcpy(f->query[i], q->wire, q->octets);
        f->query_part[i].iov_len = q->octets;
        const uint16_t id = lane->next_id++;
        f->query[i][0] = (uint8_t)(id >> 8);
        f->query[i][1] = (uint8_t)id;
        if (lane->sent_ns[id] != 0) { /* 65536 queries later */
            f->result.lost++;
            lane->in_flight--;
        }
        lane->sent_ns[id] = due_ns + step_ns * i;
        lane->in_flight++;
    }
    for (unsigned at = 0; at < count;) {
        const int sent = sendmmsg(lane->fd, f->sending + at, count - at, 0);
        /* An error is that of an earlier datagram: the server isn't there at present. */
        at += sent > 0 ? (unsigned)sent : 1;
    }
    f->result.sent += count;
}

static void take_answer(struct flood *f, struct lane *lane, unsigned i, uint64_t now)
{
    const uint8_t *answer = f->answer[i];
    if (f->receiving[i].msg_len < 12)
        return;
    const uint16_t id = (uint16_t)(answer[0] << 8 | answer[1]);
    if (lane->sent_ns[id] == 0)
        return;
    const uint64_t sent = lane->sent_ns[id];
    lane->sent_ns[id] = 0;
    lane->in_flight--;
    f->result.answered++;
    f->result.octets += f->receiving[i].msg_len;
    f->result.truncated += (answer[2] & 0x02) != 0;
    f->result.rcodes[answer[3] & 15]++;
    result_latency(&f->result, now > sent ? now - sent : 0);
}

/* Takes what has come. Returns whether there was any. */
static bool receive_answers(struct flood *f, struct lane *lane)
{
    const int count = recvmmsg(lane->fd, f->receiving, BATCH, MSG_DONTWAIT, NULL);
    if (count <= 0)
        return false;
    const uint64_t now = now_ns();
    if (now - f->result.last_answer_ns > f->result.gap_ns)
        f->result.gap_ns = now - f->result.last_answer_ns;
    f->result.last_answer_ns = lane->heard_ns = now;
    for (int i = 0; i < count; i++)
        take_answer(f, lane, (unsigned)i, now);
    return true;
}

static void wait_answers(struct flood *f, int timeout_ms)
{
    struct pollfd readable[SOCKETS];
    for (unsigned i = 0; i < SOCKETS; i++)
        readable[i] = (struct pollfd){.fd = f->lane[i].fd, .events = POLLIN};
    (void)poll(readable, SOCKETS, timeout_ms);
}

/* Gives up what a lane has under way. */
static void give_up(struct flood *f, struct lane *lane)
{
    f->result.lost += lane->in_flight;
    lane->in_flight = 0;
    memset(lane->sent_ns, 0, sizeof(lane->sent_ns));
}

/* As many as the server can: each answer makes room for a query. */
static void run_closed(struct flood *f)
{
    const unsigned share = f->in_flight / SOCKETS != 0 ? f->in_flight / SOCKETS : 1;
    uint64_t now = now_ns();
    while (now < f->result.end_ns) {
        bool any = false;
        for (unsigned i = 0; i < SOCKETS; i++) {
            struct lane *lane = &f->lane[i];
            any |= receive_answers(f, lane);
            if (lane->heard_ns + SECOND_NS < now && lane->in_flight != 0) {
                give_up(f, lane);
                lane->heard_ns = now;
            }
            const unsigned room = share - lane->in_flight;
            if (room != 0)
                send_queries(f, lane, room < BATCH ? room : BATCH, now_ns(), 0);
        }
        if (!any)
            wait_answers(f, 10);
        now = now_ns();
    }
}

/* By the clock. */
static void run_open(struct flood *f)
{
    const uint64_t begin = f->result.begin_ns;
    const uint64_t total = (uint64_t)f->seconds * f->rate;
    const uint64_t step_ns = SECOND_NS / f->rate;
    uint64_t done = 0;
    for (unsigned turn = 0; done < total; turn++) {
        const uint64_t due_ns = begin + done * SECOND_NS / f->rate;
        const uint64_t now = now_ns();
        if (now >= due_ns) {
            uint64_t count = (now - due_ns) / (step_ns != 0 ? step_ns : 1) + 1;
            count = count < BATCH ? count : BATCH;
            count = count < total - done ? count : total - done;
            if (now - due_ns > f->result.late_ns)
                f->result.late_ns = now - due_ns;
            send_queries(f, &f->lane[turn % SOCKETS], (unsigned)count, due_ns, step_ns);
            done += count;
        }
        bool any = false;
        for (unsigned i = 0; i < SOCKETS; i++)
            any |= receive_answers(f, &f->lane[i]);
        if (!any && now < due_ns) {
            struct pollfd readable[SOCKETS];
            for (unsigned i = 0; i < SOCKETS; i++)
                readable[i] = (struct pollfd){.fd = f->lane[i].fd, .events = POLLIN};
            const struct timespec left = {.tv_nsec = (long)((due_ns - now) % SECOND_NS)};
            (void)ppoll(readable, SOCKETS, &left, NULL);
        }
    }
}

/* Waits a second for the last answers; what is missing then is lost. */
static void run_out(struct flood *f)
{
    const uint64_t until = now_ns() + SECOND_NS;
    for (;;) {
        unsigned left = 0;
        for (unsigned i = 0; i < SOCKETS; i++) {
            while (receive_answers(f, &f->lane[i]))
                ;
            left += f->lane[i].in_flight;
        }
        if (left == 0 || now_ns() >= until)
            break;
        wait_answers(f, 10);
    }
    for (unsigned i = 0; i < SOCKETS; i++)
        give_up(f, &f->lane[i]);
}

/* By TCP; only as many as the server can. */
static void run_tcp(struct flood *f, const struct address *target)
{
    f->tcp.target = (const struct sockaddr *)&target->storage;
    f->tcp.target_octets = target->octets;
    f->tcp.in_flight = f->in_flight;
    f->tcp.seed = f->random;
    flood_tcp(&f->tcp, &f->questions, &f->result);
}

/* As many as the server can, or by the clock. */
static void run_udp(struct flood *f)
{
    if (f->rate != 0)
        run_open(f);
    else
        run_closed(f);
    f->result.end_ns = now_ns();
    run_out(f);
}

/* 127/8, 10/8, 192.168/16, ::1, fd00::/8. */
static bool is_ours(const struct address *address)
{
    if (address->storage.ss_family == AF_INET6) {
        const struct in6_addr *in6 =
            &((const struct sockaddr_in6 *)&address->storage)->sin6_addr;
        return IN6_IS_ADDR_LOOPBACK(in6) || in6->s6_addr[0] == 0xfd;
    }
    const uint32_t in = ntohl(((const struct sockaddr_in *)&address->storage)->sin_addr.s_addr);
    return in >> 24 == 127 || in >> 24 == 10 || in >> 16 == 0xc0a8;
}

static void open_lanes(struct flood *f, const struct address *target)
{
    f->lane = calloc(SOCKETS, sizeof(*f->lane));
    for (unsigned i = 0; f->lane != NULL && i < SOCKETS; i++) {
        const int fd = socket(target->storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        const int octets = BUFFER_OCTETS;
        if (fd < 0
            || connect(fd, (const struct sockaddr *)&target->storage, target->octets) != 0) {
            perror("bench_flood");
            exit(1);
        }
        if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets)) != 0)
            (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets));
        f->lane[i].fd = fd;
        f->lane[i].heard_ns = f->result.begin_ns;
    }
    if (f->lane == NULL)
        exit(1);
}

static int usage(void)
{
    fprintf(
        stderr,
        "usage: bench_flood --target ADDRESS@PORT --questions FILE [--seconds N] [--rate N]\n"
        "                   [--in-flight N] [--seed N] [--cpu N] [--pid SERVER] [--do]\n"
        "                   [--tcp CONNECTIONS [--once]]\n"
        "FILE has a line \"NAME TYPE [+do]\" a question. --once: one query a connection.\n");
    return 2;
}

static void pin(long cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set) != 0)
        perror("bench_flood: --cpu");
}

static void run(struct flood *f, const struct address *target, long pid)
{
    prepare(f);
    f->result.begin_ns = f->result.last_answer_ns = now_ns();
    f->result.end_ns = f->result.begin_ns + f->seconds * SECOND_NS;
    if (f->tcp.connections == 0)
        open_lanes(f, target);
    const uint64_t server = pid != 0 ? process_cpu_ns(pid) : 0;
    const uint64_t own = process_cpu_ns(0);
    if (f->tcp.connections != 0)
        run_tcp(f, target);
    else
        run_udp(f);
    f->result.own_ns = process_cpu_ns(0) - own;
    f->result.server_ns = pid != 0 ? process_cpu_ns(pid) - server : 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"target", required_argument, NULL, 't'},
                                            {"questions", required_argument, NULL, 'q'},
                                            {"seconds", required_argument, NULL, 's'},
                                            {"rate", required_argument, NULL, 'r'},
                                            {"in-flight", required_argument, NULL, 'f'},
                                            {"seed", required_argument, NULL, 'e'},
                                            {"cpu", required_argument, NULL, 'c'},
                                            {"pid", required_argument, NULL, 'p'},
                                            {"do", no_argument, NULL, 'd'},
                                            {"tcp", required_argument, NULL, 'T'},
                                            {"once", no_argument, NULL, 'o'},
                                            {0}};
    const char *given[128] = {NULL};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == '?')
            return usage();
        given[option] = optarg != NULL ? optarg : "";
    }
    struct address target;
    if (optind != argc || given['t'] == NULL || given['q'] == NULL
        || address_from_text(&target, given['t'], 53) != NULL)
        return usage();
    if (!is_ours(&target)) {
        fprintf(stderr,
                "bench_flood: %s: only loopback, 10.0.0.0/8, 192.168.0.0/16 and fd00::/8\n",
                given['t']);
        return 2;
    }

    static struct flood flood;
    flood.seconds = given['s'] != NULL ? (unsigned)strtoul(given['s'], NULL, 10) : 5;
    flood.rate = given['r'] != NULL ? (unsigned)strtoul(given['r'], NULL, 10) : 0;
    flood.in_flight = given['f'] != NULL ? (unsigned)strtoul(given['f'], NULL, 10) : 128;
    flood.random = given['e'] != NULL ? strtoull(given['e'], NULL, 10) * 2 + 1 : 1;
    flood.tcp.connections = given['T'] != NULL ? (unsigned)strtoul(given['T'], NULL, 10) : 0;
    flood.tcp.once = given['o'] != NULL;
    const bool refused =
        given['T'] != NULL ? flood.tcp.connections == 0 || flood.rate != 0 : flood.tcp.once;
    if (flood.seconds == 0 || flood.seconds > 3600 || refused)
        return usage();
    if (given['c'] != NULL)
        pin(strtol(given['c'], NULL, 10));
    questions_read(&flood.questions, given['q'], given['d'] != NULL);
    run(&flood, &target, given['p'] != NULL ? strtol(given['p'], NULL, 10) : 0);
    result_print(&flood.result, stdout);
    return 0;
}
