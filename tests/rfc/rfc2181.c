/* rfc2181.c -- Clarifications: RRsets and TC */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static int setup(void **state)
{
    setup_server(state);
    return 0;
}

static void add_many(void *server, unsigned count)
{
    static char text[65536];
    size_t at = (size_t)snprintf(text, sizeof text,
                                 "@ 3600 SOA ns h 1 7200 900 1209600 300\n"
                                 "@ 3600 NS ns\nns 3600 A 192.0.2.1\n");
    for (unsigned i = 0; i < count; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "many 60 A 10.0.%u.%u\n", i / 250,
                               i % 250);
    server_add(server, "example", text);
}

/* Section 9 */
static void an_rrset_that_does_not_fit_sets_tc_and_is_left_out(void **state)
{
    add_many(*state, 31); /* 12 + 18 + 31 * 16 = 526 octets */
    const struct reply *r = ask(*state, "many.example A");

    assert_rcode(r, "NOERROR");
    assert_flags(r, "qr aa tc");
    assert_section(r, "answer", "");
    assert_true(r->octets <= 512);
}

static void an_rrset_that_just_fits_is_whole(void **state)
{
    add_many(*state, 30); /* 12 + 18 + 30 * 16 = 510 octets */
    const struct reply *r = ask(*state, "many.example A");

    assert_flags(r, "qr aa");
    assert_int_equal(r->octets, 510);
}

static void tcp_has_room_for_all(void **state)
{
    add_many(*state, 2000);
    const struct reply *r = ask(*state, "many.example A +tcp");

    assert_flags(r, "qr aa");
    assert_int_equal(r->octets, 12 + 18 + 2000 * 16);
}

/* Section 9: not for want of what is only helpful */
static void tc_is_clear_where_only_addresses_that_help_do_not_fit(void **state)
{
    static char text[20000];
    size_t at = (size_t)sprintf(text, "@ 60 SOA ns h 1 2 3 4 5\n");
    for (unsigned i = 0; i < 20; i++)
        at += (size_t)sprintf(text + at,
                              "@ 60 NS ns%u\nns%u 60 A 192.0.2.%u\nns%u 60 AAAA 2001:db8::%x\n"
                              "sub 60 NS ns%u\n",
                              i, i, i, i, i, i);
    at += (size_t)sprintf(text + at, "svc 60 HTTPS 1 host\n");
    for (unsigned i = 0; i < 40; i++)
        at += (size_t)sprintf(text + at, "host 60 A 192.0.2.%u\n", i);
    server_add(*state, "example", text);
    static const char *const questions[][2] = {
        {"example NS", "qr aa"}, {"x.sub.example A", "qr"}, {"svc.example HTTPS", "qr aa"}};
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        char question[64];
        const struct reply *r = ask(*state, questions[i][0]);
        assert_flags(r, questions[i][1]);
        const size_t octets = r->octets;
        snprintf(question, sizeof question, "%s +tcp", questions[i][0]);
        assert_true(ask(*state, question)->octets > octets); /* they aren't all there */
    }
}

/* Section 9, of every section and type */
static void tc_is_set_where_an_rrset_of_any_type_is_missing(void **state)
{
    static char text[20000];
    size_t at =
        (size_t)sprintf(text, "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns.\nto 60 CNAME big\n");
    for (unsigned i = 0; i < 40; i++)
        at += (size_t)sprintf(text + at,
                              "big 60 AAAA 2001:db8::%x\nbig 60 TXT text%u\nbig 60 MX %u mx\n"
                              "big 60 SRV %u 0 1 srv\nbig 60 TYPE65280 \\# 2 00%02x\n"
                              "cut 60 NS server%u.cut\n",
                              i, i, i, i, i, i);
    server_add(*state, "example", text);
    static const char *const types[] = {"AAAA", "TXT", "MX", "SRV", "TYPE65280"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        char question[64];
        snprintf(question, sizeof question, "big.example %s", types[i]);
        const struct reply *r = ask(*state, question);
        assert_flags(r, "qr aa tc");
        assert_section(r, "answer", "");
        snprintf(question, sizeof question, "to.example %s", types[i]);
        assert_flags(ask(*state, question), "qr aa tc");
    }
    assert_flags(ask(*state, "x.cut.example A"), "qr tc");
}

#define APEX "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns.\n"

