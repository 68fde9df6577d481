/* fuzz_request.c -- reading requests: any octets end in a fate, and what is read is sound */
#include "server/answer/request.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    uint8_t key[NAME_KEY_MAX];
    struct request request;
    memset(&request, 0xaa, sizeof request);
    const enum request_fate fate = request_read(&request, key, octets, len);
    if (fate == REQUEST_SILENT) {
        must(len < HEADER_OCTETS || (octets[2] & 0x80) != 0);
        return 0;
    }
    must(request.tsig_at < len && (!request.edns.present || request.edns.payload >= 512));
    if (fate == REQUEST_HEADER) {
        must(request.rcode == RCODE_FORMERR || request.rcode == RCODE_NOTIMP
             || (request.rcode == RCODE_BADVERS && request.edns.version > 0));
        must(request.edns.asked == 0);
        return 0;
    }
    if (fate == REQUEST_BARE) {
        must((request.edns.asked & EDNS_ASKED_COOKIE) != 0 && request.rcode != RCODE_FORMERR);
        return 0;
    }
    must((size_t)request.qname.octets + HEADER_OCTETS + 4 <= len);
    must(name_check(request.qname.wire, request.qname.octets) == request.qname.octets);
    must(name_equal(request.qname.wire, octets + QNAME_AT));
    must(request.rcode != RCODE_BADVERS || request.edns.version > 0);
    return 0;
}
