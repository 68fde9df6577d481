/* test_secrets.c -- cookie secrets and TSIG keys from their files, and who holds them */
#include "server/base/config.h"
#include "server/base/store.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char folder[64];
    char path[96];
    struct config config;
    struct notes notes;
};

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){.folder = "/tmp/pharos-secrets-XXXXXX"};
    assert_non_null(mkdtemp(f.folder));
    snprintf(f.path, sizeof f.path, "%s/file", f.folder);
    config_init(&f.config);
    notes_init(&f.notes);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    config_fini(&f->config);
    notes_fini(&f->notes);
    unlink(f->path);
    return rmdir(f->folder);
}

static void write_file(const struct fixture *f, const char *text, mode_t mode)
{
    FILE *file = fopen(f->path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(f->path, mode), 0);
}

static void configure(struct fixture *f, const char *format)
{
    char text[400];
    snprintf(text, sizeof text, format, f->path);
    assert_int_equal(config_parse(&f->config, "p.yaml", text, strlen(text), &f->notes), 0);
}

static const char cookie_config[] = "server: {cookie-secrets: %s}";
static const char key_config[] = "keys: [{name: Key, algorithm: hmac-sha256, secret-file: %s}]";

/* What is noted of a file; NULL: nothing. */
static const char *told(struct fixture *f, const char *config, const char *text, mode_t mode,
                        int expected)
{
    static char line[200];
    write_file(f, text, mode);
    configure(f, config);
    assert_int_equal(config_read_secrets(&f->config, &f->notes), expected);
    if (f->notes.count == 0)
        return NULL;
    assert_string_equal(f->notes.note[0].file, f->path);
    snprintf(line, sizeof line, "%u: %s", f->notes.note[0].line, f->notes.note[0].message);
    notes_fini(&f->notes);
    notes_init(&f->notes);
    config_fini(&f->config);
    config_init(&f->config);
    return line;
}

#define ONE "00112233445566778899aabbccddeeff\n"

static void a_file_has_up_to_three_cookie_secrets(void **state)
{
    struct fixture *f = *state;
    assert_null(told(f, cookie_config,
                     "# rolled over weekly\n\n" ONE
                     "  FFEEDDCCBBAA99887766554433221100\t# old\r\n" ONE,
                     0600, 0));
    assert_int_equal(f->config.answer.cookie_secrets, 3);
    assert_memory_equal(f->config.answer.cookie_secret[0],
                        "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16);
    assert_int_equal(f->config.answer.cookie_secret[1][0], 0xff);
}

static void a_bad_file_of_cookie_secrets_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(told(f, cookie_config, ONE ONE ONE ONE, 0600, -EINVAL),
                        "4: more than three cookie secrets");
    assert_string_equal(told(f, cookie_config, ONE "0011\n", 0600, -EINVAL),
                        "2: a cookie secret is 32 hexadecimal digits");
    assert_string_equal(
        told(f, cookie_config, "g0112233445566778899aabbccddeeff", 0600, -EINVAL),
        "1: a cookie secret is 32 hexadecimal digits");
    assert_string_equal(told(f, cookie_config, "# none\n", 0600, -EINVAL),
                        "0: no cookie secret");
}

static void a_key_s_secret_is_base64(void **state)
{
    struct fixture *f = *state;
    struct name name;
    assert_null(told(f, key_config, "# shared with ns2\nc2Vj\n cmV0 \n", 0600, 0));
    assert_int_equal(name_from_string(&name, "key"), NAME_OK);
    const struct tsig_key *key = keyring_find(f->config.answer.keys, &name);
    assert_non_null(key);
    assert_int_equal(key->algorithm, TSIG_HMAC_SHA256);
    assert_int_equal(key->secret_octets, 6);
    assert_memory_equal(key->secret, "secret", 6);
    assert_int_equal(name_from_string(&name, "other"), NAME_OK);
    assert_null(keyring_find(f->config.answer.keys, &name));
}

static void a_secret_that_is_no_base64_is_refused(void **state)
{
    static const char *const texts[] = {"", "# none\n", "c2Vjcm", "c2V!", "====", "c2Vj=c2Vj"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_string_equal(told(f, key_config, texts[i], 0600, -EINVAL),
                            "0: a key's secret is base64, of 1 to 256 octets");
    char text[400];
    memset(text, 'A', sizeof text);
    text[344] = '\0'; /* 258 octets */
    assert_string_equal(told(f, key_config, text, 0600, -EINVAL),
                        "0: a key's secret is base64, of 1 to 256 octets");
    memcpy(text + 340, "AA==", 5); /* 256 */
    text[340 + 4] = '\0';
    assert_null(told(f, key_config, text, 0600, 0));
}

static void a_file_that_everybody_may_read_is_warned_of(void **state)
{
    assert_string_equal(told(*state, cookie_config, ONE, 0644, 0),
                        "0: everybody may read the secrets in it");
    assert_string_equal(told(*state, key_config, "c2VjcmV0", 0604, 0),
                        "0: everybody may read the secrets in it");
}

static void what_is_no_small_file_is_refused(void **state)
{
    struct fixture *f = *state;
    static char large[5000];
    memset(large, '#', sizeof large - 1);
    assert_string_equal(told(f, key_config, large, 0600, -EINVAL),
                        "0: longer than any file of secrets");
    configure(f, key_config);
    unlink(f->path);
    assert_int_equal(mkfifo(f->path, 0600), 0); /* nobody writes to it, and nobody waits */
    assert_int_equal(config_read_secrets(&f->config, &f->notes), -EINVAL);
    assert_string_equal(f->notes.note[0].message, "not a file");
    unlink(f->path);
    assert_int_equal(config_read_secrets(&f->config, &f->notes), -EINVAL);
    assert_string_equal(f->notes.note[1].message, strerror(ENOENT));
}

/* The leak checker tells where somebody forgot to let go. */
static void snapshots_hold_the_keys(void **state)
{
    (void)state;
    const struct tsig_key one = {.name = {1, ""}, .secret_octets = 1};
    struct keyring *keys = keyring_new(&one, 1);
    struct store *store = store_new(1);
    assert_non_null(keys);
    assert_non_null(store);
    struct snapshot snapshot = {.view = store_enter(store, 0)->view, .answer.keys = keys};
    store_leave(store, 0);
    assert_int_equal(store_publish(store, &snapshot), 0);
    keyring_drop(keys);

    const struct snapshot *held = store_enter(store, 0);
    snapshot.answer.keys = NULL;
    assert_int_equal(store_publish(store, &snapshot), 0);
    assert_non_null(keyring_find(held->answer.keys, &one.name));
    store_leave(store, 0);
    assert_int_equal(store_reclaim(store), 0);
    store_free(store);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_file_has_up_to_three_cookie_secrets),
        TEST(a_bad_file_of_cookie_secrets_is_refused),
        TEST(a_key_s_secret_is_base64),
        TEST(a_secret_that_is_no_base64_is_refused),
        TEST(a_file_that_everybody_may_read_is_warned_of),
        TEST(what_is_no_small_file_is_refused),
        cmocka_unit_test(snapshots_hold_the_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
