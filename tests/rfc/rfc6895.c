/* rfc6895.c -- the kinds of types and classes (sections 3.1 and 3.2), each asked for */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example",
               "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.1\n"
               "ns 60 TYPE65280 \\# 1 00\nns 60 TYPE65534 \\# 1 01\n");
    return 0;
}

/* What a question for a type gets at a name that has A, TYPE65280 and TYPE65534. */
static const char *expected_rcode(unsigned type)
{
    if (type == 0 || type == 41 || type == 250 || type == 128)
        return "FORMERR"; /* reserved, OPT, TSIG, NXNAME */
    if (type == 251 || type == 252)
        return "REFUSED"; /* transfers */
    if (type > 128 && type < 255)
        return "NOTIMPL"; /* other QTYPEs and meta types */
    return "NOERROR";
}

static void every_type_gets_its_answer(void **state)
{
    for (unsigned type = 0; type <= 0xffff; type++) {
        char question[64];
        snprintf(question, sizeof question, "ns.example TYPE%u +edns", type);
        const struct reply *r = ask(*state, question);
        const bool data = type == 1 || type == 255 || type == 65280 || type == 65534;
        const bool nodata = strcmp(expected_rcode(type), "NOERROR") == 0 && !data;
        if (strcmp(r->rcode, expected_rcode(type)) != 0)
            fail_msg("TYPE%u: %s, not %s", type, r->rcode, expected_rcode(type));
        if ((r->section[0][0] != '\0') != data || (r->section[1][0] != '\0') != nodata)
            fail_msg("TYPE%u: answer and authority aren't what they should be", type);
    }
}

static void every_class_but_in_and_ch_is_refused(void **state)
{
    for (unsigned class = 0; class <= 0xffff; class ++) {
        if (class == 1 || class == 3)
            continue;
        char question[64];
        snprintf(question, sizeof question, "ns.example A +class=%u", class);
        assert_rcode(ask(*state, question), "REFUSED");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_gets_its_answer),
        cmocka_unit_test(every_class_but_in_and_ch_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown_server);
}
