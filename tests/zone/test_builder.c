#include "tests/zone/zone_text.h"
#include "zone/rrtype.h"
#include "zone/wire.h"

#include <ldns/ldns.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define APEX                                                                                   \
    "@ 3600 SOA ns hostmaster 1 7200 900 1209600 300\n@ 3600 NS ns\nns 3600 A 192.0.2.1\n"

static const struct node *node_at(const struct zone *zone, const char *name)
{
    static struct question question;
    char text[NAME_TEXT_MAX + 8];
    snprintf(text, sizeof text, "%s A", name);
    question_init(&question, text, zone);
    zone_find_exact(&question.lookup, 1);
    return question.lookup.node;
}

/* What ldns reads where the blocks given stand after the question that they are laid out for;
 * for as long as the next call. */
static const char *read_blocks(const struct zone *zone, const struct node *node,
                               const struct block *answer, const struct block *glue)
{
    static uint8_t message[65535];
    struct name owner;
    zone_owner(zone, node, &owner);
    memset(message, 0, 12);
    size_t len = 12;
    message[5] = 1;
    memcpy(message + len, owner.wire, owner.octets);
    len += owner.octets;
    wire_put16(message + len, RRTYPE_A);
    wire_put16(message + len + 2, 1);
    len += 4;
    const struct block *block = glue != NULL ? glue : answer;
    if (glue != NULL) {
        /* Its pointers aim into the NS block, which stands right after the question; so it
         * comes next, and the pointers need no change. */
        memcpy(message + len, block_wire(answer), answer->wire_octets);
        len += answer->wire_octets;
        wire_put16(message + 6, answer->count);
        memcpy(message + len, block_wire(glue), glue->wire_octets);
        len += glue->wire_octets;
        wire_put16(message + 10, glue->count);
    } else {
        const size_t octets = (size_t)block->wire_octets + block->sig_octets;
        memcpy(message + len, block_wire(block), octets);
        len += octets;
        wire_put16(message + 6, (uint16_t)(block->count + block->sig_count));
    }
    ldns_pkt *packet = NULL;
    assert_int_equal(ldns_wire2pkt(&packet, message, len), LDNS_STATUS_OK);
    static char text[1 << 20];
    const ldns_rr_list *list =
        glue != NULL ? ldns_pkt_additional(packet) : ldns_pkt_answer(packet);
    text[0] = '\0';
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        char *rr = ldns_rr2str(ldns_rr_list_rr(list, i));
        for (char *tab = rr; (tab = strchr(tab, '\t')) != NULL;)
            *tab = ' ';
        strncat(text, rr, sizeof text - strlen(text) - 1);
        free(rr);
    }
    ldns_pkt_free(packet);
    return text;
}

static const char *read_rrset(const struct zone *zone, const char *name, uint16_t type)
{
    const struct node *node = node_at(zone, name);
    assert_non_null(node);
    const struct block *block = node_block(node, type);
    assert_non_null(block);
    return read_blocks(zone, node, block, NULL);
}

static void blocks_are_right_for_a_question_of_their_owner(void **state)
{
    (void)state;
    struct zone *zone =
        zone_of_text("example", APEX "mail MX 10 a.mail\nmail MX 20 b.mail\nmail MX 30 Mail\n"
                                     "mail MX 40 far.a.other.\nmail MX 50 near.a.other.\n"
                                     "*.w MX 1 x.*.w\n_s._tcp SRV 1 2 3 ns\n");
    assert_string_equal(read_rrset(zone, "mail.example", RRTYPE_MX),
                        "mail.example. 3600 IN MX 10 a.mail.example.\n"
                        "mail.example. 3600 IN MX 20 b.mail.example.\n"
                        "mail.example. 3600 IN MX 30 Mail.example.\n"
                        "mail.example. 3600 IN MX 40 far.a.other.\n"
                        "mail.example. 3600 IN MX 50 near.a.other.\n");
    assert_string_equal(
        read_rrset(zone, "example", RRTYPE_SOA),
        "example. 3600 IN SOA ns.example. hostmaster.example. 1 7200 900 1209600 "
        "300\n");
    assert_string_equal(read_rrset(zone, "*.w.example", RRTYPE_MX),
                        "*.w.example. 3600 IN MX 1 x.*.w.example.\n");
    assert_string_equal(read_rrset(zone, "_s._tcp.example", RRTYPE_SRV),
                        "_s._tcp.example. 3600 IN SRV 1 2 3 ns.example.\n");
    zone_free(zone);
}

