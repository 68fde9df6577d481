/* xdp_share.c -- the receive queues that one worker serves */
#include "server/io/xdp.h"
#include "server/io/xdp_internal.h"

#include <errno.h>
#include <stdlib.h>

/* A queue in the worker's loop. */
struct watched {
    struct xdp_share *share;
    struct xdp_queue *queue; /* borrowed from its interface */
    uv_poll_t poll;
    bool open; /* `poll` is in the loop */
    bool busy; /* read in every turn, not watched, as on_udp() of worker.c */
};

struct xdp_share {
    struct service *service;
    uv_idle_t spin; /* runs while a queue is busy, and keeps the loop from waiting */
    bool open;      /* `spin` is in the loop */
    size_t queues;
    struct watched **watched; /* each on its own, since handles can't move */
};

struct xdp_share *xdp_share_new(struct service *service)
{
    struct xdp_share *share = calloc(1, sizeof(*share));
    if (share != NULL)
        share->service = service;
    return share;
}

void xdp_share_free(struct xdp_share *share)
{
    if (share == NULL)
        return;
    for (size_t i = 0; i < share->queues; i++)
        free(share->watched[i]);
    free(share->watched);
    free(share);
}

int xdp_share_add(struct xdp_share *share, struct xdp *xdp, unsigned queue)
{
    struct watched **more =
        realloc(share->watched, (share->queues + 1) * sizeof(struct watched *));
    if (more == NULL)
        return -ENOMEM;
    share->watched = more;
    struct watched *w = calloc(1, sizeof(*w));
    if (w == NULL)
        return -ENOMEM;
    w->share = share;
    w->queue = xdp_queue_of(xdp, queue);
    share->watched[share->queues++] = w;
    return 0;
}

static void on_readable(uv_poll_t *poll, int status, int events);

static void watch(struct watched *w)
{
    /* It fails only where the descriptor is none. */
    (void)uv_poll_start(&w->poll, UV_READABLE, on_readable);
}

static void on_spin(uv_idle_t *spin)
{
    struct xdp_share *share = spin->data;
    bool busy = false;
    for (size_t i = 0; i < share->queues; i++) {
        struct watched *w = share->watched[i];
        if (!w->busy)
            continue;
        w->busy = xdp_queue_turn(w->queue, share->service, XDP_QUEUE_BATCHES) != 0;
        if (!w->busy)
            watch(w);
        busy = busy || w->busy;
    }
    if (!busy)
        uv_idle_stop(spin);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct watched *w = poll->data;
    /* In error (the interface went down) libuv stops watching; on_tick starts again. */
    if (status < 0)
        return;
    xdp_queue_wake(w->queue);
    if (xdp_queue_turn(w->queue, w->share->service, XDP_QUEUE_BATCHES) < XDP_QUEUE_BATCH)
        return;
    w->busy = true;
    uv_poll_stop(poll);
    uv_idle_start(&w->share->spin, on_spin);
}

int xdp_share_start(struct xdp_share *share, uv_loop_t *loop)
{
    int err = share->queues == 0 ? 0 : uv_idle_init(loop, &share->spin);
    if (err != 0 || share->queues == 0)
        return err;
    share->spin.data = share;
    share->open = true;
    for (size_t i = 0; i < share->queues && err == 0; i++) {
        struct watched *w = share->watched[i];
        err = uv_poll_init(loop, &w->poll, xdp_queue_fd(w->queue));
        if (err != 0)
            break;
        w->poll.data = w;
        w->open = true;
        watch(w);
    }
    return err;
}

void xdp_share_turn(struct xdp_share *share, unsigned batches)
{
    for (size_t i = 0; i < share->queues; i++) {
        if (share->watched[i]->open)
            (void)xdp_queue_turn(share->watched[i]->queue, share->service, batches);
    }
}

void xdp_share_tick(struct xdp_share *share)
{
    for (size_t i = 0; i < share->queues; i++) {
        struct watched *w = share->watched[i];
        if (!w->open)
            continue;
        xdp_queue_tick(w->queue, share->service);
        if (!w->busy && !uv_is_active((uv_handle_t *)&w->poll))
            watch(w);
    }
}

void xdp_share_close(struct xdp_share *share)
{
    for (size_t i = 0; i < share->queues; i++) {
        struct watched *w = share->watched[i];
        if (w->open)
            uv_close((uv_handle_t *)&w->poll, NULL);
        w->open = w->busy = false;
    }
    if (share->open)
        uv_close((uv_handle_t *)&share->spin, NULL);
    share->open = false;
}
