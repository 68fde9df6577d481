/* rfc6781.c -- zones whose keys are being rolled over: several keys, signatures and algorithms */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SIGNED(owner, type, labels, algorithm, tag)                                            \
    owner " 60 RRSIG " type " " algorithm " " labels " 60 20300101000000 20200101000000 " tag  \
          " example. c2ln\n"

#define BASE "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.1\n"

/* Section 4.1.1.1: the new ZSK stands by, unused */
static const char pre_published[] =
    BASE "@ 60 DNSKEY 257 3 8 AwEAAaE=\n"
         "@ 60 DNSKEY 256 3 8 AwEAAaI=\n"
         "@ 60 DNSKEY 256 3 8 AwEAAaM=\n" SIGNED("@", "DNSKEY", "1", "8", "1")
             SIGNED("ns", "A", "2", "8", "2");

/* Sections 4.1.1.2 and 4.1.2: each key signs */
static const char double_signed[] =
    BASE "@ 60 DNSKEY 257 3 8 AwEAAaE=\n"
         "@ 60 DNSKEY 257 3 8 AwEAAaQ=\n"
         "@ 60 DNSKEY 256 3 8 AwEAAaI=\n" SIGNED("@", "DNSKEY", "1", "8", "1")
             SIGNED("@", "DNSKEY", "1", "8", "4") SIGNED("ns", "A", "2", "8", "2")
                 SIGNED("ns", "A", "2", "8", "3");

/* Section 4.1.4: first the signatures of the new algorithm, then its keys */
static const char new_algorithm[] =
    BASE "@ 60 DNSKEY 257 3 8 AwEAAaE=\n" SIGNED("@", "DNSKEY", "1", "8", "1")
        SIGNED("@", "SOA", "1", "8", "1") SIGNED("@", "SOA", "1", "13", "5")
            SIGNED("ns", "A", "2", "8", "1") SIGNED("ns", "A", "2", "13", "5")
                SIGNED("ns", "A", "2", "253", "6");

static unsigned count(const struct reply *r, unsigned section, const char *what)
{
    unsigned found = 0;
    for (const char *at = r->section[section]; (at = strstr(at, what)) != NULL; at++)
        found++;
    return found;
}

static void a_key_that_stands_by_is_served_with_the_others(void **state)
{
    server_add(*state, "example", pre_published);
    const struct reply *r = ask(*state, "example DNSKEY +do");
    assert_flags(r, "qr aa");
    assert_int_equal(count(r, 0, " DNSKEY 25"), 3);
    assert_int_equal(count(r, 0, " RRSIG DNSKEY "), 1);
    assert_int_equal(count(ask(*state, "ns.example A +do"), 0, " RRSIG A "), 1);
}

/* RFC 4035 section 3.1.1: all RRSIGs of the RRset */
static void every_signature_comes_along(void **state)
{
    server_add(*state, "example", double_signed);
    const struct reply *r = ask(*state, "example DNSKEY +do");
    assert_int_equal(count(r, 0, " DNSKEY 25"), 3);
    assert_int_equal(count(r, 0, " RRSIG DNSKEY "), 2);
    assert_int_equal(count(ask(*state, "ns.example A +do"), 0, " RRSIG A "), 2);
    assert_int_equal(count(ask(*state, "ns.example RRSIG"), 0, " RRSIG A "), 2);
}

/* Signatures are data: without their key, and by an algorithm that nobody here knows, too. */
static void signatures_of_every_algorithm_come_along(void **state)
{
    server_add(*state, "example", new_algorithm);
    const struct reply *r = ask(*state, "ns.example A +do");
    assert_int_equal(count(r, 0, " RRSIG A "), 3);
    assert_int_equal(count(r, 0, " RRSIG A 13 "), 1);
    assert_int_equal(count(r, 0, " RRSIG A 253 "), 1);
    r = ask(*state, "nothing.example A +do");
    assert_int_equal(count(r, 1, " RRSIG SOA "), 2);
}

static void without_do_there_are_keys_and_no_signatures(void **state)
{
    server_add(*state, "example", double_signed);
    const struct reply *r = ask(*state, "example DNSKEY");
    assert_int_equal(count(r, 0, " DNSKEY 25"), 3);
    assert_int_equal(count(r, 0, "RRSIG"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_that_stands_by_is_served_with_the_others,
                                        setup_server, teardown_server),
        cmocka_unit_test_setup_teardown(every_signature_comes_along, setup_server,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(signatures_of_every_algorithm_come_along, setup_server,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(without_do_there_are_keys_and_no_signatures,
                                        setup_server, teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
