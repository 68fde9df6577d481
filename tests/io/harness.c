#include "tests/io/harness.h"

#include "server/answer/respond.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* The double. */
struct respond_scratch {
    int unused;
};

struct respond_scratch *respond_scratch_new(void)
{
    return calloc(1, sizeof(struct respond_scratch));
}

void respond_scratch_free(struct respond_scratch *scratch)
{
    free(scratch);
}

static _Atomic size_t largest;

size_t largest_batch(void)
{
    return atomic_load(&largest);
}

static void answer_one(struct exchange *x)
{
    x->answer_octets = 0;
    x->rcode = 0;
    x->truncated = false;
    if (x->query_octets < 12 || (x->query[2] & 0x80) != 0)
        return;
    size_t octets = x->query_octets;
    if (x->query_octets >= 17 && x->query[12] == 'B') {
        char digits[5] = {0};
        memcpy(digits, x->query + 13, 4);
        octets = strtoul(digits, NULL, 16);
    } else if (x->query_octets >= 13 && x->query[12] == 'S') {
        return;
    }
    if (octets > x->answer_max) {
        octets = x->answer_max;
        x->truncated = true;
    }
    const size_t copied = octets < x->query_octets ? octets : x->query_octets;
    memcpy(x->answer, x->query, copied);
    memset(x->answer + copied, 'x', octets - copied);
    x->answer[2] |= 0x80;
    x->rcode = x->query[3] & 0x0f;
    x->ede = x->query_octets >= 13 && x->query[12] == 'N' ? 14 : -1;
    x->answer_octets = octets;
}

void respond(const struct answer_config *config, const struct view *view, uint64_t now,
             struct exchange *exchanges, size_t count, struct respond_scratch *scratch)
{
    assert_true(now != 0);
    assert_non_null(config);
    assert_non_null(view);
    assert_non_null(scratch);
    assert_in_range(count, 1, RESPOND_BATCH_MAX);
    if (count > atomic_load(&largest)) /* of several workers one may be forgotten */
        atomic_store(&largest, count);
    for (size_t i = 0; i < count; i++)
        answer_one(&exchanges[i]);
}

void respond_fail(const struct answer_config *config, uint64_t now, struct exchange *exchange,
                  struct respond_scratch *scratch)
{
    (void)config, (void)now, (void)exchange, (void)scratch;
    fail_msg("nothing here fails to be answered");
}

uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Fills an address of either family. */
static socklen_t fill(struct sockaddr_storage *storage, const char *address, unsigned port)
{
    memset(storage, 0, sizeof(*storage));
    struct sockaddr_in *in = (struct sockaddr_in *)storage;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)storage;
    if (strchr(address, ':') != NULL) {
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons((uint16_t)port);
        assert_int_equal(inet_pton(AF_INET6, address, &in6->sin6_addr), 1);
        return sizeof(*in6);
    }
    in->sin_family = AF_INET;
    in->sin_port = htons((uint16_t)port);
    assert_int_equal(inet_pton(AF_INET, address, &in->sin_addr), 1);
    return sizeof(*in);
}

static struct address address_of(const char *text)
{
    char host[ADDRESS_TEXT_MAX];
    snprintf(host, sizeof(host), "%s", text);
    char *port = strchr(host, '@');
    assert_non_null(port);
    *port++ = '\0';
    struct address address = {.octets = 0};
    address.octets = fill(&address.storage, host, (unsigned)strtoul(port, NULL, 10));
    return address;
}

void harness_start(struct harness *h, struct harness_config config)
{
    *h = (struct harness){.pulse_fd = -1};
    atomic_store(&largest, 0);
    struct address listen[3];
    size_t listens = 0;
    while (listens < 3 && config.listen[listens] != NULL) {
        listen[listens] = address_of(config.listen[listens]);
        listens++;
    }
    if (config.limits.tcp_connections == 0)
        config.limits.tcp_connections = 1000;
    if (config.limits.tcp_connections_client == 0)
        config.limits.tcp_connections_client = 1000;
    if (config.limits.tcp_idle_ms == 0)
        config.limits.tcp_idle_ms = PATIENCE_MS;
    if (config.workers == 0)
        config.workers = 1;
    h->store = store_new(config.workers);
    assert_non_null(h->store);
    if (config.pulse) {
        h->pulse = pulse_new(config.workers, NULL, 0, &h->pulse_fd);
        assert_non_null(h->pulse);
    }
    const struct front_config front = {.listen = listen,
                                       .listens = listens,
                                       .xdp = config.xdp,
                                       .xdps = config.xdp != NULL,
                                       .workers = config.workers,
                                       .limits = config.limits,
                                       .by_cpu = config.by_cpu,
                                       .busy_poll = config.busy_poll,
                                       .inherited = config.inherited,
                                       .store = h->store,
                                       .pulse = h->pulse};
    struct notes notes;
    notes_init(&notes);
    assert_int_equal(front_open(&h->front, &front, &notes), 0);
    notes_fini(&notes);
    if (!config.stopped)
        assert_int_equal(front_start(h->front), 0);
}

