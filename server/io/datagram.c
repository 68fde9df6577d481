/* datagram.c -- UDP: batches of datagrams in, batches out */
#include "server/io/datagram.h"

#include "server/base/address.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
    BATCH = DATAGRAM_BATCH,
    /* Buffers aren't a power of two apart: the beginnings of all would share a few sets of the
     * first cache, and only the beginnings are used. */
    SPREAD = 192,
    CONTROL_MAX = CMSG_SPACE(sizeof(struct timespec)) + CMSG_SPACE(sizeof(uint32_t))
                  + CMSG_SPACE(sizeof(struct in6_pktinfo)),
    CONTROL_SENT_MAX = CMSG_SPACE(sizeof(struct in6_pktinfo)),
};

/* Where a query came from. */
union peer {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

/* What the kernel tells beside a datagram; and what we tell it: the address to answer from. */
union control {
    struct cmsghdr first;
    uint8_t octets[CONTROL_MAX];
};
union control_sent {
    struct cmsghdr first;
    uint8_t octets[CONTROL_SENT_MAX];
};

/* Entry i of each array belongs to datagram i as received, but for `sending`, which has the
 * answers without gaps, and `sending_of`, which tells whose they are. */
struct datagrams {
    struct service *service;
    unsigned used; /* entries of `receiving` that the last batch wrote to */
    struct mmsghdr receiving[BATCH];
    struct mmsghdr sending[BATCH];
    uint8_t sending_of[BATCH];
    struct iovec query_part[BATCH];
    struct iovec answer_part[BATCH];
    struct exchange exchange[BATCH];
    struct timespec stamp[BATCH]; /* CLOCK_REALTIME; tv_sec 0: none */
    uint32_t latency_us[BATCH];
    union peer peer[BATCH];
    union control control[BATCH];
    union control_sent control_sent[BATCH];
    uint8_t query[BATCH][DATAGRAM_QUERY_MAX + SPREAD];
    uint8_t answer[BATCH][DATAGRAM_ANSWER_MAX + SPREAD];
};

struct datagrams *datagrams_new(struct service *service)
{
    struct datagrams *d = calloc(1, sizeof(*d));
    if (d == NULL)
        return NULL;
    d->service = service;
    d->used = BATCH;
    for (unsigned i = 0; i < BATCH; i++) {
        d->query_part[i] = (struct iovec){d->query[i], DATAGRAM_QUERY_MAX};
        struct msghdr *receiving = &d->receiving[i].msg_hdr;
        receiving->msg_name = &d->peer[i];
        receiving->msg_iov = &d->query_part[i];
        receiving->msg_iovlen = 1;
        receiving->msg_control = &d->control[i];
        struct msghdr *sending = &d->sending[i].msg_hdr;
        sending->msg_iov = &d->answer_part[i];
        sending->msg_iovlen = 1;
        d->exchange[i] = (struct exchange){.query = d->query[i],
                                           .transport = TRANSPORT_UDP,
                                           .answer = d->answer[i],
                                           .answer_max = DATAGRAM_ANSWER_MAX};
    }
    return d;
}

void datagrams_free(struct datagrams *datagrams)
{
    free(datagrams);
}

/* Receives what is there. Returns how many, 0 also where the socket says an error: that is of
 * an earlier datagram, and asking for it has cleared it. */
static unsigned receive(struct datagrams *d, const struct datagram_socket *socket)
{
    for (unsigned i = 0; i < d->used; i++) {
        d->receiving[i].msg_hdr.msg_namelen = sizeof(d->peer[i]);
        d->receiving[i].msg_hdr.msg_controllen = sizeof(d->control[i]);
    }
    const int count = recvmmsg(socket->fd, d->receiving, BATCH, MSG_DONTWAIT, NULL);
    d->used = count > 0 ? (unsigned)count : 0;
    return d->used;
}

/* Remembers the address that was asked, as the one to answer from. The route decides about the
 * interface, as a query may come in by another one than the answer leaves by; only a link-local
 * address has no meaning without it. */
static void keep_asked_address(struct datagrams *d, unsigned i, const struct cmsghdr *asked)
{
    struct cmsghdr *kept = &d->control_sent[i].first;
    kept->cmsg_level = asked->cmsg_level;
    kept->cmsg_type = asked->cmsg_type;
    if (asked->cmsg_level == IPPROTO_IP) {
        struct in_pktinfo info;
        memcpy(&info, CMSG_DATA(asked), sizeof(info));
        info.ipi_ifindex = 0;
        kept->cmsg_len = CMSG_LEN(sizeof(info));
        memcpy(CMSG_DATA(kept), &info, sizeof(info));
    } else {
        struct in6_pktinfo info;
        memcpy(&info, CMSG_DATA(asked), sizeof(info));
        if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
            info.ipi6_ifindex = 0;
        kept->cmsg_len = CMSG_LEN(sizeof(info));
        memcpy(CMSG_DATA(kept), &info, sizeof(info));
    }
}

/* Reads what the kernel tells about datagram `i`. Returns its count of drops, 0 where it told
 * none. */
static uint32_t read_control(struct datagrams *d, unsigned i)
{
    struct msghdr *header = &d->receiving[i].msg_hdr;
    uint32_t dropped = 0;
    d->control_sent[i].first.cmsg_len = 0;

    /* Mostly it's the stamp alone: nobody needs to look for more. */
    const struct cmsghdr *only = header->msg_control;
    if (header->msg_controllen == CMSG_SPACE(sizeof(d->stamp[i]))
        && only->cmsg_level == SOL_SOCKET && only->cmsg_type == SCM_TIMESTAMPNS) {
        memcpy(&d->stamp[i], CMSG_DATA(only), sizeof(d->stamp[i]));
        return 0;
    }
    d->stamp[i].tv_sec = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS)
            memcpy(&d->stamp[i], CMSG_DATA(c), sizeof(d->stamp[i]));
        else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL)
            memcpy(&dropped, CMSG_DATA(c), sizeof(dropped));
        else if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
                 || (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO))
            keep_asked_address(d, i, c);
    }
    return dropped;
}

