/* rfc9018.c -- Server cookies that all servers of an address understand
 * The messages are those of appendix A. */
#include "server/answer/siphash.h"
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char zone_text[] = "@ 86400 SOA ns hostmaster 1 7200 900 1209600 300\n"
                                "@ 86400 NS  ns\n"
                                "@ 86400 A   192.0.2.34\n"
                                "ns 3600 A   192.0.2.1\n";

static const uint8_t secret_a[] = {0xe5, 0xe9, 0x73, 0xe5, 0xa6, 0xb2, 0xa4, 0x3f,
                                   0x48, 0xe7, 0xdc, 0x84, 0x9e, 0x37, 0xbf, 0xcf};
static const uint8_t secret_old[] = {0xdd, 0x3b, 0xdf, 0x93, 0x44, 0xb6, 0x78, 0xb1,
                                     0x85, 0xa6, 0xf5, 0xcb, 0x60, 0xfc, 0xa7, 0x15};
static const uint8_t secret_new[] = {0x44, 0x55, 0x36, 0xbc, 0xd2, 0x51, 0x32, 0x98,
                                     0x07, 0x5a, 0x5d, 0x37, 0x96, 0x63, 0xc9, 0x62};

static void use(void *server, const uint8_t *first, const uint8_t *second)
{
    struct answer_config *config = server_config(server);
    config->cookies = COOKIE_POLICY_REQUIRE;
    config->cookie_secrets = second != NULL ? 2 : 1;
    memcpy(config->cookie_secret[0], first, COOKIE_SECRET_OCTETS);
    if (second != NULL)
        memcpy(config->cookie_secret[1], second, COOKIE_SECRET_OCTETS);
}

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example.com", zone_text);
    server_add(*state, "example.net", zone_text);
    use(*state, secret_a, NULL);
    return 0;
}

/* The reference implementation's first two vectors: 0 and 1 octets, key 00 to 0f */
static void the_hash_is_siphash_2_4(void **state)
{
    (void)state;
    uint8_t key[16], hash[8], input[64];
    for (uint8_t i = 0; i < 64; i++)
        input[i] = i;
    memcpy(key, input, sizeof key);
    siphash(hash, key, input, 0);
    assert_memory_equal(hash, "\x31\x0e\x0e\xdd\x47\xdb\x6f\x72", 8);
    siphash(hash, key, input, 1);
    assert_memory_equal(hash, "\xfd\x67\xdc\x93\xc5\x39\xf8\x74", 8);
    siphash(hash, key, input, 15);
    assert_memory_equal(hash, "\xe5\x45\xbe\x49\x61\xca\x29\xa1", 8);
    siphash(hash, key, input, 63);
    assert_memory_equal(hash, "\x72\x45\x06\xeb\x4c\x32\x8a\x95", 8);
}

/* Appendix A.1 */
static void a_client_learns_a_cookie(void **state)
{
    const struct reply *r = ask(*state, "example.com A +opt=10:2464c4abcf10c957");
    assert_rcode(r, "BADCOOKIE");
    assert_string_equal(r->options, "10:2464c4abcf10c957010000005cf79f111f8130c3eee29480");
}

/* Appendix A.2 */
static void a_client_gets_a_fresh_cookie_for_an_old_one(void **state)
{
    server_time(*state, 1559734385);
    const struct reply *r =
        ask(*state, "example.com A +opt=10:2464c4abcf10c957010000005cf79f111f8130c3eee29480");
    assert_rcode(r, "NOERROR");
    assert_string_equal(r->options, "10:2464c4abcf10c957010000005cf7a871d4a564a1442aca77");
}

/* Appendix A.3: reserved bits are hashed as they are, and clear in a new cookie */
static void reserved_bits_are_part_of_the_hash(void **state)
{
    static const char question[] =
        "example.com A +opt=10:fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5";
    server_client(*state, "203.0.113.203");
    server_time(*state, 1559727985);
    assert_rcode(ask(*state, question), "NOERROR");
    server_time(*state, 1559734700); /* the cookie is older than an hour by now */
    const struct reply *r = ask(*state, question);
    assert_rcode(r, "BADCOOKIE");
    assert_string_equal(r->options, "10:fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e");
}

