/* xdp_socket.c -- the AF_XDP socket of one receive queue, with its memory */
#include "server/io/xdp_socket.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_xdp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum {
    FRAME = XDP_SOCKET_FRAME,
    FRAMES = XDP_SOCKET_FRAMES,
    HUGE_PAGE = 2 * 1024 * 1024,
    BUFFER_OCTETS = 4 * 1024 * 1024, /* under way in the kernel, as of the UDP sockets */
    /* The kernel sends 32 frames a call when it copies, and stops where the interface drops one.
     * Linux 6.17 and later let us say how many: XDP_MAX_TX_SKB_BUDGET. */
    KICKS = 6,
    MAX_TX_BUDGET = 9,
    TX_BUDGET = 64,
    RECLAIM = 256, /* frames taken back at once */
};

static const size_t memory_octets = (size_t)2 * FRAMES * FRAME;

static void fill_rings(struct xdp_socket *s)
{
    uint32_t at = 0;
    const unsigned room = xsk_ring_prod__reserve(&s->fill, FRAMES, &at);
    assert(room == FRAMES);
    for (unsigned i = 0; i < room; i++)
        *xsk_ring_prod__fill_addr(&s->fill, at + i) = (uint64_t)i * FRAME;
    xsk_ring_prod__submit(&s->fill, room);
    for (unsigned i = 0; i < FRAMES; i++)
        s->free_frame[i] = (uint64_t)(FRAMES + i) * FRAME;
    s->free_frames = FRAMES;
}

static int create(struct xdp_socket *s, const char *interface, unsigned queue,
                  enum xdp_copying copying)
{
    static const uint16_t flags[] = {[XDP_COPYING_ANY] = 0,
                                     [XDP_COPYING_ALWAYS] = XDP_COPY,
                                     [XDP_COPYING_NEVER] = XDP_ZEROCOPY};
    const struct xsk_umem_config memory = {
        .fill_size = FRAMES, .comp_size = FRAMES, .frame_size = FRAME};
    const struct xsk_socket_config config = {
        .rx_size = FRAMES,
        .tx_size = FRAMES,
        .libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD, /* we have our own */
        .bind_flags = (uint16_t)(flags[copying] | XDP_USE_NEED_WAKEUP)};
    int err =
        xsk_umem__create(&s->umem, s->memory, memory_octets, &s->fill, &s->completion, &memory);
    if (err != 0)
        return err;
    fill_rings(s); /* some drivers take frames when the socket is bound */
    err = xsk_socket__create(&s->socket, interface, queue, s->umem, &s->rx, &s->tx, &config);
    if (err != 0)
        return err;
    s->fd = xsk_socket__fd(s->socket);
    const int octets = BUFFER_OCTETS;
    if (setsockopt(s->fd, SOL_SOCKET, SO_SNDBUFFORCE, &octets, sizeof(octets)) != 0)
        (void)setsockopt(s->fd, SOL_SOCKET, SO_SNDBUF, &octets, sizeof(octets));
    const int budget = TX_BUDGET;
    (void)setsockopt(s->fd, SOL_XDP, MAX_TX_BUDGET, &budget, sizeof(budget));
    return fcntl(s->fd, F_SETFD, FD_CLOEXEC) == 0 ? 0 : -errno;
}

int xdp_socket_open(struct xdp_socket *socket, const char *interface, unsigned queue,
                    enum xdp_copying copying)
{
    memset(socket, 0, sizeof(*socket));
    socket->fd = -1;
    socket->memory = aligned_alloc(HUGE_PAGE, memory_octets);
    if (socket->memory == NULL)
        return -ENOMEM;
    (void)madvise(socket->memory, memory_octets, MADV_HUGEPAGE);
    (void)madvise(socket->memory, memory_octets, MADV_DONTDUMP);
    memset(socket->memory, 0, memory_octets);
    const int err = create(socket, interface, queue, copying);
    if (err != 0)
        xdp_socket_close(socket);
    return err;
}

