/* worker.c -- a thread with its loop, its sockets, its buffers */
#include "server/io/worker.h"

#include "server/io/datagram.h"
#include "server/io/spread.h"
#include "server/io/stream.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <uv.h>

enum {
    SPIN_MS = 10, /* with busy-poll, after the last query */
    ACCEPTS = 64, /* connections taken from a socket in one turn of the loop */
    /* What receive buffers can hold, and more: the end of reading them at a drain, in batches
     * and in connections, however fast others send. */
    DRAIN_BATCHES = 1024,
    DRAIN_ACCEPTS = 8192,
};

enum order { ORDER_RUN, ORDER_REST, ORDER_DRAIN, ORDER_STOP };

/* A worker's sockets for one address. */
struct port {
    struct worker *worker;
    unsigned number; /* of the address, from 0 */
    struct listener *listener;
    struct datagram_socket datagram;
    uv_poll_t udp, tcp;
    bool open;         /* `udp` and `tcp` are in the loop */
    uint64_t asked_ms; /* of the loop: when something came last; with busy-poll */
    bool busy;         /* UDP: read in every turn, not watched; see on_udp() */
    bool paused;       /* `tcp` waits for the next tick, since nothing could be accepted */
};

struct worker {
    unsigned index;
    struct pulse *pulse; /* may be NULL */
    struct service service;
    struct datagrams *datagrams;
    struct streams *streams;
    struct clients *clients;
    struct xdp_share *xdp;
    struct neighbours *neighbours; /* NULL: there are none */
    pthread_t thread;
    bool running; /* the main loop's: started and not joined */

    _Atomic int order; /* enum order: the main loop writes, the thread reads */
    _Atomic unsigned drain_ms;
    _Atomic bool rests;  /* the thread writes, the main loop reads, then it may take `given` */
    struct moved *given; /* owned: the connections of one that rests */
    struct listener *listener; /* owned: of the ports, together, for neighbours */
    size_t addresses;
    bool busy_poll;
    pthread_mutex_t mutex;  /* guards `adopting`, and the closing of sockets */
    struct moved *adopting; /* owned: connections for the thread to go on with */

    /* The thread's. */
    uv_loop_t loop;
    bool loop_open;
    uv_async_t wake;
    uv_timer_t tick;
    uv_prepare_t turn;
    uv_check_t polled;
    uv_idle_t spin; /* runs while a port is busy, and keeps the loop from waiting */
    uint64_t turns;
    bool resting, draining, finishing, stopping;
    uint64_t finish_turn; /* when all that was received before the drain has been read */
    uint64_t stop_ms;     /* of the loop: when the drain ends anyway */

    size_t ports;
    struct port port[];
};

/* Addresses needn't have as many UDP as TCP sockets, where they were inherited. */
static bool has_udp(const struct port *port)
{
    return port->open && port->listener->udp >= 0;
}

static bool has_tcp(const struct port *port)
{
    return port->open && port->listener->tcp >= 0;
}

/* UDP gets a batch while TCP is busy. A turn that serves hundreds of busy connections may take longer
 * than a hang is allowed to, so the heart beats here as well: work isn't a hang. */
static void on_pause(void *context)
{
    struct worker *w = context;
    pulse_add(&w->service.pulse->heartbeat, 1);
    for (size_t i = 0; i < w->ports; i++) {
        if (has_udp(&w->port[i]))
            datagrams_turn(w->datagrams, &w->port[i].datagram, 1);
    }
    xdp_share_turn(w->xdp, 1);
}

