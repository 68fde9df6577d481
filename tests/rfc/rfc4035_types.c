/* rfc4035_types.c -- DNSSEC: DS at, below and above zone cuts (section 3.1.4.1), and RRSIG and NSEC asked for
 * by their types */
#include "tests/rfc/proofs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char child_text[] = "@ 60 SOA ns h 1 2 3 4 5\n"
                                 "@ 60 NS ns\n"
                                 "ns 60 A 192.0.2.9\n"
                                 "deep 60 NS ns.deep\n";

static int setup(void **state)
{
    setup_server(state);
    proofs_add_zone(*state, "nsec.zone");
    return 0;
}

static void assert_all(struct server *server, const struct proof_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_proves(server, &cases[i]);
}

#define ASSERT_ALL(state, cases) assert_all(*(state), cases, sizeof(cases) / sizeof *(cases))

static bool has(const struct reply *r, unsigned section, const char *text)
{
    return strstr(r->section[section], text) != NULL;
}

static void ds_at_a_cut_is_answered_or_denied(void **state)
{
    static const struct proof_case cases[] = {
        {"sec.s.test DS", "NOERROR", ""},
        {"sub.s.test DS", "NOERROR", "match sub.s.test"},
        {"i.insec.deep.s.test DS", "NOERROR", "match i.insec.deep.s.test"},
    };
    ASSERT_ALL(state, cases);
    assert_flags(ask(*state, "sub.s.test DS"), "qr aa");
}

static void ds_below_a_cut_gets_the_referral(void **state)
{
    static const struct proof_case cases[] = {
        {"x.sub.s.test DS", "NOERROR", "match sub.s.test"},
        {"ns.sub.s.test DS", "NOERROR", "match sub.s.test"},
        {"x.sec.s.test DS", "NOERROR", ""},
    };
    ASSERT_ALL(state, cases);
    const struct reply *r = ask(*state, "x.sec.s.test DS +do");
    assert_flags(r, "qr");
    assert_true(has(r, 1, "sec.s.test. 300 NS ns.sec.s.test."));
    assert_true(has(r, 1, "sec.s.test. 300 DS 1 8 2 "));
}

static void ds_where_parent_and_child_are_served_is_the_parent_s(void **state)
{
    server_add(*state, "sec.s.test", child_text);
    const struct reply *r = ask(*state, "sec.s.test DS +do");
    assert_flags(r, "qr aa");
    assert_true(has(r, 0, "sec.s.test. 300 DS 1 8 2 "));
    /* The child refers to its own child, and denies what is its own. */
    r = ask(*state, "x.deep.sec.s.test DS");
    assert_flags(r, "qr");
    assert_true(has(r, 1, "deep.sec.s.test. 60 NS ns.deep.sec.s.test."));
    r = ask(*state, "ns.sec.s.test DS");
    assert_flags(r, "qr aa");
    assert_true(has(r, 1, "sec.s.test. 5 SOA "));
}

/* The zone above isn't the parent: with no DS to be had here, the child says that it has none. */
static void ds_where_only_child_and_grandparent_are_served_is_no_data(void **state)
{
    server_add(*state, "g.sub.s.test", child_text);
    const struct reply *r = ask(*state, "g.sub.s.test DS +do");
    assert_rcode(r, "NOERROR");
    assert_flags(r, "qr aa");
    assert_section(r, "answer", "");
    assert_true(has(r, 1, "g.sub.s.test. 5 SOA "));
    assert_false(has(r, 1, " NS "));
    /* Other names below the cut are referred as ever. */
    assert_flags(ask(*state, "h.sub.s.test DS"), "qr");
}

static void ds_of_the_root_is_no_data(void **state)
{
    server_add(*state, ".", "@ 60 SOA ns. h. 1 2 3 4 5\n@ 60 NS ns.\nns. 60 A 192.0.2.1\n");
    const struct reply *r = ask(*state, ". DS");
    assert_rcode(r, "NOERROR");
    assert_flags(r, "qr aa");
    assert_section(r, "authority", ". 5 SOA ns. h. 1 2 3 4 5");
    assert_rcode(ask(*state, "test DS"), "NXDOMAIN");
}

