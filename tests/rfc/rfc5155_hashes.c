/* rfc5155_hashes.c -- hashed denial of existence: names that are there only as hashes, and hashes that
 * are there though their names aren't (sections 7.2.8 and 7.2.9) */
#include "tests/rfc/proofs.h"

#include <ldns/ldns.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The owner that an NSEC3 of the name has in nsec3.zone: no salt, no iterations. */
static void hashed_owner(const char *name_text, char *owner, size_t size)
{
    ldns_rdf *name = ldns_dname_new_frm_str(name_text);
    ldns_rdf *hash = ldns_nsec3_hash_name(name, 1, 0, 0, NULL);
    assert_non_null(hash);
    char *label = ldns_rdf2str(hash);
    snprintf(owner, size, "%ss.test.", label);
    free(label);
    ldns_rdf_deep_free(hash);
    ldns_rdf_deep_free(name);
}

/* Serves nsec3.zone with one NSEC3 more, whose owner is the hash of a name that isn't there: what a
 * collision looks like from outside. */
static void serve_collision(struct server *server, const char *name)
{
    char owner[128], more[512];
    hashed_owner(name, owner, sizeof owner);
    snprintf(more, sizeof more,
             "%s 60 IN NSEC3 1 0 0 - J59JVB7Q3P16PSU1ORL0BN3RJO0VM360 A RRSIG\n"
             "%s 60 IN RRSIG NSEC3 13 3 60 20900101000000 20260101000000 34366 s.test. AAAA\n",
             owner, owner);
    proofs_add_zone_with(server, "nsec3.zone", more);
}

static void assert_unprovable(struct server *server, const char *question)
{
    const struct reply *r = ask(server, question);
    assert_rcode(r, "SERVFAIL");
    assert_flags(r, "qr");
    assert_section(r, "answer", "");
    assert_section(r, "authority", "");
    assert_section(r, "additional", "");
    assert_string_equal(r->options, "15:0018"); /* RFC 8914 section 4.25: invalid data */
}

/* Section 7.2.9 */
static void a_collision_of_the_next_closer_name_is_servfail(void **state)
{
    serve_collision(*state, "collides.s.test.");
    assert_unprovable(*state, "collides.s.test A +do");
    assert_unprovable(*state, "below.it.collides.s.test A +do");
    assert_unprovable(*state, "collides.s.test A +do +tcp");
}

static void a_collision_of_the_wildcard_is_servfail(void **state)
{
    serve_collision(*state, "*.s.test.");
    assert_unprovable(*state, "nothing.s.test A +do");
    assert_unprovable(*state, "alias.s.test A +do +tcp"); /* to what isn't there */
}

static void a_collision_below_a_wildcard_is_servfail(void **state)
{
    serve_collision(*state, "x.w.s.test.");
    assert_unprovable(*state, "x.w.s.test TXT +do");
    assert_unprovable(*state, "walias.s.test TXT +do");
    assert_unprovable(*state, "x.w.s.test A +do");
}

/* Nobody else is the worse for it. */
static void a_collision_concerns_nothing_but_its_name(void **state)
{
    serve_collision(*state, "collides.s.test.");
    assert_rcode(ask(*state, "collides.s.test A"), "NXDOMAIN");
    assert_rcode(ask(*state, "collides.s.test A +edns"), "NXDOMAIN");
    assert_rcode(ask(*state, "other.s.test A +do"), "NXDOMAIN");
    assert_rcode(ask(*state, "www.s.test A +do"), "NOERROR");
    assert_rcode(ask(*state, "www.s.test TXT +do"), "NOERROR");
    assert_rcode(ask(*state, "x.w.s.test TXT +do"), "NOERROR");
}

/* Section 7.2.8: the name of an NSEC3 isn't there, whatever type is asked for */
static void an_nsec3_s_own_name_is_nxdomain_with_its_proof(void **state)
{
    static const char *const types[] = {"NSEC3", "RRSIG", "A", "ANY"};
    char owner[128], question[256], claims[256];
    proofs_add_zone(*state, "nsec3.zone");
    hashed_owner("s.test.", owner, sizeof owner);
    snprintf(claims, sizeof claims, "match s.test cover %s cover *.s.test", owner);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        snprintf(question, sizeof question, "%s %s", owner, types[i]);
        const struct proof_case expected = {question, "NXDOMAIN", claims};
        assert_proves(*state, &expected);
    }
    snprintf(question, sizeof question, "below.%s A", owner);
    const struct proof_case expected = {question, "NXDOMAIN", claims};
    assert_proves(*state, &expected);
}

/* A wildcard applies beside them: they block nothing, being no names of the zone. */
static void a_wildcard_stands_for_the_name_of_an_nsec3(void **state)
{
    char owner[128], question[256];
    proofs_add_zone_with(*state, "nsec3.zone",
                         "*.s.test. 300 IN TXT \"wild\"\n"
                         "*.s.test. 300 IN RRSIG TXT 13 2 300 20900101000000 20260101000000 "
                         "34366 s.test. AAAA\n");
    hashed_owner("s.test.", owner, sizeof owner);
    snprintf(question, sizeof question, "%s TXT", owner);
    const struct reply *r = ask(*state, question);
    assert_rcode(r, "NOERROR");
    assert_non_null(strstr(r->section[0], "\"wild\""));
    snprintf(question, sizeof question, "below.%s TXT", owner);
    assert_rcode(ask(*state, question), "NOERROR");
}

/* NSEC3PARAM is data of the apex, NSEC3 is data of no name. */
static void the_parameters_can_be_asked_for_and_the_chain_cannot(void **state)
{
    proofs_add_zone(*state, "nsec3.zone");
    assert_section(ask(*state, "s.test NSEC3PARAM"), "answer", "s.test. 0 NSEC3PARAM 1 0 0 -");
    static const struct proof_case cases[] = {
        {"s.test NSEC3", "NOERROR", "match s.test"},
        {"www.s.test NSEC3", "NOERROR", "match www.s.test"},
        {"www.s.test NSEC", "NOERROR", "match www.s.test"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_proves(*state, &cases[i]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_server, teardown_server)
    const struct CMUnitTest tests[] = {
        TEST(a_collision_of_the_next_closer_name_is_servfail),
        TEST(a_collision_of_the_wildcard_is_servfail),
        TEST(a_collision_below_a_wildcard_is_servfail),
        TEST(a_collision_concerns_nothing_but_its_name),
        TEST(an_nsec3_s_own_name_is_nxdomain_with_its_proof),
        TEST(a_wildcard_stands_for_the_name_of_an_nsec3),
        TEST(the_parameters_can_be_asked_for_and_the_chain_cannot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
