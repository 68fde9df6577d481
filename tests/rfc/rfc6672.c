/* rfc6672.c -- DNAME */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const char zone_text[] =
    "@          3600 SOA   ns hostmaster 1 7200 900 1209600 300\n"
    "@          3600 NS    ns\n"
    "ns         3600 A     192.0.2.1\n"
    "\n"
    "old          3600 DNAME new\n"
    "host.new     3600 A     192.0.2.10\n"
    "alias.new    3600 CNAME host.new\n"
    "out          600  DNAME elsewhere.\n"
    "far          3600 DNAME other.\n"
    "spin         3600 DNAME x.spin\n"
    "back         3600 DNAME forth\n"
    "forth        3600 DNAME back\n"
    "to           3600 CNAME host.old\n"
    "here         3600 DNAME there\n"
    "a.there      3600 CNAME here\n"
    "*.new        3600 TXT   \"any\"\n"
    "long         3600 DNAME "
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.new\n";

static const char other_text[] = "@ 60 SOA ns.example. h.example. 2 7200 900 1209600 60\n"
                                 "@ 60 NS ns.example.\n"
                                 "@ 60 DNAME old.example.\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    server_add(*state, "other", other_text);
    return 0;
}

/* Section 3.1 */
static void a_name_below_a_dname_gets_a_synthesised_cname(void **state)
{
    const struct reply *r = ask(*state, "host.old.example A");

    assert_rcode(r, "NOERROR");
    assert_flags(r, "qr aa");
    assert_section(r, "answer",
                   "old.example. 3600 DNAME new.example.\n"
                   "host.old.example. 3600 CNAME host.new.example.\n"
                   "host.new.example. 3600 A 192.0.2.10");
}

static void the_synthesised_cname_has_the_dname_s_ttl(void **state)
{
    const struct reply *r = ask(*state, "a.b.out.example A");
    assert_section(r, "answer",
                   "out.example. 600 DNAME elsewhere.\n"
                   "a.b.out.example. 600 CNAME a.b.elsewhere.");
    assert_section(r, "authority", "");
}

static void it_is_the_answer_when_a_cname_is_asked(void **state)
{
    const struct reply *r = ask(*state, "host.old.example CNAME");
    assert_section(r, "answer",
                   "old.example. 3600 DNAME new.example.\n"
                   "host.old.example. 3600 CNAME host.new.example.");
}

/* Section 2.3: the owner itself isn't redirected */
static void the_owner_of_a_dname_is_not_redirected(void **state)
{
    const struct reply *r = ask(*state, "old.example DNAME");
    assert_section(r, "answer", "old.example. 3600 DNAME new.example.");
    r = ask(*state, "old.example A");
    assert_rcode(r, "NOERROR");
    assert_section(r, "answer", "");
    assert_section(r, "authority",
                   "example. 300 SOA ns.example. hostmaster.example. 1 7200 900 1209600 300");
}

