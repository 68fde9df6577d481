#include "tests/zone/zone_text.h"
#include "zone/rrtype.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char zone_text[] =
    "@              3600 SOA ns hostmaster 1 7200 900 1209600 300\n"
    "@              3600 NS  ns\n"
    "ns             3600 A   192.0.2.1\n"
    "alias          3600 CNAME ns\n"
    "child          3600 NS  ns.child\n"
    "child          3600 DS  1 8 2 "
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
    "ns.child       3600 A   192.0.2.2\n"
    "deep.below.child 3600 TXT hidden\n"
    "a.b.c          3600 TXT non-terminals\n"
    "dn             3600 DNAME other.test.\n"
    "dn             3600 TXT beside\n"
    "x.dn           3600 TXT hidden\n"
    "*.wild         3600 TXT synthesised\n"
    "*.wild         3600 MX  1 ns\n"
    "sub.wild       3600 TXT real\n"
    "*.sub.sub.wild 3600 CNAME ns\n"
    "*.ent          3600 A 192.0.2.9\n"
    "x.*.ent        3600 A 192.0.2.8\n";

static const struct {
    const char *question, *outcome, *node;
} expectations[] = {
    /* RFC 1034 section 4.3.2, step 3a */
    {"ns.example. A", "answer", "ns.example."},
    {"example. SOA", "answer", "example."},
    {"ns.example. AAAA", "nodata", "ns.example."},
    {"example. TXT", "nodata", "example."},
    {"ns.example. ANY", "answer", "ns.example."},
    {"alias.example. A", "cname", "alias.example."},
    {"alias.example. CNAME", "answer", "alias.example."},
    {"alias.example. ANY", "answer", "alias.example."},
    {"below.ns.example. A", "nxdomain", "ns.example."},
    {"nothing.example. A", "nxdomain", "example."},
    {"nz.example. A", "nxdomain", "example."},
    {"n.example. A", "nxdomain", "example."},
    {"nss.example. A", "nxdomain", "example."},
    /* step 3b; DS is the parent's (RFC 4035 section 3.1.4.1) */
    {"child.example. A", "referral", "child.example."},
    {"child.example. NS", "referral", "child.example."},
    {"child.example. DS", "answer", "child.example."},
    {"ns.child.example. A", "referral", "child.example."},
    {"ns.child.example. DS", "referral", "child.example."},
    {"x.ns.child.example. A", "referral", "child.example."},
    {"deep.below.child.example. TXT", "referral", "child.example."},
    {"below.child.example. A", "referral", "child.example."},
    {"other.child.example. A", "referral", "child.example."},
    /* Empty non-terminals exist: RFC 4592 section 2.2.2, RFC 8020 */
    {"c.example. A", "nodata", "c.example."},
    {"b.c.example. A", "nodata", "b.c.example."},
    {"b.c.example. ANY", "nodata", "b.c.example."},
    {"a.b.c.example. TXT", "answer", "a.b.c.example."},
    {"z.b.c.example. TXT", "nxdomain", "b.c.example."},
    {"z.c.example. TXT", "nxdomain", "c.example."},
    {"y.z.c.example. TXT", "nxdomain", "c.example."},
    /* RFC 6672 section 2.3 */
    {"dn.example. TXT", "answer", "dn.example."},
    {"dn.example. A", "nodata", "dn.example."},
    {"dn.example. DNAME", "answer", "dn.example."},
    {"x.dn.example. TXT", "dname", "dn.example."},
    {"y.x.dn.example. TXT", "dname", "dn.example."},
    {"q.dn.example. A", "dname", "dn.example."},
    /* RFC 4592 section 2.2.1: what exists blocks synthesis */
    {"a.wild.example. TXT", "wildcard answer", "*.wild.example."},
    {"a.b.wild.example. TXT", "wildcard answer", "*.wild.example."},
    {"a.wild.example. A", "wildcard nodata", "*.wild.example."},
    {"a.wild.example. ANY", "wildcard answer", "*.wild.example."},
    {"*.wild.example. TXT", "answer", "*.wild.example."},
    {"x.*.wild.example. TXT", "nxdomain", "*.wild.example."},
    {"wild.example. TXT", "nodata", "wild.example."},
    {"sub.wild.example. TXT", "answer", "sub.wild.example."},
    {"sub.wild.example. MX", "nodata", "sub.wild.example."},
    {"x.sub.wild.example. TXT", "nxdomain", "sub.wild.example."},
    {"x.sub.sub.wild.example. A", "wildcard cname", "*.sub.sub.wild.example."},
    {"x.sub.sub.wild.example. CNAME", "wildcard answer", "*.sub.sub.wild.example."},
    {"q.ent.example. A", "wildcard answer", "*.ent.example."},
    {"x.*.ent.example. A", "answer", "x.*.ent.example."},
    {"y.*.ent.example. A", "nxdomain", "*.ent.example."},
};

