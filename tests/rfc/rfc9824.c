/* rfc9824.c -- NXNAME */
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

/* Section 3.4: the type stands in bit maps only */
static void nxname_asked_for_is_formerr(void **state)
{
    assert_rcode(ask(*state, "ns.example TYPE128"), "FORMERR");
    const struct reply *r = ask(*state, "nothing.example TYPE128 +do");
    assert_rcode(r, "FORMERR");
    assert_string_equal(r->options, "15:001e"); /* Invalid Query Type */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nxname_asked_for_is_formerr, setup, teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
