/* rfc8020.c -- NXDOMAIN: there really is nothing underneath */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Every way in which a name can be there: data, an empty non-terminal, a cut, what is below one, an
 * alias, a DNAME, a wildcard, an asterisk inside a name. */
static const char zone_text[] = "@ 60 SOA ns h 1 2 3 4 5\n"
                                "@ 60 NS ns\n"
                                "ns 60 A 192.0.2.1\n"
                                "a.b.c 60 TXT \"deep\"\n"
                                "c.c.c 60 CNAME nothing\n"
                                "cut.b 60 NS ns.cut.b\n"
                                "ns.cut.b 60 A 192.0.2.2\n"
                                "a.*.a 60 TXT \"below an asterisk\"\n"
                                "*.b.a 60 A 192.0.2.3\n"
                                "d.c.a 60 DNAME c\n";

static const char *const labels[] = {"a", "b", "c", "d", "*", "cut"};

enum { LABELS = sizeof labels / sizeof *labels };

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    return 0;
}

static bool is_nothing(struct server *server, const char *name)
{
    char question[160];
    snprintf(question, sizeof question, "%.128s A", name);
    const struct reply *r = ask(server, question);
    /* The RCODE is that of a chain's last name, so only answers without one speak of QNAME. */
    return strcmp(r->rcode, "NXDOMAIN") == 0 && r->section[0][0] == '\0';
}

/* Section 2: all names of up to four labels */
static void what_is_below_nothing_is_nothing(void **state)
{
    unsigned seen = 0;
    for (unsigned number = 0; number < LABELS * LABELS * LABELS; number++) {
        char parent[64], child[128];
        snprintf(parent, sizeof parent, "%s.%s.%s.example", labels[number % LABELS],
                 labels[number / LABELS % LABELS], labels[number / LABELS / LABELS]);
        const char *above = strchr(parent, '.') + 1;
        for (unsigned i = 0; i < LABELS; i++) {
            snprintf(child, sizeof child, "%s.%s", labels[i], parent);
            if (is_nothing(*state, parent) && !is_nothing(*state, child))
                fail_msg("%s is NXDOMAIN, and %s isn't", parent, child);
        }
        if (is_nothing(*state, above) && !is_nothing(*state, parent))
            fail_msg("%s is NXDOMAIN, and %s isn't", above, parent);
        seen += is_nothing(*state, parent);
    }
    assert_true(seen > 50 && seen < LABELS * LABELS * LABELS); /* both kinds were asked for */
}

static void what_is_above_something_is_never_nothing(void **state)
{
    static const char *const names[] = {"b.c.example", "c.example",   "c.c.example",
                                        "b.example",   "a.example",   "*.a.example",
                                        "b.a.example", "c.a.example", "example"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_false(is_nothing(*state, names[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_below_nothing_is_nothing),
        cmocka_unit_test(what_is_above_something_is_never_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown_server);
}
