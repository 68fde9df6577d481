#include "server/answer/place.h"

#include "zone/rrtype.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* A block made by hand, as zones lay them out. */
struct made {
    struct block block;
    uint8_t rest[1000]; /* pointers, then octets */
};

static struct made make(uint16_t type, uint16_t count, const uint16_t *pointers,
                        uint16_t npointers, const char *wire, size_t octets)
{
    struct made made = {.block = {.type = type,
                                  .count = count,
                                  .wire_octets = (uint16_t)octets,
                                  .npointers = npointers}};
    memcpy(made.rest, pointers, 2u * npointers);
    memcpy(made.rest + 2u * npointers, wire, octets);
    return made;
}

#define RR(type, rdlength) "\xc0\x0c\0" type "\0\1\0\0\0\x3c\0" rdlength

/* Owner "b.z." (5 octets; the block is laid out for offset 21): MX 1 m.b.z., MX 2 n.m.b.z. */
static struct made mx(void)
{
    static const uint16_t pointers[] = {16, 34};
    static const char wire[] =
        RR("\x0f", "\6") "\0\1\1m\xc0\x0c" RR("\x0f", "\6") "\0\2\1n\xc0\x23";
    /* the second aims at 35 = 21 + 14, where "m" stands */
    return make(RRTYPE_MX, 2, pointers, 2, wire, sizeof wire - 1);
}

struct message {
    uint8_t octets[65536];
    struct packet p;
    struct name qname;
};

/* A message whose question is `qname` in wire form. */
static struct message *message(const char *qname, size_t octets)
{
    struct message *m = calloc(1, sizeof *m);
    assert_non_null(m);
    m->qname.octets = (uint8_t)octets;
    memcpy(m->qname.wire, qname, octets);
    memcpy(m->octets + 12, qname, octets);
    m->p = (struct packet){.octets = m->octets, .len = (uint32_t)(16 + octets), .limit = 65000};
    return m;
}

static struct owner owner_in(const struct message *m, uint8_t octets, bool wildcard)
{
    return (struct owner){
        .spot = {.name = &m->qname, .at = QNAME_AT}, .octets = octets, .wildcard = wildcard};
}

static void assert_name(const struct message *m, size_t at, const char *wire, size_t octets)
{
    struct name name;
    packet_read_name(&m->p, at, &name);
    assert_int_equal(name.octets, octets);
    assert_memory_equal(name.wire, wire, octets);
}

#define NAME(text) text, sizeof text

static void a_block_after_its_question_is_a_copy(void **state)
{
    (void)state;
    const struct made block = mx();
    struct message *m = message(NAME("\1b\1z"));
    const struct owner owner = owner_in(m, 5, false);
    assert_true(place_block(&m->p, SECTION_ANSWER, &block.block, &owner, PART_RRS));
    assert_memory_equal(m->octets + 21, block_wire(&block.block), block.block.wire_octets);
    assert_int_equal(m->p.count[SECTION_ANSWER], 2);
    free(m);
}

static void a_longer_qname_moves_owners_and_targets(void **state)
{
    (void)state;
    const struct made block = mx();
    struct message *m = message(NAME("\3aaa\1b\1z"));
    const struct owner owner = owner_in(m, 5, false);
    assert_true(place_block(&m->p, SECTION_AUTHORITY, &block.block, &owner, PART_RRS));
    const size_t at = 25;
    assert_name(m, at, NAME("\1b\1z"));
    assert_name(m, at + 14, NAME("\1m\1b\1z"));
    assert_name(m, at + 18, NAME("\1b\1z"));
    assert_name(m, at + 32, NAME("\1n\1m\1b\1z"));
    free(m);
}

static void a_wildcard_becomes_qname(void **state)
{
    (void)state;
    /* Owner "*.z.": MX 1 m.z. */
    static const uint16_t pointers[] = {16};
    static const char wire[] = RR("\x0f", "\6") "\0\1\1m\xc0\x0e";
    const struct made block = make(RRTYPE_MX, 1, pointers, 1, wire, sizeof wire - 1);
    struct message *m = message(NAME("\3aaa\1b\1z"));
    const struct owner owner = owner_in(m, 5, true);
    assert_true(place_block(&m->p, SECTION_ANSWER, &block.block, &owner, PART_RRS));
    assert_name(m, 25, NAME("\3aaa\1b\1z"));
    assert_name(m, 25 + 14, NAME("\1m\1z"));
    free(m);
}

/* An alias's target stands compressed in RDATA: "c" and a pointer to "b.z". */
static void an_owner_in_rdata_is_pointed_to(void **state)
{
    (void)state;
    const struct made block = mx();
    struct message *m = message(NAME("\1q\1b\1z"));
    const uint32_t at = m->p.len;
    memcpy(m->octets + at, "\1c\xc0\x0e", 4);
    m->p.len += 4;
    const struct name target = {.octets = 7, .wire = "\1c\1b\1z"};
    const struct owner owner = {.spot = {.name = &target, .at = at}, .octets = 5};
    assert_true(place_block(&m->p, SECTION_ANSWER, &block.block, &owner, PART_RRS));
    assert_name(m, at + 4, NAME("\1b\1z"));
    assert_name(m, at + 4 + 14, NAME("\1m\1b\1z"));
    assert_name(m, at + 4 + 32, NAME("\1n\1m\1b\1z"));
    free(m);
}

