/* keep.c -- see keep.h */
#include "server/sidecar/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int keep_path(char path[KEEP_PATH_MAX], const char *folder, const char *name)
{
    const int octets = snprintf(path, KEEP_PATH_MAX, "%s/%s", folder, name);
    return octets < 0 || (size_t)octets + 4 >= KEEP_PATH_MAX ? -ENAMETOOLONG : 0;
}

static int write_all(const char *path, const char *text, size_t octets, enum keep_sync sync)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0)
        return -errno;
    int err = 0;
    while (err == 0 && octets != 0) {
        const ssize_t written = write(fd, text, octets);
        if (written < 0) {
            err = errno == EINTR ? 0 : -errno;
            continue;
        }
        text += written;
        octets -= (size_t)written;
    }
    if (err == 0 && sync == KEEP_SYNCED && fsync(fd) != 0)
        err = -errno;
    close(fd);
    return err;
}

/* A rename lasts when its folder has been synced. */
static int sync_folder(const char *path)
{
    char folder[KEEP_PATH_MAX];
    snprintf(folder, sizeof(folder), "%s", path);
    *strrchr(folder, '/') = '\0';
    const int fd = open(folder[0] == '\0' ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    const int err = fsync(fd) == 0 ? 0 : -errno;
    close(fd);
    return err;
}

int keep_write(const char *path, const char *text, size_t octets, enum keep_sync sync)
{
    char beside[KEEP_PATH_MAX + 4];
    snprintf(beside, sizeof(beside), "%s.new", path);
    int err = write_all(beside, text, octets, sync);
    if (err == 0 && rename(beside, path) != 0)
        err = -errno;
    if (err != 0)
        unlink(beside);
    return err != 0 || sync == KEEP_UNSYNCED ? err : sync_folder(path);
}

static int read_all(int fd, char *text, size_t room, size_t *octets)
{
    *octets = 0;
    while (*octets < room) {
        const ssize_t got = read(fd, text + *octets, room - *octets);
        if (got == 0)
            return 0;
        if (got < 0 && errno != EINTR)
            return -errno;
        *octets += got > 0 ? (size_t)got : 0;
    }
    char more;
    return read(fd, &more, 1) == 0 ? 0 : -EBADMSG;
}

/* Without waiting for a writer, in case somebody has put a pipe there. */
int keep_read(const char *path, char *text, size_t room, size_t *octets)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    struct stat is;
    int err = fstat(fd, &is) == 0 ? 0 : -errno;
    if (err == 0)
        err = S_ISREG(is.st_mode) ? read_all(fd, text, room, octets) : -EBADMSG;
    close(fd);
    return err;
}
