/* xdp.h -- AF_XDP: queries straight from a network interface
 * An interface has a program in the kernel (xdp_program.bpf.c) that hands queries for our
 * addresses to sockets, one a receive queue; everything else stays the kernel's. The queues are
 * shared out among the workers, each of which has them as one more front end beside its sockets.
 * Without libxdp xdp_none.c stands in, and opening says so. */
#ifndef PHAROS_SERVER_IO_XDP_H
#define PHAROS_SERVER_IO_XDP_H

#include "server/base/config.h"
#include "server/io/service.h"

#include <stdbool.h>
#include <uv.h>

struct xdp; /* an interface */

/* Puts the program on the interface and opens a socket for each queue. Queries are taken for the
 * addresses and ports of `listen` (bound ones: no port is 0): a wildcard stands for what addresses
 * this host has now, loopback never comes by an interface, and a link-local address belongs to one
 * interface. Returns 0 or a negative errno with a note. Privileges: CAP_NET_ADMIN, CAP_BPF and
 * CAP_NET_RAW, here alone. For the main loop. */
int xdp_open(struct xdp **out, const struct config_xdp *config, const struct address *listen,
             size_t listens, struct notes *notes);

unsigned xdp_queues(const struct xdp *xdp);

/* For people: "eth0 (xdp, native, 2 queues)". Borrowed. */
const char *xdp_text(const struct xdp *xdp);

/* The kernel, and so the sockets of listen.h, get the queries again. What has been received is
 * still there. */
void xdp_leave(struct xdp *xdp);

/* After the workers. */
void xdp_free(struct xdp *xdp);

/* The queues that one worker serves. Its thread's, but for new, add, start and free. */
struct xdp_share;

/* NULL: out of memory. `service` is borrowed. */
struct xdp_share *xdp_share_new(struct service *service);
void xdp_share_free(struct xdp_share *share);

/* Returns 0 or -ENOMEM. */
int xdp_share_add(struct xdp_share *share, struct xdp *xdp, unsigned queue);

/* Has the queues watched by the loop. Returns 0 or a negative errno; what it began is ended by
 * xdp_share_close(). */
int xdp_share_start(struct xdp_share *share, uv_loop_t *loop);

/* Up to `batches` batches from each queue. */
void xdp_share_turn(struct xdp_share *share, unsigned batches);

/* Every PULSE_TICK_MS. */
void xdp_share_tick(struct xdp_share *share);

/* Closes the handles in the loop; more than once does no harm. */
void xdp_share_close(struct xdp_share *share);

#endif
