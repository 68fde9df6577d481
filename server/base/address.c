/* address.c -- ADDRESS@PORT, as configuration and command lines write it */
#include "server/base/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The port after '@': digits alone, so that "53 " or "+53" isn't one. */
static const char *read_port(const char *text, uint16_t *port)
{
    unsigned value = 0;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || text[digits] != '\0')
        return "the port after @ must be a number";
    if (digits > 5)
        return "a port is at most 65535";
    for (size_t i = 0; i < digits; i++)
        value = value * 10 + (unsigned)(text[i] - '0');
    if (value > UINT16_MAX)
        return "a port is at most 65535";
    *port = (uint16_t)value;
    return NULL;
}

/* The interface after '%' (RFC 4007 section 11): its name, or its number. */
static const char *read_scope(const char *text, uint32_t *scope)
{
    *scope = if_nametoindex(text);
    if (*scope != 0)
        return NULL;
    const size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 9 || text[digits] != '\0')
        return "no interface here has the name after %";
    *scope = (uint32_t)strtoul(text, NULL, 10);
    return *scope == 0 ? "no interface here has the name after %" : NULL;
}

static void set_ipv4(struct address *address, struct in_addr host, uint16_t port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = host, .sin_port = htons(port)};
    memset(address, 0, sizeof *address);
    memcpy(&address->storage, &in, sizeof in);
    address->octets = sizeof in;
}

static void set_ipv6(struct address *address, struct in6_addr host, uint32_t scope,
                     uint16_t port)
{
    struct sockaddr_in6 in = {.sin6_family = AF_INET6,
                              .sin6_addr = host,
                              .sin6_port = htons(port),
                              .sin6_scope_id = scope};
    memset(address, 0, sizeof *address);
    memcpy(&address->storage, &in, sizeof in);
    address->octets = sizeof in;
}

/* Says what an address that isn't one may have been meant to be. */
static const char *not_an_address(const char *host)
{
    if (host[0] == '\0')
        return "there is no address";
    if (host[0] == '[')
        return "not an IP address: write 2001:db8::1@53, without brackets";
    const char *colon = strchr(host, ':');
    if (colon != NULL && strchr(colon + 1, ':') == NULL)
        return "not an IP address: the port goes after an @, as in 192.0.2.1@53";
    return "not an IPv4 or IPv6 address (names aren't looked up)";
}

const char *address_from_text(struct address *address, const char *text, uint16_t default_port)
{
    char host[ADDRESS_TEXT_MAX];
    const char *at = strchr(text, '@');
    const size_t host_octets = at == NULL ? strlen(text) : (size_t)(at - text);
    if (host_octets >= sizeof host)
        return "too long for an address";
    memcpy(host, text, host_octets);
    host[host_octets] = '\0';

    uint16_t port = default_port;
    const char *wrong = at == NULL ? NULL : read_port(at + 1, &port);
    struct in_addr ipv4;
    if (inet_pton(AF_INET, host, &ipv4) == 1) {
        if (wrong == NULL)
            set_ipv4(address, ipv4, port);
        return wrong;
    }

    uint32_t scope = 0;
    char *percent = strchr(host, '%');
    if (percent != NULL)
        *percent = '\0';
    struct in6_addr ipv6;
    if (inet_pton(AF_INET6, host, &ipv6) != 1)
        return not_an_address(host);
    if (wrong == NULL && percent != NULL)
        wrong = read_scope(percent + 1, &scope);
    if (wrong == NULL)
        set_ipv6(address, ipv6, scope, port);
    return wrong;
}

static void ipv6_to_text(const struct sockaddr_in6 *in, char text[ADDRESS_TEXT_MAX])
{
    char host[INET6_ADDRSTRLEN], interface[IF_NAMESIZE];
    const unsigned port = ntohs(in->sin6_port);
    inet_ntop(AF_INET6, &in->sin6_addr, host, sizeof host);
    if (in->sin6_scope_id == 0)
        snprintf(text, ADDRESS_TEXT_MAX, "%s@%u", host, port);
    else if (if_indextoname(in->sin6_scope_id, interface) != NULL)
        snprintf(text, ADDRESS_TEXT_MAX, "%s%%%s@%u", host, interface, port);
    else
        snprintf(text, ADDRESS_TEXT_MAX, "%s%%%u@%u", host, (unsigned)in->sin6_scope_id, port);
}

const char *address_to_text(const struct address *address, char text[ADDRESS_TEXT_MAX])
{
    if (address->storage.ss_family == AF_INET) {
        struct sockaddr_in in;
        char host[INET_ADDRSTRLEN];
        memcpy(&in, &address->storage, sizeof in);
        inet_ntop(AF_INET, &in.sin_addr, host, sizeof host);
        snprintf(text, ADDRESS_TEXT_MAX, "%s@%u", host, (unsigned)ntohs(in.sin_port));
    } else if (address->storage.ss_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, &address->storage, sizeof in);
        ipv6_to_text(&in, text);
    } else {
        snprintf(text, ADDRESS_TEXT_MAX, "(no address)");
    }
    return text;
}

/* Of both families the port stands at the same place. */
_Static_assert(offsetof(struct sockaddr_in, sin_port)
                   == offsetof(struct sockaddr_in6, sin6_port),
               "address_port() reads either");

uint16_t address_port(const struct address *address)
{
    in_port_t port;
    memcpy(&port, (const char *)&address->storage + offsetof(struct sockaddr_in, sin_port),
           sizeof port);
    return ntohs(port);
}

void address_set_port(struct address *address, uint16_t port)
{
    const in_port_t network = htons(port);
    memcpy((char *)&address->storage + offsetof(struct sockaddr_in, sin_port), &network,
           sizeof network);
}

bool address_same_host(const struct address *a, const struct address *b)
{
    if (a->storage.ss_family != b->storage.ss_family)
        return false;
    if (a->storage.ss_family == AF_INET) {
        struct sockaddr_in x, y;
        memcpy(&x, &a->storage, sizeof x);
        memcpy(&y, &b->storage, sizeof y);
        return x.sin_addr.s_addr == y.sin_addr.s_addr;
    }
    struct sockaddr_in6 x, y;
    memcpy(&x, &a->storage, sizeof x);
    memcpy(&y, &b->storage, sizeof y);
    return x.sin6_scope_id == y.sin6_scope_id
           && memcmp(&x.sin6_addr, &y.sin6_addr, sizeof x.sin6_addr) == 0;
}

bool address_equal(const struct address *a, const struct address *b)
{
    return address_same_host(a, b) && address_port(a) == address_port(b);
}

const uint8_t *address_octets(const struct sockaddr *address, uint8_t *count)
{
    if (address->sa_family == AF_INET) {
        *count = 4;
        return (const uint8_t *)address + offsetof(struct sockaddr_in, sin_addr);
    }
    *count = address->sa_family == AF_INET6 ? 16 : 0;
    return (const uint8_t *)address + offsetof(struct sockaddr_in6, sin6_addr);
}

bool address_is_wildcard(const struct address *address)
{
    const sa_family_t family = address->storage.ss_family;
    struct address wildcard;
    if (family == AF_INET)
        set_ipv4(&wildcard, (struct in_addr){.s_addr = INADDR_ANY}, 0);
    else
        set_ipv6(&wildcard, in6addr_any, 0, 0);
    return address_same_host(address, &wildcard);
}
