/* xdp_queue.c -- a receive queue of an interface: batches of frames in, batches out */
#include "server/io/xdp_queue.h"

#include "server/io/xdp_frame.h"
#include "server/io/xdp_program.h"
#include "server/io/xdp_socket.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    BATCH = XDP_QUEUE_BATCH,
    /* Where the answer's payload begins in the frame that it's sent from, and a step: as frames are
     * a power of two apart, their payloads would share a few sets of the cache. */
    PAYLOAD_AT = 128,
    STEP = 64,
    STEPS = 8,
};

_Static_assert(PAYLOAD_AT + STEP * (STEPS - 1) + (int)XDP_FRAME_MTU_MAX - 28
                   <= (int)XDP_SOCKET_FRAME,
               "the longest answer fits");
_Static_assert((int)PAYLOAD_AT >= (int)XDP_FRAME_HEADERS_MAX, "the headers fit before it");

/* Entry i of each array belongs to frame i as received, but for `lent` and `sending`, without
 * gaps. */
struct xdp_queue {
    struct xdp_socket socket;
    unsigned mtu;
    uint64_t mark;
    uint64_t random;   /* for IPv4's identifications */
    bool stamped;      /* the last frame bore a stamp: then `empty_ns` isn't needed */
    uint64_t empty_ns; /* CLOCK_MONOTONIC: when the queue was last seen without a frame */
    uint64_t dropped;  /* what of them was counted */
    struct xdp_desc received[BATCH];
    struct xdp_frame frame[BATCH];
    struct exchange exchange[BATCH];
    uint64_t answer_at[BATCH];  /* in the memory, of the frame to send from */
    uint64_t arrived_ns[BATCH]; /* CLOCK_MONOTONIC, at the earliest */
    uint32_t latency_us[BATCH];
    uint64_t lent[BATCH];
    struct xdp_desc sending[BATCH];
    uint8_t unsent[UDP_PLAIN_MAX]; /* the answers' buffer of what isn't answered */
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int xdp_queue_open(struct xdp_queue **out, const struct xdp_queue_config *config)
{
    struct xdp_queue *q = calloc(1, sizeof(*q));
    if (q == NULL)
        return -ENOMEM;
    const enum xdp_copying copying = config->copy        ? XDP_COPYING_ALWAYS
                                     : config->zero_copy ? XDP_COPYING_NEVER
                                                         : XDP_COPYING_ANY;
    int err = xdp_socket_open(&q->socket, config->interface, config->queue, copying);
    if (err == 0 && getrandom(&q->random, sizeof(q->random), 0) != sizeof(q->random)) {
        xdp_socket_close(&q->socket);
        err = -EAGAIN;
    }
    if (err != 0) {
        free(q);
        return err;
    }
    q->mtu = config->mtu;
    q->mark = config->mark;
    q->random |= 1;
    q->empty_ns = now_ns();
    *out = q;
    return 0;
}

void xdp_queue_close(struct xdp_queue *queue)
{
    if (queue == NULL)
        return;
    xdp_socket_close(&queue->socket);
    free(queue);
}

int xdp_queue_fd(const struct xdp_queue *queue)
{
    return queue->socket.fd;
}

bool xdp_queue_zero_copy(const struct xdp_queue *queue)
{
    return xdp_socket_zero_copy(&queue->socket);
}

void xdp_queue_wake(struct xdp_queue *queue)
{
    if (!queue->stamped)
        queue->empty_ns = now_ns();
}

/* xorshift64*: identifications that don't repeat soon (RFC 6864 section 4.3) and aren't counted
 * up for everybody to see. */
static uint16_t next_id(struct xdp_queue *q)
{
    q->random ^= q->random >> 12;
    q->random ^= q->random << 25;
    q->random ^= q->random >> 27;
    return (uint16_t)(q->random * UINT64_C(2685821657736338717) >> 48);
}

/* When the program saw the frame. The mark is taken away, so that it's never read twice where a
 * later frame has no stamp. */
static uint64_t take_stamp(struct xdp_queue *q, uint8_t *octets)
{
    struct xdp_stamp stamp;
    uint8_t *at = octets - sizeof(stamp);
    memcpy(&stamp, at, sizeof(stamp));
    q->stamped = stamp.mark == q->mark;
    if (!q->stamped)
        return q->empty_ns;
    memset(at, 0, sizeof(stamp.mark));
    return stamp.ns;
}

/* The frames' first octets have just been written by another CPU, mostly: fetched all at once. */
static void prefetch(const struct xdp_queue *q, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const uint8_t *octets = q->socket.memory + q->received[i].addr;
        __builtin_prefetch(octets - sizeof(struct xdp_stamp), 1);
        __builtin_prefetch(octets);
        __builtin_prefetch(octets + 64);
    }
}

