/* rfc7830.c -- padding is for encrypted transports alone */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.1\n");
    return 0;
}

/* Section 6: a responder doesn't pad where the transport isn't encrypted */
static void in_the_clear_padding_is_ignored(void **state)
{
    static const char *const questions[] = {
        "ns.example A +opt=12:", "ns.example A +opt=12:00000000", "ns.example A +opt=12: +tcp",
        "ns.example A +opt=12:00000000 +tcp", "nothing.example A +opt=12:0000 +tcp"};
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        const struct reply *r = ask(*state, questions[i]);
        assert_true(r->opt);
        assert_string_equal(r->options, "");
    }
}

/* Section 3: other octets than 0 are no error */
static void what_the_padding_holds_does_not_matter(void **state)
{
    const struct reply *r = ask(*state, "ns.example A +opt=12:0123456789abcdef");
    assert_rcode(r, "NOERROR");
    assert_section(r, "answer", "ns.example. 60 A 192.0.2.1");
}

static void the_answer_to_a_padded_query_is_as_long_as_to_another(void **state)
{
    const size_t octets = ask(*state, "ns.example A +edns")->octets;
    assert_int_equal(ask(*state, "ns.example A +opt=12:000000000000")->octets, octets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_the_clear_padding_is_ignored),
        cmocka_unit_test(what_the_padding_holds_does_not_matter),
        cmocka_unit_test(the_answer_to_a_padded_query_is_as_long_as_to_another),
    };
    return cmocka_run_group_tests(tests, setup, teardown_server);
}
