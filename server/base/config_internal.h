/* config_internal.h -- what config.c, config_keys.c and config_check.c share
 * All others use config.h. */
#ifndef PHAROS_SERVER_BASE_CONFIG_INTERNAL_H
#define PHAROS_SERVER_BASE_CONFIG_INTERNAL_H

#include "server/base/config.h"
#include "server/base/schema.h"

enum { DNS_PORT = 53 };

/* The outermost keys; they set the fields of a struct config. */
extern const struct key config_keys[];

/* Those of `route`, for a struct config_route. */
extern const struct key config_route_keys[];

/* Those of `route.fleet`, for a struct config_fleet; what config_fini() and config_check() do about it. */
extern const struct key config_fleet_keys[];
void config_fleet_fini(struct config_fleet *fleet);
void config_fleet_check(const struct config *config, struct notes *notes);

/* Reads a domain name, in lower case; `what` is for messages. False with a note. */
bool config_read_name(struct reading *reading, const struct item *item, const struct key *key,
                      const char *what, struct name *name);

/* All zones sorted so that equal names are neighbours, those met first before; the caller's to
 * free. NULL: out of memory. */
const struct config_zone **config_sorted_zones(const struct config *config);

bool config_zone_same(const struct config_zone *a, const struct config_zone *b);

/* The entry of server.listen that `host` is served by: its own, or else its family's wildcard;
 * NULL where there's none. Ports aren't compared. */
const struct address *config_cover(const struct config *config, const struct address *host);

#endif
