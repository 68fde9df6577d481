/* xdp_frame.c -- Ethernet frames that hold a UDP query, and the frames that answer them */
#include "server/io/xdp_frame.h"

#include <assert.h>
#include <string.h>

enum {
    MAC = 6,
    ETHERNET = 14,
    TAG = 4, /* the type 802.1Q and the tag's 16 bits */
    TYPE_IPV4 = 0x0800,
    TYPE_IPV6 = 0x86dd,
    TYPE_TAG = 0x8100,
    IPV4 = 20,
    IPV6 = 40,
    IPV6_MTU_MIN = 1280, /* RFC 8200 section 5 */
    UDP = 8,
    PROTOCOL_UDP = 17,
    TTL = 64, /* of IANA's, and what Linux sends */
    /* RFC 791 section 3.1: any of these means a fragment. */
    FRAGMENT_MASK = 0x3fff,
    /* Where fields stand in their headers. */
    IPV4_TOTAL = 2,
    IPV4_ID = 4,
    IPV4_FRAGMENT = 6,
    IPV4_TTL = 8,
    IPV4_PROTOCOL = 9,
    IPV4_CHECKSUM = 10,
    IPV4_SOURCE = 12,
    IPV4_TARGET = 16,
    IPV6_LENGTH = 4,
    IPV6_NEXT = 6,
    IPV6_HOPS = 7,
    IPV6_SOURCE = 8,
    IPV6_TARGET = 24,
    UDP_SOURCE = 0,
    UDP_TARGET = 2,
    UDP_LENGTH = 4,
    UDP_CHECKSUM = 6,
};

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static void put16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* Adds octets to a ones' complement sum. It's the same whichever way round the machine has its
 * octets (RFC 1071 section 2), and words of 32 bits can be added 2^32 times before 64 are full. */
static uint64_t sum_octets(uint64_t sum, const uint8_t *octets, size_t count)
{
    size_t at = 0;
    for (; at + 4 <= count; at += 4) {
        uint32_t word;
        memcpy(&word, octets + at, sizeof(word));
        sum += word;
    }
    if (at < count) {
        uint32_t word = 0;
        memcpy(&word, octets + at, count - at);
        sum += word;
    }
    return sum;
}

/* Brings a sum to 16 bits, in the machine's order as the words were. */
static uint16_t fold(uint64_t sum)
{
    sum = (sum >> 32) + (sum & UINT32_MAX);
    sum = (sum >> 32) + (sum & UINT32_MAX);
    sum = (sum >> 16) + (sum & UINT16_MAX);
    sum = (sum >> 16) + (sum & UINT16_MAX);
    return (uint16_t)((sum >> 16) + (sum & UINT16_MAX));
}

/* The sum of a UDP datagram with its pseudo-header (RFC 768; RFC 8200 section 8.1). */
static uint16_t sum_udp(const uint8_t *ip, const uint8_t *udp, size_t udp_octets, bool ipv6)
{
    uint8_t rest[4] = {0, PROTOCOL_UDP};
    put16(rest + 2, udp_octets);
    uint64_t sum = sum_octets(0, rest, sizeof(rest));
    sum = ipv6 ? sum_octets(sum, ip + IPV6_SOURCE, 32) : sum_octets(sum, ip + IPV4_SOURCE, 8);
    return fold(sum_octets(sum, udp, udp_octets));
}

/* Whether an answer can go there: "this network", loopback, multicast and reserved can't. */
static bool is_host_ipv4(const uint8_t *address)
{
    return address[0] != 0 && address[0] != 127 && address[0] < 224;
}

static bool is_host_ipv6(const uint8_t *address)
{
    static const uint8_t zero[12] = {0}; /* ::, ::1 and the rest of ::/96 */
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    return address[0] != 0xff && memcmp(address, zero, sizeof(zero)) != 0
           && memcmp(address, mapped, sizeof(mapped)) != 0;
}

/* Reads the IPv4 header; returns the octets that follow it in the packet, 0: not for us. */
static size_t read_ipv4(const uint8_t *ip, size_t count)
{
    if (count < IPV4 + UDP || ip[0] != 0x45 || ip[IPV4_PROTOCOL] != PROTOCOL_UDP
        || (get16(ip + IPV4_FRAGMENT) & FRAGMENT_MASK) != 0)
        return 0;
    const size_t total = get16(ip + IPV4_TOTAL);
    if (total < IPV4 + UDP || total > count || fold(sum_octets(0, ip, IPV4)) != UINT16_MAX)
        return 0;
    const bool sound = is_host_ipv4(ip + IPV4_SOURCE) && is_host_ipv4(ip + IPV4_TARGET)
                       && memcmp(ip + IPV4_SOURCE, ip + IPV4_TARGET, 4) != 0;
    return sound ? total - IPV4 : 0;
}

static size_t read_ipv6(const uint8_t *ip, size_t count)
{
    if (count < IPV6 + UDP || ip[0] >> 4 != 6 || ip[IPV6_NEXT] != PROTOCOL_UDP)
        return 0;
    const size_t length = get16(ip + IPV6_LENGTH);
    if (length < UDP || length > count - IPV6)
        return 0;
    const bool sound = is_host_ipv6(ip + IPV6_SOURCE) && is_host_ipv6(ip + IPV6_TARGET)
                       && memcmp(ip + IPV6_SOURCE, ip + IPV6_TARGET, 16) != 0;
    return sound ? length : 0;
}

