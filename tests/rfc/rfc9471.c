/* rfc9471.c -- Glue in referrals */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char zone_text[] = "@          3600 SOA   ns hostmaster 1 7200 900 1209600 300\n"
                                "@          3600 NS    ns\n"
                                "ns         3600 A     192.0.2.1\n"
                                "big 60 NS ns01.big\n"
                                "ns01.big 60 A 192.0.2.1\n"
                                "ns01.big 60 AAAA 2001:db8::1\n"
                                "big 60 NS ns02.big\n"
                                "ns02.big 60 A 192.0.2.2\n"
                                "ns02.big 60 AAAA 2001:db8::2\n"
                                "big 60 NS ns03.big\n"
                                "ns03.big 60 A 192.0.2.3\n"
                                "ns03.big 60 AAAA 2001:db8::3\n"
                                "big 60 NS ns04.big\n"
                                "ns04.big 60 A 192.0.2.4\n"
                                "ns04.big 60 AAAA 2001:db8::4\n"
                                "big 60 NS ns05.big\n"
                                "ns05.big 60 A 192.0.2.5\n"
                                "ns05.big 60 AAAA 2001:db8::5\n"
                                "big 60 NS ns06.big\n"
                                "ns06.big 60 A 192.0.2.6\n"
                                "ns06.big 60 AAAA 2001:db8::6\n"
                                "big 60 NS ns07.big\n"
                                "ns07.big 60 A 192.0.2.7\n"
                                "ns07.big 60 AAAA 2001:db8::7\n"
                                "big 60 NS ns08.big\n"
                                "ns08.big 60 A 192.0.2.8\n"
                                "ns08.big 60 AAAA 2001:db8::8\n"
                                "big 60 NS ns09.big\n"
                                "ns09.big 60 A 192.0.2.9\n"
                                "ns09.big 60 AAAA 2001:db8::9\n"
                                "big 60 NS ns10.big\n"
                                "ns10.big 60 A 192.0.2.10\n"
                                "ns10.big 60 AAAA 2001:db8::10\n"
                                "big 60 NS ns11.big\n"
                                "ns11.big 60 A 192.0.2.11\n"
                                "ns11.big 60 AAAA 2001:db8::11\n"
                                "big 60 NS ns12.big\n"
                                "ns12.big 60 A 192.0.2.12\n"
                                "ns12.big 60 AAAA 2001:db8::12\n"
                                "big 60 NS ns13.big\n"
                                "ns13.big 60 A 192.0.2.13\n"
                                "ns13.big 60 AAAA 2001:db8::13\n"
                                "sib 60 NS ns01.other\n"
                                "ns01.other 60 A 192.0.2.1\n"
                                "ns01.other 60 AAAA 2001:db8::1\n"
                                "sib 60 NS ns02.other\n"
                                "ns02.other 60 A 192.0.2.2\n"
                                "ns02.other 60 AAAA 2001:db8::2\n"
                                "sib 60 NS ns03.other\n"
                                "ns03.other 60 A 192.0.2.3\n"
                                "ns03.other 60 AAAA 2001:db8::3\n"
                                "sib 60 NS ns04.other\n"
                                "ns04.other 60 A 192.0.2.4\n"
                                "ns04.other 60 AAAA 2001:db8::4\n"
                                "sib 60 NS ns05.other\n"
                                "ns05.other 60 A 192.0.2.5\n"
                                "ns05.other 60 AAAA 2001:db8::5\n"
                                "sib 60 NS ns06.other\n"
                                "ns06.other 60 A 192.0.2.6\n"
                                "ns06.other 60 AAAA 2001:db8::6\n"
                                "sib 60 NS ns07.other\n"
                                "ns07.other 60 A 192.0.2.7\n"
                                "ns07.other 60 AAAA 2001:db8::7\n"
                                "sib 60 NS ns08.other\n"
                                "ns08.other 60 A 192.0.2.8\n"
                                "ns08.other 60 AAAA 2001:db8::8\n"
                                "sib 60 NS ns09.other\n"
                                "ns09.other 60 A 192.0.2.9\n"
                                "ns09.other 60 AAAA 2001:db8::9\n"
                                "sib 60 NS ns10.other\n"
                                "ns10.other 60 A 192.0.2.10\n"
                                "ns10.other 60 AAAA 2001:db8::10\n"
                                "sib 60 NS ns11.other\n"
                                "ns11.other 60 A 192.0.2.11\n"
                                "ns11.other 60 AAAA 2001:db8::11\n"
                                "sib 60 NS ns12.other\n"
                                "ns12.other 60 A 192.0.2.12\n"
                                "ns12.other 60 AAAA 2001:db8::12\n"
                                "other  60 NS ns01.other\n"
                                "foo    60 NS ns.bar\n"
                                "bar    60 NS ns.foo\n"
                                "ns.foo 60 A 192.0.2.7\n"
                                "ns.bar 60 A 192.0.2.8\n"
                                "mixed  60 NS ns.mixed\n"
                                "mixed  60 NS ns.foo\n"
                                "mixed  60 NS ns.elsewhere.\n"
                                "ns.mixed 60 AAAA 2001:db8::99\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    return 0;
}

