/* listen.c -- the sockets that the front listens on */
#include "server/io/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

enum {
    BUFFER_OCTETS = 4 * 1024 * 1024, /* a burst of 5000 small queries, as the kernel accounts */
    IPV6_MTU_MIN = 1280,             /* RFC 8200 section 5 */
    PORT_TRIES = 32,
    BUSY_POLL_US = 50,
};

unsigned listen_port(const struct address *address)
{
    const struct sockaddr *any = (const struct sockaddr *)&address->storage;
    if (any->sa_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&address->storage)->sin6_port);
    return ntohs(((const struct sockaddr_in *)&address->storage)->sin_port);
}

static void set_port(struct address *address, unsigned port)
{
    if (address->storage.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&address->storage)->sin6_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in *)&address->storage)->sin_port = htons((uint16_t)port);
}

static bool is_wildcard(const struct address *address)
{
    if (address->storage.ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&address->storage;
        return IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr);
    }
    return ((const struct sockaddr_in *)&address->storage)->sin_addr.s_addr == INADDR_ANY;
}

/* Returns 0 or a negative errno. */
static int set(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof(value)) == 0 ? 0 : -errno;
}

/* A socket with what must be settled before it's bound. Returns it or a negative errno. */
static int new_socket(const struct address *address, int type)
{
    const int family = address->storage.ss_family;
    const int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;

    int err = family == AF_INET6 ? set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) : 0;
    /* An anycast address may come later than the server, or be there on some days only. */
    if (err == 0)
        err = family == AF_INET6 ? set(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1)
                                 : set(fd, IPPROTO_IP, IP_FREEBIND, 1);
    /* Connections in TIME_WAIT don't hinder a restart; one who listens still does. */
    if (err == 0 && type == SOCK_STREAM)
        err = set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (err != 0) {
        close(fd);
        return err;
    }
    return fd;
}

static int bind_to(int fd, const struct address *address)
{
    return bind(fd, (const struct sockaddr *)&address->storage, address->octets) == 0 ? 0
                                                                                      : -errno;
}

/* Binds a socket of its own and tells the address it got. Returns the socket or a negative
 * errno. */
static int bind_alone(struct address *address, int type)
{
    const int fd = new_socket(address, type);
    if (fd < 0)
        return fd;

    int err = bind_to(fd, address);
    /* SO_REUSEADDR lets a second one bind where the first doesn't listen yet. */
    if (err == 0 && type == SOCK_STREAM && listen(fd, 1) != 0)
        err = -errno;
    struct sockaddr_storage bound = {.ss_family = AF_UNSPEC};
    socklen_t octets = sizeof(bound);
    if (err == 0 && getsockname(fd, (struct sockaddr *)&bound, &octets) != 0)
        err = -errno;
    if (err != 0) {
        close(fd);
        return err;
    }
    address->storage = bound;
    return fd;
}

int listen_probe(struct address *address)
{
    const bool any_port = listen_port(address) == 0;
    int err = 0;
    for (int tries = 0; tries < PORT_TRIES; tries++) {
        if (any_port)
            set_port(address, 0);
        const int udp = bind_alone(address, SOCK_DGRAM);
        if (udp < 0)
            return udp;
        const int tcp = bind_alone(address, SOCK_STREAM);
        close(udp);
        if (tcp >= 0) {
            close(tcp);
            return 0;
        }
        err = tcp;
        if (!any_port || err != -EADDRINUSE)
            return err;
    }
    return err;
}

/* Asks for a large buffer: past the system's limit where we may, up to it otherwise. */
static void set_buffer(int fd, int forced, int option)
{
    if (set(fd, SOL_SOCKET, forced, BUFFER_OCTETS) != 0)
        (void)set(fd, SOL_SOCKET, option, BUFFER_OCTETS);
}

/* Path MTU discovery is off, since forged ICMP could make us send fragments that are easily
 * poisoned or lost (RFC 9715): IPv4 leaves DF unset and ignores what routers say, IPv6 sends at
 * the minimum MTU. */
static int set_mtu(int fd, int family)
{
    if (family == AF_INET)
        return set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
    const int err = set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
    return err != 0 ? err : set(fd, IPPROTO_IPV6, IPV6_MTU, IPV6_MTU_MIN);
}

/* What a UDP socket needs beside its buffers. */
static int set_udp(int fd, int family, bool wildcard)
{
    int err = set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (err == 0)
        err = set(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    if (err == 0)
        err = set(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
    if (err == 0)
        err = set_mtu(fd, family);
    if (err == 0 && wildcard)
        err = family == AF_INET6 ? set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
                                 : set(fd, IPPROTO_IP, IP_PKTINFO, 1);
    return err;
}

static int set_tcp(int fd)
{
    const int err = set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    /* Connections inherit it. */
    return err == 0 ? set(fd, IPPROTO_TCP, TCP_NODELAY, 1) : err;
}

static int open_udp(const struct address *address, bool wildcard)
{
    const int fd = new_socket(address, SOCK_DGRAM);
    if (fd < 0)
        return fd;

    set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF);
    set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF);
    int err = set_udp(fd, address->storage.ss_family, wildcard);
    if (err == 0)
        err = bind_to(fd, address);
    if (err != 0) {
        close(fd);
        return err;
    }
    return fd;
}

static int open_tcp(const struct address *address)
{
    const int fd = new_socket(address, SOCK_STREAM);
    if (fd < 0)
        return fd;

    int err = set_tcp(fd);
    if (err == 0)
        err = bind_to(fd, address);
    if (err == 0 && listen(fd, SOMAXCONN) != 0)
        err = -errno;
    if (err != 0) {
        close(fd);
        return err;
    }
    return fd;
}

int listen_open(struct listener *listener, const struct address *address)
{
    listener->wildcard = is_wildcard(address);
    if (listener->udp < 0)
        listener->udp = open_udp(address, listener->wildcard);
    if (listener->udp >= 0 && listener->tcp < 0)
        listener->tcp = open_tcp(address);
    const int err = listener->udp < 0 ? listener->udp : listener->tcp < 0 ? listener->tcp : 0;
    if (err != 0)
        listen_close(listener);
    return err;
}

/* The buffers stay as they are: who made the socket may have been allowed larger ones. */
int listen_inherit(int fd, const struct address *address, int type)
{
    const int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0
        || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return -errno;
    return type == SOCK_STREAM ? set_tcp(fd)
                               : set_udp(fd, address->storage.ss_family, is_wildcard(address));
}

uint32_t listen_dropped(int udp)
{
    uint32_t info[SK_MEMINFO_VARS] = {0};
    socklen_t octets = sizeof(info);
    if (getsockopt(udp, SOL_SOCKET, SO_MEMINFO, info, &octets) != 0)
        return 0;
    return info[SK_MEMINFO_DROPS];
}

void listen_busy_poll(int udp)
{
    (void)set(udp, SOL_SOCKET, SO_BUSY_POLL, BUSY_POLL_US);
}

void listen_close(struct listener *listener)
{
    if (listener->udp >= 0)
        close(listener->udp);
    if (listener->tcp >= 0)
        close(listener->tcp);
    listener->udp = listener->tcp = -1;
}
