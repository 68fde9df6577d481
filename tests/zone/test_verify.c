/* test_verify.c -- zones that other programs signed verify; spoilt in one place they don't, and the
 * note says which place */
#include "zone/verify.h"

#include "tests/zone/signed_text.h"
#include "tests/zone/zone_text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { IN_2025 = 1750000000, IN_2027 = 1800000000, IN_2037 = 2120000000 };

/* What verifying a zone says, a line each, after the notes of loading it. */
static const char *said_of(const struct zone *zone, int64_t now)
{
    static char said[16384];
    struct notes notes;
    notes_init(&notes);
    const struct verify_options options = {.now = now};
    const int err = zone_verify(zone, &options, "test", &notes);
    assert_int_equal(err, notes.errors > 0 ? -EBADMSG : 0);
    size_t len = 0;
    said[0] = '\0';
    for (size_t i = 0; i < notes.count && len < sizeof said; i++)
        len += (size_t)snprintf(said + len, sizeof said - len, "%s: %s\n",
                                notes.note[i].severity == SEVERITY_ERROR ? "error" : "warning",
                                notes.note[i].message);
    notes_fini(&notes);
    return said;
}

static void assert_said_at(const struct signed_text *text, int64_t now, const char *expected)
{
    struct zone *zone = zone_of_text("v.test", text->text);
    const char *said = said_of(zone, now);
    zone_free(zone);
    assert_string_equal(said, expected);
}

static void assert_said(const struct signed_text *text, const char *expected)
{
    assert_said_at(text, IN_2027, expected);
}

/* RFC 8624 section 3.1: RSA with SHA-256 and SHA-512, ECDSA of both curves, Ed25519, Ed448 */
static void what_other_programs_sign_verifies(void **state)
{
    (void)state;
    static const char *const names[] = {"nsec", "nsec3", "optout", "algorithms"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct signed_text text;
        signed_read(&text, names[i]);
        assert_said(&text, "");
    }
}

/* RFC 4034 section 6.2 */
static void case_makes_no_difference_to_signatures(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "nsec");
    signed_replace(&text, "mail.v.test. 300 IN MX 10 ns1", "MAIL.V.test. 300 IN MX 10 NS1");
    signed_replace(&text, "v.test. 300 IN NS ns1.v", "V.Test. 300 IN NS Ns1.V");
    assert_said(&text, "");
}

static void a_zone_without_signatures_isnt_signed(void **state)
{
    (void)state;
    struct zone *zone =
        zone_of_text("v.test", "@ 300 SOA ns a 1 2 3 4 5\n@ 300 NS ns.other.\n");
    assert_false(zone_is_signed(zone));
    assert_string_equal(said_of(zone, IN_2027), "error: the zone isn't signed\n");
    zone_free(zone);
}

/* RFC 4035 section 2.2 */
static void an_rrset_without_a_signature_is_found(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "nsec");
    signed_without(&text, "a.b.ent.v.test. 300 IN RRSIG TXT");
    assert_said(&text, "error: the TXT RRset of a.b.ent.v.test. has no signature\n");
}

static void a_changed_octet_is_found(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "nsec");
    signed_replace(&text, "*.w.v.test. 300 IN A 192.0.2.3", "*.w.v.test. 300 IN A 192.0.2.7");
    assert_said(&text,
                "error: the A RRset of *.w.v.test.: the signature by key 14006, algorithm 13, "
                "doesn't verify\n");
    signed_read(&text, "nsec3");
    signed_replace(&text, "MX 10 ns1", "MX 11 ns1");
    assert_said(&text,
                "error: the MX RRset of mail.v.test.: the signature by key 14006, algorithm "
                "13, doesn't verify\n");
}

static void a_record_too_many_is_found(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "nsec");
    signed_add(&text, "ns1.v.test. 300 IN A 192.0.2.99\n");
    assert_said(&text,
                "error: the A RRset of ns1.v.test.: the signature by key 14006, algorithm 13, "
                "doesn't verify\n");
}

static void a_signature_by_a_key_that_isnt_there_is_found(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "nsec");
    signed_replace(&text, "DS 13 3 300 20360101000000 20260101000000 14006",
                   "DS 13 3 300 20360101000000 20260101000000 14007");
    assert_said(&text,
                "error: the DS RRset of sec.v.test.: the signature by key 14007, algorithm "
                "13, is by a key that isn't at the apex\n");
}

