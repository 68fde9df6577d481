/* test_zonemd.c -- the message digest of a zone */
#include "zone/zonemd.h"

#include "tests/zone/signed_text.h"
#include "tests/zone/zone_text.h"

#include <ldns/ldns.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *said_of(const char *apex, const char *text, bool required)
{
    static char said[4096];
    struct zone *zone = zone_of_text(apex, text);
    struct notes notes;
    notes_init(&notes);
    const int err = zonemd_verify(zone, required, "test", &notes);
    assert_int_equal(err, notes.errors > 0 ? -EBADMSG : 0);
    size_t len = 0;
    said[0] = '\0';
    for (size_t i = 0; i < notes.count && len < sizeof said; i++)
        len += (size_t)snprintf(said + len, sizeof said - len, "%s: %s\n",
                                notes.note[i].severity == SEVERITY_ERROR ? "error" : "warning",
                                notes.note[i].message);
    notes_fini(&notes);
    zone_free(zone);
    return said;
}

/* ldns's opinion of the same text. */
static ldns_status ldns_says(const char *text)
{
    ldns_dnssec_zone *zone = NULL;
    FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    assert_non_null(file);
    ldns_status status = ldns_dnssec_zone_new_frm_fp(&zone, file, NULL, 0, LDNS_RR_CLASS_IN);
    fclose(file);
    assert_int_equal(status, LDNS_STATUS_OK);
    status = ldns_dnssec_zone_verify_zonemd(zone);
    ldns_dnssec_zone_deep_free(zone);
    return status;
}

/* RFC 8976 appendix A.1 */
static void the_simple_example_zone_verifies(void **state)
{
    (void)state;
    static const char text[] =
        "example. 86400 IN SOA ns1.example. admin.example. 2018031900 1800 900 604800 86400\n"
        "example. 86400 IN NS ns1.example.\n"
        "example. 86400 IN NS ns2.example.\n"
        "example. 86400 IN ZONEMD 2018031900 1 1 "
        "c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3a1"
        "ddc0b9a87153b9a9713b3c9ae5cc27777f98b8e730044c\n"
        "ns1.example. 3600 IN A 203.0.113.63\n"
        "ns2.example. 3600 IN AAAA 2001:db8::63\n";
    assert_int_equal(ldns_says(text), LDNS_STATUS_OK);
    assert_string_equal(said_of("example", text, true), "");
}

/* RFC 8976 appendix A.2, but for its record from another zone, which is refused on loading */
static void the_complex_example_zone_verifies(void **state)
{
    (void)state;
    static const char text[] =
        "example. 86400 IN SOA ns1.example. admin.example. 2018031900 1800 900 604800 86400\n"
        "example. 86400 IN NS ns1.example.\n"
        "example. 86400 IN NS ns2.example.\n"
        "example. 86400 IN ZONEMD 2018031900 1 1 "
        "a3b69bad980a3504e1cffcb0fd6397f93848071c93151f552a"
        "e2f6b1711d4bd2d8b39808226d7b9db71e34b72077f8fe\n"
        "ns1.example. 3600 IN A 203.0.113.63\n"
        "NS2.example. 3600 IN AAAA 2001:db8::63\n"
        "occluded.sub.example. 7200 IN TXT \"I'm occluded but must be digested\"\n"
        "sub.example. 7200 IN NS ns1.example.\n"
        "duplicate.example. 300 IN TXT \"I must be digested just once\"\n"
        "duplicate.example. 300 IN TXT \"I must be digested just once\"\n"
        "UPPERCASE.example. 3600 IN TXT \"canonicalize uppercase owner names\"\n"
        "*.example. 777 IN PTR dont-forget-about-wildcards.example.\n"
        "mail.example. 3600 IN MX 20 MAIL1.example.\n"
        "mail.example. 3600 IN MX 10 Mail2.Example.\n"
        "sortme.example. 3600 IN AAAA 2001:db8::5:61\n"
        "sortme.example. 3600 IN AAAA 2001:db8::3:62\n"
        "sortme.example. 3600 IN AAAA 2001:db8::4:63\n"
        "sortme.example. 3600 IN AAAA 2001:db8::1:65\n"
        "sortme.example. 3600 IN AAAA 2001:db8::2:64\n"
        "non-apex.example. 900 IN ZONEMD 2018031900 1 1 616c6c6f7765642062757420"
        "69676e6f7265642e20616c6c6f776564206275742069676e6f7265642e20616c6c6f7765\n";
    assert_string_equal(said_of("example", text, true), "");
}

static void digests_by_another_program_verify_in_signed_zones(void **state)
{
    (void)state;
    static const char *const names[] = {"nsec", "nsec3"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct signed_text text;
        signed_read(&text, names[i]);
        assert_int_equal(ldns_says(text.text), LDNS_STATUS_OK);
        assert_string_equal(said_of("v.test", text.text, true), "");
    }
}

