/* xdp_program.bpf.c -- runs in the kernel for each frame that an interface receives
 * UDP to an address and port in the map `endpoints` goes to the AF_XDP socket of the queue it
 * came by; everything else, and all that looks odd, goes on to the kernel: ARP, NDP, TCP, ICMP,
 * fragments, IP options, extension headers, two tags, lengths that don't agree, other
 * destinations. Checksums are for user space (xdp_frame.c). */
#include "server/io/xdp_program.h"

#include <stdbool.h>
#include <stddef.h>

/* The types that the others need. */
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

enum { FRAGMENT_MASK = 0x3fff, PROTOCOL_UDP = 17 };

struct {
    __uint(type, BPF_MAP_TYPE_XSKMAP);
    __uint(max_entries, 1); /* set when it's loaded: the interface's queues */
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(__u32));
} sockets SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1); /* set when it's loaded */
    __uint(key_size, sizeof(struct xdp_endpoint));
    __uint(value_size, sizeof(__u8));
} endpoints SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(struct xdp_settings));
} settings SEC(".maps");

struct tag {
    __be16 bits;
    __be16 type;
};

/* Each of these returns false where the frame is the kernel's. `at` is where the header begins,
 * `end` where the frame ends. How many octets are left is counted beside: to subtract pointers
 * would take CAP_PERFMON, and so would reading at a distance that isn't constant. */
static __always_inline bool read_udp(struct xdp_endpoint *asked, void *at, void *end,
                                     __u32 octets)
{
    struct udphdr *udp = at;
    if ((void *)(udp + 1) > end)
        return false;
    __u32 port = udp->dest;
    __u32 length = bpf_ntohs(udp->len);
    /* Keeps the compiler from making one reading of this function's two places. */
    __asm__ volatile("" : "+r"(port), "+r"(length));
    __builtin_memcpy(asked->port, &port, sizeof(asked->port));
    return length == octets && length >= sizeof(*udp);
}

static __always_inline bool read_ipv4(struct xdp_endpoint *asked, void *at, void *end,
                                      __u64 left)
{
    struct iphdr *ip = at;
    if ((void *)(ip + 1) > end || ip->version != 4 || ip->ihl != 5
        || ip->protocol != PROTOCOL_UDP || (ip->frag_off & bpf_htons(FRAGMENT_MASK)) != 0)
        return false;
    const __u32 total = bpf_ntohs(ip->tot_len);
    if (total < sizeof(*ip) || total > left)
        return false;
    __builtin_memcpy(asked->address, &ip->daddr, sizeof(ip->daddr));
    asked->family = 4;
    return read_udp(asked, ip + 1, end, total - sizeof(*ip));
}

static __always_inline bool read_ipv6(struct xdp_endpoint *asked, void *at, void *end,
                                      __u64 left)
{
    struct ipv6hdr *ip = at;
    if ((void *)(ip + 1) > end || ip->version != 6 || ip->nexthdr != PROTOCOL_UDP)
        return false;
    const __u32 length = bpf_ntohs(ip->payload_len);
    if (sizeof(*ip) + length > left)
        return false;
    __builtin_memcpy(asked->address, &ip->daddr, sizeof(ip->daddr));
    asked->family = 6;
    return read_udp(asked, ip + 1, end, length);
}

/* There's no memcmp() to call here. */
static __always_inline bool mac_equal(const __u8 *a, const __u8 *b)
{
    __u8 differences = 0;
    for (int i = 0; i < ETH_ALEN; i++)
        differences |= a[i] ^ b[i];
    return differences == 0;
}

static __always_inline bool read_frame(struct xdp_endpoint *asked, void *at, void *end,
                                       __u64 left, const struct xdp_settings *set)
{
    struct ethhdr *ethernet = at;
    if ((void *)(ethernet + 1) > end || left > set->frame_max
        || !mac_equal(ethernet->h_dest, set->mac))
        return false;
    __be16 type = ethernet->h_proto;
    void *next = ethernet + 1;
    left -= sizeof(*ethernet);
    if (type == bpf_htons(ETH_P_8021Q)) {
        struct tag *tag = next;
        if ((void *)(tag + 1) > end)
            return false;
        type = tag->type;
        next = tag + 1;
        left -= sizeof(*tag);
    }
    if (type == bpf_htons(ETH_P_IP))
        return read_ipv4(asked, next, end, left);
    return type == bpf_htons(ETH_P_IPV6) && read_ipv6(asked, next, end, left);
}

/* Notes the time before the frame; some drivers have no room for it. */
static __always_inline void stamp(struct xdp_md *context, __u64 mark)
{
    if (bpf_xdp_adjust_meta(context, -(int)sizeof(struct xdp_stamp)) != 0)
        return;
    struct xdp_stamp *before = (void *)(long)context->data_meta;
    if ((void *)(before + 1) > (void *)(long)context->data)
        return;
    before->mark = mark;
    before->ns = bpf_ktime_get_ns();
}

SEC("xdp")
int pharos(struct xdp_md *context)
{
    const __u32 only = 0;
    const struct xdp_settings *set = bpf_map_lookup_elem(&settings, &only);
    struct xdp_endpoint asked = {.family = 0};
    if (set == NULL
        || !read_frame(&asked, (void *)(long)context->data, (void *)(long)context->data_end,
                       bpf_xdp_get_buff_len(context), set)
        || bpf_map_lookup_elem(&endpoints, &asked) == NULL)
        return XDP_PASS;
    stamp(context, set->mark);
    /* A queue without a socket is the kernel's. */
    return bpf_redirect_map(&sockets, context->rx_queue_index, XDP_PASS);
}

/* Kernels before 5.8 give the time only to programs whose licence the GPL is at ease with. */
const char licence[] SEC("license") = "Dual BSD/GPL";
