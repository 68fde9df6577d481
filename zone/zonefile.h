/* zonefile.h -- zones from master files
 * RFC 1035 section 5.1 with $ORIGIN, $TTL (RFC 2308 section 4, and units such as 1h30m), $INCLUDE
 * and $GENERATE, RFC 3597 types and data. Mistakes become notes with line, column and caret. */
#ifndef PHAROS_ZONE_ZONEFILE_H
#define PHAROS_ZONE_ZONEFILE_H

#include "zone/notes.h"
#include "zone/zone.h"

#include <sys/types.h>
#include <time.h>

/* A file that a zone was read from, as it was when it had been read: what tells at the next reload
 * whether the zone changed. */
struct source {
    char *path; /* owned */
    struct timespec mtime, ctime;
    off_t size;
    ino_t inode;
    dev_t device;
};

struct sources {
    struct source *source; /* the zone's own file first, then the included ones, each once */
    size_t count, capacity;
};

void sources_fini(struct sources *sources);

/* True where a file of `sources` is no longer what it was, or is gone; also for an empty list. */
bool sources_changed(const struct sources *sources);

/* The same; the zone's own file is `file` in the folder open as `folder` (or AT_FDCWD), whose path need not be
 * walked again for each. */
bool sources_changed_at(const struct sources *sources, int folder, const char *file);

struct zonefile_progress {
    uint64_t octets, octets_total; /* read, and of all the files opened so far */
    uint64_t rrs;
    bool all; /* read: what follows is the building */
};

struct zonefile_options {
    /* A version of the zone, borrowed, that may be read meanwhile: where little changed the new one goes on in its
     * arena, which takes hardly any memory, and warnings are about what changed. NULL: none. */
    const struct zone *before;
    /* Refuses pipes and devices, which may never end: for a server, whose threads they'd hold. */
    bool files_only;
    /* Called for every 256 KiB or so that are read, and every few thousand owners that are built; may be NULL.
     * Returning true abandons the load: -ECANCELED. */
    bool (*progress)(void *context, const struct zonefile_progress *progress);
    void *context;
};

/* Loads the zone at `apex` from the master file at `path`. On success `*out` is the caller's, to be
 * freed with zone_free(), and `sources` (initialised with zeros; the caller's in any case, to be
 * freed with sources_fini()) tells the files that were read, also when the load failed, as far as
 * they could be opened. A file that changed while it was read is read again, up to three times, then
 * -EAGAIN. Otherwise `*out` is untouched and `notes` tells why.
 * Returns 0, -ENOMEM, -ECANCELED, -EAGAIN, -EALREADY where the files say what options->before does (only where
 * that could be gone on from), what open() or read() gave, or -EBADMSG for text that is no zone. */
int zonefile_load(struct zone **out, const char *path, const struct name *apex,
                  const struct zonefile_options *options, struct sources *sources,
                  struct notes *notes);

/* The same from memory, for tests and fuzzers; `name` stands for the file in notes. $INCLUDE is
 * refused. */
int zonefile_parse(struct zone **out, const char *name, const char *text, size_t len,
                   const struct name *apex, struct notes *notes);

#endif
