/* stall.c -- makes a server sick from outside, for LD_PRELOAD
 * The file that STALL_FILE names has a word, and a number, for as long as it's there:
 *
 *     stall MS    each sendmmsg() takes MS longer
 *     some MS     the same, but for the worker whose number is 0: a part of the answers is late
 *     cost US     each datagram that sendmmsg() takes costs US: a server with little capacity
 *     tcp         connections are accepted, and nobody ever reads from them
 *     servfail    questions about example.com are taken for ones about failing.com, a zone that can't
 *                 be loaded, by UDP and TCP */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static const char well[] = "\7example\3com";
static const char sick[] = "\7failing\3com";
enum { NAME_OCTETS = sizeof(well) - 1 };

static ssize_t (*next_read)(int, void *, size_t);
static ssize_t (*next_write)(int, const void *, size_t);
static ssize_t (*next_writev)(int, const struct iovec *, int);
static int (*next_accept4)(int, struct sockaddr *, socklen_t *, int);
static int (*next_sendmmsg)(int, struct mmsghdr *, unsigned, int);
static int (*next_recvmmsg)(int, struct mmsghdr *, unsigned, int, struct timespec *);

static void find(void *function, const char *name)
{
    void *symbol = dlsym(RTLD_NEXT, name);
    memcpy(function, &symbol, sizeof(symbol));
}

__attribute__((constructor)) static void find_all(void)
{
    find(&next_read, "read");
    find(&next_write, "write");
    find(&next_writev, "writev");
    find(&next_accept4, "accept4");
    find(&next_sendmmsg, "sendmmsg");
    find(&next_recvmmsg, "recvmmsg");
}

/* The number that `word` has now; -1: it isn't said. */
static long told(const char *word)
{
    char text[64];
    const char *path = getenv("STALL_FILE");
    const int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    const ssize_t got = next_read(fd, text, sizeof(text) - 1);
    close(fd);
    const size_t octets = strlen(word);
    if (got < (ssize_t)octets || memcmp(text, word, octets) != 0)
        return -1;
    text[got] = '\0';
    return atol(text + octets);
}

static void pause_us(long us)
{
    const struct timespec pause = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    if (us > 0)
        nanosleep(&pause, NULL);
}

static bool is_first_worker(void)
{
    char name[16] = "";
    prctl(PR_GET_NAME, name);
    return strcmp(name, "worker-0") == 0;
}

static void rename_in(void *octets, size_t count, const char *from, const char *to)
{
    for (char *at = octets; (at = memmem(at, count, from, NAME_OCTETS)) != NULL;) {
        memcpy(at, to, NAME_OCTETS);
        at += NAME_OCTETS;
        count -= (size_t)(at - (char *)octets);
        octets = at;
    }
}

static void rename_messages(struct mmsghdr *messages, unsigned count, const char *from,
                            const char *to)
{
    for (unsigned i = 0; i < count; i++) {
        const struct msghdr *header = &messages[i].msg_hdr;
        for (size_t j = 0; j < header->msg_iovlen; j++)
            rename_in(header->msg_iov[j].iov_base, header->msg_iov[j].iov_len, from, to);
    }
}

int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    pause_us(1000 * told("stall"));
    if (!is_first_worker())
        pause_us(1000 * told("some"));
    pause_us((long)count * told("cost"));
    rename_messages(messages, count, sick, well);
    return next_sendmmsg(fd, messages, count, flags);
}

int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
             struct timespec *timeout)
{
    const int got = next_recvmmsg(fd, messages, count, flags, timeout);
    if (got > 0 && told("servfail") >= 0)
        rename_messages(messages, (unsigned)got, well, sick);
    return got;
}

ssize_t read(int fd, void *octets, size_t count)
{
    const ssize_t got = next_read(fd, octets, count);
    if (got > NAME_OCTETS && told("servfail") >= 0)
        rename_in(octets, (size_t)got, well, sick);
    return got;
}

/* The caller's octets are an answer of its own, which it won't read again. */
ssize_t write(int fd, const void *octets, size_t count)
{
    const struct iovec part = {.iov_base = (void *)(size_t)octets, .iov_len = count};
    if (told("servfail") >= 0)
        rename_in(part.iov_base, count, sick, well);
    return next_write(fd, octets, count);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    for (int i = 0; i < count && told("servfail") >= 0; i++)
        rename_in(parts[i].iov_base, parts[i].iov_len, sick, well);
    return next_writev(fd, parts, count);
}

int accept4(int fd, struct sockaddr *address, socklen_t *octets, int flags)
{
    const int connection = next_accept4(fd, address, octets, flags);
    if (connection < 0 || told("tcp") < 0)
        return connection;
    errno = EAGAIN; /* it stays open, and nobody knows it */
    return -1;
}
