/* test_ready.c -- what lies ready for negative answers says what is put together without it
 * The model is the answer to an alias of the same name, whose authority section is written RRset by RRset. */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TEXT_MAX = 60000 };

#define SIG(owner, type)                                                                       \
    owner " 60 RRSIG " type " 13 1 60 20900101000000 20200101000000 1 z. c2ln\n"
#define NSEC3_APEX "s4nsfbqlv7g61inco06qt7sdighk0773" /* the hash of z. */

/* Asks for a name that isn't there by itself and by an alias, with and without DO. */
static void assert_as_by_alias(struct server *server, const char *name, const char *alias,
                               const char *rcode)
{
    static const char *const options[] = {"+tcp", "+tcp +edns", "+tcp +do"};
    static struct reply direct;
    for (unsigned i = 0; i < 3; i++) {
        char question[600];
        snprintf(question, sizeof question, "%s A %s", name, options[i]);
        direct = *ask(server, question);
        assert_rcode(&direct, rcode);
        assert_true(direct.section[1][0] != '\0');
        snprintf(question, sizeof question, "%s A %s", alias, options[i]);
        const struct reply *by_alias = ask(server, question);
        assert_rcode(by_alias, rcode);
        assert_section(by_alias, "authority", direct.section[1]);
    }
}

/* RFC 2308 section 3: names of the SOA in the apex, above it, and elsewhere */
static void the_soa_is_the_same_wherever_its_names_are(void **state)
{
    static const char *const names[] = {
        "ns h", "ns.z.y. h.ns.z.y.", "y. z.y.", "ns.y. h.y.", "ns.x. h.x.", ". .", "z.y. z.y."};
    (void)state;
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        char text[400];
        struct server *server = server_new();
        snprintf(text, sizeof text,
                 "@ 900 SOA %s 1 2 3 4 60\n@ 60 NS ns.x.\nalias 60 CNAME a.nope.z.y.\n"
                 "node 60 TXT x\nto 60 CNAME node\n",
                 names[i]);
        server_add(server, "z.y", text);
        assert_as_by_alias(server, "a.nope.z.y", "alias.z.y", "NXDOMAIN");
        assert_as_by_alias(server, "node.z.y", "to.z.y", "NOERROR");
        server_free(server);
    }
}

static void the_root_has_it_too(void **state)
{
    server_add(*state, ".",
               "@ 30 SOA ns.x. h. 1 2 3 4 60\n@ 60 NS ns.x.\nalias 60 CNAME a.nope.\n"
               "@ 60 NSEC alias. SOA NS\nalias 60 NSEC . CNAME\n");
    assert_as_by_alias(*state, "a.nope", "alias", "NXDOMAIN");
}

/* RFC 4035 section 3.1.3.2 */
static void nsec_proofs_are_the_same(void **state)
{
    server_add(
        *state, "z",
        "@ 60 SOA ns h 1 2 3 4 5\n" SIG("@", "SOA") "@ 60 NS ns.x.\n" SIG(
            "@",
            "NS") "@ 60 NSEC m.z. NS SOA RRSIG NSEC\n" SIG("@",
                                                           "NSEC") "m 60 TXT x\n"
                                                                   "m 60 NSEC aliases.z. TXT "
                                                                   "RRSIG NSEC\n" SIG(
                                                                       "m",
                                                                       "NSEC") "before.aliases "
                                                                               "60 CNAME "
                                                                               "b.z.\nafter."
                                                                               "aliases 60 "
                                                                               "CNAME y.z.\n"
                                                                               "deep.aliases "
                                                                               "60 CNAME "
                                                                               "x.m.z.\n");
    assert_as_by_alias(*state, "b.z", "before.aliases.z",
                       "NXDOMAIN"); /* one record denies both */
    assert_as_by_alias(*state, "y.z", "after.aliases.z", "NXDOMAIN");
    assert_as_by_alias(*state, "x.m.z", "deep.aliases.z", "NXDOMAIN");
}

