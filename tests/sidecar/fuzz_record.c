/* fuzz_record.c -- any octets as a recorded sample */
#include "server/sidecar/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t count)
{
    struct record record;
    if (record_read(&record, (const char *)octets, count) == 0)
        observation_judge(&record.observation, 20000, 50000);
    return 0;
}
