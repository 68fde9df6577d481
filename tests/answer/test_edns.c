#include "server/answer/edns.h"

#include "zone/zone.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct answer_config config = {
    .udp_payload_max = 1232,
    .identity_octets = 3,
    .identity = "abc",
    .instance = "0123456789abcdef",
};

/* Class, TTL, RDLENGTH and RDATA. */
#define READ(out, text)                                                                        \
    do {                                                                                       \
        struct reader r = reader_of((const uint8_t *)(text), sizeof(text) - 1);                \
        *(out) = (struct edns){0};                                                             \
        good = edns_read(out, &r);                                                             \
    } while (0)

static bool good;

static void options_are_found_and_unknown_ones_ignored(void **state)
{
    (void)state;
    struct edns edns;
    READ(&edns, "\x10\0\0\0\x80\0\0\x11\xff\xf0\0\3xyz\0\3\0\0\xfe\x31\0\2zz");
    assert_true(good && edns.present);
    assert_int_equal(edns.asked, EDNS_ASKED_NSID | EDNS_ASKED_INSTANCE);
    assert_int_equal(edns.payload, 4096);
}

static void an_option_cut_off_is_an_error(void **state)
{
    (void)state;
    struct edns edns;
    READ(&edns, "\x10\0\0\0\0\0\0\5\0\3\0\2x");
    assert_false(good);
    READ(&edns, "\x10\0\0\0\0\0\0\3\0\3\0");
    assert_false(good);
    READ(&edns, "\x10\0\0\0\0\0\0\7\0\3\0\0");
    assert_false(good);
}

static void a_payload_below_512_counts_as_512(void **state)
{
    (void)state;
    struct edns edns;
    READ(&edns, "\0\1\0\0\0\0\0\0");
    assert_int_equal(edns.payload, 512);
}

/* A request that asks for what `asked` says, and has an OPT if the bit above is set. */
static struct edns asking(unsigned asked)
{
    static const uint8_t subnet[] = {0, 1, 24, 0, 192, 0, 2}, cookie[8];
    return (struct edns){.present = asked >= 64,
                         .asked = (uint8_t)(asked & 63),
                         .subnet = subnet,
                         .subnet_octets = sizeof subnet,
                         .cookie = cookie,
                         .cookie_octets = sizeof cookie};
}

static void the_room_is_what_is_written(void **state)
{
    (void)state;
    struct zone zone = {.version = {.root = 1}, .apex = {1, ""}};
    for (unsigned i = 0; i < 128; i++) {
        static const uint8_t cookie[COOKIE_OCTETS];
        const struct edns edns = asking(i);
        const struct edns_answer answer = {
            .ede = EDE_NONE,
            .zone = &zone,
            .cookie = (edns.asked & EDNS_ASKED_COOKIE) != 0 ? cookie : NULL};
        uint8_t octets[512];
        struct packet p = {.octets = octets, .len = 12, .limit = 12};
        edns_write(&p, &edns, &config, RCODE_NOERROR);
        if (edns.present)
            edns_write_options(&p, &edns, &config, &answer);
        assert_int_equal(p.len - 12, edns_room(&edns, &config));
        assert_int_equal(p.count[SECTION_ADDITIONAL], edns.present ? 1 : 0);
    }
}

static void wishes_are_given_up_until_the_rest_fits(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 128; i++) {
        for (size_t room = 11; room < 150; room++) {
            struct edns edns = asking(i);
            const bool fitted = edns_room(&edns, &config) <= room;
            edns_shrink(&edns, &config, room);
            assert_true(edns_room(&edns, &config) <= room);
            const struct edns whole = asking(i);
            assert_true(!fitted || edns_room(&edns, &config) == edns_room(&whole, &config));
        }
    }
}

static void the_upper_bits_of_an_rcode_go_into_opt(void **state)
{
    (void)state;
    const struct edns edns = {.present = true, .dnssec_ok = true, .asked = EDNS_ASKED_NSID};
    uint8_t octets[512];
    struct packet p = {.octets = octets};
    edns_write(&p, &edns, &config, RCODE_BADVERS);
    assert_int_equal(p.len, 11);
    assert_memory_equal(octets, "\0\0\x29\x04\xd0\1\0\x80\0\0\0", 11);
}

