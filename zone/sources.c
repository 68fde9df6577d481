/* sources.c -- which files a zone was read from */
#include "zone/zonefile.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

void sources_fini(struct sources *sources)
{
    for (size_t i = 0; i < sources->count; i++)
        free(sources->source[i].path);
    free(sources->source);
    *sources = (struct sources){0};
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool changed(const struct source *source, int folder, const char *path)
{
    struct stat now;
    const bool there = fstatat(folder, path, &now, 0) == 0;
    const bool was_there = source->inode != 0;
    if (!there || !was_there)
        return there != was_there;
    return source->device != now.st_dev || source->inode != now.st_ino
           || source->size != now.st_size || !same_time(source->mtime, now.st_mtim)
           || !same_time(source->ctime, now.st_ctim);
}

bool sources_changed_at(const struct sources *sources, int folder, const char *file)
{
    if (sources->count == 0 || changed(&sources->source[0], folder, file))
        return true;
    for (size_t i = 1; i < sources->count; i++) {
        if (changed(&sources->source[i], AT_FDCWD, sources->source[i].path))
            return true;
    }
    return false;
}

bool sources_changed(const struct sources *sources)
{
    return sources->count == 0
           || sources_changed_at(sources, AT_FDCWD, sources->source[0].path);
}
