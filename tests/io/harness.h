/* harness.h -- a front with a simple respond() behind it, and clients on loopback
 * The respond() of these tests gives the query back with QR set, its RCODE field as the rcode.
 * What follows the header tells more: 'B' and four hex digits ask for an answer of so many
 * octets, 'S' for none at all, 'N' for one with the extended error "not ready". As the real one,
 * it says nothing to responses and to less than a header. */
#ifndef PHAROS_TESTS_IO_HARNESS_H
#define PHAROS_TESTS_IO_HARNESS_H

#include "server/io/front.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { PATIENCE_MS = 10000 }; /* how long a test waits for what must come */

struct harness {
    struct front *front;
    struct store *store;
    struct pulse *pulse;
    int pulse_fd;
};

/* What a test may ask for; zeroes are 1 worker, generous limits, no pulse. */
struct harness_config {
    const char *listen[3];
    const struct config_xdp *xdp; /* one interface; may be NULL */
    unsigned workers;
    struct config_limits limits;
    bool pulse;
    bool by_cpu;
    bool busy_poll;
    struct inherited *inherited; /* of another front */
    bool stopped; /* the sockets are bound, the threads not started */
};

void harness_start(struct harness *harness, struct harness_config config);
void harness_stop(struct harness *harness);

/* front_open() for one address. Returns what it did; `text` gets its first note. */
int harness_open(struct front **front, struct store *store, const char *listen, char *text,
                 size_t size);

/* The port of listening address `index`. */
unsigned harness_port(const struct harness *harness, size_t index);

/* A socket connected to the server at `address`, with `from` (may be NULL) as its own.
 * Receiving gives up after PATIENCE_MS. */
int client(int type, const char *from, const char *address, unsigned port);

/* A query of `octets` octets (at least 12) with this id; `what` (may be NULL) follows the
 * header. */
void query_write(uint8_t *query, size_t octets, uint16_t id, const char *what);

/* The same with a length prefix; returns octets written. */
size_t frame_write(uint8_t *frame, size_t octets, uint16_t id, const char *what);

/* Sends all or fails the test. */
void send_all(int fd, const void *data, size_t octets);

/* Receives exactly so many octets by TCP or fails the test. */
void receive_all(int fd, void *data, size_t octets);

/* Receives one framed answer; returns its id, its length in `*octets` (may be NULL). */
uint16_t receive_frame(int fd, size_t *octets);

/* Whether the server has ended the connection: waits for it. */
bool ended(int fd);

/* Asks by TCP on an open connection; fails the test without an answer. */
void ask_tcp(int fd, uint16_t id);

/* Sends and receives one datagram; returns the answer's octets or -1. */
long ask_udp(int fd, uint16_t id, const char *what, uint8_t *answer, size_t size);

/* How many requests were in the largest batch that respond() got since harness_start(). */
size_t largest_batch(void);

/* Waits until a counter is at least `value`, or fails the test. */
void wait_for(_Atomic uint64_t *counter, uint64_t value);

uint64_t now_ms(void);

#endif