static const char *text_of(const struct lookup *lookup)
{
    static const char *const words[] = {"no zone", "not loaded", "referral", "dname",
                                        "cname",   "answer",     "nodata",   "nxdomain"};
    static char text[64];
    snprintf(text, sizeof text, "%s%s", lookup->wildcard ? "wildcard " : "",
             words[lookup->outcome]);
    return text;
}

static void assert_expected(const struct lookup *lookup, size_t index)
{
    struct name owner;
    char text[NAME_TEXT_MAX];
    assert_non_null(lookup->node);
    zone_owner(lookup->zone, lookup->node, &owner);
    name_to_text(owner.wire, text);
    if (strcmp(text_of(lookup), expectations[index].outcome) != 0
        || strcmp(text, expectations[index].node) != 0)
        fail_msg("%s: %s at %s, not %s at %s", expectations[index].question, text_of(lookup),
                 text, expectations[index].outcome, expectations[index].node);
}

enum { COUNT = sizeof expectations / sizeof *expectations };

static void every_name_has_its_outcome(void **state)
{
    (void)state;
    struct zone *zone = zone_of_text("example", zone_text);
    for (size_t i = 0; i < COUNT; i++) {
        struct question question;
        question_init(&question, expectations[i].question, zone);
        zone_lookup(&question.lookup, 1);
        assert_expected(&question.lookup, i);
    }
    zone_free(zone);
}

static void a_batch_gives_what_single_questions_give(void **state)
{
    (void)state;
    struct zone *zone = zone_of_text("example", zone_text);
    static struct question questions[3 * COUNT];
    static struct lookup lookups[3 * COUNT];
    for (size_t i = 0; i < 3 * COUNT; i++) {
        question_init(&questions[i], expectations[i % COUNT].question, zone);
        lookups[i] = questions[i].lookup;
    }
    zone_lookup(lookups, 3 * COUNT);
    for (size_t i = 0; i < 3 * COUNT; i++)
        assert_expected(&lookups[i], i % COUNT);
    zone_free(zone);
}

static void exact_search_sees_what_is_occluded(void **state)
{
    (void)state;
    struct zone *zone = zone_of_text("example", zone_text);
    struct question question;
    question_init(&question, "ns.child.example. A", zone);
    zone_find_exact(&question.lookup, 1);
    assert_non_null(question.lookup.node);
    assert_non_null(node_block(question.lookup.node, RRTYPE_A));
    question_init(&question, "ns.chile.example. A", zone);
    zone_find_exact(&question.lookup, 1);
    assert_null(question.lookup.node);
    zone_free(zone);
}

/* A zone of random names and its outcomes found by going through all its names. */

enum { NAMES = 400, QUESTIONS = 4000 };

struct owner {
    struct name name;
    char type; /* T: TXT, N: NS, D: DNAME, C: CNAME */
};

static uint64_t random_state = 7;

static unsigned random_below(unsigned limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((random_state >> 33) % limit);
}

static struct name random_name(unsigned labels_max)
{
    static const char *const labels[] = {"a", "b", "ab", "*", "a-", "aaaa", "b0"};
    char text[256] = "";
    for (unsigned count = 1 + random_below(labels_max); count > 0; count--) {
        strcat(text, labels[random_below(7)]);
        strcat(text, ".");
    }
    strcat(text, "t");
    return name_of(text);
}

static bool is_wildcard(const struct name *name)
{
    return name->wire[0] == 1 && name->wire[1] == '*';
}

static struct name parent_of(const struct name *name)
{
    struct name parent = {.octets = (uint8_t)(name->octets - 1 - name->wire[0])};
    memcpy(parent.wire, name->wire + 1 + name->wire[0], parent.octets);
    return parent;
}

static const struct owner *find_owner(const struct owner *owners, const struct name *name)
{
    for (unsigned i = 0; i < NAMES; i++)
        if (name_equal(owners[i].name.wire, name->wire))
            return &owners[i];
    return NULL;
}

static bool exists(const struct owner *owners, const struct name *name)
{
    for (unsigned i = 0; i < NAMES; i++)
        if (name_at_or_below(&owners[i].name, name))
            return true;
    return false;
}

/* The topmost cut or DNAME that answers for a name, or NULL. */
static const struct owner *model_occluder(const struct owner *owners, const struct name *qname,
                                          const struct name *apex)
{
    const struct owner *topmost = NULL;
    for (struct name name = *qname; name.octets > apex->octets; name = parent_of(&name)) {
        const struct owner *owner = find_owner(owners, &name);
        if (owner == NULL || is_wildcard(&name))
            continue;
        if (owner->type == 'N' || (owner->type == 'D' && name.octets < qname->octets))
            topmost = owner;
    }
    return topmost;
}