/* RFC 3597 section 4: names in RDATA of newer types are not compressed. */
static void only_types_of_rfc_1035_are_compressed(void **state)
{
    (void)state;
    struct zone *zone = zone_of_text("example", APEX "s SRV 1 2 3 s\nm MX 1 m\nd DNAME d.d\n");
    assert_int_equal(node_block(node_at(zone, "s.example"), RRTYPE_SRV)->npointers, 0);
    assert_int_equal(node_block(node_at(zone, "d.example"), RRTYPE_DNAME)->npointers, 0);
    const struct block *mx = node_block(node_at(zone, "m.example"), RRTYPE_MX);
    assert_int_equal(mx->npointers, 1);
    assert_int_equal(mx->wire_octets, 12 + 2 + 2);
    zone_free(zone);
}

/* Other labels stand in the asterisk's place when it is used, so no pointer may aim at it. */
static void no_pointer_aims_at_the_asterisk_of_a_wildcard(void **state)
{
    (void)state;
    struct zone *zone = zone_of_text("example", APEX "*.w MX 1 *.w\n");
    const struct block *mx = node_block(node_at(zone, "*.w.example"), RRTYPE_MX);
    assert_int_equal(mx->npointers, 1);
    const uint16_t pointer = wire_get16(block_wire(mx) + block_pointers(mx)[0]);
    assert_int_equal(pointer, 0xc000 | (12 + 2));
    zone_free(zone);
}

static void glue_follows_its_name_servers(void **state)
{
    (void)state;
    struct zone *zone = zone_of_text(
        "example", APEX "child NS a.child\nchild NS b.child\nchild NS child\nchild NS ns\n"
                        "child NS x.other.\na.child A 192.0.2.2\na.child AAAA 2001:db8::2\n"
                        "b.child A 192.0.2.3\nchild A 192.0.2.4\n");
    const struct node *node = node_at(zone, "child.example");
    assert_int_equal(node->flags, NODE_CUT);
    const struct block *ns = node_block(node, RRTYPE_NS);
    assert_int_equal(ns->flags, BLOCK_SIBLING | BLOCK_IN_DOMAIN);
    const struct block *glue = block_next(ns);
    assert_int_equal(glue->type, BLOCK_GLUE);
    assert_string_equal(read_blocks(zone, node, ns, glue),
                        "a.child.example. 3600 IN A 192.0.2.2\n"
                        "a.child.example. 3600 IN AAAA 2001:db8::2\n"
                        "b.child.example. 3600 IN A 192.0.2.3\n"
                        "child.example. 3600 IN A 192.0.2.4\n");
    zone_free(zone);
}

/* Signatures are the tail of what they cover: without DO a block is a prefix of itself. */
static void signatures_are_the_tail_of_their_rrset(void **state)
{
    (void)state;
    struct zone *zone = zone_of_text(
        "example", APEX
        "a 60 A 192.0.2.7\na 300 RRSIG A 8 2 60 20300101000000 20250101000000 1 example. AAAA\n"
        "a 60 A 192.0.2.8\n");
    const struct block *block = node_block(node_at(zone, "a.example"), RRTYPE_A);
    assert_int_equal(block->count, 2);
    assert_int_equal(block->sig_count, 1);
    assert_int_equal(block->wire_octets, 2 * 16);
    assert_null(node_block(node_at(zone, "a.example"), RRTYPE_RRSIG));
    assert_string_equal(
        read_rrset(zone, "a.example", RRTYPE_A),
        "a.example. 60 IN A 192.0.2.7\n"
        "a.example. 60 IN A 192.0.2.8\n"
        "a.example. 60 IN RRSIG A 8 2 60 20300101000000 20250101000000 1 example. "
        "AAAA\n");
    zone_free(zone);
}

/* RFC 5155 section 7.2.8: owners of NSEC3 are no names of the zone. */
static void nsec3_owners_have_a_trie_of_their_own(void **state)
{
    (void)state;
    struct zone *zone = zone_of_text(
        "example", APEX
        "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom NSEC3 1 1 0 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr A\n"
        "@ NSEC3PARAM 1 0 0 -\n");
    assert_null(node_at(zone, "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example"));
    assert_int_not_equal(zone->version.nsec3_root, 0);
    zone_free(zone);
}

