/* test_validator.c -- the validator takes what is proved, and nothing that was tampered with */
#include "tests/answer/ask.h"
#include "tests/differential/validator.h"

#include <ldns/ldns.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HEADER_OCTETS = 12, LIMIT = 65535 };

struct fixture {
    const char *file;
    struct server *server;
    struct validator *validator;
};

static const uint8_t apex[] = "\1s\4test";

static void add_keys(struct fixture *f)
{
    const struct reply *r = ask(f->server, "s.test. DNSKEY +tcp");
    ldns_pkt *packet = NULL;
    assert_int_equal(ldns_wire2pkt(&packet, r->wire, r->octets), LDNS_STATUS_OK);
    assert_true(validator_zone(f->validator, apex, sizeof apex));
    for (size_t i = 0; i < ldns_rr_list_rr_count(ldns_pkt_answer(packet)); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(ldns_pkt_answer(packet), i);
        uint8_t rdata[512];
        size_t octets = 0;
        for (size_t k = 0; k < ldns_rr_rd_count(rr); k++) {
            const ldns_rdf *rdf = ldns_rr_rdf(rr, k);
            memcpy(rdata + octets, ldns_rdf_data(rdf), ldns_rdf_size(rdf));
            octets += ldns_rdf_size(rdf);
        }
        assert_true(validator_key(f->validator, apex, sizeof apex, rdata, octets));
    }
    ldns_pkt_free(packet);
}

static void add_cut(struct validator *v, const char *text)
{
    ldns_rdf *name = ldns_dname_new_frm_str(text);
    assert_true(validator_cut(v, apex, sizeof apex, ldns_rdf_data(name), ldns_rdf_size(name)));
    ldns_rdf_deep_free(name);
}

static void open_zone(struct fixture *f)
{
    static char text[1 << 16];
    char path[256];
    snprintf(path, sizeof path, "../rfc/zones/%s", f->file);
    FILE *from = fopen(path, "r");
    assert_non_null(from);
    text[fread(text, 1, sizeof text - 1, from)] = '\0';
    fclose(from);
    setup_server((void **)&f->server);
    server_add(f->server, "s.test", text);
    f->validator = validator_new();
    add_keys(f);
    add_cut(f->validator, "sec.s.test.");
    add_cut(f->validator, "sub.s.test.");
    add_cut(f->validator, "i.insec.deep.s.test.");
}

static struct fixture fixtures[] = {
    {.file = "nsec.zone"}, {.file = "nsec3.zone"}, {.file = "optout.zone"}};

enum { FIXTURES = sizeof fixtures / sizeof fixtures[0] };

static int setup(void **state)
{
    for (size_t i = 0; i < FIXTURES; i++)
        open_zone(&fixtures[i]);
    *state = fixtures;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < FIXTURES; i++) {
        validator_free(fixtures[i].validator);
        teardown_server((void **)&fixtures[i].server);
    }
    return 0;
}

/* --- asking and judging --- */

/* A message and the question that it is the answer to. */
struct dialogue {
    uint8_t question[300];
    size_t question_octets;
    uint8_t message[LIMIT];
    size_t octets;
};

static void hold(struct fixture *f, const char *question, struct dialogue *x)
{
    char text[300];
    uint8_t query[MESSAGE_MAX];
    bool tcp;
    snprintf(text, sizeof text, "%s +do +tcp", question);
    ask_query(text, query, &tcp);
    size_t end = HEADER_OCTETS;
    while (query[end] != 0)
        end += query[end] + 1u;
    x->question_octets = end + 5 - HEADER_OCTETS;
    memcpy(x->question, query + HEADER_OCTETS, x->question_octets);
    const struct reply *r = ask(f->server, text);
    memcpy(x->message, r->wire, r->octets);
    x->octets = r->octets;
}

static struct opinion judge(struct fixture *f, const struct dialogue *x)
{
    struct opinion opinion;
    validator_judge(f->validator, x->question, x->question_octets, x->message, x->octets, LIMIT,
                    &opinion);
    return opinion;
}

