/* rfc5155.c -- hashed denial of existence: section 7.2, what servers send */
#include "tests/rfc/proofs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* One zone with all names hashed, and the same with opt-out, salt and iterations. */
struct state {
    struct server *full, *optout;
};

static struct state servers;

static int setup(void **state)
{
    setup_server((void **)&servers.full);
    proofs_add_zone(servers.full, "nsec3.zone");
    setup_server((void **)&servers.optout);
    proofs_add_zone(servers.optout, "optout.zone");
    *state = &servers;
    return 0;
}

static int teardown(void **state)
{
    struct state *both = *state;
    teardown_server((void **)&both->full);
    teardown_server((void **)&both->optout);
    return 0;
}

static void assert_both(struct state *both, const struct proof_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_proves(both->full, &cases[i]);
        assert_proves(both->optout, &cases[i]);
    }
}

#define ASSERT_BOTH(state, cases) assert_both(*(state), cases, sizeof(cases) / sizeof *(cases))

/* Section 7.2.2 */
static void nxdomain_proves_encloser_next_closer_and_wildcard(void **state)
{
    static const struct proof_case cases[] = {
        {"nope.s.test A", "NXDOMAIN", "match s.test cover nope.s.test cover *.s.test"},
        {"a.b.nope.s.test A", "NXDOMAIN", "match s.test cover nope.s.test cover *.s.test"},
        {"x.www.s.test A", "NXDOMAIN",
         "match www.s.test cover x.www.s.test cover *.www.s.test"},
        {"y.x.b.ent.s.test A", "NXDOMAIN",
         "match b.ent.s.test cover x.b.ent.s.test cover *.b.ent.s.test"},
        {"alias.s.test A", "NXDOMAIN", "match s.test cover deeper.s.test cover *.s.test"},
        {"x.*.w.s.test TXT", "NXDOMAIN",
         "match *.w.s.test cover x.*.w.s.test cover *.*.w.s.test"},
    };
    ASSERT_BOTH(state, cases);
}

/* Section 7.2.3 */
static void nodata_is_proved_by_the_names_own_nsec3(void **state)
{
    static const struct proof_case cases[] = {
        {"www.s.test TXT", "NOERROR", "match www.s.test"},
        {"ent.s.test A", "NOERROR", "match ent.s.test"},
        {"w.s.test A", "NOERROR", "match w.s.test"},
        {"s.test DS", "NOERROR", "match s.test"},
        {"*.ww.s.test A", "NOERROR", "match *.ww.s.test"},
    };
    ASSERT_BOTH(state, cases);
}

/* Section 7.2.5 */
static void wildcard_nodata_proves_encloser_next_closer_and_the_wildcards_types(void **state)
{
    static const struct proof_case cases[] = {
        {"x.w.s.test A", "NOERROR", "match w.s.test cover x.w.s.test match *.w.s.test"},
        {"y.x.w.s.test A", "NOERROR", "match w.s.test cover x.w.s.test match *.w.s.test"},
        {"x.ww.s.test A", "NOERROR", "match ww.s.test cover x.ww.s.test match *.ww.s.test"},
    };
    ASSERT_BOTH(state, cases);
}

/* Section 7.2.6 */
static void a_wildcard_answer_proves_that_no_closer_name_exists(void **state)
{
    static const struct proof_case cases[] = {
        {"x.w.s.test TXT", "NOERROR", "cover x.w.s.test"},
        {"y.x.w.s.test TXT", "NOERROR", "cover x.w.s.test"},
        {"x.wc.s.test A", "NOERROR", "cover x.wc.s.test"},
        {"walias.s.test TXT", "NOERROR", "cover x.w.s.test"},
    };
    ASSERT_BOTH(state, cases);
}

/* Section 7.2.7 */
static void a_referral_without_ds_proves_so(void **state)
{
    struct state *both = *state;
    static const struct proof_case full[] = {
        {"x.sub.s.test A", "NOERROR", "match sub.s.test"},
        {"i.insec.deep.s.test A", "NOERROR", "match i.insec.deep.s.test"},
        {"x.sec.s.test A", "NOERROR", ""},
    };
    /* Unsigned delegations have no NSEC3 of their own: the closest provable encloser has. */
    static const struct proof_case optout[] = {
        {"x.sub.s.test A", "NOERROR", "match s.test cover sub.s.test"},
        {"i.insec.deep.s.test A", "NOERROR", "match s.test cover deep.s.test"},
        {"x.sec.s.test A", "NOERROR", ""},
    };
    for (size_t i = 0; i < 3; i++) {
        assert_proves(both->full, &full[i]);
        assert_proves(both->optout, &optout[i]);
    }
}

/* Sections 7.2.3 and 7.2.4 */
static void under_opt_out_the_closest_provable_encloser_denies_ds_and_data(void **state)
{
    struct state *both = *state;
    static const struct proof_case full[] = {
        {"sub.s.test DS", "NOERROR", "match sub.s.test"},
        {"deep.s.test A", "NOERROR", "match deep.s.test"},
        {"x.deep.s.test A", "NXDOMAIN",
         "match deep.s.test cover x.deep.s.test cover *.deep.s.test"},
    };
    static const struct proof_case optout[] = {
        {"sub.s.test DS", "NOERROR", "match s.test cover sub.s.test"},
        {"deep.s.test A", "NOERROR", "match s.test cover deep.s.test"},
        {"x.deep.s.test A", "NXDOMAIN", "match s.test cover deep.s.test cover *.s.test"},
    };
    for (size_t i = 0; i < 3; i++) {
        assert_proves(both->full, &full[i]);
        assert_proves(both->optout, &optout[i]);
    }
}

/* Section 7.2.8: the owner of an NSEC3 is no name of the zone */
static void the_owners_of_nsec3_records_do_not_exist(void **state)
{
    struct state *both = *state;
    const struct reply *reply = ask(both->full, "nope.s.test A +do +tcp");
    const char *line = strstr(reply->section[1], " NSEC3 ");
    assert_non_null(line);
    while (line > reply->section[1] && line[-1] != '\n')
        line--;
    char question[256];
    snprintf(question, sizeof question, "%.*s NSEC3", (int)strcspn(line, " "), line);
    reply = ask(both->full, question);
    assert_rcode(reply, "NXDOMAIN");
    assert_section(reply, "answer", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nxdomain_proves_encloser_next_closer_and_wildcard),
        cmocka_unit_test(nodata_is_proved_by_the_names_own_nsec3),
        cmocka_unit_test(wildcard_nodata_proves_encloser_next_closer_and_the_wildcards_types),
        cmocka_unit_test(a_wildcard_answer_proves_that_no_closer_name_exists),
        cmocka_unit_test(a_referral_without_ds_proves_so),
        cmocka_unit_test(under_opt_out_the_closest_provable_encloser_denies_ds_and_data),
        cmocka_unit_test(the_owners_of_nsec3_records_do_not_exist),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