static void owners_know_what_stands_above_them(void **state)
{
    (void)state;
    struct zone *zone = zone_of_text(
        "example", APEX "child NS x.\na.b.child A 192.0.2.1\nd DNAME x.\na.d A 192.0.2.1\n"
                        "*.w A 192.0.2.1\na.b.c A 192.0.2.1\nalias CNAME x.\n");
    static const struct {
        const char *name;
        unsigned flags;
    } expected[] = {
        {"example", NODE_APEX},
        {"child.example", NODE_CUT},
        {"b.child.example", NODE_BELOW_CUT | NODE_EMPTY},
        {"a.b.child.example", NODE_BELOW_CUT},
        {"d.example", NODE_DNAME},
        {"a.d.example", NODE_BELOW_DNAME},
        {"w.example", NODE_EMPTY | NODE_WILDCARD_CHILD},
        {"*.w.example", 0},
        {"c.example", NODE_EMPTY},
        {"b.c.example", NODE_EMPTY},
        {"a.b.c.example", 0},
        {"alias.example", NODE_CNAME},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        const struct node *node = node_at(zone, expected[i].name);
        assert_non_null(node);
        assert_int_equal(node->flags, expected[i].flags);
    }
    zone_free(zone);
}

static void records_may_come_in_any_order(void **state)
{
    (void)state;
    struct zone *sorted =
        zone_of_text("example", APEX "a A 192.0.2.1\na A 192.0.2.2\nb A 192.0.2.3\n"
                                     "c.b A 192.0.2.4\n");
    struct zone *shuffled = zone_of_text(
        "example", "c.b 3600 A 192.0.2.4\nns 3600 A 192.0.2.1\na 3600 A 192.0.2.2\n"
                   "b 3600 A 192.0.2.3\n@ 3600 NS ns\nA 3600 A 192.0.2.1\n"
                   "@ 3600 SOA ns hostmaster 1 7200 900 1209600 300\n");
    assert_int_equal(sorted->arena.used, shuffled->arena.used);
    assert_memory_equal(sorted->arena.base, shuffled->arena.base, sorted->arena.used);
    zone_free(sorted);
    zone_free(shuffled);
}

/* Owners whose keys begin alike, and many of them, in an order as bad as can be. */
static void a_shuffled_zone_is_the_same_zone(void **state)
{
    (void)state;
    enum { NAMES = 20000 };
    char *sorted_text = malloc(NAMES * 64 + 200), *shuffled_text = malloc(NAMES * 64 + 200);
    assert_non_null(sorted_text);
    assert_non_null(shuffled_text);
    size_t sorted_len = (size_t)sprintf(sorted_text, "%s", APEX);
    size_t shuffled_len = (size_t)sprintf(shuffled_text, "%s", APEX);
    for (unsigned i = 0; i < NAMES; i++) {
        const unsigned j = (unsigned)((uint64_t)i * 7919 % NAMES);
        const char *format = "%s-long-label-%05u 60 A 10.0.%u.%u\n";
        sorted_len += (size_t)sprintf(sorted_text + sorted_len, format, i % 2 ? "b" : "a", i,
                                      i / 250, i % 250);
        shuffled_len += (size_t)sprintf(shuffled_text + shuffled_len, format, j % 2 ? "b" : "a",
                                        j, j / 250, j % 250);
    }
    struct zone *sorted = zone_of_text("example", sorted_text);
    struct zone *shuffled = zone_of_text("example", shuffled_text);
    assert_int_equal(sorted->names, NAMES + 2);
    assert_int_equal(sorted->arena.used, shuffled->arena.used);
    assert_memory_equal(sorted->arena.base, shuffled->arena.base, sorted->arena.used);
    assert_non_null(node_at(sorted, "b-long-label-19999.example"));
    zone_free(sorted);
    zone_free(shuffled);
    free(sorted_text);
    free(shuffled_text);
}

/* Delegations with glue, of a builder that is watched. */
struct watched {
    struct builder *builder;
    size_t most; /* octets that it held */
};

static bool look(void *context)
{
    struct watched *watched = context;
    const size_t octets = builder_octets(watched->builder);
    if (octets > watched->most)
        watched->most = octets;
    return false;
}

static void add_text(struct builder *builder, const struct name *apex, const char *owner,
                     uint16_t type, const uint8_t *rdata, size_t octets)
{
    struct name name;
    assert_int_equal(name_from_text(&name, owner, strlen(owner), apex, NULL), NAME_OK);
    assert_int_equal(
        builder_add(builder, &name, type, 60, rdata, (uint16_t)octets, (struct place){0}), 0);
}