static void assert_good(struct fixture *f, const char *question, const char *kind)
{
    static struct dialogue x;
    hold(f, question, &x);
    const struct opinion opinion = judge(f, &x);
    if (!opinion.good)
        fail_msg("%s, %s: %s", f->file, question, opinion.why);
    if (kind != NULL && strcmp(opinion.kind, kind) != 0)
        fail_msg("%s, %s: is \"%s\", not \"%s\"", f->file, question, opinion.kind, kind);
}

static void assert_bad(struct fixture *f, const struct dialogue *x, const char *question,
                       const char *done)
{
    const struct opinion opinion = judge(f, x);
    if (opinion.good)
        fail_msg("%s, %s: taken for \"%s\" though %s", f->file, question, opinion.kind, done);
}

/* One question of each way that an answer may go. */
static const struct {
    const char *question;
    const char *kinds[FIXTURES];
} ways[] = {
    {"www.s.test. A", {"answer", "answer", "answer"}},
    {"s.test. SOA", {"answer", "answer", "answer"}},
    {"x.w.s.test. TXT", {"answer wildcard", "answer wildcard", "answer wildcard"}},
    {"a.b.ww.s.test. TXT",
     {"nodata nsec by-wildcard", "nodata nsec3 by-wildcard", "nodata nsec3 by-wildcard"}},
    {"www.s.test. TXT",
     {"nodata nsec at-name", "nodata nsec3 at-name", "nodata nsec3 at-name"}},
    {"b.ent.s.test. A", {"nodata nsec empty", "nodata nsec3 at-name", "nodata nsec3 at-name"}},
    {"x.w.s.test. A",
     {"nodata nsec by-wildcard", "nodata nsec3 by-wildcard", "nodata nsec3 by-wildcard"}},
    {"nope.s.test. A",
     {"name-error nsec absent", "name-error nsec3 absent", "name-error nsec3 absent"}},
    {"a.b.nope.s.test. A",
     {"name-error nsec absent", "name-error nsec3 absent", "name-error nsec3 absent"}},
    {"x.www.s.test. A",
     {"name-error nsec absent", "name-error nsec3 absent", "name-error nsec3 absent"}},
    {"x.sec.s.test. A", {"referral secure", "referral secure", "referral secure"}},
    {"sec.s.test. DS", {"answer", "answer", "answer"}},
    {"x.sub.s.test. A", {"referral nsec", "referral nsec3", "referral nsec3 opt-out"}},
    {"sub.s.test. DS",
     {"nodata nsec at-name", "nodata nsec3 at-name", "nodata nsec3 by-opt-out"}},
    {"insec.deep.s.test. A",
     {"nodata nsec empty", "nodata nsec3 at-name", "nodata nsec3 by-opt-out"}},
    {"x.d.s.test. A",
     {"alias dname name-error nsec absent", "alias dname name-error nsec3 absent",
      "alias dname name-error nsec3 absent"}},
    {"x.wc.s.test. A",
     {"alias wildcard answer", "alias wildcard answer", "alias wildcard answer"}},
    {"walias.s.test. TXT",
     {"alias answer wildcard", "alias answer wildcard", "alias answer wildcard"}},
    {"alias.s.test. A",
     {"alias name-error nsec absent", "alias name-error nsec3 absent",
      "alias name-error nsec3 absent"}},
};

enum { WAYS = sizeof ways / sizeof ways[0] };

static void what_is_proved_is_taken_and_called_by_its_kind(void **state)
{
    struct fixture *f = *state;
    for (size_t w = 0; w < WAYS; w++)
        for (size_t i = 0; i < FIXTURES; i++)
            assert_good(&f[i], ways[w].question, ways[w].kinds[i]);
}

/* --- tampering --- */

static ldns_pkt *unpack(const struct dialogue *x)
{
    ldns_pkt *packet = NULL;
    assert_int_equal(ldns_wire2pkt(&packet, x->message, x->octets), LDNS_STATUS_OK);
    return packet;
}

/* Puts the packet, tampered with, into the dialogue. */
static void repack(struct dialogue *x, ldns_pkt *packet)
{
    uint8_t *wire = NULL;
    assert_int_equal(ldns_pkt2wire(&wire, packet, &x->octets), LDNS_STATUS_OK);
    memcpy(x->message, wire, x->octets);
    free(wire);
    ldns_pkt_free(packet);
}