struct worker *worker_new(const struct worker_config *config)
{
    struct worker *w = calloc(1, sizeof(*w) + config->listeners * sizeof(w->port[0]));
    if (w == NULL)
        return NULL;
    w->index = config->index;
    w->pulse = config->pulse;
    w->clients = config->clients;
    w->ports = config->listeners;
    w->addresses = config->addresses;
    w->busy_poll = config->busy_poll;
    w->listener = calloc(config->listeners + 1, sizeof(*w->listener));
    if (w->listener == NULL) {
        free(w);
        return NULL;
    }
    pthread_mutex_init(&w->mutex, NULL);
    for (size_t i = 0; i < w->ports; i++) {
        w->port[i].worker = w;
        w->port[i].number = (unsigned)(i % config->addresses);
        w->listener[i] = (struct listener){.udp = -1, .tcp = -1};
        w->port[i].listener = &w->listener[i];
    }
    if (service_init(&w->service, config->store, config->index, config->pulse) != 0) {
        pthread_mutex_destroy(&w->mutex);
        free(w->listener);
        free(w);
        return NULL;
    }
    w->datagrams = datagrams_new(&w->service);
    const struct streams_config streams = {.service = &w->service,
                                           .clients = w->clients,
                                           .worker = w->index,
                                           .loop = &w->loop,
                                           .pause = on_pause,
                                           .context = w};
    w->streams = streams_new(&streams);
    w->xdp = xdp_share_new(&w->service);
    if (w->datagrams == NULL || w->streams == NULL || w->xdp == NULL) {
        worker_free(w);
        return NULL;
    }
    return w;
}

void worker_free(struct worker *worker)
{
    if (worker == NULL)
        return;
    if (worker->loop_open)
        uv_loop_close(&worker->loop);
    for (size_t i = 0; i < worker->ports; i++)
        listen_close(&worker->listener[i]);
    xdp_share_free(worker->xdp);
    moved_free(worker->given);
    moved_free(worker->adopting);
    pthread_mutex_destroy(&worker->mutex);
    streams_free(worker->streams);
    datagrams_free(worker->datagrams);
    service_fini(&worker->service);
    neighbours_free(worker->neighbours);
    free(worker->listener);
    free(worker);
}

struct listener *worker_listener(struct worker *worker, size_t index)
{
    return &worker->listener[index];
}

struct neighbour worker_neighbour(struct worker *worker)
{
    return (struct neighbour){.heartbeat = &worker->service.pulse->heartbeat,
                              .mutex = &worker->mutex,
                              .listener = worker->listener,
                              .listeners = worker->ports,
                              .addresses = worker->addresses};
}

int worker_meet(struct worker *worker, const struct neighbour *all, unsigned count)
{
    worker->neighbours = neighbours_new(all, count, worker->index, &worker->loop,
                                        worker->datagrams, worker->streams);
    return worker->neighbours == NULL ? -ENOMEM : 0;
}

struct xdp_share *worker_xdp(struct worker *worker)
{
    return worker->xdp;
}

static void close_port(struct port *port)
{
    if (!port->open)
        return;
    if (has_udp(port))
        uv_close((uv_handle_t *)&port->udp, NULL);
    if (has_tcp(port))
        uv_close((uv_handle_t *)&port->tcp, NULL);
    port->open = port->busy = false;
    pthread_mutex_lock(&port->worker->mutex);
    listen_close(port->listener);
    pthread_mutex_unlock(&port->worker->mutex);
}

static void leave_neighbours(struct worker *w)
{
    if (w->neighbours != NULL)
        neighbours_stop(w->neighbours);
}

/* Closes everything, so that the loop comes to its end. */
static void stop(struct worker *w)
{
    if (w->stopping)
        return;
    w->stopping = true;
    leave_neighbours(w);
    for (size_t i = 0; i < w->ports; i++)
        close_port(&w->port[i]);
    xdp_share_close(w->xdp);
    streams_close_all(w->streams);
    uv_close((uv_handle_t *)&w->wake, NULL);
    uv_close((uv_handle_t *)&w->tick, NULL);
    uv_close((uv_handle_t *)&w->turn, NULL);
    uv_close((uv_handle_t *)&w->polled, NULL);
    uv_close((uv_handle_t *)&w->spin, NULL);
}

static void accept_all(struct port *port, unsigned max)
{
    for (unsigned i = 0; i < max; i++) {
        switch (
            streams_accept(port->worker->streams, port->listener->tcp, 2 * port->number + 1)) {
        case ACCEPTED_ONE:
            break;
        case ACCEPTED_ALL:
            return;
        case ACCEPTED_LATER:
            uv_poll_stop(&port->tcp);
            port->paused = true;
            return;
        }
    }
}

