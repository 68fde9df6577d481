/* rfc8078.c -- CDS and CDNSKEY that ask for no DS: served as data */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int setup(void **state)
{
    setup_server(state);
    return 0;
}

/* Section 4: "0 0 0 0" asks the parent to delete its DS */
static void a_wish_to_delete_is_served_octet_for_octet(void **state)
{
    server_add(*state, "gone",
               "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.1\n"
               "@ 60 CDS 0 0 0 00\n@ 60 CDNSKEY 0 3 0 AA==\n");
    const struct reply *r = ask(*state, "gone CDS");
    assert_memory_equal(r->wire + r->octets - 7, "\0\5\0\0\0\0\0", 7);
    r = ask(*state, "gone CDNSKEY");
    assert_memory_equal(r->wire + r->octets - 7, "\0\5\0\0\3\0\0", 7);
}

/* Section 4: it's the whole RRset of either type, and signed as any */
static void such_a_wish_is_signed_like_all_else(void **state)
{
    server_add(*state, "signed",
               "@ 60 SOA ns. h. 1 2 3 4 5\n@ 60 NS ns.\n@ 60 CDS 0 0 0 00\n"
               "@ 60 RRSIG CDS 8 1 60 20300101000000 20200101000000 1 signed. c2ln\n");
    const struct reply *r = ask(*state, "signed CDS +do");
    assert_flags(r, "qr aa");
    assert_true(
        has_line(r, "answer",
                 "signed. 60 RRSIG CDS 8 1 60 20300101000000 20200101000000 1 signed. c2ln"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wish_to_delete_is_served_octet_for_octet),
        cmocka_unit_test(such_a_wish_is_signed_like_all_else),
    };
    return cmocka_run_group_tests(tests, setup, teardown_server);
}