static void beyond_0x3fff_names_are_spelt_out(void **state)
{
    (void)state;
    const struct made block = mx();
    /* Around the limit each pointer in turn stops to reach. */
    for (uint32_t start = 0x3fd0; start < 0x4010; start++) {
        struct message *m = message(NAME("\1b\1z"));
        m->p.len = start;
        const struct owner owner = owner_in(m, 5, false);
        assert_true(place_block(&m->p, SECTION_ANSWER, &block.block, &owner, PART_RRS));
        size_t at = start;
        assert_name(m, at, NAME("\1b\1z"));
        assert_name(m, at + 14, NAME("\1m\1b\1z"));
        at += 12u + wire_get16(m->octets + at + 10);
        assert_name(m, at, NAME("\1b\1z"));
        assert_name(m, at + 14, NAME("\1n\1m\1b\1z"));
        at += 12u + wire_get16(m->octets + at + 10);
        assert_int_equal(m->p.len, at);
        free(m);
    }
}

static void an_owner_beyond_0x3fff_is_spelt_out(void **state)
{
    (void)state;
    const struct made block = mx();
    struct message *m = message(NAME("\1q\1y"));
    const uint32_t at = 0x4000;
    memcpy(m->octets + at, "\1b\1z\0", 5);
    m->p.len = at + 5;
    const struct name target = {.octets = 5, .wire = "\1b\1z"};
    const struct owner owner = {.spot = {.name = &target, .at = at}, .octets = 5};
    assert_true(place_block(&m->p, SECTION_ANSWER, &block.block, &owner, PART_RRS));
    assert_memory_equal(m->octets + at + 5, "\1b\1z\0", 5);
    assert_name(m, at + 5 + 5 + 10 + 2, NAME("\1m\1b\1z"));
    free(m);
}

/* NS block of "b.z.": NS m.b.z., NS b.z.; glue for both. */
static void glue_points_into_the_ns_block(void **state)
{
    (void)state;
    static const uint16_t ns_pointers[] = {14, 28};
    static const char ns_wire[] = RR("\2", "\4") "\1m\xc0\x0c" RR("\2", "\2") "\xc0\x0c";
    static const uint16_t glue_pointers[] = {0, 16};
    static const char glue_wire[] = "\xc0\x21\0\1\0\1\0\0\0\x3c\0\4AAAA"
                                    "\xc0\x31\0\1\0\1\0\0\0\x3c\0\4BBBB";
    const struct made ns = make(RRTYPE_NS, 2, ns_pointers, 2, ns_wire, sizeof ns_wire - 1);
    const struct made glue =
        make(BLOCK_GLUE, 2, glue_pointers, 2, glue_wire, sizeof glue_wire - 1);
    const uint32_t starts[] = {24, 0x1000, 0x3fe0, 0x3ff0, 0x4000};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        struct message *m = message(NAME("\2qq\1b\1z"));
        m->p.len = starts[i];
        const struct owner owner = owner_in(m, 5, false);
        assert_true(place_block(&m->p, SECTION_AUTHORITY, &ns.block, &owner, PART_RRS));
        const size_t at = m->p.len;
        assert_true(place_glue(&m->p, &glue.block, &ns.block, starts[i], &owner));
        assert_int_equal(m->p.count[SECTION_ADDITIONAL], 2);
        assert_name(m, at, NAME("\1m\1b\1z"));
        const size_t second = packet_skip_name(&m->p, at) + 14;
        assert_name(m, second, NAME("\1b\1z"));
        assert_memory_equal(m->octets + packet_skip_name(&m->p, second) + 10, "BBBB", 4);
        free(m);
    }
}

static void what_does_not_fit_leaves_the_packet_as_it_was(void **state)
{
    (void)state;
    const struct made block = mx();
    struct message *m = message(NAME("\1b\1z"));
    const struct owner owner = owner_in(m, 5, false);
    m->p.limit = 21 + block.block.wire_octets - 1u;
    assert_false(place_block(&m->p, SECTION_ANSWER, &block.block, &owner, PART_RRS));
    assert_int_equal(m->p.len, 21);
    assert_int_equal(m->p.count[SECTION_ANSWER], 0);
    m->p.limit++;
    assert_true(place_block(&m->p, SECTION_ANSWER, &block.block, &owner, PART_RRS));
    /* Spelt out it's longer than it was laid out. */
    m->p.len = 0x3ff8;
    m->p.limit = 0x3ff8 + block.block.wire_octets;
    assert_false(place_block(&m->p, SECTION_ANSWER, &block.block, &owner, PART_RRS));
    assert_int_equal(m->p.len, 0x3ff8);
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_after_its_question_is_a_copy),
        cmocka_unit_test(a_longer_qname_moves_owners_and_targets),
        cmocka_unit_test(a_wildcard_becomes_qname),
        cmocka_unit_test(an_owner_in_rdata_is_pointed_to),
        cmocka_unit_test(beyond_0x3fff_names_are_spelt_out),
        cmocka_unit_test(an_owner_beyond_0x3fff_is_spelt_out),
        cmocka_unit_test(glue_points_into_the_ns_block),
        cmocka_unit_test(what_does_not_fit_leaves_the_packet_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