/* Takes in what has been received by now; the connections' octets are read in the next turn. */
static void drain(struct worker *w)
{
    if (w->draining)
        return;
    w->draining = true;
    leave_neighbours(w);
    w->finish_turn = w->turns + 2;
    w->stop_ms = uv_now(&w->loop) + atomic_load(&w->drain_ms);
    for (size_t i = 0; i < w->ports; i++) {
        if (has_tcp(&w->port[i]) && !w->resting)
            accept_all(&w->port[i], DRAIN_ACCEPTS);
        if (has_udp(&w->port[i]) && !w->resting)
            datagrams_turn(w->datagrams, &w->port[i].datagram, DRAIN_BATCHES);
        close_port(&w->port[i]);
    }
    xdp_share_turn(w->xdp, DRAIN_BATCHES);
    xdp_share_close(w->xdp);
}

static void on_udp(uv_poll_t *poll, int status, int events);
static void on_tcp(uv_poll_t *poll, int status, int events);

static void watch(uv_poll_t *poll, uv_poll_cb callback)
{
    /* It fails only where the descriptor is none. */
    (void)uv_poll_start(poll, UV_READABLE, callback);
}

/* libuv stops watching a socket in error. Asking for the error clears it: it was of a datagram
 * or a connection, not of the socket. */
static void watch_again(uv_poll_t *poll, int fd, uv_poll_cb callback)
{
    int error = 0;
    socklen_t octets = sizeof(error);
    (void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &octets);
    watch(poll, callback);
}

/* With busy-poll a port is read for a while after the last query, in case the next one follows: to be
 * woken costs more than the answer. */
static bool spins_on(const struct port *port)
{
    const struct worker *w = port->worker;
    return w->busy_poll && uv_now(&w->loop) - port->asked_ms < SPIN_MS;
}

/* Reads the busy ports; one that nothing came to is watched again. */
static void on_spin(uv_idle_t *spin)
{
    struct worker *w = spin->data;
    bool busy = false;
    for (size_t i = 0; i < w->ports; i++) {
        struct port *port = &w->port[i];
        if (!port->busy)
            continue;
        const unsigned count = datagrams_turn(w->datagrams, &port->datagram, DATAGRAM_BATCHES);
        port->busy = count != 0 || spins_on(port);
        if (count != 0)
            port->asked_ms = uv_now(&w->loop);
        if (!port->busy)
            watch(&port->udp, on_udp);
        busy = busy || port->busy;
    }
    if (!busy)
        uv_idle_stop(spin);
}

/* A socket that gives full batches isn't watched until it has no more: each datagram received,
 * and each sent that leaves its queue, would call into epoll, which costs more than a tenth of
 * the whole (bench/flood against bench/echo). */
static void on_udp(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct port *port = poll->data;
    struct worker *w = port->worker;
    if (status < 0)
        watch_again(poll, port->listener->udp, on_udp);
    const unsigned count = datagrams_turn(w->datagrams, &port->datagram, DATAGRAM_BATCHES);
    if (count < DATAGRAM_BATCH && !(w->busy_poll && count != 0))
        return;
    port->asked_ms = uv_now(&w->loop);
    port->busy = true;
    uv_poll_stop(poll);
    uv_idle_start(&w->spin, on_spin);
}

static void on_tcp(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct port *port = poll->data;
    if (status < 0)
        watch_again(poll, port->listener->tcp, on_tcp);
    accept_all(port, ACCEPTS);
}

static void watch_port(struct port *port)
{
    if (has_udp(port))
        watch(&port->udp, on_udp);
    if (has_tcp(port))
        watch(&port->tcp, on_tcp);
}

/* Leaves the sockets to another process, without closing them: it may fail. */
static void rest(struct worker *w)
{
    if (w->resting || w->draining || w->stopping)
        return;
    w->resting = true;
    leave_neighbours(w);
    uv_idle_stop(&w->spin);
    for (size_t i = 0; i < w->ports; i++) {
        struct port *port = &w->port[i];
        port->busy = port->paused = false;
        if (has_udp(port))
            uv_poll_stop(&port->udp);
        if (has_tcp(port))
            uv_poll_stop(&port->tcp);
    }
    streams_give(w->streams, &w->given);
    atomic_store_explicit(&w->rests, true, memory_order_release);
}

