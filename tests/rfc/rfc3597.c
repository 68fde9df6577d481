/* rfc3597.c -- Unknown types */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const char zone_text[] = "@          3600 SOA   ns hostmaster 1 7200 900 1209600 300\n"
                                "@          3600 NS    ns\n"
                                "ns         3600 A     192.0.2.1\n"
                                "odd 3600 TYPE65280 \\# 4 c0000201\n"
                                "odd 3600 TYPE300 \\# 6 c00cc00c0000\n"
                                "empty 3600 TYPE65281 \\# 0\n"
                                "known 3600 A \\# 4 c0000205\n"
                                "srv 3600 SRV 1 2 3 www\n"
                                "new 60 RP mbox.new txt.new\n"
                                "new 60 AFSDB 1 afs.new\n"
                                "new 60 RT 1 relay.new\n"
                                "new 60 PX 1 map822.new mapx400.new\n"
                                "new 60 KX 1 kx.new\n"
                                "new 60 NAPTR 1 2 \"u\" \"s\" \"\" naptr.new\n"
                                "new 60 LP 1 l64.new\n"
                                "new 60 DNAME target.new\n"
                                "new 60 SVCB 1 svc.new\n"
                                "mx 60 MX 1 host.mx\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    return 0;
}

/* Section 3 */
static void unknown_types_are_answered_as_they_came(void **state)
{
    assert_section(ask(*state, "odd.example TYPE65280"), "answer",
                   "odd.example. 3600 TYPE65280 \\# 4 c0000201");
    assert_section(ask(*state, "empty.example TYPE65281"), "answer",
                   "empty.example. 3600 TYPE65281 \\# 0");
}

/* Octets that look like pointers are data */
static void nothing_in_unknown_rdata_is_a_pointer(void **state)
{
    assert_section(ask(*state, "odd.example TYPE300"), "answer",
                   "odd.example. 3600 TYPE300 \\# 6 c00cc00c0000");
}

static void a_known_type_may_be_written_as_unknown(void **state)
{
    assert_section(ask(*state, "known.example A"), "answer", "known.example. 3600 A 192.0.2.5");
}

static void an_unknown_type_that_is_not_there_is_no_data(void **state)
{
    const struct reply *r = ask(*state, "odd.example TYPE65282");
    assert_rcode(r, "NOERROR");
    assert_section(r, "authority",
                   "example. 300 SOA ns.example. hostmaster.example. 1 7200 900 1209600 300");
}

/* Section 4: check_message() sees to it that SRV targets are not compressed */
static void names_in_newer_types_are_not_compressed(void **state)
{
    assert_section(ask(*state, "srv.example SRV"), "answer",
                   "srv.example. 3600 SRV 1 2 3 www.example.");
    static const struct {
        const char *type, *rdata;
        size_t octets; /* of RDATA, every name in full */
    } types[] = {{"RP", "mbox.new.example. txt.new.example.", 18 + 17},
                 {"AFSDB", "1 afs.new.example.", 2 + 17},
                 {"RT", "1 relay.new.example.", 2 + 19},
                 {"PX", "1 map822.new.example. mapx400.new.example.", 2 + 20 + 21},
                 {"KX", "1 kx.new.example.", 2 + 16},
                 {"NAPTR", "1 2 \"u\" \"s\" \"\" naptr.new.example.", 4 + 5 + 19},
                 {"LP", "1 l64.new.example.", 2 + 17},
                 {"DNAME", "target.new.example.", 20},
                 {"SVCB", "1 svc.new.example.", 2 + 17}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        char question[64], answer[128];
        snprintf(question, sizeof question, "new.example %s", types[i].type);
        snprintf(answer, sizeof answer, "new.example. 60 %s %s", types[i].type, types[i].rdata);
        const struct reply *r = ask(*state, question);
        assert_section(r, "answer", answer);
        assert_int_equal(r->octets, 12 + 13 + 4 + 12 + types[i].octets);
    }
}

/* RFC 1035's types may be */
static void names_in_old_types_are_compressed(void **state)
{
    const struct reply *r = ask(*state, "mx.example MX");
    assert_section(r, "answer", "mx.example. 60 MX 1 host.mx.example.");
    assert_int_equal(r->octets, 12 + 12 + 4 + 12 + 2 + 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(unknown_types_are_answered_as_they_came, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(nothing_in_unknown_rdata_is_a_pointer, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_known_type_may_be_written_as_unknown, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(an_unknown_type_that_is_not_there_is_no_data, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(names_in_newer_types_are_not_compressed, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(names_in_old_types_are_compressed, setup,
                                        teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
