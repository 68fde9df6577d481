/* image_folder.c -- the files in the folder of images */
#include "server/maintain/image_folder.h"

#include "server/base/log.h"
#include "server/maintain/roster.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";

int image_folder_open(const char *state_dir)
{
    const int above = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (above < 0)
        return -errno;
    int fd = -1;
    if (mkdirat(above, "images", 0700) == 0 || errno == EEXIST)
        fd = openat(above, "images", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    const int err = errno;
    close(above);
    return fd < 0 ? -err : fd;
}

int image_folder_lock(int folder)
{
    const int fd = openat(folder, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    const int err = errno == EWOULDBLOCK ? EBUSY : errno;
    close(fd);
    return -err;
}

/* Letters of lower case, digits, hyphens, underscores and dots as they are, the rest as %XX; the root is "@",
 * which is no other's name. */
bool image_name(char name[IMAGE_NAME_MAX], const struct name *apex, const char *ending)
{
    char text[NAME_TEXT_MAX];
    size_t octets = name_to_text(apex->wire, text), len = 0;
    if (octets > 1)
        octets--; /* the final dot */
    for (size_t i = 0; i < octets; i++) {
        if (len + 3 > IMAGE_STEM_MAX)
            return false;
        const char letter = (char)tolower((unsigned char)text[i]);
        if (octets == 1 && letter == '.')
            name[len++] = '@';
        else if (strchr(plain, letter) != NULL && !(i == 0 && letter == '.'))
            name[len++] = letter;
        else
            len += (size_t)snprintf(name + len, 4, "%%%02x", (unsigned char)letter);
    }
    memcpy(name + len, ending, strlen(ending) + 1);
    return true;
}

bool image_name_apex(const char *name, const char *ending, struct name *apex)
{
    const size_t len = strlen(name), tail = strlen(ending);
    if (len <= tail || len >= IMAGE_NAME_MAX || strcmp(name + len - tail, ending) != 0)
        return false;
    char text[IMAGE_NAME_MAX], again[IMAGE_NAME_MAX];
    size_t octets = 0;
    for (size_t i = 0; i < len - tail; i++) {
        unsigned code;
        if (name[i] == '@')
            text[octets++] = '.';
        else if (name[i] == '%' && i + 2 < len - tail
                 && sscanf(name + i + 1, "%2x", &code) == 1) {
            text[octets++] = (char)code;
            i += 2;
        } else
            text[octets++] = name[i];
    }
    text[octets] = '\0';
    return name_from_string(apex, text) == NAME_OK && image_name(again, apex, ending)
           && strcmp(again, name) == 0;
}

/* Whoever may write an image decides what is answered. */
static int check_own(int fd)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return -errno;
    const bool own = S_ISREG(status.st_mode) && status.st_nlink == 1
                     && (status.st_uid == geteuid() || status.st_uid == 0)
                     && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
    return own ? 0 : -EPERM;
}

int image_folder_file(int folder, const char *name, bool write)
{
    const int fd =
        openat(folder, name, (write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    const int err = check_own(fd);
    if (err == 0)
        return fd;
    close(fd);
    return err;
}

static bool new_name(char to[IMAGE_NAME_MAX], const char *name)
{
    const int octets = snprintf(to, IMAGE_NAME_MAX, "%s" IMAGE_NEW_ENDING, name);
    return octets > 0 && octets < IMAGE_NAME_MAX;
}

int image_folder_new(int folder, const char *name)
{
    char path[IMAGE_NAME_MAX];
    if (!new_name(path, name))
        return -ENAMETOOLONG;
    unlinkat(folder, path, 0);
    const int fd =
        openat(folder, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd < 0 ? -errno : fd;
}

int image_folder_adopt(int folder, const char *name)
{
    char path[IMAGE_NAME_MAX];
    if (!new_name(path, name))
        return -ENAMETOOLONG;
    if (renameat(folder, path, folder, name) != 0 || fsync(folder) != 0)
        return -errno;
    return 0;
}

void image_folder_drop(int folder, const char *name)
{
    char path[IMAGE_NAME_MAX];
    if (new_name(path, name))
        unlinkat(folder, path, 0);
}

void image_folder_set_aside(int folder, const char *name)
{
    char path[IMAGE_NAME_MAX];
    const int octets = snprintf(path, sizeof path, "%s.damaged", name);
    if (octets < 0 || octets >= IMAGE_NAME_MAX || renameat(folder, name, folder, path) != 0)
        unlinkat(folder, name, 0);
}

void image_folder_remove(int folder, const char *name)
{
    unlinkat(folder, name, 0);
}

/* Whose lock is gone is gone itself. */
static bool is_held(int folder, const char *name)
{
    const int fd = openat(folder, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    const bool held =
        fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (fd >= 0)
        close(fd);
    return held;
}

int image_folder_mark(int folder, const char *name)
{
    const int fd =
        openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == EEXIST)
        return is_held(folder, name) ? -EBUSY : -EEXIST;
    if (fd < 0)
        return -errno;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    const int err = -errno;
    unlinkat(folder, name, 0);
    close(fd);
    return err;
}

void image_folder_give_up(int folder, const struct name *apex, const char *why)
{
    char image[IMAGE_NAME_MAX], trial[IMAGE_NAME_MAX], text[NAME_TEXT_MAX];
    log_error("zone %s: its image %s: set aside; the text is loaded",
              roster_name_text(apex->wire, text), why);
    if (!image_name(image, apex, IMAGE_ENDING) || !image_name(trial, apex, TRIAL_ENDING))
        return;
    image_folder_set_aside(folder, image);
    image_folder_remove(folder, trial);
}

int image_folder_walk(int folder, void (*visit)(void *context, const char *name), void *context)
{
    const int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        const int err = -errno;
        if (fd >= 0)
            close(fd);
        return err;
    }
    for (const struct dirent *file; (file = readdir(dir)) != NULL;)
        visit(context, file->d_name);
    closedir(dir);
    return 0;
}
