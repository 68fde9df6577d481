/* rfc9276.c -- Guidance for NSEC3 parameter settings: other settings are served, and warned of */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SIGNATURE " 60 20300101000000 20200101000000 1 example. c2ln\n"

/* A zone with one NSEC3, the apex's, which covers all else. */
static const char *zone_text(const char *hash, unsigned iterations, const char *salt)
{
    static char text[2000];
    snprintf(text, sizeof text,
             "@ 60 SOA ns.other. h.other. 1 2 3 4 60\n@ 60 RRSIG SOA 8 1" SIGNATURE
             "@ 60 NS ns.other.\n@ 60 RRSIG NS 8 1" SIGNATURE
             "@ 60 DNSKEY 257 3 8 AwEAAaE=\n@ 60 RRSIG DNSKEY 8 1" SIGNATURE
             "@ 0 NSEC3PARAM 1 0 %u %s\n@ 0 RRSIG NSEC3PARAM 8 1" SIGNATURE
             "%s 60 NSEC3 1 0 %u %s %s NS SOA RRSIG DNSKEY NSEC3PARAM\n"
             "%s 60 RRSIG NSEC3 8 2" SIGNATURE,
             iterations, salt, hash, iterations, salt, hash, hash);
    return text;
}

static const struct {
    const char *hash; /* of "example" */
    unsigned iterations;
    const char *salt;
} chains[] = {{"3msev9usmd4br9s97v51r2tdvmr9iqo1", 0, "-"},
{"c1kgc91hrn9nqi2qjh1ms78ki8p7s75o", 1, "-"},
{"ib9iqnu2d27svf8joggjtqto4627abud", 50, "aabbccdd"},
{"tv2pmkr6lkvnn8tplcdj6n168nsfrvj0", 51, "aabbccdd"},
{"neasg08a19plpap7fl6lgnof40io5kid", 150, "-"}};

/* Section 3.1 */
static void no_iterations_and_no_salt_go_without_a_word(void **state)
{
    (void)state;
    assert_string_equal(zone_notes("example", zone_text(chains[0].hash, 0, "-")), "");
}

static void every_number_above_0_is_warned_of(void **state)
{
    (void)state;
    for (unsigned i = 1; i < 3; i++) {
        const char *said = zone_notes(
            "example", zone_text(chains[i].hash, chains[i].iterations, chains[i].salt));
        assert_non_null(strstr(said, "iterations: there should be 0 (RFC 9276 section 3.1)"));
    }
}

/* Section 3.2: who validates may take the zone for unsigned, and BIND does so above 50 */
static void more_than_50_are_warned_of_loudly(void **state)
{
    (void)state;
    const char *said = zone_notes("example", zone_text(chains[3].hash, 51, chains[3].salt));
    assert_non_null(strstr(said, "warning: NSEC3 WITH 51 ITERATIONS"));
}

/* Section 3.1 asks signers; a server has to serve what it got */
static void whatever_the_parameters_are_denials_are_served(void **state)
{
    for (size_t i = 0; i < sizeof chains / sizeof chains[0]; i++) {
        char line[200];
        setup_server(state);
        server_add(*state, "example",
                   zone_text(chains[i].hash, chains[i].iterations, chains[i].salt));
        const struct reply *r = ask(*state, "nothing.example A +do");
        assert_rcode(r, "NXDOMAIN");
        snprintf(line, sizeof line,
                 "%s.example. 60 NSEC3 1 0 %u %s %s NS SOA RRSIG DNSKEY NSEC3PARAM",
                 chains[i].hash, chains[i].iterations, chains[i].salt, chains[i].hash);
        assert_true(has_line(r, "authority", line));
        teardown_server(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_iterations_and_no_salt_go_without_a_word),
        cmocka_unit_test(every_number_above_0_is_warned_of),
        cmocka_unit_test(more_than_50_are_warned_of_loudly),
        cmocka_unit_test(whatever_the_parameters_are_denials_are_served),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
