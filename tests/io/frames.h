/* frames.h -- Ethernet frames with UDP datagrams, for tests
 * Checksums are computed as RFC 1071 tells it first, 16 bits in network order at a time: another
 * way than that of the code under test. */
#ifndef PHAROS_TESTS_IO_FRAMES_H
#define PHAROS_TESTS_IO_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAMES_MAX = 2048 };

struct test_frame {
    uint8_t octets[FRAMES_MAX];
    size_t count;
    size_t ip_at, udp_at; /* udp_at + 8 is the payload */
    bool ipv6;
};

/* From 192.0.2.7 or 2001:db8::7, port 4321, to 192.0.2.1 or 2001:db8::1, port 53; sealed. */
void test_frame_make(struct test_frame *frame, bool ipv6, bool tagged, const void *payload,
                     size_t octets);

/* Fills the checksums in. */
void test_frame_seal(struct test_frame *frame);

/* Whether the checksums are right. */
bool test_frame_sealed(const struct test_frame *frame);

#endif
