/* svcb.c -- the parameters of SVCB and HTTPS records */
#include "zone/svcb.h"

#include "zone/notes.h"

#include <stdlib.h>
#include <string.h>

enum svcb_key {
    KEY_MANDATORY = 0,
    KEY_ALPN = 1,
    KEY_NO_DEFAULT_ALPN = 2,
    KEY_PORT = 3,
    KEY_IPV4HINT = 4,
    KEY_ECH = 5,
    KEY_IPV6HINT = 6,
    KEY_DOHPATH = 7,
    KEY_OHTTP = 8,
    KEY_INVALID = 65535,
};

/* In the order of their numbers. */
static const char *const key_names[] = {
    "mandatory", "alpn",     "no-default-alpn", "port",  "ipv4hint",
    "ech",       "ipv6hint", "dohpath",         "ohttp", NULL,
};

enum { NAMED_KEYS = sizeof key_names / sizeof *key_names - 1 };

static bool check_mandatory(const uint8_t *value, size_t len)
{
    int last = KEY_MANDATORY; /* which mustn't list itself */
    for (size_t i = 0; i + 1 < len; i += 2) {
        const int key = wire_get16(value + i);
        if (key <= last)
            return false;
        last = key;
    }
    return len > 0 && len % 2 == 0;
}

static bool check_alpn(const uint8_t *value, size_t len)
{
    struct reader r = reader_of(value, len);
    while (reader_left(&r) > 0) {
        const uint8_t octets = reader_8(&r);
        if (octets == 0 || reader_take(&r, octets) == NULL)
            return false;
    }
    return len > 0 && !r.failed;
}

static bool check_value(uint16_t key, const uint8_t *value, size_t len)
{
    switch (key) {
    case KEY_MANDATORY:
        return check_mandatory(value, len);
    case KEY_ALPN:
        return check_alpn(value, len);
    case KEY_NO_DEFAULT_ALPN:
    case KEY_OHTTP:
        return len == 0;
    case KEY_PORT:
        return len == 2;
    case KEY_IPV4HINT:
        return len > 0 && len % 4 == 0;
    case KEY_IPV6HINT:
        return len > 0 && len % 16 == 0;
    case KEY_ECH:
    case KEY_DOHPATH:
        return len > 0;
    case KEY_INVALID:
        return false;
    default:
        return true;
    }
}

/* The first key that `mandatory` lists and the parameters lack, or -1. */
static int32_t missing_key(const uint8_t *params, size_t len)
{
    struct reader r = reader_of(params, len);
    if (reader_left(&r) == 0 || reader_16(&r) != KEY_MANDATORY)
        return -1;
    const uint16_t octets_wanted = reader_16(&r);
    struct reader wanted = reader_of(reader_take(&r, octets_wanted), octets_wanted);
    /* Both ascend, so one pass over the parameters is enough. */
    while (reader_left(&wanted) > 0) {
        const uint16_t key = reader_16(&wanted);
        int32_t found = -1;
        while (found < key && reader_left(&r) > 0) {
            found = reader_16(&r);
            reader_take(&r, reader_16(&r));
        }
        if (found != key)
            return key;
    }
    return -1;
}

bool svcb_check(struct reader *reader)
{
    const size_t start = reader->at;
    int last = -1;
    while (reader_left(reader) > 0) {
        const uint16_t key = reader_16(reader);
        const uint16_t len = reader_16(reader);
        const uint8_t *value = reader_take(reader, len);
        if (value == NULL || key <= last || !check_value(key, value, len))
            return false;
        last = key;
    }
    return !reader->failed && missing_key(reader->octets + start, reader->at - start) < 0;
}

/* Reads a key's name or keyNNNNN (RFC 9460 section 2.1). */
static bool key_from_text(const uint8_t *at, size_t len, uint16_t *key)
{
    for (uint16_t i = 0; i < NAMED_KEYS; i++) {
        if (strlen(key_names[i]) == len && memcmp(at, key_names[i], len) == 0) {
            *key = i;
            return true;
        }
    }
    if (len < 4 || len > 8 || memcmp(at, "key", 3) != 0 || (at[3] == '0' && len > 4))
        return false;
    const struct token digits = {.at = at + 3, .len = len - 3, .kind = TOKEN_WORD};
    uint32_t number;
    if (!rdata_text_number(&digits, KEY_INVALID - 1, &number))
        return false;
    *key = (uint16_t)number;
    return true;
}

static void key_to_text(uint16_t key, char out[24])
{
    if (key < NAMED_KEYS)
        snprintf(out, 24, "%s", key_names[key]);
    else
        snprintf(out, 24, "key%u", key);
}

/* The value of a parameter: its octets with the escapes of section 2.1 resolved. */
struct value {
    uint8_t *octets;
    size_t len;
};

/* Takes the next item off a list parted by commas, with "\," and "\\" inside items as RFC 9460
 * appendix A.1 has them (`escapes`). The item lands at `out`. Returns false at the end of the list. */