static void resume(struct worker *w)
{
    if (!w->resting)
        return;
    w->resting = false;
    atomic_store(&w->rests, false);
    for (size_t i = 0; i < w->ports; i++)
        watch_port(&w->port[i]);
}

static void adopt(struct worker *w)
{
    pthread_mutex_lock(&w->mutex);
    struct moved *list = w->adopting;
    w->adopting = NULL;
    pthread_mutex_unlock(&w->mutex);
    if (w->stopping)
        moved_free(list);
    else
        streams_adopt(w->streams, list);
}

static void on_wake(uv_async_t *wake)
{
    struct worker *w = wake->data;
    adopt(w);
    switch ((enum order)atomic_load(&w->order)) {
    case ORDER_RUN:
        resume(w);
        break;
    case ORDER_REST:
        rest(w);
        break;
    case ORDER_DRAIN:
        drain(w);
        break;
    case ORDER_STOP:
        stop(w);
        break;
    }
}

/* Every PULSE_TICK_MS, so that the loop turns even when nobody asks. */
static void on_tick(uv_timer_t *tick)
{
    struct worker *w = tick->data;
    streams_expire(w->streams);
    xdp_share_tick(w->xdp);
    if (w->neighbours != NULL && !w->resting && !w->draining && !w->stopping)
        neighbours_tick(w->neighbours);
    for (size_t i = 0; i < w->ports; i++) {
        if (has_tcp(&w->port[i]) && w->port[i].paused) {
            w->port[i].paused = false;
            watch(&w->port[i].tcp, on_tcp);
        }
    }
    if (w->draining && uv_now(&w->loop) >= w->stop_ms)
        stop(w);
}

/* Before the loop waits, each turn. */
static void on_turn(uv_prepare_t *turn)
{
    struct worker *w = turn->data;
    w->turns++;
    pulse_add(&w->service.pulse->heartbeat, 1);
    streams_turn(w->streams);
    if (!w->draining || w->turns < w->finish_turn)
        return;
    if (!w->finishing) {
        w->finishing = true;
        streams_finish(w->streams);
    }
    if (streams_count(w->streams) == 0)
        stop(w);
}

/* After all that could be read was read, each turn. */
static void on_polled(uv_check_t *polled)
{
    struct worker *w = polled->data;
    streams_answer(w->streams);
}

static void *run(void *argument)
{
    struct worker *w = argument;
    if (w->pulse != NULL)
        pulse_live(w->pulse, w->index);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    return NULL;
}

static int open_port(struct worker *w, struct port *port)
{
    const struct listener *listener = port->listener;
    port->datagram = (struct datagram_socket){
        .fd = listener->udp, .path = 2 * port->number, .wildcard = listener->wildcard};
    if (listener->udp >= 0) {
        port->datagram.dropped = listen_dropped(listener->udp);
        if (w->busy_poll)
            listen_busy_poll(listener->udp);
        const int err = uv_poll_init(&w->loop, &port->udp, listener->udp);
        if (err != 0)
            return err;
    }
    if (listener->tcp >= 0) {
        const int err = uv_poll_init(&w->loop, &port->tcp, listener->tcp);
        if (err != 0 && listener->udp >= 0)
            uv_close((uv_handle_t *)&port->udp, NULL);
        if (err != 0)
            return err;
    }
    port->udp.data = port->tcp.data = port;
    port->open = listener->udp >= 0 || listener->tcp >= 0;
    watch_port(port);
    return 0;
}

