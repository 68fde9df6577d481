/* rfc7344.c -- CDS and CDNSKEY, for the parent: served as data */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char zone_text[] =
    "@ 60 SOA ns h 1 2 3 4 5\n"
    "@ 60 NS ns\n"
    "ns 60 A 192.0.2.1\n"
    "@ 60 CDS 1 8 2 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
    "@ 60 CDNSKEY 257 3 8 AwEAAag=\n"
    "@ 60 RRSIG CDS 8 1 60 20300101000000 20200101000000 1 example. c2ln\n"
    "@ 60 RRSIG CDNSKEY 8 1 60 20300101000000 20200101000000 1 example. c2ln\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    return 0;
}

/* Section 4.1: at the child's apex, signed like all else */
static void cds_and_cdnskey_are_served_by_the_child(void **state)
{
    const struct reply *r = ask(*state, "example CDS +do");
    assert_flags(r, "qr aa");
    assert_section(
        r, "answer",
        "example. 60 CDS 1 8 2 "
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
        "example. 60 RRSIG CDS 8 1 60 20300101000000 20200101000000 1 example. c2ln");
    r = ask(*state, "example CDNSKEY");
    assert_section(r, "answer", "example. 60 CDNSKEY 257 3 8 AwEAAag=");
}

/* CDS isn't DS, which the parent answers. */
static void cds_is_no_ds(void **state)
{
    const struct reply *r = ask(*state, "example DS");
    assert_rcode(r, "NOERROR");
    assert_section(r, "answer", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cds_and_cdnskey_are_served_by_the_child),
        cmocka_unit_test(cds_is_no_ds),
    };
    return cmocka_run_group_tests(tests, setup, teardown_server);
}
