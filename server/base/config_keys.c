/* config_keys.c -- the keys of the configuration file: what each takes, where it goes */
#include "server/base/config_internal.h"

#include "server/base/pulse.h"
#include "server/base/values.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { USER_NAME_MAX = 32 };

_Static_assert(sizeof(enum log_level) == sizeof(unsigned), "value_choice() writes unsigned");

static void read_listen_item(struct reading *reading, const struct item *item,
                             const struct key *key, void *into)
{
    struct config *config = into;
    struct address address;
    if (!value_address(reading, item, key, true, DNS_PORT, &address))
        return;
    for (size_t i = 0; i < config->listens; i++) {
        if (address_equal(&config->listen[i], &address)) {
            schema_error(reading, item, "\"%s\" is listed before", item->text);
            return;
        }
    }
    struct address *more = array_more(&config->listen, config->listens, sizeof *more);
    if (more == NULL) {
        schema_no_memory(reading);
        return;
    }
    *more = address;
    config->listens++;
}

static void read_listen(struct reading *reading, const struct item *item, const struct key *key,
                        void *into)
{
    schema_list(reading, item, key, "[192.0.2.1@53, \"2001:db8::1@53\"]", read_listen_item,
                into);
}

static void read_interface(struct reading *reading, const struct item *item,
                           const struct key *key, void *into)
{
    const struct key interface = {.name = key->name, .max = IF_NAMESIZE - 1};
    const char *text = value_word(reading, item, &interface);
    if (text == NULL)
        return;
    if (strchr(text, '/') != NULL || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
        schema_error(reading, item, "no interface can have this name");
    else
        memcpy(((struct config_xdp *)into)->interface, text, item->len + 1);
}

static void read_xdp_mode(struct reading *reading, const struct item *item,
                          const struct key *key, void *into)
{
    unsigned choice = XDP_MODE_AUTO;
    value_choice(reading, item, key, &choice);
    ((struct config_xdp *)into)->mode = (enum config_xdp_mode)choice;
}

static const char *const xdp_mode_choices[] = {"auto", "generic", "native", "zero-copy", NULL};

/* An entry is an interface, or a map with more about it. */
static void read_listen_xdp_item(struct reading *reading, const struct item *item,
                                 const struct key *key, void *into)
{
    static const struct key keys[] = {
        {.name = "interface", .read = read_interface, .required = true},
        {.name = "mode", .read = read_xdp_mode, .choices = xdp_mode_choices},
        {.name = NULL},
    };
    struct config *config = into;
    struct config_xdp *xdp = array_more(&config->xdp, config->xdps, sizeof *xdp);
    if (xdp == NULL) {
        schema_no_memory(reading);
        return;
    }
    if (item->kind == ITEM_MAP)
        schema_map(reading, item, "an interface", keys, xdp);
    else
        read_interface(reading, item, key, xdp);
    if (xdp->interface[0] == '\0')
        return; /* noted already */
    for (size_t i = 0; i < config->xdps; i++) {
        if (strcmp(config->xdp[i].interface, xdp->interface) == 0) {
            schema_error(reading, item, "\"%s\" is listed before", xdp->interface);
            return;
        }
    }
    config->xdps++;
}

static void read_listen_xdp(struct reading *reading, const struct item *item,
                            const struct key *key, void *into)
{
    schema_list(reading, item, key, "[eth0]", read_listen_xdp_item, into);
}

static const char *const spread_choices[] = {"hash", "cpu", NULL};
static const char *const switch_choices[] = {"off", "on", NULL};

static void read_workers(struct reading *reading, const struct item *item,
                         const struct key *key, void *into)
{
    if (item->kind == ITEM_SCALAR && strcmp(item->text, "auto") == 0)
        *(unsigned *)into = 0;
    else
        value_number(reading, item, key, into);
}

static void read_identity(struct reading *reading, const struct item *item,
                          const struct key *key, void *into)
{
    struct answer_config *answer = into;
    const char *text = value_word(reading, item, key);
    if (text == NULL)
        return;
    answer->identity_octets = (uint8_t)item->len;
    memcpy(answer->identity, text, item->len);
}

static void read_version(struct reading *reading, const struct item *item,
                         const struct key *key, void *into)
{
    struct answer_config *answer = into;
    const char *text = value_word(reading, item, key);
    if (text == NULL)
        return;
    answer->version_octets = strcmp(text, "hide") == 0 ? 0 : (uint8_t)item->len;
    memcpy(answer->version, text, item->len);
}

static void read_udp_size(struct reading *reading, const struct item *item,
                          const struct key *key, void *into)
{
    unsigned value = *(uint16_t *)into;
    value_number(reading, item, key, &value);
    *(uint16_t *)into = (uint16_t)value;
}

static void read_any(struct reading *reading, const struct item *item, const struct key *key,
                     void *into)
{
    bool *any_full = into;
    unsigned choice = *any_full;
    value_choice(reading, item, key, &choice);
    *any_full = choice != 0;
}

static void read_tcp_idle(struct reading *reading, const struct item *item,
                          const struct key *key, void *into)
{
    struct config *config = into;
    value_duration(reading, item, key, &config->limits.tcp_idle_ms);
    config->answer.tcp_idle_ds = (uint16_t)(config->limits.tcp_idle_ms / 100);
}

/* A name without a final dot is absolute all the same. `what` it should be is said where it's
 * none. */
bool config_read_name(struct reading *reading, const struct item *item, const struct key *key,
                      const char *what, struct name *name)
{
    const char *text = value_word(reading, item, key);
    if (text == NULL)
        return false;
    for (size_t i = 0; i < item->len; i++) {
        if ((unsigned char)text[i] >= 0x80) {
            struct note *note =
                schema_error(reading, item, "not the name of a %s: not ASCII", what);
            notes_hint(note, "write an internationalised name as its A-labels, xn--...");
            return false;
        }
    }
    const enum name_error error = name_from_string(name, text);
    if (error != NAME_OK) {
        schema_error(reading, item, "not the name of a %s: %s", what, name_strerror(error));
        return false;
    }
    name_lower(name->wire, name->octets);
    return true;
}

static void zone_name(struct reading *reading, const struct item *item, const struct key *key,
                      void *into)
{
    struct config_zone *zone = into;
    if (!config_read_name(reading, item, key, "zone", &zone->name))
        zone->name.octets = 0;
    zone->line = item->line;
    zone->column = item->column;
    zone->width = item->width;
}

static void read_report_channel(struct reading *reading, const struct item *item,
                                const struct key *key, void *into)
{
    struct name name;
    if (!config_read_name(reading, item, key, "domain", &name))
        return;
    if (name.octets == 1) /* RFC 9567 section 5 */
        schema_error(reading, item, "the root can't be the domain that reports go to");
    else
        *(struct name *)into = name;
}

static void read_cookies(struct reading *reading, const struct item *item,
                         const struct key *key, void *into)
{
    unsigned choice = *(enum cookie_policy *)into;
    value_choice(reading, item, key, &choice);
    *(enum cookie_policy *)into = (enum cookie_policy)choice;
}

static void key_name(struct reading *reading, const struct item *item, const struct key *key,
                     void *into)
{
    struct name *name = into;
    if (!config_read_name(reading, item, key, "key", name))
        name->octets = 0;
    else if (name->octets > TSIG_NAME_OCTETS_MAX) {
        schema_error(reading, item, "a key's name has at most %d octets, with their lengths",
                     TSIG_NAME_OCTETS_MAX);
        name->octets = 0;
    }
}

static void key_algorithm(struct reading *reading, const struct item *item,
                          const struct key *key, void *into)
{
    unsigned choice = TSIG_HMAC_SHA256;
    value_choice(reading, item, key, &choice);
    *(enum tsig_algorithm *)into = (enum tsig_algorithm)choice;
}

static void free_key(struct config_key *configured)
{
    free(configured->secret);
    free(configured->file);
}

/* Whether the key that was read last can be used; what is wrong with it is noted. */
static bool key_sound(struct reading *reading, const struct item *item,
                      const struct config *config)
{
    const struct config_key *last = &config->key[config->keys];
    if ((last->secret == NULL) == (last->file == NULL)) {
        notes_hint(schema_error(reading, item, "a key has one of secret-file and secret"),
                   "secret-file: FILE keeps it out of this file");
        return false;
    }
    for (size_t i = 0; i < config->keys; i++) {
        if (name_equal(config->key[i].name.wire, last->name.wire)) {
            schema_error(reading, item, "a second key of this name");
            return false;
        }
    }
    return true;
}

static const char *const algorithm_choices[] = {"hmac-sha1",   "hmac-sha224", "hmac-sha256",
                                                "hmac-sha384", "hmac-sha512", NULL};

static void read_key(struct reading *reading, const struct item *item, const struct key *key,
                     void *into)
{
    static const struct key keys[] = {
        {.name = "name",
         .read = key_name,
         .offset = offsetof(struct config_key, name),
         .required = true},
        {.name = "algorithm",
         .read = key_algorithm,
         .offset = offsetof(struct config_key, algorithm),
         .choices = algorithm_choices,
         .required = true},
        {.name = "secret",
         .read = value_text,
         .offset = offsetof(struct config_key, secret),
         .max = (TSIG_SECRET_OCTETS_MAX + 2) / 3 * 4},
        {.name = "secret-file",
         .read = value_path,
         .offset = offsetof(struct config_key, file),
         .max = PATH_MAX},
        {.name = NULL},
    };
    (void)key;
    struct config *config = into;
    struct config_key *configured = array_more(&config->key, config->keys, sizeof *configured);
    if (configured == NULL) {
        schema_no_memory(reading);
        return;
    }
    const size_t errors = reading->notes->errors;
    schema_map(reading, item, "a key", keys, configured);
    if (reading->notes->errors == errors && configured->name.octets != 0
        && key_sound(reading, item, config))
        config->keys++;
    else
        free_key(configured);
}

static void read_keys(struct reading *reading, const struct item *item, const struct key *key,
                      void *into)
{
    schema_list(reading, item, key,
                "[{name: xfr-key, algorithm: hmac-sha256, secret-file: xfr.key}]", read_key,
                into);
}

static const char *const verify_choices[] = {"off", "zonemd", "dnssec", NULL};

static void read_verify(struct reading *reading, const struct item *item,
                        const struct key *key, void *into)
{
    unsigned choice = *(enum config_verify *)into;
    value_choice(reading, item, key, &choice);
    *(enum config_verify *)into = (enum config_verify)choice;
}

static void zone_verify_key(struct reading *reading, const struct item *item,
                            const struct key *key, void *into)
{
    struct config_zone *zone = into;
    zone->verify_own = true;
    read_verify(reading, item, key, &zone->verify);
}

static void read_zone(struct reading *reading, const struct item *item, const struct key *key,
                      void *into)
{
    static const struct key keys[] = {
        {.name = "name", .read = zone_name, .required = true},
        {.name = "file",
         .read = value_path,
         .offset = offsetof(struct config_zone, file),
         .max = PATH_MAX,
         .required = true},
        {.name = "verify", .read = zone_verify_key, .choices = verify_choices},
        {.name = NULL},
    };
    (void)key;
    struct config *config = into;
    struct config_zone *zone = array_more(&config->zone, config->zones, sizeof *zone);
    if (zone == NULL) {
        schema_no_memory(reading);
        return;
    }
    schema_map(reading, item, "a zone", keys, zone);
    if (zone->name.octets == 0 || zone->file == NULL)
        free(zone->file); /* noted already */
    else
        config->zones++;
}

static void read_zones(struct reading *reading, const struct item *item, const struct key *key,
                       void *into)
{
    schema_list(reading, item, key, "[{name: example.com, file: example.com.zone}]", read_zone,
                into);
}

static void read_zone_dir(struct reading *reading, const struct item *item,
                          const struct key *key, void *into)
{
    struct config *config = into;
    char *path = NULL;
    value_path(reading, item, key, &path);
    if (path == NULL)
        return;
    for (size_t i = 0; i < config->zone_dirs; i++) {
        if (strcmp(config->zone_dir[i], path) == 0) {
            schema_error(reading, item, "\"%.200s\" is listed before", item->text);
            free(path);
            return;
        }
    }
    char **more = array_more(&config->zone_dir, config->zone_dirs, sizeof *more);
    if (more == NULL) {
        schema_no_memory(reading);
        free(path);
        return;
    }
    *more = path;
    config->zone_dirs++;
}

static void read_zone_dirs(struct reading *reading, const struct item *item,
                           const struct key *key, void *into)
{
    schema_list(reading, item, key, "[/etc/pharos/zones]", read_zone_dir, into);
}

static const char *const cookie_choices[] = {"off", "on", "require", NULL};
static const char *const any_choices[] = {"minimal", "full", NULL};
static const char *const level_choices[] = {"debug",   "info",  "notice",
                                            "warning", "error", NULL};
static const char *const format_choices[] = {"text", "json", NULL};

static const struct key tcp_keys[] = {
    {.name = "connections",
     .read = value_number,
     .offset = offsetof(struct config, limits.tcp_connections),
     .min = 1,
     .max = 1000000},
    {.name = "per-client",
     .read = value_number,
     .offset = offsetof(struct config, limits.tcp_connections_client),
     .min = 1,
     .max = 1000000},
    {.name = "idle",
     .read = read_tcp_idle,
     .min = 100,
     .max = 3600000},
    {.name = NULL},
};

static const struct key server_keys[] = {
    {.name = "listen", .read = read_listen},
    {.name = "listen-xdp", .read = read_listen_xdp},
    {.name = "spread",
     .read = value_choice,
     .offset = offsetof(struct config, spread),
     .choices = spread_choices},
    {.name = "busy-poll",
     .read = value_choice,
     .offset = offsetof(struct config, busy_poll),
     .choices = switch_choices},
    {.name = "workers",
     .read = read_workers,
     .offset = offsetof(struct config, workers),
     .min = 1,
     .max = PULSE_WORKERS_MAX},
    {.name = "identity",
     .read = read_identity,
     .offset = offsetof(struct config, answer),
     .max = NSID_OCTETS_MAX},
    {.name = "version",
     .read = read_version,
     .offset = offsetof(struct config, answer),
     .max = NSID_OCTETS_MAX},
    {.name = "user",
     .read = value_text,
     .offset = offsetof(struct config, user),
     .max = USER_NAME_MAX},
    {.name = "run-dir",
     .read = value_path,
     .offset = offsetof(struct config, run_dir),
     .max = PATH_MAX},
    {.name = "state-dir",
     .read = value_path,
     .offset = offsetof(struct config, state_dir),
     .max = PATH_MAX},
    /* 512: RFC 6891 section 6.2.3; 4096: its 6.2.5 */
    {.name = "udp-size",
     .read = read_udp_size,
     .offset = offsetof(struct config, answer.udp_payload_max),
     .min = 512,
     .max = 4096},
    {.name = "any",
     .read = read_any,
     .offset = offsetof(struct config, answer.any_full),
     .choices = any_choices},
    {.name = "tcp", .read = value_section, .keys = tcp_keys},
    {.name = "verify",
     .read = read_verify,
     .offset = offsetof(struct config, verify),
     .choices = verify_choices},
    /* 30 days: signers commonly sign for so long. */
    {.name = "signatures-warn",
     .read = value_duration,
     .offset = offsetof(struct config, signatures_warn_ms),
     .max = 2592000000},
    {.name = "cookies",
     .read = read_cookies,
     .offset = offsetof(struct config, answer.cookies),
     .choices = cookie_choices},
    {.name = "cookie-secrets",
     .read = value_path,
     .offset = offsetof(struct config, cookie_file),
     .max = PATH_MAX},
    {.name = "report-channel",
     .read = read_report_channel,
     .offset = offsetof(struct config, answer.report_channel)},
    {.name = NULL},
};

static const struct key log_keys[] = {
    {.name = "level",
     .read = value_choice,
     .offset = offsetof(struct config, log_level),
     .choices = level_choices},
    {.name = "format",
     .read = value_choice,
     .offset = offsetof(struct config, log_format),
     .choices = format_choices},
    {.name = "file",
     .read = value_path,
     .offset = offsetof(struct config, log_file),
     .max = PATH_MAX},
    {.name = NULL},
};

const struct key config_keys[] = {
    {.name = "server", .read = value_section, .keys = server_keys},
    {.name = "log", .read = value_section, .keys = log_keys},
    {.name = "keys", .read = read_keys},
    {.name = "zones", .read = read_zones},
    {.name = "zone-dirs", .read = read_zone_dirs},
    {.name = "route",
     .read = value_section,
     .offset = offsetof(struct config, route),
     .keys = config_route_keys},
    {.name = NULL},
};