/* Makes exchanges of what was received. One without a query, since the frame is odd or there's
 * none to answer from, gets no answer. */
static void read_batch(struct xdp_queue *q, struct service *service, unsigned count)
{
    const unsigned lent = xdp_socket_lend(&q->socket, q->lent, count);
    unsigned used = 0;
    unsigned odd = 0;
    for (unsigned i = 0; i < count; i++) {
        uint8_t *octets = q->socket.memory + q->received[i].addr;
        struct xdp_frame *frame = &q->frame[i];
        struct exchange *x = &q->exchange[i];
        q->arrived_ns[i] = take_stamp(q, octets);
        *x = (struct exchange){.query = octets,
                               .transport = TRANSPORT_UDP,
                               .answer = q->unsent,
                               .answer_max = sizeof(q->unsent)};
        const bool sound = xdp_frame_read(frame, octets, q->received[i].len);
        odd += !sound;
        if (!sound || used == lent)
            continue;
        const uint64_t chunk = q->lent[used++];
        const uint64_t payload = chunk + PAYLOAD_AT + chunk / XDP_SOCKET_FRAME % STEPS * STEP;
        q->answer_at[i] = payload - frame->payload_at;
        x->query = octets + frame->payload_at;
        x->query_octets = frame->payload_octets;
        x->client = xdp_frame_client(frame, octets);
        x->client_octets = frame->ipv6 ? 16 : 4;
        x->answer = q->socket.memory + payload;
        x->answer_max = xdp_frame_room(frame, q->mtu);
    }
    for (unsigned i = used; i < lent; i++)
        xdp_socket_return(&q->socket, q->lent[i]);
    pulse_add(&service->pulse->xdp_received, count);
    pulse_add(&service->pulse->xdp_odd, odd);
}

/* Puts the headers before the answers and sends them. */
static void send_answers(struct xdp_queue *q, unsigned count)
{
    unsigned answers = 0;
    for (unsigned i = 0; i < count; i++) {
        const struct exchange *x = &q->exchange[i];
        if (x->answer == q->unsent)
            continue;
        if (x->answer_octets == 0) {
            xdp_socket_return(&q->socket, q->answer_at[i]);
            continue;
        }
        const uint8_t *query = q->socket.memory + q->received[i].addr;
        const size_t octets = xdp_frame_answer(q->socket.memory + q->answer_at[i], query,
                                               &q->frame[i], x->answer_octets, next_id(q));
        q->sending[answers++] =
            (struct xdp_desc){.addr = q->answer_at[i], .len = (uint32_t)octets};
    }
    xdp_socket_send(&q->socket, q->sending, answers);
}

/* How long each query has waited by now. */
static void measure(struct xdp_queue *q, unsigned count)
{
    const uint64_t now = now_ns();
    for (unsigned i = 0; i < count; i++) {
        const uint64_t us = (now - q->arrived_ns[i]) / 1000;
        q->latency_us[i] = now >= q->arrived_ns[i] && us <= LATENCY_MAX_US
                               ? (uint32_t)us
                               : (uint32_t)LATENCY_UNKNOWN;
    }
}

/* A batch that isn't full is no reason to stop: while it was answered more may have come, and to
 * look costs nothing, whereas a turn of the loop asks the kernel. */
unsigned xdp_queue_turn(struct xdp_queue *q, struct service *service, unsigned batches)
{
    unsigned received = 0;
    for (unsigned batch = 0; batch < batches; batch++) {
        const unsigned count = xdp_socket_receive(&q->socket, q->received, BATCH);
        if (count == 0)
            break;
        const uint64_t empty_ns = count < BATCH && !q->stamped ? now_ns() : q->empty_ns;
        prefetch(q, count);
        read_batch(q, service, count);
        service_answer(service, q->exchange, count);
        send_answers(q, count);
        xdp_socket_give_back(&q->socket, q->received, count);
        measure(q, count);
        service_count(service, SERVICE_PATH_ANY, TRANSPORT_UDP, q->exchange, q->latency_us,
                      count);
        q->empty_ns = empty_ns;
        received += count;
    }
    return received;
}

void xdp_queue_tick(struct xdp_queue *queue, struct service *service)
{
    const uint64_t dropped = xdp_socket_dropped(&queue->socket);
    if (dropped > queue->dropped) {
        const uint64_t more = dropped - queue->dropped;
        service_count_drops(service, SERVICE_PATH_ANY,
                            more < UINT32_MAX ? (uint32_t)more : UINT32_MAX);
        queue->dropped = dropped;
    }
    if (queue->socket.free_frames < XDP_SOCKET_FRAMES)
        xdp_socket_kick(&queue->socket);
}
