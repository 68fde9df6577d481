/* etcd_message.c -- what is asked of etcd; see etcd_message.h */
#include "server/sidecar/etcd_message.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_MAX = ETCD_PREFIX_MAX + FLEET_NAME_MAX + 16 };

bool etcd_name_valid(const char *name)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    const size_t octets = strspn(name, allowed);
    return octets != 0 && octets <= FLEET_NAME_MAX && name[octets] == '\0';
}

const char *etcd_key_folder(enum fleet_key key)
{
    return key == FLEET_KEY_MEMBER ? "/member/" : key == FLEET_KEY_HEALTH ? "/health/" : "/up/";
}

static void put_base64(FILE *to, const char *text, size_t octets)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < octets; i += 3) {
        const size_t left = octets - i;
        const unsigned a = (unsigned char)text[i];
        const unsigned b = left > 1 ? (unsigned char)text[i + 1] : 0;
        const unsigned c = left > 2 ? (unsigned char)text[i + 2] : 0;
        fputc(digits[a >> 2], to);
        fputc(digits[(a & 3) << 4 | b >> 4], to);
        fputc(left > 1 ? digits[(b & 15) << 2 | c >> 6] : '=', to);
        fputc(left > 2 ? digits[c & 63] : '=', to);
    }
}

static void put_key(FILE *to, const char *prefix, enum fleet_key key, const char *name)
{
    char text[KEY_MAX];
    if (key == FLEET_KEY_GENERATION)
        snprintf(text, sizeof(text), "%s%s", prefix, ETCD_KEY_GENERATION);
    else
        snprintf(text, sizeof(text), "%s%s%s", prefix, etcd_key_folder(key), name);
    fputs("\"key\":\"", to);
    put_base64(to, text, strlen(text));
    fputc('"', to);
}

static void put_badness(FILE *to, unsigned badness)
{
    char text[16];
    snprintf(text, sizeof(text), "%04u", badness);
    fputs("\"value\":\"", to);
    put_base64(to, text, strlen(text));
    fputc('"', to);
}

/* All keys: from PREFIX/ up to PREFIX0, since 0 comes after the slash. */
static void put_range(FILE *to, const char *prefix, int64_t since)
{
    char text[KEY_MAX];
    snprintf(text, sizeof(text), "%s/", prefix);
    fputs("{\"key\":\"", to);
    put_base64(to, text, strlen(text));
    snprintf(text, sizeof(text), "%s0", prefix);
    fputs("\",\"range_end\":\"", to);
    put_base64(to, text, strlen(text));
    fputc('"', to);
    if (since != 0)
        fprintf(to, ",\"min_mod_revision\":\"%lld\"", (long long)since + 1);
    fputc('}', to);
}

static void put_revision_is(FILE *to, const char *prefix, enum fleet_key key, const char *name,
                            int64_t revision)
{
    fputc('{', to);
    put_key(to, prefix, key, name);
    fprintf(to, ",\"target\":\"MOD\",\"result\":\"EQUAL\",\"mod_revision\":\"%lld\"}",
            (long long)revision);
}

static void put_conditions(FILE *to, const struct fleet_request *r, const char *prefix)
{
    put_revision_is(to, prefix, FLEET_KEY_HEALTH, r->name, r->own);
    if (r->peers == 0)
        return;
    fputc(',', to);
    put_revision_is(to, prefix, FLEET_KEY_GENERATION, "", r->generation);
    for (size_t i = 0; i < r->peers; i++) {
        fputs(",{", to);
        put_key(to, prefix, FLEET_KEY_UP, r->peer[i]);
        fputs(",\"target\":\"VALUE\",\"result\":\"LESS\",", to);
        put_badness(to, r->level + 1);
        fputc('}', to);
    }
}

static void put_put(FILE *to, const char *prefix, enum fleet_key key,
                    const struct fleet_request *r, int64_t lease)
{
    fputs("{\"request_put\":{", to);
    put_key(to, prefix, key, r->name);
    fputc(',', to);
    put_badness(to, r->badness);
    if (lease != 0)
        fprintf(to, ",\"lease\":\"%lld\"", (long long)lease);
    fputs("}}", to);
}

static void put_write(FILE *to, const struct fleet_request *r, const char *prefix)
{
    fputs("{\"compare\":[", to);
    put_conditions(to, r, prefix);
    fputs("],\"success\":[", to);
    put_put(to, prefix, FLEET_KEY_HEALTH, r, r->lease);
    if (r->route == FLEET_ROUTE_IN) {
        fputc(',', to);
        put_put(to, prefix, FLEET_KEY_UP, r, r->lease);
    } else if (r->route == FLEET_ROUTE_OUT) {
        fputs(",{\"request_delete_range\":{", to);
        put_key(to, prefix, FLEET_KEY_UP, r->name);
        fputs("}}", to);
    }
    if (r->join) {
        fputc(',', to);
        put_put(to, prefix, FLEET_KEY_MEMBER, r, 0);
    }
    if (r->recount) {
        fputc(',', to);
        put_put(to, prefix, FLEET_KEY_GENERATION, r, 0);
    }
    fputs("],\"failure\":[{\"request_range\":", to);
    put_range(to, prefix, r->since);
    fputs("}]}", to);
}

static void put_request(FILE *to, const struct fleet_request *r, const char *prefix)
{
    switch (r->ask) {
    case FLEET_GRANT:
        fprintf(to, "{\"TTL\":\"%d\"}", FLEET_LEASE_S);
        break;
    case FLEET_RENEW:
    case FLEET_REVOKE:
        fprintf(to, "{\"ID\":\"%lld\"}", (long long)r->lease);
        break;
    case FLEET_READ:
        put_range(to, prefix, r->since);
        break;
    case FLEET_WRITE:
        put_write(to, r, prefix);
        break;
    }
}

/* What a stream in memory has come to. */
static int finish(struct etcd_text *text, FILE *to)
{
    const bool failed = ferror(to) != 0;
    if (fclose(to) == 0 && !failed)
        return 0;
    free(text->body);
    text->body = NULL;
    return -ENOMEM;
}

int etcd_message_write(struct etcd_text *text, const struct fleet_request *request,
                       const char *prefix)
{
    static const char *const paths[] = {[FLEET_GRANT] = "/v3/lease/grant",
                                        [FLEET_RENEW] = "/v3/lease/keepalive",
                                        [FLEET_REVOKE] = "/v3/lease/revoke",
                                        [FLEET_READ] = "/v3/kv/range",
                                        [FLEET_WRITE] = "/v3/kv/txn"};
    *text = (struct etcd_text){.path = paths[request->ask]};
    FILE *to = open_memstream(&text->body, &text->octets);
    if (to == NULL)
        return -ENOMEM;
    put_request(to, request, prefix);
    return finish(text, to);
}

int etcd_message_write_login(struct etcd_text *text, const char *user, const char *password)
{
    *text = (struct etcd_text){.path = "/v3/auth/authenticate"};
    json_t *login = json_pack("{s:s, s:s}", "name", user, "password", password);
    text->body = login != NULL ? json_dumps(login, JSON_COMPACT) : NULL;
    json_decref(login);
    if (text->body == NULL)
        return -ENOMEM;
    text->octets = strlen(text->body);
    return 0;
}