/* Appendix A.4 */
static void an_old_secret_still_verifies_and_the_new_one_signs(void **state)
{
    use(*state, secret_new, secret_old);
    server_client(*state, "2001:db8:220:1:59de:d0f4:8769:82b8");
    server_time(*state, 1559741961);
    const struct reply *r =
        ask(*state, "example.net A +opt=10:22681ab97d52c298010000005cf7c57926556bd0934c72f8");
    assert_rcode(r, "NOERROR");
    assert_string_equal(r->options, "10:22681ab97d52c298010000005cf7c609a6bb79d16625507a");
}

/* Section 5: a secret that is staged verifies before it signs */
static void a_staged_secret_verifies(void **state)
{
    use(*state, secret_old, secret_new);
    server_client(*state, "2001:db8:220:1:59de:d0f4:8769:82b8");
    server_time(*state, 1559741961);
    const struct reply *r =
        ask(*state, "example.net A +opt=10:22681ab97d52c298010000005cf7c609a6bb79d16625507a");
    assert_rcode(r, "NOERROR");
    assert_string_not_equal(r->options, "10:22681ab97d52c298010000005cf7c609a6bb79d16625507a");
    use(*state, secret_old, NULL);
    assert_rcode(
        ask(*state, "example.net A +opt=10:22681ab97d52c298010000005cf7c609a6bb79d16625507a"),
        "BADCOOKIE");
}

/* Section 4.3: an hour back, five minutes ahead, and by serial arithmetic */
static void a_cookie_is_good_for_an_hour(void **state)
{
    static const char question[] =
        "example.com A +opt=10:2464c4abcf10c957010000005cf79f111f8130c3eee29480";
    static const struct {
        int64_t later;
        const char *rcode;
    } times[] = {{0, "NOERROR"},
                 {3600, "NOERROR"},
                 {3601, "BADCOOKIE"},
                 {-300, "NOERROR"},
                 {-301, "BADCOOKIE"},
                 {(int64_t)1 << 32, "NOERROR"},
                 {(int64_t)1 << 31, "BADCOOKIE"}};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        server_time(*state, (uint64_t)(1559731985 + times[i].later));
        assert_rcode(ask(*state, question), times[i].rcode);
    }
}

/* Section 4.3: renewed after half an hour, the same until then */
static void a_fresh_cookie_comes_back_as_it_is(void **state)
{
    static const char question[] =
        "example.com A +opt=10:2464c4abcf10c957010000005cf79f111f8130c3eee29480";
    static const char same[] = "10:2464c4abcf10c957010000005cf79f111f8130c3eee29480";
    server_time(*state, 1559731985 + 1799);
    assert_string_equal(ask(*state, question)->options, same);
    server_time(*state, 1559731985 + 1800);
    assert_string_not_equal(ask(*state, question)->options, same);
}

static void a_cookie_of_another_address_or_client_or_version_is_bad(void **state)
{
    static const char *const cookies[] = {
        "example.com A +opt=10:2464c4abcf10c958010000005cf79f111f8130c3eee29480",
        "example.com A +opt=10:2464c4abcf10c957020000005cf79f111f8130c3eee29480",
        "example.com A +opt=10:2464c4abcf10c957010000005cf79f111f8130c3eee29481",
        "example.com A +opt=10:2464c4abcf10c957010000005cf79f111f8130c3eee2948000",
        "example.com A +opt=10:2464c4abcf10c957010000005cf79f11"};
    for (size_t i = 0; i < sizeof cookies / sizeof cookies[0]; i++)
        assert_rcode(ask(*state, cookies[i]), "BADCOOKIE");
    server_client(*state, "198.51.100.101");
    assert_rcode(
        ask(*state, "example.com A +opt=10:2464c4abcf10c957010000005cf79f111f8130c3eee29480"),
        "BADCOOKIE");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown_server)
    const struct CMUnitTest tests[] = {
        TEST(the_hash_is_siphash_2_4),
        TEST(a_client_learns_a_cookie),
        TEST(a_client_gets_a_fresh_cookie_for_an_old_one),
        TEST(reserved_bits_are_part_of_the_hash),
        TEST(an_old_secret_still_verifies_and_the_new_one_signs),
        TEST(a_staged_secret_verifies),
        TEST(a_cookie_is_good_for_an_hour),
        TEST(a_fresh_cookie_comes_back_as_it_is),
        TEST(a_cookie_of_another_address_or_client_or_version_is_bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
