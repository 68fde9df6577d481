/* probe.h -- asks the service addresses themselves
 * Every PROBE_INTERVAL_MS one query, for the SOA of one zone after the other, in turn over each address by UDP and, once a round, over one
 * address by TCP; each from a new port, so that the kernel spreads them over the workers. For one
 * loop's thread. */
#ifndef PHAROS_SERVER_SIDECAR_PROBE_H
#define PHAROS_SERVER_SIDECAR_PROBE_H

#include "server/base/address.h"
#include "server/sidecar/probe_message.h"
#include "zone/name.h"

#include <uv.h>

enum {
    PROBE_INTERVAL_MS = 25,
    PROBE_ADDRESSES_MAX = 16,
    PROBE_UNDER_WAY_MAX = 256, /* more aren't begun */
    PROBE_OWN_LATENESS_MS = 5, /* a deadline noticed this much later says more about us */
    PROBE_TCP_FACTOR = 2,      /* a handshake, and then the answer: twice the time */
};

enum probe_result {
    PROBE_WELL,
    PROBE_BAD,        /* late, silent, refused, or SERVFAIL */
    PROBE_NOT_LOADED, /* SERVFAIL, since the zone isn't loaded */
    PROBE_UNKNOWN,    /* couldn't be asked, we were late, or another node answered */
};

struct prober {
    /* The caller's, before prober_start(); addresses are borrowed. */
    const struct address *address;
    size_t addresses;
    unsigned late_ms;         /* may change at any time */
    const struct name *qname; /* asked for in turn; borrowed */
    size_t qnames;
    /* Path 2 * address is UDP, 2 * address + 1 TCP; `us` is how long it took. */
    void (*ended)(struct prober *prober, unsigned path, enum probe_result result, uint64_t us);
    void *data;

    /* Set while there's a server to ask; otherwise no probes are begun. */
    bool active;
    uint8_t instance[INSTANCE_OCTETS];

    /* Private. */
    uv_loop_t *loop;
    uv_timer_t timer;
    unsigned turn;
    unsigned asked[2 * PROBE_ADDRESSES_MAX]; /* on each path */
    unsigned under_way;
};

int prober_start(struct prober *prober, uv_loop_t *loop);

/* Begins no more; those under way end by their deadlines, unreported. */
void prober_stop(struct prober *prober);

#endif
