/* rfc4035_sizes.c -- signed answers that don't fit: what is optional goes first, TC where something required
 * is missing and nowhere else (sections 3.1.1 and 3.1.4, RFC 2181 section 9, RFC 9471 section 3) */
#include "tests/answer/ask.h"
#include "zone/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The hash of "nsec3" without salt or iterations: alone in its chain, it covers all else. */
#define NSEC3_OWNER "3rrjesemtuh627kgk4qgon0250128tou"

enum { SIZE_MIN = 512, SIZE_MAX_ASKED = 4096, TEXT_MAX = 60000 };

/* Appends the signature of an RRset: 256 octets, as RSA with 2048 bits makes them. */
static void sign(char *text, const char *owner, const char *type)
{
    size_t at = strlen(text);
    at += (size_t)snprintf(text + at, TEXT_MAX - at,
                           "%s 60 RRSIG %s 8 2 60 20300101000000 20200101000000 1 z. ", owner,
                           type);
    for (unsigned i = 0; i < 85; i++)
        at += (size_t)snprintf(text + at, TEXT_MAX - at, "c2ln");
    snprintf(text + at, TEXT_MAX - at, "\n");
}

static void add(char *text, const char *owner, const char *type, const char *rdata)
{
    const size_t at = strlen(text);
    snprintf(text + at, TEXT_MAX - at, "%s 60 %s %s\n", owner, type, rdata);
}

static void add_signed(char *text, const char *owner, const char *type, const char *rdata)
{
    add(text, owner, type, rdata);
    sign(text, owner, type);
}

/* Appends a wildcard's TXT RRset with its signature, and a delegation with its glue, which end near octet 16384 of
 * an answer, where pointers stop reaching. */
static void add_large(char *text)
{
    char rdata[256] = {0};
    for (unsigned i = 0; i < 75; i++) {
        snprintf(rdata, sizeof rdata, "%0200u", i);
        add(text, "*.w", "TXT", rdata);
    }
    sign(text, "*.w", "TXT");
    add_signed(text, "*.c", "CNAME", "x.w");
    for (unsigned i = 0; i < 253; i++) {
        snprintf(rdata, sizeof rdata, "%050u.", i);
        add(text, "un", "NS", rdata);
    }
    add(text, "un", "NS", "a.un");
    add(text, "a.un", "A", "192.0.2.30");
}

static void add_large_zones(struct server *server)
{
    static char text[TEXT_MAX];
    text[0] = '\0';
    add_signed(text, "@", "SOA", "h h 1 2 3 4 5");
    add(text, "@", "NS", "h.");
    add_signed(text, "@", "NSEC", "*.c NS SOA RRSIG NSEC DNSKEY");
    add_signed(text, "*.c", "NSEC", "un CNAME RRSIG NSEC");
    add_signed(text, "un", "NSEC", "*.w NS RRSIG NSEC");
    add_signed(text, "*.w", "NSEC", "@ TXT RRSIG NSEC");
    add_large(text);
    server_add(server, "nsec", text);
    text[0] = '\0';
    add_signed(text, "@", "SOA", "h h 1 2 3 4 5");
    add(text, "@", "NS", "h.");
    add_signed(text, "@", "NSEC3PARAM", "1 0 0 -");
    add_signed(text, NSEC3_OWNER, "NSEC3", "1 1 0 - " NSEC3_OWNER " NS SOA RRSIG NSEC3PARAM");
    add_large(text);
    server_add(server, "nsec3", text);
}