/* Makes exchanges of what was received. */
static void read_batch(struct datagrams *d, struct datagram_socket *socket, unsigned count)
{
    uint32_t dropped = 0;
    for (unsigned i = 0; i < count; i++) {
        const uint32_t told = read_control(d, i);
        dropped = told != 0 ? told : dropped;
        /* What didn't fit is no query that could be answered rightly; like one shorter than a
         * header it gets no answer. */
        const bool whole = (d->receiving[i].msg_hdr.msg_flags & MSG_TRUNC) == 0;
        struct exchange *exchange = &d->exchange[i];
        exchange->query_octets = whole ? d->receiving[i].msg_len : 0;
        exchange->client = address_octets(&d->peer[i].any, &exchange->client_octets);
    }
    if (dropped != 0 && dropped != socket->dropped) {
        service_count_drops(d->service, socket->path, dropped - socket->dropped);
        socket->dropped = dropped;
    }
}

/* Lines up the answers. Returns how many there are. */
static unsigned gather_answers(struct datagrams *d, bool wildcard, unsigned count)
{
    unsigned answers = 0;
    for (unsigned i = 0; i < count; i++) {
        if (d->exchange[i].answer_octets == 0)
            continue;
        struct msghdr *header = &d->sending[answers].msg_hdr;
        header->msg_name = &d->peer[i];
        header->msg_namelen = d->receiving[i].msg_hdr.msg_namelen;
        d->answer_part[answers] = (struct iovec){d->answer[i], d->exchange[i].answer_octets};
        const size_t kept = wildcard ? d->control_sent[i].first.cmsg_len : 0;
        header->msg_control = kept != 0 ? &d->control_sent[i] : NULL;
        header->msg_controllen = kept != 0 ? CMSG_ALIGN(kept) : 0;
        d->sending_of[answers++] = (uint8_t)i;
    }
    return answers;
}

/* Sends the answers. One that the kernel refuses (no route, a firewall, port 0) is passed over;
 * when the socket takes no more, the rest is dropped as the network would: waiting would make
 * all later answers late. Those not sent are marked as no answer. */
static void send_answers(struct datagrams *d, int fd, unsigned answers)
{
    unsigned at = 0;
    while (at < answers) {
        const int sent = sendmmsg(fd, d->sending + at, answers - at, MSG_DONTWAIT);
        if (sent > 0) {
            at += (unsigned)sent;
            continue;
        }
        if (errno == EINTR)
            continue;
        const bool full = errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM;
        const unsigned end = full ? answers : at + 1;
        while (at < end)
            d->exchange[d->sending_of[at++]].answer_octets = 0;
    }
}

/* How long each query has waited by now, from its arrival in the kernel. */
static void measure(struct datagrams *d, unsigned count)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    for (unsigned i = 0; i < count; i++)
        d->latency_us[i] = service_latency_us(&d->stamp[i], &now); /* no stamp is 1970: unknown */
}

unsigned datagrams_turn(struct datagrams *d, struct datagram_socket *socket, unsigned batches)
{
    unsigned received = 0;
    for (unsigned batch = 0; batch < batches; batch++) {
        const unsigned count = receive(d, socket);
        if (count == 0)
            break;
        /* A flood that fills all batches of all sockets takes long, and is no hang. */
        pulse_add(&d->service->pulse->heartbeat, 1);
        read_batch(d, socket, count);
        service_answer(d->service, d->exchange, count);
        send_answers(d, socket->fd, gather_answers(d, socket->wildcard, count));
        measure(d, count);
        service_count(d->service, socket->path, TRANSPORT_UDP, d->exchange, d->latency_us,
                      count);
        received += count;
        if (count < BATCH)
            break;
    }
    return received;
}
