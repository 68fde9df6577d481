/* rfc8945.c -- TSIG */
#include "server/base/keyring.h"
#include "tests/answer/ask.h"
#include "tests/answer/sign.h"
#include "zone/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char zone_text[] = "@          3600 SOA   ns hostmaster 1 7200 900 1209600 300\n"
                                "@          3600 NS    ns\n"
                                "ns         3600 A     192.0.2.1\n"
                                "$GENERATE 0-60 many 60 A 10.0.0.$\n";

enum { NOW = 1559731985 };

static const struct {
    const char *name;
    size_t mac_octets;
} algorithms[TSIG_ALGORITHMS] = {{"hmac-sha1", 20},
                                 {"hmac-sha224", 28},
                                 {"hmac-sha256", 32},
                                 {"hmac-sha384", 48},
                                 {"hmac-sha512", 64}};

/* Longer than any block: HMAC hashes it first. */
#define LONG_SECRET                                                                            \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234567" \
    "89abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
/* 120 octets, the most that a key's name may have. */
#define LONG_NAME                                                                              \
    "a23456789012345678901234567890123456789012345678901234567890123."                         \
    "b23456789012345678901234567890123456789012345678901234"

static void add_key(struct tsig_key *key, const char *name, enum tsig_algorithm algorithm,
                    const char *secret)
{
    assert_int_equal(name_from_string(&key->name, name), NAME_OK);
    key->algorithm = algorithm;
    key->secret_octets = (uint16_t)strlen(secret);
    memcpy(key->secret, secret, key->secret_octets);
}

static int setup(void **state)
{
    static struct tsig_key keys[2 * TSIG_ALGORITHMS + 1];
    setup_server(state);
    server_add(*state, "example", zone_text);
    for (unsigned i = 0; i < TSIG_ALGORITHMS; i++) {
        char name[40];
        snprintf(name, sizeof name, "%s.key", algorithms[i].name);
        add_key(&keys[2 * i], name, (enum tsig_algorithm)i, "secret");
        snprintf(name, sizeof name, "%s.long", algorithms[i].name);
        add_key(&keys[2 * i + 1], name, (enum tsig_algorithm)i, LONG_SECRET);
    }
    add_key(&keys[2 * TSIG_ALGORITHMS], LONG_NAME, TSIG_HMAC_SHA512, "secret");
    assert_int_equal(keys[2 * TSIG_ALGORITHMS].name.octets, TSIG_NAME_OCTETS_MAX);
    server_config(*state)->keys = keyring_new(keys, sizeof keys / sizeof keys[0]);
    assert_non_null(server_config(*state)->keys);
    return 0;
}

static int teardown(void **state)
{
    keyring_drop(server_config(*state)->keys);
    return teardown_server(state);
}

static const struct signing good = {.key = "hmac-sha256.key",
                                    .algorithm = "hmac-sha256",
                                    .secret = "secret",
                                    .time = NOW,
                                    .fudge = 300};

static struct signature asked, answered;

static const struct reply *ask_signed(void *server, const char *question,
                                      const struct signing *how)
{
    static uint8_t query[MESSAGE_MAX];
    bool tcp = false;
    const size_t len = sign_request(query, ask_query(question, query, &tcp), how, &asked);
    return ask_octets(server, query, len, tcp);
}

#define assert_signed(r, how, unsigned_)                                                       \
    do {                                                                                       \
        const char *wrong =                                                                    \
            check_signed((r)->wire, (r)->octets, (how), &asked, (unsigned_), &answered);       \
        if (wrong != NULL)                                                                     \
            fail_msg("%s", wrong);                                                             \
    } while (0)

/* Section 5.3: what came signed is answered signed, the request's MAC included */
static void a_signed_query_gets_a_signed_answer(void **state)
{
    for (unsigned i = 0; i < TSIG_ALGORITHMS; i++) {
        for (unsigned longer = 0; longer < 2; longer++) {
            char name[40];
            struct signing how = good;
            snprintf(name, sizeof name, "%s.%s", algorithms[i].name, longer ? "long" : "key");
            how.key = name;
            how.algorithm = algorithms[i].name;
            how.secret = longer ? LONG_SECRET : "secret";
            const struct reply *r = ask_signed(*state, "ns.example A", &how);
            assert_rcode(r, "NOERROR");
            assert_flags(r, "qr aa");
            assert_section(r, "answer", "ns.example. 3600 A 192.0.2.1");
            assert_signed(r, &how, false);
            assert_int_equal(answered.mac_octets, algorithms[i].mac_octets);
            assert_int_equal(answered.time, NOW);
            assert_int_equal(answered.error, 0);
        }
    }
}