static int setup(void **state)
{
    static char text[TEXT_MAX];
    setup_server(state);
    server_config(*state)->udp_payload_max = SIZE_MAX_ASKED;
    text[0] = '\0';
    add_signed(text, "@", "SOA", "ns1 h 1 2 3 4 5");
    add(text, "@", "NS", "ns1");
    add(text, "@", "NS", "ns2");
    add(text, "@", "NS", "ns3");
    sign(text, "@", "NS");
    add_signed(text, "@", "NSEC", "host NS SOA RRSIG NSEC DNSKEY");
    add_signed(text, "@", "DNSKEY", "257 3 8 AwEAAaE=");
    for (unsigned i = 1; i <= 3; i++) {
        char owner[8], a[32], aaaa[32];
        snprintf(owner, sizeof owner, "ns%u", i);
        snprintf(a, sizeof a, "192.0.2.%u", i);
        snprintf(aaaa, sizeof aaaa, "2001:db8::%u", i);
        add_signed(text, owner, "A", a);
        add_signed(text, owner, "AAAA", aaaa);
        add_signed(text, owner, "NSEC", "sub A AAAA RRSIG NSEC");
    }
    add_signed(text, "host", "HTTPS", "1 . alpn=h2");
    add_signed(text, "host", "A", "192.0.2.10");
    add_signed(text, "host", "AAAA", "2001:db8::10");
    add_signed(text, "host", "NSEC", "ns1 A AAAA RRSIG NSEC HTTPS");
    for (unsigned i = 0; i < 4; i++) {
        char server[16], address[16];
        snprintf(server, sizeof server, "a%u.sub", i);
        snprintf(address, sizeof address, "192.0.2.2%u", i);
        add(text, "sub", "NS", server);
        add(text, server, "A", address);
        add(text, server, "AAAA", "2001:db8::20");
    }
    add(text, "sub", "NS", "ns1"); /* siblings */
    add(text, "sub", "NS", "ns2");
    add_signed(text, "sub", "DS",
               "1 8 2 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    add_signed(text, "sub", "NSEC", "un NS DS RRSIG NSEC");
    add(text, "un", "NS", "a.un");
    add(text, "un", "NS", "ns3");
    add(text, "a.un", "A", "192.0.2.30");
    add_signed(text, "un", "NSEC", "*.w NS RRSIG NSEC");
    add_signed(text, "*.w", "TXT", "wild");
    add_signed(text, "*.w", "NSEC", "@ TXT RRSIG NSEC");
    server_add(*state, "z", text);
    add_large_zones(*state);
    return 0;
}

static size_t count_lines(const char *text, const char *what)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        count++;
    return count;
}

/* Each line of a part stands in the whole. */
static void assert_part_of(const char *part, const char *whole)
{
    char line[2000];
    for (const char *at = part; *at != '\0';) {
        const size_t octets = strcspn(at, "\n") + 1;
        assert_true(octets < sizeof line);
        memcpy(line, at, octets);
        line[octets] = '\0';
        if (strstr(whole, line) == NULL)
            fail_msg("not in the whole answer: %s", line);
        at += octets;
    }
}

struct whole {
    char section[3][20000];
    char rcode[16];
    size_t octets;
};

static void ask_whole(struct server *server, const char *question, struct whole *whole)
{
    char text[128];
    snprintf(text, sizeof text, "%s +do +tcp", question);
    const struct reply *r = ask(server, text);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(strlen(r->section[i]) < sizeof whole->section[i]);
        strcpy(whole->section[i], r->section[i]);
    }
    strcpy(whole->rcode, r->rcode);
    whole->octets = r->octets;
}

/* Asks with every size. From the size on that what is required takes, TC is clear and answer and authority
 * are whole; below it TC is set. Of the additional section `glue` records are required; what else is in it
 * depends on the room, and RRSIGs never come without their RRset. */
static void sweep(struct server *server, const char *question, size_t glue)
{
    static struct whole whole;
    ask_whole(server, question, &whole);
    size_t required = 0, had = 0;
    for (size_t size = SIZE_MIN; size <= SIZE_MAX_ASKED; size++) {
        char text[128];
        snprintf(text, sizeof text, "%s +do +bufsize=%zu", question, size);
        const struct reply *r = ask(server, text);
        assert_true(r->octets <= size);
        assert_string_equal(r->rcode, whole.rcode);
        assert_part_of(r->section[0], whole.section[0]);
        assert_part_of(r->section[1], whole.section[1]);
        assert_part_of(r->section[2], whole.section[2]);
        if (strstr(r->flags, "tc") != NULL) {
            if (required != 0)
                fail_msg("%s: TC at %zu, but not at %zu", question, size, required);
            continue;
        }
        const size_t has = count_lines(r->section[2], "\n");
        if (required == 0) {
            required = size;
            /* Not an octet before, and nothing but what is required. */
            if (size > SIZE_MIN && (r->octets != size || has != glue))
                fail_msg("%s: at %zu it has %zu octets and %zu additional records", question,
                         size, r->octets, has);
        }
        assert_string_equal(r->section[0], whole.section[0]);
        assert_string_equal(r->section[1], whole.section[1]);
        assert_true(has >= glue);
        assert_true(count_lines(r->section[2], " RRSIG ") * 2 <= has);
        had = has;
    }
    assert_true(required != 0);
    assert_true(whole.octets > SIZE_MAX_ASKED || had == count_lines(whole.section[2], "\n"));
}

static void a_positive_answer_gives_up_its_addresses_first(void **state)
{
    sweep(*state, "host.z HTTPS", 0);
    sweep(*state, "z NS", 0);
    sweep(*state, "host.z A", 0);
}

