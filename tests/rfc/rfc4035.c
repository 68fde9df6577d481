/* rfc4035.c -- DNSSEC: what servers do */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const char zone_text[] =
    "@ 3600 SOA ns hostmaster 1 7200 900 1209600 300\n"
    "@ 3600 RRSIG SOA 8 1 3600 20300101000000 20200101000000 1 example. c2lnbmF0dXJl\n"
    "@ 3600 NS ns\n"
    "@ 3600 RRSIG NS 8 1 3600 20300101000000 20200101000000 1 example. c2lnbmF0dXJl\n"
    "@ 3600 DNSKEY 257 3 8 AwEAAag=\n"
    "@ 3600 RRSIG DNSKEY 8 1 3600 20300101000000 20200101000000 1 example. c2lnbmF0dXJl\n"
    "ns 3600 A 192.0.2.1\n"
    "ns 3600 RRSIG A 8 2 3600 20300101000000 20200101000000 1 example. c2lnbmF0dXJl\n"
    "www 3600 A 192.0.2.10\n"
    "www 3600 AAAA 2001:db8::1\n"
    "www 3600 RRSIG A 8 2 3600 20300101000000 20200101000000 1 example. c2lnbmF0dXJl\n"
    "www 3600 RRSIG AAAA 8 2 3600 20300101000000 20200101000000 1 example. c2lnbmF0dXJl\n"
    "alias 3600 CNAME www\n"
    "alias 3600 RRSIG CNAME 8 2 3600 20300101000000 20200101000000 1 example. c2lnbmF0dXJl\n"
    "*.wild 3600 MX 1 www\n"
    "*.wild 3600 RRSIG MX 8 2 3600 20300101000000 20200101000000 1 example. c2lnbmF0dXJl\n"
    "child 3600 NS ns.child\n"
    "child 3600 DS 1 8 2 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
    "child 3600 RRSIG DS 8 2 3600 20300101000000 20200101000000 1 example. c2lnbmF0dXJl\n"
    "ns.child 3600 A 192.0.2.2\n";

static const char child_text[] = "@ 3600 SOA ns hostmaster 5 7200 900 1209600 300\n"
                                 "@ 3600 NS ns\n"
                                 "ns 3600 A 192.0.2.2\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    server_add(*state, "child.example", child_text);
    return 0;
}

/* Section 3.1.1 */
static void a_signed_rrset_comes_with_its_signature(void **state)
{
    const struct reply *r = ask(*state, "www.example A +do");
    assert_section(r, "answer",
                   "www.example. 3600 A 192.0.2.10\n"
                   "www.example. 3600 RRSIG A 8 2 3600 20300101000000 20200101000000 1 "
                   "example. c2lnbmF0dXJl");
}

static void aliases_bring_their_signatures_along(void **state)
{
    const struct reply *r = ask(*state, "alias.example AAAA +do");
    assert_section(r, "answer",
                   "alias.example. 3600 CNAME www.example.\n"
                   "alias.example. 3600 RRSIG CNAME 8 2 3600 20300101000000 20200101000000 1 "
                   "example. c2lnbmF0dXJl\n"
                   "www.example. 3600 AAAA 2001:db8::1\n"
                   "www.example. 3600 RRSIG AAAA 8 2 3600 20300101000000 20200101000000 1 "
                   "example. c2lnbmF0dXJl");
}

static void a_wildcard_s_signature_has_qname_as_its_owner(void **state)
{
    const struct reply *r = ask(*state, "a.b.wild.example MX +do");
    assert_section(r, "answer",
                   "a.b.wild.example. 3600 MX 1 www.example.\n"
                   "a.b.wild.example. 3600 RRSIG MX 8 2 3600 20300101000000 20200101000000 1 "
                   "example. c2lnbmF0dXJl");
}

