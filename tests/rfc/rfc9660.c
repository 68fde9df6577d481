/* rfc9660.c -- The version of the zone that answers */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char zone_text[] = "@          3600 SOA   ns hostmaster 1 7200 900 1209600 300\n"
                                "@          3600 NS    ns\n"
                                "ns         3600 A     192.0.2.1\n"
                                "out        3600 CNAME www.other.\n"
                                "sub        3600 NS    ns.sub\n"
                                "ns.sub     3600 A     192.0.2.2\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    server_add(*state, "other",
               "@ 60 SOA a b 258 2 3 4 5\n@ 60 NS a\na 60 A 192.0.2.3\n"
               "www 60 A 192.0.2.4\n");
    server_add(*state, "deep.sub.other", "@ 60 SOA a b 4294967295 2 3 4 5\n@ 60 NS a.other.\n");
    return 0;
}

/* Section 3.2: the labels of the zone, type 0, the serial */
static void every_answer_from_a_zone_tells_its_serial(void **state)
{
    static const char *const questions[] = {"ns.example A +opt=19", "ns.example MX +opt=19",
                                            "nothing.example A +opt=19",
                                            "www.sub.example A +opt=19"};
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++)
        assert_string_equal(ask(*state, questions[i])->options, "19:010000000001");
    assert_string_equal(ask(*state, "deep.sub.other NS +opt=19 +tcp")->options,
                        "19:0300ffffffff");
}

/* The zone is that of the name which was asked for */
static void along_an_alias_it_is_the_first_zone(void **state)
{
    const struct reply *r = ask(*state, "out.example A +opt=19");
    assert_true(has_line(r, "answer", "www.other. 60 A 192.0.2.4"));
    assert_string_equal(r->options, "19:010000000001");
}

/* DS is of the zone above */
static void for_ds_it_is_the_zone_above(void **state)
{
    assert_string_equal(ask(*state, "deep.sub.other DS +opt=19")->options, "19:010000000102");
}

static void without_a_zone_there_is_no_version(void **state)
{
    assert_string_equal(ask(*state, "elsewhere A +opt=19")->options, "15:0014");
    assert_string_equal(ask(*state, "id.server TXT +ch +opt=19")->options, "");
    server_add_empty(*state, "broken");
    assert_string_equal(ask(*state, "broken SOA +opt=19")->options, "15:000e");
}

static void nobody_gets_it_unasked(void **state)
{
    assert_string_equal(ask(*state, "ns.example A +edns")->options, "");
}

/* Section 3.2: what a query has in it is ignored */
static void a_version_in_a_query_is_ignored(void **state)
{
    char empty[1024];
    snprintf(empty, sizeof empty, "%s", ask(*state, "ns.example A +opt=19")->options);
    assert_string_not_equal(empty, "");
    const struct reply *r = ask(*state, "ns.example A +opt=19:0100");
    assert_rcode(r, "NOERROR");
    assert_string_equal(r->options, empty);
    assert_string_equal(ask(*state, "ns.example A +opt=19:010000000009")->options, empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_answer_from_a_zone_tells_its_serial, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(along_an_alias_it_is_the_first_zone, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(for_ds_it_is_the_zone_above, setup, teardown_server),
        cmocka_unit_test_setup_teardown(without_a_zone_there_is_no_version, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(nobody_gets_it_unasked, setup, teardown_server),
        cmocka_unit_test_setup_teardown(a_version_in_a_query_is_ignored, setup,
                                        teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
