/* reading.h -- from files, and the files they include, to records
 * What zonefile.h offers, without the building of a zone: records go to a sink. */
#ifndef PHAROS_ZONE_READING_H
#define PHAROS_ZONE_READING_H

#include "zone/zonefile.h"

enum { READING_DEPTH_MAX = 16 }; /* files that include each other */

/* Where files and records go. Both return 0 (`file`: an index for struct place) or a negative errno,
 * which ends the reading. */
struct reading_sink {
    int (*file)(void *context, const char *path);
    int (*record)(void *context, const struct name *owner, uint16_t type, uint32_t ttl,
                  const uint8_t *rdata, uint16_t rdata_octets, struct place place);
    void *context;
};

/* Reads the file at `path` and all that it includes. Returns as zonefile_load(); 0 doesn't mean that
 * there were no mistakes: look at `notes`. `*changed` tells whether a file changed meanwhile. */
int reading_load(const char *path, const struct name *apex,
                 const struct zonefile_options *options, const struct reading_sink *sink,
                 struct sources *sources, struct notes *notes, bool *changed);

/* The same from memory. */
int reading_parse(const char *name, const char *text, size_t len, const struct name *apex,
                  const struct reading_sink *sink, struct notes *notes);

#endif
