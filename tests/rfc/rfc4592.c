/* rfc4592.c -- Wildcards (the zone of section 2.2.1) */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char zone_text[] =
    "@                 3600 SOA   ns.example.com. h.example.com. 1 7200 900 1209600 300\n"
    "@                 3600 NS    ns.example.com.\n"
    "@                 3600 NS    ns.example.net.\n"
    "*                 3600 TXT   \"this is a wildcard\"\n"
    "*                 3600 MX    10 host1.example.\n"
    "sub.*             3600 TXT   \"this is not a wildcard\"\n"
    "host1             3600 A     192.0.2.1\n"
    "_ssh._tcp.host1   3600 SRV   0 0 22 host1\n"
    "_ssh._tcp.host2   3600 SRV   0 0 22 host2\n"
    "subdel            3600 NS    ns.example.com.\n"
    "subdel            3600 NS    ns.example.net.\n"
    "*.alias           3600 CNAME host1\n"
    "*.round           3600 CNAME x.round\n"
    "*.here            3600 MX    10 *.here\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    return 0;
}

/* Section 2.2.1: questions that are answered by synthesis */
static void missing_names_are_answered_from_the_wildcard(void **state)
{
    const struct reply *r = ask(*state, "host3.example MX");
    assert_rcode(r, "NOERROR");
    assert_flags(r, "qr aa");
    assert_section(r, "answer", "host3.example. 3600 MX 10 host1.example.");

    r = ask(*state, "foo.bar.example TXT");
    assert_section(r, "answer", "foo.bar.example. 3600 TXT \"this is a wildcard\"");
}

static void a_type_that_the_wildcard_lacks_is_no_data(void **state)
{
    const struct reply *r = ask(*state, "host3.example A");
    assert_rcode(r, "NOERROR");
    assert_section(r, "answer", "");
    assert_section(r, "authority",
                   "example. 300 SOA ns.example.com. h.example.com. 1 7200 900 1209600 300");
}

/* Section 2.2.1: questions that are not */
static void a_name_that_exists_blocks_synthesis(void **state)
{
    const struct reply *r = ask(*state, "host1.example MX");
    assert_rcode(r, "NOERROR");
    assert_section(r, "answer", "");
}

static void a_literal_asterisk_that_exists_blocks_synthesis(void **state)
{
    const struct reply *r = ask(*state, "sub.*.example MX");
    assert_rcode(r, "NOERROR");
    assert_section(r, "answer", "");
}

static void an_empty_non_terminal_blocks_synthesis(void **state)
{
    const struct reply *r = ask(*state, "_telnet._tcp.host1.example SRV");
    assert_rcode(r, "NXDOMAIN");
    r = ask(*state, "_tcp.host1.example TXT");
    assert_rcode(r, "NOERROR");
    assert_section(r, "answer", "");
}

static void a_zone_cut_blocks_synthesis(void **state)
{
    const struct reply *r = ask(*state, "host.subdel.example A");
    assert_rcode(r, "NOERROR");
    assert_flags(r, "qr");
    assert_section(r, "authority",
                   "subdel.example. 3600 NS ns.example.com.\n"
                   "subdel.example. 3600 NS ns.example.net.");
}

static void a_name_below_a_literal_asterisk_is_not_there(void **state)
{
    const struct reply *r = ask(*state, "ghost.*.example MX");
    assert_rcode(r, "NXDOMAIN");
}

/* Section 2.3 */
static void a_question_for_the_asterisk_itself_is_a_plain_match(void **state)
{
    const struct reply *r = ask(*state, "*.example MX");
    assert_section(r, "answer", "*.example. 3600 MX 10 host1.example.");
}

/* Section 2.1.1 allows more than one asterisk: only the first label makes a wildcard */
static void a_wildcard_below_an_asterisk_covers_what_is_below_that(void **state)
{
    server_add(*state, "stars",
               "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns.\n"
               "*.* 60 TXT \"below\"\nhost 60 A 192.0.2.1\n");
    assert_section(ask(*state, "x.*.stars TXT"), "answer", "x.*.stars. 60 TXT \"below\"");
    assert_section(ask(*state, "a.b.*.stars TXT"), "answer", "a.b.*.stars. 60 TXT \"below\"");
    assert_section(ask(*state, "*.*.stars TXT"), "answer", "*.*.stars. 60 TXT \"below\"");

    /* `*.stars` is an empty non-terminal and a wildcard without data: what it covers has none */
    static const char *const empty[] = {"*.stars TXT", "x.stars TXT", "x.y.stars TXT"};
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
        const struct reply *r = ask(*state, empty[i]);
        assert_rcode(r, "NOERROR");
        assert_section(r, "answer", "");
    }
    assert_rcode(ask(*state, "x.host.stars TXT"), "NXDOMAIN");
}

/* Section 3.3.3 */
static void a_wildcard_alias_is_followed(void **state)
{
    const struct reply *r = ask(*state, "x.y.alias.example A");
    assert_section(r, "answer",
                   "x.y.alias.example. 3600 CNAME host1.example.\n"
                   "host1.example. 3600 A 192.0.2.1");
}

static void a_wildcard_alias_to_what_it_covers_is_stopped(void **state)
{
    const struct reply *r = ask(*state, "y.round.example A");
    assert_rcode(r, "NOERROR");
    assert_section(r, "answer",
                   "y.round.example. 3600 CNAME x.round.example.\n"
                   "x.round.example. 3600 CNAME x.round.example.");
}

/* An asterisk in RDATA is a name like any other */
static void an_asterisk_in_rdata_stays_one(void **state)
{
    assert_section(ask(*state, "abc.here.example MX"), "answer",
                   "abc.here.example. 3600 MX 10 *.here.example.");
    assert_section(ask(*state, "a.here.example MX"), "answer",
                   "a.here.example. 3600 MX 10 *.here.example.");
    assert_section(ask(*state, "*.here.example MX"), "answer",
                   "*.here.example. 3600 MX 10 *.here.example.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(missing_names_are_answered_from_the_wildcard, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_type_that_the_wildcard_lacks_is_no_data, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_name_that_exists_blocks_synthesis, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_literal_asterisk_that_exists_blocks_synthesis, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(an_empty_non_terminal_blocks_synthesis, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_zone_cut_blocks_synthesis, setup, teardown_server),
        cmocka_unit_test_setup_teardown(a_name_below_a_literal_asterisk_is_not_there, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_question_for_the_asterisk_itself_is_a_plain_match,
                                        setup, teardown_server),
        cmocka_unit_test_setup_teardown(a_wildcard_below_an_asterisk_covers_what_is_below_that,
                                        setup, teardown_server),
        cmocka_unit_test_setup_teardown(a_wildcard_alias_is_followed, setup, teardown_server),
        cmocka_unit_test_setup_teardown(a_wildcard_alias_to_what_it_covers_is_stopped, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(an_asterisk_in_rdata_stays_one, setup, teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
