/* pulse_socket.c -- see pulse_socket.h
 * Plain sockets watched by uv_poll: libuv hands over only its own kinds of handles. */
#include "server/admin/pulse_socket.h"

#include "server/base/pulse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 16 };

struct client {
    uv_poll_t poll;
    struct pulse_socket *socket;
    atomic_int fd; /* -1: free; read by the crash handler */
    bool closing;
    uid_t user; /* who connected */
    bool announcer;
    bool up;
    size_t filled;
    char line[PULSE_SOCKET_LINE_MAX];
};

struct pulse_socket {
    uv_loop_t *loop;
    int memfd;
    int listener;
    uv_poll_t poll;
    uv_timer_t timer;
    unsigned handles; /* open; the last to close frees */
    bool closing;
    bool handed_over; /* another server's is the socket in the file system */
    struct sockaddr_un address;
    void (*callback)(void *arg, bool withdrawn);
    void *arg;
    uint64_t deadline_ms; /* of the callback */
    unsigned lost;        /* announcers that ended while up, less those that came since */
    uint64_t lost_ms;     /* the last of them */
    struct client client[PULSE_SOCKET_CLIENTS_MAX];
};

static void handle_closed(struct pulse_socket *ps)
{
    ps->handles--;
    if (ps->handles == 0 && ps->closing)
        free(ps);
}

static void call_back(struct pulse_socket *ps, bool withdrawn)
{
    void (*callback)(void *, bool) = ps->callback;
    ps->callback = NULL;
    uv_timer_stop(&ps->timer);
    callback(ps->arg, withdrawn);
}

/* Whose announcer ended without a word may be announced still: the kernel's lease goes on, and a service
 * manager brings the announcer back. */
static bool all_down(const struct pulse_socket *ps)
{
    unsigned announcers, up;
    pulse_socket_count(ps, &announcers, &up);
    const bool lost_lately =
        ps->lost != 0 && uv_now(ps->loop) - ps->lost_ms < PULSE_SOCKET_LOST_MS;
    return up == 0 && !lost_lately;
}

static void look_whether_withdrawn(struct pulse_socket *ps)
{
    if (ps->callback != NULL && all_down(ps))
        call_back(ps, true);
}

static void client_closed(uv_handle_t *handle)
{
    struct client *client = handle->data;
    close(atomic_exchange(&client->fd, -1));
    client->closing = false;
    handle_closed(client->socket);
}

static void drop_client(struct client *client)
{
    if (client->closing || atomic_load(&client->fd) < 0)
        return;
    client->closing = true;
    client->announcer = false;
    uv_close((uv_handle_t *)&client->poll, client_closed);
}

/* It has ended, not we. */
static void lose_client(struct client *client)
{
    struct pulse_socket *ps = client->socket;
    if (!client->closing && client->announcer && client->up) {
        ps->lost++;
        ps->lost_ms = uv_now(ps->loop);
    }
    drop_client(client);
}

/* An announcer that hasn't said anything about its route yet may hold it. */
static void client_said(struct client *client, const char *line)
{
    if (strcmp(line, "announcer") == 0 && !client->announcer) {
        client->announcer = true;
        client->up = true;
        if (client->socket->lost != 0)
            client->socket->lost--;
    } else if (strcmp(line, "up") == 0) {
        client->up = true;
    } else if (strcmp(line, "down") == 0) {
        client->up = false;
    }
}

/* Takes the finished lines out of the buffer. Returns false where a line can't end any more. */
static bool take_lines(struct client *client)
{
    char *end;
    while ((end = memchr(client->line, '\n', client->filled)) != NULL) {
        *end = '\0';
        client_said(client, client->line);
        const size_t used = (size_t)(end + 1 - client->line);
        client->filled -= used;
        memmove(client->line, end + 1, client->filled);
    }
    return client->filled < sizeof(client->line);
}

static void on_client(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct client *client = poll->data;
    struct pulse_socket *ps = client->socket;
    const ssize_t got = status < 0
                            ? 0
                            : read(atomic_load(&client->fd), client->line + client->filled,
                                   sizeof(client->line) - client->filled);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got > 0)
        client->filled += (size_t)got;
    if (got <= 0 || !take_lines(client))
        lose_client(client);
    look_whether_withdrawn(ps);
}

/* The memfd travels with the hello; a new connection's buffer always has room for it. */
static bool send_hello(int fd, int memfd)
{
    struct iovec hello = {.iov_base = (void *)(uintptr_t)PULSE_HELLO,
                          .iov_len = PULSE_HELLO_OCTETS};
    union {
        struct cmsghdr header;
        char octets[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr message = {.msg_iov = &hello,
                             .msg_iovlen = 1,
                             .msg_control = control.octets,
                             .msg_controllen = sizeof(control.octets)};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(rights), &memfd, sizeof(int));
    return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == PULSE_HELLO_OCTETS;
}

static uid_t user_of(int fd)
{
    struct ucred peer;
    socklen_t octets = sizeof(peer);
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &octets) == 0 ? peer.uid : (uid_t)-1;
}

