/* service.h -- what a worker answers with, and how it counts its answers
 * UDP and TCP of a worker share one of these. Its thread alone uses it. */
#ifndef PHAROS_SERVER_IO_SERVICE_H
#define PHAROS_SERVER_IO_SERVICE_H

#include "server/answer/respond.h"
#include "server/base/pulse.h"
#include "server/base/store.h"

#include <limits.h>
#include <time.h>

enum {
    /* A latency that isn't known: the kernel gave no stamp, or the clock was set meanwhile. */
    LATENCY_UNKNOWN = UINT32_MAX,
    LATENCY_MAX_US = 10 * 1000 * 1000,
    /* Batches of several addresses. */
    SERVICE_PATH_ANY = INT_MAX,
};

struct service {
    struct store *store;             /* borrowed */
    unsigned reader;                 /* our number there */
    struct respond_scratch *scratch; /* owned */
    struct pulse_worker *pulse;      /* borrowed; or `unwatched` */
    struct pulse_slice *rings;       /* borrowed: of `pulse`, a path each */
    unsigned paths;                  /* with the last, which is for no address */
    struct unwatched *unwatched;     /* owned; counted into where there's no pulse, so that the
                                      * packet path needs no test for it */
};

/* `pulse` may be NULL. Returns 0 or -ENOMEM, then with nothing to free. */
int service_init(struct service *service, struct store *store, unsigned reader,
                 struct pulse *pulse);
void service_fini(struct service *service);

/* Answers a batch from the zones of this moment; a reader of the store only meanwhile. */
void service_answer(struct service *service, struct exchange *exchanges, size_t count);

/* Counts a batch that has been sent, for a path of pulse.h. An exchange with `answer_octets` 0 is one of no answer.
 * `latency_us` has one entry an exchange, LATENCY_UNKNOWN or microseconds. */
void service_count(struct service *service, unsigned path, enum transport transport,
                   const struct exchange *exchanges, const uint32_t *latency_us, size_t count);

/* Counts datagrams that the kernel dropped since its receive queue was full. */
void service_count_drops(struct service *service, unsigned path, uint32_t drops);

/* `later` - `earlier` in microseconds, or LATENCY_UNKNOWN where that is no latency. */
static inline uint32_t service_latency_us(const struct timespec *earlier,
                                          const struct timespec *later)
{
    const int64_t ns = (int64_t)(later->tv_sec - earlier->tv_sec) * 1000000000
                       + (later->tv_nsec - earlier->tv_nsec);
    /* What is below 0 is far above as an unsigned number. */
    return (uint64_t)ns < (LATENCY_MAX_US + UINT64_C(1)) * 1000 ? (uint32_t)((uint64_t)ns / 1000)
                                                                : (uint32_t)LATENCY_UNKNOWN;
}

#endif
