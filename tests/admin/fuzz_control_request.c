/* fuzz_control_request.c -- any octets as a request to the control socket */
#include "server/admin/control_request.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct control_request request;
    const char *wrong = control_request_parse(&request, (const char *)octets, len);
    if (wrong == NULL && request.named)
        assert(name_check(request.name.wire, request.name.octets) == request.name.octets);
    return 0;
}
