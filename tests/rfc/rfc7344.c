/* rfc7344.c -- records for the parent and for other servers, served as data:
 * CDS and CDNSKEY (also RFC 8078), CSYNC (RFC 7477), ZONEMD (RFC 8976) and the records of
 * a catalog zone (RFC 9432) */
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
    "@ 60 CSYNC 66 3 A NS AAAA\n"
    "@ 60 ZONEMD 9 1 241 e3b0c44298fc1c149afbf4c8996fb924\n"
    "@ 60 RRSIG CDS 8 1 60 20300101000000 20200101000000 1 example. c2ln\n"
    "@ 60 RRSIG CDNSKEY 8 1 60 20300101000000 20200101000000 1 example. c2ln\n";

/* RFC 9432 section 4: version, a member and its group */
static const char catalog_text[] = "@ 0 SOA invalid. invalid. 1 3600 600 2147483646 0\n"
                                   "@ 0 NS invalid.\n"
                                   "version 0 TXT \"2\"\n"
                                   "nj2xg5b.zones 0 PTR example.com.\n"
                                   "group.nj2xg5b.zones 0 TXT \"nodnssec\"\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    server_add(*state, "catalog.invalid", catalog_text);
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

/* RFC 8078 section 4: "0 0 0 0" asks the parent to delete its DS */
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

/* RFC 7477 section 2.1.1 */
static void csync_is_served(void **state)
{
    assert_section(ask(*state, "example CSYNC"), "answer", "example. 60 CSYNC 66 3 A NS AAAA");
}

/* RFC 8976 section 2 */
static void zonemd_is_served(void **state)
{
    const struct reply *r = ask(*state, "example ZONEMD");
    assert_rcode(r, "NOERROR");
    assert_memory_equal(r->wire + r->octets - 22, "\0\0\0\x09\1\xf1\xe3\xb0\xc4\x42", 10);
}

/* RFC 9432 section 3: a catalog zone is a zone, and the name server answers for it like any other */
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
        cmocka_unit_test(cds_and_cdnskey_are_served_by_the_child),
        cmocka_unit_test(cds_is_no_ds),
        cmocka_unit_test(a_wish_to_delete_is_served_octet_for_octet),
        cmocka_unit_test(csync_is_served),
        cmocka_unit_test(zonemd_is_served),
        cmocka_unit_test(a_catalog_zone_is_served_like_any_other),
    };
    return cmocka_run_group_tests(tests, setup, teardown_server);
}
