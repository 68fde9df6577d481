#include "server/io/service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RCODE_SERVFAIL = 2 };

struct unwatched {
    struct pulse_worker worker;
    struct pulse_slice ring[PULSE_SLICES];
};

int service_init(struct service *service, struct store *store, unsigned reader,
                 struct pulse *pulse)
{
    *service = (struct service){.store = store, .reader = reader};
    service->scratch = respond_scratch_new();
    if (pulse == NULL) {
        const size_t octets = sizeof(*service->unwatched);
        service->unwatched = aligned_alloc(_Alignof(struct unwatched), octets);
        if (service->unwatched != NULL)
            memset(service->unwatched, 0, octets);
    }
    if (service->scratch == NULL || (pulse == NULL && service->unwatched == NULL)) {
        service_fini(service);
        return -ENOMEM;
    }
    service->pulse = pulse != NULL ? &pulse->worker[reader] : &service->unwatched->worker;
    service->rings = pulse != NULL ? pulse_rings(pulse, reader) : service->unwatched->ring;
    service->paths = pulse != NULL ? 2 * pulse->addresses + 1 : 1;
    return 0;
}

void service_fini(struct service *service)
{
    if (service->scratch != NULL)
        respond_scratch_free(service->scratch);
    free(service->unwatched);
    *service = (struct service){.store = NULL};
}

void service_answer(struct service *service, struct exchange *exchanges, size_t count)
{
    /* Cookies and TSIG count in seconds: the coarse clock will do. */
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    const struct snapshot *snapshot = store_enter(service->store, service->reader);
    respond(&snapshot->answer, &snapshot->view, (uint64_t)now.tv_sec, exchanges, count,
            service->scratch);
    store_leave(service->store, service->reader);
}

/* The slice of the present moment. The coarse clock is late by a tick of the kernel at most (4
 * ms usually), which is nothing to a slice, and costs a fifth of the exact one. */
static struct pulse_slice *slice_now(struct service *service, unsigned path)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    const unsigned known = path < service->paths ? path : service->paths - 1;
    return pulse_slice_now(service->rings + known * PULSE_SLICES,
                           (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}

void service_count(struct service *service, unsigned path, enum transport transport,
                   const struct exchange *exchanges, const uint32_t *latency_us, size_t count)
{
    struct pulse_worker *pulse = service->pulse;
    struct pulse_slice *slice = slice_now(service, path);
    uint32_t answers = 0;
    uint32_t servfails = 0;
    uint32_t truncated = 0;

    for (size_t i = 0; i < count; i++) {
        const struct exchange *exchange = &exchanges[i];
        if (exchange->answer_octets == 0)
            continue;
        const unsigned rcode =
            exchange->rcode < PULSE_RCODES ? exchange->rcode : PULSE_RCODES - 1;
        answers++;
        servfails += rcode == RCODE_SERVFAIL;
        truncated += exchange->truncated;
        pulse_add(&pulse->rcodes[rcode], 1);
        if (latency_us[i] != LATENCY_UNKNOWN)
            pulse_add32(&slice->latency[pulse_bucket(latency_us[i])], 1);
    }
    pulse_add(&pulse->queries[transport], count);
    pulse_add(&pulse->answers[transport], answers);
    pulse_add(&pulse->truncated, truncated);
    pulse_add(&pulse->silent, count - answers);
    pulse_add32(&slice->answers, answers);
    pulse_add32(&slice->queries, (uint32_t)count);
    pulse_add32(&slice->servfails, servfails);
}

void service_count_drops(struct service *service, unsigned path, uint32_t drops)
{
    pulse_add(&service->pulse->drops, drops);
    pulse_add32(&slice_now(service, path)->drops, drops);
}

uint32_t service_latency_us(const struct timespec *earlier, const struct timespec *later)
{
    const int64_t us = (int64_t)(later->tv_sec - earlier->tv_sec) * 1000000
                       + (later->tv_nsec - earlier->tv_nsec) / 1000;
    return us >= 0 && us <= LATENCY_MAX_US ? (uint32_t)us : LATENCY_UNKNOWN;
}
