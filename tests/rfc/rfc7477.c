/* rfc7477.c -- CSYNC, for the parent: served as data */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char zone_text[] = "@ 60 SOA ns h 9 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.1\n"
                                "@ 60 CSYNC 66 3 A NS AAAA\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    return 0;
}

/* Section 2.1.1 */
static void csync_is_served(void **state)
{
    assert_section(ask(*state, "example CSYNC"), "answer", "example. 60 CSYNC 66 3 A NS AAAA");
}

/* Section 3: the parent has to find what CSYNC speaks of beside it */
static void so_is_what_it_speaks_of(void **state)
{
    assert_section(ask(*state, "example NS"), "answer", "example. 60 NS ns.example.");
    assert_section(ask(*state, "ns.example A"), "answer", "ns.example. 60 A 192.0.2.1");
    const struct reply *r = ask(*state, "ns.example AAAA");
    assert_rcode(r, "NOERROR");
    assert_section(r, "answer", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csync_is_served),
        cmocka_unit_test(so_is_what_it_speaks_of),
    };
    return cmocka_run_group_tests(tests, setup, teardown_server);
}
