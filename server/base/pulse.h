/* pulse.h -- how the server is doing, in shared memory
 * A memfd, sealed against shrinking, growing and writing by others, that `pharosd` writes with relaxed
 * atomics and hands over the unix socket RUN-DIR/pulse.sock (SCM_RIGHTS). The sidecar and the announcer
 * map it read-only; nobody else can map it otherwise. A reader trusts nothing in it: it clamps every
 * field, and copies before it decides.
 *
 * The octets are of one machine at one time: host byte order. `layout` changes with the layout. */
#ifndef PHAROS_SERVER_BASE_PULSE_H
#define PHAROS_SERVER_BASE_PULSE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PULSE_LAYOUT = 3,
    PULSE_WORKERS_MAX = 256,
    PULSE_INSTANCE = 16,
    PULSE_SLICE_MS = 50,
    PULSE_SLICES = 32,        /* a ring: 1.6 s */
    PULSE_ADDRESSES_MAX = 64, /* those beyond are counted as of no address */
    PULSE_GROUPS_MAX = 16,
    PULSE_GROUP_NAME_MAX = 32,
    PULSE_BUCKETS = 64,   /* of latency, see pulse_bucket() */
    PULSE_RCODES = 24,    /* the last one counts all above */
    PULSE_TRANSPORTS = 2, /* enum transport */
    PULSE_TICK_MS = 50,   /* each worker's loop moves `heartbeat` this often even when idle */
};

/* What comes along with the memfd over the socket, without a NUL. */
#define PULSE_HELLO "pulse-3\n"

enum { PULSE_HELLO_OCTETS = sizeof(PULSE_HELLO) - 1 };

#define PULSE_MAGIC UINT64_C(0x332d65736c757030) /* "0pulse-3" */

enum pulse_state { PULSE_STARTING, PULSE_SERVING, PULSE_DRAINING, PULSE_STOPPING };

/* One slice of time of one worker and path. Path 2 * address is UDP to the address, 2 * address + 1 is
 * TCP; the last path, 2 * addresses, is for what isn't told apart by addresses. `number` is CLOCK_MONOTONIC milliseconds / PULSE_SLICE_MS; a
 * slice whose number isn't the one looked for holds an older turn of the ring: no data. */
struct pulse_slice {
    _Atomic uint64_t number;
    _Atomic uint32_t queries; /* received */
    _Atomic uint32_t answers;
    _Atomic uint32_t servfails;
    _Atomic uint32_t drops;
    _Atomic uint32_t not_loaded; /* of the servfails: true ones, of zones that aren't loaded */
    _Atomic uint32_t latency[PULSE_BUCKETS];
};

struct pulse_worker {
    /* Held by the worker's thread while it lives: robust, process-shared. Its first word is the futex
     * (glibc and the kernel's robust-list ABI): the worker sets FUTEX_WAITERS in it, and a watcher that
     * waits wakes with FUTEX_OWNER_DIED as soon as the thread is dead, before the kernel tears the
     * memory down.
     * Watchers never lock it through glibc: its list links are foreign octets. */
    _Alignas(64) pthread_mutex_t alive;
    _Alignas(64) _Atomic uint64_t
        heartbeat; /* moves with every turn of the loop, and in long ones */
    _Atomic uint64_t queries[PULSE_TRANSPORTS];
    _Atomic uint64_t answers[PULSE_TRANSPORTS];
    _Atomic uint64_t rcodes[PULSE_RCODES];
    _Atomic uint64_t truncated;
    _Atomic uint64_t silent;   /* requests that get no answer */
    _Atomic uint64_t drops;    /* of the sockets' receive queues, SO_RXQ_OVFL */
    _Atomic uint64_t tcp_open; /* connections now */
    _Atomic uint64_t tcp_accepted;
    _Atomic uint64_t tcp_refused;  /* closed for a limit */
    _Atomic uint64_t xdp_received; /* frames through AF_XDP, of `queries` */
    _Atomic uint64_t xdp_odd;      /* of them dropped: a wrong checksum, a source that's none */
};

/* An address of server.listen; a wildcard stands for all that have no entry of their own. */
struct pulse_address {
    uint8_t octets[16]; /* 4 or 16 of them, network order */
    uint16_t family;    /* AF_INET, AF_INET6, or 0: unknown */
    uint16_t port;
};

/* The zones that count for a group of the configuration's route.groups. */
struct pulse_group {
    char name[PULSE_GROUP_NAME_MAX + 1]; /* ends with NUL, "": no such group */
    _Atomic uint32_t zones;
    _Atomic uint32_t failed; /* of them not loaded: answered with SERVFAIL */
    _Atomic int64_t expires; /* the soonest SOA expire of a secondary's, seconds since 1970;
                                       * 0: none does */
    _Atomic int64_t signatures_expire; /* the soonest RRSIG, the same */
};

