/* test_address.c -- ADDRESS@PORT */
#include "server/base/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char *there_and_back(const char *text)
{
    static char again[ADDRESS_TEXT_MAX];
    struct address address;
    const char *wrong = address_from_text(&address, text, 53);
    return wrong != NULL ? wrong : address_to_text(&address, again);
}

static void an_address_with_a_port_reads_and_writes_the_same(void **state)
{
    (void)state;
    assert_string_equal(there_and_back("192.0.2.1@5300"), "192.0.2.1@5300");
    assert_string_equal(there_and_back("2001:db8::1@53"), "2001:db8::1@53");
    assert_string_equal(there_and_back("::@0"), "::@0");
    assert_string_equal(there_and_back("fe80::1%lo@65535"), "fe80::1%lo@65535");
    assert_string_equal(there_and_back("fe80::1%1@53"), "fe80::1%lo@53");
}

static void a_missing_port_is_the_default_one(void **state)
{
    (void)state;
    assert_string_equal(there_and_back("192.0.2.1"), "192.0.2.1@53");
    assert_string_equal(there_and_back("::1"), "::1@53");
}

static void a_port_is_a_number_up_to_65535(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "192.0.2.1@",   "192.0.2.1@65536", "192.0.2.1@999999999999",
        "192.0.2.1@+1", "192.0.2.1@53 ",   "192.0.2.1@-1",
        "::1@domain",   "::1@53@53"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_non_null(strstr(there_and_back(bad[i]), "port"));
}

static void what_is_no_address_is_refused_with_a_reason(void **state)
{
    (void)state;
    assert_non_null(strstr(there_and_back(""), "no address"));
    assert_non_null(strstr(there_and_back("@53"), "no address"));
    assert_non_null(strstr(there_and_back("localhost@53"), "names aren't looked up"));
    assert_non_null(strstr(there_and_back("192.0.2.1:53"), "@"));
    assert_non_null(strstr(there_and_back("[2001:db8::1]@53"), "brackets"));
    assert_non_null(strstr(there_and_back("192.0.2.256"), "not an IPv4 or IPv6 address"));
    assert_non_null(strstr(there_and_back("192.0.2.01x"), "not an IPv4 or IPv6 address"));
    assert_non_null(strstr(there_and_back("fe80::1%nosuchif0"), "interface"));

    char longer[300];
    memset(longer, ':', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_non_null(strstr(there_and_back(longer), "too long"));
}

static void addresses_are_equal_when_host_and_port_are(void **state)
{
    (void)state;
    struct address a, b;
    assert_null(address_from_text(&a, "2001:db8:0::1@53", 0));
    assert_null(address_from_text(&b, "2001:db8::1", 53));
    assert_true(address_equal(&a, &b));
    address_set_port(&b, 54);
    assert_int_equal(address_port(&b), 54);
    assert_false(address_equal(&a, &b));
    assert_true(address_same_host(&a, &b));
    assert_null(address_from_text(&b, "192.0.2.1", 53));
    assert_false(address_equal(&a, &b));
}

static void the_wildcards_are_those_of_both_families(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool wildcard;
    } cases[] = {{"0.0.0.0@53", true}, {"::@53", true}, {"127.0.0.1", false}, {"::1", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct address address;
        assert_null(address_from_text(&address, cases[i].text, 53));
        assert_int_equal(address_is_wildcard(&address), cases[i].wildcard);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_with_a_port_reads_and_writes_the_same),
        cmocka_unit_test(a_missing_port_is_the_default_one),
        cmocka_unit_test(a_port_is_a_number_up_to_65535),
        cmocka_unit_test(what_is_no_address_is_refused_with_a_reason),
        cmocka_unit_test(addresses_are_equal_when_host_and_port_are),
        cmocka_unit_test(the_wildcards_are_those_of_both_families),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
