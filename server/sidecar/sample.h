/* sample.h -- what was seen of a group in one tick
 * All that the verdict looks at; --record writes them and --replay reads them (record.h). */
#ifndef PHAROS_SERVER_SIDECAR_SAMPLE_H
#define PHAROS_SERVER_SIDECAR_SAMPLE_H

#include "server/sidecar/guard.h"

#include <stdint.h>

/* What the route's driver says. */
enum route {
    ROUTE_UNKNOWN,
    ROUTE_UP,
    ROUTE_DRAIN,
    ROUTE_FRESH, /* down, and nobody has decided so: it has just started, or a planned stop */
    ROUTE_DOWN,  /* by a word */
    ROUTE_WITHDRAWN, /* by the driver itself, which had it up for this wish: server dead or hung */
};

/* What the driver should be told. */
enum wish { WISH_NOTHING, WISH_UP, WISH_DRAIN, WISH_DOWN };

/* What the pulse says about the server. */
enum health { HEALTH_UNKNOWN, HEALTH_GONE, HEALTH_HUNG, HEALTH_NOT_SERVING, HEALTH_SERVING };

/* The operator's word: it outranks all, also the guard; but a dead server's route goes. */
enum operator_word {
    OPERATOR_NONE,
    OPERATOR_HOLD,  /* as the route was: `held` of the sample */
    OPERATOR_DRAIN, /* drain, then withdraw */
    OPERATOR_UP,
    OPERATOR_DOWN,
};

/* Some of the zones that count for the group can't be served or believed for much longer. */
enum { EXPIRING_ZONE = 1 /* by SOA expire */, EXPIRING_SIGNATURES = 2 /* by RRSIG */ };

/* One tick. Path 2 * address is UDP, 2 * address + 1 is TCP; an address is one of the group's. */
struct sample {
    enum health health;
    uint32_t workers, stuck; /* of the pulse's workers */
    uint32_t answers, late;  /* of the pulse: answers sent, and those of them that were bad */
    uint32_t datagrams;      /* of the pulse: that arrived, with those dropped */
    uint32_t drops;          /* of them dropped by the kernel */
    uint32_t probes, bad;    /* probes that have ended, without the void ones; of them bad */
    uint32_t tcp, tcp_bad;   /* those of them by TCP */
    uint32_t paths;          /* bits: address and transport that answered well */
    uint32_t paths_bad;      /* bits: on which a probe was bad */
    uint32_t paths_served;   /* bits: on which the pulse counted answers */
    uint32_t paths_all;      /* bits: all there are */
    uint32_t expiring;       /* EXPIRING_ bits */
    enum route route;
    enum guard_answer guard;
    enum guard_return may_return;
    struct guard_view fleet;
    enum operator_word word;
    enum wish held; /* of OPERATOR_HOLD */
};

const char *route_to_text(enum route route);
const char *wish_to_text(enum wish wish);
const char *health_to_text(enum health health);
const char *operator_word_to_text(enum operator_word word);

#endif
