/* rfc4034.c -- DNSSEC: canonical order (section 6.1), over every octet */
#include "tests/rfc/proofs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state)
{
    setup_server(state);
    proofs_add_zone(*state, "odd.zone");
    return 0;
}

static struct name name_of(const char *text)
{
    struct name name;
    assert_int_equal(name_from_string(&name, text), NAME_OK);
    name_lower(name.wire, name.octets);
    return name;
}

/* The section's own example, and the octets that it leaves out */
static void names_sort_by_their_labels_from_the_right(void **state)
{
    (void)state;
    static const char *const sorted[] = {
        "example",        "a.example",      "yljkjljk.a.example", "Z.a.example",
        "zABC.a.EXAMPLE", "a\\000.example", "a\\000b.example",    "a\\001.example",
        "a\\-.example",   "ab.example",     "z.example",          "\\001.z.example",
        "\\!.z.example",  "*.z.example",    "\\200.z.example",    "\\255.z.example"};
    for (size_t i = 1; i < sizeof sorted / sizeof *sorted; i++) {
        const struct name a = name_of(sorted[i - 1]), b = name_of(sorted[i]);
        uint8_t a_key[NAME_KEY_MAX], b_key[NAME_KEY_MAX];
        const size_t a_len = name_key(a_key, a.wire, a.octets);
        const size_t b_len = name_key(b_key, b.wire, b.octets);
        const int order = memcmp(a_key, b_key, a_len < b_len ? a_len : b_len);
        if (order > 0 || (order == 0 && a_len >= b_len))
            fail_msg("%s doesn't come before %s", sorted[i - 1], sorted[i]);
    }
}

static void assert_all(struct server *server, const struct proof_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_proves(server, &cases[i]);
}

#define ASSERT_ALL(state, cases) assert_all(*(state), cases, sizeof(cases) / sizeof *(cases))

/* A zero octet is an octet like any other: "a\000b" is one label, and no "a" or "b" */
static void the_octet_zero_is_part_of_its_label(void **state)
{
    static const struct proof_case cases[] = {
        {"a\\000b.s.test A", "NOERROR", ""},
        {"a\\000b.s.test TXT", "NOERROR", "match a\\000b.s.test"},
        {"a\\000b.w.s.test TXT", "NOERROR", "match a\\000b.w.s.test"},
        {"a\\000.s.test A", "NXDOMAIN", "cover a\\000.s.test cover *.s.test"},
        {"a\\000a.s.test A", "NXDOMAIN", "cover a\\000a.s.test cover *.s.test"},
        {"a\\000c.s.test A", "NXDOMAIN", "cover a\\000c.s.test cover *.s.test"},
        {"b.a\\000.w.s.test A", "NXDOMAIN", "cover a\\000.w.s.test cover *.w.s.test"},
        {"a.b.w.s.test A", "NXDOMAIN", "cover b.w.s.test cover *.w.s.test"},
        {"x.sub\\000x.s.test A", "NOERROR", "match sub\\000x.s.test"},
        {"x.sub.s.test A", "NOERROR", ""},
    };
    ASSERT_ALL(state, cases);
}

/* The asterisk is 42: what sorts below it stands between the encloser and the wildcard */
static void siblings_that_sort_below_the_asterisk_hide_no_wildcard(void **state)
{
    static const struct proof_case cases[] = {
        {"x.wild.s.test TXT", "NOERROR", "cover x.wild.s.test"},
        {"\\002.wild.s.test TXT", "NOERROR", "cover \\002.wild.s.test"},
        {"\\000\\000.wild.s.test TXT", "NOERROR", "cover \\000\\000.wild.s.test"},
        {"\\(.wild.s.test TXT", "NOERROR", "cover \\(.wild.s.test"},
        {"x.wild.s.test A", "NOERROR", "cover x.wild.s.test match *.wild.s.test"},
        {"*.wild.s.test A", "NOERROR", "match *.wild.s.test"},
        {"nope.s.test A", "NXDOMAIN", "cover nope.s.test cover *.s.test"},
        {"\\002.s.test A", "NXDOMAIN", "cover \\002.s.test cover *.s.test"},
        {"\\254.s.test A", "NXDOMAIN", "cover \\254.s.test cover *.s.test"},
        {"\\255\\255.s.test A", "NXDOMAIN", "cover \\255\\255.s.test cover *.s.test"},
    };
    ASSERT_ALL(state, cases);
}

/* A question with an asterisk as its first label gets the wildcard's data with its proof like any other. */
static void an_asterisk_in_the_question_is_a_label_like_any_other(void **state)
{
    static const struct proof_case cases[] = {
        {"*.x.wild.s.test TXT", "NOERROR", "cover x.wild.s.test"},
        {"*.*.wild.s.test TXT", "NXDOMAIN", "cover *.*.wild.s.test"},
        {"*.a.s.test A", "NXDOMAIN", "cover *.a.s.test"},
        {"*.nope.s.test A", "NXDOMAIN", "cover nope.s.test cover *.s.test"},
    };
    ASSERT_ALL(state, cases);
}

/* Where the octets sort, not the characters: 200 comes after "z" */
static void octets_above_the_letters_come_last(void **state)
{
    static const struct proof_case cases[] = {
        {"\\200.a.s.test TXT", "NOERROR", "match \\200.a.s.test"},
        {"\\199.a.s.test A", "NXDOMAIN", "cover \\199.a.s.test cover *.a.s.test"},
        {"Y.a.s.test A", "NXDOMAIN", "cover y.a.s.test cover *.a.s.test"},
        {"z.A.s.test TXT", "NOERROR", "match z.a.s.test"},
        {"\\001.z.a.s.test TXT", "NOERROR", "match \\001.z.a.s.test"},
        {"q.z.a.s.test TXT", "NOERROR", "cover q.z.a.s.test match *.z.a.s.test"},
    };
    ASSERT_ALL(state, cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_sort_by_their_labels_from_the_right),
        cmocka_unit_test(the_octet_zero_is_part_of_its_label),
        cmocka_unit_test(siblings_that_sort_below_the_asterisk_hide_no_wildcard),
        cmocka_unit_test(an_asterisk_in_the_question_is_a_label_like_any_other),
        cmocka_unit_test(octets_above_the_letters_come_last),
    };
    return cmocka_run_group_tests(tests, setup, teardown_server);
}
