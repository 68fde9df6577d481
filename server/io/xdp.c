/* xdp.c -- an interface whose queries come through AF_XDP: its program and its queues */
#include "server/io/xdp.h"

#include "server/io/xdp_attach.h"
#include "server/io/xdp_endpoints.h"
#include "server/io/xdp_internal.h"
#include "server/io/xdp_vlan.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BUSY_TRIES = 100, BUSY_NS = 10 * 1000 * 1000 }; /* a second */

struct xdp {
    struct xdp_interface interface;
    struct xdp_program program;
    char text[IF_NAMESIZE + 64];
    struct xdp_queue *queue[]; /* one for each of the interface's; NULL: not open */
};

/* Puts the program on; nothing goes to us before there are sockets. */
static int attach(struct xdp *xdp, const struct config_xdp *config,
                  const struct address *listen, size_t listens, struct notes *notes)
{
    struct ifaddrs *host = NULL;
    if (getifaddrs(&host) != 0)
        host = NULL;
    struct xdp_endpoints endpoints;
    int err = xdp_endpoints_of(&endpoints, listen, listens, host, xdp->interface.index);
    freeifaddrs(host);
    if (err == 0 && endpoints.count == 0) {
        notes_add(notes, SEVERITY_ERROR, NULL, 0, 0, 1, NULL, 0,
                  "listen-xdp %s: no address of server.listen can be asked through it",
                  config->interface);
        err = -EINVAL;
    }
    if (err == 0)
        err = xdp_attach(&xdp->program, &xdp->interface, config->mode, endpoints.endpoint,
                         endpoints.count, notes);
    free(endpoints.endpoint);
    return err;
}

static int refuse_queue(const struct xdp *xdp, unsigned queue, int err, struct notes *notes)
{
    struct note *note =
        notes_add(notes, SEVERITY_ERROR, NULL, 0, 0, 1, NULL, 0,
                  "listen-xdp %s: no socket for queue %u of %u: %s", xdp->interface.name, queue,
                  xdp->interface.queues, strerror(-err));
    if (err == -EBUSY)
        notes_hint(note, "another program has one");
    else if (err == -EPERM)
        notes_hint(note, "it takes CAP_NET_RAW");
    else if (err == -ENOBUFS)
        notes_hint(note, "it takes 8 MiB of locked memory: `ulimit -l`, or LimitMEMLOCK of "
                         "systemd.exec");
    else if (err == -EOPNOTSUPP)
        notes_hint(note, "the driver can't share memory: mode: native copies");
    return err;
}

/* The kernel takes its time to let go of a queue whose socket was closed, which a server that is
 * restarted shouldn't die of. */
static int open_queue(struct xdp_queue **out, const struct xdp_queue_config *config)
{
    int err = xdp_queue_open(out, config);
    for (unsigned tries = 1; err == -EBUSY && tries < BUSY_TRIES; tries++) {
        nanosleep(&(struct timespec){.tv_nsec = BUSY_NS}, NULL);
        err = xdp_queue_open(out, config);
    }
    return err;
}

static int open_queues(struct xdp *xdp, const struct config_xdp *config, struct notes *notes)
{
    struct xdp_queue_config queue = {
        .interface = xdp->interface.name,
        .mtu = xdp->interface.mtu,
        .mark = xdp->program.mark,
        .copy = !xdp->program.native || config->mode == XDP_MODE_NATIVE,
        .zero_copy = config->mode == XDP_MODE_ZERO_COPY,
    };
    for (; queue.queue < xdp->interface.queues; queue.queue++) {
        struct xdp_queue **at = &xdp->queue[queue.queue];
        int err = open_queue(at, &queue);
        if (err == 0)
            err = xdp_program_add(&xdp->program, queue.queue, xdp_queue_fd(*at));
        if (err != 0)
            return refuse_queue(xdp, queue.queue, err, notes);
    }
    return 0;
}

static void describe(struct xdp *xdp)
{
    const char *mode = !xdp->program.native                 ? "generic"
                       : xdp_queue_zero_copy(xdp->queue[0]) ? "zero-copy"
                                                            : "native";
    snprintf(xdp->text, sizeof(xdp->text), "%s (xdp, %s, %u %s)", xdp->interface.name, mode,
             xdp->interface.queues, xdp->interface.queues == 1 ? "queue" : "queues");
}

int xdp_open(struct xdp **out, const struct config_xdp *config, const struct address *listen,
             size_t listens, struct notes *notes)
{
    struct xdp_interface interface;
    int err = xdp_interface_read(&interface, config->interface, notes);
    if (err != 0)
        return err;
    struct xdp *xdp = calloc(1, sizeof(*xdp) + interface.queues * sizeof(xdp->queue[0]));
    if (xdp == NULL)
        return -ENOMEM;
    xdp->interface = interface;
    xdp->program.link = -1;
    err = attach(xdp, config, listen, listens, notes);
    if (err == 0)
        err = open_queues(xdp, config, notes);
    if (err != 0) {
        xdp_free(xdp);
        return err;
    }
    xdp_vlan_warn(interface.name, notes);
    describe(xdp);
    *out = xdp;
    return 0;
}

unsigned xdp_queues(const struct xdp *xdp)
{
    return xdp->interface.queues;
}

const char *xdp_text(const struct xdp *xdp)
{
    return xdp->text;
}

struct xdp_queue *xdp_queue_of(struct xdp *xdp, unsigned queue)
{
    assert(queue < xdp->interface.queues);
    return xdp->queue[queue];
}

void xdp_leave(struct xdp *xdp)
{
    xdp_detach(&xdp->program);
}

void xdp_free(struct xdp *xdp)
{
    if (xdp == NULL)
        return;
    xdp_program_close(&xdp->program);
    for (unsigned i = 0; i < xdp->interface.queues; i++)
        xdp_queue_close(xdp->queue[i]);
    free(xdp);
}
