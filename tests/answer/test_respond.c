#include "tests/answer/ask.h"

#include "server/answer/edns.h"
#include "server/answer/packet.h"
#include "tests/answer/check_message.h"
#include "zone/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char zone_text[] = "@         3600 SOA   ns hostmaster 1 7200 900 1209600 300\n"
                                "@         3600 NS    ns\n"
                                "ns        3600 A     192.0.2.1\n"
                                "www       3600 A     192.0.2.2\n"
                                "alias     3600 CNAME www\n"
                                "two       3600 CNAME alias\n"
                                "*.wild    3600 MX    10 mail.wild\n"
                                "old       3600 DNAME wild\n"
                                "child     3600 NS    ns.child\n"
                                "child     3600 NS    ns.sibling\n"
                                "ns.child  3600 A     192.0.2.3\n"
                                "sibling   3600 NS    ns.sibling\n"
                                "ns.sibling 3600 A    192.0.2.4\n"
                                "*.deleg   3600 NS    ns.sibling\n"
                                "*.deleg   3600 NS    ns.elsewhere.\n";

#define SIGNATURE " 8 2 60 20300101000000 20200101000000 1 signed. c2lnbmF0dXJl\n"

static const char signed_text[] =
    "@ 60 SOA ns hostmaster 1 2 3 4 5\n@ 60 RRSIG SOA" SIGNATURE
    "@ 60 NS ns\n@ 60 RRSIG NS" SIGNATURE "@ 60 DNSKEY 257 3 8 AwEAAaE=\n"
    "@ 60 NSEC a.ent SOA NS RRSIG NSEC DNSKEY\n@ 60 RRSIG NSEC" SIGNATURE
    "a.ent 60 TXT \"deep\"\na.ent 60 NSEC ns TXT RRSIG NSEC\na.ent 60 RRSIG NSEC" SIGNATURE
    "ns 60 A 192.0.2.1\nns 60 RRSIG A" SIGNATURE
    "ns 60 NSEC sub A RRSIG NSEC\nns 60 RRSIG NSEC" SIGNATURE
    "sub 60 NS ns.sub\nns.sub 60 A 192.0.2.2\n"
    "sub 60 NSEC svc NS RRSIG NSEC\nsub 60 RRSIG NSEC" SIGNATURE
    "svc 60 HTTPS 1 ns\nsvc 60 NSEC *.w HTTPS RRSIG NSEC\nsvc 60 RRSIG NSEC" SIGNATURE
    "*.w 60 MX 1 ns\n*.w 60 RRSIG MX" SIGNATURE
    "*.w 60 NSEC @ MX RRSIG NSEC\n*.w 60 RRSIG NSEC" SIGNATURE;

static const char *const questions[] = {
    "nope.signed A +do",   "x.w.signed MX +do",   "ent.signed A +do",  "x.sub.signed A +do",
    "svc.signed HTTPS",    "signed NS +do",       "x.w.signed A +do",  "sub.signed DS +do",
    "a.ent.signed RRSIG",  "nope.signed A",       "signed ANY +do",    "nope.signed A +do +bufsize=512",
    "www.example A",       "two.example A +do",   "nothing.example A", "x.wild.example MX",
    "a.b.old.example MX",  "x.child.example A",   "child.example DS",  "elsewhere A +edns",
    "id.server TXT +ch",   "example NS",          "example SOA +nsid", "x.sibling.example A",
    "example ANY",         "two.example AAAA",    "x.deleg.example A", "example AXFR",
    "wild.example A",      "x.y.wild.example MX", "old.example DNAME", "a.old.example CNAME",
    "example A +version=1"};

enum { QUESTIONS = sizeof questions / sizeof questions[0] };

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    server_add(*state, "signed", signed_text);
    return 0;
}