static void every_kind_of_answer_is_signed(void **state)
{
    static const char *const questions[][2] = {
        {"nothing.example A +do", "NXDOMAIN"},  {"elsewhere A +edns", "REFUSED"},
        {"ns.example A +version=1", "BADVERS"}, {"ns.example MAILB", "NOTIMPL"},
        {"id.server TXT +ch", "NOERROR"},       {"ns.example TYPE0 +edns", "FORMERR"},
        {"ns.example A +tcp", "NOERROR"}};
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        const struct reply *r = ask_signed(*state, questions[i][0], &good);
        assert_rcode(r, questions[i][1]);
        assert_signed(r, &good, false);
    }
}

/* Section 5.3, also of what is settled before the TSIG is looked at */
static void so_are_formerr_and_notimp(void **state)
{
    static uint8_t query[MESSAGE_MAX];
    static const char *const broken[] = {"ns.example A +opt=10:00112233445566",
                                         "ns.example A +opt=8:000120",
                                         "ns.example A +version=1 +opt=10:00"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        const struct reply *r = ask_signed(*state, broken[i], &good);
        assert_rcode(r, i == 2 ? "BADVERS" : "FORMERR");
        assert_true(r->opt);
        assert_signed(r, &good, false);
    }
    for (unsigned opcode = 1; opcode < 16; opcode++) {
        bool tcp = false;
        size_t len =
            ask_query(opcode % 2 == 0 ? "example SOA" : "example SOA +edns", query, &tcp);
        query[2] = (uint8_t)(opcode << 3);
        len = sign_request(query, len, &good, &asked);
        const struct reply *r = ask_octets(*state, query, len, false);
        assert_rcode(r, opcode == 4 ? "REFUSED" : "NOTIMPL");
        assert_int_equal(r->opt, opcode % 2 != 0);
        assert_signed(r, &good, false);
        query[len - 20] ^= 1;
        assert_rcode(ask_octets(*state, query, len, false), "NOTAUTH");
    }
}

static void so_is_what_comes_without_a_question_or_with_records(void **state)
{
    static uint8_t query[MESSAGE_MAX];
    static const uint8_t header[12] = {7};
    memcpy(query, header, sizeof header);
    size_t len = sign_request(query, sizeof header, &good, &asked);
    const struct reply *r = ask_octets(*state, query, len, false);
    assert_rcode(r, "FORMERR");
    assert_signed(r, &good, false);

    bool tcp = false;
    len = ask_query("ns.example A", query, &tcp);
    memcpy(query + len, "\0\0\1\0\1\0\0\0\0\0\0", 11);
    query[7] = 1;
    len = sign_request(query, len + 11, &good, &asked);
    r = ask_octets(*state, query, len, false);
    assert_rcode(r, "FORMERR");
    assert_signed(r, &good, false);
}

/* Section 4.2: names of keys and algorithms are compared without their case */
static void the_case_of_the_key_s_name_is_free(void **state)
{
    static uint8_t query[MESSAGE_MAX];
    bool tcp = false;
    const size_t before = ask_query("ns.example A", query, &tcp);
    const size_t len = sign_request(query, before, &good, &asked);
    for (size_t i = before; i < before + 12; i++)
        if (query[i] >= 'a')
            query[i] = (uint8_t)(query[i] - 32);
    assert_rcode(ask_octets(*state, query, len, false), "NOERROR");
}

/* Section 5.2.1 */
static void an_unknown_key_is_badkey_and_answered_unsigned(void **state)
{
    struct signing how = good;
    how.key = "nobody.key";
    const struct reply *r = ask_signed(*state, "ns.example A", &how);
    assert_rcode(r, "NOTAUTH");
    assert_section(r, "answer", "");
    assert_signed(r, &how, true);
    assert_int_equal(answered.error, 17);
    server_config(*state)->keys = (keyring_drop(server_config(*state)->keys), NULL);
    assert_rcode(ask_signed(*state, "ns.example A", &good), "NOTAUTH");
}

static void a_key_with_another_algorithm_is_badkey(void **state)
{
    struct signing how = good;
    how.algorithm = "hmac-sha512";
    const struct reply *r = ask_signed(*state, "ns.example A", &how);
    assert_rcode(r, "NOTAUTH");
    assert_signed(r, &how, true);
    assert_int_equal(answered.error, 17);
}

