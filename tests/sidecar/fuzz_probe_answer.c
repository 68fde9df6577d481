/* fuzz_probe_answer.c -- any octets as an answer to a probe */
#include "server/sidecar/probe_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t qname[] = "\7example\3com";
    static const uint8_t instance[INSTANCE_OCTETS] = "0123456789abcdef";
    uint8_t query[PROBE_QUERY_MAX];
    const size_t octets = probe_query(query, 0x1234, qname, sizeof(qname));
    probe_answer_read(data, size, query, octets, instance);
    return 0;
}
