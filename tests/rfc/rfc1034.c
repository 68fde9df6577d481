/* rfc1034.c -- Domain names: concepts (the search of section 4.3.2) */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char zone_text[] = "@          3600 SOA   ns hostmaster 1 7200 900 1209600 300\n"
                                "@          3600 NS    ns\n"
                                "ns         3600 A     192.0.2.1\n"
                                "\n"
                                "www        3600 A     192.0.2.10\n"
                                "www        3600 A     192.0.2.11\n"
                                "www        3600 TXT   \"text\"\n"
                                "alias      3600 CNAME www\n"
                                "far        3600 CNAME www.elsewhere.\n"
                                "into       3600 CNAME host.other.\n"
                                "lost       3600 CNAME nothing\n"
                                "bare       3600 CNAME deep\n"
                                "loop       3600 CNAME loop2\n"
                                "loop2      3600 CNAME loop\n"
                                "self       3600 CNAME self\n"
                                "below      3600 CNAME www.child\n"
                                "host.deep  3600 A     192.0.2.12\n"
                                "child      3600 NS    ns.child\n"
                                "child      3600 NS    ns.elsewhere.\n"
                                "child      3600 NS    ns\n"
                                "ns.child   3600 A     192.0.2.2\n"
                                "ns.child   3600 AAAA  2001:db8::2\n"
                                "sub        3600 NS    sub\n"
                                "sub        3600 A     192.0.2.3\n"
                                "both       3600 NS    ns.both\n"
                                "ns.both    3600 A     192.0.2.4\n";

static const char other_text[] = "@          3600 SOA   ns hostmaster 9 7200 900 1209600 60\n"
                                 "@          3600 NS    ns\n"
                                 "ns         3600 A     198.51.100.1\n"
                                 "host       3600 A     198.51.100.2\n"
                                 "back       3600 CNAME www.example.\n"
                                 "gone       3600 CNAME nothing.example.\n";

static const char both_text[] = "@          3600 SOA   ns hostmaster 7 7200 900 1209600 60\n"
                                "@          3600 NS    ns\n"
                                "ns         3600 A     192.0.2.4\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    server_add(*state, "other", other_text);
    server_add(*state, "both.example", both_text);
    return 0;
}

/* Section 4.3.2, step 3a */
static void a_name_that_is_there_is_answered_with_authority(void **state)
{
    const struct reply *r = ask(*state, "www.example A");

    assert_rcode(r, "NOERROR");
    assert_flags(r, "qr aa");
    assert_section(r, "answer",
                   "www.example. 3600 A 192.0.2.10\n"
                   "www.example. 3600 A 192.0.2.11");
    assert_section(r, "authority", "");
    assert_section(r, "additional", "");
}

/* Section 4.3.2, step 3b */
static void a_name_below_a_zone_cut_gets_a_referral(void **state)
{
    const struct reply *r = ask(*state, "www.child.example A");

    assert_rcode(r, "NOERROR");
    assert_flags(r, "qr");
    assert_section(r, "answer", "");
    assert_section(r, "authority",
                   "child.example. 3600 NS ns.child.example.\n"
                   "child.example. 3600 NS ns.elsewhere.\n"
                   "child.example. 3600 NS ns.example.");
    assert_section(r, "additional",
                   "ns.child.example. 3600 A 192.0.2.2\n"
                   "ns.child.example. 3600 AAAA 2001:db8::2\n"
                   "ns.example. 3600 A 192.0.2.1");
}

static void the_cut_itself_and_its_glue_get_the_referral_too(void **state)
{
    static const char *const questions[] = {"sub.example A", "sub.example NS",
                                            "sub.example ANY", "a.b.c.sub.example TXT",
                                            "sub.example SOA"};
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        const struct reply *r = ask(*state, questions[i]);
        assert_flags(r, "qr");
        assert_section(r, "answer", "");
        assert_section(r, "authority", "sub.example. 3600 NS sub.example.");
        assert_section(r, "additional", "sub.example. 3600 A 192.0.2.3");
    }
}

/* Section 4.2.1: below a cut there's glue and nothing of ours, whatever the file has there */
static void data_and_name_servers_below_a_cut_are_not_used(void **state)
{
    server_add(*state, "z",
               "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.1\n"
               "cut 60 NS ns.cut\nns.cut 60 A 192.0.2.2\n"
               "deep.cut 60 NS ns.deep.cut\nns.deep.cut 60 A 192.0.2.3\n"
               "text.cut 60 TXT \"hidden\"\nalias.cut 60 CNAME ns\n*.cut 60 TXT \"hidden\"\n"
               "old.cut 60 DNAME ns\ncut 60 TXT \"hidden\"\n");
    static const char *const questions[] = {
        "x.deep.cut.z A", "deep.cut.z NS", "text.cut.z TXT", "alias.cut.z A", "y.cut.z TXT",
        "x.old.cut.z A",  "cut.z TXT",     "cut.z ANY",      "cut.z NS",      "ns.cut.z A"};
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        const struct reply *r = ask(*state, questions[i]);
        assert_flags(r, "qr");
        assert_section(r, "answer", "");
        assert_section(r, "authority", "cut.z. 60 NS ns.cut.z.");
        assert_section(r, "additional", "ns.cut.z. 60 A 192.0.2.2");
    }
}

static void a_child_that_is_served_too_answers_itself(void **state)
{
    const struct reply *r = ask(*state, "ns.both.example A");

    assert_flags(r, "qr aa");
    assert_section(r, "answer", "ns.both.example. 3600 A 192.0.2.4");
}

