/* fuzz_falls.c -- any octets as the file of falls; what is taken has bounds */
#include "server/sidecar/falls.h"

#include <stdlib.h>

enum { NOW_MS = 5000 };

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t count);

static void check(const struct falls_entry *entry)
{
    const struct thresholds limits = thresholds_default();
    struct holddown holddown;
    struct cycles cycles;
    falls_restore(entry, &limits, &holddown, &cycles, NOW_MS, UINT64_C(1790000000000));
    if (holddown_left(&holddown, NOW_MS) > limits.holddown_max_ms
        || cycles_left(&cycles, &limits, NOW_MS) > limits.cycles_ms)
        abort();
    holddown_fall(&holddown, &limits, NOW_MS);
    if (holddown_left(&holddown, NOW_MS) > limits.holddown_max_ms)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t count)
{
    struct falls falls;
    if (falls_parse(&falls, (const char *)octets, count) != 0)
        return 0;
    for (size_t i = 0; i < falls.count; i++)
        check(&falls.entry[i]);
    return 0;
}
