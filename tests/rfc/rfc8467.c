/* rfc8467.c -- Padding policies: none in the clear */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const char zone_text[] = "@ 60 SOA ns h 9 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.1\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    return 0;
}

/* Section 4.1 has blocks of 468 octets for answers, on encrypted transports alone */
static void an_answer_in_the_clear_is_padded_to_no_block(void **state)
{
    static const char *const questions[] = {"ns.example A", "nothing.example A", "example SOA"};
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        char question[300];
        snprintf(question, sizeof question, "%s +edns", questions[i]);
        const size_t octets = ask(*state, question)->octets;
        /* The query is as long as section 4.1 wants it, or longer. */
        for (int padding = 0; padding <= 100; padding += 20) {
            for (int tcp = 0; tcp < 2; tcp++) {
                snprintf(question, sizeof question, "%s +opt=12:%0*d%s", questions[i],
                         2 * padding + 2, 0, tcp != 0 ? " +tcp" : "");
                const struct reply *r = ask(*state, question);
                assert_int_equal(r->octets, octets);
                assert_string_equal(r->options, "");
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_in_the_clear_is_padded_to_no_block),
    };
    return cmocka_run_group_tests(tests, setup, teardown_server);
}
