/* state_dir.h -- the folder of what a server keeps from one start to the next */
#ifndef PHAROS_SERVER_ADMIN_STATE_DIR_H
#define PHAROS_SERVER_ADMIN_STATE_DIR_H

#include "zone/notes.h"

#include <sys/types.h>

/* While there are privileges: makes the folder of images in state-dir, for `uid` and `gid` alone, or ourselves
 * where those are -1; one that is there stays as it is. What goes wrong is warned of: a server runs without. */
void state_dir_prepare(const char *state_dir, uid_t uid, gid_t gid, struct notes *notes);

#endif
