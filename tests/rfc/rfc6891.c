/* rfc6891.c -- EDNS(0) */
#include "tests/answer/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char zone_text[] = "@          3600 SOA   ns hostmaster 1 7200 900 1209600 300\n"
                                "@          3600 NS    ns\n"
                                "ns         3600 A     192.0.2.1\n"
                                "many 60 A 10.0.0.0\n"
                                "many 60 A 10.0.0.1\n"
                                "many 60 A 10.0.0.2\n"
                                "many 60 A 10.0.0.3\n"
                                "many 60 A 10.0.0.4\n"
                                "many 60 A 10.0.0.5\n"
                                "many 60 A 10.0.0.6\n"
                                "many 60 A 10.0.0.7\n"
                                "many 60 A 10.0.0.8\n"
                                "many 60 A 10.0.0.9\n"
                                "many 60 A 10.0.0.10\n"
                                "many 60 A 10.0.0.11\n"
                                "many 60 A 10.0.0.12\n"
                                "many 60 A 10.0.0.13\n"
                                "many 60 A 10.0.0.14\n"
                                "many 60 A 10.0.0.15\n"
                                "many 60 A 10.0.0.16\n"
                                "many 60 A 10.0.0.17\n"
                                "many 60 A 10.0.0.18\n"
                                "many 60 A 10.0.0.19\n"
                                "many 60 A 10.0.0.20\n"
                                "many 60 A 10.0.0.21\n"
                                "many 60 A 10.0.0.22\n"
                                "many 60 A 10.0.0.23\n"
                                "many 60 A 10.0.0.24\n"
                                "many 60 A 10.0.0.25\n"
                                "many 60 A 10.0.0.26\n"
                                "many 60 A 10.0.0.27\n"
                                "many 60 A 10.0.0.28\n"
                                "many 60 A 10.0.0.29\n"
                                "many 60 A 10.0.0.30\n"
                                "many 60 A 10.0.0.31\n"
                                "many 60 A 10.0.0.32\n"
                                "many 60 A 10.0.0.33\n"
                                "many 60 A 10.0.0.34\n"
                                "many 60 A 10.0.0.35\n"
                                "many 60 A 10.0.0.36\n"
                                "many 60 A 10.0.0.37\n"
                                "many 60 A 10.0.0.38\n"
                                "many 60 A 10.0.0.39\n"
                                "many 60 A 10.0.0.40\n"
                                "many 60 A 10.0.0.41\n"
                                "many 60 A 10.0.0.42\n"
                                "many 60 A 10.0.0.43\n"
                                "many 60 A 10.0.0.44\n"
                                "many 60 A 10.0.0.45\n"
                                "many 60 A 10.0.0.46\n"
                                "many 60 A 10.0.0.47\n"
                                "many 60 A 10.0.0.48\n"
                                "many 60 A 10.0.0.49\n"
                                "many 60 A 10.0.0.50\n"
                                "many 60 A 10.0.0.51\n"
                                "many 60 A 10.0.0.52\n"
                                "many 60 A 10.0.0.53\n"
                                "many 60 A 10.0.0.54\n"
                                "many 60 A 10.0.0.55\n"
                                "many 60 A 10.0.0.56\n"
                                "many 60 A 10.0.0.57\n"
                                "many 60 A 10.0.0.58\n"
                                "many 60 A 10.0.0.59\n"
                                "many 60 A 10.0.0.60\n"
                                "many 60 A 10.0.0.61\n"
                                "many 60 A 10.0.0.62\n"
                                "many 60 A 10.0.0.63\n"
                                "many 60 A 10.0.0.64\n"
                                "many 60 A 10.0.0.65\n"
                                "many 60 A 10.0.0.66\n"
                                "many 60 A 10.0.0.67\n"
                                "many 60 A 10.0.0.68\n"
                                "many 60 A 10.0.0.69\n"
                                "many 60 A 10.0.0.70\n"
                                "many 60 A 10.0.0.71\n"
                                "many 60 A 10.0.0.72\n"
                                "many 60 A 10.0.0.73\n"
                                "many 60 A 10.0.0.74\n"
                                "many 60 A 10.0.0.75\n"
                                "many 60 A 10.0.0.76\n"
                                "many 60 A 10.0.0.77\n"
                                "many 60 A 10.0.0.78\n"
                                "many 60 A 10.0.0.79\n"
                                "many 60 A 10.0.0.80\n"
                                "many 60 A 10.0.0.81\n"
                                "many 60 A 10.0.0.82\n"
                                "many 60 A 10.0.0.83\n"
                                "many 60 A 10.0.0.84\n"
                                "many 60 A 10.0.0.85\n"
                                "many 60 A 10.0.0.86\n"
                                "many 60 A 10.0.0.87\n"
                                "many 60 A 10.0.0.88\n"
                                "many 60 A 10.0.0.89\n"
                                "many 60 A 10.0.0.90\n"
                                "many 60 A 10.0.0.91\n"
                                "many 60 A 10.0.0.92\n"
                                "many 60 A 10.0.0.93\n"
                                "many 60 A 10.0.0.94\n"
                                "many 60 A 10.0.0.95\n"
                                "many 60 A 10.0.0.96\n"
                                "many 60 A 10.0.0.97\n"
                                "many 60 A 10.0.0.98\n"
                                "many 60 A 10.0.0.99\n";

