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
        cmocka_unit_test_setup_teardown(an_rrset_has_one_ttl, setup, teardown_server),
        cmocka_unit_test_setup_teardown(a_duplicate_rr_is_answered_once, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(rrs_whose_names_differ_in_case_are_duplicates, setup,
                                        teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
