/* path_totals.c -- see path_totals.h */
#include "server/sidecar/path_totals.h"

#include <string.h>

/* A slice is turned over before the ring has come round: the oldest few aren't to be trusted. */
enum { SLICES_BACK_MAX = PULSE_SLICES - 4 };

static void find_addresses(struct path_totals *totals, const struct pulse_view *view)
{
    struct pulse_address address[PULSE_ADDRESSES_MAX];
    const size_t octets = view->addresses * sizeof(address[0]);
    memcpy(address, view->pulse->address, octets);
    if (totals->addresses == view->addresses && memcmp(totals->address, address, octets) == 0)
        return;
    *totals = (struct path_totals){.addresses = view->addresses};
    memcpy(totals->address, address, octets);
}

static void add(struct path_total *total, const struct pulse_slice_copy *slice)
{
    total->queries += slice->queries;
    total->answers += slice->answers;
    total->servfails += slice->servfails;
    total->drops += slice->drops;
    for (unsigned i = 0; i < PULSE_BUCKETS; i++)
        total->latency[i] += slice->latency[i];
}

/* A slice in which nothing came has an older number: reading it costs one look. */
static void add_slices(struct path_totals *totals, const struct pulse_view *view,
                       uint64_t number)
{
    struct pulse_slice_copy slice;
    for (unsigned worker = 0; worker < view->workers; worker++) {
        for (unsigned path = 0; path < 2 * view->addresses + 1; path++) {
            if (pulse_slice_read(&slice, view, worker, path, number))
                add(&totals->path[path], &slice);
        }
    }
}

void path_totals_read(struct path_totals *totals, const struct pulse_view *view,
                      uint64_t now_ms)
{
    find_addresses(totals, view);
    const uint64_t last = now_ms / PULSE_SLICE_MS - 1;
    uint64_t first = totals->read + 1;
    if (totals->read == 0 || totals->read > last)
        first = last;
    else if (last - totals->read > SLICES_BACK_MAX)
        first = last - SLICES_BACK_MAX + 1;
    if (totals->read == last)
        return;
    for (uint64_t number = first; number <= last; number++)
        add_slices(totals, view, number);
    totals->read = last;
}