/* What a batch looks like must not show in its answers. */
static void a_batch_is_answered_as_each_question_alone(void **state)
{
    static uint8_t query[RESPOND_BATCH_MAX][600], answer[RESPOND_BATCH_MAX][4096];
    struct exchange exchanges[RESPOND_BATCH_MAX];
    static uint8_t octets[MESSAGE_MAX];
    for (size_t i = 0; i < RESPOND_BATCH_MAX; i++) {
        bool tcp;
        const size_t len = ask_query(questions[i % QUESTIONS], octets, &tcp);
        memcpy(query[i], octets, len);
        exchanges[i] = (struct exchange){.query = query[i],
                                         .query_octets = len,
                                         .answer = answer[i],
                                         .answer_max = sizeof answer[i]};
    }
    struct respond_scratch *scratch = respond_scratch_new();
    const struct view view = server_view(*state);
    respond(server_config(*state), &view, 0, exchanges, RESPOND_BATCH_MAX, scratch);
    respond_scratch_free(scratch);
    for (size_t i = 0; i < RESPOND_BATCH_MAX; i++) {
        const struct reply *r = ask(*state, questions[i % QUESTIONS]);
        assert_int_equal(exchanges[i].answer_octets, r->octets);
        assert_memory_equal(answer[i], r->wire, r->octets);
    }
}

/* Nor what company a question is in, or what was asked before. */
static void a_question_has_one_answer_in_every_company(void **state)
{
    static uint8_t query[QUESTIONS][600], answer[QUESTIONS][4096], octets[MESSAGE_MAX];
    static size_t query_octets[QUESTIONS];
    static uint8_t alone[QUESTIONS][4096];
    static size_t alone_octets[QUESTIONS];
    for (size_t i = 0; i < QUESTIONS; i++) {
        bool tcp;
        query_octets[i] = ask_query(questions[i], octets, &tcp);
        memcpy(query[i], octets, query_octets[i]);
        const struct reply *r = ask(*state, questions[i]);
        alone_octets[i] = r->octets;
        memcpy(alone[i], r->wire, r->octets);
    }
    struct respond_scratch *scratch = respond_scratch_new();
    const struct view view = server_view(*state);
    uint32_t random = 1;
    for (unsigned batch = 0; batch < 2000; batch++) {
        struct exchange e[QUESTIONS];
        size_t which[QUESTIONS], count = 0;
        for (; count < 1 + batch % QUESTIONS; count++) {
            random = random * 1664525 + 1013904223;
            which[count] = (random >> 16) % QUESTIONS;
            e[count] = (struct exchange){.query = query[which[count]],
                                         .query_octets = query_octets[which[count]],
                                         .answer = answer[count],
                                         .answer_max = sizeof answer[count]};
        }
        respond(server_config(*state), &view, 0, e, count, scratch);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(e[i].answer_octets, alone_octets[which[i]]);
            assert_memory_equal(answer[i], alone[which[i]], alone_octets[which[i]]);
        }
    }
    respond_scratch_free(scratch);
}

static void an_empty_batch_is_no_work(void **state)
{
    struct respond_scratch *scratch = respond_scratch_new();
    const struct view view = server_view(*state);
    respond(server_config(*state), &view, 0, NULL, 0, scratch);
    respond_scratch_free(scratch);
}

/* The buffer bounds the answer too, whatever the client allows. */
static void nothing_is_written_beyond_the_buffer(void **state)
{
    static uint8_t query[MESSAGE_MAX];
    struct respond_scratch *scratch = respond_scratch_new();
    const struct view view = server_view(*state);
    for (size_t i = 0; i < QUESTIONS; i++) {
        bool tcp;
        const size_t len = ask_query(questions[i], query, &tcp);
        uint8_t *answer = malloc(UDP_PLAIN_MAX); /* of its exact size, for AddressSanitizer */
        struct exchange e = {.query = query,
                             .query_octets = len,
                             .transport = TRANSPORT_TCP,
                             .answer = answer,
                             .answer_max = UDP_PLAIN_MAX};
        respond(server_config(*state), &view, 0, &e, 1, scratch);
        assert_null(check_message(answer, e.answer_octets, query, len, UDP_PLAIN_MAX));
        free(answer);
    }
    respond_scratch_free(scratch);
}

