/* address.h -- ADDRESS@PORT, as configuration and command lines write it */
#ifndef PHAROS_SERVER_BASE_ADDRESS_H
#define PHAROS_SERVER_BASE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { ADDRESS_TEXT_MAX = 80 };

struct address {
    struct sockaddr_storage storage; /* network order, as the kernel has it */
    socklen_t octets;
};

/* Reads "192.0.2.1@53", "2001:db8::1@53", "fe80::1%eth0@53"; the port may be missing: then
 * `default_port`. Returns NULL, or what is wrong in words for people. */
const char *address_from_text(struct address *address, const char *text, uint16_t default_port);

/* "192.0.2.1@53"; returns `text`. */
const char *address_to_text(const struct address *address, char text[ADDRESS_TEXT_MAX]);

bool address_equal(const struct address *a, const struct address *b);

/* Equal but for the port. */
bool address_same_host(const struct address *a, const struct address *b);

/* True for 0.0.0.0 and ::. */
bool address_is_wildcard(const struct address *address);

/* The octets of an IPv4 or IPv6 address as they are in messages, without the port; borrowed.
 * `*count` is 4 or 16, or 0 with another family. */
const uint8_t *address_octets(const struct sockaddr *address, uint8_t *count);

/* The port in host order. */
uint16_t address_port(const struct address *address);
void address_set_port(struct address *address, uint16_t port);

#endif
