/* rfc9460.c -- SVCB and HTTPS */
#include "tests/answer/ask.h"
#include "zone/zonefile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define RRSIG(type) " 60 RRSIG " type " 8 2 60 20300101000000 20200101000000 1 example. c2ln\n"

static const char zone_text[] =
    "@ 60 SOA ns h 1 2 3 4 5\n"
    "@ 60 NS ns\n"
    "ns 60 A 192.0.2.1\n"
    "www 60 HTTPS 1 . alpn=h2\n"
    "www" RRSIG(
        "HTTPS") "www 60 A 192.0.2.10\n"
                 "www" RRSIG(
                     "A") "www 60 AAAA 2001:db8::10\n"
                          "two 60 HTTPS 1 pool alpn=h3\n"
                          "two 60 HTTPS 2 pool alpn=h2\n"
                          "two 60 HTTPS 3 ns\n"
                          "pool 60 A 192.0.2.20\n"
                          "alias 60 HTTPS 0 www\n"
                          "nowhere 60 HTTPS 0 .\n"
                          "out 60 SVCB 1 www.elsewhere.\n"
                          "below 60 SVCB 1 ns.child\n"
                          "cut 60 SVCB 1 child\n"
                          "child 60 NS ns.child\n"
                          "child 60 A 192.0.2.30\n"
                          "ns.child 60 A 192.0.2.31\n"
                          "_dns.ns 60 SVCB 1 ns alpn=dot\n"
                          "to 60 CNAME www\n"
                          "*.wild 60 HTTPS 1 .\n"
                          "order 60 SVCB 1 . port=8443 alpn=h2 key65000=x no-default-alpn\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    return 0;
}

/* Section 4.1 */
static void the_target_s_addresses_come_along(void **state)
{
    const struct reply *r = ask(*state, "_dns.ns.example SVCB +tcp");
    assert_section(r, "answer", "_dns.ns.example. 60 SVCB 1 ns.example. alpn=dot");
    assert_section(r, "additional", "ns.example. 60 A 192.0.2.1");
}

/* Section 2.5.2: a target "." is the owner itself */
static void a_service_at_its_own_name_brings_that_name_s_addresses(void **state)
{
    static const char addresses[] =
        "www.example. 60 A 192.0.2.10\nwww.example. 60 AAAA 2001:db8::10";
    assert_section(ask(*state, "www.example HTTPS"), "additional", addresses);
    assert_section(ask(*state, "to.example HTTPS"), "additional", addresses);
}

/* Section 4.1: with the signatures that they have */
static void the_addresses_are_signed(void **state)
{
    const struct reply *r = ask(*state, "www.example HTTPS +do");
    assert_section(
        r, "additional",
        "www.example. 60 A 192.0.2.10\n"
        "www.example. 60 RRSIG A 8 2 60 20300101000000 20200101000000 1 example. c2ln\n"
        "www.example. 60 AAAA 2001:db8::10");
}

static void a_target_that_comes_twice_is_added_once(void **state)
{
    assert_section(ask(*state, "two.example HTTPS"), "additional",
                   "pool.example. 60 A 192.0.2.20\nns.example. 60 A 192.0.2.1");
}

static void an_alias_brings_addresses_unless_it_leads_nowhere(void **state)
{
    assert_section(ask(*state, "alias.example HTTPS"), "additional",
                   "www.example. 60 A 192.0.2.10\nwww.example. 60 AAAA 2001:db8::10");
    assert_section(ask(*state, "nowhere.example HTTPS"), "additional", "");
}

/* Only what the zone has authority for is data. */
static void nothing_comes_from_outside_or_below_a_cut(void **state)
{
    assert_section(ask(*state, "out.example SVCB"), "additional", "");
    assert_section(ask(*state, "below.example SVCB"), "additional", "");
    assert_section(ask(*state, "cut.example SVCB"), "additional", "");
    assert_section(ask(*state, "x.wild.example HTTPS"), "additional", "");
}

/* Additional data is optional (RFC 2181 section 9). */
static void addresses_that_do_not_fit_set_no_tc(void **state)
{
    char text[4000], question[64];
    size_t at = (size_t)snprintf(text, sizeof text,
                                 "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.1\n"
                                 "big 60 HTTPS 1 .\nbig 60 AAAA 2001:db8::1\n");
    for (unsigned i = 0; i < 60; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "big 60 A 192.0.2.%u\n", i);
    server_add(*state, "large", text);
    snprintf(question, sizeof question, "big.large HTTPS +bufsize=512");
    const struct reply *r = ask(*state, question);
    assert_flags(r, "qr aa");
    assert_section(r, "additional", "big.large. 60 AAAA 2001:db8::1");
}

/* Section 2.2: keys in ascending order, whatever order they are written in */
static void parameters_are_sent_in_order(void **state)
{
    const struct reply *r = ask(*state, "order.example SVCB");
    static const uint8_t params[] = "\0\1\0" /* priority and target */
                                    "\0\1\0\3\2h2"
                                    "\0\2\0\0"
                                    "\0\3\0\2\x20\xfb"
                                    "\xfd\xe8\0\1x";
    assert_memory_equal(r->wire + r->octets - (sizeof params - 1), params, sizeof params - 1);
}

/* Section 2.1: each key once; section 8: what is mandatory is there */
static void broken_parameters_are_refused_on_load(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "alpn=h2 alpn=h3", "port=1 port=1", "mandatory=port",      "mandatory=mandatory",
        "no-default-alpn", "ipv4hint=",     "key1=\\002h2 alpn=h2"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        char text[256];
        snprintf(text, sizeof text, "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns.\n@ 60 SVCB 1 . %s\n",
                 broken[i]);
        struct name apex;
        struct zone *zone = NULL;
        struct notes notes;
        notes_init(&notes);
        assert_int_equal(name_from_string(&apex, "z"), NAME_OK);
        if (zonefile_parse(&zone, "z", text, strlen(text), &apex, &notes) == 0)
            fail_msg("\"%s\" was taken", broken[i]);
        notes_fini(&notes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_target_s_addresses_come_along),
        cmocka_unit_test(a_service_at_its_own_name_brings_that_name_s_addresses),
        cmocka_unit_test(the_addresses_are_signed),
        cmocka_unit_test(a_target_that_comes_twice_is_added_once),
        cmocka_unit_test(an_alias_brings_addresses_unless_it_leads_nowhere),
        cmocka_unit_test(nothing_comes_from_outside_or_below_a_cut),
        cmocka_unit_test(addresses_that_do_not_fit_set_no_tc),
        cmocka_unit_test(parameters_are_sent_in_order),
        cmocka_unit_test(broken_parameters_are_refused_on_load),
    };
    return cmocka_run_group_tests(tests, setup, teardown_server);
}
