/* privileges.h -- gives up what only the start needed
 * After the sockets are bound, and before there's a second thread, since the kernel keeps
 * capabilities by thread. */
#ifndef PHAROS_SERVER_ADMIN_PRIVILEGES_H
#define PHAROS_SERVER_ADMIN_PRIVILEGES_H

#include "zone/notes.h"

#include <sys/types.h>

/* The ids of a user by its name. Returns 0, or -ENOENT with a note. */
int privileges_find_user(const char *user, uid_t *uid, gid_t *gid, struct notes *notes);

/* Becomes `user` where we are root and `user` isn't NULL, then gives up every capability and
 * the way to new ones. Root without `user` stays root (then zone files may be anybody's). Who
 * isn't root can't become another user: a `user` that is neither us nor NULL is an error then.
 * Returns 0 or a negative errno with a note. */
int privileges_drop(const char *user, struct notes *notes);

#endif
