/* rfc2308.c -- Negative answers */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char zone_text[] = "@          3600 SOA   ns hostmaster 1 7200 900 1209600 300\n"
                                "@          3600 NS    ns\n"
                                "ns         3600 A     192.0.2.1\n"
                                "www 3600 A 192.0.2.10\n"
                                "lost 3600 CNAME nothing\n"
                                "empty 3600 CNAME www\n";

static const char short_text[] = "@ 30 SOA ns.example. h.example. 1 7200 900 1209600 300\n"
                                 "@ 30 NS ns.example.\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    server_add(*state, "short", short_text);
    return 0;
}

/* Section 2.1 */
static void a_name_that_is_not_there_is_nxdomain_with_the_soa(void **state)
{
    const struct reply *r = ask(*state, "nothing.example A");

    assert_rcode(r, "NXDOMAIN");
    assert_flags(r, "qr aa");
    assert_section(r, "answer", "");
    assert_section(r, "authority",
                   "example. 300 SOA ns.example. hostmaster.example. 1 7200 900 1209600 300");
    assert_section(r, "additional", "");
}

/* Section 2.2 */
static void a_name_without_the_type_is_noerror_with_the_soa(void **state)
{
    const struct reply *r = ask(*state, "www.example AAAA");

    assert_rcode(r, "NOERROR");
    assert_flags(r, "qr aa");
    assert_section(r, "answer", "");
    assert_section(r, "authority",
                   "example. 300 SOA ns.example. hostmaster.example. 1 7200 900 1209600 300");
}

/* Section 3 */
static void the_soa_s_own_ttl_bounds_the_negative_ttl(void **state)
{
    const struct reply *r = ask(*state, "nothing.short A");
    assert_section(r, "authority",
                   "short. 30 SOA ns.example. h.example. 1 7200 900 1209600 300");
}

static void the_soa_asked_for_keeps_its_ttl(void **state)
{
    const struct reply *r = ask(*state, "example SOA");
    assert_section(r, "answer",
                   "example. 3600 SOA ns.example. hostmaster.example. 1 7200 900 1209600 300");
    assert_section(r, "authority", "");
}

/* Section 2.1: NXDOMAIN behind an alias */
static void an_alias_to_nothing_is_nxdomain(void **state)
{
    const struct reply *r = ask(*state, "lost.example A");

    assert_rcode(r, "NXDOMAIN");
    assert_flags(r, "qr aa");
    assert_section(r, "answer", "lost.example. 3600 CNAME nothing.example.");
    assert_section(r, "authority",
                   "example. 300 SOA ns.example. hostmaster.example. 1 7200 900 1209600 300");
}

/* Section 2.2 */
static void an_alias_to_no_data_is_noerror_with_the_soa(void **state)
{
    const struct reply *r = ask(*state, "empty.example AAAA");

    assert_rcode(r, "NOERROR");
    assert_section(r, "answer", "empty.example. 3600 CNAME www.example.");
    assert_section(r, "authority",
                   "example. 300 SOA ns.example. hostmaster.example. 1 7200 900 1209600 300");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_name_that_is_not_there_is_nxdomain_with_the_soa,
                                        setup, teardown_server),
        cmocka_unit_test_setup_teardown(a_name_without_the_type_is_noerror_with_the_soa, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(the_soa_s_own_ttl_bounds_the_negative_ttl, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(the_soa_asked_for_keeps_its_ttl, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(an_alias_to_nothing_is_nxdomain, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(an_alias_to_no_data_is_noerror_with_the_soa, setup,
                                        teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
