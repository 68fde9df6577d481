/* keep.h -- small files that outlive a restart
 * They are replaced as a whole, written beside and renamed, so that a reader has the old text or the new. */
#ifndef PHAROS_SERVER_SIDECAR_KEEP_H
#define PHAROS_SERVER_SIDECAR_KEEP_H

#include <stddef.h>

enum { KEEP_PATH_MAX = 4096 };

/* Whether it must outlive the machine's crash as well: waits for the disk, which may be slow. */
enum keep_sync { KEEP_UNSYNCED, KEEP_SYNCED };

/* FOLDER/NAME, with room left for what's written beside it. Returns 0 or -ENAMETOOLONG. */
int keep_path(char path[KEEP_PATH_MAX], const char *folder, const char *name);

/* Returns 0 or a negative errno; then the file is as it was. */
int keep_write(const char *path, const char *text, size_t octets, enum keep_sync sync);

/* Reads all of a file. Returns 0 or a negative errno: -EBADMSG for what is no regular file, and for one that has
 * more than `room`. */
int keep_read(const char *path, char *text, size_t room, size_t *octets);

#endif
