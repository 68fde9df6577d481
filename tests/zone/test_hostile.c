/* Zone texts that nobody writes in good faith, or only at the limits of the formats: the tests
 * are worth most under ASan and UBSan. */
#include "tests/zone/zone_text.h"
#include "zone/rrtype.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define APEX                                                                                   \
    "@ 3600 SOA ns hostmaster 1 7200 900 1209600 300\n@ 3600 NS ns\nns 3600 A 192.0.2.1\n"
#define NSEC3  "3600 NSEC3 1 0 0 - 00000000000000000000000000000000 A\n"
#define SIGNED " 8 1 3600 20300101000000 20200101000000 1 example. AAAA\n"

static const struct node *node_at(const struct zone *zone, const char *name)
{
    static struct question question;
    char text[5 * NAME_TEXT_MAX];
    snprintf(text, sizeof text, "%s A", name);
    question_init(&question, text, zone);
    zone_find_exact(&question.lookup, 1);
    return question.lookup.node;
}

static void an_apex_of_nsec3_alone_lacks_its_soa(void **state)
{
    (void)state;
    struct zone *zone = NULL;
    assert_string_equal(notes_of_text("example", "@ " NSEC3, &zone),
                        "error: no SOA at the apex, example.\n"
                        "error: no NS at the apex, example.\n");
    assert_null(zone);
    assert_string_equal(notes_of_text("example", "@ " NSEC3 "a 60 A 192.0.2.1\n", &zone),
                        "error: no SOA at the apex, example.\n"
                        "error: no NS at the apex, example.\n");
    assert_null(zone);
    assert_string_equal(notes_of_text("example", "@ 60 RRSIG NSEC3" SIGNED, &zone),
                        "error: no SOA at the apex, example.\n"
                        "error: no NS at the apex, example.\n");
    assert_null(zone);
}

/* `count` labels of `octets` times the character. */
static const char *labels(char text[NAME_TEXT_MAX], char c, unsigned octets, unsigned count)
{
    size_t len = 0;
    for (unsigned i = 0; i < count; i++) {
        memset(text + len, c, octets);
        len += octets;
        text[len++] = '.';
    }
    text[len - 1] = '\0';
    return text;
}

static void the_longest_owners_have_their_nodes(void **state)
{
    (void)state;
    char a[NAME_TEXT_MAX], b[NAME_TEXT_MAX], text[8 * NAME_TEXT_MAX], name[4 * NAME_TEXT_MAX];
    labels(a, 'a', 63, 3);
    labels(b, 'b', 1, 122);
    snprintf(text, sizeof text,
             APEX
             "%.53s.%s A 192.0.2.1\n*.%.51s.%s A 192.0.2.1\n*.%s A 192.0.2.1\nc.%s MX 1 %s\n",
             a, a, a, a, b, b, b);
    struct zone *zone = zone_of_text("example", text);
    snprintf(name, sizeof name, "*.%s.example", b);
    assert_non_null(node_at(zone, name));
    snprintf(name, sizeof name, "*.%.51s.%s.example", a, a);
    assert_non_null(node_at(zone, name));
    snprintf(name, sizeof name, "%.53s.%s.example", a, a);
    assert_non_null(node_at(zone, name));
    zone_free(zone);
}

/* BLOCK_GLUE has the number of type 0, so nothing else may come to a node as that. */
static void signatures_of_type_0_are_no_glue(void **state)
{
    (void)state;
    struct zone *zone = zone_of_text("example", APEX "c NS ns\nc 60 RRSIG TYPE0" SIGNED);
    const struct node *node = node_at(zone, "c.example");
    assert_non_null(node);
    assert_null(node_block(node, BLOCK_GLUE));
    zone_free(zone);
}

/* As many types as there are, and more signatures than a block can count. */
static void a_name_may_have_every_type(void **state)
{
    (void)state;
    const size_t room = 2 << 20;
    char *text = malloc(room);
    assert_non_null(text);
    size_t len = (size_t)snprintf(text, room, APEX);
    unsigned types = 0;
    for (unsigned type = 300; type < 32000; type++, types++)
        len += (size_t)snprintf(text + len, room - len, "x TYPE%u \\# 0\n", type);
    struct zone *zone = zone_of_text("example", text);
    assert_int_equal(node_at(zone, "x.example")->blocks, types);
    zone_free(zone);

    len = (size_t)snprintf(text, room, APEX);
    for (unsigned tag = 0; tag < 256; tag++)
        len += (size_t)snprintf(text + len, room - len,
                                "x RRSIG A 8 1 60 20300101000000 20200101000000 %u a. AAAA\n",
                                tag);
    struct zone *refused = NULL;
    assert_string_equal(notes_of_text("example", text, &refused),
                        "error: the A RRset of x.example., 256 records, is too large for a DNS "
                        "message\n");
    assert_null(refused);
    free(text);
}

/* RFC 4035 section 3.1.3.3 */
static void a_wildcard_that_leaves_no_room_for_its_proof_is_warned_of(void **state)
{
    (void)state;
    enum { FILLS = 306 }; /* 213 octets each */
    static const char signature[] =
        " RRSIG TXT 8 1 60 20300101000000 20200101000000 1 a. AAAA\n";
    const size_t room = 80000;
    char *text = malloc(room);
    assert_non_null(text);
    for (unsigned i = 0; i < 4; i++) {
        const char *owner = i == 0 ? "x" : "*.x";
        size_t len = (size_t)snprintf(text, room, APEX);
        for (unsigned rr = 0; rr < (i == 1 ? FILLS - 4 : FILLS); rr++)
            len += (size_t)snprintf(text + len, room - len, "%s 60 TXT %0200u\n", owner, rr);
        if (i != 2)
            snprintf(text + len, room - len, "%s 60%s", owner, signature);
        assert_string_equal(notes_of_text("example", text, NULL),
                            i < 3 ? ""
                                  : "warning: the TXT RRset of *.x.example., 307 records, "
                                    "leaves no room in a DNS "
                                    "message for the proof that an answer from a wildcard "
                                    "needs (RFC 4035 section "
                                    "3.1.3.3)\n");
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_apex_of_nsec3_alone_lacks_its_soa),
        cmocka_unit_test(the_longest_owners_have_their_nodes),
        cmocka_unit_test(signatures_of_type_0_are_no_glue),
        cmocka_unit_test(a_name_may_have_every_type),
        cmocka_unit_test(a_wildcard_that_leaves_no_room_for_its_proof_is_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
