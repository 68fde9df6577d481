/* front.c -- the front ends together: sockets and worker threads */
#include "server/io/front.h"

#include "server/io/clients.h"
#include "server/io/listen.h"
#include "server/io/spread.h"
#include "server/io/worker.h"
#include "server/io/xdp.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { PORT_TRIES = 8 };

struct front {
    struct clients *clients;
    struct address *address;
    size_t addresses;
    struct xdp **xdp;
    size_t xdps; /* open */
    /* Sockets of a type that a worker may have for an address, one above the other in its
     * listeners; more than one only where those of more workers were inherited. */
    size_t depth;
    unsigned cpus; /* that workers are pinned to, one after the other; 0: they aren't */
    unsigned cpu[SPREAD_CPUS_MAX];
    struct neighbour *neighbour; /* what the workers know of each other */
    unsigned workers;
    struct worker *worker[];
};

/* What a person reads when an address can't be had. */
static void note_address(struct notes *notes, const struct address *address, int err)
{
    char text[ADDRESS_TEXT_MAX];
    address_to_text(address, text);
    const char *why = strerror(-err);
    if (err == -EADDRINUSE)
        why = "address in use (another server?)";
    else if (err == -EACCES || err == -EPERM)
        why = listen_port(address) < 1024
                  ? "permission denied: ports below 1024 need CAP_NET_BIND_SERVICE"
                  : "permission denied";
    notes_add(notes, SEVERITY_ERROR, NULL, 0, 0, 1, NULL, 0, "cannot listen on %s: %s", text,
              why);
}

static struct listener *listener_of(const struct front *front, unsigned worker, size_t level,
                                    size_t index)
{
    return worker_listener(front->worker[worker], level * front->addresses + index);
}

/* Deals the inherited sockets of an address out to the workers. Returns whether there are any, or
 * a negative errno. */
static int take_inherited(struct front *front, struct inherited *inherited, size_t index)
{
    static const int type[] = {SOCK_DGRAM, SOCK_STREAM};
    const struct address *address = &front->address[index];
    int taken = 0;
    for (size_t t = 0; t < 2; t++) {
        for (size_t n = 0; n < front->depth * front->workers; n++) {
            const int fd = inherited_take(inherited, address, type[t]);
            if (fd < 0)
                break;
            struct listener *listener =
                listener_of(front, (unsigned)(n % front->workers), n / front->workers, index);
            listener->wildcard = address_is_wildcard(address);
            *(type[t] == SOCK_DGRAM ? &listener->udp : &listener->tcp) = fd;
            taken = 1;
            const int err = listen_inherit(fd, address, type[t]);
            if (err != 0)
                return err;
        }
    }
    return taken;
}

/* All workers' sockets for one address, as far as they weren't inherited. Returns 0 or a negative
 * errno, with none left open. */
static int open_shared(struct front *front, size_t index)
{
    for (unsigned i = 0; i < front->workers; i++) {
        const int err = listen_open(listener_of(front, i, 0, index), &front->address[index]);
        if (err == 0)
            continue;
        while (i-- > 0)
            listen_close(listener_of(front, i, 0, index));
        return err;
    }
    return 0;
}

/* The same where any port will do: one that was free may be taken before it's opened again. */
static int open_any_port(struct front *front, size_t index)
{
    struct address *address = &front->address[index];
    const struct address asked = *address;
    int err = 0;
    for (int tries = 0; tries < PORT_TRIES; tries++) {
        *address = asked;
        err = listen_probe(address);
        if (err == 0)
            err = open_shared(front, index);
        if (err != -EADDRINUSE)
            break;
    }
    return err;
}

/* Sees whether an address can be ours alone. Where sockets were inherited a probe can't tell ours
 * from another server's: one of ours with the same port may be a wildcard, or below one. */
static int probe(const struct inherited *inherited, struct address *address)
{
    const unsigned port = listen_port(address);
    return port == 0 || inherited_has_port(inherited, port) ? 0 : listen_probe(address);
}

static int open_address(struct front *front, struct inherited *inherited, size_t index)
{
    struct address *address = &front->address[index];
    if (listen_port(address) == 0) {
        const struct address *bound =
            inherited_any_port(inherited, address, front->address, front->addresses);
        if (bound != NULL)
            *address = *bound;
    }
    const int taken = take_inherited(front, inherited, index);
    if (taken < 0)
        return taken;
    return taken == 0 && listen_port(address) == 0 ? open_any_port(front, index)
                                                   : open_shared(front, index);
}

/* Looks at all addresses first, then opens: a wildcard of our own isn't another server. */
static int open_all(struct front *front, struct inherited *inherited, struct notes *notes)
{
    for (size_t i = 0; i < front->addresses; i++) {
        const int err = probe(inherited, &front->address[i]);
        if (err != 0) {
            note_address(notes, &front->address[i], err);
            return err;
        }
    }
    for (size_t i = 0; i < front->addresses; i++) {
        const int err = open_address(front, inherited, i);
        if (err != 0) {
            note_address(notes, &front->address[i], err);
            return err;
        }
    }
    return 0;
}