static int setup(void **state)
{
    setup_server(state);
    server_add(*state, "example", zone_text);
    return 0;
}

static size_t append(uint8_t *query, size_t len, const char *rr, size_t octets)
{
    memcpy(query + len, rr, octets);
    query[11]++;
    return len + octets;
}

static const char opt[] = "\0\0\x29\x10\0\0\0\0\0\0";

static const struct reply *ask_with(void *server, const char *rr, size_t octets, unsigned times)
{
    static uint8_t query[MESSAGE_MAX];
    bool tcp = false;
    size_t len = ask_query("ns.example A", query, &tcp);
    for (unsigned i = 0; i < times; i++)
        len = append(query, len, rr, octets);
    return ask_octets(server, query, len, false);
}

/* Section 6.1.1 */
static void an_opt_comes_back_only_if_there_was_one(void **state)
{
    assert_true(ask(*state, "ns.example A +edns")->opt);
    assert_false(ask(*state, "ns.example A")->opt);
    assert_true(ask(*state, "elsewhere A +edns")->opt);
    assert_true(ask(*state, "nothing.example A +edns")->opt);
    assert_int_equal(ask(*state, "ns.example A +edns")->payload, 1232);
}

/* Section 6.1.3 */
static void a_higher_version_gets_badvers(void **state)
{
    const struct reply *r = ask(*state, "ns.example A +version=1 +nsid");
    assert_rcode(r, "BADVERS");
    assert_int_equal(r->opt_version, 0);
    assert_flags(r, "qr");
    assert_section(r, "answer", "");
    assert_string_equal(r->question, "ns.example. A");
}

/* The same section: what the options of another version mean isn't known */
static void badvers_whatever_the_options_of_a_higher_version_are(void **state)
{
    static const char *const options[] = {"+opt=10:00112233445566", "+opt=8:0001ff",
                                          "+opt=10:0011223344556677 +nsid"};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        char question[100] = "ns.example A +version=255 ";
        strcat(question, options[i]);
        const struct reply *r = ask(*state, question);
        assert_rcode(r, "BADVERS");
        assert_int_equal(r->opt_version, 0);
        assert_string_equal(r->options, "");
    }
    static const char broken[] = "\0\0\x29\x10\0\0\1\0\0\0\3\0\3\0";
    assert_rcode(ask_with(*state, broken, sizeof broken - 1, 1), "BADVERS");
}

/* Sections 6.2.3 and 6.2.5: 12 + 18 + 100 * 16 = 1630 octets don't fit, 512 are too few for
 * more */
static void no_answer_is_above_the_requester_s_size_or_ours(void **state)
{
    static const char *const questions[] = {
        "many.example A", "many.example A +bufsize=0", "many.example A +bufsize=512",
        "many.example A +bufsize=1000", "many.example A +bufsize=65535"};
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++)
        assert_flags(ask(*state, questions[i]), "qr aa tc");
    server_config(*state)->udp_payload_max = 4096;
    assert_flags(ask(*state, "many.example A +bufsize=4096"), "qr aa");
    assert_flags(ask(*state, "many.example A +bufsize=1640"), "qr aa tc");
    assert_flags(ask(*state, "many.example A +bufsize=1641"), "qr aa"); /* with the OPT's 11 */
    assert_int_equal(ask(*state, "many.example A +bufsize=1641")->octets, 1641);
}

/* Section 6.2.3: values below 512 count as 512 */
static void sizes_below_512_count_as_512(void **state)
{
    server_add(*state, "edge",
               "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns.\n"
               "$GENERATE 1-29 full 60 A 10.0.0.$\n"   /* 12 + 15 + 29 * 16 + 11 = 502 octets */
               "$GENERATE 1-30 over 60 A 10.0.0.$\n"); /* 518 */
    for (unsigned size = 0; size <= 512; size++) {
        char question[64];
        snprintf(question, sizeof question, "full.edge A +bufsize=%u", size);
        const struct reply *r = ask(*state, question);
        assert_rcode(r, "NOERROR");
        assert_flags(r, "qr aa");
        assert_int_equal(r->octets, 502);
        snprintf(question, sizeof question, "over.edge A +bufsize=%u", size);
        r = ask(*state, question);
        assert_flags(r, "qr aa tc");
        assert_true(r->opt);
    }
}

static void tcp_is_not_bound_by_the_size(void **state)
{
    assert_flags(ask(*state, "many.example A +bufsize=512 +tcp"), "qr aa");
}

/* The OPT's room is kept free whatever it has to say */
static void options_fit_beside_what_is_truncated(void **state)
{
    const struct reply *r = ask(*state, "many.example A +bufsize=512 +nsid +instance");
    assert_flags(r, "qr aa tc");
    assert_true(r->opt);
    assert_true(r->octets <= 512);
}

