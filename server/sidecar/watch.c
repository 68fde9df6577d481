/* watch.c -- see watch.h */
#include "server/sidecar/watch.h"

#include "server/base/pulse.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* Waits for the death of worker 0; it owns its mapping's end: the loop joins before it unmaps. */
struct watch_thread {
    uv_thread_t thread;
    uv_async_t async;
    struct watch *watch; /* the loop's thread alone looks at it; NULL once disconnected */
    _Atomic uint32_t *word;
    atomic_bool stop;
};

const char *server_to_text(enum server server)
{
    static const char *const text[] = {"unknown", "away", "starting",
                                       "well",    "hung", "leaving"};
    return text[server];
}

static long futex(_Atomic uint32_t *word, int operation, uint32_t value,
                  const struct timespec *timeout)
{
    return syscall(SYS_futex, word, operation, value, timeout, NULL, 0);
}

static void pause_ms(unsigned ms)
{
    const struct timespec pause = {.tv_nsec = (long)ms * 1000000};
    nanosleep(&pause, NULL);
}

bool watch_wait_death(_Atomic uint32_t *word, unsigned timeout_ms)
{
    uint32_t value = atomic_load(word);
    if ((value & FUTEX_OWNER_DIED) == 0) {
        const struct timespec timeout = {.tv_sec = timeout_ms / 1000,
                                         .tv_nsec = (long)(timeout_ms % 1000) * 1000000};
        if ((value & FUTEX_TID_MASK) == 0)
            pause_ms(10); /* not held yet */
        else if (futex(word, FUTEX_WAIT, value, &timeout) != 0 && errno != ETIMEDOUT)
            pause_ms(1); /* it changes under us: no spinning, whoever writes it */
        value = atomic_load(word);
    }
    if ((value & FUTEX_OWNER_DIED) == 0)
        return false;
    futex(word, FUTEX_WAKE, INT_MAX, NULL);
    return true;
}

static void run_thread(void *arg)
{
    struct watch_thread *t = arg;
    while (!atomic_load(&t->stop)) {
        if (watch_wait_death(t->word, PULSE_TICK_MS)) {
            uv_async_send(&t->async);
            return;
        }
    }
}

static void become(struct watch *watch, enum server server)
{
    if (server == watch->server)
        return;
    watch->server = server;
    watch->changed(watch);
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

static void free_thread(uv_handle_t *handle)
{
    free(handle->data);
}

static void end_thread(struct watch *watch)
{
    struct watch_thread *t = watch->thread;
    if (t == NULL)
        return;
    watch->thread = NULL;
    t->watch = NULL;
    atomic_store(&t->stop, true);
    futex(t->word, FUTEX_WAKE, INT_MAX, NULL);
    uv_thread_join(&t->thread);
    uv_close((uv_handle_t *)&t->async, free_thread);
}

static void disconnect(struct watch *watch)
{
    end_thread(watch);
    if (watch->poll != NULL) {
        uv_close((uv_handle_t *)watch->poll, free_handle);
        close(watch->fd);
        watch->poll = NULL;
    }
    pulse_unmap(&watch->view);
    watch->beats = (struct heartbeats){0};
}

static int take_memfd(struct msghdr *message)
{
    int memfd = -1;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS
            && c->cmsg_len == CMSG_LEN(sizeof(int)))
            memcpy(&memfd, CMSG_DATA(c), sizeof(int));
    }
    return memfd;
}

static int start_thread(struct watch *watch);

/* The server's pulse from here on, which replaces that of a server that handed over to it. */
static int take_pulse(struct watch *watch, int memfd)
{
    struct pulse_view view;
    const int err = pulse_map(&view, memfd);
    if (err != 0)
        return err;
    end_thread(watch);
    pulse_unmap(&watch->view);
    watch->view = view;
    watch->beats = (struct heartbeats){0};
    watch->looks = 0;
    return watch->greeting == NULL ? 0 : start_thread(watch);
}

/* Room for one descriptor alone, so the kernel closes any more that are sent. Returns 1 for a pulse
 * that was taken, 0 where there's none, or a negative errno. */
