/* config.c -- the configuration: YAML in, flat finished values out */
#include "server/base/config.h"

#include "server/base/config_internal.h"
#include "server/base/values.h"
#include "zone/signatures.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void config_init(struct config *config)
{
    static const char version[] = "pharos " PHAROS_VERSION;
    *config = (struct config){
        .answer = {.udp_payload_max = 1232, /* RFC 9715 and DNS flag day 2020 */
                   .version_octets = sizeof version - 1,
                   .tcp_idle_ds = 100,
                   .cookies = COOKIE_POLICY_ON},
        /* RFC 7766 section 6.2: idle connections may be closed after seconds. The number is
         * what the usual limit of 1024 descriptors leaves. */
        .limits = {.tcp_connections = 900, .tcp_connections_client = 100, .tcp_idle_ms = 10000},
        .signatures_warn_ms = SIGNATURES_WARN_S * 1000U,
        .log_level = LOG_LEVEL_INFO,
        .log_format = LOG_FORMAT_TEXT,
        .route = {.late_ms = 20,
                  .probe_late_ms = 50,
                  .thresholds = thresholds_default(),
                  .without_fleet = WITHOUT_FLEET_STAY},
    };
    memcpy(config->answer.version, version, sizeof version - 1);
}

void config_fini(struct config *config)
{
    for (size_t i = 0; i < config->zones; i++)
        free(config->zone[i].file);
    for (size_t i = 0; i < config->zone_dirs; i++)
        free(config->zone_dir[i]);
    for (size_t i = 0; i < config->route.groups; i++) {
        free(config->route.group[i].name);
        free(config->route.group[i].address);
        free(config->route.group[i].zone);
    }
    for (size_t i = 0; i < config->keys; i++) {
        if (config->key[i].secret != NULL)
            explicit_bzero(config->key[i].secret, strlen(config->key[i].secret));
        free(config->key[i].secret);
        free(config->key[i].file);
    }
    config_fleet_fini(&config->route.fleet);
    keyring_drop(config->answer.keys);
    free(config->key);
    free(config->cookie_file);
    free(config->zone);
    free(config->zone_dir);
    free(config->route.group);
    free(config->route.audit);
    free(config->listen);
    free(config->xdp);
    free(config->user);
    free(config->run_dir);
    free(config->state_dir);
    free(config->log_file);
    free(config->path);
    explicit_bzero(config, sizeof *config); /* secrets */
}

/* The folder that relative paths of the file `name` start from, absolute; NULL: out of memory,
 * or there's no current folder. */
static char *folder_of(const char *name)
{
    const char *slash = strrchr(name, '/');
    char *folder = slash == NULL ? strdup(".") : strndup(name, (size_t)(slash - name) + 1);
    if (folder == NULL || folder[0] == '/')
        return folder;
    char *here = getcwd(NULL, 0);
    char *joined = NULL;
    if (here != NULL)
        joined = slash == NULL ? strdup(here) : path_join(here, folder);
    free(here);
    free(folder);
    return joined;
}

/* Zones that a file has twice, each noted at its second place. */
static void note_doubles(struct reading *reading, const struct config *config)
{
    const struct config_zone **sorted = config_sorted_zones(config);
    if (sorted == NULL) {
        schema_no_memory(reading);
        return;
    }
    for (size_t i = 1; i < config->zones; i++) {
        const struct config_zone *zone = sorted[i], *before = sorted[i - 1];
        if (before->line == 0 || !config_zone_same(zone, before))
            continue;
        const struct item here = {
            .line = zone->line, .column = zone->column, .width = zone->width};
        char text[NAME_TEXT_MAX];
        name_to_text(zone->name.wire, text);
        schema_error(reading, &here, "zone %.260s a second time; the first is on line %u", text,
                     before->line);
    }
    free(sorted);
}

/* A service address has the port it's listened on: that of its own entry, or of its family's
 * wildcard. */
static void resolve_ports(struct config *config)
{
    for (size_t i = 0; i < config->route.groups; i++) {
        struct config_group *group = &config->route.group[i];
        for (size_t j = 0; j < group->addresses; j++) {
            const struct address *cover = config_cover(config, &group->address[j]);
            if (cover != NULL)
                address_set_port(&group->address[j], address_port(cover));
        }
    }
}

