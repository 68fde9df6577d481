/* fuzz_rdata.c -- hostile RDATA: two octets of type, then wire */
#include "zone/name.h"
#include "zone/rdata.h"
#include "zone/wire.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    if (len < 2)
        return 0;
    const uint16_t type = wire_get16(octets);
    const uint8_t *rdata = octets + 2;
    len -= 2;
    if (!rdata_check(type, rdata, len))
        return 0;
    for (size_t at = 0, n; rdata_next_name(type, rdata, len, &at, &n); at += n) {
        if (n == 0 || at + n > len || name_check(rdata + at, len - at) != n)
            abort();
    }
    return 0;
}
