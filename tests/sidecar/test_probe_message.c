/* test_probe_message.c -- which answers count */
#include "server/sidecar/probe_message.h"
#include "zone/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
/* cmocka wants the three above */
#include <cmocka.h>

static const uint8_t qname[] = "\7example\3com";
static const uint8_t instance[INSTANCE_OCTETS] = "0123456789abcdef";

struct message {
    uint8_t octets[512];
    size_t len;
};

static struct message query(void)
{
    struct message m;
    m.len = probe_query(m.octets, 0x1234, qname, sizeof(qname));
    return m;
}

/* The answer of a server with RCODE `rcode`, one RR in the answer section, and `data` in the option. */
static struct message answer(uint8_t rcode, const uint8_t *data, size_t octets)
{
    static const uint8_t rr[] = {0xc0, 12, 0, 6, 0, 1, 0, 0, 0, 0, 0, 2, 1, 2};
    const struct message q = query();
    struct message m = {.len = q.len - 15};
    memcpy(m.octets, q.octets, m.len);
    m.octets[2] = 0x84;
    m.octets[3] = rcode;
    m.octets[7] = 1;
    memcpy(m.octets + m.len, rr, sizeof(rr));
    m.len += sizeof(rr);
    uint8_t *opt = m.octets + m.len;
    memcpy(opt, q.octets + q.len - 15, 15);
    wire_put16(opt + 9, (uint16_t)(4 + octets));
    wire_put16(opt + 13, (uint16_t)octets);
    memcpy(opt + 15, data, octets);
    m.len += 15 + octets;
    return m;
}

static enum probe_answer read_answer(const struct message *m)
{
    const struct message q = query();
    return probe_answer_read(m->octets, m->len, q.octets, q.len, instance);
}

/* RFC 1035 section 4.1, RFC 6891 section 6.1 */
static void a_query_asks_for_the_soa_and_for_the_instance(void **state)
{
    (void)state;
    static const uint8_t expected[] = {
        0x12, 0x34, 0,   0,    0,    1,   0,   0,   0, 0,   0,   1, /* header */
        7,    'e',  'x', 'a',  'm',  'p', 'l', 'e', 3, 'c', 'o', 'm',  0,    0, 6,
        0,    1,                                                                    /* SOA IN */
        0,    0,    41,  0x04, 0xd0, 0,   0,   0,   0, 0,   4,   0xfe, 0x31, 0, 0}; /* OPT */
    const struct message q = query();
    assert_int_equal(q.len, sizeof(expected));
    assert_memory_equal(q.octets, expected, sizeof(expected));
}

static void an_answer_with_the_instance_counts_whatever_its_rcode_but_servfail(void **state)
{
    (void)state;
    for (uint8_t rcode = 0; rcode < 16; rcode++) {
        const struct message m = answer(rcode, instance, sizeof(instance));
        assert_int_equal(read_answer(&m),
                         rcode == 2 ? PROBE_ANSWER_SERVFAIL : PROBE_ANSWER_WELL);
    }
}

/* RFC 8914 section 4.15; in either order, since a server's own is none of ours */
static void servfail_of_a_zone_that_is_not_loaded_is_told_apart(void **state)
{
    (void)state;
    static const struct {
        uint8_t rcode, ede, octets;
        enum probe_answer is;
    } table[] = {
        {2, 14, 2, PROBE_ANSWER_NOT_LOADED}, {2, 0, 2, PROBE_ANSWER_SERVFAIL},
        {2, 24, 2, PROBE_ANSWER_SERVFAIL},   {2, 14, 1, PROBE_ANSWER_SERVFAIL},
        {2, 14, 3, PROBE_ANSWER_SERVFAIL}, /* longer than what's there */
        {0, 14, 2, PROBE_ANSWER_WELL},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const uint8_t ede[] = {0, 15, 0, table[i].octets, 0, table[i].ede};
        struct message m = answer(table[i].rcode, instance, sizeof(instance));
        uint8_t *opt = m.octets + m.len - sizeof(instance) - 15;
        wire_put16(opt + 9, (uint16_t)(4 + sizeof(instance) + sizeof(ede)));
        memcpy(m.octets + m.len, ede, sizeof(ede));
        m.len += sizeof(ede);
        assert_int_equal(read_answer(&m), table[i].is);
        memmove(opt + 11 + sizeof(ede), opt + 11, 4 + sizeof(instance));
        memcpy(opt + 11, ede, sizeof(ede));
        if (table[i].octets == 2)
            assert_int_equal(read_answer(&m), table[i].is);
    }
}

static void an_answer_of_another_instance_or_of_none_is_a_strangers(void **state)
{
    (void)state;
    struct message m = answer(0, (const uint8_t *)"another instance", INSTANCE_OCTETS);
    assert_int_equal(read_answer(&m), PROBE_ANSWER_STRANGER);
    m = answer(0, instance, INSTANCE_OCTETS - 1);
    assert_int_equal(read_answer(&m), PROBE_ANSWER_STRANGER);
    m = answer(0, instance, INSTANCE_OCTETS);
    m.octets[11] = 0; /* ARCOUNT: the OPT isn't there */
    assert_int_equal(read_answer(&m), PROBE_ANSWER_STRANGER);
}

static void what_does_not_belong_to_the_query_is_passed_over(void **state)
{
    (void)state;
    static const size_t spoiled[] = {0, 1, 5, 13, 28};
    for (size_t i = 0; i < sizeof(spoiled) / sizeof(spoiled[0]); i++) {
        struct message m = answer(0, instance, sizeof(instance));
        m.octets[spoiled[i]] ^= 0x40;
        assert_int_equal(read_answer(&m), PROBE_ANSWER_OTHER);
    }
    struct message echo = query();
    assert_int_equal(read_answer(&echo), PROBE_ANSWER_OTHER);
}

static void an_answer_cut_off_anywhere_never_counts(void **state)
{
    (void)state;
    const struct message whole = answer(0, instance, sizeof(instance));
    for (size_t len = 0; len < whole.len; len++) {
        uint8_t *exact = malloc(len + 1); /* so that a read past the end is seen */
        assert_non_null(exact);
        memcpy(exact, whole.octets, len);
        const struct message q = query();
        const enum probe_answer got = probe_answer_read(exact, len, q.octets, q.len, instance);
        assert_int_not_equal(got, PROBE_ANSWER_WELL);
        free(exact);
    }
}

static void counts_that_lie_end_with_the_message(void **state)
{
    (void)state;
    struct message m = answer(0, (const uint8_t *)"another instance", INSTANCE_OCTETS);
    memset(m.octets + 6, 0xff, 6);
    assert_int_equal(read_answer(&m), PROBE_ANSWER_STRANGER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_asks_for_the_soa_and_for_the_instance),
        cmocka_unit_test(an_answer_with_the_instance_counts_whatever_its_rcode_but_servfail),
        cmocka_unit_test(servfail_of_a_zone_that_is_not_loaded_is_told_apart),
        cmocka_unit_test(an_answer_of_another_instance_or_of_none_is_a_strangers),
        cmocka_unit_test(what_does_not_belong_to_the_query_is_passed_over),
        cmocka_unit_test(an_answer_cut_off_anywhere_never_counts),
        cmocka_unit_test(counts_that_lie_end_with_the_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