static void a_signature_in_another_zones_name_is_found(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "nsec");
    signed_replace(&text, "DS 13 3 300 20360101000000 20260101000000 14006 v.test.",
                   "DS 13 3 300 20360101000000 20260101000000 14006 w.test.");
    assert_said(&text,
                "error: the DS RRset of sec.v.test.: the signature by key 14006, algorithm "
                "13, is by w.test., not by the zone\n");
}

/* RFC 4034 section 3.1.3 */
static void a_wrong_label_count_is_found(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "nsec");
    signed_replace(&text, "TXT 13 5 300", "TXT 13 4 300");
    assert_said(&text, "error: the TXT RRset of a.b.ent.v.test.: the signature by key 14006, "
                       "algorithm 13, is for 4 labels, not 5\n");
}

/* RFC 4034 section 3.1.5 */
static void signatures_that_expired_or_arent_valid_yet_are_found(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "nsec");
    struct zone *zone = zone_of_text("v.test", text.text);
    const char *said = said_of(zone, IN_2037);
    assert_non_null(strstr(said, "error: the SOA RRset of v.test.: the signature by key 14006, "
                                 "algorithm 13, expired at 2036-01-01T00:00:00Z\n"));
    said = said_of(zone, IN_2025);
    assert_non_null(strstr(said, "error: the SOA RRset of v.test.: the signature by key 14006, "
                                 "algorithm 13, isn't valid before 2026-01-01T00:00:00Z\n"));
    zone_free(zone);
}

static void beside_a_good_signature_a_bad_one_is_a_warning(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "nsec");
    signed_add(&text,
               "sec.v.test. 300 IN RRSIG DS 13 3 300 20260201000000 20260101000000 14006 "
               "v.test. AAAA\n");
    assert_said(&text,
                "warning: the DS RRset of sec.v.test.: the signature by key 14006, algorithm "
                "13, expired at 2026-02-01T00:00:00Z\n");
}

/* RFC 4035 section 2.2: an algorithm that is in the DNSKEY RRset signs all RRsets */
static void an_algorithm_that_doesnt_sign_everything_is_a_warning(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "algorithms");
    char *at = text.text;
    while ((at = strstr(at, "\nns1.v.test. 300 IN RRSIG A 15 ")) != NULL) {
        char *end = strchr(at + 1, '\n');
        memmove(at, end, strlen(end) + 1);
    }
    assert_said(&text,
                "warning: the A RRset of ns1.v.test. has no good signature of algorithm 15, "
                "though there is a DNSKEY of it (RFC 4035 section 2.2)\n");
}

/* RFC 4035 section 5.2: what nobody can verify is insecure, not bogus */
static void an_algorithm_that_isnt_known_is_a_warning(void **state)
{
    (void)state;
    static const char text[] = "@ 300 SOA ns.other. a 1 2 3 4 5\n@ 300 RRSIG SOA 99 2 300 "
                               "20360101000000 20260101000000 "
                               "1123 v.test. AAAA\n"
                               "@ 300 NS ns.other.\n@ 300 RRSIG NS 99 2 300 20360101000000 "
                               "20260101000000 1123 v.test. AAAA\n"
                               "@ 300 DNSKEY 256 3 99 AAAA\n@ 300 RRSIG DNSKEY 99 2 300 "
                               "20360101000000 20260101000000 1123 "
                               "v.test. AAAA\n"
                               "@ 5 NSEC @ NS SOA RRSIG NSEC DNSKEY\n@ 5 RRSIG NSEC 99 2 5 "
                               "20360101000000 20260101000000 "
                               "1123 v.test. AAAA\n";
    struct zone *zone = zone_of_text("v.test", text);
    assert_string_equal(said_of(zone, IN_2027), "warning: DNSKEY 1123 has algorithm 99, whose "
                                                "signatures can't be verified here\n");
    zone_free(zone);
}

/* RFC 4035 section 2.2 */
static void a_signed_delegation_is_a_warning(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "nsec");
    signed_add(&text,
               "sub.v.test. 300 IN RRSIG NS 13 3 300 20360101000000 20260101000000 14006 "
               "v.test. AAAA\n");
    assert_said(&text,
                "warning: the NS RRset of sub.v.test. is signed, but it's the child zone's\n");
}

