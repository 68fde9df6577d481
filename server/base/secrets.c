/* secrets.c -- reads what a configuration keeps elsewhere: cookie secrets and TSIG keys
 * What is read is wiped once it is where it belongs, and no message quotes it. */
#include "server/base/config.h"

#include "zone/rdata_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_FILE_OCTETS_MAX = 4096 };

struct text {
    size_t len;
    char octet[SECRET_FILE_OCTETS_MAX + 1];
};

static int refuse(struct notes *notes, const char *path, uint32_t line, const char *why)
{
    notes_add(notes, SEVERITY_ERROR, path, line, 0, 1, NULL, 0, "%s", why);
    return -EINVAL;
}

static void warn_of_rights(struct notes *notes, const char *path, const struct stat *status)
{
    if ((status->st_mode & S_IROTH) == 0)
        return;
    struct note *note = notes_add(notes, SEVERITY_WARNING, path, 0, 0, 1, NULL, 0,
                                  "everybody may read the secrets in it");
    notes_hint(note, "chmod o-rwx %s", path);
}

/* Reads a small file whole. Nothing but a file: a pipe would keep us waiting. */
static int read_file(struct text *text, const char *path, struct notes *notes)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return refuse(notes, path, 0, strerror(errno));
    int err = 0;
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        err = refuse(notes, path, 0, "not a file");
    } else {
        warn_of_rights(notes, path, &status);
        const ssize_t got = read(fd, text->octet, sizeof text->octet);
        if (got < 0)
            err = refuse(notes, path, 0, strerror(errno));
        else if (got > SECRET_FILE_OCTETS_MAX)
            err = refuse(notes, path, 0, "longer than any file of secrets");
        else
            text->len = (size_t)got;
    }
    close(fd);
    return err;
}

/* A line without blanks around it and without a comment; `*at` moves to the next. */
static const char *next_line(const struct text *text, size_t *at, size_t *len)
{
    const char *line = text->octet + *at;
    const char *end = memchr(line, '\n', text->len - *at);
    end = end != NULL ? end : text->octet + text->len;
    *at = (size_t)(end - text->octet) + 1;
    const char *comment = memchr(line, '#', (size_t)(end - line));
    end = comment != NULL ? comment : end;
    while (line < end && strchr(" \t\r", *line) != NULL)
        line++;
    while (line < end && strchr(" \t\r", end[-1]) != NULL)
        end--;
    *len = (size_t)(end - line);
    return line;
}

/* --- cookies --- */

static bool read_hex(uint8_t secret[COOKIE_SECRET_OCTETS], const char *text, size_t len)
{
    if (len != 2 * COOKIE_SECRET_OCTETS)
        return false;
    for (size_t i = 0; i < COOKIE_SECRET_OCTETS; i++) {
        const int high = rdata_text_hex_digit((uint8_t)text[2 * i]);
        const int low = rdata_text_hex_digit((uint8_t)text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        secret[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static int read_cookie_lines(struct answer_config *answer, const struct text *text,
                             const char *path, struct notes *notes)
{
    size_t at = 0;
    for (uint32_t number = 1; at < text->len; number++) {
        size_t len;
        const char *line = next_line(text, &at, &len);
        if (len == 0)
            continue;
        if (answer->cookie_secrets == COOKIE_SECRETS_MAX)
            return refuse(notes, path, number, "more than three cookie secrets");
        if (!read_hex(answer->cookie_secret[answer->cookie_secrets], line, len))
            return refuse(notes, path, number, "a cookie secret is 32 hexadecimal digits");
        answer->cookie_secrets++;
    }
    if (answer->cookie_secrets == 0)
        return refuse(notes, path, 0, "no cookie secret");
    return 0;
}

static int read_cookie_secrets(struct config *config, struct notes *notes)
{
    if (config->cookie_file == NULL)
        return 0;
    struct text text;
    config->answer.cookie_secrets = 0;
    int err = read_file(&text, config->cookie_file, notes);
    if (err == 0)
        err = read_cookie_lines(&config->answer, &text, config->cookie_file, notes);
    explicit_bzero(&text, sizeof text);
    return err;
}

/* --- keys --- */

/* Decodes base64 that blanks may divide. Returns false where it's none, or too long. */
static bool decode(struct tsig_key *key, const char *base64, size_t len)
{
    uint8_t octets[TSIG_SECRET_OCTETS_MAX + 8];
    struct base64 state = {0};
    size_t count = 0;
    bool good = true;
    for (size_t i = 0; i < len && good; i++) {
        if (strchr(" \t\r\n", base64[i]) == NULL)
            count += base64_feed(&state, (const uint8_t *)base64 + i, 1, octets + count);
        good = count <= TSIG_SECRET_OCTETS_MAX;
    }
    const ptrdiff_t last = good ? base64_finish(&state, octets + count) : -1;
    good =
        last >= 0 && count + (size_t)last <= TSIG_SECRET_OCTETS_MAX && count + (size_t)last > 0;
    if (good) {
        key->secret_octets = (uint16_t)(count + (size_t)last);
        memcpy(key->secret, octets, key->secret_octets);
    }
    explicit_bzero(octets, sizeof octets);
    explicit_bzero(&state, sizeof state);
    return good;
}

static bool decode_lines(struct tsig_key *key, struct text *text)
{
    size_t at = 0, written = 0;
    while (at < text->len) {
        size_t len;
        const char *line = next_line(text, &at, &len);
        memmove(text->octet + written, line, len);
        written += len;
    }
    return decode(key, text->octet, written);
}

static int read_key(struct tsig_key *key, const struct config_key *configured,
                    const char *config_path, struct notes *notes)
{
    static const char no_base64[] = "a key's secret is base64, of 1 to 256 octets";
    key->name = configured->name;
    key->algorithm = configured->algorithm;
    if (configured->secret != NULL)
        return decode(key, configured->secret, strlen(configured->secret))
                   ? 0
                   : refuse(notes, config_path, 0, no_base64);
    struct text text;
    int err = read_file(&text, configured->file, notes);
    if (err == 0 && !decode_lines(key, &text))
        err = refuse(notes, configured->file, 0, no_base64);
    explicit_bzero(&text, sizeof text);
    return err;
}

static void warn_of_inline_secrets(const struct config *config, struct notes *notes)
{
    struct stat status;
    bool any = false;
    for (size_t i = 0; i < config->keys; i++)
        any |= config->key[i].secret != NULL;
    if (any && config->path != NULL && stat(config->path, &status) == 0)
        warn_of_rights(notes, config->path, &status);
}

static int read_keys(struct config *config, struct notes *notes)
{
    if (config->keys == 0)
        return 0;
    warn_of_inline_secrets(config, notes);
    struct tsig_key *keys = calloc(config->keys, sizeof *keys);
    if (keys == NULL)
        return -ENOMEM;
    int err = 0;
    for (size_t i = 0; i < config->keys; i++) {
        const int wrong = read_key(&keys[i], &config->key[i], config->path, notes);
        err = err == 0 ? wrong : err;
    }
    if (err == 0) {
        struct keyring *keyring = keyring_new(keys, config->keys);
        err = keyring == NULL ? -ENOMEM : 0;
        keyring_drop(config->answer.keys);
        config->answer.keys = keyring;
    }
    explicit_bzero(keys, config->keys * sizeof *keys);
    free(keys);
    return err;
}

int config_read_secrets(struct config *config, struct notes *notes)
{
    const int cookies = read_cookie_secrets(config, notes);
    const int keys = read_keys(config, notes);
    return cookies != 0 ? cookies : keys;
}
