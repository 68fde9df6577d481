/* fuzz_scanner.c -- hostile master files
 * The first octet picks the apex; the rest is a zone, which is read and, if it's good, built. */
#include "zone/rdata.h"
#include "zone/reading.h"
#include "zone/zonefile.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static int file(void *context, const char *path)
{
    (void)context;
    (void)path;
    return 0;
}

/* What the reader gives is what a builder may rely on. */
static int record(void *context, const struct name *owner, uint16_t type, uint32_t ttl,
                  const uint8_t *rdata, uint16_t rdata_octets, struct place place)
{
    const struct name *apex = context;
    if (name_check(owner->wire, owner->octets) != owner->octets
        || !name_at_or_below(owner, apex) || ttl > 0x7fffffff
        || !rdata_check(type, rdata, rdata_octets) || place.line == 0 || place.column == 0)
        abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    static const char *const apexes[] = {"example.com.", ".",
                                         "a.b.c.d.e.f.2.0.192.in-addr.arpa.", "x\\.y."};
    if (len == 0)
        return 0;
    struct name apex;
    name_from_string(&apex, apexes[octets[0] % 4]);
    const char *text = (const char *)octets + 1;

    struct notes notes;
    notes_init(&notes);
    const struct reading_sink sink = {.file = file, .record = record, .context = &apex};
    reading_parse("fuzz", text, len - 1, &apex, &sink, &notes);
    char out[512];
    for (size_t i = 0; i < notes.count; i++)
        note_render(&notes.note[i], out, sizeof out);
    notes_fini(&notes);

    struct zone *zone = NULL;
    notes_init(&notes);
    if (zonefile_parse(&zone, "fuzz", text, len - 1, &apex, &notes) == 0)
        zone_free(zone);
    notes_fini(&notes);
    return 0;
}
