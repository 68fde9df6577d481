/* fuzz_bird_reply.c -- any octets as what BIRD says */
#include "server/sidecar/bird_reply.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t count)
{
    struct bird_reader reader = {0};
    struct bird_line line;
    for (size_t i = 0; i < count; i++) {
        if (!bird_reader_take(&reader, (char)octets[i], &line))
            continue;
        if (line.code > 9999 || strlen(line.text) >= BIRD_LINE_MAX
            || (line.kind == BIRD_NOTICE && line.code != 0))
            abort();
        (void)bird_protocol_is_up(&line);
        (void)bird_notice_matters(&line);
    }
    return 0;
}