/* All queues of all interfaces: queue q is served by worker q mod workers. */
static int open_xdp(struct front *front, const struct front_config *config, struct notes *notes)
{
    front->xdp = calloc(config->xdps + 1, sizeof(*front->xdp));
    if (front->xdp == NULL)
        return -ENOMEM;
    int err = 0;
    for (size_t i = 0; i < config->xdps && err == 0; i++) {
        err =
            xdp_open(&front->xdp[i], &config->xdp[i], front->address, front->addresses, notes);
        if (err != 0)
            break;
        front->xdps++;
        for (unsigned q = 0; q < xdp_queues(front->xdp[i]) && err == 0; q++)
            err =
                xdp_share_add(worker_xdp(front->worker[q % front->workers]), front->xdp[i], q);
    }
    return err;
}

/* The most sockets of a type for an address that a worker must take, so that none is closed with
 * what clients have sent to it. */
static size_t depth_for(const struct inherited *inherited, unsigned workers)
{
    size_t most = 1;
    for (size_t i = 0; i < inherited->count; i++) {
        const struct inherited_socket *socket = &inherited->socket[i];
        const size_t count = inherited_count(inherited, &socket->address, socket->type);
        most = count > most ? count : most;
    }
    return (most + workers - 1) / workers;
}

/* The first sockets of all workers for an address were bound in the workers' order. */
static int spread(struct front *front, bool by_cpu)
{
    front->cpus = by_cpu ? spread_cpus(front->cpu) : 0;
    for (size_t i = 0; i < front->addresses; i++) {
        const struct listener *first = listener_of(front, 0, 0, i);
        const int fd[] = {first->udp, first->tcp};
        for (size_t t = 0; t < 2; t++) {
            int err = 0;
            if (by_cpu)
                err = spread_attach(fd[t], front->cpu, front->cpus, front->workers);
            else
                spread_detach(fd[t]); /* it may be inherited */
            if (err != 0)
                return err;
        }
    }
    return 0;
}

static int new_workers(struct front *front, const struct front_config *config)
{
    for (unsigned i = 0; i < front->workers; i++) {
        const struct worker_config worker = {.index = i,
                                             .store = config->store,
                                             .pulse = config->pulse,
                                             .clients = front->clients,
                                             .busy_poll = config->busy_poll,
                                             .addresses = config->listens,
                                             .listeners = config->listens * front->depth};
        front->worker[i] = worker_new(&worker);
        if (front->worker[i] == NULL)
            return -ENOMEM;
        front->neighbour[i] = worker_neighbour(front->worker[i]);
    }
    int err = 0;
    for (unsigned i = 0; i < front->workers && err == 0; i++)
        err = worker_meet(front->worker[i], front->neighbour, front->workers);
    return err;
}

int front_open(struct front **out, const struct front_config *config, struct notes *notes)
{
    assert(config->workers > 0);
    struct front *front =
        calloc(1, sizeof(*front) + config->workers * sizeof(front->worker[0]));
    if (front == NULL)
        return -ENOMEM;
    front->workers = config->workers;
    struct inherited none = {0};
    struct inherited *inherited = config->inherited != NULL ? config->inherited : &none;
    front->addresses = config->listens;
    front->depth = depth_for(inherited, config->workers);
    front->address = calloc(config->listens + 1, sizeof(*front->address));
    front->clients = clients_new(&config->limits, config->workers);

    front->neighbour = calloc(config->workers, sizeof(*front->neighbour));

    int err = front->address == NULL || front->clients == NULL || front->neighbour == NULL
                  ? -ENOMEM
                  : 0;
    if (err == 0 && config->listens != 0)
        memcpy(front->address, config->listen, config->listens * sizeof(*front->address));
    if (err == 0)
        err = new_workers(front, config);
    if (err == 0)
        err = open_all(front, inherited, notes);
    if (err == 0)
        err = open_xdp(front, config, notes);
    if (err == 0)
        err = spread(front, config->by_cpu);
    if (err != 0) {
        front_free(front);
        return err;
    }
    *out = front;
    return 0;
}

int front_start(struct front *front)
{
    for (unsigned i = 0; i < front->workers; i++) {
        int err = worker_start(front->worker[i]);
        if (err == 0 && front->cpus != 0)
            err = worker_pin(front->worker[i], front->cpu[i % front->cpus]);
        if (err != 0)
            return err;
    }
    return 0;
}

const struct address *front_address(const struct front *front, size_t index)
{
    assert(index < front->addresses);
    return &front->address[index];
}

size_t front_xdps(const struct front *front)
{
    return front->xdps;
}