/* RFC 2308 section 3 with RFC 4034 section 3: TTLs of SOA and RRSIG go together */
static void the_negative_ttl_holds_for_the_signature_too(void **state)
{
    const struct reply *r = ask(*state, "nothing.example A +do");
    assert_rcode(r, "NXDOMAIN");
    assert_true(
        has_line(r, "authority",
                 "example. 300 SOA ns.example. hostmaster.example. 1 7200 900 1209600 300"));
    assert_true(has_line(r, "authority",
                         "example. 300 RRSIG SOA 8 1 3600 20300101000000 20200101000000 1 "
                         "example. c2lnbmF0dXJl"));
}

static void signatures_can_be_asked_for_by_type(void **state)
{
    const struct reply *r = ask(*state, "www.example RRSIG");
    assert_section(r, "answer",
                   "www.example. 3600 RRSIG A 8 2 3600 20300101000000 20200101000000 1 "
                   "example. c2lnbmF0dXJl\nwww.example. 3600 RRSIG AAAA 8 2 3600 "
                   "20300101000000 20200101000000 1 example. c2lnbmF0dXJl");

    r = ask(*state, "alias.example RRSIG");
    assert_section(r, "answer",
                   "alias.example. 3600 RRSIG CNAME 8 2 3600 20300101000000 20200101000000 1 "
                   "example. c2lnbmF0dXJl");
}

/* Section 3.1.4.1 */
static void ds_is_answered_by_the_parent(void **state)
{
    const struct reply *r = ask(*state, "child.example DS +do");
    assert_flags(r, "qr aa");
    assert_section(r, "answer",
                   "child.example. 3600 DS 1 8 2 "
                   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
                   "child.example. 3600 RRSIG DS 8 2 3600 20300101000000 20200101000000 1 "
                   "example. c2lnbmF0dXJl");
}

static void ds_asked_where_only_the_child_is_served_is_no_data(void **state)
{
    server_add(*state, "alone",
               "@ 3600 SOA ns h 5 7200 900 1209600 300\n@ 3600 NS ns\n"
               "ns 3600 A 192.0.2.9\n");
    const struct reply *r = ask(*state, "alone DS");
    assert_rcode(r, "NOERROR");
    assert_flags(r, "qr aa");
    assert_section(r, "authority", "alone. 300 SOA ns.alone. h.alone. 5 7200 900 1209600 300");
}

static void cd_is_copied_and_ad_is_clear(void **state)
{
    assert_flags(ask(*state, "www.example A +do +cd +ad"), "qr aa cd");
}

/* A signature that doesn't fit takes its RRset with it */
static void what_does_not_fit_with_its_signature_sets_tc(void **state)
{
    static char text[20000];
    size_t at = (size_t)snprintf(text, sizeof text,
                                 "@ 3600 SOA ns h 1 7200 900 1209600 300\n"
                                 "@ 3600 NS ns\nns 3600 A 192.0.2.1\n"
                                 "many 3600 RRSIG A 8 2 3600 20300101000000 "
                                 "20200101000000 1 tc. c2lnbmF0dXJl\n");
    for (unsigned i = 0; i < 29; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "many 3600 A 10.0.0.%u\n", i);
    server_add(*state, "tc", text);
    assert_flags(ask(*state, "many.tc A"), "qr aa");
    const struct reply *r = ask(*state, "many.tc A +do +bufsize=512");
    assert_flags(r, "qr aa tc");
    assert_section(r, "answer", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_signed_rrset_comes_with_its_signature, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(aliases_bring_their_signatures_along, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_wildcard_s_signature_has_qname_as_its_owner, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(the_negative_ttl_holds_for_the_signature_too, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(signatures_can_be_asked_for_by_type, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(ds_is_answered_by_the_parent, setup, teardown_server),
        cmocka_unit_test_setup_teardown(ds_asked_where_only_the_child_is_served_is_no_data,
                                        setup, teardown_server),
        cmocka_unit_test_setup_teardown(cd_is_copied_and_ad_is_clear, setup, teardown_server),
        cmocka_unit_test_setup_teardown(what_does_not_fit_with_its_signature_sets_tc, setup,
                                        teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