/* The only record of the chain comes before and after all names. */
static void an_apex_alone_denies_all_names(void **state)
{
    server_add(
        *state, "z",
        "@ 60 SOA ns h 1 2 3 4 5\n" SIG("@", "SOA") "@ 60 NS ns.x.\n"
                                                    "@ 60 NSEC z. NS SOA RRSIG NSEC\n" SIG(
                                                        "@", "NSEC") "al 60 CNAME nope.z.\n");
    assert_as_by_alias(*state, "nope.z", "al.z", "NXDOMAIN");
    const struct reply *r = ask(*state, "nope.z A +do");
    assert_section(r, "authority",
                   "z. 5 SOA ns.z. h.z. 1 2 3 4 5\n"
                   "z. 5 RRSIG SOA 13 1 60 20900101000000 20200101000000 1 z. c2ln\n"
                   "z. 60 NSEC z. NS SOA RRSIG NSEC\n"
                   "z. 60 RRSIG NSEC 13 1 60 20900101000000 20200101000000 1 z. c2ln\n");
}

/* RFC 5155 section 7.2.2 with one record, which is closest encloser and covers all else */
static void a_single_nsec3_denies_all_names(void **state)
{
    server_add(*state, "z",
               "@ 60 SOA ns h 1 2 3 4 5\n" SIG("@", "SOA") "@ 60 NS ns.x.\n"
                                                           "@ 0 NSEC3PARAM 1 0 0 -\n" SIG(
                                                               "@", "NSEC3PARAM") NSEC3_APEX
               " 60 NSEC3 1 1 0 - " NSEC3_APEX
               " NS SOA RRSIG NSEC3PARAM\n" SIG(NSEC3_APEX, "NSEC3") "al 60 CNAME nope.z.\n");
    assert_as_by_alias(*state, "nope.z", "al.z", "NXDOMAIN");
    const struct reply *r = ask(*state, "nope.z A +do");
    assert_section(r, "authority",
                   "z. 5 SOA ns.z. h.z. 1 2 3 4 5\n"
                   "z. 5 RRSIG SOA 13 1 60 20900101000000 20200101000000 1 z. c2ln\n" NSEC3_APEX
                   ".z. 60 NSEC3 1 1 0 - " NSEC3_APEX " NS SOA RRSIG NSEC3PARAM\n" NSEC3_APEX
                   ".z. 60 RRSIG NSEC3 13 1 60 20900101000000 20200101000000 1 z. "
                   "c2ln\n");
}

/* Signatures so many that they don't lie ready. */
static void what_is_too_long_is_put_together(void **state)
{
    char *text = malloc(TEXT_MAX);
    assert_non_null(text);
    size_t len = (size_t)sprintf(text, "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns.x.\n"
                                       "@ 60 NSEC z. NS SOA RRSIG NSEC\nal 60 CNAME nope.z.\n");
    for (unsigned tag = 0; tag < 80; tag++)
        len += (size_t)sprintf(text + len,
                               "@ 60 RRSIG %s 13 1 60 20900101000000 20200101000000 %u z. "
                               "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
                               tag % 2 == 0 ? "SOA" : "NSEC", tag);
    server_add(*state, "z", text);
    free(text);
    assert_as_by_alias(*state, "nope.z", "al.z", "NXDOMAIN");
}

/* Where not all of it has room, as much is sent as has, with TC. */
static void what_has_no_room_is_cut_and_says_so(void **state)
{
    server_config(*state)->udp_payload_max = 4096;
    char *text = malloc(TEXT_MAX);
    assert_non_null(text);
    size_t len = (size_t)sprintf(text, "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns.x.\n"
                                       "@ 60 NSEC z. NS SOA RRSIG NSEC\n");
    for (unsigned tag = 0; tag < 12; tag++)
        len += (size_t)sprintf(text + len,
                               "@ 60 RRSIG %s 13 1 60 20900101000000 20200101000000 %u z. "
                               "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
                               tag % 2 == 0 ? "SOA" : "NSEC", tag);
    server_add(*state, "z", text);
    free(text);
    const size_t whole = ask(*state, "nope.z A +do +bufsize=4096")->octets;
    for (size_t size = 512; size <= whole + 2; size++) {
        char question[100];
        snprintf(question, sizeof question, "nope.z A +do +bufsize=%zu", size);
        const struct reply *r = ask(*state, question);
        assert_true(r->octets <= size);
        assert_flags(r, size < whole ? "qr aa tc" : "qr aa");
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_server, teardown_server)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_soa_is_the_same_wherever_its_names_are),
        TEST(the_root_has_it_too),
        TEST(nsec_proofs_are_the_same),
        TEST(an_apex_alone_denies_all_names),
        TEST(a_single_nsec3_denies_all_names),
        TEST(what_is_too_long_is_put_together),
        TEST(what_has_no_room_is_cut_and_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