/* Without a checksum is legal over IPv4 alone (RFC 768; RFC 8200 section 8.1). */
static bool udp_sound(const uint8_t *ip, const uint8_t *udp, size_t udp_octets, bool ipv6)
{
    if (get16(udp + UDP_LENGTH) != udp_octets || get16(udp + UDP_SOURCE) == 0
        || get16(udp + UDP_TARGET) == 0)
        return false;
    if (get16(udp + UDP_CHECKSUM) == 0)
        return !ipv6;
    return sum_udp(ip, udp, udp_octets, ipv6) == UINT16_MAX;
}

bool xdp_frame_read(struct xdp_frame *frame, const uint8_t *octets, size_t count)
{
    /* A group's address is nobody's own: neither the sender's nor ours. */
    if (count < ETHERNET + TAG || ((octets[0] | octets[MAC]) & 1) != 0)
        return false;
    const bool tagged = get16(octets + 2 * MAC) == TYPE_TAG;
    const size_t ip_at = tagged ? ETHERNET + TAG : ETHERNET;
    const uint16_t type = get16(octets + ip_at - 2);
    if (type != TYPE_IPV4 && type != TYPE_IPV6)
        return false;

    const bool ipv6 = type == TYPE_IPV6;
    const uint8_t *ip = octets + ip_at;
    const size_t udp_octets =
        ipv6 ? read_ipv6(ip, count - ip_at) : read_ipv4(ip, count - ip_at);
    const uint8_t *udp = ip + (ipv6 ? IPV6 : IPV4);
    if (udp_octets == 0 || !udp_sound(ip, udp, udp_octets, ipv6))
        return false;
    *frame = (struct xdp_frame){.ip_at = (uint16_t)ip_at,
                                .payload_at = (uint16_t)(udp - octets + UDP),
                                .payload_octets = (uint16_t)(udp_octets - UDP),
                                .ipv6 = ipv6};
    return true;
}

const uint8_t *xdp_frame_client(const struct xdp_frame *frame, const uint8_t *octets)
{
    return octets + frame->ip_at + (frame->ipv6 ? IPV6_SOURCE : IPV4_SOURCE);
}

size_t xdp_frame_room(const struct xdp_frame *frame, size_t mtu)
{
    assert(mtu >= XDP_FRAME_MTU_MIN);
    if (mtu > XDP_FRAME_MTU_MAX)
        mtu = XDP_FRAME_MTU_MAX;
    if (!frame->ipv6)
        return mtu - IPV4 - UDP;
    return (mtu < IPV6_MTU_MIN ? mtu : IPV6_MTU_MIN) - IPV6 - UDP;
}

static void write_ipv4(uint8_t *ip, const uint8_t *query, size_t udp_octets, uint16_t id)
{
    memset(ip, 0, IPV4);
    ip[0] = 0x45;
    put16(ip + IPV4_TOTAL, IPV4 + udp_octets);
    put16(ip + IPV4_ID, id);
    ip[IPV4_TTL] = TTL;
    ip[IPV4_PROTOCOL] = PROTOCOL_UDP;
    memcpy(ip + IPV4_SOURCE, query + IPV4_TARGET, 4);
    memcpy(ip + IPV4_TARGET, query + IPV4_SOURCE, 4);
    const uint16_t checksum = (uint16_t)~fold(sum_octets(0, ip, IPV4));
    memcpy(ip + IPV4_CHECKSUM, &checksum, sizeof(checksum));
}

static void write_ipv6(uint8_t *ip, const uint8_t *query, size_t udp_octets)
{
    memset(ip, 0, IPV6_SOURCE);
    ip[0] = 6 << 4;
    put16(ip + IPV6_LENGTH, udp_octets);
    ip[IPV6_NEXT] = PROTOCOL_UDP;
    ip[IPV6_HOPS] = TTL;
    memcpy(ip + IPV6_SOURCE, query + IPV6_TARGET, 16);
    memcpy(ip + IPV6_TARGET, query + IPV6_SOURCE, 16);
}

size_t xdp_frame_answer(uint8_t *answer, const uint8_t *octets, const struct xdp_frame *frame,
                        size_t payload_octets, uint16_t id)
{
    const size_t udp_octets = UDP + payload_octets;
    const uint8_t *query = octets + frame->ip_at;
    uint8_t *ip = answer + frame->ip_at;
    memcpy(answer, octets + MAC, MAC);
    memcpy(answer + MAC, octets, MAC);
    memcpy(answer + 2 * MAC, octets + 2 * MAC, (size_t)frame->ip_at - 2 * MAC);
    if (frame->ipv6)
        write_ipv6(ip, query, udp_octets);
    else
        write_ipv4(ip, query, udp_octets, id);

    uint8_t *udp = answer + frame->payload_at - UDP;
    const uint8_t *asked = octets + frame->payload_at - UDP;
    memcpy(udp + UDP_SOURCE, asked + UDP_TARGET, 2);
    memcpy(udp + UDP_TARGET, asked + UDP_SOURCE, 2);
    put16(udp + UDP_LENGTH, udp_octets);
    put16(udp + UDP_CHECKSUM, 0);
    /* 0 would mean none: its other form is sent then (RFC 768). */
    const uint16_t sum = (uint16_t)~sum_udp(ip, udp, udp_octets, frame->ipv6);
    const uint16_t checksum = sum != 0 ? sum : UINT16_MAX;
    memcpy(udp + UDP_CHECKSUM, &checksum, sizeof(checksum));
    return frame->payload_at + payload_octets;
}
