/* rfc2136.c -- dynamic updates: not done, and that is said */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* An update that adds an address: zone section, update section. */
static const uint8_t update[] = "\x12\x34\x28\0\0\1\0\0\0\1\0\0"
                                "\7example\0\0\6\0\1"
                                "\3new\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.1\n");
    return 0;
}

/* Section 3.1 with section 2.2: who doesn't do UPDATE says NOTIMP, with the ID and the opcode */
static void an_update_is_not_implemented(void **state)
{
    for (int tcp = 0; tcp < 2; tcp++) {
        const struct reply *r = ask_octets(*state, update, sizeof update - 1, tcp != 0);
        assert_rcode(r, "NOTIMPL");
        assert_int_equal(r->octets, 12);
        assert_memory_equal(r->wire, "\x12\x34\xa8\x04\0\0\0\0\0\0\0\0", 12);
    }
}

static void an_update_changes_nothing(void **state)
{
    ask_octets(*state, update, sizeof update - 1, true);
    assert_rcode(ask(*state, "new.example A"), "NXDOMAIN");
}

static void a_broken_update_is_the_same(void **state)
{
    for (size_t octets = 12; octets < sizeof update - 1; octets++)
        assert_rcode(ask_octets(*state, update, octets, false), "NOTIMPL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_update_is_not_implemented),
        cmocka_unit_test(an_update_changes_nothing),
        cmocka_unit_test(a_broken_update_is_the_same),
    };
    return cmocka_run_group_tests(tests, setup, teardown_server);
}