static void a_wildcard_answer_keeps_its_proof(void **state)
{
    sweep(*state, "x.w.z TXT", 0);
    sweep(*state, "x.w.z A", 0);
}

/* NS, DS and in-domain glue are required, sibling glue isn't. */
static void a_referral_keeps_ds_and_glue(void **state)
{
    sweep(*state, "www.sub.z A", 8);
    sweep(*state, "www.un.z A", 1);
}

static void a_negative_answer_is_whole_or_truncated(void **state)
{
    sweep(*state, "nothing.z A", 0);
    sweep(*state, "host.z TXT", 0);
    sweep(*state, "z RRSIG", 0);
}

/* Where RRset and signature don't fit both, the RRset may come alone, without TC (section 3.1.1). */
static void an_address_may_come_without_its_signature(void **state)
{
    bool alone = false;
    for (size_t size = SIZE_MIN; size <= SIZE_MAX_ASKED; size++) {
        char text[64];
        snprintf(text, sizeof text, "host.z HTTPS +do +bufsize=%zu", size);
        const struct reply *r = ask(*state, text);
        if (strstr(r->flags, "tc") == NULL && strstr(r->section[2], " A 192") != NULL)
            alone |= strstr(r->section[2], "RRSIG A ") == NULL;
    }
    assert_true(alone);
}

/* Writes labels of `octets` in all, with their length octets and with dots between. */
static void write_labels(char *text, size_t octets)
{
    while (octets > 0) {
        size_t label = octets < 64 ? octets : 64;
        if (octets - label == 1)
            label--;
        memset(text, 'x', label - 1);
        text += label - 1;
        octets -= label;
        if (octets > 0)
            *text++ = '.';
    }
    *text = '\0';
}

/* Asks with names of every length, so that what follows the answer begins at other octets each
 * time. There's nothing that could be missing over TCP: all of it is as with the shortest name. */
static void sweep_lengths(struct server *server, const char *suffix, const char *type,
                          size_t proof)
{
    static char authority[TEXT_MAX];
    char labels[256], question[320];
    for (size_t octets = 2; octets + strlen(suffix) + 2 < NAME_OCTETS_MAX; octets++) {
        write_labels(labels, octets);
        snprintf(question, sizeof question, "%s.%s %s +do +tcp", labels, suffix, type);
        const struct reply *r = ask(server, question);
        assert_null(strstr(r->flags, "tc"));
        assert_rcode(r, "NOERROR");
        if (octets == 2)
            strcpy(authority, r->section[1]);
        assert_string_equal(r->section[1], authority);
        assert_int_equal(count_lines(r->section[1], " 8 2 60 "), proof);
        if (strcmp(type, "A") == 0)
            assert_true(has_line(r, "additional",
                                 strstr(suffix, "nsec3") != NULL
                                     ? "a.un.nsec3. 60 A 192.0.2.30"
                                     : "a.un.nsec. 60 A 192.0.2.30"));
    }
}

/* Section 3.1.3.3, RFC 5155 section 7.2.6, RFC 1035 section 4.1.4: pointers reach 16383 octets, answers 65535 */
static void a_proof_beyond_16_kilobytes_is_there_over_tcp(void **state)
{
    sweep_lengths(*state, "w.nsec", "TXT", 1);
    sweep_lengths(*state, "w.nsec3", "TXT", 1);
}

static void so_are_all_proofs_at_the_end_of_a_chain(void **state)
{
    sweep_lengths(*state, "c.nsec", "TXT", 2);
    sweep_lengths(*state, "c.nsec3", "TXT", 1);
}

/* Section 3.1.4 */
static void so_is_the_denial_of_ds_in_a_large_referral(void **state)
{
    sweep_lengths(*state, "un.nsec", "A", 1);
    sweep_lengths(*state, "un.nsec3", "A", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_positive_answer_gives_up_its_addresses_first),
        cmocka_unit_test(a_wildcard_answer_keeps_its_proof),
        cmocka_unit_test(a_referral_keeps_ds_and_glue),
        cmocka_unit_test(a_negative_answer_is_whole_or_truncated),
        cmocka_unit_test(an_address_may_come_without_its_signature),
        cmocka_unit_test(a_proof_beyond_16_kilobytes_is_there_over_tcp),
        cmocka_unit_test(so_are_all_proofs_at_the_end_of_a_chain),
        cmocka_unit_test(so_is_the_denial_of_ds_in_a_large_referral),
    };
    return cmocka_run_group_tests(tests, setup, teardown_server);
}
