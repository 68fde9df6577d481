/* rfc6840.c -- Clarifications for DNSSEC */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SIGNATURE " 60 20300101000000 20200101000000 1 example. c2ln\n"

static const char zone_text[] =
    "@ 60 SOA ns h 1 2 3 4 60\n@ 60 RRSIG SOA 13 1" SIGNATURE
    "@ 60 NS ns\n@ 60 RRSIG NS 13 1" SIGNATURE
    "@ 60 DNSKEY 257 3 13 AwEAAaE=\n@ 60 DNSKEY 257 3 8 AwEAAaI=\n"
    "@ 60 RRSIG DNSKEY 13 1" SIGNATURE "@ 60 RRSIG DNSKEY 8 1" SIGNATURE
    "@ 60 NSEC ns NS SOA RRSIG NSEC DNSKEY\n@ 60 RRSIG NSEC 13 1" SIGNATURE
    "ns 60 A 192.0.2.1\nns 60 RRSIG A 13 2" SIGNATURE
    "ns 60 NSEC sub A RRSIG NSEC\nns 60 RRSIG NSEC 13 2" SIGNATURE
    "sub 60 NS ns.sub\nns.sub 60 A 192.0.2.2\n"
    "sub 60 NSEC to NS RRSIG NSEC\nsub 60 RRSIG NSEC 13 2" SIGNATURE
    "to 60 CNAME ns\nto 60 RRSIG CNAME 13 2" SIGNATURE
    "to 60 NSEC @ CNAME RRSIG NSEC\nto 60 RRSIG NSEC 13 2" SIGNATURE;

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    return 0;
}

/* Section 4.1: the NSEC of a delegation, NS without SOA, denies nothing below it, and DS is all that it
 * may deny at it: so nothing else is denied with it */
static void the_nsec_of_a_delegation_denies_ds_alone(void **state)
{
    static const char *const below[] = {"sub.example A +do", "x.sub.example A +do",
                                        "sub.example NS +do", "sub.example TXT +do"};
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++) {
        const struct reply *r = ask(*state, below[i]);
        assert_rcode(r, "NOERROR");
        assert_flags(r, "qr");
        assert_true(has_line(r, "authority", "sub.example. 60 NS ns.sub.example."));
        assert_true(has_line(r, "authority", "sub.example. 60 NSEC to.example. NS RRSIG NSEC"));
        assert_false(
            has_line(r, "authority", "example. 60 SOA ns.example. h.example. 1 2 3 4 60"));
    }
    const struct reply *r = ask(*state, "sub.example DS +do");
    assert_flags(r, "qr aa");
    assert_true(has_line(r, "authority", "sub.example. 60 NSEC to.example. NS RRSIG NSEC"));
    assert_true(has_line(r, "authority", "example. 60 SOA ns.example. h.example. 1 2 3 4 60"));
}

/* Section 4.3: a CNAME is followed, and its NSEC is no answer to other types */
static void the_nsec_of_an_alias_denies_no_type(void **state)
{
    const struct reply *r = ask(*state, "to.example TXT +do");
    assert_rcode(r, "NOERROR");
    assert_true(has_line(r, "answer", "to.example. 60 CNAME ns.example."));
    assert_false(has_line(r, "authority", "to.example. 60 NSEC example. CNAME RRSIG NSEC"));
    assert_true(has_line(r, "authority", "ns.example. 60 NSEC sub.example. A RRSIG NSEC"));
}

/* Section 5.7: AD in a query asks whether data is authentic, which a validator alone can say */
static void ad_in_a_query_brings_neither_ad_nor_signatures(void **state)
{
    const struct reply *r = ask(*state, "ns.example A +ad");
    assert_flags(r, "qr aa");
    assert_section(r, "answer", "ns.example. 60 A 192.0.2.1");
    assert_flags(ask(*state, "ns.example A +ad +do"), "qr aa");
}

/* Section 5.11: signatures of all algorithms come, whoever may check only one */
static void the_signatures_of_every_algorithm_come(void **state)
{
    const struct reply *r = ask(*state, "example DNSKEY +do");
    assert_true(
        has_line(r, "answer",
                 "example. 60 RRSIG DNSKEY 13 1 60 20300101000000 20200101000000 1 example. "
                 "c2ln"));
    assert_true(
        has_line(r, "answer",
                 "example. 60 RRSIG DNSKEY 8 1 60 20300101000000 20200101000000 1 example. "
                 "c2ln"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nsec_of_a_delegation_denies_ds_alone),
        cmocka_unit_test(the_nsec_of_an_alias_denies_no_type),
        cmocka_unit_test(ad_in_a_query_brings_neither_ad_nor_signatures),
        cmocka_unit_test(the_signatures_of_every_algorithm_come),
    };
    return cmocka_run_group_tests(tests, setup, teardown_server);
}
