/* rfc4892.c -- The identity of a server */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char zone_text[] = "@          3600 SOA   ns hostmaster 1 7200 900 1209600 300\n"
                                "@          3600 NS    ns\n"
                                "ns         3600 A     192.0.2.1\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    return 0;
}

/* Section 4 */
static void id_server_gives_the_identity(void **state)
{
    const struct reply *r = ask(*state, "id.server TXT +ch");
    assert_rcode(r, "NOERROR");
    assert_flags(r, "qr aa");
    assert_section(r, "answer", "id.server. 0 CH TXT \"fra1\"");
    assert_section(ask(*state, "HOSTNAME.Bind TXT +ch"), "answer",
                   "HOSTNAME.Bind. 0 CH TXT \"fra1\"");
}

static void version_bind_gives_the_version(void **state)
{
    assert_section(ask(*state, "version.bind TXT +ch"), "answer",
                   "version.bind. 0 CH TXT \"pharos\"");
    assert_section(ask(*state, "version.server TXT +ch"), "answer",
                   "version.server. 0 CH TXT \"pharos\"");
}

static void what_is_not_configured_is_refused(void **state)
{
    server_config(*state)->identity_octets = 0;
    server_config(*state)->version_octets = 0;
    assert_rcode(ask(*state, "id.server TXT +ch"), "REFUSED");
    assert_rcode(ask(*state, "version.bind TXT +ch"), "REFUSED");
    assert_flags(ask(*state, "version.bind TXT +ch"), "qr");
}

static void other_names_are_refused(void **state)
{
    assert_rcode(ask(*state, "authors.bind TXT +ch"), "REFUSED");
    assert_rcode(ask(*state, "example TXT +ch"), "REFUSED");
}

static void other_types_have_no_data(void **state)
{
    const struct reply *r = ask(*state, "id.server A +ch");
    assert_rcode(r, "NOERROR");
    assert_section(r, "answer", "");
}

static void class_in_knows_nothing_of_it(void **state)
{
    assert_rcode(ask(*state, "id.server TXT"), "REFUSED");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(id_server_gives_the_identity, setup, teardown_server),
        cmocka_unit_test_setup_teardown(version_bind_gives_the_version, setup, teardown_server),
        cmocka_unit_test_setup_teardown(what_is_not_configured_is_refused, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(other_names_are_refused, setup, teardown_server),
        cmocka_unit_test_setup_teardown(other_types_have_no_data, setup, teardown_server),
        cmocka_unit_test_setup_teardown(class_in_knows_nothing_of_it, setup, teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