/* Every record counts, glue and signatures too. */
static void a_change_anywhere_spoils_the_digest(void **state)
{
    (void)state;
    static const char *const changes[][2] = {
        {"ns.sub.v.test. 300 IN A 192.0.2.4", "ns.sub.v.test. 300 IN A 192.0.2.5"},
        {"mail.v.test. 300 IN RRSIG MX 13 3 300 20360101",
         "mail.v.test. 300 IN RRSIG MX 13 3 300 20360102"},
        {"NSEC3 1 0 0 -  uj9tqtugh0drdpvibl5kfc66bd2me63f",
         "NSEC3 1 1 0 -  uj9tqtugh0drdpvibl5kfc66bd2me63f"},
        {"a.b.ent.v.test. 300 IN TXT \"deep\"", "a.b.ent.v.test. 301 IN TXT \"deep\""},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct signed_text text;
        signed_read(&text, "nsec3");
        signed_replace(&text, changes[i][0], changes[i][1]);
        assert_string_equal(
            said_of("v.test", text.text, false),
            "error: ZONEMD with hash algorithm 1: its digest isn't that of the zone\n");
    }
}

/* RFC 8976 section 4: one that fits is enough */
static void a_spoilt_digest_beside_a_good_one_is_a_warning(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "nsec");
    signed_replace(&text, "ZONEMD 7 1 1 cba2", "ZONEMD 7 1 1 cba3");
    assert_int_equal(ldns_says(text.text), LDNS_STATUS_OK);
    assert_string_equal(said_of("v.test", text.text, true),
                        "warning: 1 of 2 ZONEMD records don't fit the zone\n");
    signed_replace(&text, "ZONEMD 7 1 2 afc5", "ZONEMD 7 1 2 afc6");
    assert_int_not_equal(ldns_says(text.text), LDNS_STATUS_OK);
    assert_string_equal(
        said_of("v.test", text.text, true),
        "error: ZONEMD with hash algorithm 1: its digest isn't that of the zone\n"
        "error: ZONEMD with hash algorithm 2: its digest isn't that of the zone\n");
}

/* RFC 8976 section 4, step 3 */
static void a_digest_of_another_serial_doesnt_count(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "nsec3");
    signed_replace(&text, "ZONEMD 7 1 1", "ZONEMD 8 1 1");
    assert_int_not_equal(ldns_says(text.text), LDNS_STATUS_OK);
    assert_string_equal(
        said_of("v.test", text.text, false),
        "error: ZONEMD with hash algorithm 1: its serial isn't that of the SOA\n");
}

/* RFC 8976 section 4, step 4: of one scheme and hash algorithm there may be one */
static void two_digests_of_one_kind_dont_count(void **state)
{
    (void)state;
    struct signed_text text;
    signed_read(&text, "nsec3");
    char twin[256];
    snprintf(twin, sizeof twin, "v.test. 300 IN ZONEMD 7 1 1 %096d\n", 0);
    signed_add(&text, twin);
    assert_string_equal(
        said_of("v.test", text.text, false),
        "error: ZONEMD with hash algorithm 1: there are several of it, so none counts\n"
        "error: ZONEMD with hash algorithm 1: there are several of it, so none counts\n");
}

#define BARE "@ 300 SOA ns.other. a 1 2 3 4 5\n@ 300 NS ns.other.\n"

static void a_digest_that_nobody_knows_is_a_warning_unless_one_is_asked_for(void **state)
{
    (void)state;
    static const char text[] = BARE "@ 300 ZONEMD 1 1 240 000102030405060708090a0b\n";
    static const char says[] =
        "ZONEMD can't be verified: its scheme and hash algorithm aren't known here\n";
    char expected[128];
    snprintf(expected, sizeof expected, "warning: %s", says);
    assert_string_equal(said_of("v.test", text, false), expected);
    snprintf(expected, sizeof expected, "error: %s", says);
    assert_string_equal(said_of("v.test", text, true), expected);
}

static void a_zone_without_digest_is_good_unless_one_is_asked_for(void **state)
{
    (void)state;
    assert_string_equal(said_of("v.test", BARE, false), "");
    assert_string_equal(said_of("v.test", BARE, true),
                        "error: the zone has no ZONEMD, which is asked for\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_simple_example_zone_verifies),
        cmocka_unit_test(the_complex_example_zone_verifies),
        cmocka_unit_test(digests_by_another_program_verify_in_signed_zones),
        cmocka_unit_test(a_change_anywhere_spoils_the_digest),
        cmocka_unit_test(a_spoilt_digest_beside_a_good_one_is_a_warning),
        cmocka_unit_test(a_digest_of_another_serial_doesnt_count),
        cmocka_unit_test(two_digests_of_one_kind_dont_count),
        cmocka_unit_test(a_digest_that_nobody_knows_is_a_warning_unless_one_is_asked_for),
        cmocka_unit_test(a_zone_without_digest_is_good_unless_one_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