/* Section 2.1 */
static void in_domain_glue_comes_along(void **state)
{
    const struct reply *r = ask(*state, "x.big.example A +tcp");
    assert_flags(r, "qr");
    assert_true(has_line(r, "additional", "ns01.big.example. 60 A 192.0.2.1"));
    assert_true(has_line(r, "additional", "ns13.big.example. 60 AAAA 2001:db8::13"));
}

/* Section 3.1 */
static void in_domain_glue_that_does_not_fit_sets_tc(void **state)
{
    const struct reply *r = ask(*state, "x.big.example A");
    assert_rcode(r, "NOERROR");
    assert_flags(r, "qr tc");
    assert_true(has_line(r, "authority", "big.example. 60 NS ns13.big.example."));
    assert_flags(ask(*state, "x.big.example A +edns"), "qr");
}

/* Section 2.2 */
static void sibling_glue_comes_along(void **state)
{
    const struct reply *r = ask(*state, "www.foo.example A");
    assert_section(r, "authority", "foo.example. 60 NS ns.bar.example.");
    assert_section(r, "additional", "ns.bar.example. 60 A 192.0.2.8");
    r = ask(*state, "www.bar.example A");
    assert_section(r, "additional", "ns.foo.example. 60 A 192.0.2.7");
}

static void in_domain_and_sibling_glue_come_together(void **state)
{
    const struct reply *r = ask(*state, "a.b.mixed.example A");
    assert_section(r, "authority",
                   "mixed.example. 60 NS ns.mixed.example.\n"
                   "mixed.example. 60 NS ns.foo.example.\n"
                   "mixed.example. 60 NS ns.elsewhere.");
    assert_section(r, "additional",
                   "ns.mixed.example. 60 AAAA 2001:db8::99\n"
                   "ns.foo.example. 60 A 192.0.2.7");
}

/* Section 3.2 */
static void sibling_glue_that_does_not_fit_sets_no_tc(void **state)
{
    const struct reply *r = ask(*state, "x.sib.example A");
    assert_flags(r, "qr");
    assert_true(has_line(r, "authority", "sib.example. 60 NS ns12.other.example."));
    assert_true(r->octets <= 512 && r->octets > 450);
    r = ask(*state, "x.sib.example A +tcp");
    assert_true(has_line(r, "additional", "ns12.other.example. 60 AAAA 2001:db8::12"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(in_domain_glue_comes_along, setup, teardown_server),
        cmocka_unit_test_setup_teardown(in_domain_glue_that_does_not_fit_sets_tc, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(sibling_glue_comes_along, setup, teardown_server),
        cmocka_unit_test_setup_teardown(in_domain_and_sibling_glue_come_together, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(sibling_glue_that_does_not_fit_sets_no_tc, setup,
                                        teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