/* Another user's programs can't take all places, and so keep an announcer out. */
static bool has_too_many(const struct pulse_socket *ps, uid_t user)
{
    unsigned count = 0;
    for (size_t i = 0; i < PULSE_SOCKET_CLIENTS_MAX; i++)
        count += atomic_load(&ps->client[i].fd) >= 0 && ps->client[i].user == user;
    return count >= PULSE_SOCKET_STRANGER_MAX && user != 0 && user != geteuid();
}

static struct client *free_client(struct pulse_socket *ps)
{
    for (size_t i = 0; i < PULSE_SOCKET_CLIENTS_MAX; i++) {
        if (atomic_load(&ps->client[i].fd) < 0)
            return &ps->client[i];
    }
    return NULL;
}

/* Puts a connection in a free place. NULL, with the descriptor closed, where that can't be. */
static struct client *place_client(struct pulse_socket *ps, int fd, uid_t user)
{
    struct client *client = free_client(ps);
    if (client == NULL || uv_poll_init(ps->loop, &client->poll, fd) != 0) {
        close(fd);
        return NULL;
    }
    ps->handles++;
    client->socket = ps;
    client->poll.data = client;
    client->user = user;
    client->announcer = false;
    client->up = false;
    client->filled = 0;
    atomic_store(&client->fd, fd);
    if (uv_poll_start(&client->poll, UV_READABLE | UV_DISCONNECT, on_client) != 0)
        drop_client(client);
    return client;
}

static void add_client(struct pulse_socket *ps, int fd)
{
    const uid_t user = user_of(fd);
    if (free_client(ps) == NULL || has_too_many(ps, user) || !send_hello(fd, ps->memfd))
        close(fd);
    else
        place_client(ps, fd, user);
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct pulse_socket *ps = poll->data;
    const int fd = accept4(ps->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0)
        add_client(ps, fd);
}

static int set_address(struct sockaddr_un *address, const char *run_dir)
{
    address->sun_family = AF_UNIX;
    const int octets =
        snprintf(address->sun_path, sizeof(address->sun_path), "%s/pulse.sock", run_dir);
    return octets < 0 || (size_t)octets >= sizeof(address->sun_path) ? -ENAMETOOLONG : 0;
}

/* Returns the listening socket or a negative errno. */
static int listen_at(const struct sockaddr_un *address)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    unlink(address->sun_path);
    if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) != 0
        || chmod(address->sun_path, 0666) != 0 || listen(fd, BACKLOG) != 0) {
        const int err = -errno;
        close(fd);
        return err;
    }
    return fd;
}

/* Watches the listening socket, which is owned then. */
static int begin(struct pulse_socket **out, uv_loop_t *loop, const struct sockaddr_un *address,
                 int memfd, int listener)
{
    struct pulse_socket *ps = calloc(1, sizeof(*ps));
    if (ps == NULL)
        return -ENOMEM;
    ps->loop = loop;
    ps->memfd = memfd;
    ps->address = *address;
    ps->listener = listener;
    for (size_t i = 0; i < PULSE_SOCKET_CLIENTS_MAX; i++)
        atomic_init(&ps->client[i].fd, -1);
    ps->poll.data = ps;
    ps->timer.data = ps;
    int err = uv_poll_init(loop, &ps->poll, listener);
    if (err == 0 && (err = uv_timer_init(loop, &ps->timer)) == 0)
        err = uv_poll_start(&ps->poll, UV_READABLE, on_connection);
    if (err
        != 0) { /* out of memory or descriptors at the start: libuv does no more than this */
        free(ps);
        return err;
    }
    ps->handles = 2;
    *out = ps;
    return 0;
}

int pulse_socket_open(struct pulse_socket **out, uv_loop_t *loop, const char *run_dir,
                      int memfd)
{
    struct sockaddr_un address;
    int err = set_address(&address, run_dir);
    if (err != 0)
        return err;
    const int listener = listen_at(&address);
    if (listener < 0)
        return listener;
    err = begin(out, loop, &address, memfd, listener);
    if (err != 0) {
        close(listener);
        unlink(address.sun_path);
    }
    return err;
}

