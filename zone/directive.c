/* directive.c -- $ORIGIN, $TTL and $INCLUDE */
#include "zone/master.h"
#include "zone/ttl.h"

#include <errno.h>
#include <string.h>

static const char *const directives[] = {"$ORIGIN", "$TTL", "$INCLUDE", "$GENERATE", NULL};

/* The next token, which must not be the end of the line. */
static bool want(struct master *master, struct token *token, const char *what)
{
    if (scanner_next(&master->scanner, token) == TOKEN_BAD)
        return false;
    if (token_is_end(token))
        return scanner_refuse(&master->scanner, token->at, 1, "the %s is missing", what);
    return true;
}

static bool want_end(struct master *master)
{
    struct token token;
    if (scanner_next(&master->scanner, &token) == TOKEN_BAD)
        return false;
    return token_is_end(&token)
           || scanner_refuse(&master->scanner, token.at, token.len,
                             "this is left over after the directive");
}

static bool read_name(struct master *master, const struct token *token, struct name *name)
{
    uint8_t room[SCAN_NAME_ROOM];
    const size_t octets = scan_name(&master->scanner, token, &master->origin, "origin", room);
    if (octets == 0)
        return false;
    name->octets = (uint8_t)octets;
    memcpy(name->wire, room, octets);
    return true;
}

static void set_origin(struct master *master, const struct name *origin)
{
    master->origin = *origin;
    master->origin_in_zone = master_in_zone(origin, &master->apex);
}

/* RFC 1035 section 5.1 */
static bool read_origin(struct master *master)
{
    struct token token;
    struct name origin;
    if (!want(master, &token, "origin") || !read_name(master, &token, &origin)
        || !want_end(master))
        return false;
    set_origin(master, &origin);
    return true;
}

/* RFC 2308 section 4 */
static bool read_ttl(struct master *master)
{
    struct token token;
    uint32_t ttl = 0;
    if (!want(master, &token, "TTL"))
        return false;
    const enum ttl_error error = ttl_from_text((const char *)token.at, token.len, &ttl);
    if (error == TTL_MALFORMED)
        return scanner_refuse(&master->scanner, token.at, token.len,
                              "a TTL is seconds, or units such as 1h30m");
    if (error == TTL_TOO_LARGE || ttl > TTL_MAX)
        return scanner_refuse(&master->scanner, token.at, token.len,
                              "the TTL is above 2147483647 seconds (RFC 2181 section 8)");
    if (!want_end(master))
        return false;
    master->default_ttl = ttl;
    master->has_default_ttl = true;
    return true;
}

/* Resolves the escapes of a file's name. */
static bool read_path(struct master *master, const struct token *token, char *path, size_t size,
                      size_t *len)
{
    const uint8_t *at = token->at, *end = at + token->len;
    *len = 0;
    while (at < end) {
        const int octet = scanner_octet(&at, end);
        if (octet <= 0 || *len + 1 >= size)
            return scanner_refuse(&master->scanner, token->at, token->len,
                                  "this is no file's name");
        path[(*len)++] = (char)octet;
    }
    path[*len] = '\0';
    return *len > 0 || scanner_refuse(&master->scanner, token->at, 1, "this is no file's name");
}

/* RFC 1035 section 5.1: the origin and the last owner are those from before when the file ends; a
 * $TTL in it goes on counting. */
static bool read_include(struct master *master, int *err)
{
    struct token file, token;
    char path[4096];
    size_t len;
    struct name origin = master->origin;
    if (!want(master, &file, "file's name")
        || !read_path(master, &file, path, sizeof path, &len)
        || scanner_next(&master->scanner, &token) == TOKEN_BAD)
        return false;
    if (!token_is_end(&token) && (!read_name(master, &token, &origin) || !want_end(master)))
        return false;
    if (master->sink.include == NULL)
        return scanner_refuse(&master->scanner, file.at, file.len,
                              "no file can be included here");

    const struct name origin_before = master->origin, owner_before = master->owner;
    const bool has_owner_before = master->has_owner;
    const bool owner_refused_before = master->owner_refused;
    set_origin(master, &origin);
    *err = master->sink.include(master->sink.context, path, &file);
    set_origin(master, &origin_before);
    master->owner = owner_before;
    master->has_owner = has_owner_before;
    master->owner_refused = owner_refused_before;
    return master->scanner.mistake.at == NULL;
}

bool master_directive(struct master *master, const struct token *directive, int *err)
{
    if (master->generating != NULL)
        return scanner_refuse(&master->scanner, directive->at, directive->len,
                              "no directive can be generated");
    if (token_is(directive, "$origin"))
        return read_origin(master);
    if (token_is(directive, "$ttl"))
        return read_ttl(master);
    if (token_is(directive, "$include"))
        return read_include(master, err);
    if (token_is(directive, "$generate"))
        return master_generate(master, err);

    scanner_refuse(&master->scanner, directive->at, directive->len, "no such directive");
    const char *nearest =
        notes_nearest((const char *)directive->at, directive->len, directives);
    return nearest != NULL && scanner_hint(&master->scanner, "did you mean %s?", nearest);
}
