#include "tests/io/frames.h"

#include <string.h>

static unsigned sum(const uint8_t *octets, size_t count, unsigned total)
{
    for (size_t i = 0; i < count; i++) {
        total += i % 2 == 0 ? (unsigned)octets[i] << 8 : octets[i];
        total = (total & 0xffff) + (total >> 16);
    }
    return total;
}

static unsigned sum_ip(const struct test_frame *frame)
{
    return sum(frame->octets + frame->ip_at, 20, 0);
}

static unsigned sum_udp(const struct test_frame *frame)
{
    const uint8_t *udp = frame->octets + frame->udp_at;
    const size_t octets = (size_t)udp[4] << 8 | udp[5];
    const uint8_t *ip = frame->octets + frame->ip_at;
    const uint8_t rest[4] = {0, 17, udp[4], udp[5]};
    unsigned total = frame->ipv6 ? sum(ip + 8, 32, 0) : sum(ip + 12, 8, 0);
    total = sum(rest, sizeof(rest), total);
    return sum(udp, octets, total);
}

static void put(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

void test_frame_seal(struct test_frame *frame)
{
    uint8_t *ip = frame->octets + frame->ip_at;
    uint8_t *udp = frame->octets + frame->udp_at;
    if (!frame->ipv6) {
        put(ip + 10, 0);
        put(ip + 10, ~sum_ip(frame) & 0xffff);
    }
    put(udp + 6, 0);
    const unsigned checksum = ~sum_udp(frame) & 0xffff;
    put(udp + 6, checksum != 0 ? checksum : 0xffff);
}

bool test_frame_sealed(const struct test_frame *frame)
{
    return (frame->ipv6 || sum_ip(frame) == 0xffff) && sum_udp(frame) == 0xffff;
}

void test_frame_make(struct test_frame *frame, bool ipv6, bool tagged, const void *payload,
                     size_t octets)
{
    static const uint8_t macs[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 7};
    static const uint8_t tag[4] = {0x81, 0, 0x20, 5};
    static const uint8_t ipv4[20] = {0x45, 0, 0,   0, 0xab, 0xcd, 0x40, 0, 33, 17,
                                     0,    0, 192, 0, 2,    7,    192,  0, 2,  1};
    static const uint8_t ipv6_start[8] = {0x6a, 0xbc, 0xde, 0xf1, 0, 0, 17, 33};
    static const uint8_t ports[4] = {4321 >> 8, 4321 & 0xff, 0, 53};

    memset(frame, 0, sizeof(*frame));
    frame->ipv6 = ipv6;
    frame->ip_at = tagged ? 18 : 14;
    frame->udp_at = frame->ip_at + (ipv6 ? 40 : 20);
    frame->count = frame->udp_at + 8 + octets;
    memcpy(frame->octets, macs, sizeof(macs));
    if (tagged)
        memcpy(frame->octets + 12, tag, sizeof(tag));
    put(frame->octets + frame->ip_at - 2, ipv6 ? 0x86dd : 0x0800);
    uint8_t *ip = frame->octets + frame->ip_at;
    memcpy(ip, ipv6 ? ipv6_start : ipv4, ipv6 ? sizeof(ipv6_start) : sizeof(ipv4));
    if (ipv6) {
        static const uint8_t prefix[4] = {0x20, 0x01, 0x0d, 0xb8};
        memcpy(ip + 8, prefix, sizeof(prefix));
        memcpy(ip + 24, prefix, sizeof(prefix));
        ip[8 + 15] = 7;
        ip[24 + 15] = 1;
        put(ip + 4, (unsigned)octets + 8);
    } else {
        put(ip + 2, (unsigned)octets + 28);
    }
    uint8_t *udp = frame->octets + frame->udp_at;
    memcpy(udp, ports, sizeof(ports));
    put(udp + 4, (unsigned)octets + 8);
    memcpy(udp + 8, payload, octets);
    test_frame_seal(frame);
}