int pulse_socket_inherit(struct pulse_socket **out, uv_loop_t *loop, const char *run_dir,
                         int memfd, int listener)
{
    struct sockaddr_un address;
    int err = set_address(&address, run_dir);
    /* Who connects from now on sees our process as its peer (SO_PEERCRED). */
    if (err == 0 && listen(listener, BACKLOG) != 0)
        err = -errno;
    return err != 0 ? err : begin(out, loop, &address, memfd, listener);
}

int pulse_socket_listener(const struct pulse_socket *ps)
{
    return ps->listener;
}

void pulse_socket_hand_over(struct pulse_socket *ps, int memfd,
                            void (*each)(void *context, const struct pulse_watcher *watcher),
                            void *context)
{
    uv_poll_stop(&ps->poll);
    ps->handed_over = true;
    for (size_t i = 0; i < PULSE_SOCKET_CLIENTS_MAX; i++) {
        struct client *client = &ps->client[i];
        const int fd = atomic_load(&client->fd);
        if (fd < 0 || client->closing)
            continue;
        struct pulse_watcher watcher = {.fd = fd,
                                        .user = client->user,
                                        .announcer = client->announcer,
                                        .up = client->up,
                                        .filled = (uint32_t)client->filled};
        memcpy(watcher.line, client->line, client->filled);
        if (send_hello(fd, memfd))
            each(context, &watcher);
        drop_client(client);
    }
}

void pulse_socket_adopt(struct pulse_socket *ps, const struct pulse_watcher *watcher)
{
    struct client *client = place_client(ps, watcher->fd, watcher->user);
    if (client == NULL || client->closing)
        return;
    client->announcer = watcher->announcer;
    client->up = watcher->up;
    client->filled =
        watcher->filled < sizeof(client->line) ? watcher->filled : sizeof(client->line) - 1;
    memcpy(client->line, watcher->line, client->filled);
}

/* The deadline, or the end of what is waited for on behalf of the lost, whichever comes first. */
static uint64_t next_look_ms(const struct pulse_socket *ps)
{
    const uint64_t lost_until_ms = ps->lost_ms + PULSE_SOCKET_LOST_MS;
    const bool earlier =
        ps->lost != 0 && lost_until_ms > uv_now(ps->loop) && lost_until_ms < ps->deadline_ms;
    return earlier ? lost_until_ms : ps->deadline_ms;
}

/* A lost announcer whose time is over hasn't said anything: the route isn't known to be gone. */
static void on_timeout(uv_timer_t *timer)
{
    struct pulse_socket *ps = timer->data;
    const bool down = all_down(ps);
    if (down || uv_now(ps->loop) >= ps->deadline_ms)
        call_back(ps, down && ps->lost == 0);
    else
        uv_timer_start(timer, on_timeout, next_look_ms(ps) - uv_now(ps->loop), 0);
}

void pulse_socket_wait_withdrawn(struct pulse_socket *ps, unsigned timeout_ms,
                                 void (*callback)(void *arg, bool withdrawn), void *arg)
{
    ps->callback = callback;
    ps->arg = arg;
    ps->deadline_ms = uv_now(ps->loop) + timeout_ms;
    if (all_down(ps))
        ps->lost = 0; /* long ago */
    const uint64_t wait_ms = all_down(ps) ? 0 : next_look_ms(ps) - uv_now(ps->loop);
    uv_timer_start(&ps->timer, on_timeout, wait_ms, 0);
}

void pulse_socket_count(const struct pulse_socket *ps, unsigned *announcers, unsigned *up)
{
    *announcers = 0;
    *up = 0;
    for (size_t i = 0; i < PULSE_SOCKET_CLIENTS_MAX; i++) {
        const struct client *client = &ps->client[i];
        if (atomic_load(&client->fd) < 0 || !client->announcer)
            continue;
        ++*announcers;
        *up += client->up;
    }
}

void pulse_socket_crash(const struct pulse_socket *ps)
{
    for (size_t i = 0; i < PULSE_SOCKET_CLIENTS_MAX; i++) {
        const int fd = atomic_load(&ps->client[i].fd);
        if (fd >= 0)
            shutdown(fd, SHUT_RDWR);
    }
}

static void socket_part_closed(uv_handle_t *handle)
{
    handle_closed(handle->data);
}

void pulse_socket_close(struct pulse_socket *ps)
{
    if (ps == NULL)
        return;
    ps->closing = true;
    ps->callback = NULL;
    for (size_t i = 0; i < PULSE_SOCKET_CLIENTS_MAX; i++)
        drop_client(&ps->client[i]);
    uv_close((uv_handle_t *)&ps->poll, socket_part_closed);
    uv_close((uv_handle_t *)&ps->timer, socket_part_closed);
    close(ps->listener);
    if (!ps->handed_over)
        unlink(ps->address.sun_path);
}