static void model(const struct owner *owners, const struct name *qname, const struct name *apex,
                  char text[64], struct name *node)
{
    const struct owner *occluder = model_occluder(owners, qname, apex);
    if (occluder != NULL) {
        *node = occluder->name;
        strcpy(text, occluder->type == 'N' ? "referral" : "dname");
        return;
    }
    const char *wildcard = "";
    *node = *qname;
    while (!exists(owners, node))
        *node = parent_of(node);
    if (node->octets != qname->octets) {
        struct name star = {.octets = (uint8_t)(node->octets + 2), .wire = {1, '*'}};
        memcpy(star.wire + 2, node->wire, node->octets);
        if (!exists(owners, &star)) {
            strcpy(text, "nxdomain");
            return;
        }
        *node = star;
        wildcard = "wildcard ";
    }
    const struct owner *owner = find_owner(owners, node);
    const char *outcome = owner == NULL        ? "nodata"
                          : owner->type == 'T' ? "answer"
                          : owner->type == 'C' ? "cname"
                                               : "nodata";
    snprintf(text, 64, "%s%s", wildcard, outcome);
}

static struct zone *random_zone(struct owner *owners)
{
    static char text[NAMES * 128];
    size_t len = (size_t)sprintf(text, "@ 60 SOA a b 1 2 3 4 5\n@ 60 NS q.\n");
    for (unsigned i = 0; i < NAMES;) {
        owners[i].name = random_name(6);
        bool known = false;
        for (unsigned j = 0; j < i && !known; j++)
            known = name_equal(owners[i].name.wire, owners[j].name.wire);
        if (known)
            continue;
        owners[i].type = "TTTTTTTTTTTCCCND"[random_below(16)];
        char owner[NAME_TEXT_MAX];
        name_to_text(owners[i].name.wire, owner);
        len += (size_t)sprintf(text + len, "%s 60 %s\n", owner,
                               owners[i].type == 'T'   ? "TXT x"
                               : owners[i].type == 'C' ? "CNAME x."
                               : owners[i].type == 'N' ? "NS x."
                                                       : "DNAME x.");
        i++;
    }
    return zone_of_text("t", text);
}

static void random_zones_give_what_a_plain_search_gives(void **state)
{
    (void)state;
    static struct owner owners[NAMES];
    const struct name apex = name_of("t");
    for (unsigned round = 0; round < 5; round++) {
        struct zone *zone = random_zone(owners);
        for (unsigned i = 0; i < QUESTIONS; i++) {
            struct question question;
            char text[NAME_TEXT_MAX + 8], expected[64];
            const struct name qname = random_name(7);
            strcpy(text + name_to_text(qname.wire, text), " TXT");
            question_init(&question, text, zone);
            zone_lookup(&question.lookup, 1);
            struct name node, found;
            model(owners, &qname, &apex, expected, &node);
            zone_owner(zone, question.lookup.node, &found);
            if (strcmp(text_of(&question.lookup), expected) != 0
                || !name_equal(found.wire, node.wire))
                fail_msg("%s: %s, not %s", text, text_of(&question.lookup), expected);
        }
        zone_free(zone);
    }
}

/* Below the question's end the trie may branch more often than a name has labels. */
static void names_that_go_on_where_the_question_ends_are_no_ancestors(void **state)
{
    (void)state;
    enum { DEEP = 90, LONGER = 60 };
    char *text = malloc(1 << 16), below[2 * DEEP + 1] = "", question[300];
    assert_non_null(text);
    for (unsigned i = 0; i < DEEP; i++)
        strcat(below, ".a");
    size_t len = (size_t)sprintf(text, "@ 60 SOA a b 1 2 3 4 5\n@ 60 NS a\n");
    for (const char *name = below; *name != '\0'; name += 2) /* a branch at each label */
        len += (size_t)sprintf(text + len, "b%s 60 A 192.0.2.1\n", name);
    char label[LONGER + 2] = "z";
    for (unsigned i = 0; i < LONGER; i++) {
        label[1 + i] = 'c';
        label[2 + i] = '\0';
        len += (size_t)sprintf(text + len, "%sd%s 60 A 192.0.2.1\n", label, below);
    }
    struct zone *zone = zone_of_text("example", text);
    snprintf(question, sizeof question, "z%s.example. A", below);
    struct question *q = malloc(sizeof *q);
    assert_non_null(q);
    question_init(q, question, zone);
    zone_lookup(&q->lookup, 1);
    assert_int_equal(q->lookup.outcome, OUTCOME_NXDOMAIN);
    assert_int_equal(q->lookup.encloser->owner_octets, 2 * DEEP);
    assert_int_equal(q->lookup.shared, 2 * DEEP);
    free(q);
    free(text);
    zone_free(zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_has_its_outcome),
        cmocka_unit_test(a_batch_gives_what_single_questions_give),
        cmocka_unit_test(exact_search_sees_what_is_occluded),
        cmocka_unit_test(random_zones_give_what_a_plain_search_gives),
        cmocka_unit_test(names_that_go_on_where_the_question_ends_are_no_ancestors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