/* RFC 4035 section 2.3 */
static void a_missing_nsec_is_found(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "nsec");
    signed_without(&text, "mail.v.test. 60 IN NSEC");
    signed_without(&text, "mail.v.test. 60 IN RRSIG NSEC");
    assert_said(&text, "error: mail.v.test. has no NSEC\n");
}

/* The records of the chain are signed, so one that was spoilt doesn't verify either: that is said
 * first. */
#define NSEC_SPOILT(owner)                                                                     \
    "error: the NSEC RRset of " owner                                                          \
    ": the signature by key 14006, algorithm 13, doesn't verify\n"

static void an_nsec_that_leads_astray_is_found(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "nsec");
    signed_replace(&text, "NSEC sub.v.test.", "NSEC sux.v.test.");
    assert_said(&text, NSEC_SPOILT("sec.v.test.") "error: the NSEC of sec.v.test. leads to "
                                                  "sux.v.test., not to sub.v.test.\n");
}

static void a_chain_of_nsec_that_isnt_closed_is_found(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "nsec");
    signed_replace(&text, "*.w.v.test. 60 IN NSEC v.test.", "*.w.v.test. 60 IN NSEC z.v.test.");
    assert_said(&text, NSEC_SPOILT("*.w.v.test.") "error: the NSEC of *.w.v.test. leads to "
                                                  "z.v.test., not to v.test.\n");
}

static void a_wrong_type_bitmap_is_found(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "nsec");
    signed_replace(&text, "NSEC Mail.v.test. TXT RRSIG", "NSEC Mail.v.test. A AAAA RRSIG");
    assert_said(
        &text,
        NSEC_SPOILT("a.b.ent.v.test.") "error: the NSEC of a.b.ent.v.test. doesn't list TXT\n"
                                       "error: the NSEC of a.b.ent.v.test. lists A AAAA, which "
                                       "isn't there\n");
}

/* RFC 4035 section 2.3: glue at a delegation isn't the parent's to list, nor to prove */
static void glue_is_left_out_of_the_chain(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "nsec");
    signed_add(&text, "sub.v.test. 300 IN A 192.0.2.8\n");
    assert_said(&text, "");
    signed_add(&text, "ns.sub.v.test. 60 IN NSEC v.test. A RRSIG NSEC\n");
    assert_said(&text, "error: ns.sub.v.test. has an NSEC, but nothing that it could prove\n");
}

static void a_name_that_was_added_breaks_the_chain(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "nsec");
    signed_add(&text, "more.v.test. 300 IN TXT \"x\"\n");
    assert_said(&text,
                "error: the TXT RRset of more.v.test. has no signature\n"
                "error: more.v.test. has no NSEC\n"
                "error: the NSEC of mail.v.test. leads to NS1.v.test., not to more.v.test.\n");
}

/* RFC 5155 section 7.1 */
static void a_missing_nsec3_is_found(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "nsec3");
    signed_without(&text, "5ufoajgs3uob390shdp2jbge3734hr6h.v.test. 60 IN NSEC3");
    signed_without(&text, "5ufoajgs3uob390shdp2jbge3734hr6h.v.test. 60 IN RRSIG");
    assert_said(&text,
                "error: the NSEC3 of uj9tqtugh0drdpvibl5kfc66bd2me63f.v.test. doesn't lead "
                "to 73573crh8or46rs8udf06amm49p0ousc.v.test.\n"
                "error: mail.v.test. has no NSEC3\n");
}

/* RFC 5155 section 6: without opt-out insecure delegations are in the chain */
static void an_insecure_delegation_without_nsec3_needs_opt_out(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "nsec3");
    signed_without(&text, "uj9tqtugh0drdpvibl5kfc66bd2me63f.v.test. 60 IN NSEC3");
    signed_without(&text, "uj9tqtugh0drdpvibl5kfc66bd2me63f.v.test. 60 IN RRSIG");
    assert_said(&text,
                "error: the NSEC3 of qgcbobiuirhjaheamhiv483u1iqrd1fs.v.test. doesn't lead to "
                "5ufoajgs3uob390shdp2jbge3734hr6h.v.test.\n"
                "error: sub.v.test. has no NSEC3, and the one before has no opt-out flag\n");
}

