/* test_xdp_endpoints.c -- which addresses queries are taken for */
#include "server/io/xdp_endpoints.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

enum { INTERFACE = 1, OTHER = 2, HOST = 5 }; /* 1 is `lo`, which every host has */

/* The host's addresses, as getifaddrs() tells them. */
static struct address host_address[HOST];
static struct ifaddrs host[HOST];

static int set_up(void **state)
{
    (void)state;
    static const char *const texts[HOST] = {"127.0.0.1", "192.0.2.1", "::1", "2001:db8::1",
                                            "fe80::1%1"};
    for (size_t i = 0; i < HOST; i++) {
        assert_null(address_from_text(&host_address[i], texts[i], 0));
        host[i] = (struct ifaddrs){.ifa_next = i + 1 < HOST ? &host[i + 1] : NULL,
                                   .ifa_addr = (struct sockaddr *)&host_address[i].storage};
    }
    return 0;
}

/* The endpoints of these listening addresses as a text, one behind another. */
static const char *endpoints_of(const char *const *texts, size_t count, unsigned interface)
{
    static char told[1024];
    struct address listen[8];
    assert_true(count <= 8);
    for (size_t i = 0; i < count; i++)
        assert_null(address_from_text(&listen[i], texts[i], 53));
    struct xdp_endpoints endpoints;
    assert_int_equal(xdp_endpoints_of(&endpoints, listen, count, host, interface), 0);
    size_t len = 0;
    told[0] = '\0';
    for (size_t i = 0; i < endpoints.count; i++) {
        const struct xdp_endpoint *e = &endpoints.endpoint[i];
        char text[INET6_ADDRSTRLEN];
        inet_ntop(e->family == 4 ? AF_INET : AF_INET6, e->address, text, sizeof(text));
        assert_int_equal(e->unused, 0);
        len += (size_t)snprintf(told + len, sizeof(told) - len, "%s%s@%u", i == 0 ? "" : " ",
                                text, (unsigned)(e->port[0] << 8 | e->port[1]));
    }
    free(endpoints.endpoint);
    return told;
}

#define assert_endpoints(interface, expected, ...)                                             \
    do {                                                                                       \
        static const char *const texts[] = {__VA_ARGS__};                                      \
        assert_string_equal(endpoints_of(texts, sizeof(texts) / sizeof(texts[0]), interface),  \
                            expected);                                                         \
    } while (0)

static void an_address_is_taken_with_its_port(void **state)
{
    (void)state;
    assert_endpoints(INTERFACE, "198.51.100.7@53 198.51.100.7@5353 2001:db8::7@53",
                     "198.51.100.7@53", "198.51.100.7@5353", "2001:db8::7@53");
}

static void loopback_never_comes_by_an_interface(void **state)
{
    (void)state;
    assert_endpoints(INTERFACE, "", "127.0.0.1@53", "127.3.2.1@53", "::1@53");
}

static void a_wildcard_stands_for_the_hosts_addresses(void **state)
{
    (void)state;
    assert_endpoints(INTERFACE, "192.0.2.1@5300", "0.0.0.0@5300");
    assert_endpoints(INTERFACE, "2001:db8::1@53 fe80::1@53", "::@53");
}

/* RFC 4007 section 6 */
static void a_link_local_address_belongs_to_one_interface(void **state)
{
    (void)state;
    assert_endpoints(INTERFACE, "fe80::7@53", "fe80::7%1@53");
    assert_endpoints(OTHER, "", "fe80::7%1@53");
    assert_endpoints(OTHER, "2001:db8::1@53", "::@53");
}

static void an_address_is_taken_once(void **state)
{
    (void)state;
    assert_endpoints(INTERFACE, "192.0.2.1@53", "192.0.2.1@53", "0.0.0.0@53");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_taken_with_its_port),
        cmocka_unit_test(loopback_never_comes_by_an_interface),
        cmocka_unit_test(a_wildcard_stands_for_the_hosts_addresses),
        cmocka_unit_test(a_link_local_address_belongs_to_one_interface),
        cmocka_unit_test(an_address_is_taken_once),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
