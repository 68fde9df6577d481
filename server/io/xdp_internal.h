/* xdp_internal.h -- what xdp.c and xdp_share.c share; all others use xdp.h */
#ifndef PHAROS_SERVER_IO_XDP_INTERNAL_H
#define PHAROS_SERVER_IO_XDP_INTERNAL_H

#include "server/io/xdp.h"
#include "server/io/xdp_queue.h"

/* Borrowed from the interface. */
struct xdp_queue *xdp_queue_of(struct xdp *xdp, unsigned queue);

#endif