static void the_exchange_tells_rcode_and_truncation(void **state)
{
    static uint8_t query[MESSAGE_MAX], answer[MESSAGE_MAX];
    struct respond_scratch *scratch = respond_scratch_new();
    const struct view view = server_view(*state);
    bool tcp;
    struct exchange e = {.query = query, .answer = answer, .answer_max = sizeof answer};
    e.query_octets = ask_query("example A +version=1", query, &tcp);
    respond(server_config(*state), &view, 0, &e, 1, scratch);
    assert_int_equal(e.rcode, 16);
    assert_false(e.truncated);
    e.query_octets = 3;
    respond(server_config(*state), &view, 0, &e, 1, scratch);
    assert_int_equal(e.answer_octets, 0);
    respond_scratch_free(scratch);
}

/* The one is true, the other a fault, and who watches tells them apart: by the counters, and by the extended
 * error of its own questions. */
static void a_zone_that_is_not_loaded_and_a_fault_are_two_kinds_of_servfail(void **state)
{
    static const uint8_t not_ready[] = {0, 15, 0, 2, 0, 14}, other[] = {0, 15, 0, 2, 0, 0};
    static uint8_t query[MESSAGE_MAX], answer[MESSAGE_MAX];
    struct respond_scratch *scratch = respond_scratch_new();
    server_add_empty(*state, "broken");
    const struct view view = server_view(*state);
    bool tcp;
    struct exchange e = {.query = query, .answer = answer, .answer_max = sizeof answer};
    e.query_octets = ask_query("www.broken A +edns", query, &tcp);
    respond(server_config(*state), &view, 0, &e, 1, scratch);
    assert_int_equal(e.rcode, RCODE_SERVFAIL);
    assert_int_equal(e.ede, EDE_NOT_READY);
    assert_memory_equal(answer + e.answer_octets - sizeof not_ready, not_ready,
                        sizeof not_ready);
    respond_fail(server_config(*state), 0, &e, scratch);
    assert_int_equal(e.rcode, RCODE_SERVFAIL);
    assert_int_equal(e.ede, EDE_OTHER);
    assert_memory_equal(answer + e.answer_octets - sizeof other, other, sizeof other);
    respond_scratch_free(scratch);
}

/* RFC 4592 section 4.2 leaves it open */
static void ns_at_a_wildcard_delegates_nothing(void **state)
{
    const struct reply *r = ask(*state, "abc.deleg.example A");
    assert_flags(r, "qr aa");
    assert_section(r, "authority",
                   "example. 300 SOA ns.example. hostmaster.example. 1 7200 900 1209600 300");

    r = ask(*state, "abc.deleg.example NS");
    assert_flags(r, "qr aa");
    assert_section(r, "answer",
                   "abc.deleg.example. 3600 NS ns.elsewhere.\n"
                   "abc.deleg.example. 3600 NS ns.sibling.example.");
}

/* Chains with large RRsets carry names beyond what pointers reach. */
static void names_beyond_0x3fff_are_right(void **state)
{
    static char text[400000];
    size_t at = (size_t)snprintf(text, sizeof text,
                                 "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\n"
                                 "ns 60 A 192.0.2.1\n");
    for (unsigned i = 0; i < 900; i++)
        at += (size_t)snprintf(text + at, sizeof text - at,
                               "many 60 MX %u a-longer-name%u.mail%u\n", i, i, i / 10);
    server_add(*state, "big", text);
    const struct reply *r = ask(*state, "many.big MX +tcp");
    assert_flags(r, "qr aa");
    assert_true(r->octets > 0x4000);
    assert_true(has_line(r, "answer", "many.big. 60 MX 0 a-longer-name0.mail0.big."));
    assert_true(has_line(r, "answer", "many.big. 60 MX 899 a-longer-name899.mail89.big."));

    /* The same once more where the owner is found in an alias's RDATA. */
    server_add(*state, "to",
               "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.1\n"
               "x 60 CNAME many.big.\n");
    r = ask(*state, "x.to MX +tcp");
    assert_flags(r, "qr aa");
    assert_true(has_line(r, "answer", "many.big. 60 MX 899 a-longer-name899.mail89.big."));
}