/* Section 2.2 */
static void a_name_that_becomes_too_long_is_yxdomain(void **state)
{
    const struct reply *r = ask(
        *state,
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.long.example A +tcp");
    assert_rcode(r, "YXDOMAIN");
    assert_flags(r, "qr aa");
    assert_section(
        r, "answer",
        "long.example. 3600 DNAME "
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.new.example.");
}

/* A DNAME and a question of the greatest lengths together are more than 512 octets. */
static void yxdomain_stays_within_the_limit(void **state)
{
    char question[400];
    static const char label[] = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    snprintf(question, sizeof question, "%s.%s.%s.%.45s.long.example A", label, label, label, label);
    assert_true(ask(*state, question)->octets <= 512);
    server_add(*state, "y", "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.1\n"
               "@ 60 DNAME aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
               "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
               "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
               "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.\n");
    snprintf(question, sizeof question, "%s.%s.%s.%.58s.y A", label, label, label, label);
    const struct reply *r = ask(*state, question);
    assert_flags(r, "qr aa tc");
    assert_true(r->octets <= 512);
    snprintf(question, sizeof question, "%s.%s.%s.%.58s.y A +edns", label, label, label, label);
    r = ask(*state, question);
    assert_rcode(r, "YXDOMAIN");
    assert_true(r->octets > 512);
}

/* Section 5.3.1: the DNAME is signed, and the CNAME that it implies is not */
static void the_synthesised_cname_has_no_signature(void **state)
{
    server_add(*state, "signed",
               "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.1\n"
               "d 60 DNAME elsewhere.\n"
               "d 60 RRSIG DNAME 8 2 60 20300101000000 20200101000000 1 signed. c2ln\n");
    assert_section(ask(*state, "x.d.signed A +do"), "answer",
                   "d.signed. 60 DNAME elsewhere.\n"
                   "d.signed. 60 RRSIG DNAME 8 2 60 20300101000000 20200101000000 1 signed. c2ln\n"
                   "x.d.signed. 60 CNAME x.elsewhere.");
}

static void a_name_that_just_fits_is_followed(void **state)
{
    /* 3 x 64 + 4 + 9 = 205 octets for the target; 50 are left */
    const struct reply *r =
        ask(*state, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.long.example A +tcp");
    assert_rcode(r, "NOERROR");
    r = ask(*state, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.long.example A +tcp");
    assert_rcode(r, "YXDOMAIN");
}

static void dnames_are_applied_along_a_chain(void **state)
{
    const struct reply *r = ask(*state, "to.example A");
    assert_section(r, "answer",
                   "to.example. 3600 CNAME host.old.example.\n"
                   "old.example. 3600 DNAME new.example.\n"
                   "host.old.example. 3600 CNAME host.new.example.\n"
                   "host.new.example. 3600 A 192.0.2.10");
    r = ask(*state, "alias.other A");
    assert_section(r, "answer",
                   "other. 60 DNAME old.example.\n"
                   "alias.other. 60 CNAME alias.old.example.\n"
                   "old.example. 3600 DNAME new.example.\n"
                   "alias.old.example. 3600 CNAME alias.new.example.\n"
                   "alias.new.example. 3600 CNAME host.new.example.\n"
                   "host.new.example. 3600 A 192.0.2.10");
}

static void a_chain_of_one_dname_ends_and_names_it_once(void **state)
{
    const struct reply *r = ask(*state, "a.spin.example A +tcp");
    assert_rcode(r, "NOERROR");
    assert_true(has_line(r, "answer", "spin.example. 3600 DNAME x.spin.example."));
    assert_true(has_line(r, "answer", "a.spin.example. 3600 CNAME a.x.spin.example."));
}

/* RFC 2181 section 5: it's in the answer already, as what led there. */
static void a_dname_that_led_to_itself_is_not_said_twice(void **state)
{
    static const char answer[] = "here.example. 3600 DNAME there.example.\n"
                                 "a.here.example. 3600 CNAME a.there.example.\n"
                                 "a.there.example. 3600 CNAME here.example.";
    const struct reply *r = ask(*state, "a.here.example DNAME");
    assert_rcode(r, "NOERROR");
    assert_section(r, "answer", answer);
    assert_section(r, "authority", "");
}

static void a_loop_of_dnames_ends(void **state)
{
    const struct reply *r = ask(*state, "a.back.example A");
    assert_rcode(r, "NOERROR");
    assert_section(r, "answer",
                   "back.example. 3600 DNAME forth.example.\n"
                   "a.back.example. 3600 CNAME a.forth.example.\n"
                   "forth.example. 3600 DNAME back.example.\n"
                   "a.forth.example. 3600 CNAME a.back.example.");
}

/* Section 2.4: whatever the file has below the owner is hidden */
static void nothing_below_a_dname_is_answered(void **state)
{
    server_add(*state, "hides",
               "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns.\n"
               "d 60 DNAME to\nd 60 A 192.0.2.1\nto 60 NS ns.\n"
               "a.d 60 A 192.0.2.2\n*.d 60 A 192.0.2.3\nb.c.d 60 A 192.0.2.4\n"
               "cut.d 60 NS ns.cut.d\nns.cut.d 60 A 192.0.2.5\n"
               "x.d 60 DNAME elsewhere\ny.d 60 CNAME d\n");
    static const char *const below[] = {"a", "q", "c", "b.c", "cut", "ns.cut", "x", "z.x", "y"};
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++) {
        static const char *const types[] = {"A", "NS", "DNAME", "TXT", "CNAME"};
        for (size_t k = 0; k < sizeof types / sizeof types[0]; k++) {
            char question[64], alias[128];
            snprintf(question, sizeof question, "%s.d.hides %s", below[i], types[k]);
            snprintf(alias, sizeof alias,
                     "d.hides. 60 DNAME to.hides.\n%s.d.hides. 60 CNAME %s.to.hides.", below[i],
                     below[i]);
            assert_section(ask(*state, question), "answer", alias);
        }
    }
    assert_section(ask(*state, "d.hides A"), "answer", "d.hides. 60 A 192.0.2.1");
}

/* Section 2.3: what is at the apex stays the zone's, its names below are another's */
static void a_dname_at_the_apex_leaves_the_apex_as_it_is(void **state)
{
    const struct reply *r = ask(*state, "other SOA");
    assert_flags(r, "qr aa");
    assert_section(r, "answer", "other. 60 SOA ns.example. h.example. 2 7200 900 1209600 60");
    assert_section(ask(*state, "other NS"), "answer", "other. 60 NS ns.example.");
    assert_section(ask(*state, "other DNAME"), "answer", "other. 60 DNAME old.example.");
    r = ask(*state, "other A");
    assert_rcode(r, "NOERROR");
    assert_section(r, "answer", "");
    assert_section(r, "authority",
                   "other. 60 SOA ns.example. h.example. 2 7200 900 1209600 60");
}

static void a_missing_target_is_nxdomain_or_the_wildcard(void **state)
{
    const struct reply *r = ask(*state, "nothing.old.example TXT");
    assert_true(has_line(r, "answer", "nothing.new.example. 3600 TXT \"any\""));
    server_add(*state, "z",
               "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.1\n"
               "d 60 DNAME ns\n");
    assert_rcode(ask(*state, "x.d.z A"), "NXDOMAIN");
}

/* Section 2.4: what is below a DNAME isn't there, the address of the zone's own server included. Below a cut a DNAME is
 * the child's. */
static void the_apex_s_servers_have_no_addresses_below_a_dname(void **state)
{
    server_add(*state, "d", "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns.old\n@ 60 NS a.b.cut\n"
               "old 60 DNAME new\nns.old 60 A 192.0.2.1\n"
               "cut 60 NS a.b.cut\nb.cut 60 DNAME new\na.b.cut 60 A 192.0.2.2\n");
    assert_section(ask(*state, "d NS"), "additional", "a.b.cut.d. 60 A 192.0.2.2");
    assert_section(ask(*state, "d NS +edns +do"), "additional",
                   "a.b.cut.d. 60 A 192.0.2.2");
    server_add(*state, "e", "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\n@ 60 DNAME new\n"
               "ns 60 A 192.0.2.1\n");
    assert_section(ask(*state, "e NS"), "additional", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_name_below_a_dname_gets_a_synthesised_cname, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(the_synthesised_cname_has_the_dname_s_ttl, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(it_is_the_answer_when_a_cname_is_asked, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(the_owner_of_a_dname_is_not_redirected, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_name_that_becomes_too_long_is_yxdomain, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(yxdomain_stays_within_the_limit, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(the_synthesised_cname_has_no_signature, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_name_that_just_fits_is_followed, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(dnames_are_applied_along_a_chain, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_chain_of_one_dname_ends_and_names_it_once, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_dname_that_led_to_itself_is_not_said_twice, setup, teardown_server),
        cmocka_unit_test_setup_teardown(the_apex_s_servers_have_no_addresses_below_a_dname, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_loop_of_dnames_ends, setup, teardown_server),
        cmocka_unit_test_setup_teardown(nothing_below_a_dname_is_answered, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_dname_at_the_apex_leaves_the_apex_as_it_is, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_missing_target_is_nxdomain_or_the_wildcard, setup,
                                        teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