static int receive_pulse(struct watch *watch)
{
    char hello[PULSE_HELLO_OCTETS] = {0};
    struct iovec iov = {.iov_base = hello, .iov_len = sizeof(hello)};
    union {
        struct cmsghdr header;
        char octets[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = control.octets,
                             .msg_controllen = sizeof(control.octets)};
    const ssize_t got = recvmsg(watch->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    const int memfd = take_memfd(&message);
    if (memfd < 0)
        return got == 0 || watch->view.pulse == NULL ? -EPIPE : 0;
    int err = -EBADMSG;
    if (got == PULSE_HELLO_OCTETS && memcmp(hello, PULSE_HELLO, PULSE_HELLO_OCTETS) == 0)
        err = take_pulse(watch, memfd);
    close(memfd);
    return err == 0 ? 1 : err;
}

/* The server is gone: first the word, since each millisecond counts, then the cleaning up. */
static void lose(struct watch *watch)
{
    become(watch, SERVER_AWAY);
    disconnect(watch);
}

/* A server that has handed over to another said so before: then it may die. */
static void on_death(uv_async_t *async)
{
    const struct watch_thread *t = async->data;
    if (t->watch != NULL && receive_pulse(t->watch) != 1)
        lose(t->watch);
}

static int start_thread(struct watch *watch)
{
    struct watch_thread *t = calloc(1, sizeof(*t));
    if (t == NULL)
        return -ENOMEM;
    int err = uv_async_init(watch->loop, &t->async, on_death);
    if (err != 0) {
        free(t);
        return err;
    }
    t->async.data = t;
    t->watch = watch;
    t->word = pulse_alive_word(&watch->view, 0);
    err = uv_thread_create(&t->thread, run_thread, t);
    if (err != 0)
        uv_close((uv_handle_t *)&t->async, free_thread);
    else
        watch->thread = t;
    return err;
}

/* After the hello there's another one at most; other octets are thrown away, the end is what counts. */
static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct watch *watch = poll->data;
    if (watch->poll != poll)
        return;
    const int err = status != 0 ? status : receive_pulse(watch);
    if (err < 0)
        lose(watch);
}

static void connect_now(struct watch *watch)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, watch->path, sizeof(address.sun_path) - 1);
    uv_poll_t *poll = malloc(sizeof(*poll));
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (poll == NULL || fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0
        || uv_poll_init(watch->loop, poll, fd) != 0) {
        free(poll);
        if (fd >= 0)
            close(fd);
        return;
    }
    poll->data = watch;
    watch->poll = poll;
    watch->fd = fd;
    watch->looks = 0;
    uv_poll_start(poll, UV_READABLE, on_readable);
    if (watch->greeting != NULL)
        watch_tell(watch, watch->greeting);
}

enum {
    LOOKS_A_TICK = PULSE_TICK_MS / HEARTBEATS_LOOK_MS,
    LOOKS_AWAY = HEARTBEATS_STILL_MS / HEARTBEATS_LOOK_MS, /* so long without a server: it's away */
};

/* What the memory and the heartbeats say; SERVER_UNKNOWN: nothing yet. */
static enum server look(const struct watch *watch)
{
    if (watch->view.pulse == NULL)
        return SERVER_UNKNOWN;
    const uint32_t state =
        atomic_load_explicit(&watch->view.pulse->state, memory_order_relaxed);
    if (state != PULSE_STARTING && state != PULSE_SERVING)
        return SERVER_LEAVING;
    if (watch->beats.stuck == watch->view.workers)
        return SERVER_HUNG;
    if (state == PULSE_STARTING)
        return SERVER_STARTING;
    return watch->beats.moved ? SERVER_WELL : SERVER_UNKNOWN;
}

static void on_look(uv_timer_t *timer)
{
    struct watch *watch = timer->data;
    const bool tick = watch->until_tick == 0;
    watch->until_tick = tick ? LOOKS_A_TICK - 1 : watch->until_tick - 1;
    if (watch->poll == NULL && tick)
        connect_now(watch);
    if (watch->view.pulse != NULL)
        heartbeats_look(&watch->beats, &watch->view, uv_now(watch->loop));
    if (watch->looks < LOOKS_AWAY)
        watch->looks++;
    const enum server seen = look(watch);
    if (seen != SERVER_UNKNOWN)
        become(watch, seen);
    else if (watch->view.pulse == NULL && watch->looks == LOOKS_AWAY)
        become(watch, SERVER_AWAY);
    if (watch->ticked != NULL && tick)
        watch->ticked(watch);
}

int watch_start(struct watch *watch, uv_loop_t *loop, const char *path)
{
    if (strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
        return -ENAMETOOLONG;
    watch->loop = loop;
    watch->path = path;
    watch->server = SERVER_UNKNOWN;
    watch->view = (struct pulse_view){0};
    watch->beats = (struct heartbeats){0};
    watch->poll = NULL;
    watch->thread = NULL;
    watch->looks = 0;
    watch->until_tick = 0;
    watch->timer.data = watch;
    uv_timer_init(loop, &watch->timer);
    return uv_timer_start(&watch->timer, on_look, 0, HEARTBEATS_LOOK_MS);
}

void watch_tell(struct watch *watch, const char *line)
{
    if (watch->poll != NULL)
        (void)!send(watch->fd, line, strlen(line), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void watch_stop(struct watch *watch)
{
    disconnect(watch);
    uv_close((uv_handle_t *)&watch->timer, NULL);
}
