/* run_dir.c -- the folder of a running server */
#include "server/admin/run_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int failed(struct notes *notes, const char *path, const char *what, int err)
{
    notes_add(notes, SEVERITY_ERROR, path, 0, 0, 1, NULL, 0, "%s: %s", what, strerror(err));
    return -err;
}

static int make(const char *run_dir, uid_t uid, gid_t gid, struct notes *notes)
{
    if (mkdir(run_dir, 0755) != 0)
        return errno == EEXIST ? 0 : failed(notes, run_dir, "can't make run-dir", errno);
    if (uid != (uid_t)-1 && chown(run_dir, uid, gid) != 0)
        return failed(notes, run_dir, "can't give run-dir to server.user", errno);
    return 0;
}

/* Who holds the lock, as it wrote itself; for people only. */
static int busy(int fd, const char *path, struct notes *notes)
{
    char pid[24] = "";
    const ssize_t octets = pread(fd, pid, sizeof pid - 1, 0);
    pid[octets > 0 ? strspn(pid, "0123456789") : 0] = '\0';
    notes_add(notes, SEVERITY_ERROR, path, 0, 0, 1, NULL, 0,
              "another pharosd runs with this run-dir%s%s", pid[0] == '\0' ? "" : ": process ",
              pid);
    return -EBUSY;
}

/* The folder may be server.user's: what was put there in the lock's place isn't written to and given
 * away by root. */
static int check_lock(int fd, const char *path, struct notes *notes)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return failed(notes, path, "can't look at the lock", errno);
    if (S_ISREG(status.st_mode) && status.st_nlink == 1)
        return 0;
    return failed(notes, path, "this isn't a lock of pharosd's", EPERM);
}

static int write_pid(int fd, uid_t uid, gid_t gid)
{
    char pid[24];
    const int octets = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0)
        return -errno;
    const ssize_t written = pwrite(fd, pid, (size_t)octets, 0);
    if (written != octets)
        return written < 0 ? -errno : -ENOSPC;
    if (uid != (uid_t)-1 && fchown(fd, uid, gid) != 0)
        return -errno;
    return 0;
}

int run_dir_lock(const char *run_dir, uid_t uid, gid_t gid, int *fd, struct notes *notes)
{
    int err = make(run_dir, uid, gid, notes);
    if (err != 0)
        return err;
    char path[4096];
    const int octets = snprintf(path, sizeof path, "%s/pharosd.lock", run_dir);
    if (octets < 0 || (size_t)octets >= sizeof path)
        return failed(notes, run_dir, "run-dir", ENAMETOOLONG);
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (*fd < 0)
        return failed(notes, path, "can't open the lock", errno);
    err = check_lock(*fd, path, notes);
    if (err == 0 && flock(*fd, LOCK_EX | LOCK_NB) != 0)
        err = errno == EWOULDBLOCK ? busy(*fd, path, notes)
                                   : failed(notes, path, "can't lock", errno);
    else if (err == 0 && (err = write_pid(*fd, uid, gid)) != 0)
        failed(notes, path, "can't write the lock", -err);
    if (err == 0)
        return 0;
    close(*fd);
    *fd = -1;
    return err;
}

int run_dir_inherit(const char *run_dir, int fd, struct notes *notes)
{
    char path[4096];
    const int octets = snprintf(path, sizeof path, "%s/pharosd.lock", run_dir);
    if (octets < 0 || (size_t)octets >= sizeof path)
        return failed(notes, run_dir, "run-dir", ENAMETOOLONG);
    struct stat ours, there;
    if (fstat(fd, &ours) != 0 || stat(path, &there) != 0)
        return failed(notes, path, "can't look at the lock", errno);
    if (ours.st_dev == there.st_dev && ours.st_ino == there.st_ino)
        return 0;
    notes_add(notes, SEVERITY_ERROR, run_dir, 0, 0, 1, NULL, 0,
              "this isn't the run-dir of the running server; to change it takes a restart");
    return -EXDEV;
}

int run_dir_sign(int fd)
{
    return write_pid(fd, (uid_t)-1, (gid_t)-1);
}

void run_dir_unlock(int fd)
{
    if (fd >= 0)
        close(fd);
}
