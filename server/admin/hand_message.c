/* hand_message.c -- what two servers say to each other while one takes over from the other */
#include "server/admin/hand_message.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RETRY_MS = 5 };

struct header {
    uint32_t magic;
    uint32_t type;
    uint32_t octets;
    uint32_t fds;
};

union control {
    struct cmsghdr first;
    char octets[CMSG_SPACE(HAND_FDS_MAX * sizeof(int))];
};

int hand_socketpair(int pair[2])
{
    const int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
    return socketpair(AF_UNIX, type, 0, pair) == 0 ? 0 : -errno;
}

/* After a call that has failed: waits where it's worth to try again. Returns 0 or a negative
 * errno. */
static int wait_for(int socket, short events)
{
    if (errno == EINTR)
        return 0;
    if (errno == ETOOMANYREFS)
        events = 0; /* the other end has to take some descriptors first */
    else if (errno != EAGAIN)
        return -errno;
    struct pollfd poll_for = {.fd = socket, .events = events};
    const int got = poll(&poll_for, 1, events != 0 ? HAND_WAIT_MS : RETRY_MS);
    return got == 0 && events != 0 ? -ETIMEDOUT : 0;
}

/* Sends the header with the descriptors. The kernel limits how many may be under way: then the
 * other end has to take some first. */
static int send_header(int socket, const struct hand_message *message)
{
    struct header header = {HAND_MAGIC, (uint32_t)message->type, (uint32_t)message->octets,
                            (uint32_t)message->fds};
    struct iovec part = {&header, sizeof header};
    struct msghdr all = {.msg_iov = &part, .msg_iovlen = 1};
    union control control;
    memset(&control, 0, sizeof control);
    if (message->fds != 0) {
        const size_t octets = message->fds * sizeof(int);
        all.msg_control = &control;
        all.msg_controllen = CMSG_SPACE(octets);
        control.first.cmsg_level = SOL_SOCKET;
        control.first.cmsg_type = SCM_RIGHTS;
        control.first.cmsg_len = CMSG_LEN(octets);
        memcpy(CMSG_DATA(&control.first), message->fd, octets);
    }
    for (int tries = 0; tries < HAND_WAIT_MS / RETRY_MS; tries++) {
        const ssize_t sent = sendmsg(socket, &all, MSG_NOSIGNAL);
        if (sent >= 0) /* the kernel doesn't split so little */
            return sent == (ssize_t)sizeof header ? 0 : -EIO;
        const int err = wait_for(socket, POLLOUT);
        if (err != 0)
            return err;
    }
    return -ETOOMANYREFS;
}

int hand_send(int socket, const struct hand_message *message)
{
    assert(message->fds <= HAND_FDS_MAX && message->octets <= HAND_OCTETS_MAX);
    int err = send_header(socket, message);
    for (size_t at = 0; err == 0 && at < message->octets;) {
        const ssize_t sent =
            send(socket, message->octet + at, message->octets - at, MSG_NOSIGNAL);
        if (sent > 0)
            at += (size_t)sent;
        else
            err = wait_for(socket, POLLOUT);
    }
    return err;
}

/* Returns how many octets came, all that were asked for, or 0 at the end, or a negative errno. */
static ssize_t receive_all(int socket, void *to, size_t octets)
{
    size_t at = 0;
    while (at < octets) {
        const ssize_t got = recv(socket, (char *)to + at, octets - at, 0);
        if (got == 0)
            return 0;
        const int err = got < 0 ? wait_for(socket, POLLIN) : 0;
        if (err != 0)
            return err;
        at += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)octets;
}

static void take_fds(struct hand_message *message, struct msghdr *all)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(all); c != NULL; c = CMSG_NXTHDR(all, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        const size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count && message->fds < HAND_FDS_MAX; i++)
            memcpy(&message->fd[message->fds++], CMSG_DATA(c) + i * sizeof(int), sizeof(int));
    }
}

static int receive_header(int socket, struct header *header, struct hand_message *message)
{
    struct iovec part = {header, sizeof *header};
    union control control;
    struct msghdr all = {.msg_iov = &part,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof control};
    ssize_t got;
    while ((got = recvmsg(socket, &all, MSG_CMSG_CLOEXEC)) < 0) {
        const int err = errno == ECONNRESET ? -EPIPE : wait_for(socket, POLLIN);
        if (err != 0)
            return err;
    }
    if (got == 0)
        return -EPIPE;
    take_fds(message, &all);
    if (got == (ssize_t)sizeof *header)
        return 0;
    got = receive_all(socket, (char *)header + got, sizeof *header - (size_t)got);
    return got > 0 ? 0 : got == 0 ? -EPIPE : (int)got;
}

int hand_receive(int socket, struct hand_message *message)
{
    struct header header;
    *message = (struct hand_message){0};
    int err = receive_header(socket, &header, message);
    if (err == 0
        && (header.magic != HAND_MAGIC || header.octets > HAND_OCTETS_MAX
            || header.fds != message->fds || header.type < HAND_SOCKETS
            || header.type > HAND_FAREWELL))
        err = -EBADMSG;
    if (err == 0) {
        message->type = (enum hand_type)header.type;
        message->octets = header.octets;
        message->octet = calloc(1, message->octets + 1);
        const ssize_t got = message->octet == NULL
                                ? -ENOMEM
                                : receive_all(socket, message->octet, message->octets);
        if (got != (ssize_t)message->octets)
            err = got < 0 ? (int)got : -EPIPE;
    }
    if (err != 0)
        hand_message_fini(message);
    return err;
}

void hand_message_fini(struct hand_message *message)
{
    for (size_t i = 0; i < message->fds; i++) {
        if (message->fd[i] >= 0)
            close(message->fd[i]);
    }
    free(message->octet);
    *message = (struct hand_message){0};
}
