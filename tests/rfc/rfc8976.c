/* rfc8976.c -- ZONEMD: served as data; that it can be verified is in tests/zone/test_zonemd.c */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char zone_text[] = "@ 60 SOA ns h 9 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.1\n"
                                "@ 60 ZONEMD 9 1 241 e3b0c44298fc1c149afbf4c8996fb924\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    return 0;
}

/* Section 2 */
static void zonemd_is_served(void **state)
{
    const struct reply *r = ask(*state, "example ZONEMD");
    assert_rcode(r, "NOERROR");
    assert_memory_equal(r->wire + r->octets - 22, "\0\0\0\x09\1\xf1\xe3\xb0\xc4\x42", 10);
}

/* Section 2.2.2 to 2.2.3: several, of other schemes and algorithms, and those that nobody knows */
static void several_are_served_together(void **state)
{
    server_add(*state, "many",
               "@ 60 SOA ns. h. 7 2 3 4 5\n@ 60 NS ns.\n"
               "@ 60 ZONEMD 7 1 240 aabbccddeeff00112233445566\n"
               "@ 60 ZONEMD 7 240 1 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934c"
               "a495991b7852b855e3b0c44298fc1c149afbf4c8996fb924\n");
    const struct reply *r = ask(*state, "many ZONEMD");
    assert_flags(r, "qr aa");
    assert_int_equal(r->wire[7], 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zonemd_is_served),
        cmocka_unit_test(several_are_served_together),
    };
    return cmocka_run_group_tests(tests, setup, teardown_server);
}