/* Signatures make chains long: the last names stand where no pointer reaches. */
static void a_chain_that_passes_0x3fff_goes_on(void **state)
{
    static char text[200000];
    size_t at = (size_t)snprintf(text, sizeof text,
                                 "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\n"
                                 "ns 60 A 192.0.2.1\nc15 60 DNAME d\n"
                                 "$ORIGIN d.chain.\nx 60 MX 1 mail\n"
                                 "$ORIGIN chain.\n");
    for (unsigned i = 0; i < 14; i++) {
        at += (size_t)snprintf(text + at, sizeof text - at, "c%u 60 CNAME c%u\n", i, i + 1);
        at += (size_t)snprintf(
            text + at, sizeof text - at,
            "c%u 60 RRSIG CNAME 8 2 60 20300101000000 20200101000000 1 chain. ", i);
        for (unsigned j = 0; j < 500; j++)
            at += (size_t)snprintf(text + at, sizeof text - at, "AAAA");
        at += (size_t)snprintf(text + at, sizeof text - at, "\n");
    }
    snprintf(text + at, sizeof text - at, "c14 60 CNAME x.c15\n");
    server_add(*state, "chain", text);
    const struct reply *r = ask(*state, "c0.chain MX +tcp +do");
    assert_flags(r, "qr aa");
    assert_rcode(r, "NOERROR");
    assert_true(r->octets > 0x4000);
    assert_true(has_line(r, "answer", "c14.chain. 60 CNAME x.c15.chain."));
    assert_true(has_line(r, "answer", "c15.chain. 60 DNAME d.chain."));
    assert_true(has_line(r, "answer", "x.c15.chain. 60 CNAME x.d.chain."));
    assert_true(has_line(r, "answer", "x.d.chain. 60 MX 1 mail.d.chain."));

    r = ask(*state, "c0.chain TXT +tcp +do");
    assert_true(has_line(r, "authority", "chain. 5 SOA ns.chain. h.chain. 1 2 3 4 5"));
}

static void a_chain_is_followed_for_sixteen_aliases(void **state)
{
    static char text[4000];
    size_t at = (size_t)snprintf(text, sizeof text,
                                 "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\n"
                                 "ns 60 A 192.0.2.1\n");
    for (unsigned i = 0; i < 20; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "c%u 60 CNAME c%u\n", i, i + 1);
    snprintf(text + at, sizeof text - at, "c20 60 A 192.0.2.2\n");
    server_add(*state, "chain", text);
    const struct reply *r = ask(*state, "c4.chain A +tcp");
    assert_true(has_line(r, "answer", "c20.chain. 60 A 192.0.2.2"));
    r = ask(*state, "c3.chain A +tcp");
    assert_rcode(r, "NOERROR");
    assert_false(has_line(r, "answer", "c20.chain. 60 A 192.0.2.2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_batch_is_answered_as_each_question_alone, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_question_has_one_answer_in_every_company, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(an_empty_batch_is_no_work, setup, teardown_server),
        cmocka_unit_test_setup_teardown(nothing_is_written_beyond_the_buffer, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(
            a_zone_that_is_not_loaded_and_a_fault_are_two_kinds_of_servfail, setup,
            teardown_server),
        cmocka_unit_test_setup_teardown(the_exchange_tells_rcode_and_truncation, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(ns_at_a_wildcard_delegates_nothing, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(names_beyond_0x3fff_are_right, setup, teardown_server),
        cmocka_unit_test_setup_teardown(a_chain_that_passes_0x3fff_goes_on, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_chain_is_followed_for_sixteen_aliases, setup,
                                        teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
