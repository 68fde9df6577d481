#include "server/answer/edns.h"

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
    assert_true(edns.nsid);
    assert_true(edns.instance);
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

static void the_room_is_what_is_written(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        const struct edns edns = {
            .present = (i & 1) != 0, .nsid = (i & 2) != 0, .instance = (i & 4) != 0};
        uint8_t octets[512];
        struct packet p = {.octets = octets, .len = 12, .limit = 12};
        edns_write(&p, &edns, &config, RCODE_NOERROR, EDE_NONE);
        assert_int_equal(p.len - 12, edns_room(&edns, &config));
        assert_int_equal(p.count[SECTION_ADDITIONAL], edns.present ? 1 : 0);
    }
}

static void the_upper_bits_of_an_rcode_go_into_opt(void **state)
{
    (void)state;
    const struct edns edns = {.present = true, .dnssec_ok = true, .nsid = true};
    uint8_t octets[512];
    struct packet p = {.octets = octets};
    edns_write(&p, &edns, &config, RCODE_BADVERS, EDE_NONE);
    assert_int_equal(p.len, 11);
    assert_memory_equal(octets, "\0\0\x29\x04\xd0\1\0\x80\0\0\0", 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_found_and_unknown_ones_ignored),
        cmocka_unit_test(an_option_cut_off_is_an_error),
        cmocka_unit_test(a_payload_below_512_counts_as_512),
        cmocka_unit_test(the_room_is_what_is_written),
        cmocka_unit_test(the_upper_bits_of_an_rcode_go_into_opt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
