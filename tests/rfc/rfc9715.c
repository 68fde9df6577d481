/* rfc9715.c -- fragmentation: answers by UDP stay small */
#include "server/base/config.h"
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { MAX_BY_DOCUMENT = 1400 }; /* section 3.1, R5 */

static int setup(void **state)
{
    setup_server(state);
    static char text[8000];
    size_t at = (size_t)snprintf(text, sizeof text, "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\n");
    for (unsigned i = 0; i < 200; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "ns 60 A 192.0.2.%u\n", i);
    server_add(*state, "example", text);
    return 0;
}

/* A requester that allows more gets no more than what we configured, and learns what that is. */
static void what_we_send_is_bounded_by_our_own_limit(void **state)
{
    static const char *const questions[] = {"ns.example A +bufsize=1400",
                                            "ns.example A +bufsize=4096",
                                            "ns.example A +bufsize=65535"};
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        const struct reply *r = ask(*state, questions[i]);
        assert_flags(r, "qr aa tc");
        assert_int_equal(r->payload, UDP_PAYLOAD_DEFAULT);
        assert_true(r->octets <= UDP_PAYLOAD_DEFAULT);
    }
}

static void the_usual_limit_is_below_what_fragments(void **state)
{
    (void)state;
    struct config config;
    config_init(&config);
    assert_int_equal(config.answer.udp_payload_max, UDP_PAYLOAD_DEFAULT);
    assert_true((int)UDP_PAYLOAD_DEFAULT <= (int)MAX_BY_DOCUMENT);
    config_fini(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_we_send_is_bounded_by_our_own_limit),
        cmocka_unit_test(the_usual_limit_is_below_what_fragments),
    };
    return cmocka_run_group_tests(tests, setup, teardown_server);
}