/* Section 3.6.2 */
static void an_alias_is_followed(void **state)
{
    const struct reply *r = ask(*state, "alias.example A");

    assert_rcode(r, "NOERROR");
    assert_flags(r, "qr aa");
    assert_section(r, "answer",
                   "alias.example. 3600 CNAME www.example.\n"
                   "www.example. 3600 A 192.0.2.10\n"
                   "www.example. 3600 A 192.0.2.11");
}

static void an_alias_asked_for_by_its_type_is_not_followed(void **state)
{
    const struct reply *r = ask(*state, "alias.example CNAME");
    assert_section(r, "answer", "alias.example. 3600 CNAME www.example.");

    r = ask(*state, "alias.example ANY");
    assert_section(r, "answer", "alias.example. 3600 CNAME www.example.");
}

static void an_alias_out_of_our_zones_ends_there(void **state)
{
    const struct reply *r = ask(*state, "far.example A");

    assert_rcode(r, "NOERROR");
    assert_flags(r, "qr aa");
    assert_section(r, "answer", "far.example. 3600 CNAME www.elsewhere.");
    assert_section(r, "authority", "");
}

static void an_alias_into_another_zone_of_ours_is_followed(void **state)
{
    const struct reply *r = ask(*state, "into.example A");
    assert_section(r, "answer",
                   "into.example. 3600 CNAME host.other.\n"
                   "host.other. 3600 A 198.51.100.2");

    r = ask(*state, "back.other A");
    assert_section(r, "answer",
                   "back.other. 3600 CNAME www.example.\n"
                   "www.example. 3600 A 192.0.2.10\n"
                   "www.example. 3600 A 192.0.2.11");
}

static void an_alias_to_data_of_another_type_has_the_soa_of_the_target(void **state)
{
    const struct reply *r = ask(*state, "into.example MX");

    assert_rcode(r, "NOERROR");
    assert_section(r, "answer", "into.example. 3600 CNAME host.other.");
    assert_section(r, "authority",
                   "other. 60 SOA ns.other. hostmaster.other. 9 7200 900 1209600 60");
}

static void an_alias_below_a_cut_ends_in_a_referral(void **state)
{
    const struct reply *r = ask(*state, "below.example A");

    assert_rcode(r, "NOERROR");
    assert_flags(r, "qr aa");
    assert_section(r, "answer", "below.example. 3600 CNAME www.child.example.");
    assert_true(has_line(r, "authority", "child.example. 3600 NS ns.child.example."));
    assert_true(has_line(r, "additional", "ns.child.example. 3600 A 192.0.2.2"));
}

static void a_loop_of_aliases_is_stopped(void **state)
{
    const struct reply *r = ask(*state, "loop.example A");

    assert_rcode(r, "NOERROR");
    assert_flags(r, "qr aa");
    assert_section(r, "answer",
                   "loop.example. 3600 CNAME loop2.example.\n"
                   "loop2.example. 3600 CNAME loop.example.");

    r = ask(*state, "self.example A");
    assert_section(r, "answer", "self.example. 3600 CNAME self.example.");
}

/* Section 3.7: an empty non-terminal is a name */
static void an_empty_non_terminal_has_no_data(void **state)
{
    const struct reply *r = ask(*state, "deep.example A");
    assert_rcode(r, "NOERROR");
    assert_flags(r, "qr aa");
    assert_section(r, "answer", "");
    assert_section(r, "authority",
                   "example. 300 SOA ns.example. hostmaster.example. 1 7200 900 1209600 300");

    r = ask(*state, "bare.example A");
    assert_rcode(r, "NOERROR");
    assert_section(r, "answer", "bare.example. 3600 CNAME deep.example.");
    assert_section(r, "authority",
                   "example. 300 SOA ns.example. hostmaster.example. 1 7200 900 1209600 300");
}

static void the_apex_s_servers_come_with_their_addresses(void **state)
{
    const struct reply *r = ask(*state, "example NS");

    assert_flags(r, "qr aa");
    assert_section(r, "answer", "example. 3600 NS ns.example.");
    assert_section(r, "additional", "ns.example. 3600 A 192.0.2.1");
}

static void a_name_of_no_zone_is_refused(void **state)
{
    const struct reply *r = ask(*state, "www.elsewhere A");

    assert_rcode(r, "REFUSED");
    assert_flags(r, "qr");
    assert_section(r, "authority", "");
    assert_string_equal(r->question, "www.elsewhere. A");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_name_that_is_there_is_answered_with_authority, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_name_below_a_zone_cut_gets_a_referral, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(the_cut_itself_and_its_glue_get_the_referral_too, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(data_and_name_servers_below_a_cut_are_not_used, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_child_that_is_served_too_answers_itself, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(an_alias_is_followed, setup, teardown_server),
        cmocka_unit_test_setup_teardown(an_alias_asked_for_by_its_type_is_not_followed, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(an_alias_out_of_our_zones_ends_there, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(an_alias_into_another_zone_of_ours_is_followed, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(
            an_alias_to_data_of_another_type_has_the_soa_of_the_target, setup, teardown_server),
        cmocka_unit_test_setup_teardown(an_alias_below_a_cut_ends_in_a_referral, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_loop_of_aliases_is_stopped, setup, teardown_server),
        cmocka_unit_test_setup_teardown(an_empty_non_terminal_has_no_data, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(the_apex_s_servers_come_with_their_addresses, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_name_of_no_zone_is_refused, setup, teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