/* Section 6.1.1 */
static void a_second_opt_is_formerr(void **state)
{
    assert_rcode(ask_with(*state, opt, sizeof opt, 1), "NOERROR");
    const struct reply *r = ask_with(*state, opt, sizeof opt, 2);
    assert_rcode(r, "FORMERR");
    assert_flags(r, "qr");
}

/* Section 6.1.2: the owner is the root */
static void an_opt_elsewhere_is_formerr(void **state)
{
    static const char at_qname[] = "\xc0\x0c\0\x29\x10\0\0\0\0\0\0";
    assert_rcode(ask_with(*state, at_qname, sizeof at_qname, 1), "FORMERR");
}

static void a_broken_option_is_formerr(void **state)
{
    static const char broken[] = "\0\0\x29\x10\0\0\0\0\0\0\5\0\3\0\2x";
    const struct reply *r = ask_with(*state, broken, sizeof broken - 1, 1);
    assert_rcode(r, "FORMERR");
    assert_true(r->opt);
}

/* Section 6.1.1: so that the requester doesn't take the server for one without EDNS */
static void formerr_about_an_opt_has_one(void **state)
{
    static const char *const questions[] = {"ns.example A +opt=10:00112233445566",
                                            "ns.example A +do +opt=10:001122334455667788990011",
                                            "ns.example A +opt=8:00012000",
                                            "ns.example A +nsid +opt=8:ff"};
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        const struct reply *r = ask(*state, questions[i]);
        assert_rcode(r, "FORMERR");
        assert_true(r->opt);
        assert_int_equal(r->dnssec_ok, i == 1);
        assert_int_equal(r->opt_version, 0);
        assert_string_equal(r->options, "");
    }
}

static void so_has_formerr_about_the_rest(void **state)
{
    static uint8_t query[MESSAGE_MAX];
    bool tcp = false;
    size_t len = ask_query("ns.example A +edns", query, &tcp);
    query[11]++; /* a record that isn't there */
    const struct reply *r = ask_octets(*state, query, len, false);
    assert_rcode(r, "FORMERR");
    assert_true(r->opt);
    memset(query, 0, 12); /* no question */
    len = append(query, 12, opt, sizeof opt);
    r = ask_octets(*state, query, len, false);
    assert_rcode(r, "FORMERR");
    assert_true(r->opt);
    assert_int_equal(r->octets, 12 + 11);
}

/* An RDLENGTH beyond the message's end: there's no OPT */
static void an_opt_cut_off_is_none(void **state)
{
    static const char cut[] = "\0\0\x29\x10\0\0\0\0\0\0\5\0\3";
    const struct reply *r = ask_with(*state, cut, sizeof cut - 1, 1);
    assert_rcode(r, "FORMERR");
    assert_false(r->opt);
}

/* Section 6.1.2 */
static void unknown_options_are_ignored(void **state)
{
    static const char unknown[] = "\0\0\x29\x10\0\0\0\0\0\0\7\xfd\xe9\0\3abc";
    const struct reply *r = ask_with(*state, unknown, sizeof unknown - 1, 1);
    assert_rcode(r, "NOERROR");
    assert_string_equal(r->options, "");
}

/* Section 6.1.4: flags that we don't know are clear in the answer */
static void unknown_flags_are_not_copied(void **state)
{
    static const char flags[] = "\0\0\x29\x10\0\0\0\x7f\xff\0";
    const struct reply *r = ask_with(*state, flags, sizeof flags, 1);
    assert_memory_equal(r->wire + r->octets - 6, "\0\0\0\0\0\0", 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_opt_comes_back_only_if_there_was_one, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_higher_version_gets_badvers, setup, teardown_server),
        cmocka_unit_test_setup_teardown(badvers_whatever_the_options_of_a_higher_version_are,
                                        setup, teardown_server),
        cmocka_unit_test_setup_teardown(formerr_about_an_opt_has_one, setup, teardown_server),
        cmocka_unit_test_setup_teardown(so_has_formerr_about_the_rest, setup, teardown_server),
        cmocka_unit_test_setup_teardown(an_opt_cut_off_is_none, setup, teardown_server),
        cmocka_unit_test_setup_teardown(no_answer_is_above_the_requester_s_size_or_ours, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(sizes_below_512_count_as_512, setup, teardown_server),
        cmocka_unit_test_setup_teardown(tcp_is_not_bound_by_the_size, setup, teardown_server),
        cmocka_unit_test_setup_teardown(options_fit_beside_what_is_truncated, setup,
                                        teardown_server),
        cmocka_unit_test_setup_teardown(a_second_opt_is_formerr, setup, teardown_server),
        cmocka_unit_test_setup_teardown(an_opt_elsewhere_is_formerr, setup, teardown_server),
        cmocka_unit_test_setup_teardown(a_broken_option_is_formerr, setup, teardown_server),
        cmocka_unit_test_setup_teardown(unknown_options_are_ignored, setup, teardown_server),
        cmocka_unit_test_setup_teardown(unknown_flags_are_not_copied, setup, teardown_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
