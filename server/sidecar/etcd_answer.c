/* etcd_answer.c -- what etcd says, read with distrust; see etcd_message.h */
#include "server/sidecar/etcd_message.h"

#include "zone/base64.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY_MAX = ETCD_PREFIX_MAX + FLEET_NAME_MAX + 16,
    BADNESS_DIGITS = 4,
    ENTRIES_MAX = 3 * FLEET_NODES_MAX + 1,
    /* Codes of gRPC. */
    CODE_NOT_FOUND = 5,
    CODE_UNAUTHENTICATED = 16,
};

/* Words for the log: nothing in them that isn't to be seen. */
static void set_error(char error[ETCD_ERROR_MAX], const char *words)
{
    size_t at = 0;
    for (; words[at] != '\0' && at < ETCD_ERROR_MAX - 1; at++)
        error[at] = words[at];
    error[at] = '\0';
    for (char *c = error; *c != '\0'; c++)
        *c = *c < ' ' || *c > '~' ? '?' : *c;
}

/* Whole numbers of 64 bits come as text. What's missing is 0: that's how the gateway writes it. */
static bool get_number(const json_t *object, const char *key, int64_t *number)
{
    const json_t *value = json_object_get(object, key);
    *number = 0;
    if (value == NULL)
        return true;
    if (json_is_integer(value)) {
        *number = json_integer_value(value);
        return *number >= 0;
    }
    const char *text = json_string_value(value);
    if (text == NULL || *text == '\0' || strspn(text, "0123456789") != strlen(text))
        return false;
    char *end;
    errno = 0;
    *number = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0';
}

/* Returns the octets, or -1 where it's no base64, longer than `size`, or has an octet of 0. */
static ptrdiff_t get_octets(const json_t *object, const char *key, char *out, size_t size)
{
    const json_t *value = json_object_get(object, key);
    const size_t len = json_string_length(value);
    struct base64 state = {0};
    if (!json_is_string(value) || len > size / 3 * 4)
        return -1;
    size_t octets =
        base64_feed(&state, (const uint8_t *)json_string_value(value), len, (uint8_t *)out);
    const ptrdiff_t rest = base64_finish(&state, (uint8_t *)out + octets);
    if (rest < 0)
        return -1;
    octets += (size_t)rest;
    return memchr(out, '\0', octets) == NULL ? (ptrdiff_t)octets : -1;
}

static enum fleet_key key_of(const char *key, const char *prefix, const char **name)
{
    const size_t len = strlen(prefix);
    *name = "";
    if (strncmp(key, prefix, len) != 0)
        return FLEET_KEY_OTHER;
    if (strcmp(key + len, ETCD_KEY_GENERATION) == 0)
        return FLEET_KEY_GENERATION;
    for (enum fleet_key k = FLEET_KEY_MEMBER; k <= FLEET_KEY_UP; k++) {
        const size_t folder = strlen(etcd_key_folder(k));
        if (strncmp(key + len, etcd_key_folder(k), folder) != 0)
            continue;
        *name = key + len + folder;
        return etcd_name_valid(*name) ? k : FLEET_KEY_OTHER;
    }
    return FLEET_KEY_OTHER;
}

/* A value of somebody else's is as bad as can be. */
static unsigned badness_of(const char *value)
{
    unsigned badness = 0;
    for (int i = 0; i < BADNESS_DIGITS; i++) {
        if (value[i] < '0' || value[i] > '9')
            return GUARD_BADNESS_MAX;
        badness = badness * 10 + (unsigned)(value[i] - '0');
    }
    return badness < GUARD_BADNESS_MAX ? badness : GUARD_BADNESS_MAX;
}

static bool read_entry(struct fleet_entry *entry, const json_t *kv, const char *prefix)
{
    char key[2 * KEY_MAX + 4] = "", value[64] = "";
    const ptrdiff_t octets = get_octets(kv, "key", key, sizeof(key) - 4);
    int64_t revision;
    *entry = (struct fleet_entry){.key = FLEET_KEY_OTHER};
    if (!json_is_object(kv) || !get_number(kv, "mod_revision", &revision) || revision == 0)
        return false;
    entry->revision = revision;
    if (octets < 0)
        return true; /* not of our making */
    key[octets] = '\0';
    const char *name;
    entry->key = key_of(key, prefix, &name);
    snprintf(entry->name, sizeof(entry->name), "%s", entry->key == FLEET_KEY_OTHER ? "" : name);
    const ptrdiff_t len = get_octets(kv, "value", value, sizeof(value) - 4);
    value[len > 0 ? len : 0] = '\0';
    entry->badness = badness_of(value);
    return true;
}

static bool read_range(struct fleet_reading *r, const json_t *range, int64_t revision,
                       int64_t since, const char *prefix)
{
    const json_t *kvs = json_object_get(range, "kvs");
    const size_t entries = json_array_size(kvs);
    int64_t count;
    if (!json_is_object(range) || (kvs != NULL && !json_is_array(kvs)) || entries > ENTRIES_MAX
        || revision == 0 || !get_number(range, "count", &count)
        || json_is_true(json_object_get(range, "more")))
        return false;
    *r = (struct fleet_reading){
        .whole = since == 0, .revision = revision, .count = (uint64_t)count};
    r->entry = calloc(entries + 1, sizeof(*r->entry));
    if (r->entry == NULL)
        return false;
    for (size_t i = 0; i < entries; i++) {
        if (!read_entry(&r->entry[r->entries++], json_array_get(kvs, i), prefix))
            return false;
    }
    return true;
}