static struct zone *build_delegations(unsigned names, unsigned stride, size_t *most)
{
    static const uint8_t soa[] = "\0\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5";
    struct name apex, server;
    assert_int_equal(name_from_string(&apex, "example"), NAME_OK);
    struct watched watched = {.builder = builder_new(&apex)};
    struct builder *builder = watched.builder;
    assert_non_null(builder);
    builder_watch(builder, look, &watched);
    add_text(builder, &apex, "example.", RRTYPE_SOA, soa, 22);
    add_text(builder, &apex, "example.", RRTYPE_NS, soa, 1);
    for (unsigned i = 0; i < names; i++) {
        char text[64];
        snprintf(text, sizeof text, "delegation-%06u",
                 (unsigned)((uint64_t)i * stride % names));
        for (unsigned host = 1; host <= 2; host++) {
            char target[80];
            snprintf(target, sizeof target, "ns%u.%s", host, text);
            assert_int_equal(name_from_text(&server, target, strlen(target), &apex, NULL),
                             NAME_OK);
            add_text(builder, &apex, text, RRTYPE_NS, server.wire, server.octets);
        }
        for (unsigned host = 1; host <= 2; host++) {
            char target[80];
            snprintf(target, sizeof target, "ns%u.%s", host, text);
            add_text(builder, &apex, target, RRTYPE_A, (const uint8_t[]){10, 0, 0, 1}, 4);
        }
    }
    look(&watched);
    struct notes notes;
    struct zone *zone = NULL;
    notes_init(&notes);
    assert_int_equal(builder_finish(builder, &zone, &notes), 0);
    assert_int_equal(notes.warnings, 0);
    notes_fini(&notes);
    builder_free(builder);
    *most = watched.most;
    return zone;
}

/* What a zone takes while it's built is what it takes then: so a server needs room for two versions. Of records in no
 * order a part must be left over before its memory goes back. */
static void building_takes_no_more_memory_than_the_zone(void **state)
{
    (void)state;
    enum { NAMES = 150000 };
    size_t most, most_shuffled;
    struct zone *zone = build_delegations(NAMES, 1, &most);
    struct zone *shuffled = build_delegations(NAMES, 7919, &most_shuffled);
    assert_in_range(zone_octets(zone), 30000000, 60000000);
    assert_in_range(most, zone_octets(zone) / 2, zone_octets(zone));
    assert_in_range(most_shuffled, zone_octets(zone) / 2, zone_octets(zone) / 10 * 11);
    assert_int_equal(zone->arena.used, shuffled->arena.used);
    assert_memory_equal(zone->arena.base, shuffled->arena.base, zone->arena.used);
    zone_free(zone);
    zone_free(shuffled);
}

static void a_zone_knows_its_soa(void **state)
{
    (void)state;
    struct zone *zone = zone_of_text(
        "example", "@ 200 SOA a b 4000000000 2 3 4 100\n@ 60 NS x.\nq 60 A 192.0.2.1\n");
    assert_int_equal(zone->version.serial, 4000000000U);
    assert_int_equal(zone->refresh, 2);
    assert_int_equal(zone->retry, 3);
    assert_int_equal(zone->expire, 4);
    assert_int_equal(zone->negative_ttl, 100);
    assert_int_equal(zone->names, 2);
    assert_int_equal(zone->rrs, 3);
    zone_free(zone);
}

/* The first note of a zone, as it's shown. */
static void assert_shown(const char *text, const char *expected)
{
    struct notes notes;
    notes_init(&notes);
    const struct name apex = name_of("example");
    struct zone *zone = NULL;
    zonefile_parse(&zone, "test", text, strlen(text), &apex, &notes);
    assert_true(notes.count > 0);
    char shown[1024];
    note_render(&notes.note[0], shown, sizeof shown);
    assert_string_equal(shown, expected);
    notes_fini(&notes);
    zone_free(zone);
}

static void a_mistake_is_shown_at_the_record_that_came_last(void **state)
{
    (void)state;
    assert_shown(APEX "a DNAME y.\na DNAME x.\n",
                 "test:5:1: error: a.example. has more than one DNAME\n  a DNAME x.\n  ^");
    assert_shown(APEX "@ SOA a b 1 2 3 4 5\n", "test:4:1: error: a second SOA at the apex, "
                                               "example.\n  @ SOA a b 1 2 3 4 5\n  ^");
}