struct pulse {
    uint64_t magic;
    uint32_t layout;
    uint32_t workers;
    uint64_t octets;                  /* of the whole */
    uint8_t instance[PULSE_INSTANCE]; /* random; answers to EDNS_OPTION_INSTANCE bear it */
    int64_t pid;
    _Atomic uint32_t state;        /* enum pulse_state */
    _Atomic uint32_t zones;        /* configured, in all */
    _Atomic uint32_t zones_failed; /* of them not loaded: answered with SERVFAIL */
    _Atomic uint32_t zones_stale;  /* served, but the newest text was refused */
    _Atomic uint64_t reloads;
    _Atomic int64_t
        signatures_expire; /* the soonest of all zones, seconds since 1970; 0: none */
    uint32_t addresses;    /* that follow; at least one */
    struct pulse_address address[PULSE_ADDRESSES_MAX];
    struct pulse_group group[PULSE_GROUPS_MAX];
    struct pulse_worker
        worker[]; /* `workers` of them; after them for each worker a ring of PULSE_SLICES
                                   * for each path */
};

/* The bucket of a latency in microseconds: four a power of two from 16 us up (so within 12 %), all
 * below in the first, all above about 0.8 s in the last. */
static inline unsigned pulse_bucket(uint64_t us)
{
    if (us < 16)
        return 0;
    const unsigned log = 63u ^ (unsigned)__builtin_clzll(us); /* one instruction on x86-64 */
    /* 1 + (log - 4) * 4 + the two bits after the first, where `us >> (log - 2)` is 4 + those */
    const unsigned bucket = (unsigned)(us >> (log - 2)) + 4 * log - 19;
    return bucket < PULSE_BUCKETS ? bucket : PULSE_BUCKETS - 1;
}

/* The least latency in microseconds of a bucket. */
static inline uint64_t pulse_bucket_us(unsigned bucket)
{
    if (bucket == 0)
        return 0;
    const unsigned log = 4 + (bucket - 1) / 4;
    return (UINT64_C(1) << log) + (UINT64_C(1) << (log - 2)) * ((bucket - 1) % 4);
}

struct address;

/* The server's: makes the memory with a random instance id, for `addresses` that are listened on, of
 * which there may be none to tell: then all is counted for one. `*fd` is the memfd, sealed, the caller's.
 * Returns NULL with errno set. */
struct pulse *pulse_new(unsigned workers, const struct address *address, size_t addresses,
                        int *fd);
void pulse_free(struct pulse *pulse);

/* A worker's thread says that it lives: locks its mutex, to be held until the thread ends. */
void pulse_live(struct pulse *pulse, unsigned worker);

/* The rings of a worker, one after the other: 2 * pulse->addresses + 1 of them, PULSE_SLICES
 * each. */
struct pulse_slice *pulse_rings(struct pulse *pulse, unsigned worker);

/* The slice of now in a ring, cleared if it held an older turn. The worker's thread alone. */
struct pulse_slice *pulse_slice_now(struct pulse_slice *ring, uint64_t monotonic_ms);

/* Adds to a counter that has one writer: no locked instruction. */
static inline void pulse_add(_Atomic uint64_t *counter, uint64_t by)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by,
                          memory_order_relaxed);
}

static inline void pulse_add32(_Atomic uint32_t *counter, uint32_t by)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by,
                          memory_order_relaxed);
}

/* A watcher's view. `workers` and `instance` were checked and copied when it was mapped; what the memory
 * says later may be anything. */
struct pulse_view {
    struct pulse *pulse; /* NULL: none */
    size_t octets;
    unsigned workers;
    unsigned addresses;
    uint8_t instance[PULSE_INSTANCE];
};

/* A watcher's: maps a received memfd after checking seals, size, magic, layout and counts; `fd` stays
 * the caller's and may be closed. Returns 0 or a negative errno: -EBADMSG for what is no pulse,
 * -EPROTO for one of another layout. */
int pulse_map(struct pulse_view *view, int fd);

/* Harmless on a view that holds none. */
void pulse_unmap(struct pulse_view *view);

/* The futex word of a worker's mutex. */
_Atomic uint32_t *pulse_alive_word(const struct pulse_view *view, unsigned worker);

/* Copies the slice `number` of a worker and path. Returns false, with nothing in `copy`, where the ring holds
 * another turn, or changed under the reader. */
struct pulse_slice_copy {
    uint32_t queries, answers, servfails, drops, not_loaded;
    uint32_t latency[PULSE_BUCKETS];
};
bool pulse_slice_read(struct pulse_slice_copy *copy, const struct pulse_view *view,
                      unsigned worker, unsigned path, uint64_t number);

#endif
