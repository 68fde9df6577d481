/* reading.c -- from files, and the files they include, to records */
#include "zone/reading.h"

#include "zone/input.h"
#include "zone/master.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    /* While more text than this is ahead, a record is very unlikely to run into the end of the piece; if one
     * does, it's read again. */
    LOW_OCTETS = 16 * 1024,
    AHEAD_FROM =
        128 * 1024, /* what is shorter the kernel has read before it could be told to */
    GENERATED_FROM_MEMORY_MAX = 65536,
};

/* A file that is being read, and the one that includes it. */
struct level {
    const struct level *outer; /* NULL: the zone's own file */
    const char *path;
    struct stat stat;
    unsigned depth;
};

struct reading {
    struct master *master;
    const struct zonefile_options *options; /* may be NULL */
    struct zonefile_progress progress;
    const struct reading_sink *sink;
    struct sources *sources;
    const struct level *level;
    bool changed;
};

static int add_source(struct sources *sources, const char *path, const struct stat *stat)
{
    for (size_t i = 0; stat != NULL && i < sources->count; i++) {
        if (sources->source[i].inode == stat->st_ino
            && sources->source[i].device == stat->st_dev)
            return 0;
    }
    if (sources->count == sources->capacity) {
        const size_t capacity = sources->capacity == 0 ? 2 : sources->capacity * 2;
        struct source *grown = realloc(sources->source, capacity * sizeof *grown);
        if (grown == NULL)
            return -ENOMEM;
        sources->source = grown;
        sources->capacity = capacity;
    }
    struct source source = {.path = strdup(path)};
    if (source.path == NULL)
        return -ENOMEM;
    if (stat != NULL) {
        source.mtime = stat->st_mtim;
        source.ctime = stat->st_ctim;
        source.size = stat->st_size;
        source.inode = stat->st_ino;
        source.device = stat->st_dev;
    }
    sources->source[sources->count++] = source;
    return 0;
}

static bool same_state(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size
           && a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec
           && a->st_ctim.tv_sec == b->st_ctim.tv_sec
           && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Whether the file isn't what it was when it was opened, or another stands in its place. */
static bool has_changed(const struct level *level)
{
    struct stat there;
    return S_ISREG(level->stat.st_mode)
           && (stat(level->path, &there) != 0 || !same_state(&there, &level->stat));
}

static int report_progress(struct reading *reading)
{
    const struct zonefile_options *options = reading->options;
    if (options == NULL || options->progress == NULL)
        return 0;
    reading->progress.rrs = reading->master->records;
    return options->progress(options->context, &reading->progress) ? -ECANCELED : 0;
}

/* A mark of the order of octets tells nothing in UTF-8, and editors that write it hide it. */
static void skip_mark(struct master *master)
{
    struct scanner *scanner = &master->scanner;
    if (scanner->end - scanner->at < 3 || memcmp(scanner->at, "\xef\xbb\xbf", 3) != 0)
        return;
    notes_add(master->notes, SEVERITY_WARNING, master->file, 1, 1, 3, NULL, 0,
              "the file begins with a byte order mark, which is passed over");
    scanner->at += 3;
}

static int read_pieces(struct reading *reading, struct input *input)
{
    struct master *master = reading->master;
    struct scanner *scanner = &master->scanner;
    scanner_init(scanner, input->buffer, input->buffer, false);
    bool first = true;
    do {
        const ptrdiff_t octets = input_fill(input, scanner);
        if (octets < 0) {
            notes_add(master->notes, SEVERITY_ERROR, master->file, 0, 0, 0, NULL, 0,
                      "can't read: %s", strerror((int)-octets));
            return (int)octets;
        }
        if (first)
            skip_mark(master);
        first = false;
        reading->progress.octets += (uint64_t)octets;
        int err = master_read(master, LOW_OCTETS);
        if (err == 0)
            err = report_progress(reading);
        if (err != 0)
            return err;
        if (scanner->starved)
            scanner_again(scanner);
    } while (!scanner->last || scanner->at < scanner->end);
    return 0;
}

/* Reads all of an input that is now inside the level before. */
static int read_input(struct reading *reading, struct input *input, const struct level *level)
{
    struct master *master = reading->master;
    const struct scanner outer_scanner = master->scanner;
    const struct level *outer_level = reading->level;
    const char *outer_file = master->file;
    const uint32_t outer_index = master->file_index;

    const int index = reading->sink->file(reading->sink->context, level->path);
    int err = index < 0 ? index : 0;
    if (err == 0) {
        master->file = level->path;
        master->file_index = (uint32_t)index;
        reading->level = level;
        err = read_pieces(reading, input);
    }
    reading->level = outer_level;
    master->file = outer_file;
    master->file_index = outer_index;
    master->scanner = outer_scanner;
    return err;
}

/* Reads an opened file, which is closed in any case. */
static int read_file(struct reading *reading, int fd, struct level *level)
{
    struct input input;
    const uint64_t octets = S_ISREG(level->stat.st_mode) ? (uint64_t)level->stat.st_size : 0;
    int err = input_init_file(&input, fd, octets);
    if (err != 0) {
        close(fd);
        return err;
    }
    reading->progress.octets_total += (uint64_t)level->stat.st_size;
    if (octets > AHEAD_FROM)
        posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    err = add_source(reading->sources, level->path, &level->stat);
    if (err == 0)
        err = read_input(reading, &input, level);
    if (has_changed(level))
        reading->changed = true;
    input_fini(&input);
    return err;
}

/* Opens a file and looks at it. Returns a descriptor or a negative errno. */
static int open_file(const struct zonefile_options *options, const char *path,
                     struct stat *status)
{
    const bool files_only = options != NULL && options->files_only;
    /* A pipe without a writer would hold open() itself. */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | (files_only ? O_NONBLOCK : 0));
    if (fd < 0)
        return -errno;
    int err = fstat(fd, status) != 0 ? -errno : 0;
    if (err == 0 && files_only && !S_ISREG(status->st_mode))
        err = S_ISDIR(status->st_mode) ? -EISDIR : -ESPIPE;
    if (err == 0)
        return fd;
    close(fd);
    return err;
}

