/* clients.c -- how many TCP connections there are, in all and of each client */
#include "server/io/clients.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { BUCKETS_MIN = 256, BUCKETS_MAX = 1 << 20, WISHES_MAX = 16 };

struct clients {
    _Atomic unsigned open;
    _Atomic unsigned open_max;
    _Atomic unsigned client_max;
    _Atomic unsigned idle_ms;
    _Atomic unsigned wishes; /* how many there are below, to be looked at without the mutex */
    unsigned workers;
    uint64_t seed;         /* random, so that nobody can choose prefixes that share a bucket */
    size_t buckets;        /* a power of two */
    pthread_mutex_t mutex; /* guards what follows, and `open` and `next` of the clients */
    bool any_wanted;       /* a place for anybody */
    unsigned wanting;
    struct client *wants[WISHES_MAX]; /* clients for whom a place is wanted, each once */
    struct client *bucket[];
};

/* At least as many buckets as connections, within bounds. */
static size_t bucket_count(unsigned connections)
{
    size_t count = BUCKETS_MIN;
    while (count < connections && count < BUCKETS_MAX)
        count *= 2;
    return count;
}

struct clients *clients_new(const struct config_limits *limits, unsigned workers)
{
    const size_t buckets = bucket_count(limits->tcp_connections);
    struct clients *clients = calloc(1, sizeof(*clients) + buckets * sizeof(struct client *));
    if (clients == NULL)
        return NULL;
    clients->workers = workers;
    clients->buckets = buckets;
    if (getrandom(&clients->seed, sizeof(clients->seed), GRND_NONBLOCK) < 0)
        clients->seed = (uintptr_t)clients;
    pthread_mutex_init(&clients->mutex, NULL);
    clients_limits(clients, limits);
    return clients;
}

void clients_free(struct clients *clients)
{
    if (clients == NULL)
        return;
    for (size_t i = 0; i < clients->buckets; i++) {
        while (clients->bucket[i] != NULL) {
            struct client *client = clients->bucket[i];
            clients->bucket[i] = client->next;
            free(client);
        }
    }
    pthread_mutex_destroy(&clients->mutex);
    free(clients);
}

void clients_limits(struct clients *clients, const struct config_limits *limits)
{
    atomic_store_explicit(&clients->open_max, limits->tcp_connections, memory_order_relaxed);
    atomic_store_explicit(&clients->client_max, limits->tcp_connections_client,
                          memory_order_relaxed);
    atomic_store_explicit(&clients->idle_ms, limits->tcp_idle_ms, memory_order_relaxed);
}

uint64_t clients_idle_ms(const struct clients *clients)
{
    return atomic_load_explicit(&clients->idle_ms, memory_order_relaxed);
}

unsigned clients_open(const struct clients *clients)
{
    return atomic_load_explicit(&clients->open, memory_order_relaxed);
}

/* The prefix as a number. An IPv4 address can't be taken for a global /64: those begin with
 * 001. */
static uint64_t key_of(const struct sockaddr *peer)
{
    uint64_t key = 0;
    if (peer->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)peer;
        memcpy(&key, in6->sin6_addr.s6_addr, sizeof(key));
        return key;
    }
    const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)peer;
    memcpy((uint8_t *)&key + 4, &in->sin_addr.s_addr, 4);
    return key;
}

/* Where the chain of `key` begins. */
static struct client **bucket_of(struct clients *clients, uint64_t key)
{
    uint64_t hash = (key ^ clients->seed) * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ (hash >> 32)) * (clients->seed | 1);
    return &clients->bucket[(hash >> 32) & (clients->buckets - 1)];
}

static struct client *new_client(const struct clients *clients, uint64_t key)
{
    struct client *client =
        malloc(sizeof(*client) + clients->workers * sizeof(client->idle[0]));
    if (client == NULL)
        return NULL;
    client->key = key;
    client->open = 0;
    for (unsigned i = 0; i < clients->workers; i++)
        link_init(&client->idle[i]);
    return client;
}