void harness_stop(struct harness *h)
{
    front_free(h->front);
    if (h->pulse != NULL) {
        pulse_free(h->pulse);
        close(h->pulse_fd);
    }
    store_free(h->store);
}

int harness_open(struct front **front, struct store *store, const char *listen, char *text,
                 size_t size)
{
    const struct address address = address_of(listen);
    const struct front_config config = {.listen = &address,
                                        .listens = 1,
                                        .workers = 1,
                                        .limits = {10, 10, 1000},
                                        .store = store};
    struct notes notes;
    notes_init(&notes);
    const int err = front_open(front, &config, &notes);
    text[0] = '\0';
    if (notes.count > 0)
        snprintf(text, size, "%s", notes.note[0].message);
    notes_fini(&notes);
    return err;
}

unsigned harness_port(const struct harness *h, size_t index)
{
    const struct sockaddr_storage *bound = &front_address(h->front, index)->storage;
    return bound->ss_family == AF_INET6 ? ntohs(((const struct sockaddr_in6 *)bound)->sin6_port)
                                        : ntohs(((const struct sockaddr_in *)bound)->sin_port);
}

int client(int type, const char *from, const char *address, unsigned port)
{
    struct sockaddr_storage to;
    const socklen_t octets = fill(&to, address, port);
    const int fd = socket(to.ss_family, type | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    const struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (from != NULL) {
        struct sockaddr_storage own;
        const socklen_t own_octets = fill(&own, from, 0);
        assert_int_equal(bind(fd, (struct sockaddr *)&own, own_octets), 0);
    }
    assert_int_equal(connect(fd, (struct sockaddr *)&to, octets), 0);
    return fd;
}

void query_write(uint8_t *query, size_t octets, uint16_t id, const char *what)
{
    memset(query, 0, octets);
    query[0] = (uint8_t)(id >> 8);
    query[1] = (uint8_t)id;
    if (what != NULL)
        memcpy(query + 12, what, strlen(what));
}

size_t frame_write(uint8_t *frame, size_t octets, uint16_t id, const char *what)
{
    frame[0] = (uint8_t)(octets >> 8);
    frame[1] = (uint8_t)octets;
    query_write(frame + 2, octets, id, what);
    return octets + 2;
}

void send_all(int fd, const void *data, size_t octets)
{
    const char *at = data;
    while (octets > 0) {
        const ssize_t sent = send(fd, at, octets, MSG_NOSIGNAL);
        assert_true(sent > 0);
        at += sent;
        octets -= (size_t)sent;
    }
}

void receive_all(int fd, void *data, size_t octets)
{
    char *at = data;
    while (octets > 0) {
        const ssize_t received = recv(fd, at, octets, 0);
        assert_true(received > 0);
        at += received;
        octets -= (size_t)received;
    }
}

uint16_t receive_frame(int fd, size_t *octets)
{
    static uint8_t frame[65535];
    uint8_t prefix[2];
    receive_all(fd, prefix, sizeof(prefix));
    const size_t length = (size_t)prefix[0] << 8 | prefix[1];
    assert_true(length >= 12);
    receive_all(fd, frame, length);
    assert_true((frame[2] & 0x80) != 0);
    if (octets != NULL)
        *octets = length;
    return (uint16_t)(frame[0] << 8 | frame[1]);
}

bool ended(int fd)
{
    char octet;
    const ssize_t received = recv(fd, &octet, 1, 0);
    return received == 0 || (received < 0 && errno == ECONNRESET);
}

void ask_tcp(int fd, uint16_t id)
{
    uint8_t frame[64];
    send_all(fd, frame, frame_write(frame, 40, id, NULL));
    assert_int_equal(receive_frame(fd, NULL), id);
}

long ask_udp(int fd, uint16_t id, const char *what, uint8_t *answer, size_t size)
{
    uint8_t query[64];
    query_write(query, 40, id, what);
    assert_int_equal(send(fd, query, 40, 0), 40);
    return recv(fd, answer, size, 0);
}

void wait_for(_Atomic uint64_t *counter, uint64_t value)
{
    const uint64_t until = now_ms() + PATIENCE_MS;
    while (atomic_load(counter) < value) {
        assert_true(now_ms() < until);
        poll(NULL, 0, 1);
    }
}
