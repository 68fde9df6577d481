/* double.c -- a stand-in for pharosd: the pulse, its socket, and answers that bear the instance
 * One worker, REFUSED for every question. For tests of what watches a server; slow, stuck and dead
 * on request.
 *
 *     double RUN-DIR ADDRESS@PORT...
 *
 * SIGUSR1: each answer takes 200 ms more, or again none. SIGTERM: withdraw, then stop. */
#include "server/admin/pulse_socket.h"
#include "server/base/address.h"
#include "server/base/pulse.h"
#include "zone/wire.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SOCKETS_MAX = 16, CONNECTIONS_MAX = 64, SLOW_MS = 200, OPT_OCTETS = 15 };

struct server {
    struct pulse *pulse;
    struct pulse_socket *socket;
    size_t count; /* UDP sockets first, then as many TCP listeners, then connections */
    size_t listens;
    struct pollfd poll[2 * SOCKETS_MAX + CONNECTIONS_MAX];
};

static volatile sig_atomic_t slow;

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void pause_ms(unsigned ms)
{
    const struct timespec pause = {.tv_nsec = (long)ms * 1000000};
    nanosleep(&pause, NULL);
}

/* Turns the query of a probe into its answer, in place. 0: it's none. */
static size_t answer(const struct server *server, uint8_t *message, size_t octets)
{
    if (octets < 12 + OPT_OCTETS || (message[2] & 0x80) != 0)
        return 0;
    message[2] |= 0x84;
    message[3] = 5;
    wire_put16(message + octets - 6, 4 + PULSE_INSTANCE);
    wire_put16(message + octets - 2, PULSE_INSTANCE);
    memcpy(message + octets, server->pulse->instance, PULSE_INSTANCE);
    return octets + PULSE_INSTANCE;
}

static void count(const struct server *server, uint64_t since_us)
{
    const uint64_t now = now_us();
    struct pulse_slice *slice = pulse_slice_now(pulse_rings(server->pulse, 0), now / 1000);
    pulse_add32(&slice->answers, 1);
    pulse_add32(&slice->latency[pulse_bucket(now - since_us)], 1);
}

static void serve_udp(const struct server *server, int fd)
{
    uint8_t message[1024];
    struct sockaddr_storage from;
    socklen_t from_octets = sizeof(from);
    const uint64_t since = now_us();
    const ssize_t got = recvfrom(fd, message, sizeof(message) - PULSE_INSTANCE, 0,
                                 (struct sockaddr *)&from, &from_octets);
    const size_t octets = got < 0 ? 0 : answer(server, message, (size_t)got);
    if (octets == 0)
        return;
    if (slow)
        pause_ms(SLOW_MS);
    sendto(fd, message, octets, 0, (struct sockaddr *)&from, from_octets);
    count(server, since);
}

static void serve_connection(struct server *server, size_t index)
{
    uint8_t message[1024];
    const uint64_t since = now_us();
    const int fd = server->poll[index].fd;
    const ssize_t got = recv(fd, message, sizeof(message) - PULSE_INSTANCE, 0);
    const size_t octets = got < 2 ? 0 : answer(server, message + 2, (size_t)got - 2);
    if (octets == 0) {
        close(fd);
        server->poll[index] = server->poll[--server->count];
        return;
    }
    if (slow)
        pause_ms(SLOW_MS);
    wire_put16(message, (uint16_t)octets);
    send(fd, message, octets + 2, MSG_NOSIGNAL);
    count(server, since);
}

static void accept_one(struct server *server, int fd)
{
    const int connection = accept(fd, NULL, NULL);
    if (connection < 0)
        return;
    if (server->count == sizeof(server->poll) / sizeof(server->poll[0]))
        close(connection);
    else
        server->poll[server->count++] = (struct pollfd){.fd = connection, .events = POLLIN};
}

static void work(void *arg)
{
    struct server *server = arg;
    pulse_live(server->pulse, 0);
    for (;;) {
        poll(server->poll, server->count, PULSE_TICK_MS);
        pulse_add(&server->pulse->worker[0].heartbeat, 1);
        for (size_t i = server->count; i-- > 0;) {
            if (server->poll[i].revents == 0)
                continue;
            if (i < server->listens)
                serve_udp(server, server->poll[i].fd);
            else if (i < 2 * server->listens)
                accept_one(server, server->poll[i].fd);
            else
                serve_connection(server, i);
        }
    }
}

static int listen_at(const char *text, int type)
{
    struct address address;
    const int on = 1;
    const char *wrong = address_from_text(&address, text, 53);
    if (wrong != NULL) {
        fprintf(stderr, "double: %s: %s\n", text, wrong);
        return -1;
    }
    const int fd = socket(address.storage.ss_family, type, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&address.storage, address.octets) != 0
        || (type == SOCK_STREAM && listen(fd, 64) != 0)) {
        perror("double");
        return -1;
    }
    return fd;
}

static void toggle_slow(int number)
{
    (void)number;
    slow = !slow;
}

static void leave(void *arg, bool withdrawn)
{
    (void)arg;
    exit(withdrawn ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void on_term(uv_signal_t *signal, int number)
{
    (void)number;
    struct server *server = signal->data;
    atomic_store(&server->pulse->state, PULSE_DRAINING);
    pulse_socket_wait_withdrawn(server->socket, 2000, leave, NULL);
}

int main(int argc, char **argv)
{
    static struct server server;
    int memfd;
    if (argc < 3 || argc - 2 > SOCKETS_MAX) {
        fputs("double RUN-DIR ADDRESS@PORT...\n", stderr);
        return 2;
    }
    server.listens = (size_t)argc - 2;
    for (int i = 2; i < argc; i++) {
        const int udp = listen_at(argv[i], SOCK_DGRAM);
        const int tcp = listen_at(argv[i], SOCK_STREAM);
        if (udp < 0 || tcp < 0)
            return 1;
        server.poll[i - 2] = (struct pollfd){.fd = udp, .events = POLLIN};
        server.poll[(size_t)i - 2 + server.listens] =
            (struct pollfd){.fd = tcp, .events = POLLIN};
    }
    server.count = 2 * server.listens;
    signal(SIGUSR1, toggle_slow);
    uv_loop_t *loop = uv_default_loop();
    server.pulse = pulse_new(1, NULL, 0, &memfd);
    if (server.pulse == NULL || pulse_socket_open(&server.socket, loop, argv[1], memfd) != 0)
        return 1;
    uv_thread_t worker;
    if (uv_thread_create(&worker, work, &server) != 0)
        return 1;
    uv_signal_t term;
    uv_signal_init(loop, &term);
    term.data = &server;
    uv_signal_start(&term, on_term, SIGTERM);
    atomic_store(&server.pulse->zones, 1);
    atomic_store(&server.pulse->state, PULSE_SERVING);
    uv_run(loop, UV_RUN_DEFAULT);
    return 0;
}
