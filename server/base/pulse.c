/* pulse.c -- making, mapping and reading the shared memory of pulse.h */
#include "server/base/pulse.h"

#include "server/base/address.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEALS = F_SEAL_SHRINK | F_SEAL_GROW };

_Static_assert(sizeof(_Atomic uint32_t) == sizeof(uint32_t), "a futex word is an integer");

/* A slice that is being cleared; no time has it. */
#define SLICE_CLEARED UINT64_MAX

static size_t rings_octets(size_t addresses)
{
    return (2 * addresses + 1) * PULSE_SLICES * sizeof(struct pulse_slice);
}

static size_t octets_for(size_t workers, size_t addresses)
{
    return sizeof(struct pulse)
           + workers * (sizeof(struct pulse_worker) + rings_octets(addresses));
}

static struct pulse_slice *rings_of(struct pulse *pulse, unsigned workers, unsigned addresses,
                                    unsigned worker)
{
    return (struct pulse_slice *)(void *)((char *)&pulse->worker[workers]
                                          + worker * rings_octets(addresses));
}

struct pulse_slice *pulse_rings(struct pulse *pulse, unsigned worker)
{
    return rings_of(pulse, pulse->workers, pulse->addresses, worker);
}

static int init_mutex(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t attr;
    int err = pthread_mutexattr_init(&attr);
    if (err != 0)
        return err;
    err = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    if (err == 0)
        err = pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    if (err == 0)
        err = pthread_mutex_init(mutex, &attr);
    pthread_mutexattr_destroy(&attr);
    return err;
}

static void fill_address(struct pulse_address *at, const struct address *address)
{
    const struct sockaddr *sockaddr = (const struct sockaddr *)&address->storage;
    if (sockaddr->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)sockaddr;
        memcpy(at->octets, &in->sin_addr, sizeof(in->sin_addr));
        at->port = ntohs(in->sin_port);
    } else {
        const struct sockaddr_in6 *in6 = (const void *)sockaddr;
        memcpy(at->octets, &in6->sin6_addr, sizeof(in6->sin6_addr));
        at->port = ntohs(in6->sin6_port);
    }
    at->family = sockaddr->sa_family;
}

static void clear_rings(struct pulse_slice *ring, unsigned addresses)
{
    for (unsigned s = 0; s < (2 * addresses + 1) * PULSE_SLICES; s++)
        atomic_init(&ring[s].number, SLICE_CLEARED);
}

static int fill(struct pulse *pulse, unsigned workers, unsigned addresses, size_t octets)
{
    pulse->magic = PULSE_MAGIC;
    pulse->layout = PULSE_LAYOUT;
    pulse->workers = workers;
    pulse->addresses = addresses;
    pulse->octets = octets;
    pulse->pid = getpid();
    if (getrandom(pulse->instance, sizeof(pulse->instance), 0) != sizeof(pulse->instance))
        return errno;
    for (unsigned i = 0; i < workers; i++) {
        const int err = init_mutex(&pulse->worker[i].alive);
        if (err != 0)
            return err;
        clear_rings(pulse_rings(pulse, i), addresses);
    }
    return 0;
}

/* Makes and maps the memory. Pages are touched (MAP_POPULATE), so that the workers don't meet a
 * lack of memory later, where it would be a SIGBUS. This mapping stays the only one that can be
 * written to: whoever is given the memfd can't forge a pulse (memfd_create(2), Linux 5.1). */
static struct pulse *map_new(int memfd, size_t octets)
{
    if (ftruncate(memfd, (off_t)octets) != 0 || posix_fallocate(memfd, 0, (off_t)octets) != 0)
        return NULL;
    void *at = mmap(NULL, octets, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, memfd, 0);
    if (at == MAP_FAILED)
        return NULL;
    if (fcntl(memfd, F_ADD_SEALS, SEALS | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) == 0)
        return at;
    const int err = errno;
    munmap(at, octets);
    errno = err;
    return NULL;
}