static void what_nobody_asked_for_stays_within_the_limit(void **state)
{
    (void)state;
    struct answer_config reporting = config;
    reporting.report_channel = (struct name){7, "\5agent"};
    const struct edns edns = {.present = true};
    for (size_t limit = 30; limit < 80; limit++) {
        const struct edns_answer answer = {
            .ede = EDE_NOT_READY, .question = true, .limit = limit};
        uint8_t octets[512] = {[12] = 0};
        struct packet p = {.octets = octets, .len = 17};
        edns_write(&p, &edns, &reporting, RCODE_NOERROR);
        edns_write_options(&p, &edns, &reporting, &answer);
        const size_t all = 28u + (limit >= 34 ? 6u : 0u) + (limit >= 45 ? 11u : 0u);
        assert_int_equal(p.len, all);
    }
}

static void broken_options_are_errors(void **state)
{
    (void)state;
    static const struct {
        const char *option;
        size_t octets;
        bool good;
    } cases[] = {
#define CASE(text, good) {text, sizeof(text) - 1, good}
        CASE("\0\x0a\0\x08"
             "12345678",
             true),
        CASE("\0\x0a\0\x07"
             "1234567",
             false),
        CASE("\0\x0a\0\x09"
             "123456789",
             false),
        CASE("\0\x0a\0\x0f"
             "123456789012345",
             false),
        CASE("\0\x0a\0\x10"
             "1234567890123456",
             true),
        CASE("\0\x0a\0\x28"
             "1234567890123456789012345678901234567890",
             true),
        CASE("\0\x0a\0\x29"
             "12345678901234567890123456789012345678901",
             false),
        CASE("\0\x0a\0\0", false),
        CASE("\0\x08\0\x03"
             "\0\1\0",
             false),
        CASE("\0\x08\0\x04"
             "\0\1\0\0",
             true),
        CASE("\0\x08\0\x04"
             "\0\0\0\0",
             true),
        CASE("\0\x08\0\x07"
             "\0\1\x18\0\xc0\0\2",
             true),
        CASE("\0\x08\0\x07"
             "\0\1\x18\1\xc0\0\2",
             false),
        CASE("\0\x08\0\x07"
             "\0\1\x17\0\xc0\0\3",
             false),
        CASE("\0\x08\0\x07"
             "\0\1\x17\0\xc0\0\2",
             true),
        CASE("\0\x08\0\x07"
             "\0\1\x19\0\xc0\0\2",
             false),
        CASE("\0\x08\0\x09"
             "\0\1\x21\0\xc0\0\2\1\0",
             false),
        CASE("\0\x08\0\x05"
             "\0\3\x01\0\x80",
             false),
        CASE("\0\x13\0\0", true),
        CASE("\0\x13\0\x01"
             "x",
             true),
        CASE("\0\x0b\0\0", true),
        CASE("\0\x0b\0\2"
             "\0\1",
             true),
#undef CASE
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t rr[80] = {[7] = (uint8_t)cases[i].octets};
        memcpy(rr + 8, cases[i].option, cases[i].octets);
        struct reader r = reader_of(rr, 8 + cases[i].octets);
        struct edns edns = {0};
        if (edns_read(&edns, &r) != cases[i].good)
            fail_msg("option %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_found_and_unknown_ones_ignored),
        cmocka_unit_test(an_option_cut_off_is_an_error),
        cmocka_unit_test(broken_options_are_errors),
        cmocka_unit_test(a_payload_below_512_counts_as_512),
        cmocka_unit_test(the_room_is_what_is_written),
        cmocka_unit_test(wishes_are_given_up_until_the_rest_fits),
        cmocka_unit_test(the_upper_bits_of_an_rcode_go_into_opt),
        cmocka_unit_test(what_nobody_asked_for_stays_within_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
