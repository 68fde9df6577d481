/* front.c -- the front ends together: sockets and worker threads */
#include "server/io/front.h"

#include "server/io/clients.h"
#include "server/io/listen.h"
#include "server/io/worker.h"
#include "server/io/xdp.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PORT_TRIES = 8 };

struct front {
    struct clients *clients;
    struct address *address;
    size_t addresses;
    struct xdp **xdp;
    size_t xdps; /* open */
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

/* All workers' sockets for one address. Returns 0 or a negative errno, with none left open. */
static int open_shared(struct front *front, size_t index)
{
    for (unsigned i = 0; i < front->workers; i++) {
        const int err =
            listen_open(worker_listener(front->worker[i], index), &front->address[index]);
        if (err == 0)
            continue;
        while (i-- > 0)
            listen_close(worker_listener(front->worker[i], index));
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

/* Looks at all addresses first, then opens: a wildcard of our own isn't another server. */
static int open_all(struct front *front, struct notes *notes)
{
    for (size_t i = 0; i < front->addresses; i++) {
        const int err =
            listen_port(&front->address[i]) != 0 ? listen_probe(&front->address[i]) : 0;
        if (err != 0) {
            note_address(notes, &front->address[i], err);
            return err;
        }
    }
    for (size_t i = 0; i < front->addresses; i++) {
        const bool any_port = listen_port(&front->address[i]) == 0;
        const int err = any_port ? open_any_port(front, i) : open_shared(front, i);
        if (err != 0) {
            note_address(notes, &front->address[i], err);
            return err;
        }
    }
    return 0;
}

/* All queues of all interfaces: queue q is served by worker q mod workers. */
static int open_xdp(struct front *front, const struct front_config *config,
                    struct notes *notes)
{
    front->xdp = calloc(config->xdps + 1, sizeof(*front->xdp));
    if (front->xdp == NULL)
        return -ENOMEM;
    int err = 0;
    for (size_t i = 0; i < config->xdps && err == 0; i++) {
        err = xdp_open(&front->xdp[i], &config->xdp[i], front->address, front->addresses, notes);
        if (err != 0)
            break;
        front->xdps++;
        for (unsigned q = 0; q < xdp_queues(front->xdp[i]) && err == 0; q++)
            err = xdp_share_add(worker_xdp(front->worker[q % front->workers]), front->xdp[i], q);
    }
    return err;
}

static int new_workers(struct front *front, const struct front_config *config)
{
    for (unsigned i = 0; i < front->workers; i++) {
        const struct worker_config worker = {.index = i,
                                             .store = config->store,
                                             .pulse = config->pulse,
                                             .clients = front->clients,
                                             .listeners = config->listens};
        front->worker[i] = worker_new(&worker);
        if (front->worker[i] == NULL)
            return -ENOMEM;
    }
    return 0;
}

int front_open(struct front **out, const struct front_config *config, struct notes *notes)
{
    assert(config->workers > 0);
    struct front *front =
        calloc(1, sizeof(*front) + config->workers * sizeof(front->worker[0]));
    if (front == NULL)
        return -ENOMEM;
    front->workers = config->workers;
    front->addresses = config->listens;
    front->address = calloc(config->listens + 1, sizeof(*front->address));
    front->clients = clients_new(&config->limits, config->workers);

    int err = front->address == NULL || front->clients == NULL ? -ENOMEM : 0;
    if (err == 0 && config->listens != 0)
        memcpy(front->address, config->listen, config->listens * sizeof(*front->address));
    if (err == 0)
        err = new_workers(front, config);
    if (err == 0)
        err = open_all(front, notes);
    if (err == 0)
        err = open_xdp(front, config, notes);
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
        const int err = worker_start(front->worker[i]);
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

void front_drain(struct front *front, unsigned timeout_ms)
{
    struct timespec deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += timeout_ms / 1000;
    deadline.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (deadline.tv_nsec >= 1000000000) {
        deadline.tv_sec++;
        deadline.tv_nsec -= 1000000000;
    }
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
        worker_free(front->worker[i]);
    }
    for (size_t i = 0; i < front->xdps; i++)
        xdp_free(front->xdp[i]);
    free(front->xdp);
    clients_free(front->clients);
    free(front->address);
    free(front);
}
