/* rfc9432.c -- Catalog zones: served like any other zone, and not obeyed */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Section 4: version, a member and its group */
static const char catalog_text[] = "@ 0 SOA invalid. invalid. 1 3600 600 2147483646 0\n"
                                   "@ 0 NS invalid.\n"
                                   "version 0 TXT \"2\"\n"
                                   "nj2xg5b.zones 0 PTR example.com.\n"
                                   "group.nj2xg5b.zones 0 TXT \"nodnssec\"\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "catalog.invalid", catalog_text);
    return 0;
}

/* Section 3: a catalog zone is a zone, and the name server answers for it like any other */
static void a_catalog_zone_is_served_like_any_other(void **state)
{
    const struct reply *r = ask(*state, "version.catalog.invalid TXT");
    assert_flags(r, "qr aa");
    assert_section(r, "answer", "version.catalog.invalid. 0 TXT \"2\"");
    r = ask(*state, "nj2xg5b.zones.catalog.invalid PTR");
    assert_section(r, "answer", "nj2xg5b.zones.catalog.invalid. 0 PTR example.com.");
    assert_rcode(ask(*state, "example.com SOA"), "REFUSED"); /* it makes no members here */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_catalog_zone_is_served_like_any_other),
    };
    return cmocka_run_group_tests(tests, setup, teardown_server);
}