static void a_secure_delegation_needs_its_nsec3_with_opt_out_too(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "optout");
    signed_without(&text, "73573crh8or46rs8udf06amm49p0ousc.v.test. 60 IN NSEC3");
    signed_without(&text, "73573crh8or46rs8udf06amm49p0ousc.v.test. 60 IN RRSIG");
    assert_said(&text,
                "error: the NSEC3 of 5ufoajgs3uob390shdp2jbge3734hr6h.v.test. doesn't lead "
                "to gkpdvbq0lkb7rrnq22p8l7au3qoaipel.v.test.\n"
                "error: sec.v.test. has no NSEC3\n");
}

static void an_nsec3_of_no_name_is_found(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "nsec3");
    signed_without(&text, "mail.v.test. 300 IN MX");
    signed_without(&text, "mail.v.test. 300 IN RRSIG MX");
    assert_said(&text,
                "error: 5ufoajgs3uob390shdp2jbge3734hr6h.v.test. is the hash of no name that "
                "is there\n");
}

static void a_wrong_type_bitmap_of_an_nsec3_is_found(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "nsec3");
    signed_replace(&text, "73573crh8or46rs8udf06amm49p0ousc MX RRSIG",
                   "73573crh8or46rs8udf06amm49p0ousc RRSIG");
    assert_said(
        &text,
        "error: the NSEC3 RRset of 5ufoajgs3uob390shdp2jbge3734hr6h.v.test.: the signature "
        "by key 14006, algorithm 13, doesn't verify\n"
        "error: the NSEC3 for mail.v.test. doesn't list MX\n");
}

static void a_zone_that_proves_nothing_is_found(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "optout");
    signed_without(&text, "v.test. 0 IN NSEC3PARAM");
    signed_without(&text, "v.test. 0 IN RRSIG NSEC3PARAM");
    assert_said(&text, "error: the zone has neither an NSEC nor an NSEC3 chain\n");
}

static bool enough(void *context)
{
    unsigned *left = context;
    return (*left)-- == 0;
}

static void verifying_can_be_abandoned(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "nsec");
    struct zone *zone = zone_of_text("v.test", text.text);
    unsigned left = 3;
    const struct verify_options options = {
        .now = IN_2027, .cancelled = enough, .context = &left};
    struct notes notes;
    notes_init(&notes);
    assert_int_equal(zone_verify(zone, &options, "test", &notes), -ECANCELED);
    notes_fini(&notes);
    zone_free(zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_other_programs_sign_verifies),
        cmocka_unit_test(case_makes_no_difference_to_signatures),
        cmocka_unit_test(a_zone_without_signatures_isnt_signed),
        cmocka_unit_test(an_rrset_without_a_signature_is_found),
        cmocka_unit_test(a_changed_octet_is_found),
        cmocka_unit_test(a_record_too_many_is_found),
        cmocka_unit_test(a_signature_by_a_key_that_isnt_there_is_found),
        cmocka_unit_test(a_signature_in_another_zones_name_is_found),
        cmocka_unit_test(a_wrong_label_count_is_found),
        cmocka_unit_test(signatures_that_expired_or_arent_valid_yet_are_found),
        cmocka_unit_test(beside_a_good_signature_a_bad_one_is_a_warning),
        cmocka_unit_test(an_algorithm_that_doesnt_sign_everything_is_a_warning),
        cmocka_unit_test(an_algorithm_that_isnt_known_is_a_warning),
        cmocka_unit_test(a_signed_delegation_is_a_warning),
        cmocka_unit_test(a_missing_nsec_is_found),
        cmocka_unit_test(an_nsec_that_leads_astray_is_found),
        cmocka_unit_test(a_chain_of_nsec_that_isnt_closed_is_found),
        cmocka_unit_test(a_wrong_type_bitmap_is_found),
        cmocka_unit_test(glue_is_left_out_of_the_chain),
        cmocka_unit_test(a_name_that_was_added_breaks_the_chain),
        cmocka_unit_test(a_missing_nsec3_is_found),
        cmocka_unit_test(an_insecure_delegation_without_nsec3_needs_opt_out),
        cmocka_unit_test(a_secure_delegation_needs_its_nsec3_with_opt_out_too),
        cmocka_unit_test(an_nsec3_of_no_name_is_found),
        cmocka_unit_test(a_wrong_type_bitmap_of_an_nsec3_is_found),
        cmocka_unit_test(a_zone_that_proves_nothing_is_found),
        cmocka_unit_test(verifying_can_be_abandoned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