/* Section 5.2.2 */
static void a_wrong_mac_is_badsig_and_answered_unsigned(void **state)
{
    struct signing how = good;
    how.secret = "guessed";
    const struct reply *r = ask_signed(*state, "ns.example A", &how);
    assert_rcode(r, "NOTAUTH");
    assert_section(r, "answer", "");
    assert_signed(r, &how, true);
    assert_int_equal(answered.error, 16);
    assert_int_equal(answered.time, NOW);
    assert_int_equal(answered.other_octets, 0);
}

static void every_octet_is_covered(void **state)
{
    static uint8_t query[MESSAGE_MAX];
    bool tcp = false;
    const size_t len =
        sign_request(query, ask_query("ns.example A +do", query, &tcp), &good, &asked);
    for (size_t i = 4; i < len; i++) {
        query[i] ^= 1;
        const struct reply *r = ask_octets(*state, query, len, false);
        /* Without the TSIG's type it's another query, which gets an unsigned answer. */
        if (r->octets != 0 && strcmp(r->rcode, "NOERROR") == 0
            && check_signed(r->wire, r->octets, &good, &asked, false, &answered) == NULL)
            fail_msg("octet %zu was changed unseen", i);
        query[i] ^= 1;
    }
    assert_rcode(ask_octets(*state, query, len, false), "NOERROR");
}

/* Section 5.2.3: signed, with the client's time and, in other data, ours */
static void a_clock_that_is_off_is_badtime_and_answered_signed(void **state)
{
    static const int64_t off[] = {-301, 301, -NOW, (int64_t)1 << 40};
    for (size_t i = 0; i < sizeof off / sizeof off[0]; i++) {
        struct signing how = good;
        how.time = (uint64_t)(NOW + off[i]);
        const struct reply *r = ask_signed(*state, "ns.example A", &how);
        assert_rcode(r, "NOTAUTH");
        assert_section(r, "answer", "");
        assert_signed(r, &how, false);
        assert_int_equal(answered.error, 18);
        assert_int_equal(answered.time, how.time);
        assert_int_equal(answered.other_octets, 6);
        assert_int_equal(wire_get32(answered.other + 2), NOW);
    }
}

static void a_clock_within_the_fudge_is_good(void **state)
{
    struct signing how = good;
    how.time = NOW - 300;
    assert_rcode(ask_signed(*state, "ns.example A", &how), "NOERROR");
    how.time = NOW + 300;
    assert_rcode(ask_signed(*state, "ns.example A", &how), "NOERROR");
    how.fudge = 0;
    assert_rcode(ask_signed(*state, "ns.example A", &how), "NOTAUTH");
}

/* Section 5.2.2.1 */
static void a_mac_may_be_cut_off_to_half_and_no_further(void **state)
{
    for (unsigned i = 0; i < TSIG_ALGORITHMS; i++) {
        char name[40];
        struct signing how = good;
        snprintf(name, sizeof name, "%s.key", algorithms[i].name);
        how.key = name;
        how.algorithm = algorithms[i].name;
        how.mac_octets = algorithms[i].mac_octets / 2;
        const struct reply *r = ask_signed(*state, "ns.example A", &how);
        assert_rcode(r, "NOERROR");
        assert_signed(r, &how, false);
        how.mac_octets--;
        assert_rcode(ask_signed(*state, "ns.example A", &how), "FORMERR");
        how.mac_octets = algorithms[i].mac_octets + 1;
        if (how.mac_octets <= sizeof asked.mac)
            assert_rcode(ask_signed(*state, "ns.example A", &how), "FORMERR");
    }
}

/* Section 5.1: a forwarder may have changed the ID */
static void the_original_id_is_what_was_signed(void **state)
{
    struct signing how = good;
    how.id_before = 0x4321;
    const struct reply *r = ask_signed(*state, "ns.example A", &how);
    assert_rcode(r, "NOERROR");
    assert_signed(r, &how, false);
}

/* Section 5.1 and 4.2 */
static void a_broken_tsig_is_formerr(void **state)
{
    static const struct {
        const char *rr;
        size_t octets;
    } broken[] = {
#define RR(text) {text, sizeof(text) - 1}
        RR("\3key\0\0\xfa\0\1\0\0\0\0\0\0"),   /* class IN */
        RR("\3key\0\0\xfa\0\xff\0\0\0\1\0\0"), /* a TTL */
        RR("\3key\0\0\xfa\0\xff\0\0\0\0\0\0"), /* no RDATA */
        RR("\3key\0\0\xfa\0\xff\0\0\0\0\0\2\xc0\x0c"),
        RR("\3key\0\0\xfa\0\xff\0\0\0\0\0\x11\0"
           "123456"
           "\1\x2c\0\1\0\1\0\0\0\0"),
        RR("\3key\0\0\xfa\0\xff\0\0\0\0\0\x12\0"
           "123456"
           "\1\x2c\0\0\0\1\0\0\0\0x"),
        RR("\xc0\xff\0\xfa\0\xff\0\0\0\0\0\x11\0"
           "123456"
           "\1\x2c\0\0\0\1\0\0\0\0"),
#undef RR
    };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        static uint8_t query[MESSAGE_MAX];
        bool tcp = false;
        size_t len = ask_query("ns.example A +edns", query, &tcp);
        memcpy(query + len, broken[i].rr, broken[i].octets);
        query[11]++;
        const struct reply *r = ask_octets(*state, query, len + broken[i].octets, false);
        assert_rcode(r, "FORMERR");
        assert_section(r, "additional", "");
    }
}