/* Servers are looked for when the zone is finished and its records are gone. */
static void a_server_without_address_is_shown_at_its_record(void **state)
{
    (void)state;
    struct notes notes;
    notes_init(&notes);
    const struct name apex = name_of("example");
    const char *text = APEX "$GENERATE 1-3 g$ NS nowhere\n"
                            "d NS ns.d\nd NS ns\n\nns.d A 192.0.2.1\n"
                            "c NS ns.d\n  NS a.c\n"
                            "b MX 10 al\nal CNAME b\n";
    struct zone *zone = NULL;
    assert_int_equal(zonefile_parse(&zone, "test", text, strlen(text), &apex, &notes), 0);
    static const struct {
        uint32_t line, column;
        const char *message;
    } expected[] = {
        {11, 1, "MX refers to al.example., which is an alias (RFC 2181 section 10.3)"},
        {10, 3, "name server a.c.example. is in this zone but has no address here"},
        {4, 1, "name server nowhere.example. is in this zone but has no address here"},
        {4, 1, "name server nowhere.example. is in this zone but has no address here"},
        {4, 1, "name server nowhere.example. is in this zone but has no address here"},
    };
    assert_int_equal(notes.count, sizeof expected / sizeof *expected);
    for (size_t i = 0; i < notes.count; i++) {
        assert_string_equal(notes.note[i].message, expected[i].message);
        assert_int_equal(notes.note[i].line, expected[i].line);
        assert_int_equal(notes.note[i].column, expected[i].column);
    }
    notes_fini(&notes);
    zone_free(zone);
}

static void what_a_zone_lacks_is_shown_with_its_file(void **state)
{
    (void)state;
    assert_shown("", "test: error: no SOA at the apex, example.");
}

static const struct {
    const char *text, *notes;
} checks[] = {
    /* RFC 1035 section 5.2 */
    {"", "error: no SOA at the apex, example.\nerror: no NS at the apex, example.\n"},
    {"@ 60 NS x.\n", "error: no SOA at the apex, example.\n"},
    {"@ 60 SOA a b 1 2 3 4 5\n", "error: no NS at the apex, example.\n"},
    {APEX "@ SOA ns hostmaster 2 2 3 4 5\n", "error: a second SOA at the apex, example.\n"},
    {APEX "a SOA a b 1 2 3 4 5\n",
     "error: SOA below the apex, at a.example.: it begins another zone\n"},
    /* RFC 1034 section 3.6.2 */
    {APEX "a CNAME x.\na CNAME y.\n", "error: a.example. has more than one CNAME\n"},
    {APEX "a CNAME x.\na A 192.0.2.1\n",
     "error: a.example. has a CNAME, so it can't have A as well\n"},
    /* RFC 4035 section 2.5 */
    {APEX "a CNAME x.\na NSEC b CNAME NSEC\n", ""},
    /* RFC 6672 sections 2.3 and 2.4 */
    {APEX "a DNAME x.\na DNAME y.\n", "error: a.example. has more than one DNAME\n"},
    {APEX "a DNAME x.\na NS y.\n",
     "error: a.example. has a DNAME and NS, which only the apex may have together\n"},
    {APEX "@ DNAME x.\n",
     "warning: ns.example. A is hidden by the DNAME above it: it will never be an answer\n"},
    {APEX "a DNAME x.\nb.a TXT x\n",
     "warning: b.a.example. TXT is hidden by the DNAME above it: it will never be an answer\n"},
    {APEX "*.a DNAME x.\n", "warning: a DNAME at a wildcard redirects nothing: *.a.example.\n"},
    {APEX "*.a NS x.\n", "warning: NS at a wildcard delegates nothing: *.a.example.\n"},
    /* RFC 2181 section 5 */
    {APEX "a 60 A 192.0.2.1\na 50 A 192.0.2.2\n",
     "warning: TTL 60 differs from others of its A RRset: the lowest is used\n"},
    {APEX "a A 192.0.2.1\nA A 192.0.2.1\n", "warning: duplicate A record dropped\n"},
    {APEX "a NS B.x.\na NS b.X.\n", "warning: duplicate NS record dropped\n"},
    {APEX "a MX 1 B.x.\na MX 1 b.X.\na MX 65 x.\na MX 97 x.\n",
     "warning: duplicate MX record dropped\n"},
    {APEX "a TXT b\na TXT B\n", ""},
    /* RFC 1912 section 2.8, RFC 2181 section 10.3 */
    {APEX "child NS a.child\n",
     "warning: name server a.child.example. is in this zone but has no address here\n"},
    {APEX "child NS a.b\na.b TXT x\n",
     "warning: name server a.b.example. is in this zone but has no address here\n"},
    {APEX "child NS a.child\na.child AAAA 2001:db8::1\n", ""},
    {APEX "child NS a.other.\n", ""},
    {APEX "child NS al\nal CNAME ns\n",
     "warning: NS refers to al.example., which is an alias (RFC 2181 section 10.3)\n"},
    {APEX "a MX 1 al\nal CNAME ns\n",
     "warning: MX refers to al.example., which is an alias (RFC 2181 section 10.3)\n"},
    /* RFC 5155 section 10.3 */
    {APEX
     "@ NSEC3PARAM 1 0 2501 -\n"
     "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom NSEC3 1 0 2501 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr A\n",
     "error: NSEC3 with 2501 iterations: more than 2500 were never allowed (RFC 5155 section "
     "10.3), and a question would cost milliseconds\n"},
    /* RFC 1034 section 4.2.1 */
    {APEX "child NS x.\nchild TXT x\n", "warning: child.example. TXT is hidden by the "
                                        "delegation at it: it will never be an answer\n"},
    {APEX "child NS x.\na.child TXT x\na.child A 192.0.2.1\n",
     "warning: a.child.example. TXT is hidden by the delegation above it: it will never be an "
     "answer\n"},
};