const char *front_xdp_text(const struct front *front, size_t index)
{
    assert(index < front->xdps);
    return xdp_text(front->xdp[index]);
}

void front_limits(struct front *front, const struct config_limits *limits)
{
    clients_limits(front->clients, limits);
}

void front_each_socket(const struct front *front,
                       void (*each)(void *context, int fd, const struct address *address,
                                    int type),
                       void *context)
{
    for (size_t i = 0; i < front->workers * front->depth * front->addresses; i++) {
        const size_t at = i % (front->depth * front->addresses);
        const struct listener *listener =
            worker_listener(front->worker[i / (front->depth * front->addresses)], at);
        const struct address *address = &front->address[at % front->addresses];
        if (listener->udp >= 0)
            each(context, listener->udp, address, SOCK_DGRAM);
        if (listener->tcp >= 0)
            each(context, listener->tcp, address, SOCK_STREAM);
    }
}

static struct timespec in_ms(unsigned ms)
{
    struct timespec then;
    clock_gettime(CLOCK_MONOTONIC, &then);
    then.tv_sec += ms / 1000;
    then.tv_nsec += (long)(ms % 1000) * 1000000;
    if (then.tv_nsec >= 1000000000) {
        then.tv_sec++;
        then.tv_nsec -= 1000000000;
    }
    return then;
}

unsigned front_rest(struct front *front, unsigned timeout_ms, struct moved **list)
{
    const struct timespec deadline = in_ms(timeout_ms);
    unsigned restless = 0;
    *list = NULL;
    for (unsigned i = 0; i < front->workers; i++)
        worker_rest(front->worker[i]);
    for (unsigned i = 0; i < front->workers; i++)
        restless += !worker_rests(front->worker[i], &deadline, list);
    return restless;
}

void front_resume(struct front *front)
{
    for (unsigned i = 0; i < front->workers; i++)
        worker_resume(front->worker[i]);
}

/* The path of the pulse for a connection: that of the address that it was made to. */
static unsigned path_of(const struct front *front, int fd)
{
    struct address own = {.octets = sizeof(own.storage)};
    if (getsockname(fd, (struct sockaddr *)&own.storage, &own.octets) != 0)
        return UINT_MAX;
    unsigned path = UINT_MAX;
    for (size_t i = 0; i < front->addresses; i++) {
        const struct address *address = &front->address[i];
        if (address_equal(address, &own))
            return 2 * (unsigned)i + 1;
        if (address_is_wildcard(address) && address->storage.ss_family == own.storage.ss_family
            && address_port(address) == address_port(&own))
            path = 2 * (unsigned)i + 1;
    }
    return path;
}

void front_adopt(struct front *front, struct moved *list)
{
    /* Each goes to the front of its worker's list: from the last on they stay in order. */
    struct moved *reversed = NULL;
    while (list != NULL) {
        struct moved *next = list->next;
        list->next = reversed;
        reversed = list;
        list = next;
    }
    for (unsigned i = 0; reversed != NULL; i++) {
        struct moved *next = reversed->next;
        reversed->path = path_of(front, reversed->fd);
        worker_adopt(front->worker[i % front->workers], reversed);
        reversed = next;
    }
}

bool front_stop(struct front *front, unsigned timeout_ms)
{
    const struct timespec deadline = in_ms(timeout_ms);
    bool ended = true;
    for (unsigned i = 0; i < front->workers; i++)
        worker_stop(front->worker[i]);
    for (unsigned i = 0; i < front->workers; i++)
        ended = worker_join(front->worker[i], &deadline) && ended;
    return ended;
}

void front_drain(struct front *front, unsigned timeout_ms)
{
    const struct timespec deadline = in_ms(timeout_ms);
    /* What comes from now on goes to the sockets, as long as they are open. */
    for (size_t i = 0; i < front->xdps; i++)
        xdp_leave(front->xdp[i]);
    /* The workers end a little earlier, since they look at the clock every tick only. */
    const unsigned margin_ms = timeout_ms / 4 < 200 ? timeout_ms / 4 : 200;
    for (unsigned i = 0; i < front->workers; i++)
        worker_drain(front->worker[i], timeout_ms - margin_ms);
    for (unsigned i = 0; i < front->workers; i++)
        (void)worker_join(front->worker[i], &deadline);
}

void front_free(struct front *front)
{
    if (front == NULL)
        return;
    for (unsigned i = 0; i < front->workers; i++) {
        if (front->worker[i] == NULL)
            continue;
        worker_stop(front->worker[i]);
        (void)worker_join(front->worker[i], NULL);
    }
    /* Workers look at each other as long as they run. */
    for (unsigned i = 0; i < front->workers; i++)
        worker_free(front->worker[i]);
    free(front->neighbour);
    for (size_t i = 0; i < front->xdps; i++)
        xdp_free(front->xdp[i]);
    free(front->xdp);
    clients_free(front->clients);
    free(front->address);
    free(front);
}
