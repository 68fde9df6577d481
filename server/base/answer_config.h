/* answer_config.h -- what answers depend on beside the zones: plain data */
#ifndef PHAROS_SERVER_BASE_ANSWER_CONFIG_H
#define PHAROS_SERVER_BASE_ANSWER_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

enum { NSID_OCTETS_MAX = 128, INSTANCE_OCTETS = 16 };

/* What the answers depend on beside the zones. Settled before the workers start, and replaced as a
 * whole at a reload: flat, finished values. */
struct answer_config {
    uint16_t udp_payload_max; /* octets: what we send at most and announce in OPT */
    bool any_full;            /* ANY gives all RRsets instead of one (RFC 8482) */
    uint8_t identity_octets;  /* NSID (RFC 5001), id.server, hostname.bind; 0: refused */
    uint8_t version_octets;   /* version.bind, version.server; 0: refused */
    char identity[NSID_OCTETS_MAX];
    char version[NSID_OCTETS_MAX];
    uint8_t instance[INSTANCE_OCTETS];
};

#endif
