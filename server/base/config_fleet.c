/* config_fleet.c -- the keys of the configuration's section `route.fleet` */
#include "server/base/config_internal.h"

#include "server/base/values.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum {
    ENDPOINT_OCTETS_MAX = 255,
    ENDPOINTS_MAX = 16,
    PREFIX_OCTETS_MAX = 90,
    NODE_NAME_MAX = 63,
    USER_OCTETS_MAX = 128,
    KEEP_MAX = 4096,
};

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static bool consists_of(const char *text, const char *allowed)
{
    return *text != '\0' && text[strspn(text, allowed)] == '\0';
}

/* Where the host begins; NULL: it's no such URL. */
static const char *after_scheme(const char *text)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (strncmp(text, schemes[i], strlen(schemes[i])) == 0)
            return text + strlen(schemes[i]);
    }
    return NULL;
}

static void read_endpoint(struct reading *reading, const struct item *item,
                          const struct key *key, void *into)
{
    const struct key endpoint = {.name = key->name, .max = ENDPOINT_OCTETS_MAX};
    struct config_fleet *fleet = into;
    const char *text = value_word(reading, item, &endpoint);
    if (text == NULL)
        return;
    const char *host = after_scheme(text);
    if (host == NULL || !consists_of(host, ALNUM ".-_:[]")) {
        notes_hint(schema_error(reading, item, "\"%.100s\" is no endpoint", text),
                   "as in https://192.0.2.9:2379, without a path");
        return;
    }
    if (fleet->etcds == ENDPOINTS_MAX) {
        schema_error(reading, item, "at most %d endpoints", ENDPOINTS_MAX);
        return;
    }
    char *copy = strdup(text);
    char **more = copy != NULL ? array_more(&fleet->etcd, fleet->etcds, sizeof *more) : NULL;
    if (more == NULL) {
        free(copy);
        schema_no_memory(reading);
        return;
    }
    *more = copy;
    fleet->etcds++;
}

static void read_endpoints(struct reading *reading, const struct item *item,
                           const struct key *key, void *into)
{
    schema_list(reading, item, key, "[\"https://192.0.2.9:2379\"]", read_endpoint, into);
}

static void read_node_name(struct reading *reading, const struct item *item,
                           const struct key *key, void *into)
{
    const char *text = value_word(reading, item, key);
    if (text == NULL)
        return;
    if (consists_of(text, ALNUM ".-_"))
        value_text(reading, item, key, into);
    else
        schema_error(reading, item, "a node's name has letters, digits, . - and _ alone");
}

static void read_prefix(struct reading *reading, const struct item *item, const struct key *key,
                        void *into)
{
    const char *text = value_word(reading, item, key);
    if (text == NULL)
        return;
    if (text[0] == '/' && text[item->len - 1] != '/' && consists_of(text, ALNUM ".-_/"))
        value_text(reading, item, key, into);
    else
        notes_hint(schema_error(reading, item, "no prefix of keys"), "as in /pharos/any");
}

#define FLEET(field) offsetof(struct config_fleet, field)

const struct key config_fleet_keys[] = {
    {.name = "etcd", .read = read_endpoints, .required = true},
    {.name = "keep", .read = value_number, .offset = FLEET(keep), .min = 1, .max = KEEP_MAX},
    {.name = "prefix", .read = read_prefix, .offset = FLEET(prefix), .max = PREFIX_OCTETS_MAX},
    {.name = "name", .read = read_node_name, .offset = FLEET(name), .max = NODE_NAME_MAX},
    {.name = "ca-file", .read = value_path, .offset = FLEET(ca_file), .max = PATH_MAX},
    {.name = "cert-file", .read = value_path, .offset = FLEET(cert_file), .max = PATH_MAX},
    {.name = "key-file", .read = value_path, .offset = FLEET(key_file), .max = PATH_MAX},
    {.name = "user", .read = value_text, .offset = FLEET(user), .max = USER_OCTETS_MAX},
    {.name = "password-file",
     .read = value_path,
     .offset = FLEET(password_file),
     .max = PATH_MAX},
    {.name = NULL},
};

void config_fleet_fini(struct config_fleet *fleet)
{
    for (size_t i = 0; i < fleet->etcds; i++)
        free(fleet->etcd[i]);
    free(fleet->etcd);
    free(fleet->prefix);
    free(fleet->name);
    free(fleet->ca_file);
    free(fleet->cert_file);
    free(fleet->key_file);
    free(fleet->user);
    free(fleet->password_file);
}

static void check_secrecy(const struct config *config, struct notes *notes)
{
    const struct config_fleet *fleet = &config->route.fleet;
    for (size_t i = 0; fleet->user != NULL && i < fleet->etcds; i++) {
        if (strncmp(fleet->etcd[i], "http:", 5) == 0)
            notes_add(notes, SEVERITY_WARNING, config->path, 0, 0, 1, NULL, 0,
                      "route.fleet: the password goes to %s in the clear", fleet->etcd[i]);
    }
}

void config_fleet_check(const struct config *config, struct notes *notes)
{
    const struct config_fleet *fleet = &config->route.fleet;
    if ((fleet->user == NULL) != (fleet->password_file == NULL))
        notes_add(notes, SEVERITY_ERROR, config->path, 0, 0, 1, NULL, 0,
                  "route.fleet: user and password-file go together");
    if ((fleet->cert_file == NULL) != (fleet->key_file == NULL))
        notes_add(notes, SEVERITY_ERROR, config->path, 0, 0, 1, NULL, 0,
                  "route.fleet: cert-file and key-file go together");
    check_secrecy(config, notes);
}
