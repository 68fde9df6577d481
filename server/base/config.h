/* config.h -- the configuration: YAML in, flat finished values out
 * One file for all programs (see pharos.yaml(5)). Unknown keys, wrong types and wrong values
 * become notes with line, column, caret and a hint. */
#ifndef PHAROS_SERVER_BASE_CONFIG_H
#define PHAROS_SERVER_BASE_CONFIG_H

#include "server/base/address.h"
#include "server/base/answer_config.h"
#include "server/base/keyring.h"
#include "server/base/log.h"
#include "server/base/thresholds.h"
#include "zone/name.h"
#include "zone/notes.h"

#include <net/if.h>
#include <stdbool.h>

/* What is verified of a zone when it's loaded. In the order that configurations' words have in
 * config_keys.c. */
enum config_verify {
    VERIFY_OFF,
    VERIFY_ZONEMD, /* its digest */
    VERIFY_DNSSEC, /* that, its signatures, and its chain of NSEC or NSEC3 */
};

struct config_zone {
    struct name name; /* lower case */
    char *file; /* owned; absolute where a file configures it, as given on a command line */
    enum config_verify verify;
    bool verify_own; /* configured for this zone: then what is to be verified must be there;
                      * otherwise `verify` is nothing and the server's counts */
    uint32_t line, column, width; /* where its name is configured, for messages; 0: nowhere */
};

/* In the order that configurations' words have in config_keys.c. */
enum route_driver {
    ROUTE_DRIVER_NONE,
    ROUTE_DRIVER_LEASE,
    ROUTE_DRIVER_BIRD,
    ROUTE_DRIVER_EXEC,
    ROUTE_DRIVER_LOG
};
enum route_without_fleet { WITHOUT_FLEET_STAY, WITHOUT_FLEET_WITHDRAW };

/* A group of service addresses that are announced and withdrawn together. */
struct config_group {
    char *name;
    struct address *address; /* port: the one of server.listen that covers it, else 53 */
    size_t addresses;
    struct name *zone; /* lower case: those that count for the group */
    size_t zones;      /* 0: all count */
};

enum { GROUP_NAME_MAX = 32, GROUP_ADDRESSES_MAX = 16, GROUPS_MAX = 16 };

/* In the order that configurations' words have in config_route.c. */
enum metrics_zones { METRICS_ZONES_BAD, METRICS_ZONES_ALL };

/* The sidecar's page of metrics. */
struct config_metrics {
    struct address listen; /* octets 0: nowhere */
    enum metrics_zones zones; /* that are listed by name */
};

/* The fleet that a node belongs to, and the etcd that knows who announces. */
struct config_fleet {
    char **etcd;   /* URLs without a path */
    size_t etcds;  /* 0: no fleet */
    unsigned keep; /* announcers that slowness leaves; 0: half of the members */
    char *prefix;  /* of keys; NULL: FLEET_PREFIX_DEFAULT */
    char *name;    /* of this node; NULL: server.identity, or the host's name */
    char *ca_file; /* absolute paths from here on; NULL: the system's */
    char *cert_file, *key_file;
    char *user; /* NULL: nobody; owned as the rest */
    char *password_file;
};

#define FLEET_PREFIX_DEFAULT "/pharos"

struct config_route {
    enum route_driver driver;
    unsigned late_ms;       /* T's floor: an answer that took longer is late */
    unsigned probe_late_ms; /* the same of a probe, where T isn't more */
    struct thresholds thresholds;
    char *audit; /* file of decisions, one JSON object a line; NULL: none */
    struct config_metrics metrics;
    enum route_without_fleet without_fleet;
    struct config_fleet fleet;
    struct config_group *group;
    size_t groups;
};

/* A TSIG key as it is configured; its secret is in one of two places. */
struct config_key {
    struct name name; /* lower case */
    enum tsig_algorithm algorithm;
    char *secret; /* base64; NULL: in `file` */
    char *file;   /* absolute */
};

/* How queries reach us through AF_XDP. In the order that configurations' words have in
 * config_keys.c. */
enum config_xdp_mode {
    XDP_MODE_AUTO,      /* the best that the driver can */
    XDP_MODE_GENERIC,   /* any driver: after the kernel has made its own packet of the frame */
    XDP_MODE_NATIVE,    /* in the driver, frames are copied */
    XDP_MODE_ZERO_COPY, /* in the driver, which shares our memory */
};

struct config_xdp {
    char interface[IF_NAMESIZE];
    enum config_xdp_mode mode;
};

/* How clients are spread over the workers. */
enum config_spread {
    SPREAD_HASH, /* by the kernel's hash */
    SPREAD_CPU,  /* workers are pinned, and each gets what its CPU received */
};

struct config_limits {
    unsigned tcp_connections;        /* in all */
    unsigned tcp_connections_client; /* of one client prefix: /32 or /64 */
    unsigned tcp_idle_ms;
};

struct config {
    char *path; /* the file it was read from; NULL: none was */
    struct address *listen;
    size_t listens;
    struct config_xdp *xdp;
    size_t xdps;
    unsigned workers;            /* 0: one a CPU it may run on */
    unsigned spread;             /* enum config_spread */
    unsigned busy_poll;          /* 1: workers spin for a while before they wait */
    struct answer_config answer; /* `instance` is zero here; `keys` are held */
    char *cookie_file;           /* of cookie secrets; NULL: none */
    struct config_key *key;
    size_t keys;
    char *user;      /* NULL: stay who we are */
    char *run_dir;   /* NULL: no control socket, no pulse, no lock */
    char *state_dir; /* NULL: keep nothing */
    struct config_limits limits;
    enum config_verify verify;   /* of zones that have none of their own: what is there */
    unsigned signatures_warn_ms; /* warn of signatures so long before they expire */
    enum log_level log_level;
    enum log_format log_format;
    char *log_file; /* NULL: standard error */
    struct config_zone *zone;
    size_t zones;
    char **zone_dir; /* absolute; each NAME.zone in them is a zone */
    size_t zone_dirs;
    struct config_route route;
};

/* Fills with defaults; free with config_fini() in any case. */
void config_init(struct config *config);
void config_fini(struct config *config);

/* Reads the file over what `config` holds. Returns 0, -ENOMEM, what open() or read() gave, or
 * -EINVAL where the text isn't a configuration; `notes` tells. */
int config_load(struct config *config, const char *path, struct notes *notes);

/* The same from memory, for tests and the fuzzer. */
int config_parse(struct config *config, const char *name, const char *text, size_t len,
                 struct notes *notes);

/* Reads the secrets that the configuration names, into `answer`: for pharosd alone, since others
 * may not be allowed to. A file that everybody may read is warned of. Returns 0, -ENOMEM or
 * -EINVAL with notes, in which no secret stands. */
int config_read_secrets(struct config *config, struct notes *notes);

/* What the command line gives: "ADDR@PORT" and "NAME=FILE". Returns 0, -ENOMEM or -EINVAL with
 * a note. */
int config_add_listen(struct config *config, const char *text, struct notes *notes);
int config_add_zone(struct config *config, const char *text, struct notes *notes);

/* Last checks, over all that was read: some address, no zone or address twice, directories
 * there. Returns 0 or -EINVAL with notes. */
int config_check(const struct config *config, struct notes *notes);

#endif
