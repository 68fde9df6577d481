/* rfc9609.c -- Initializing a DNS resolver with priming queries: what a root server answers */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SIGNATURE " 8 0 60 20300101000000 20200101000000 1 . c2lnbmF0dXJl\n"

/* The root as it is: its servers are below the cut of "net", of which some are servers too. */
static const char head[] =
    ". 60 SOA a.root-servers.net. nstld.verisign-grs.com. 1 1800 900 604800 86400\n"
    "net. 60 NS a.gtld-servers.net.\n"
    "a.gtld-servers.net. 60 A 192.5.6.30\n";

enum { SERVERS = 13 };

static void write_root(char *text, bool signed_)
{
    size_t at = (size_t)sprintf(text, "%s", head);
    for (unsigned i = 0; i < SERVERS; i++) {
        const int server = 'a' + (int)i;
        at += (size_t)sprintf(text + at,
                              ". 60 NS %c.root-servers.net.\n"
                              "%c.root-servers.net. 60 A 192.0.2.%u\n"
                              "%c.root-servers.net. 60 AAAA 2001:db8::%x\n",
                              server, server, i + 1, server, i + 1);
    }
    if (signed_)
        sprintf(text + at, ". 60 RRSIG NS" SIGNATURE ". 60 RRSIG SOA" SIGNATURE);
}

static int set_up_root(void **state, bool signed_)
{
    char text[4000];
    write_root(text, signed_);
    setup_server(state);
    server_add(*state, ".", text);
    return 0;
}

static int setup(void **state)
{
    return set_up_root(state, false);
}

static int setup_signed(void **state)
{
    return set_up_root(state, true);
}

static unsigned addresses(const struct reply *r)
{
    unsigned count = 0;
    for (unsigned i = 0; i < SERVERS; i++) {
        char line[80];
        snprintf(line, sizeof line, "%c.root-servers.net. 60 A 192.0.2.%u", 'a' + (int)i, i + 1);
        count += has_line(r, "additional", line);
        snprintf(line, sizeof line, "%c.root-servers.net. 60 AAAA 2001:db8::%x", 'a' + (int)i, i + 1);
        count += has_line(r, "additional", line);
    }
    return count;
}

/* Section 4.2: all of them where there's the room */
static void a_priming_response_has_the_addresses_of_the_root_s_servers(void **state)
{
    static const char *const questions[] = {". NS +tcp", ". NS +bufsize=1232", ". NS +do"};
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        const struct reply *r = ask(*state, questions[i]);
        assert_rcode(r, "NOERROR");
        assert_flags(r, "qr aa");
        assert_true(has_line(r, "answer", ". 60 NS m.root-servers.net."));
        assert_section(r, "authority", "");
        assert_int_equal(addresses(r), 2 * SERVERS);
    }
}

/* Without EDNS, too, as many as there's room for */
static void in_512_octets_it_has_some(void **state)
{
    const struct reply *r = ask(*state, ". NS");
    assert_flags(r, "qr aa");
    assert_true(addresses(r) > 0 && addresses(r) < 2 * SERVERS);
    assert_true(has_line(r, "additional", "a.root-servers.net. 60 A 192.0.2.1"));
    assert_true(r->octets > 512 - 28);
}

/* Section 4.2: a server below a cut is the child's to answer for, and its address not authoritative here */
static void asked_for_an_address_itself_the_root_refers(void **state)
{
    const struct reply *r = ask(*state, "a.root-servers.net A");
    assert_flags(r, "qr");
    assert_section(r, "answer", "");
    assert_section(r, "authority", "net. 60 NS a.gtld-servers.net.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_priming_response_has_the_addresses_of_the_root_s_servers, setup, teardown_server),
        cmocka_unit_test_setup_teardown(
            a_priming_response_has_the_addresses_of_the_root_s_servers, setup_signed,
            teardown_server),
        cmocka_unit_test_setup_teardown(in_512_octets_it_has_some, setup, teardown_server),
        cmocka_unit_test_setup_teardown(asked_for_an_address_itself_the_root_refers, setup,
                                        teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