static void what_is_no_zone_is_refused_and_what_is_odd_is_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        const char *notes = notes_of_text("example", checks[i].text, NULL);
        if (strcmp(notes, checks[i].notes) != 0)
            fail_msg("%s\ngives:\n%s\nnot:\n%s", checks[i].text, notes, checks[i].notes);
    }
}

static void an_rrset_beyond_a_message_is_refused(void **state)
{
    (void)state;
    static char text[400000];
    size_t len = (size_t)sprintf(text, "%s", APEX);
    for (unsigned i = 0; i < 5000; i++)
        len += (size_t)sprintf(text + len, "big A 10.0.%u.%u\n", i / 250, i % 250);
    const char *notes = notes_of_text("example", text, NULL);
    assert_string_equal(notes,
                        "error: the A RRset of big.example., 5000 records, is too large for a "
                        "DNS message\n");
}

static void the_largest_rrsets_keep_their_pointers_in_reach(void **state)
{
    (void)state;
    static char text[400000];
    size_t len = (size_t)sprintf(text, "%s", APEX);
    for (unsigned i = 0; i < 1500; i++)
        len += (size_t)sprintf(text + len, "big NS host-%u.somewhere-%u.else.\n", i, i % 40);
    struct zone *zone = zone_of_text("example", text);
    const char *read = read_rrset(zone, "big.example", RRTYPE_NS);
    assert_non_null(strstr(read, "host-1499.somewhere-19.else.\n"));
    zone_free(zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_right_for_a_question_of_their_owner),
        cmocka_unit_test(only_types_of_rfc_1035_are_compressed),
        cmocka_unit_test(no_pointer_aims_at_the_asterisk_of_a_wildcard),
        cmocka_unit_test(glue_follows_its_name_servers),
        cmocka_unit_test(signatures_are_the_tail_of_their_rrset),
        cmocka_unit_test(nsec3_owners_have_a_trie_of_their_own),
        cmocka_unit_test(owners_know_what_stands_above_them),
        cmocka_unit_test(records_may_come_in_any_order),
        cmocka_unit_test(a_shuffled_zone_is_the_same_zone),
        cmocka_unit_test(building_takes_no_more_memory_than_the_zone),
        cmocka_unit_test(a_zone_knows_its_soa),
        cmocka_unit_test(what_is_no_zone_is_refused_and_what_is_odd_is_said),
        cmocka_unit_test(a_mistake_is_shown_at_the_record_that_came_last),
        cmocka_unit_test(a_server_without_address_is_shown_at_its_record),
        cmocka_unit_test(what_a_zone_lacks_is_shown_with_its_file),
        cmocka_unit_test(an_rrset_beyond_a_message_is_refused),
        cmocka_unit_test(the_largest_rrsets_keep_their_pointers_in_reach),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