/* Fills the loop. What it began is closed by stop() and a run of the loop. */
static int open_loop(struct worker *w)
{
    int err = uv_loop_init(&w->loop);
    if (err != 0)
        return err;
    w->loop_open = true;
    err = uv_async_init(&w->loop, &w->wake, on_wake);
    if (err != 0) {
        uv_loop_close(&w->loop);
        w->loop_open = false;
        return err;
    }
    uv_timer_init(&w->loop, &w->tick);
    uv_prepare_init(&w->loop, &w->turn);
    uv_check_init(&w->loop, &w->polled);
    uv_idle_init(&w->loop, &w->spin);
    w->wake.data = w->tick.data = w->turn.data = w->polled.data = w->spin.data = w;
    uv_timer_start(&w->tick, on_tick, PULSE_TICK_MS, PULSE_TICK_MS);
    uv_prepare_start(&w->turn, on_turn);
    uv_check_start(&w->polled, on_polled);
    for (size_t i = 0; i < w->ports && err == 0; i++)
        err = open_port(w, &w->port[i]);
    if (err == 0)
        err = xdp_share_start(w->xdp, &w->loop);
    return err;
}

/* Creates the thread with all signals blocked: they are the main loop's. Those that a thread
 * brings on itself stay, or the handlers that report a crash wouldn't run. */
static int create_thread(struct worker *w)
{
    sigset_t blocked;
    sigset_t before;
    sigfillset(&blocked);
    sigdelset(&blocked, SIGSEGV);
    sigdelset(&blocked, SIGBUS);
    sigdelset(&blocked, SIGFPE);
    sigdelset(&blocked, SIGILL);
    sigdelset(&blocked, SIGABRT);
    sigdelset(&blocked, SIGSYS);
    sigdelset(&blocked, SIGTRAP);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    const int err = pthread_create(&w->thread, NULL, run, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (err != 0)
        return -err;

    char name[16];
    snprintf(name, sizeof(name), "worker-%u", w->index % 100000);
    pthread_setname_np(w->thread, name);
    return 0;
}

int worker_start(struct worker *worker)
{
    int err = open_loop(worker);
    if (err == 0)
        err = create_thread(worker);
    if (err == 0) {
        worker->running = true;
    } else if (worker->loop_open) {
        stop(worker);
        uv_run(&worker->loop, UV_RUN_DEFAULT);
    }
    return err;
}

int worker_pin(struct worker *worker, unsigned cpu)
{
    return spread_pin(worker->thread, cpu);
}

static void give_order(struct worker *worker, enum order order)
{
    if (!worker->running)
        return;
    atomic_store(&worker->order, (int)order);
    uv_async_send(&worker->wake);
}

void worker_drain(struct worker *worker, unsigned limit_ms)
{
    atomic_store(&worker->drain_ms, limit_ms);
    give_order(worker, ORDER_DRAIN);
}

void worker_stop(struct worker *worker)
{
    give_order(worker, ORDER_STOP);
}

static bool is_past(const struct timespec *deadline)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > deadline->tv_sec
           || (now.tv_sec == deadline->tv_sec && now.tv_nsec >= deadline->tv_nsec);
}

void worker_rest(struct worker *worker)
{
    give_order(worker, ORDER_REST);
}

bool worker_rests(struct worker *worker, const struct timespec *deadline, struct moved **list)
{
    while (worker->running && !atomic_load_explicit(&worker->rests, memory_order_acquire)) {
        if (is_past(deadline))
            return false;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    struct moved **end = &worker->given;
    while (*end != NULL)
        end = &(*end)->next;
    *end = *list;
    *list = worker->given;
    worker->given = NULL;
    return true;
}

void worker_resume(struct worker *worker)
{
    give_order(worker, ORDER_RUN);
}

void worker_adopt(struct worker *worker, struct moved *moved)
{
    pthread_mutex_lock(&worker->mutex);
    moved->next = worker->adopting;
    worker->adopting = moved;
    pthread_mutex_unlock(&worker->mutex);
    if (worker->running)
        uv_async_send(&worker->wake);
}

bool worker_join(struct worker *worker, const struct timespec *deadline)
{
    if (!worker->running)
        return true;
    int err = EBUSY;
    if (deadline == NULL)
        err = pthread_join(worker->thread, NULL);
    /* Looked at every millisecond: thread sanitizers don't know the join with a clock. */
    while (err == EBUSY) {
        err = pthread_tryjoin_np(worker->thread, NULL);
        if (err == EBUSY && is_past(deadline))
            break;
        if (err == EBUSY)
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    worker->running = err != 0;
    return err == 0;
}