static ldns_rr_list *section(const ldns_pkt *packet, size_t which)
{
    return which == 0 ? ldns_pkt_answer(packet) : ldns_pkt_authority(packet);
}

static void remove_rr(ldns_pkt *packet, size_t which, size_t nth)
{
    ldns_rr_list *from = section(packet, which), *kept = ldns_rr_list_new();
    for (size_t i = 0; i < ldns_rr_list_rr_count(from); i++)
        if (i != nth)
            ldns_rr_list_push_rr(kept, ldns_rr_clone(ldns_rr_list_rr(from, i)));
    const uint16_t count = (uint16_t)ldns_rr_list_rr_count(kept);
    ldns_rr_list_deep_free(from);
    if (which == 0) {
        ldns_pkt_set_answer(packet, kept);
        ldns_pkt_set_ancount(packet, count);
    } else {
        ldns_pkt_set_authority(packet, kept);
        ldns_pkt_set_nscount(packet, count);
    }
}

/* Flips the lowest bit of the last octet of the last RDATA field: of a signature, a map of types,
 * an address, a name's label. */
static void flip_bit(ldns_pkt *packet, size_t which, size_t nth)
{
    ldns_rr *rr = ldns_rr_list_rr(section(packet, which), nth);
    ldns_rdf *last = ldns_rr_rdf(rr, ldns_rr_rd_count(rr) - 1);
    uint8_t *octets = ldns_rdf_data(last);
    const size_t size = ldns_rdf_size(last);
    const bool name = ldns_rdf_get_type(last) == LDNS_RDF_TYPE_DNAME;
    octets[name ? 1 : size - 1] ^= 1;
}

typedef void tamper(ldns_pkt *packet, size_t which, size_t nth);

/* Tampers with one RR at a time, of all answers of all zones. RRs that no one signs and that
 * prove nothing are left alone: a delegation's NS, and the alias that a DNAME makes goes with it. */
static void tamper_with_each(struct fixture *f, tamper *how, const char *done)
{
    static struct dialogue whole, x;
    for (size_t w = 0; w < WAYS * FIXTURES; w++) {
        struct fixture *at = &f[w % FIXTURES];
        const char *question = ways[w / FIXTURES].question;
        hold(at, question, &whole);
        for (size_t which = 0; which < 2; which++) {
            for (size_t nth = 0;; nth++) {
                ldns_pkt *packet = unpack(&whole);
                if (nth >= ldns_rr_list_rr_count(section(packet, which))) {
                    ldns_pkt_free(packet);
                    break;
                }
                const ldns_rr *rr = ldns_rr_list_rr(section(packet, which), nth);
                if (which == 1 && ldns_rr_get_type(rr) == LDNS_RR_TYPE_NS && how == flip_bit) {
                    ldns_pkt_free(packet);
                    continue;
                }
                how(packet, which, nth);
                x = whole;
                repack(&x, packet);
                assert_bad(at, &x, question, done);
            }
        }
    }
}

static void an_answer_that_lacks_any_one_record_is_refused(void **state)
{
    tamper_with_each(*state, remove_rr, "a record is missing");
}

static void an_answer_with_any_record_bent_is_refused(void **state)
{
    tamper_with_each(*state, flip_bit, "a bit is flipped");
}

/* RFC 4035 section 5.4: what denies one name doesn't deny another */
static void the_denial_of_another_name_is_refused(void **state)
{
    static const char *const questions[][2] = {
        {"nope.s.test. A", "aaaa.s.test. A"},   {"nope.s.test. A", "x.www.s.test. A"},
        {"x.www.s.test. A", "b.x.w.s.test. A"}, {"www.s.test. TXT", "ns1.s.test. TXT"},
        {"x.w.s.test. A", "www.s.test. TXT"},   {"www.s.test. TXT", "x.w.s.test. A"},
    };
    static struct dialogue x, other;
    struct fixture *f = *state;
    for (size_t i = 0; i < FIXTURES; i++) {
        for (size_t q = 0; q < sizeof questions / sizeof questions[0]; q++) {
            hold(&f[i], questions[q][0], &x);
            hold(&f[i], questions[q][1], &other);
            ldns_pkt *packet = unpack(&x), *proof = unpack(&other);
            ldns_rr_list_deep_free(ldns_pkt_authority(packet));
            ldns_pkt_set_authority(packet, ldns_rr_list_clone(ldns_pkt_authority(proof)));
            ldns_pkt_set_nscount(packet, ldns_pkt_nscount(proof));
            ldns_pkt_free(proof);
            repack(&x, packet);
            assert_bad(&f[i], &x, questions[q][0], "the denial is another name's");
        }
    }
}