static bool next_item(struct value *list, bool escapes, uint8_t *out, size_t *len)
{
    if (list->octets == NULL)
        return false;
    size_t at = 0;
    *len = 0;
    for (; at < list->len && list->octets[at] != ','; at++) {
        if (escapes && list->octets[at] == '\\' && at + 1 < list->len)
            at++;
        out[(*len)++] = list->octets[at];
    }
    if (at == list->len) {
        list->octets = NULL;
    } else {
        list->octets += at + 1;
        list->len -= at + 1;
    }
    return true;
}

static bool put_alpn(struct rdata_text *text, struct value list, uint8_t *item)
{
    size_t len;
    while (next_item(&list, true, item, &len)) {
        if (len == 0 || len > 255)
            return rdata_text_refuse(text, "protocols in alpn have 1 to 255 octets");
        const uint8_t octets = (uint8_t)len;
        if (!rdata_text_put(text, &octets, 1) || !rdata_text_put(text, item, len))
            return false;
    }
    return true;
}

static bool put_addresses(struct rdata_text *text, struct value list, uint8_t *item, bool ipv6)
{
    size_t len;
    while (next_item(&list, false, item, &len)) {
        uint8_t address[16];
        if (ipv6 ? !rdata_text_ip6(item, len, address) : !rdata_text_ip4(item, len, address))
            return rdata_text_refuse(text, "this lists no IPv%c addresses", ipv6 ? '6' : '4');
        if (!rdata_text_put(text, address, ipv6 ? 16 : 4))
            return false;
    }
    return true;
}

static int ascending(const void *a, const void *b)
{
    return memcmp(a, b, 2);
}

static bool put_mandatory(struct rdata_text *text, struct value list, uint8_t *item)
{
    const size_t start = text->octets;
    size_t len;
    while (next_item(&list, false, item, &len)) {
        uint16_t key;
        uint8_t wire[2];
        if (!key_from_text(item, len, &key))
            return rdata_text_refuse(text, "mandatory lists an unknown key");
        wire_put16(wire, key);
        if (!rdata_text_put(text, wire, sizeof wire))
            return false;
    }
    qsort(text->out + start, (text->octets - start) / 2, 2, ascending);
    return true;
}

static bool put_port(struct rdata_text *text, struct value value)
{
    const struct token digits = {.at = value.octets, .len = value.len, .kind = TOKEN_WORD};
    uint32_t port;
    uint8_t wire[2];
    if (!rdata_text_number(&digits, UINT16_MAX, &port))
        return rdata_text_refuse(text, "the port is a number from 0 to 65535");
    wire_put16(wire, (uint16_t)port);
    return rdata_text_put(text, wire, sizeof wire);
}

static bool put_ech(struct rdata_text *text, struct value value, uint8_t *item)
{
    struct base64 state = {0};
    const size_t octets = base64_feed(&state, value.octets, value.len, item);
    const ptrdiff_t more = base64_finish(&state, item + octets);
    if (more < 0)
        return rdata_text_refuse(text, "the value of ech is no base64");
    return rdata_text_put(text, item, octets + (size_t)more);
}

static bool put_value(struct rdata_text *text, uint16_t key, bool named, struct value value,
                      uint8_t *item)
{
    if (!named)
        return rdata_text_put(text, value.octets, value.len);
    switch (key) {
    case KEY_MANDATORY:
        return put_mandatory(text, value, item);
    case KEY_ALPN:
        return put_alpn(text, value, item);
    case KEY_PORT:
        return put_port(text, value);
    case KEY_IPV4HINT:
        return put_addresses(text, value, item, false);
    case KEY_ECH:
        return put_ech(text, value, item);
    case KEY_IPV6HINT:
        return put_addresses(text, value, item, true);
    default:
        return rdata_text_put(text, value.octets, value.len);
    }
}

/* Splits "key=value" or "key", the value being maybe a quoted string right behind the sign. The token
 * becomes the whole of it, for messages. */
static bool split(struct rdata_text *text, struct token *key, struct token *value)
{
    *key = text->token;
    const uint8_t *sign = memchr(key->at, '=', key->len);
    if (key->kind != TOKEN_WORD)
        return rdata_text_refuse(text,
                                 "a parameter is key=value, with only the value in quotes");
    if (sign == NULL) {
        *value = (struct token){.at = key->at, .len = 0, .kind = TOKEN_END};
        return true;
    }
    *value = *key;
    value->at = sign + 1;
    value->len = key->len - (size_t)(sign + 1 - key->at);
    key->len = (size_t)(sign - key->at);
    if (value->len == 0 && *text->scanner->at == '"') {
        if (!rdata_text_take(text))
            return false;
        *value = text->token;
        text->token.at = key->at;
        text->token.len = (size_t)(value->at + value->len + 1 - key->at);
    }
    return true;
}