static const char *why_not_open(int err)
{
    return err == -ESPIPE ? "it is a pipe or a device" : strerror(-err);
}

/* The path of an included file: relative to the file that includes it. */
static char *included_path(const char *includer, const char *path)
{
    const char *slash = strrchr(includer, '/');
    if (path[0] == '/' || slash == NULL)
        return strdup(path);
    const size_t folder = (size_t)(slash + 1 - includer);
    char *joined = malloc(folder + strlen(path) + 1);
    if (joined != NULL) {
        memcpy(joined, includer, folder);
        memcpy(joined + folder, path, strlen(path) + 1);
    }
    return joined;
}

static int open_included(struct reading *reading, const char *path, const struct token *token,
                         struct level *level)
{
    struct scanner *scanner = &reading->master->scanner;
    const int fd = open_file(reading->options, path, &level->stat);
    if (fd < 0) {
        scanner_refuse(scanner, token->at, token->len, "can't open %.150s: %s", path,
                       why_not_open(fd));
        return -1;
    }
    for (const struct level *outer = reading->level; outer != NULL; outer = outer->outer) {
        if (outer->stat.st_ino != level->stat.st_ino
            || outer->stat.st_dev != level->stat.st_dev)
            continue;
        scanner_refuse(scanner, token->at, token->len, "this file includes itself");
        close(fd);
        return -1;
    }
    if (level->depth <= READING_DEPTH_MAX)
        return fd;
    scanner_refuse(scanner, token->at, token->len, "files include each other more than %d deep",
                   READING_DEPTH_MAX);
    close(fd);
    return -1;
}

static int include(void *context, const char *name, const struct token *token)
{
    struct reading *reading = context;
    char *path = included_path(reading->level->path, name);
    if (path == NULL)
        return -ENOMEM;
    struct level level = {
        .outer = reading->level, .path = path, .depth = reading->level->depth + 1};
    int err;
    const int fd = open_included(reading, path, token, &level);
    if (fd >= 0)
        err = read_file(reading, fd, &level);
    else
        err = add_source(reading->sources, path, NULL); /* it may be there next time */
    free(path);
    return err;
}

static int record(void *context, const struct name *owner, uint16_t type, uint32_t ttl,
                  const uint8_t *rdata, uint16_t rdata_octets, struct place place)
{
    const struct reading *reading = context;
    return reading->sink->record(reading->sink->context, owner, type, ttl, rdata, rdata_octets,
                                 place);
}

int reading_load(const char *path, const struct name *apex,
                 const struct zonefile_options *options, const struct reading_sink *sink,
                 struct sources *sources, struct notes *notes, bool *changed)
{
    struct reading reading = {.options = options, .sink = sink, .sources = sources};
    const struct master_sink master_sink = {
        .record = record, .include = include, .context = &reading};
    struct level level = {.path = path, .depth = 1};
    const int fd = open_file(options, path, &level.stat);
    if (fd < 0) {
        notes_add(notes, SEVERITY_ERROR, path, 0, 0, 0, NULL, 0, "can't open: %s",
                  why_not_open(fd));
        *changed = false;
        return fd;
    }
    reading.master = malloc(sizeof *reading.master);
    if (reading.master == NULL) {
        close(fd);
        return -ENOMEM;
    }
    master_init(reading.master, apex, notes, &master_sink);
    int err = read_file(&reading, fd, &level);
    reading.progress.all = true;
    if (err == 0)
        err = report_progress(&reading);
    free(reading.master);
    *changed = reading.changed;
    return err;
}

int reading_parse(const char *name, const char *text, size_t len, const struct name *apex,
                  const struct reading_sink *sink, struct notes *notes)
{
    struct reading reading = {.sink = sink};
    const struct master_sink master_sink = {.record = record, .context = &reading};
    const struct level level = {.path = name, .depth = 1};
    struct input input;
    int err = input_init_memory(&input, text, len);
    if (err != 0)
        return err;
    reading.master = malloc(sizeof *reading.master);
    err = reading.master == NULL ? -ENOMEM : 0;
    if (err == 0) {
        master_init(reading.master, apex, notes, &master_sink);
        reading.master->generated_max = GENERATED_FROM_MEMORY_MAX;
        err = read_input(&reading, &input, &level);
    }
    free(reading.master);
    input_fini(&input);
    return err;
}
