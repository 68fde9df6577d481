/* xdp_none.c -- in the place of xdp.c where pharosd is built without libxdp */
#include "server/io/xdp.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

struct xdp_share {
    struct service *service;
};

int xdp_open(struct xdp **out, const struct config_xdp *config, const struct address *listen,
             size_t listens, struct notes *notes)
{
    (void)out, (void)listen, (void)listens;
    notes_hint(notes_add(notes, SEVERITY_ERROR, NULL, 0, 0, 1, NULL, 0,
                         "listen-xdp %s: this pharosd was built without AF_XDP",
                         config->interface),
               "build it with libxdp, libbpf and clang: -DPHAROS_XDP=ON");
    return -EOPNOTSUPP;
}

/* No interface was opened, so what follows is called for none, or has nothing to do. */

unsigned xdp_queues(const struct xdp *xdp)
{
    (void)xdp;
    return 0;
}

const char *xdp_text(const struct xdp *xdp)
{
    (void)xdp;
    return "";
}

void xdp_leave(struct xdp *xdp)
{
    (void)xdp;
}

void xdp_free(struct xdp *xdp)
{
    (void)xdp;
}

struct xdp_share *xdp_share_new(struct service *service)
{
    struct xdp_share *share = calloc(1, sizeof(*share));
    if (share != NULL)
        share->service = service;
    return share;
}

void xdp_share_free(struct xdp_share *share)
{
    free(share);
}

int xdp_share_add(struct xdp_share *share, struct xdp *xdp, unsigned queue)
{
    (void)share, (void)xdp, (void)queue;
    return -EOPNOTSUPP;
}

int xdp_share_start(struct xdp_share *share, uv_loop_t *loop)
{
    (void)share, (void)loop;
    return 0;
}

void xdp_share_turn(struct xdp_share *share, unsigned batches)
{
    (void)share, (void)batches;
}

void xdp_share_tick(struct xdp_share *share)
{
    (void)share;
}

void xdp_share_close(struct xdp_share *share)
{
    (void)share;
}
