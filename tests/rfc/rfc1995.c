/* rfc1995.c -- incremental transfers: not offered, and that is said */
#include "tests/answer/ask.h"
#include "zone/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char zone_text[] = "@  3600 SOA ns hostmaster 7 7200 900 1209600 300\n"
                                "@  3600 NS  ns\n"
                                "ns 3600 A   192.0.2.1\n";

/* Section 3: an IXFR has the client's SOA in its authority section. */
static const uint8_t ixfr[] = "\x12\x34\0\0\0\1\0\0\0\1\0\0"
                              "\7example\0\0\xfb\0\1"
                              "\xc0\x0c\0\6\0\1\0\0\0\0\0\x16"
                              "\0\0\0\0\0\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    return 0;
}

/* Section 2 allows UDP: the refusal has the question and nothing else there too. */
static void an_ixfr_is_refused_by_udp_and_tcp(void **state)
{
    for (int tcp = 0; tcp < 2; tcp++) {
        const struct reply *r = ask_octets(*state, ixfr, sizeof ixfr - 1, tcp != 0);
        assert_rcode(r, "REFUSED");
        assert_flags(r, "qr");
        assert_string_equal(r->question, "example. IXFR");
        assert_section(r, "answer", "");
        assert_section(r, "authority", "");
        assert_section(r, "additional", "");
    }
}

static void an_ixfr_without_the_client_s_soa_is_refused_too(void **state)
{
    assert_rcode(ask(*state, "example IXFR"), "REFUSED");
    assert_rcode(ask(*state, "example IXFR +tcp"), "REFUSED");
}

static void an_ixfr_whose_soa_is_cut_off_is_formerr(void **state)
{
    for (size_t octets = 27; octets < sizeof ixfr - 1; octets++) {
        const struct reply *r = ask_octets(*state, ixfr, octets, true);
        assert_rcode(r, "FORMERR");
    }
}

/* RFC 1035 section 7.3: whoever takes part in an IXFR sends a question, never an answer */
static void an_ixfr_with_an_answer_section_is_formerr(void **state)
{
    uint8_t query[sizeof ixfr - 1];
    memcpy(query, ixfr, sizeof query);
    wire_put16(query + 6, 1);
    wire_put16(query + 8, 0);
    assert_rcode(ask_octets(*state, query, sizeof query, false), "FORMERR");
}

static void of_a_zone_that_is_not_ours_it_is_refused(void **state)
{
    assert_rcode(ask(*state, "elsewhere IXFR"), "REFUSED");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ixfr_is_refused_by_udp_and_tcp),
        cmocka_unit_test(an_ixfr_without_the_client_s_soa_is_refused_too),
        cmocka_unit_test(an_ixfr_whose_soa_is_cut_off_is_formerr),
        cmocka_unit_test(an_ixfr_with_an_answer_section_is_formerr),
        cmocka_unit_test(of_a_zone_that_is_not_ours_it_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown_server);
}
