/* state_dir.c -- the folder of what a server keeps from one start to the next */
#include "server/admin/state_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The folder above may be server.user's: root gives away nothing but what it has just made. */
static int make(int above, uid_t uid, gid_t gid)
{
    if (mkdirat(above, "images", 0700) != 0)
        return errno == EEXIST ? 0 : -errno;
    if (uid == (uid_t)-1)
        return 0;
    const int fd = openat(above, "images", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    const int err = fchown(fd, uid, gid) == 0 ? 0 : -errno;
    close(fd);
    return err;
}

void state_dir_prepare(const char *state_dir, uid_t uid, gid_t gid, struct notes *notes)
{
    const int above = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int err = above < 0 ? -errno : make(above, uid, gid);
    if (above >= 0)
        close(above);
    if (err != 0)
        notes_add(notes, SEVERITY_WARNING, state_dir, 0, 0, 1, NULL, 0,
                  "can't make the folder of images: %s", strerror(-err));
}