/* Finds or makes the client and counts one more. Returns NULL out of memory. */
static struct client *count_in(struct clients *clients, uint64_t key, uint32_t *open)
{
    struct client **bucket = bucket_of(clients, key);
    struct client *client = *bucket;
    while (client != NULL && client->key != key)
        client = client->next;
    if (client == NULL) {
        client = new_client(clients, key);
        if (client == NULL)
            return NULL;
        client->next = *bucket;
        *bucket = client;
    }
    *open = ++client->open;
    return client;
}

enum admission clients_enter(struct clients *clients, const struct sockaddr *peer,
                             struct client **client)
{
    uint32_t client_open = 0;
    pthread_mutex_lock(&clients->mutex);
    *client = count_in(clients, key_of(peer), &client_open);
    pthread_mutex_unlock(&clients->mutex);
    if (*client == NULL)
        return ADMISSION_NO_MEMORY;

    const unsigned open =
        atomic_fetch_add_explicit(&clients->open, 1, memory_order_relaxed) + 1;
    if (client_open > atomic_load_explicit(&clients->client_max, memory_order_relaxed))
        return ADMISSION_CLIENT_FULL;
    if (open > atomic_load_explicit(&clients->open_max, memory_order_relaxed))
        return ADMISSION_FULL;
    return ADMISSION_GRANTED;
}

/* The number of wishes has changed. The mutex is held. */
static void count_wishes(struct clients *clients)
{
    atomic_store_explicit(&clients->wishes, clients->wanting + clients->any_wanted,
                          memory_order_relaxed);
}

/* The client wants nothing more. The mutex is held. */
static void forget_wish(struct clients *clients, const struct client *client)
{
    for (unsigned i = 0; i < clients->wanting; i++) {
        if (clients->wants[i] != client)
            continue;
        clients->wants[i] = clients->wants[--clients->wanting];
        count_wishes(clients);
        return;
    }
}

void clients_leave(struct clients *clients, struct client *client)
{
    pthread_mutex_lock(&clients->mutex);
    const bool gone = --client->open == 0;
    if (gone) {
        struct client **at = bucket_of(clients, client->key);
        while (*at != client)
            at = &(*at)->next;
        *at = client->next;
        forget_wish(clients, client);
    }
    pthread_mutex_unlock(&clients->mutex);
    if (gone)
        free(client);
    atomic_fetch_sub_explicit(&clients->open, 1, memory_order_relaxed);
}

void clients_want(struct clients *clients, struct client *client)
{
    pthread_mutex_lock(&clients->mutex);
    bool known = false;
    for (unsigned i = 0; i < clients->wanting; i++)
        known |= clients->wants[i] == client;
    if (client == NULL)
        clients->any_wanted = true;
    else if (!known && clients->wanting < WISHES_MAX)
        clients->wants[clients->wanting++] = client;
    count_wishes(clients);
    pthread_mutex_unlock(&clients->mutex);
}

/* The first wish for a client that has an idle connection on this worker, or NULL. */
static struct client *find_wish(struct clients *clients, unsigned worker)
{
    const unsigned client_max =
        atomic_load_explicit(&clients->client_max, memory_order_relaxed);
    for (unsigned i = 0; i < clients->wanting;) {
        struct client *client = clients->wants[i];
        if (client->open < client_max) {
            forget_wish(clients, client); /* there is room by now */
            continue;
        }
        if (!link_alone(&client->idle[worker])) {
            forget_wish(clients, client);
            return client;
        }
        i++;
    }
    return NULL;
}

enum clients_wish clients_wish(struct clients *clients, unsigned worker, bool has_idle,
                               struct client **client)
{
    if (atomic_load_explicit(&clients->wishes, memory_order_relaxed) == 0)
        return CLIENTS_WISH_NONE;
    enum clients_wish wish = CLIENTS_WISH_NONE;
    pthread_mutex_lock(&clients->mutex);
    *client = find_wish(clients, worker);
    const bool full = atomic_load_explicit(&clients->open, memory_order_relaxed)
                      >= atomic_load_explicit(&clients->open_max, memory_order_relaxed);
    if (*client != NULL)
        wish = CLIENTS_WISH_CLIENT;
    else if (clients->any_wanted && full && has_idle)
        wish = CLIENTS_WISH_ANY;
    if (!full || wish == CLIENTS_WISH_ANY)
        clients->any_wanted = false;
    count_wishes(clients);
    pthread_mutex_unlock(&clients->mutex);
    return wish;
}
