/* xdp_socket.h -- the AF_XDP socket of one receive queue, with its memory
 * The kernel puts what it receives into frames of a memory that it shares with us, and sends out
 * of others: half of them are for receiving and go round between the rings `fill` and `rx`, the
 * other half for sending between `tx` and `completion`. One thread at a time. */
#ifndef PHAROS_SERVER_IO_XDP_SOCKET_H
#define PHAROS_SERVER_IO_XDP_SOCKET_H

#include <stdbool.h>
#include <stdint.h>
#include <xdp/xsk.h>

enum {
    XDP_SOCKET_FRAME = 2048,  /* octets; the smallest that the kernel knows */
    XDP_SOCKET_FRAMES = 2048, /* for receiving, and as many for sending: 8 MiB together */
    /* What of a frame can be received into: the kernel keeps its own headroom. */
    XDP_SOCKET_RECEIVE_MAX = XDP_SOCKET_FRAME - 256,
};

enum xdp_copying { XDP_COPYING_ANY, XDP_COPYING_ALWAYS, XDP_COPYING_NEVER };

struct xdp_socket {
    uint8_t *memory; /* addresses in rings are offsets into it */
    struct xsk_umem *umem;
    struct xsk_socket *socket;
    int fd;
    struct xsk_ring_prod fill, tx;
    struct xsk_ring_cons completion, rx;
    unsigned free_frames;
    uint64_t free_frame[XDP_SOCKET_FRAMES]; /* to send from; the one used last is taken first,
                                             * since the cache still has it */
};

/* Opens the socket of a queue; needs CAP_NET_RAW. With XDP_COPYING_NEVER the driver must be able
 * to share the memory (zero-copy). Returns 0 or a negative errno: -EBUSY where the queue has a
 * socket already, -ENOBUFS beyond RLIMIT_MEMLOCK; then there's nothing to close. */
int xdp_socket_open(struct xdp_socket *socket, const char *interface, unsigned queue,
                    enum xdp_copying copying);
void xdp_socket_close(struct xdp_socket *socket);

/* Whether frames aren't copied. */
bool xdp_socket_zero_copy(const struct xdp_socket *socket);

/* Takes up to `max` received frames. Each goes back by xdp_socket_give_back(). */
unsigned xdp_socket_receive(struct xdp_socket *socket, struct xdp_desc *frames, unsigned max);
void xdp_socket_give_back(struct xdp_socket *socket, const struct xdp_desc *frames,
                          unsigned count);

/* Takes up to `max` frames to send from; `at` gets their addresses. Fewer when the interface is
 * slow. */
unsigned xdp_socket_lend(struct xdp_socket *socket, uint64_t *at, unsigned max);

/* A lent frame that isn't needed. */
void xdp_socket_return(struct xdp_socket *socket, uint64_t at);

/* Sends lent frames; they come back by themselves. */
void xdp_socket_send(struct xdp_socket *socket, const struct xdp_desc *frames, unsigned count);

/* Has the kernel send what may have been left. */
void xdp_socket_kick(struct xdp_socket *socket);

/* Frames that the kernel dropped since the socket was opened: for want of room, or too long. */
uint64_t xdp_socket_dropped(const struct xdp_socket *socket);

#endif
