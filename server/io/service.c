#include "server/io/service.h"

#include "server/answer/edns.h"
#include "server/answer/packet.h"
#include "server/base/fault.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

/* What respond() takes, in one. */
struct batch {
    struct service *service;
    const struct snapshot *snapshot;
    uint64_t now;
    struct exchange *exchanges;
    size_t count;
};

static void answer_batch(void *context)
{
    const struct batch *batch = context;
    const struct snapshot *snapshot = batch->snapshot;
    respond(&snapshot->answer, &snapshot->view, batch->now, batch->exchanges, batch->count,
            batch->service->scratch);
}

/* Some zone's memory can't be read: its questions are found out one by one. respond() holds nothing that it
 * would have to give back. */
static void answer_singly(const struct batch *batch)
{
    struct batch one = *batch;
    one.count = 1;
    for (size_t i = 0; i < batch->count; i++) {
        one.exchanges = batch->exchanges + i;
        if (!fault_guard(answer_batch, &one))
            respond_fail(&batch->snapshot->answer, batch->now, one.exchanges,
                         batch->service->scratch);
    }
}

void service_answer(struct service *service, struct exchange *exchanges, size_t count)
{
    /* Cookies and TSIG count in seconds: the coarse clock will do. */
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    struct batch batch = {.service = service,
                          .snapshot = store_enter(service->store, service->reader),
                          .now = (uint64_t)now.tv_sec,
                          .exchanges = exchanges,
                          .count = count};
    if (!fault_watching())
        answer_batch(&batch);
    else if (!fault_guard(answer_batch, &batch))
        answer_singly(&batch);
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

/* Seldom are there any: a batch without SERVFAIL isn't looked through a second time. */
static void count_servfails(struct pulse_slice *slice, const struct exchange *exchanges,
                            size_t count, uint64_t servfails)
{
    uint32_t not_loaded = 0;
    for (size_t i = 0; i < count; i++) {
        const struct exchange *e = &exchanges[i];
        not_loaded +=
            e->answer_octets != 0 && e->rcode == RCODE_SERVFAIL && e->ede == EDE_NOT_READY;
    }
    pulse_add32(&slice->servfails, (uint32_t)servfails);
    pulse_add32(&slice->not_loaded, not_loaded);
}

void service_count(struct service *service, unsigned path, enum transport transport,
                   const struct exchange *exchanges, const uint32_t *latency_us, size_t count)
{
    struct pulse_worker *pulse = service->pulse;
    struct pulse_slice *slice = slice_now(service, path);
    uint32_t silent = 0;
    uint32_t truncated = 0;
    const uint64_t failed_before =
        atomic_load_explicit(&pulse->rcodes[RCODE_SERVFAIL], memory_order_relaxed);

    for (size_t i = 0; i < count; i++) {
        const struct exchange *exchange = &exchanges[i];
        if (exchange->answer_octets == 0) {
            silent++;
            continue;
        }
        size_t rcode = exchange->rcode;
        if (rcode >= PULSE_RCODES)
            rcode = PULSE_RCODES - 1;
        truncated += exchange->truncated;
        pulse_add(&pulse->rcodes[rcode], 1);
        if (latency_us[i] != LATENCY_UNKNOWN)
            pulse_add32(&slice->latency[pulse_bucket(latency_us[i])], 1);
    }
    const uint32_t answers = (uint32_t)count - silent;
    const uint64_t failed =
        atomic_load_explicit(&pulse->rcodes[RCODE_SERVFAIL], memory_order_relaxed);
    pulse_add(&pulse->queries[transport], count);
    pulse_add(&pulse->answers[transport], answers);
    pulse_add(&pulse->truncated, truncated);
    pulse_add(&pulse->silent, silent);
    pulse_add32(&slice->answers, answers);
    pulse_add32(&slice->queries, (uint32_t)count);
    if (failed != failed_before)
        count_servfails(slice, exchanges, count, failed - failed_before);
}

void service_count_drops(struct service *service, unsigned path, uint32_t drops)
{
    pulse_add(&service->pulse->drops, drops);
    pulse_add32(&slice_now(service, path)->drops, drops);
}
