/* test_signatures.c -- how long the signatures of a zone are good, and what loading says of them */
#include "zone/signatures.h"

#include "tests/zone/signed_text.h"
#include "tests/zone/zone_text.h"
#include "zone/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define IN_2027 INT64_C(1800000000)
#define IN_2037 INT64_C(2120000000)

static const char *warning_of(const struct zone *zone, int64_t now, int64_t within_s)
{
    static char said[1024];
    struct notes notes;
    notes_init(&notes);
    said[0] = '\0';
    const bool warned = signatures_warn(zone, now, within_s, "test", &notes);
    assert_int_equal(warned, notes.warnings);
    assert_int_equal(notes.errors, 0);
    if (warned)
        snprintf(said, sizeof said, "%s", notes.note[0].message);
    notes_fini(&notes);
    return said;
}

/* RFC 1982 section 3.2, by RFC 4034 section 3.1.5 */
static void times_wrap_around(void **state)
{
    (void)state;
    assert_true(serial_before(1, 2));
    assert_false(serial_before(2, 1));
    assert_false(serial_before(7, 7));
    assert_true(serial_before(UINT32_MAX, 0));
    assert_true(serial_before(UINT32_MAX - 1000, 1000));
    assert_int_equal(signatures_time(1800000100, IN_2027), 1800000100);
    assert_int_equal(signatures_time(5, INT64_C(0xfffffff0)), INT64_C(0x100000005));
    assert_int_equal(signatures_time(UINT32_MAX, INT64_C(0x100000005)), INT64_C(0xffffffff));
}

static void times_are_read_as_in_zone_files(void **state)
{
    (void)state;
    int64_t at = 0;
    char text[TIME_TEXT_MAX];
    assert_true(signatures_time_from_text("20270115080000", &at));
    assert_int_equal(at, IN_2027);
    assert_true(signatures_time_from_text("1800000000", &at));
    assert_int_equal(at, IN_2027);
    assert_string_equal(signatures_time_text(at, text), "2027-01-15T08:00:00Z");
    static const char *const wrong[] = {
        "",   "now",        "20270230000000", "20271301000000", "20270115240000",
        "-1", "4294967296", "202701150800",   "202701150800000"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(signatures_time_from_text(wrong[i], &at));
}

static void the_soonest_expiry_and_the_latest_inception_are_kept(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "nsec");
    signed_replace(&text, "mail.v.test. 300 IN RRSIG MX 13 3 300 20360101000000 20260101000000",
                   "mail.v.test. 300 IN RRSIG MX 13 3 300 20300101000000 20260101000000");
    signed_replace(&text, "ns1.v.test. 300 IN RRSIG A 13 3 300 20360101000000 20260101000000",
                   "ns1.v.test. 300 IN RRSIG A 13 3 300 20360101000000 20270101000000");
    struct zone *zone = zone_of_text("v.test", text.text);
    assert_int_equal(zone->signatures.count, 17);
    assert_int_equal(zone->signatures.expiry, 1893456000);
    assert_int_equal(zone->signatures.inception, 1798761600);
    assert_string_equal(
        warning_of(zone, 1893456000, 0),
        "signatures expire soon: the first, over the MX RRset of mail.v.test., at "
        "2030-01-01T00:00:00Z");
    zone_free(zone);
}

static void a_signature_that_another_of_its_algorithm_outlives_isnt_missed(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "nsec");
    signed_add(&text,
               "sec.v.test. 300 IN RRSIG DS 13 3 300 20260201000000 20260101000000 14006 "
               "v.test. AAAA\n");
    struct zone *zone = zone_of_text("v.test", text.text);
    assert_string_equal(warning_of(zone, IN_2027, 86400), "");
    zone_free(zone);
    signed_add(&text, "sec.v.test. 300 IN RRSIG DS 8 3 300 20260201000000 20260101000000 14006 "
                      "v.test. AAAA\n");
    zone = zone_of_text("v.test", text.text);
    assert_string_equal(
        warning_of(zone, IN_2027, 86400),
        "signatures have expired: resolvers refuse what they cover; the first, over "
        "the DS RRset of sec.v.test., at 2026-02-01T00:00:00Z");
    zone_free(zone);
}

static void occluded_signatures_dont_count(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "nsec");
    signed_add(&text,
               "ns.sub.v.test. 300 IN RRSIG A 13 4 300 20260201000000 20260101000000 14006 "
               "v.test. AAAA\n");
    struct zone *zone = zone_of_text("v.test", text.text);
    assert_int_equal(zone->signatures.count, 17);
    assert_string_equal(warning_of(zone, IN_2027, 0), "");
    zone_free(zone);
}

static void warnings_come_before_the_end_and_before_the_beginning(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "nsec3");
    struct zone *zone = zone_of_text("v.test", text.text);
    const int64_t end = 2082758400, day = 86400;
    assert_string_equal(warning_of(zone, end - 3 * day - 1, 3 * day), "");
    assert_non_null(strstr(warning_of(zone, end - 3 * day, 3 * day), "signatures expire soon"));
    assert_non_null(strstr(warning_of(zone, IN_2037, 0), "signatures have expired"));
    assert_string_equal(warning_of(zone, 1750000000, day),
                        "signatures aren't valid yet: some begin at 2026-01-01T00:00:00Z only");
    zone_free(zone);
}

static void an_unsigned_zone_has_nothing_to_warn_of(void **state)
{
    (void)state;
    struct zone *zone =
        zone_of_text("v.test", "@ 300 SOA ns a 1 2 3 4 5\n@ 300 NS ns.other.\n");
    assert_int_equal(zone->signatures.count, 0);
    assert_string_equal(warning_of(zone, IN_2037, INT32_MAX), "");
    zone_free(zone);
}

static const char *iterations(unsigned count)
{
    static char text[512];
    snprintf(text, sizeof text,
             "@ 300 SOA ns.other. a 1 2 3 4 5\n@ 300 NS ns.other.\n@ 0 NSEC3PARAM 1 0 %u -\n",
             count);
    return notes_of_text("v.test", text, NULL);
}

/* RFC 9276 section 3.1 */
static void nsec3_iterations_are_warned_of(void **state)
{
    (void)state;
    assert_string_equal(iterations(0), "");
    assert_string_equal(
        iterations(1),
        "warning: NSEC3 with 1 iterations: there should be 0 (RFC 9276 section 3.1), "
        "and some resolvers treat more as unsigned\n");
    assert_non_null(strstr(iterations(50), "NSEC3 with 50 iterations"));
    assert_string_equal(
        iterations(51),
        "warning: NSEC3 WITH 51 ITERATIONS: RESOLVERS WILL TREAT THIS ZONE AS "
        "UNSIGNED, OR FAIL TO RESOLVE ITS NAMES (RFC 9276 section 3.2): sign it "
        "with 0\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_wrap_around),
        cmocka_unit_test(times_are_read_as_in_zone_files),
        cmocka_unit_test(the_soonest_expiry_and_the_latest_inception_are_kept),
        cmocka_unit_test(a_signature_that_another_of_its_algorithm_outlives_isnt_missed),
        cmocka_unit_test(occluded_signatures_dont_count),
        cmocka_unit_test(warnings_come_before_the_end_and_before_the_beginning),
        cmocka_unit_test(an_unsigned_zone_has_nothing_to_warn_of),
        cmocka_unit_test(nsec3_iterations_are_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
