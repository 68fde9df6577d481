/* lease.c -- see lease.h */
#include "server/sidecar/lease.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct request {
    struct nlmsghdr header;
    struct ifaddrmsg message;
    uint8_t attributes[128];
};

static size_t address_octets(const struct lease_address *address)
{
    return address->family == AF_INET ? 4 : 16;
}

int lease_add_address(struct lease *lease, const char *text)
{
    struct lease_address address = {.family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET};
    if (inet_pton(address.family, text, address.octets) != 1)
        return -EINVAL;
    if (lease->addresses == LEASE_ADDRESSES_MAX)
        return -ENOSPC;
    lease->address[lease->addresses++] = address;
    return 0;
}

/* The kernel answers a request while it's sent; the time limit is for a kernel that doesn't. */
int lease_open(struct lease *lease)
{
    const struct timeval limit = {.tv_sec = 1};
    lease->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (lease->fd < 0)
        return -errno;
    /* Connected to the kernel, so that no other process can answer in its place (netlink(7)). */
    const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    if (setsockopt(lease->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) != 0
        || connect(lease->fd, (const struct sockaddr *)&kernel, sizeof(kernel)) != 0)
        return -errno;
    return 0;
}

static void add_attribute(struct request *r, unsigned short type, const void *data,
                          size_t octets)
{
    struct rtattr *at = (struct rtattr *)(void *)((char *)r + NLMSG_ALIGN(r->header.nlmsg_len));
    at->rta_type = type;
    at->rta_len = (unsigned short)RTA_LENGTH(octets);
    memcpy(RTA_DATA(at), data, octets);
    r->header.nlmsg_len = NLMSG_ALIGN(r->header.nlmsg_len) + RTA_ALIGN(at->rta_len);
}

/* Sends and reads the kernel's word. Answers to earlier requests that timed out are passed over. */
static int ask(struct lease *lease, struct request *r)
{
    r->header.nlmsg_seq = ++lease->sequence;
    if (send(lease->fd, r, r->header.nlmsg_len, 0) < 0)
        return -errno;
    for (;;) {
        struct {
            struct nlmsghdr header;
            struct nlmsgerr error;
            uint8_t rest[512];
        } reply;
        const ssize_t got = recv(lease->fd, &reply, sizeof(reply), 0);
        if (got < 0)
            return -errno;
        if ((size_t)got >= sizeof(reply.header) + sizeof(reply.error.error)
            && reply.header.nlmsg_type == NLMSG_ERROR
            && reply.header.nlmsg_seq == lease->sequence)
            return reply.error.error;
    }
}

static int change(struct lease *lease, const struct lease_address *address, unsigned index,
                  bool put)
{
    struct request r = {
        .header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
                   .nlmsg_type = put ? RTM_NEWADDR : RTM_DELADDR,
                   .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK
                                             | (put ? NLM_F_CREATE | NLM_F_REPLACE : 0))},
        .message = {.ifa_family = address->family,
                    .ifa_prefixlen = (uint8_t)(8 * address_octets(address)),
                    .ifa_index = index}};
    add_attribute(&r, IFA_LOCAL, address->octets, address_octets(address));
    add_attribute(&r, IFA_ADDRESS, address->octets, address_octets(address));
    if (put) {
        const uint32_t flags = IFA_F_NODAD | IFA_F_NOPREFIXROUTE;
        const struct ifa_cacheinfo lifetime = {.ifa_valid = lease->seconds, .ifa_prefered = 0};
        add_attribute(&r, IFA_FLAGS, &flags, sizeof(flags));
        add_attribute(&r, IFA_CACHEINFO, &lifetime, sizeof(lifetime));
    }
    const int err = ask(lease, &r);
    return err == -EADDRNOTAVAIL && !put ? 0 : err;
}

static int change_all(struct lease *lease, enum lease_place place, bool put)
{
    const unsigned index = if_nametoindex(lease->interface[place]);
    int first = index == 0 && put ? -ENODEV : 0;
    for (size_t i = 0; index != 0 && i < lease->addresses; i++) {
        const int err = change(lease, &lease->address[i], index, put);
        if (first == 0)
            first = err;
    }
    return first;
}

static int clear_others(struct lease *lease, enum lease_place place)
{
    int first = 0;
    for (enum lease_place at = LEASE_UP; first == 0 && at < LEASE_NOWHERE; at++) {
        if (at != place)
            first = change_all(lease, at, false);
    }
    return first;
}

/* Make before break: a router that has the second route already loses nothing with the first. */
int lease_set(struct lease *lease, enum lease_place place)
{
    int err = lease->break_first ? clear_others(lease, place) : 0;
    if (err == 0 && place != LEASE_NOWHERE)
        err = change_all(lease, place, true);
    return err == 0 && !lease->break_first ? clear_others(lease, place) : err;
}

static bool is_ours(const struct lease *lease, const struct sockaddr *found)
{
    for (size_t i = 0; i < lease->addresses; i++) {
        const struct lease_address *a = &lease->address[i];
        const void *octets =
            a->family == AF_INET
                ? (const void *)&((const struct sockaddr_in *)(const void *)found)->sin_addr
                : (const void *)&((const struct sockaddr_in6 *)(const void *)found)->sin6_addr;
        if (found->sa_family == a->family && memcmp(octets, a->octets, address_octets(a)) == 0)
            return true;
    }
    return false;
}

int lease_look(const struct lease *lease)
{
    struct ifaddrs *all;
    if (getifaddrs(&all) != 0)
        return -errno;
    int place = LEASE_NOWHERE;
    for (const struct ifaddrs *one = all; one != NULL; one = one->ifa_next) {
        for (int at = 0; one->ifa_addr != NULL && at < place; at++) {
            if (strcmp(one->ifa_name, lease->interface[at]) == 0
                && is_ours(lease, one->ifa_addr))
                place = at;
        }
    }
    freeifaddrs(all);
    return place;
}
