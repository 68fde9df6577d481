/* rfc9824.c -- NXNAME */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char zone_text[] =
    "@          3600 SOA   ns hostmaster 1 7200 900 1209600 300\n"
    "@          3600 NS    ns\n"
    "ns         3600 A     192.0.2.1\n"
    "@ 60 NSEC * SOA NS RRSIG NSEC\n"
    "@ 60 RRSIG NSEC 8 1 60 20300101000000 20200101000000 1 example. c2ln\n"
    "*.w 60 RRSIG A 8 2 60 20300101000000 20200101000000 1 example. c2ln\n"
    "alias 60 CNAME x.w\nold 60 DNAME w\nsub 60 NS sub\nsub 60 A 192.0.2.2\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    return 0;
}

/* Section 3.4: the type stands in bit maps only */
static void nxname_asked_for_is_formerr(void **state)
{
    assert_rcode(ask(*state, "ns.example TYPE128"), "FORMERR");
    const struct reply *r = ask(*state, "nothing.example TYPE128 +do");
    assert_rcode(r, "FORMERR");
    assert_string_equal(r->options, "15:001e"); /* Invalid Query Type */
}

/* Some mix of these types once kept a server busy for ever. Each batch must come to its end, with an answer
 * to every question. */
static void any_mix_of_any_rrsig_and_nxname_is_answered(void **state)
{
    static const char *const types[] = {"ANY", "RRSIG", "TYPE128", "NSEC", "A"};
    static const char *const names[] = {"ns.example",  "example",       "nothing.example",
                                        "x.w.example", "alias.example", "x.old.example",
                                        "sub.example", "elsewhere"};
    static uint8_t octets[MESSAGE_MAX], query[RESPOND_BATCH_MAX][300];
    static uint8_t answer[RESPOND_BATCH_MAX][UDP_PAYLOAD_DEFAULT];
    struct exchange e[RESPOND_BATCH_MAX];
    struct respond_scratch *scratch = respond_scratch_new();
    const struct view view = server_view(*state);
    uint32_t random = 1;
    for (unsigned batch = 0; batch < 500; batch++) {
        for (size_t i = 0; i < RESPOND_BATCH_MAX; i++) {
            char question[64];
            bool tcp;
            random = random * 1664525 + 1013904223;
            snprintf(question, sizeof question, "%s %s%s", names[random >> 8 & 7],
                     types[(random >> 16) % 5], (random >> 30 & 1) != 0 ? " +do" : "");
            e[i] = (struct exchange){.query = query[i],
                                     .answer = answer[i],
                                     .answer_max = sizeof answer[i],
                                     .query_octets = ask_query(question, octets, &tcp)};
            memcpy(query[i], octets, e[i].query_octets);
        }
        respond(server_config(*state), &view, 0, e, RESPOND_BATCH_MAX, scratch);
        for (size_t i = 0; i < RESPOND_BATCH_MAX; i++)
            assert_true(e[i].answer_octets >= 12);
    }
    respond_scratch_free(scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nxname_asked_for_is_formerr, setup, teardown_server),
        cmocka_unit_test_setup_teardown(any_mix_of_any_rrsig_and_nxname_is_answered, setup,
                                        teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