/* Section 8 */
static void a_ttl_has_at_most_31_bits(void **state)
{
    server_add(*state, "example", APEX "long 2147483647 A 192.0.2.1\n");
    assert_section(ask(*state, "long.example A"), "answer",
                   "long.example. 2147483647 A 192.0.2.1");
    static const char *const above[] = {(APEX "a 2147483648 A 192.0.2.1\n"),
                                        (APEX "a 4294967295 A 192.0.2.1\n"),
                                        ("$TTL 2147483648\n" APEX)};
    for (size_t i = 0; i < sizeof above / sizeof above[0]; i++)
        assert_string_equal(
            zone_notes("example", above[i]),
            "error: the TTL is above 2147483647 seconds (RFC 2181 section 8)\n");
}

/* Sections 5.4.1 and 6: a zone speaks for itself */
static void data_outside_the_zone_is_never_served(void **state)
{
    assert_string_equal(zone_notes("example", APEX "www.other. 60 A 192.0.2.1\n"),
                        "error: www.other. is outside the zone example.\n");
    server_add(*state, "example",
               APEX "cut 60 NS ns.other.\ncut 60 NS ns.cut\nns.cut 60 A 192.0.2.1\n"
                    "to 60 CNAME www.other.\n");
    const struct reply *r = ask(*state, "x.cut.example A");
    assert_section(r, "additional", "ns.cut.example. 60 A 192.0.2.1");
    r = ask(*state, "to.example A");
    assert_section(r, "answer", "to.example. 60 CNAME www.other.");
    assert_section(r, "additional", "");
    assert_rcode(ask(*state, "www.other A"), "REFUSED");
}

/* Section 5.2 */
static void an_rrset_has_one_ttl(void **state)
{
    server_add(*state, "example",
               "@ 3600 SOA ns h 1 7200 900 1209600 300\n"
               "@ 3600 NS ns\nns 3600 A 192.0.2.1\nns 60 A 192.0.2.2\n");
    assert_section(ask(*state, "ns.example A"), "answer",
                   "ns.example. 60 A 192.0.2.1\nns.example. 60 A 192.0.2.2");
}

/* Section 5 */
static void a_duplicate_rr_is_answered_once(void **state)
{
    server_add(*state, "example",
               "@ 3600 SOA ns h 1 7200 900 1209600 300\n"
               "@ 3600 NS ns\nns 3600 A 192.0.2.1\nns 3600 A 192.0.2.1\n");
    assert_section(ask(*state, "ns.example A"), "answer", "ns.example. 3600 A 192.0.2.1");
}

/* Section 5 with RFC 4034 section 6.2: case doesn't count in the names of these types. */
static void rrs_whose_names_differ_in_case_are_duplicates(void **state)
{
    server_add(
        *state, "example",
        "@ 3600 SOA ns h 1 7200 900 1209600 300\n"
        "@ 3600 NS ns\nns 3600 A 192.0.2.1\n"
        "a 3600 MR box\na 3600 MR BOX\n"
        "a 3600 RP box txt\na 3600 RP box TXT\n"
        "a 3600 KX 1 box\na 3600 KX 1 Box\n"
        "a 3600 NAPTR 1 2 \"u\" \"A+b\" \"\" box\na 3600 NAPTR 1 2 \"u\" \"A+b\" \"\" BOX\n"
        "a 3600 NAPTR 1 2 \"u\" \"a+b\" \"\" box\n");
    assert_section(ask(*state, "a.example MR"), "answer", "a.example. 3600 MR box.example.");
    assert_section(ask(*state, "a.example RP"), "answer",
                   "a.example. 3600 RP box.example. txt.example.");
    assert_section(ask(*state, "a.example KX"), "answer", "a.example. 3600 KX 1 box.example.");
    assert_section(ask(*state, "a.example NAPTR"), "answer",
                   "a.example. 3600 NAPTR 1 2 \"u\" \"A+b\" \"\" box.example.\n"
                   "a.example. 3600 NAPTR 1 2 \"u\" \"a+b\" \"\" box.example.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_rrset_that_does_not_fit_sets_tc_and_is_left_out,
                                        setup, teardown_server),
        cmocka_unit_test_setup_teardown(an_rrset_that_just_fits_is_whole, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(tcp_has_room_for_all, setup, teardown_server),
        cmocka_unit_test_setup_teardown(tc_is_clear_where_only_addresses_that_help_do_not_fit,
                                        setup, teardown_server),
        cmocka_unit_test_setup_teardown(tc_is_set_where_an_rrset_of_any_type_is_missing, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_ttl_has_at_most_31_bits, setup, teardown_server),
        cmocka_unit_test_setup_teardown(data_outside_the_zone_is_never_served, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(an_rrset_has_one_ttl, setup, teardown_server),
        cmocka_unit_test_setup_teardown(a_duplicate_rr_is_answered_once, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(rrs_whose_names_differ_in_case_are_duplicates, setup,
                                        teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
