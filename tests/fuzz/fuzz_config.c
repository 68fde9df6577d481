/* fuzz_config.c -- configurations of any octets: refused with notes or taken, never more */
#include "server/base/config.h"

#include <errno.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct config config;
    struct notes notes;
    config_init(&config);
    notes_init(&notes);
    const int err =
        config_parse(&config, "/fuzz/pharos.yaml", (const char *)octets, len, &notes);
    /* A refusal names a mistake; what is taken has none. */
    if ((err == -EINVAL) != (notes.errors > 0))
        abort();
    char rendered[2048];
    for (size_t i = 0; i < notes.count; i++)
        note_render(&notes.note[i], rendered, sizeof rendered);
    notes_fini(&notes);
    config_fini(&config);
    return 0;
}