void xdp_socket_close(struct xdp_socket *socket)
{
    if (socket->socket != NULL)
        xsk_socket__delete(socket->socket);
    if (socket->umem != NULL)
        (void)xsk_umem__delete(socket->umem);
    free(socket->memory);
    socket->socket = NULL;
    socket->umem = NULL;
    socket->memory = NULL;
    socket->fd = -1;
}

bool xdp_socket_zero_copy(const struct xdp_socket *socket)
{
    struct xdp_options options = {.flags = 0};
    socklen_t octets = sizeof(options);
    return getsockopt(socket->fd, SOL_XDP, XDP_OPTIONS, &options, &octets) == 0
           && (options.flags & XDP_OPTIONS_ZEROCOPY) != 0;
}

unsigned xdp_socket_receive(struct xdp_socket *s, struct xdp_desc *frames, unsigned max)
{
    uint32_t at = 0;
    const unsigned count = xsk_ring_cons__peek(&s->rx, max, &at);
    for (unsigned i = 0; i < count; i++)
        frames[i] = *xsk_ring_cons__rx_desc(&s->rx, at + i);
    if (count != 0)
        xsk_ring_cons__release(&s->rx, count);
    return count;
}

void xdp_socket_give_back(struct xdp_socket *s, const struct xdp_desc *frames, unsigned count)
{
    uint32_t at = 0;
    /* There's room for all frames that there are. */
    const unsigned room = xsk_ring_prod__reserve(&s->fill, count, &at);
    assert(room == count);
    for (unsigned i = 0; i < room; i++)
        *xsk_ring_prod__fill_addr(&s->fill, at + i) = frames[i].addr / FRAME * FRAME;
    xsk_ring_prod__submit(&s->fill, room);
    if (xsk_ring_prod__needs_wakeup(&s->fill))
        (void)recvfrom(s->fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);
}

/* Takes back what has been sent. */
static void reclaim(struct xdp_socket *s)
{
    uint32_t at = 0;
    const unsigned count = xsk_ring_cons__peek(&s->completion, RECLAIM, &at);
    for (unsigned i = 0; i < count; i++)
        s->free_frame[s->free_frames++] =
            *xsk_ring_cons__comp_addr(&s->completion, at + i) / FRAME * FRAME;
    if (count != 0)
        xsk_ring_cons__release(&s->completion, count);
}

unsigned xdp_socket_lend(struct xdp_socket *s, uint64_t *at, unsigned max)
{
    reclaim(s);
    const unsigned count = max < s->free_frames ? max : s->free_frames;
    for (unsigned i = 0; i < count; i++)
        at[i] = s->free_frame[--s->free_frames];
    return count;
}

void xdp_socket_return(struct xdp_socket *socket, uint64_t at)
{
    assert(socket->free_frames < FRAMES);
    socket->free_frame[socket->free_frames++] = at / FRAME * FRAME;
}

void xdp_socket_kick(struct xdp_socket *socket)
{
    for (unsigned i = 0; i < KICKS; i++) {
        if (sendto(socket->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) >= 0
            || (errno != EAGAIN && errno != EBUSY))
            return;
    }
}

void xdp_socket_send(struct xdp_socket *s, const struct xdp_desc *frames, unsigned count)
{
    uint32_t at = 0;
    if (count == 0)
        return;
    const unsigned room = xsk_ring_prod__reserve(&s->tx, count, &at);
    assert(room == count);
    for (unsigned i = 0; i < room; i++)
        *xsk_ring_prod__tx_desc(&s->tx, at + i) = frames[i];
    xsk_ring_prod__submit(&s->tx, room);
    if (xsk_ring_prod__needs_wakeup(&s->tx))
        xdp_socket_kick(s);
}

uint64_t xdp_socket_dropped(const struct xdp_socket *socket)
{
    struct xdp_statistics statistics = {.rx_dropped = 0};
    socklen_t octets = sizeof(statistics);
    if (getsockopt(socket->fd, SOL_XDP, XDP_STATISTICS, &statistics, &octets) != 0)
        return 0;
    return statistics.rx_dropped + statistics.rx_ring_full;
}