static bool unescape(struct rdata_text *text, const struct token *token, struct value *value)
{
    const uint8_t *at = token->at, *end = at + token->len;
    value->len = 0;
    while (at < end) {
        const uint8_t *start = at;
        const int octet = scanner_octet(&at, end);
        if (octet < 0)
            return scanner_refuse(
                text->scanner, start, 1,
                "a bad escape: a backslash wants a character or three digits up "
                "to 255");
        if (value->len == RDATA_OCTETS_MAX)
            return rdata_text_refuse(text, "the RDATA is longer than 65535 octets");
        value->octets[value->len++] = (uint8_t)octet;
    }
    return true;
}

static void reverse(uint8_t *at, size_t len)
{
    for (size_t i = 0; i < len / 2; i++) {
        const uint8_t octet = at[i];
        at[i] = at[len - 1 - i];
        at[len - 1 - i] = octet;
    }
}

/* Moves the parameter at `from`, the last one, to its place among those from `start` on. False where
 * its key is there already. */
static bool sort_in(struct rdata_text *text, size_t start, size_t from)
{
    uint8_t *out = text->out;
    const uint16_t key = wire_get16(out + from);
    size_t at = start;
    while (at < from && wire_get16(out + at) < key)
        at += 4u + wire_get16(out + at + 2);
    if (at == from)
        return true;
    if (wire_get16(out + at) == key)
        return false;
    /* What stands between, then the parameter, becomes the parameter, then what stood between. */
    reverse(out + at, from - at);
    reverse(out + from, text->octets - from);
    reverse(out + at, text->octets - at);
    return true;
}

static bool unknown_key(struct rdata_text *text, const struct token *key)
{
    scanner_refuse(text->scanner, key->at, key->len, "no such parameter");
    const char *nearest = notes_nearest((const char *)key->at, key->len, key_names);
    if (nearest != NULL)
        return scanner_hint(text->scanner, "did you mean %s?", nearest);
    return scanner_hint(text->scanner, "keys without a name are written key65000");
}

static bool read_parameter(struct rdata_text *text, size_t start, struct value value,
                           uint8_t *item)
{
    struct token name, token = {.len = 0};
    uint16_t key;
    if (!split(text, &name, &token))
        return false;
    if (!key_from_text(name.at, name.len, &key))
        return unknown_key(text, &name);
    if (!unescape(text, &token, &value))
        return false;

    const size_t from = text->octets;
    uint8_t head[4];
    wire_put16(head, key);
    wire_put16(head + 2, 0);
    if (!rdata_text_put(text, head, sizeof head))
        return false;
    const bool named = key < NAMED_KEYS && memcmp(name.at, "key", 3) != 0;
    const bool wants_value = key != KEY_NO_DEFAULT_ALPN && key != KEY_OHTTP;
    if (named && wants_value && value.len == 0)
        return rdata_text_refuse(text, "%s wants a value", key_names[key]);
    if (!put_value(text, key, named, value, item))
        return false;
    const size_t len = text->octets - from - sizeof head;
    wire_put16(text->out + from + 2, (uint16_t)len);
    if (named && !wants_value && len != 0)
        return rdata_text_refuse(text, "%s takes no value", key_names[key]);
    if (!check_value(key, text->out + from + sizeof head, len))
        return rdata_text_refuse(text, "the value of this parameter is malformed");
    if (!sort_in(text, start, from))
        return rdata_text_refuse(text, "this parameter is there twice");
    return true;
}

static bool has_key(const struct rdata_text *text, size_t start, uint16_t key)
{
    for (size_t at = start; at < text->octets; at += 4u + wire_get16(text->out + at + 2)) {
        if (wire_get16(text->out + at) == key)
            return true;
    }
    return false;
}

/* RFC 9460 section 8 and section 7.1.2 */
static bool check_together(struct rdata_text *text, size_t start)
{
    const int32_t missing = missing_key(text->out + start, text->octets - start);
    if (missing >= 0) {
        char key[24];
        key_to_text((uint16_t)missing, key);
        return rdata_text_refuse(text, "mandatory lists %s, which isn't there", key);
    }
    if (has_key(text, start, KEY_NO_DEFAULT_ALPN) && !has_key(text, start, KEY_ALPN))
        return rdata_text_refuse(text, "no-default-alpn makes sense beside alpn alone");
    return true;
}

bool svcb_from_text(struct rdata_text *text)
{
    /* Room for a value and for an item of it; neither is longer than RDATA. */
    uint8_t *scratch = malloc(2 * RDATA_ROOM);
    if (scratch == NULL)
        return rdata_text_refuse(text, "out of memory");
    const size_t start = text->octets;
    bool good;
    struct token last;
    do {
        good = read_parameter(text, start, (struct value){.octets = scratch},
                              scratch + RDATA_ROOM);
        last = text->token;
    } while (good && rdata_text_take(text));
    free(scratch);
    if (!good || !text->ahead)
        return false;
    /* What is wrong with all of them is told at the last one. */
    const struct token ahead = text->token;
    text->token = last;
    good = check_together(text, start);
    text->token = ahead;
    return good;
}