/* An alias to a name whose DS is asked for is followed to the side that has it. */
static void ds_at_the_end_of_a_chain_is_looked_for_as_if_asked_directly(void **state)
{
    server_add(*state, "g.sub.s.test", child_text);
    server_add(*state, "to",
               "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.1\n"
               "g 60 CNAME g.sub.s.test.\nsec 60 CNAME sec.s.test.\n");
    const struct reply *r = ask(*state, "g.to DS");
    assert_flags(r, "qr aa");
    assert_true(has(r, 1, "g.sub.s.test. 5 SOA "));
    r = ask(*state, "sec.to DS");
    assert_true(has(r, 0, "sec.s.test. 300 DS 1 8 2 "));
}

/* Section 3.1: with DO or without, since they were asked for */
static void rrsig_asked_for_by_type_gives_all_of_the_name(void **state)
{
    static const char *const questions[] = {"www.s.test RRSIG", "www.s.test RRSIG +do"};
    for (size_t i = 0; i < 2; i++) {
        const struct reply *r = ask(*state, questions[i]);
        assert_flags(r, "qr aa");
        assert_true(has(r, 0, "www.s.test. 300 RRSIG A 13 "));
        assert_true(has(r, 0, "www.s.test. 60 RRSIG NSEC 13 "));
        assert_false(has(r, 0, " A 192."));
    }
    assert_true(has(ask(*state, "s.test RRSIG +tcp"), 0, "s.test. 300 RRSIG DNSKEY 13 "));
}

static void rrsig_where_there_is_none_is_no_data(void **state)
{
    static const struct proof_case cases[] = {
        {"ent.s.test RRSIG", "NOERROR", "cover ent.s.test"},
        {"nope.s.test RRSIG", "NXDOMAIN", "cover nope.s.test cover *.s.test"},
        {"x.w.s.test RRSIG", "NOERROR",
         "cover x.w.s.test"}, /* the wildcard's, with its proof */
    };
    ASSERT_ALL(state, cases);
}

static void nsec_asked_for_by_type_is_data(void **state)
{
    const struct reply *r = ask(*state, "www.s.test NSEC");
    assert_flags(r, "qr aa");
    assert_true(has(r, 0, "www.s.test. 60 NSEC "));
    assert_false(has(r, 0, "RRSIG NSEC 13"));
    r = ask(*state, "www.s.test NSEC +do");
    assert_true(has(r, 0, "www.s.test. 60 RRSIG NSEC 13 "));
    /* At an alias it's that name's own, not the target's (RFC 4035 section 2.5). */
    r = ask(*state, "alias.s.test NSEC");
    assert_true(has(r, 0, "alias.s.test. 60 NSEC d.s.test. CNAME RRSIG NSEC"));
}

/* Peers differ; whoever is referred finds the NSEC in the proof. */
static void nsec_at_a_cut_gets_the_referral(void **state)
{
    static const struct proof_case referral = {"sub.s.test NSEC", "NOERROR",
                                               "match sub.s.test"};
    assert_proves(*state, &referral);
    assert_flags(ask(*state, "sub.s.test NSEC"), "qr");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown_server)
    const struct CMUnitTest tests[] = {
        TEST(ds_at_a_cut_is_answered_or_denied),
        TEST(ds_below_a_cut_gets_the_referral),
        TEST(ds_where_parent_and_child_are_served_is_the_parent_s),
        TEST(ds_where_only_child_and_grandparent_are_served_is_no_data),
        TEST(ds_of_the_root_is_no_data),
        TEST(ds_at_the_end_of_a_chain_is_looked_for_as_if_asked_directly),
        TEST(rrsig_asked_for_by_type_gives_all_of_the_name),
        TEST(rrsig_where_there_is_none_is_no_data),
        TEST(nsec_asked_for_by_type_is_data),
        TEST(nsec_at_a_cut_gets_the_referral),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