int config_parse(struct config *config, const char *name, const char *text, size_t len,
                 struct notes *notes)
{
    struct document *document = NULL;
    int err = document_parse(&document, name, text, len, notes);
    if (err != 0)
        return err;
    struct reading reading = {.document = document, .notes = notes};
    char *folder = folder_of(name);
    char *path = folder == NULL ? NULL : strdup(name);
    if (path == NULL) {
        err = -ENOMEM;
    } else {
        const size_t errors = notes->errors;
        reading.folder = folder;
        free(config->path);
        config->path = path;
        if (document_root(document) != NULL)
            schema_map(&reading, document_root(document), "the configuration", config_keys,
                       config);
        note_doubles(&reading, config);
        resolve_ports(config);
        err = reading.err != 0 ? reading.err : notes->errors > errors ? -EINVAL : 0;
    }
    free(folder);
    document_free(document);
    return err;
}

/* Reads a whole file, one octet past DOCUMENT_OCTETS_MAX at most; document_parse() refuses
 * that. */
static int read_all(int fd, char **text, size_t *len)
{
    size_t size = 0;
    *text = NULL;
    *len = 0;
    for (;;) {
        if (*len == size) {
            size = size == 0 ? 16384 : size * 2;
            char *grown = realloc(*text, size);
            if (grown == NULL)
                return -ENOMEM;
            *text = grown;
        }
        const ssize_t got = read(fd, *text + *len, size - *len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        *len += (size_t)got;
        if (got == 0 || *len > DOCUMENT_OCTETS_MAX)
            return 0;
    }
}

int config_load(struct config *config, const char *path, struct notes *notes)
{
    char *text = NULL;
    size_t len = 0;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    int err = fd < 0 ? -errno : read_all(fd, &text, &len);
    if (fd >= 0)
        close(fd);
    if (err != 0 && err != -ENOMEM)
        notes_add(notes, SEVERITY_ERROR, path, 0, 0, 1, NULL, 0, "can't be read: %s",
                  strerror(-err));
    if (err == 0)
        err = config_parse(config, path, text, len, notes);
    free(text);
    return err;
}

/* Notes what is wrong with a word of the command line. */
static int refuse_argument(struct notes *notes, const char *option, const char *text,
                           const char *why)
{
    notes_add(notes, SEVERITY_ERROR, NULL, 0, 0, 1, NULL, 0, "%s %.300s: %s", option, text,
              why);
    return -EINVAL;
}

int config_add_listen(struct config *config, const char *text, struct notes *notes)
{
    struct address address;
    const char *wrong = address_from_text(&address, text, DNS_PORT);
    if (wrong != NULL)
        return refuse_argument(notes, "--listen", text, wrong);
    struct address *more = array_more(&config->listen, config->listens, sizeof *more);
    if (more == NULL)
        return -ENOMEM;
    *more = address;
    config->listens++;
    return 0;
}

/* The '=' after the name; one in the name itself is escaped. */
static const char *find_equals(const char *text)
{
    for (; *text != '\0' && *text != '='; text++) {
        if (text[0] == '\\' && text[1] != '\0')
            text++;
    }
    return *text == '=' ? text : NULL;
}

int config_add_zone(struct config *config, const char *text, struct notes *notes)
{
    const char *equals = find_equals(text);
    if (equals == NULL || equals[1] == '\0')
        return refuse_argument(notes, "--zone", text, "write it as NAME=FILE");
    char *word = strndup(text, (size_t)(equals - text));
    if (word == NULL)
        return -ENOMEM;
    struct config_zone zone = {.line = 0};
    const enum name_error error = name_from_string(&zone.name, word);
    free(word);
    if (error != NAME_OK)
        return refuse_argument(notes, "--zone", text, name_strerror(error));
    name_lower(zone.name.wire, zone.name.octets);

    zone.file = strdup(equals + 1);
    struct config_zone *more = array_more(&config->zone, config->zones, sizeof *more);
    if (zone.file == NULL || more == NULL) {
        free(zone.file);
        return -ENOMEM;
    }
    *more = zone;
    config->zones++;
    return 0;
}
