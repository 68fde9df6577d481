/* run_dir.h -- the folder of a running server: made where it's missing, and locked
 * One server a folder: with SO_REUSEPORT a second one, started by mistake, would take half of
 * the queries. The lock is flock() on RUN-DIR/pharosd.lock, which holds the process id; it ends
 * with the process, however that ends, so the file may stay. */
#ifndef PHAROS_SERVER_ADMIN_RUN_DIR_H
#define PHAROS_SERVER_ADMIN_RUN_DIR_H

#include "zone/notes.h"

#include <sys/types.h>

/* Returns 0 with the lock's descriptor, or a negative errno with a note; -EBUSY where another
 * process holds it. What it creates is given to `uid` and `gid`, where they aren't -1. */
int run_dir_lock(const char *run_dir, uid_t uid, gid_t gid, int *fd, struct notes *notes);

/* Takes over a lock that another process has: `fd` is its descriptor, which shares it. Returns 0
 * or a negative errno with a note; -EXDEV where it's of another folder. */
int run_dir_inherit(const char *run_dir, int fd, struct notes *notes);

/* Writes our process id into the lock that was taken over. Returns 0 or a negative errno. */
int run_dir_sign(int fd);

void run_dir_unlock(int fd);

#endif