/* A wildcard's RRset for a name that it doesn't make, since the name or a nearer one is there. */
static void a_wildcard_in_the_place_of_a_nearer_name_is_refused(void **state)
{
    static struct dialogue x, none;
    struct fixture *f = *state;
    for (size_t i = 0; i < FIXTURES; i++) {
        hold(&f[i], "x.w.s.test. TXT", &x);
        hold(&f[i], "www.s.test. TXT", &none);
        ldns_pkt *packet = unpack(&x), *proof = unpack(&none);
        ldns_rr_list_deep_free(ldns_pkt_authority(packet));
        ldns_pkt_set_authority(packet, ldns_rr_list_clone(ldns_pkt_authority(proof)));
        ldns_pkt_set_nscount(packet, ldns_pkt_nscount(proof));
        ldns_pkt_free(proof);
        repack(&x, packet);
        assert_bad(&f[i], &x, "x.w.s.test. TXT", "no proof shows that the name isn't there");
    }
}

static void set_rcode(struct dialogue *x, uint8_t rcode)
{
    x->message[3] = (uint8_t)((x->message[3] & 0xF0) | rcode);
}

static void the_wrong_rcode_is_refused(void **state)
{
    static const struct {
        const char *question;
        uint8_t rcode;
    } wrong[] = {{"nope.s.test. A", 0},  {"www.s.test. TXT", 3}, {"www.s.test. A", 3},
                 {"b.ent.s.test. A", 3}, {"x.w.s.test. A", 3},   {"www.s.test. A", 2},
                 {"nope.s.test. A", 5},  {"x.d.s.test. A", 6},   {"x.sec.s.test. A", 3}};
    static struct dialogue x;
    struct fixture *f = *state;
    for (size_t i = 0; i < FIXTURES; i++) {
        for (size_t w = 0; w < sizeof wrong / sizeof wrong[0]; w++) {
            hold(&f[i], wrong[w].question, &x);
            set_rcode(&x, wrong[w].rcode);
            assert_bad(&f[i], &x, wrong[w].question, "the RCODE is another");
        }
    }
}

static void an_answer_to_another_question_is_refused(void **state)
{
    static struct dialogue x, other;
    struct fixture *f = *state;
    hold(f, "www.s.test. A", &x);
    hold(f, "ns1.s.test. A", &other);
    memcpy(x.message, other.message, other.octets);
    x.octets = other.octets;
    assert_bad(f, &x, "www.s.test. A", "it is the answer to another question");
}

static void a_zone_without_keys_needs_no_proof_but_has_no_signatures(void **state)
{
    static struct dialogue x;
    struct fixture *f = *state;
    struct fixture keyless = {.file = "nsec.zone", .validator = validator_new()};
    assert_true(validator_zone(keyless.validator, apex, sizeof apex));
    hold(f, "www.s.test. A", &x);
    assert_bad(&keyless, &x, "www.s.test. A", "the zone has no keys");
    ldns_pkt *packet = unpack(&x);
    remove_rr(packet, 0, 1);
    repack(&x, packet);
    assert_true(judge(&keyless, &x).good);
    validator_free(keyless.validator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_proved_is_taken_and_called_by_its_kind),
        cmocka_unit_test(an_answer_that_lacks_any_one_record_is_refused),
        cmocka_unit_test(an_answer_with_any_record_bent_is_refused),
        cmocka_unit_test(the_denial_of_another_name_is_refused),
        cmocka_unit_test(a_wildcard_in_the_place_of_a_nearer_name_is_refused),
        cmocka_unit_test(the_wrong_rcode_is_refused),
        cmocka_unit_test(an_answer_to_another_question_is_refused),
        cmocka_unit_test(a_zone_without_keys_needs_no_proof_but_has_no_signatures),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