static void a_tsig_before_another_record_is_formerr(void **state)
{
    static uint8_t query[MESSAGE_MAX];
    bool tcp = false;
    size_t len = sign_request(query, ask_query("ns.example A", query, &tcp), &good, &asked);
    memcpy(query + len, "\0\0\x29\x10\0\0\0\0\0\0\0", 11);
    query[11]++;
    assert_rcode(ask_octets(*state, query, len + 11, false), "FORMERR");
}

/* Section 5.3.2: an answer that is cut off is signed as it is */
static void a_truncated_answer_keeps_room_for_its_signature(void **state)
{
    const struct reply *r = ask_signed(*state, "many.example A", &good);
    assert_flags(r, "qr aa tc");
    assert_true(r->octets <= 512);
    assert_signed(r, &good, false);
    r = ask_signed(*state, "many.example A +tcp", &good);
    assert_flags(r, "qr aa");
    assert_signed(r, &good, false);
}

#define LABEL "x2345678901234567890123456789012345678901234567890123456789012"
/* 255 octets */
#define LONG_QNAME                                                                             \
    LABEL "." LABEL "." LABEL "."                                                              \
          "x234567890123456789012345678901234567890123456789012345"                            \
          ".example"

static void the_longest_question_and_key_fit_into_512_octets(void **state)
{
    struct signing how = good;
    how.key = LONG_NAME;
    how.algorithm = "hmac-sha512";
    const struct reply *r = ask_signed(*state, LONG_QNAME " A +bufsize=512", &how);
    assert_true(r->opt);
    assert_true(r->octets <= 512);
    assert_flags(r, "qr aa tc");
    assert_signed(r, &how, false);
    how.time = 0;
    r = ask_signed(
        *state, LONG_QNAME " A +bufsize=512 +nsid +instance +opt=19 +opt=10:0011223344556677",
        &how);
    assert_true(r->opt);
    assert_true(r->octets <= 512);
    assert_rcode(r, "NOTAUTH");
    assert_signed(r, &how, false);
}

/* Its name is the client's choice, so the answer may have no room for it */
static void a_key_s_name_too_long_to_be_ours_is_answered_without_tsig(void **state)
{
    struct signing how = good;
    how.key = LABEL "." LABEL "." LABEL "." LABEL;
    const struct reply *r = ask_signed(*state, LONG_QNAME " A +bufsize=512", &how);
    assert_rcode(r, "NOTAUTH");
    assert_true(r->octets <= 512);
    assert_section(r, "additional", "");
}

static void unsigned_queries_get_unsigned_answers(void **state)
{
    const struct reply *r = ask(*state, "ns.example A");
    assert_rcode(r, "NOERROR");
    assert_section(r, "additional", "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_signed_query_gets_a_signed_answer),
        TEST(every_kind_of_answer_is_signed),
        TEST(so_are_formerr_and_notimp),
        TEST(so_is_what_comes_without_a_question_or_with_records),
        TEST(the_case_of_the_key_s_name_is_free),
        TEST(an_unknown_key_is_badkey_and_answered_unsigned),
        TEST(a_key_with_another_algorithm_is_badkey),
        TEST(a_wrong_mac_is_badsig_and_answered_unsigned),
        TEST(every_octet_is_covered),
        TEST(a_clock_that_is_off_is_badtime_and_answered_signed),
        TEST(a_clock_within_the_fudge_is_good),
        TEST(a_mac_may_be_cut_off_to_half_and_no_further),
        TEST(the_original_id_is_what_was_signed),
        TEST(a_broken_tsig_is_formerr),
        TEST(a_tsig_before_another_record_is_formerr),
        TEST(a_truncated_answer_keeps_room_for_its_signature),
        TEST(the_longest_question_and_key_fit_into_512_octets),
        TEST(a_key_s_name_too_long_to_be_ours_is_answered_without_tsig),
        TEST(unsigned_queries_get_unsigned_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