struct pulse *pulse_new(unsigned workers, const struct address *address, size_t addresses,
                        int *fd)
{
    if (workers == 0 || workers > PULSE_WORKERS_MAX) {
        errno = EINVAL;
        return NULL;
    }
    const size_t known = addresses < PULSE_ADDRESSES_MAX ? addresses : PULSE_ADDRESSES_MAX;
    const unsigned counted = known == 0 ? 1 : (unsigned)known;
    const size_t octets = octets_for(workers, counted);
    const int memfd = memfd_create("pharos-pulse", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (memfd < 0)
        return NULL;

    struct pulse *pulse = map_new(memfd, octets);
    int err = pulse == NULL ? errno : fill(pulse, workers, counted, octets);
    if (err != 0) {
        if (pulse != NULL)
            munmap(pulse, octets);
        close(memfd);
        errno = err;
        return NULL;
    }
    for (size_t i = 0; i < known; i++)
        fill_address(&pulse->address[i], &address[i]);
    *fd = memfd;
    return pulse;
}

void pulse_free(struct pulse *pulse)
{
    if (pulse != NULL)
        munmap(pulse, octets_for(pulse->workers, pulse->addresses));
}

void pulse_live(struct pulse *pulse, unsigned worker)
{
    pthread_mutex_t *alive = &pulse->worker[worker].alive;
    if (pthread_mutex_lock(alive) == EOWNERDEAD)
        pthread_mutex_consistent(alive);
    /* The watchers can't write, so that somebody may wait is said for them. */
    atomic_fetch_or((_Atomic uint32_t *)(void *)alive, FUTEX_WAITERS);
}

static void clear_slice(struct pulse_slice *slice)
{
    atomic_store_explicit(&slice->queries, 0, memory_order_relaxed);
    atomic_store_explicit(&slice->answers, 0, memory_order_relaxed);
    atomic_store_explicit(&slice->servfails, 0, memory_order_relaxed);
    atomic_store_explicit(&slice->drops, 0, memory_order_relaxed);
    atomic_store_explicit(&slice->not_loaded, 0, memory_order_relaxed);
    for (unsigned i = 0; i < PULSE_BUCKETS; i++)
        atomic_store_explicit(&slice->latency[i], 0, memory_order_relaxed);
}

struct pulse_slice *pulse_slice_now(struct pulse_slice *ring, uint64_t monotonic_ms)
{
    const uint64_t number = monotonic_ms / PULSE_SLICE_MS;
    struct pulse_slice *slice = &ring[number % PULSE_SLICES];
    if (atomic_load_explicit(&slice->number, memory_order_relaxed) != number) {
        atomic_store_explicit(&slice->number, SLICE_CLEARED, memory_order_relaxed);
        atomic_thread_fence(memory_order_release);
        clear_slice(slice);
        atomic_store_explicit(&slice->number, number, memory_order_release);
    }
    return slice;
}

static int check_memory(int fd, size_t *octets)
{
    struct stat st;
    const int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &st) != 0)
        return -EBADMSG;
    if (st.st_size < (off_t)octets_for(1, 1)
        || st.st_size > (off_t)octets_for(PULSE_WORKERS_MAX, PULSE_ADDRESSES_MAX))
        return -EBADMSG;
    *octets = (size_t)st.st_size;
    return 0;
}

/* The header is copied once: it may change between two looks. */
static int check_header(struct pulse_view *view)
{
    struct pulse header;
    memcpy(&header, view->pulse, sizeof(header));
    if (header.magic != PULSE_MAGIC)
        return -EBADMSG;
    if (header.layout != PULSE_LAYOUT)
        return -EPROTO;
    if (header.workers == 0 || header.workers > PULSE_WORKERS_MAX || header.addresses == 0
        || header.addresses > PULSE_ADDRESSES_MAX || header.octets != view->octets
        || octets_for(header.workers, header.addresses) != view->octets)
        return -EBADMSG;
    view->addresses = header.addresses;
    view->workers = header.workers;
    memcpy(view->instance, header.instance, sizeof(view->instance));
    return 0;
}

int pulse_map(struct pulse_view *view, int fd)
{
    *view = (struct pulse_view){0};
    int err = check_memory(fd, &view->octets);
    if (err != 0)
        return err;
    void *at = mmap(NULL, view->octets, PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        return -errno;
    view->pulse = at;
    err = check_header(view);
    if (err != 0)
        pulse_unmap(view);
    return err;
}

void pulse_unmap(struct pulse_view *view)
{
    if (view->pulse != NULL)
        munmap(view->pulse, view->octets);
    *view = (struct pulse_view){0};
}

_Atomic uint32_t *pulse_alive_word(const struct pulse_view *view, unsigned worker)
{
    return (_Atomic uint32_t *)(void *)&view->pulse->worker[worker].alive;
}

bool pulse_slice_read(struct pulse_slice_copy *copy, const struct pulse_view *view,
                      unsigned worker, unsigned path, uint64_t number)
{
    struct pulse_slice *slice = rings_of(view->pulse, view->workers, view->addresses, worker)
                                + path * PULSE_SLICES + number % PULSE_SLICES;
    if (atomic_load_explicit(&slice->number, memory_order_acquire) == number) {
        copy->queries = atomic_load_explicit(&slice->queries, memory_order_relaxed);
        copy->answers = atomic_load_explicit(&slice->answers, memory_order_relaxed);
        copy->servfails = atomic_load_explicit(&slice->servfails, memory_order_relaxed);
        copy->drops = atomic_load_explicit(&slice->drops, memory_order_relaxed);
        copy->not_loaded = atomic_load_explicit(&slice->not_loaded, memory_order_relaxed);
        for (unsigned i = 0; i < PULSE_BUCKETS; i++)
            copy->latency[i] = atomic_load_explicit(&slice->latency[i], memory_order_relaxed);
        atomic_thread_fence(memory_order_acquire);
        if (atomic_load_explicit(&slice->number, memory_order_relaxed) == number)
            return true;
    }
    *copy = (struct pulse_slice_copy){0};
    return false;
}
