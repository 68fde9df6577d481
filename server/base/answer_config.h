/* answer_config.h -- what answers depend on beside the zones: plain data */
#ifndef PHAROS_SERVER_BASE_ANSWER_CONFIG_H
#define PHAROS_SERVER_BASE_ANSWER_CONFIG_H

#include "zone/name.h"

#include <stdbool.h>
#include <stdint.h>

enum { NSID_OCTETS_MAX = 128, INSTANCE_OCTETS = 16 };
enum { COOKIE_SECRETS_MAX = 3, COOKIE_SECRET_OCTETS = 16 };

/* What is done about DNS cookies (RFC 7873). In the order that configurations' words have in
 * config_keys.c. */
enum cookie_policy {
    COOKIE_POLICY_OFF,     /* the option is ignored */
    COOKIE_POLICY_ON,      /* answered with a server cookie, whatever the client has */
    COOKIE_POLICY_REQUIRE, /* over UDP, a client that does cookies and has no valid one gets
                            * BADCOOKIE with one (section 5.2.3) */
};

struct keyring;

/* What the answers depend on beside the zones. Settled before the workers start, and replaced as a
 * whole at a reload: flat, finished values, but for `keys`, which whoever keeps a copy holds. */
struct answer_config {
    uint16_t udp_payload_max; /* octets: what we send at most and announce in OPT */
    bool any_full;            /* ANY gives all RRsets instead of one (RFC 8482) */
    uint8_t identity_octets;  /* NSID (RFC 5001), id.server, hostname.bind; 0: refused */
    uint8_t version_octets;   /* version.bind, version.server; 0: refused */
    char identity[NSID_OCTETS_MAX];
    char version[NSID_OCTETS_MAX];
    uint8_t instance[INSTANCE_OCTETS];

    uint16_t tcp_idle_ds; /* the idle timeout that RFC 7828 announces, in its 100 ms */
    enum cookie_policy cookies;
    uint8_t cookie_secrets; /* 0: there are no cookies; the first signs, all verify */
    uint8_t cookie_secret[COOKIE_SECRETS_MAX][COOKIE_SECRET_OCTETS];
    struct name report_channel; /* RFC 9567's agent domain, lower case; octets 0: none */
    struct keyring *keys;       /* for TSIG; NULL: none */
};

#endif
