/* rfc4035_proofs.c -- DNSSEC: section 3.1.3, NSEC records in answers */
#include "tests/rfc/proofs.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

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

static void an_answer_that_is_there_needs_no_proof(void **state)
{
    static const struct proof_case cases[] = {
        {"www.s.test A", "NOERROR", ""},
        {"s.test SOA", "NOERROR", ""},
        {"*.w.s.test TXT", "NOERROR", ""},
        {"sec.s.test DS", "NOERROR", ""},
    };
    ASSERT_ALL(state, cases);
}

/* Section 3.1.3.1 */
static void nodata_is_proved_by_the_names_own_nsec(void **state)
{
    static const struct proof_case cases[] = {
        {"www.s.test TXT", "NOERROR", "match www.s.test"},
        {"s.test TXT", "NOERROR", "match s.test"},
        {"s.test DS", "NOERROR", "match s.test"},
        {"sub.s.test DS", "NOERROR", "match sub.s.test"},
        {"d.s.test TXT", "NOERROR", "match d.s.test"},
    };
    ASSERT_ALL(state, cases);
}

/* Empty non-terminals have no NSEC; the one before shows that there is something below. */
static void an_empty_non_terminal_is_covered(void **state)
{
    static const struct proof_case cases[] = {
        {"ent.s.test A", "NOERROR", "cover ent.s.test"},
        {"b.ent.s.test A", "NOERROR", "cover b.ent.s.test"},
        {"deep.s.test A", "NOERROR", "cover deep.s.test"},
        {"w.s.test A", "NOERROR", "cover w.s.test"},
    };
    ASSERT_ALL(state, cases);
}

/* Section 3.1.3.2: neither the name nor a wildcard that could stand for it exists */
static void nxdomain_is_proved_for_the_name_and_its_wildcard(void **state)
{
    static const struct proof_case cases[] = {
        {"nope.s.test A", "NXDOMAIN", "cover nope.s.test cover *.s.test"},
        {"a.b.nope.s.test A", "NXDOMAIN", "cover a.b.nope.s.test cover *.s.test"},
        {"x.www.s.test A", "NXDOMAIN", "cover x.www.s.test cover *.www.s.test"},
        {"x.b.ent.s.test A", "NXDOMAIN", "cover x.b.ent.s.test cover *.b.ent.s.test"},
        {"zzz.s.test A", "NXDOMAIN", "cover zzz.s.test cover *.s.test"},
        {"-.s.test A", "NXDOMAIN", "cover -.s.test cover *.s.test"},
        {"x.*.w.s.test TXT", "NXDOMAIN", "cover x.*.w.s.test cover *.*.w.s.test"},
    };
    ASSERT_ALL(state, cases);
}

/* Section 3.1.3.3: no closer name exists */
static void a_wildcard_answer_proves_that_the_name_is_not_there(void **state)
{
    static const struct proof_case cases[] = {
        {"x.w.s.test TXT", "NOERROR", "cover x.w.s.test"},
        {"y.x.w.s.test TXT", "NOERROR", "cover y.x.w.s.test"},
        {"x.wc.s.test A", "NOERROR", "cover x.wc.s.test"},
        {"walias.s.test TXT", "NOERROR", "cover x.w.s.test"},
    };
    ASSERT_ALL(state, cases);
}

/* Section 3.1.3.4 */
static void wildcard_nodata_proves_both(void **state)
{
    static const struct proof_case cases[] = {
        {"x.w.s.test A", "NOERROR", "cover x.w.s.test match *.w.s.test"},
        {"walias.s.test A", "NOERROR", "cover x.w.s.test match *.w.s.test"},
        /* the source of synthesis is an empty non-terminal */
        {"x.ww.s.test A", "NOERROR", "cover x.ww.s.test cover *.ww.s.test"},
    };
    ASSERT_ALL(state, cases);
}

/* Section 3.1.4 */
static void a_referral_brings_ds_or_proves_that_there_is_none(void **state)
{
    static const struct proof_case cases[] = {
        {"x.sub.s.test A", "NOERROR", "match sub.s.test"},
        {"sub.s.test A", "NOERROR", "match sub.s.test"},
        {"i.insec.deep.s.test A", "NOERROR", "match i.insec.deep.s.test"},
        {"x.sec.s.test A", "NOERROR", ""},
    };
    ASSERT_ALL(state, cases);
}

static void a_chain_is_proved_where_it_ends(void **state)
{
    static const struct proof_case cases[] = {
        {"alias.s.test A", "NXDOMAIN", "cover nope.deeper.s.test cover *.s.test"},
        {"nope.d.s.test A", "NXDOMAIN", "cover nope.www.s.test cover *.www.s.test"},
    };
    ASSERT_ALL(state, cases);
}

/* RFC 3225 section 3 */
/* Sections stand in their order: the proof isn't left for after the additional addresses. */
static void
a_wildcard_that_leads_to_an_unsigned_apex_is_proved_before_its_addresses(void **state)
{
    static const struct proof_case proof = {"x.wc.s.test NS", "NOERROR", "cover x.wc.s.test"};
    struct server *server;
    setup_server((void **)&server);
    proofs_add_zone(server, "nsec.zone");
    server_add(server, "www.s.test",
               "@  3600 SOA ns hostmaster 1 7200 900 1209600 300\n"
               "@  3600 NS  ns\n"
               "ns 3600 A   192.0.2.53\n");
    assert_proves(server, &proof);
    const struct reply *r = ask(server, "x.wc.s.test NS +do");
    assert_true(has_line(r, "answer", "www.s.test. 3600 NS ns.www.s.test."));
    assert_section(r, "additional", "ns.www.s.test. 3600 A 192.0.2.53");
    teardown_server((void **)&server);
    (void)state;
}

static void without_do_nothing_is_proved(void **state)
{
    const struct reply *reply = ask(*state, "nope.s.test A +edns");
    assert_section(reply, "authority",
                   "s.test. 60 SOA ns1.s.test. hostmaster.s.test. 1 7200 900 1209600 60");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_that_is_there_needs_no_proof),
        cmocka_unit_test(nodata_is_proved_by_the_names_own_nsec),
        cmocka_unit_test(an_empty_non_terminal_is_covered),
        cmocka_unit_test(nxdomain_is_proved_for_the_name_and_its_wildcard),
        cmocka_unit_test(a_wildcard_answer_proves_that_the_name_is_not_there),
        cmocka_unit_test(wildcard_nodata_proves_both),
        cmocka_unit_test(a_referral_brings_ds_or_proves_that_there_is_none),
        cmocka_unit_test(a_chain_is_proved_where_it_ends),
        cmocka_unit_test(
            a_wildcard_that_leads_to_an_unsigned_apex_is_proved_before_its_addresses),
        cmocka_unit_test(without_do_nothing_is_proved),
    };
    return cmocka_run_group_tests(tests, setup, teardown_server);
}