static bool read_write(struct fleet_reply *reply, const json_t *root, int64_t revision,
                       const struct fleet_request *request, const char *prefix)
{
    const json_t *responses = json_object_get(root, "responses");
    reply->held = json_is_true(json_object_get(root, "succeeded"));
    reply->revision = revision;
    if (reply->held)
        return revision != 0;
    const json_t *first = json_array_get(responses, 0);
    return read_range(&reply->reading, json_object_get(first, "response_range"), revision,
                      request->since, prefix);
}

static bool read_renewal(struct fleet_reply *reply, const json_t *root)
{
    const json_t *result = json_object_get(root, "result");
    int64_t ttl;
    if (!json_is_object(result) || !get_number(result, "TTL", &ttl) || ttl > INT32_MAX)
        return false;
    reply->ttl_s = (unsigned)ttl;
    return true;
}

static bool read_reply(struct fleet_reply *reply, const json_t *root,
                       const struct fleet_request *request, const char *prefix)
{
    int64_t revision;
    if (!get_number(json_object_get(root, "header"), "revision", &revision))
        return false;
    switch (request->ask) {
    case FLEET_GRANT:
        return get_number(root, "ID", &reply->lease) && reply->lease != 0;
    case FLEET_RENEW:
        return read_renewal(reply, root);
    case FLEET_REVOKE:
        return json_object_get(root, "header") != NULL;
    case FLEET_READ:
        return read_range(&reply->reading, root, revision, request->since, prefix);
    case FLEET_WRITE:
        return read_write(reply, root, revision, request, prefix);
    }
    return false;
}

struct answer {
    long status; /* of HTTP */
    const char *body;
    size_t octets;
};

/* What the store says when it says no; the gateway itself does so in plain words. */
static enum etcd_trouble read_refusal(struct fleet_reply *reply, const json_t *root,
                                      const struct answer *answer, char error[ETCD_ERROR_MAX])
{
    const long status = answer->status;
    const char *words = json_string_value(json_object_get(root, "message"));
    char unsaid[ETCD_ERROR_MAX];
    int64_t code;
    if (words == NULL)
        words = json_string_value(json_object_get(root, "error"));
    snprintf(unsaid, sizeof(unsaid), "HTTP status %ld: %.*s", status,
             answer->octets < 160 ? (int)answer->octets : 160,
             answer->octets != 0 ? answer->body : "");
    set_error(error, words != NULL ? words : unsaid);
    if (!get_number(root, "code", &code))
        code = 0;
    if (status == 401 || code == CODE_UNAUTHENTICATED
        || strstr(error, "revision of auth store is old") != NULL
        || strstr(error, "user name is empty") != NULL) {
        reply->result = FLEET_REFUSED;
        return ETCD_LOGIN;
    }
    if (code == CODE_NOT_FOUND && strstr(error, "lease not found") != NULL) {
        reply->result = FLEET_LEASE_GONE;
        return ETCD_FINE;
    }
    /* Full, not permitted, too large; what a server does to us by dying or timing out is 5xx. */
    if (status >= 400 && status < 500 && code != 0) {
        reply->result = FLEET_REFUSED;
        return ETCD_FINE;
    }
    reply->result = FLEET_LOST;
    return ETCD_TROUBLE;
}

/* An answer that follows "Grpc-Trailer" and the like isn't pure JSON: the first value counts. */
static json_t *parse(const char *body, size_t octets)
{
    return octets > ETCD_REPLY_MAX
               ? NULL
               : json_loadb(body, octets, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES,
                            NULL);
}

enum etcd_trouble etcd_message_read(struct fleet_reply *reply,
                                    const struct fleet_request *request, const char *prefix,
                                    long status, const char *body, size_t octets,
                                    char error[ETCD_ERROR_MAX])
{
    const struct answer answer = {status, body, octets};
    *reply = (struct fleet_reply){.result = FLEET_DONE};
    error[0] = '\0';
    json_t *root = parse(body, octets);
    enum etcd_trouble trouble = ETCD_FINE;
    if (status != 200 || json_object_get(root, "error") != NULL) {
        trouble = read_refusal(reply, root, &answer, error);
    } else if (!json_is_object(root) || !read_reply(reply, root, request, prefix)) {
        etcd_reply_fini(reply);
        *reply = (struct fleet_reply){.result = FLEET_LOST};
        trouble = ETCD_TROUBLE;
        set_error(error, "an answer that isn't etcd's");
    }
    json_decref(root);
    return trouble;
}

void etcd_reply_fini(struct fleet_reply *reply)
{
    free(reply->reading.entry);
    reply->reading = (struct fleet_reading){0};
}

/* A token goes into a header: it must be one word. */
bool etcd_message_read_login(char token[ETCD_TOKEN_MAX], long status, const char *body,
                             size_t octets, char error[ETCD_ERROR_MAX])
{
    const struct answer answer = {status, body, octets};
    struct fleet_reply reply;
    json_t *root = parse(body, octets);
    const char *text = json_string_value(json_object_get(root, "token"));
    bool good = status == 200 && text != NULL && *text != '\0' && strlen(text) < ETCD_TOKEN_MAX;
    for (const char *c = text; good && *c != '\0'; c++)
        good = *c > ' ' && *c <= '~';
    if (good)
        memcpy(token, text, strlen(text) + 1);
    else
        (void)read_refusal(&reply, root, &answer, error);
    json_decref(root);
    return good;
}
